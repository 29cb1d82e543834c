package declare

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"cellsh/lua/value"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// BudgetKey is a key of a budget and what it limits, with its values.
type BudgetKey struct{ Name, Doc string }

// BudgetKeys are those that a budget can have.
var BudgetKeys = []BudgetKey{
	{"procs", "processes at a time in each cell, zombies included: the next fork is refused. A whole number."},
	{"nofile", "open files of each process that is started in a cell (RLIMIT_NOFILE). A whole number from 1, or unlimited."},
	{"as", "address space of each process that is started in a cell (RLIMIT_AS), in bytes or a size like \"512M\", or unlimited."},
	{"core", "size of core dumps of each process that is started in a cell (RLIMIT_CORE), in bytes or a size, or unlimited; 0 for none."},
	{"memory", "memory of all processes of a cell together, in bytes or a size: watched, not refused. A table says what is done about it."},
	{"cpu", "processor time of all processes of a cell together, like \"50%\", where \"100%\" is one processor: watched, not refused. A table says what is done about it."},
}

// WatchKeys are those of a budget that is watched, where it is a table.
var WatchKeys = []BudgetKey{
	{"limit", "what may be used, as the budget itself would be without a table."},
	{"warn", "from which percentage of limit on a warning is told, like \"80%\"."},
	{"over", "for how long limit must be exceeded until something is done, like \"10s\"; at once without it."},
	{"action", "what is done then to the service of the cell: \"log\", \"throttle\", \"restart\" or \"stop\"; \"log\" without it."},
}

// WatchedBudgets are the budgets that are watched.
var WatchedBudgets = []string{"memory", "cpu"}

func keyNames(keys []BudgetKey) (names []string) {
	for _, k := range keys {
		names = append(names, k.Name)
	}
	return names
}

var budgetKeys, watchKeys = keyNames(BudgetKeys), keyNames(WatchKeys)

func (c *context) budget(p *rules.Policy, t *value.Table) {
	v := t.Field("budget")
	if v == (value.Nil{}) {
		return
	}
	p.Budget.Span = c.key("budget")
	b, ok := v.(*value.Table)
	if !ok {
		c.wrong(p.Budget.Span, "write: budget = { procs = 64 }", "budget must be a table, but is %s", describe(v))
		return
	}
	in := *c
	in.written, in.whole = literalOf(c.written.file, c.written.value("budget")), p.Budget.Span
	if in.tooLong(b, in.whole, "a budget") {
		return
	}
	in.eachKey(b, budgetKeys, "a budget", "write: procs = 64")
	in.unset(in.written, b)
	type read func(key string, v value.Value, at diag.Span) *int64
	for _, f := range []struct {
		key  string
		to   **int64
		read read
	}{
		{"procs", &p.Budget.Procs, in.count(0, math.MaxInt32, false)},
		{"nofile", &p.Budget.Nofile, in.count(1, math.MaxInt32, true)},
		{"as", &p.Budget.AS, in.size(true)},
		{"core", &p.Budget.Core, in.size(true)},
	} {
		if v := b.Field(f.key); v != (value.Nil{}) {
			*f.to = f.read(f.key, v, in.key(f.key))
		}
	}
	for _, f := range []struct {
		key  string
		to   **rules.Watch
		read read
	}{
		{"memory", &p.Budget.Memory, in.size(false)},
		{"cpu", &p.Budget.CPU, in.percent},
	} {
		if v := b.Field(f.key); v != (value.Nil{}) {
			*f.to = in.watch(f.key, v, f.read)
		}
	}
	if p.Budget.Procs != nil {
		p.Budget.Span = in.key("procs")
	}
}

// watch reads a budget that is watched: its limit, or a table with that and what is done about it. It is nil if the limit is
// missing or wrong.
func (c *context) watch(name string, v value.Value, read func(string, value.Value, diag.Span) *int64) *rules.Watch {
	at := c.key(name)
	t, ok := v.(*value.Table)
	if !ok {
		if limit := read(name, v, at); limit != nil {
			return &rules.Watch{Limit: *limit}
		}
		return nil
	}
	in := *c
	in.written, in.whole = literalOf(c.written.file, c.written.value(name)), at
	if in.tooLong(t, at, name) {
		return nil
	}
	in.eachKey(t, watchKeys, name, "write: limit = ...")
	in.unset(in.written, t)
	var w rules.Watch
	if v := t.Field("limit"); v == (value.Nil{}) {
		in.wrong(at, "", "%s must have a limit, but has none", name)
	} else if limit := read("limit", v, in.key("limit")); limit != nil {
		w.Limit, ok = *limit, true
	} else {
		ok = false
	}
	if v := t.Field("warn"); v != (value.Nil{}) {
		w.Warn = in.warn(v, in.key("warn"))
	}
	if v := t.Field("over"); v != (value.Nil{}) {
		w.Over = in.span("over", v, in.key("over"))
	}
	if v := t.Field("action"); v != (value.Nil{}) {
		w.Action = in.action(v, in.key("action"))
	}
	if !ok || t.Field("limit") == (value.Nil{}) {
		return nil
	}
	return &w
}

// warn reads from which part of a limit on a warning is told.
func (c *context) warn(v value.Value, at diag.Span) int64 {
	if s, ok := v.(value.String); ok {
		if n, err := strconv.ParseUint(strings.TrimSuffix(string(s), "%"), 10, 7); err == nil && strings.HasSuffix(string(s), "%") && n >= 1 && n <= 100 {
			return int64(n)
		}
	}
	c.wrong(at, "it is a part of limit", "warn must be a percentage from \"1%%\" to \"100%%\", but is %s", describe(v))
	return 0
}

// span reads a time in milliseconds.
func (c *context) span(key string, v value.Value, at diag.Span) int64 {
	if s, ok := v.(value.String); ok {
		if ms, ok := rules.ParseSpan(string(s)); ok {
			return ms
		}
	}
	hint := "the units are ms, s, m and h"
	if n, ok := v.(value.Number); ok {
		if i, ok := whole(n); ok && i >= 0 {
			hint = fmt.Sprintf("write: %q", rules.Span(i*1000))
		}
	}
	c.wrong(at, hint, "%s must be a whole number with a unit, like \"10s\" or \"2m\", of at most 24h, but is %s", key, describe(v))
	return 0
}

// action reads what is done about a budget that is exceeded.
func (c *context) action(v value.Value, at diag.Span) rules.Action {
	if s, ok := v.(value.String); ok {
		if a, ok := rules.ParseAction(string(s)); ok {
			return a
		}
	}
	hint := ""
	switch s, _ := v.(value.String); {
	case v.Type() == value.FunctionType:
		hint = "a function that is called then is a hook of sessions and scripts: cell.on(\"over-budget\", function(e) ... end)"
	case s != "":
		hint = diag.DidYouMean(string(s), rules.Actions[:])
	}
	names := rules.Actions[:len(rules.Actions)-1]
	c.wrong(at, hint, "action must be \"%s\" or \"%s\", but is %s", strings.Join(names, "\", \""), rules.Actions[len(rules.Actions)-1], describe(v))
	return rules.Log
}

// isUnlimited is whether a value stands for no limit.
func isUnlimited(v value.Value) bool {
	return v == value.Number(kauth.Unlimited) || v == value.String("unlimited")
}

// whole is a number as an integer, if it is one of at most 2^53.
func whole(n value.Number) (int64, bool) {
	if !(math.Abs(float64(n)) <= 1<<53) || n != value.Number(math.Trunc(float64(n))) {
		return 0, false
	}
	return int64(n), true
}

func unlimited() *int64 {
	u := int64(kauth.Unlimited)
	return &u
}

// count reads a whole number, or "unlimited" where that makes sense.
func (c *context) count(lo, hi int64, orUnlimited bool) func(string, value.Value, diag.Span) *int64 {
	return func(key string, v value.Value, at diag.Span) *int64 {
		or := ""
		if orUnlimited {
			or = " or unlimited"
			if isUnlimited(v) {
				return unlimited()
			}
		}
		if n, ok := v.(value.Number); ok {
			if i, ok := whole(n); ok && i >= lo && i <= hi {
				return &i
			}
		}
		c.wrong(at, "", "%s must be a whole number from %d to %d%s, but is %s", key, lo, hi, or, describe(v))
		return nil
	}
}

// size reads a number of bytes: a number, or a string with a unit. M is 2^20.
func (c *context) size(orUnlimited bool) func(string, value.Value, diag.Span) *int64 {
	return func(key string, v value.Value, at diag.Span) *int64 {
		or := ""
		if orUnlimited {
			or = ", or unlimited"
			if isUnlimited(v) {
				return unlimited()
			}
		}
		hint := "M is 1048576 bytes"
		switch x := v.(type) {
		case value.Number:
			if i, ok := whole(x); ok && i >= 0 {
				return &i
			}
		case value.String:
			if n, ok := policy.ParseSize(string(x)); ok {
				return &n
			}
			// 512MB, 512m and 512 M are clear enough.
			meant := strings.ToUpper(strings.ReplaceAll(string(x), " ", ""))
			if meant = strings.TrimSuffix(strings.TrimSuffix(meant, "B"), "I"); meant != "" {
				if _, ok := policy.ParseSize(meant); ok {
					hint = fmt.Sprintf("write: %q", meant)
				}
			}
		}
		c.wrong(at, hint, "%s must be a number of bytes, or one with the unit K, M, G or T like \"512M\"%s, but is %s", key, or, describe(v))
		return nil
	}
}

// percent reads a share of one processor: "50%", which may be more than 100.
func (c *context) percent(key string, v value.Value, at diag.Span) *int64 {
	if s, ok := v.(value.String); ok {
		if n, err := strconv.ParseUint(strings.TrimSuffix(string(s), "%"), 10, 20); err == nil && strings.HasSuffix(string(s), "%") && n > 0 {
			i := int64(n)
			return &i
		}
	}
	c.wrong(at, "100% is one whole processor", "%s must be a percentage like \"50%%\", but is %s", key, describe(v))
	return nil
}
