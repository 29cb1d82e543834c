package declare

import (
	"cellsh/lua/value"
	"cellsh/lua/written"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// never declares an assertion. One that is wrong is told and left out: what it would find says nothing.
func (c *context) never(t *value.Table) {
	if c.tooMany(len(c.d.nevers), "assertions") || c.TooLong(t, c.Whole, "a never") {
		return
	}
	n := &rules.Never{Title: c.Name, Span: c.Whole, File: c.d.running}
	before := c.d.Number()
	if err := policy.CheckReason(c.Name); err != nil || c.Name == "" {
		c.Wrong(n.Span, "", "the title of a never must be a line of at most %d bytes, but is %s", policy.MaxReason, written.Describe(value.String(c.Name)))
	}
	c.Plain(t, c.Whole, "a never")
	c.Unset(c.Written, t)
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
			c.Problem(diag.PolicyKey, c.Written.Key(k, c.Whole), hint, "a key of never must be a known one, but is %s", written.Describe(k))
			continue
		}
		named = true
		at := c.Written.Element(k, c.Whole)
		name, ok := v.(value.String)
		if !ok {
			c.Wrong(at, "", "what must never be allowed must be the name of a request, but is %s", written.Describe(v))
			continue
		}
		if p, ok := c.pattern(string(name), at); ok {
			n.Patterns = append(n.Patterns, p)
		}
	}
	if !named && c.d.Number() == before {
		c.Wrong(n.Span, "write: never(\"title\", { \"network.route\" })", "a never must name at least one request, but names none")
	}
	if !c.d.FailedSince(before) {
		c.d.nevers = append(c.d.nevers, n)
	}
}

func (c *context) where(n *rules.Never, v value.Value) {
	at := c.Key("where")
	_, library := v.(*value.Builtin)
	is := written.Describe(v)
	if v.Type() == value.FunctionType {
		is = "one whose source is not known"
		if library {
			is = "one of the library"
		} else if n.Where = c.d.functions(v, true); n.Where != nil {
			return
		}
	}
	c.Wrong(at, "write: where = function(r) return r.port == 80 end", "where must be a function written in Lua, but is %s", is)
}
