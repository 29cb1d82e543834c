package declare

import (
	"cellsh/lua/value"
	"cellsh/policy/rules"
)

// cells reads the globs of a declaration; nil means every cell.
func (c *context) cells(t *value.Table) []rules.Glob {
	before := c.d.Number()
	list := c.Strings(t, "cells", "globs")
	if list == nil {
		return nil
	}
	if len(list) == 0 && c.d.Number() == before {
		c.Wrong(c.Key("cells"), "leave it out for every cell", "cells must name at least one cell, but is empty")
	}
	globs := []rules.Glob{}
	for _, e := range list {
		if problem, hint := rules.CheckGlob(e.Text); problem != "" {
			c.Wrong(e.At, hint, "a glob %s", problem)
			continue
		}
		globs = append(globs, rules.Glob{Pattern: e.Text, Span: e.At})
	}
	return globs
}
