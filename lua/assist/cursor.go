package assist

import (
	"strings"

	"cellsh/lua/syntax"
)

// situation is what is being written where somebody is.
type situation uint8

const (
	// nothing that could be completed: a comment, a number, a new name.
	nothing situation = iota
	// inName: a name where a value, a statement or a key stands.
	inName
	// behindDot and behindColon: the name of a field or of a method.
	behindDot
	behindColon
	// inString: the text of a string.
	inString
)

// cursor is a place in a text in which somebody is writing.
type cursor struct {
	situation situation
	// file is the text with something at the place, so that the tree has it.
	file *syntax.File
	// path leads from the file to what is there, each node within the one before.
	path []syntax.Node
	// typed is the part before the place, from and to what stands there in the text as it is.
	typed    string
	from, to int
}

// placeholder is a name where none is typed yet.
const placeholder = "_"

// newCursor looks at a text of which somebody has written what stands before the offset.
func newCursor(name, text string, offset int) *cursor {
	offset = max(0, min(offset, len(text)))
	c := &cursor{from: offset, to: offset}
	if len(text) > syntax.MaxSource {
		return c
	}
	before := syntax.Scan(text[:offset])
	var last *syntax.Token
	if n := len(before); n > 0 && before[n-1].End() == offset {
		last = &before[n-1]
		before = before[:n-1]
	}
	insert := ""
	switch {
	case last != nil && last.Kind == syntax.Broken && (last.Text[0] == '"' || last.Text[0] == '\''):
		c.situation, c.typed, c.from = inString, last.Text[1:], last.Offset+1
		c.to, insert = endOfString(text, offset, last.Text[:1])
	case last != nil && (last.Kind == syntax.Broken || last.Kind == syntax.Comment || last.Kind == syntax.Number || last.Kind == syntax.String):
		return c
	case last == nil && unfinished(before):
		return c
	default:
		c.situation = inName
		if last != nil && (last.Kind == syntax.Name || last.Kind == syntax.Keyword) {
			c.typed, c.from = last.Text, last.Offset
		} else if last != nil {
			before = append(before, *last)
		}
		for c.to < len(text) && isWord(text[c.to]) {
			c.to++
		}
		if word := syntax.Scan(text[c.from:c.to]); len(word) != 1 || word[0].Kind != syntax.Name {
			// Nothing, or a word that is none of these yet.
			insert = placeholder
		}
		switch previous(before) {
		case ".":
			c.situation = behindDot
		case ":":
			c.situation = behindColon
		case "local", "function", "for", "goto", "::":
			c.situation = nothing
			return c
		}
	}
	at := c.to
	if c.situation == inString {
		at = offset
	}
	c.file = syntax.Read(name, text[:at]+insert+text[at:])
	begin := c.from
	if c.situation == inString {
		// The node is the whole string.
		begin--
	}
	c.path = pathTo(c.file, begin)
	if _, bad := above(c.path, 0).(*syntax.BadStmt); bad && c.situation != inString {
		// A name alone is no statement, but its call is one.
		c.file = syntax.Read(name, text[:at]+insert+"()"+text[at:])
		c.path = pathTo(c.file, begin)
	}
	return c
}

// endOfString is where the string ends in which somebody is, and what must be put in so that it does.
func endOfString(text string, offset int, quote string) (to int, insert string) {
	rest := text[offset:]
	if i := strings.IndexAny(rest, "\r\n"); i >= 0 {
		rest = rest[:i]
	}
	if i := strings.Index(rest, quote); i >= 0 && !strings.ContainsAny(rest[:i], " \t(){}=,") {
		return offset + i, ""
	}
	return offset, quote
}

// unfinished reports whether the last token is a comment or string in long brackets that goes on.
func unfinished(tokens []syntax.Token) bool {
	if len(tokens) == 0 {
		return false
	}
	t := &tokens[len(tokens)-1]
	return t.Kind == syntax.Broken && (t.Text[0] == '[' || strings.HasPrefix(t.Text, "--["))
}

// previous is the text of the last token that is no comment.
func previous(tokens []syntax.Token) string {
	for i := len(tokens) - 1; i >= 0; i-- {
		if tokens[i].Kind != syntax.Comment {
			return tokens[i].Text
		}
	}
	return ""
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// pathTo leads to the innermost node at an offset.
func pathTo(f *syntax.File, offset int) []syntax.Node {
	var path []syntax.Node
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		if n.Pos() > offset || offset >= n.End() {
			return n == syntax.Node(f.Main)
		}
		path = append(path, n)
		return true
	})
	return path
}

// above is the node that many steps above the innermost; nil where there are not so many.
func above(path []syntax.Node, steps int) syntax.Node {
	if i := len(path) - 1 - steps; i >= 0 {
		return path[i]
	}
	return nil
}
