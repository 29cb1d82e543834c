package declare

import (
	"math"
	"strconv"
	"strings"

	"cellsh/lua/value"
	"cellsh/lua/written"
	"cellsh/policy/diag"
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
	p.Budget.Span = c.Key("budget")
	b, ok := v.(*value.Table)
	if !ok {
		c.Wrong(p.Budget.Span, "write: budget = { procs = 64 }", "budget must be a table, but is %s", written.Describe(v))
		return
	}
	in := c.Below("budget")
	if in.TooLong(b, in.Whole, "a budget") {
		return
	}
	in.EachKey(b, budgetKeys, "a budget", "write: procs = 64")
	in.Unset(in.Written, b)
	type read func(key string, v value.Value, at diag.Span) *int64
	for _, f := range []struct {
		key  string
		to   **int64
		read read
	}{
		{"procs", &p.Budget.Procs, in.Count(0, math.MaxInt32, false)},
		{"nofile", &p.Budget.Nofile, in.Count(1, math.MaxInt32, true)},
		{"as", &p.Budget.AS, in.Size(true)},
		{"core", &p.Budget.Core, in.Size(true)},
	} {
		if v := b.Field(f.key); v != (value.Nil{}) {
			*f.to = f.read(f.key, v, in.Key(f.key))
		}
	}
	for _, f := range []struct {
		key  string
		to   **rules.Watch
		read read
	}{
		{"memory", &p.Budget.Memory, in.Size(false)},
		{"cpu", &p.Budget.CPU, percent(in)},
	} {
		if v := b.Field(f.key); v != (value.Nil{}) {
			*f.to = watch(in, f.key, v, f.read)
		}
	}
	if p.Budget.Procs != nil {
		p.Budget.Span = in.Key("procs")
	}
}

// watch reads a budget that is watched: its limit, or a table with that and what is done about it. It is nil if the limit is
// missing or wrong.
func watch(r *written.Reader, name string, v value.Value, read func(string, value.Value, diag.Span) *int64) *rules.Watch {
	t, ok := v.(*value.Table)
	if !ok {
		if limit := read(name, v, r.Key(name)); limit != nil {
			return &rules.Watch{Limit: *limit}
		}
		return nil
	}
	in := r.Below(name)
	if in.TooLong(t, in.Whole, name) {
		return nil
	}
	in.EachKey(t, watchKeys, name, "write: limit = ...")
	in.Unset(in.Written, t)
	var w rules.Watch
	var limit *int64
	if v := t.Field("limit"); v == (value.Nil{}) {
		in.Wrong(in.Whole, "", "%s must have a limit, but has none", name)
	} else {
		limit = read("limit", v, in.Key("limit"))
	}
	if v := t.Field("warn"); v != (value.Nil{}) {
		w.Warn = warn(in, v)
	}
	if v := t.Field("over"); v != (value.Nil{}) {
		d, _ := in.Duration("over", v, in.Key("over"), 0)
		w.Over = d.Milliseconds()
	}
	if v := t.Field("action"); v != (value.Nil{}) {
		w.Action = action(in, v)
	}
	if limit == nil {
		return nil
	}
	w.Limit = *limit
	return &w
}

// warn reads from which part of a limit on a warning is told.
func warn(r *written.Reader, v value.Value) int64 {
	if s, ok := v.(value.String); ok {
		if n, err := strconv.ParseUint(strings.TrimSuffix(string(s), "%"), 10, 7); err == nil && strings.HasSuffix(string(s), "%") && n >= 1 && n <= 100 {
			return int64(n)
		}
	}
	r.Wrong(r.Key("warn"), "it is a part of limit", "warn must be a percentage from \"1%%\" to \"100%%\", but is %s", written.Describe(v))
	return 0
}

// action reads what is done about a budget that is exceeded.
func action(r *written.Reader, v value.Value) rules.Action {
	s, _ := v.(value.String)
	if a, ok := rules.ParseAction(string(s)); ok {
		return a
	}
	hint := ""
	switch {
	case v.Type() == value.FunctionType:
		hint = "a function that is called then is a hook of sessions and scripts: cell.on(\"over-budget\", function(e) ... end)"
	case s != "":
		hint = diag.DidYouMean(string(s), rules.Actions[:])
	}
	names := rules.Actions[:len(rules.Actions)-1]
	r.Wrong(r.Key("action"), hint, "action must be \"%s\" or \"%s\", but is %s", strings.Join(names, "\", \""), rules.Actions[len(names)], written.Describe(v))
	return rules.Log
}

// percent reads a share of one processor: "50%", which may be more than 100.
func percent(r *written.Reader) func(key string, v value.Value, at diag.Span) *int64 {
	return func(key string, v value.Value, at diag.Span) *int64 {
		if s, ok := v.(value.String); ok {
			if n, err := strconv.ParseUint(strings.TrimSuffix(string(s), "%"), 10, 20); err == nil && strings.HasSuffix(string(s), "%") && n > 0 {
				i := int64(n)
				return &i
			}
		}
		r.Wrong(at, "100% is one whole processor", "%s must be a percentage like \"50%%\", but is %s", key, written.Describe(v))
		return nil
	}
}
