// Package edit changes texts of Lua at places of their syntax tree, in the style that a text has.
//
//	s := edit.Read("web.lua", text)
//	after := edit.InStyle("web.lua", text, edit.Apply(text, []edit.Edit{edit.Replace(from, to, "allow")}))
//	after, err := edit.RewritePolicy(s, policy.Span, "shop", []string{"shop-*"})
//
// Edits are between offsets of the text as it was, and what they do not touch stays byte for byte, comments too.
//
// What it is not: it does not know what a change means. Who makes one reads the new text and compares (packages learn and study).
package edit
