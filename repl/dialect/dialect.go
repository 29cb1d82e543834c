package dialect

import (
	"slices"
	"strings"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
	"cellsh/repl/editor"
	"cellsh/repl/input"
)

// Dialect is the language of a session with certain commands. It is safe for concurrent use if its function is.
type Dialect struct {
	// IsCommand says what commands are called.
	IsCommand func(string) bool
}

// Unfinished reports whether more lines must follow the text, and whether that is so even after a blank one.
func (d Dialect) Unfinished(text string) (more, evenBlank bool) {
	parts := input.Divide(text, d.IsCommand)
	if len(parts) == 0 {
		return false, false
	}
	last := parts[len(parts)-1]
	return last.Unfinished, last.Quoting
}

// step is how much further the lines within something begin.
const step = "  "

// opening is a bracket, or a word that begins a block.
type opening struct {
	token syntax.Token
	// closed is the token that ends it; empty while it is open.
	closed syntax.Token
}

// Indent gives the white space that the last line of the text should begin with, and that of a line after it. Lines that begin
// within a string stay as they are.
func (d Dialect) Indent(text string) (own, next string) {
	from := strings.LastIndexByte(text, '\n') + 1
	own = white(text[from:])
	part := text
	begin := 0
	if parts := input.Divide(text, d.IsCommand); len(parts) > 0 {
		begin = parts[len(parts)-1].From
		part = text[begin:]
	}
	tokens := syntax.Scan(part)
	for _, t := range tokens {
		if long := t.Kind == syntax.String || t.Kind == syntax.Comment || t.Kind == syntax.Broken; long && t.Offset+begin < from && t.End()+begin > from {
			own = white(text[from:])
			if t.End() == len(part) {
				return own, ""
			}
		} else if long && t.Kind == syntax.Broken && strings.HasPrefix(strings.TrimPrefix(t.Text, "--"), "[") {
			return own, ""
		}
	}
	openings := pair(tokens)
	indentation := func(t syntax.Token) string { return white(text[strings.LastIndexByte(text[:begin+t.Offset], '\n')+1:]) }
	for _, o := range openings {
		if i := begin + o.closed.Offset; o.closed.Text != "" && i >= from && strings.TrimSpace(text[from:i]) == "" && begin+o.token.Offset < from {
			own = indentation(o.token)
		}
	}
	for _, o := range slices.Backward(openings) {
		if o.closed.Text != "" {
			continue
		}
		if begin+o.token.Offset >= from {
			return own, own + step
		}
		within := indentation(o.token) + step
		if first := firstToken(tokens, from-begin); first.Text == "else" || first.Text == "elseif" {
			return indentation(o.token), within
		}
		return own, within
	}
	return own, ""
}

// white is the white space that a line begins with.
func white(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " \t"))] }

// firstToken is the first one from an offset on.
func firstToken(tokens []syntax.Token, from int) syntax.Token {
	for _, t := range tokens {
		if t.Offset >= from {
			return t
		}
	}
	return syntax.Token{}
}

var closes = map[string]string{")": "(", "]": "[", "}": "{"}

// pair finds brackets and blocks, in the order in which they begin, and what ends them.
func pair(tokens []syntax.Token) []opening {
	var all []opening
	var open []int
	for _, t := range tokens {
		opens, partner := false, ""
		switch t.Kind {
		case syntax.Operator:
			opens, partner = len(t.Text) == 1 && strings.Contains("([{", t.Text), closes[t.Text]
		case syntax.Keyword:
			switch t.Text {
			case "function", "do", "if", "repeat":
				opens = true
			case "end", "until":
				partner = t.Text
			}
		}
		switch {
		case opens:
			open = append(open, len(all))
			all = append(all, opening{token: t})
		case partner != "":
			if n := len(open); n > 0 && ends(all[open[n-1]].token.Text, t.Text, partner) {
				all[open[n-1]].closed = t
				open = open[:n-1]
			}
		}
	}
	return all
}

// ends reports whether a token can end what another has opened.
func ends(opener, closer, partner string) bool {
	switch closer {
	case "end":
		return opener == "function" || opener == "do" || opener == "if"
	case "until":
		return opener == "repeat"
	}
	return opener == partner
}

// Look says how parts of the text look.
func (d Dialect) Look(text string, at int) []editor.Span {
	var spans []editor.Span
	for _, p := range input.Divide(text, d.IsCommand) {
		part := text[p.From:p.To]
		add := func(from, to int, look editor.Look) {
			spans = append(spans, editor.Span{From: p.From + from, To: p.From + to, Look: look})
		}
		switch {
		case strings.HasPrefix(strings.TrimSpace(part), "!"):
		case input.IsCommand(part, d.IsCommand) && !strings.Contains(part, "\n"):
			command(part, add)
		default:
			luaLooks(part, at-p.From, add)
		}
		if len(p.Problems) > 0 {
			if from, to, ok := place(part, p.Problems[0].Span); ok {
				add(from, to, editor.Mistake)
			}
		}
	}
	return spans
}

// command colours the name of a command, and what is quoted. What is for the machine's shell stays plain.
func command(line string, add func(from, to int, look editor.Look)) {
	from := len(white(line))
	i := from
	for i < len(line) && !strings.ContainsRune(" \t;|>", rune(line[i])) {
		i++
	}
	add(from, i, editor.Command)
	for ; i < len(line); i++ {
		switch c := line[i]; c {
		case '|':
			return
		case '\\':
			i++
		case '"', '\'':
			begin := i
			for i++; i < len(line) && line[i] != c; i++ {
				if c == '"' && line[i] == '\\' {
					i++
				}
			}
			add(begin, min(i+1, len(line)), editor.String)
		}
	}
}

func luaLooks(part string, at int, add func(from, to int, look editor.Look)) {
	tokens := syntax.Scan(part)
	for _, t := range tokens {
		look := editor.Plain
		switch t.Kind {
		case syntax.Keyword:
			look = editor.Keyword
		case syntax.String:
			look = editor.String
		case syntax.Number:
			look = editor.Number
		case syntax.Comment:
			look = editor.Comment
		case syntax.Broken:
			switch {
			case strings.HasPrefix(t.Text, "--"):
				look = editor.Comment
			case strings.ContainsAny(t.Text[:1], `"'[`):
				look = editor.String
			}
		}
		if look != editor.Plain {
			add(t.Offset, t.End(), look)
		}
	}
	// A bracket before the place counts, as it has just been typed, and else the one at it.
	var here *opening
	openings := pair(tokens)
	for i := range openings {
		o := &openings[i]
		if o.closed.Text == "" {
			continue
		}
		for _, t := range []syntax.Token{o.token, o.closed} {
			if t.End() == at || here == nil && t.Offset == at {
				here = o
			}
		}
	}
	if here != nil {
		add(here.token.Offset, here.token.End(), editor.Matching)
		add(here.closed.Offset, here.closed.End(), editor.Matching)
	}
}

// place is where a span of a part is, in bytes; false if it is nowhere in it.
func place(part string, s diag.Span) (from, to int, ok bool) {
	if s.Line < 1 || s.Column < 1 {
		return 0, 0, false
	}
	line := part
	for range s.Line - 1 {
		i := strings.IndexByte(line, '\n')
		if i < 0 {
			return 0, 0, false
		}
		from += i + 1
		line = line[i+1:]
	}
	from = min(from+s.Column-1, len(part))
	to = min(from+max(s.Width, 1), len(part))
	if from == to && from > 0 {
		from-- // what is missing at the end is shown at what stands before
	}
	return from, to, from < to
}

// Language is the dialect as an editor takes it.
func (d Dialect) Language() editor.Language {
	return editor.Language{Unfinished: d.Unfinished, Indent: d.Indent, Look: d.Look}
}
