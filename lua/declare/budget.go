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
	{"memory", "memory of all processes of a cell together, in bytes or a size: watched and told, not refused."},
	{"cpu", "processor time of all processes of a cell together, like \"50%\", where \"100%\" is one processor: watched and told, not refused."},
}

var budgetKeys = func() (names []string) {
	for _, k := range BudgetKeys {
		names = append(names, k.Name)
	}
	return names
}()

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
		{"memory", &p.Budget.Memory, in.Size(false)},
		{"cpu", &p.Budget.CPU, percent(in)},
	} {
		if v := b.Field(f.key); v != (value.Nil{}) {
			*f.to = f.read(f.key, v, in.Key(f.key))
		}
	}
	if p.Budget.Procs != nil {
		p.Budget.Span = in.Key("procs")
	}
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
