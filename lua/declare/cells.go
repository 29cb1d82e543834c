package declare

import (
	"strings"

	"cellsh/lua/value"
	"cellsh/policy"
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
		s := e.Text
		bad := strings.IndexFunc(s, func(r rune) bool {
			return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-*", r))
		})
		switch {
		case s == "":
			c.Wrong(e.At, "", "a glob must not be empty, but is")
		case len(s) > 256:
			c.Wrong(e.At, "", "a glob must have at most 256 characters, but has %d", len(s))
		case bad >= 0:
			hint := ""
			if strings.ContainsAny(s, "?[]{}") {
				hint = "only * is special"
			}
			c.Wrong(e.At, hint, "a glob must consist of A-Z a-z 0-9 . _ - and *, but has the character %s", policy.FirstCharacter(s[bad:]))
		default:
			globs = append(globs, rules.Glob{Pattern: s, Span: e.At})
		}
	}
	return globs
}
