package declare

import (
	"cellsh/lua/value"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// never declares an assertion. One that is wrong is told and left out: what it would find says nothing.
func (c *context) never(t *value.Table) {
	if c.tooMany(len(c.d.nevers), "assertions") || c.tooLong(t, c.whole, "a never") {
		return
	}
	n := &rules.Never{Title: c.name, Span: c.whole, File: c.d.running}
	before, failed := len(c.d.problems), c.d.unreported
	if err := policy.CheckReason(c.name); err != nil || c.name == "" {
		c.wrong(n.Span, "", "the title of a never must be a line of at most %d bytes, but is %s", policy.MaxReason, describe(value.String(c.name)))
	}
	c.plain(t, c.whole, "a never")
	c.unset(c.written, t)
	n.Cells = c.cells(t)
	named := false
	for k, v := range t.Pairs {
		switch k {
		case value.String("cells"):
			continue
		case value.String("where"):
			c.where(n, v)
			continue
		}
		if _, positional := k.(value.Number); !positional {
			name, _ := k.(value.String)
			hint := diag.DidYouMean(string(name), []string{"cells", "where"})
			if hint == "" {
				hint = "it takes cells, where, and the names of requests"
			}
			c.problem(diag.PolicyKey, c.written.key(k, c.whole), hint, "a key of never must be a known one, but is %s", describe(k))
			continue
		}
		named = true
		at := c.whole
		if f := c.written.field(k); f != nil {
			at = text(c.written.file, f.Value)
		} else if c.written.table != nil {
			at = c.written.open(at)
		}
		name, ok := v.(value.String)
		if !ok {
			c.wrong(at, "", "what must never be allowed must be the name of a request, but is %s", describe(v))
			continue
		}
		if p, ok := c.pattern(string(name), at); ok {
			n.Patterns = append(n.Patterns, p)
		}
	}
	if !named && len(c.d.problems) == before {
		c.wrong(n.Span, "write: never(\"title\", { \"network.route\" })", "a never must name at least one request, but names none")
	}
	if !c.d.problems[before:].Failed() && c.d.unreported == failed {
		c.d.nevers = append(c.d.nevers, n)
	}
}

func (c *context) where(n *rules.Never, v value.Value) {
	at := c.key("where")
	_, library := v.(*value.Builtin)
	is := describe(v)
	if v.Type() == value.FunctionType {
		is = "one whose source is not known"
		if library {
			is = "one of the library"
		} else if n.Where = c.d.functions(v, true); n.Where != nil {
			return
		}
	}
	c.wrong(at, "write: where = function(r) return r.port == 80 end", "where must be a function written in Lua, but is %s", is)
}
