package complete

import (
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/assist"
	"cellsh/lua/syntax"
)

// lua completes a name, a field or a string: what the tree knows, and what the session has.
func (c *Completer) lua(before string) []Candidate {
	known := c.known(before)
	tokens := syntax.Scan(before)
	typed := ""
	if n := len(tokens); n > 0 {
		last := tokens[n-1]
		switch ends := last.Offset+len(last.Text) == len(before); {
		case last.Kind == syntax.Broken && (last.Text[0] == '"' || last.Text[0] == '\''):
			if len(known) == 0 && takesPath(tokens[:n-1]) {
				return c.within(last.Text[1:])
			}
			return stepwise(known, last.Text[1:])
		case last.Kind == syntax.Broken || last.Kind == syntax.Comment && ends:
			return nil
		case ends && (last.Kind == syntax.Name || last.Kind == syntax.Keyword):
			typed, tokens = last.Text, tokens[:n-1]
		case ends && last.Kind == syntax.Number:
			return nil
		}
	}
	tokens = slices.DeleteFunc(tokens, func(t syntax.Token) bool { return t.Kind == syntax.Comment })
	if len(tokens) > 0 {
		switch last := tokens[len(tokens)-1]; {
		case last.Text == "." || last.Text == ":":
			owner := c.evaluate(tokens[:len(tokens)-1])
			if owner == nil {
				return insertions(known, typed, assist.Field, assist.Method)
			}
			of := spelled(tokens)
			if object, ok := owner.(*lua.LUserData); ok && c.TypeName != nil {
				of = c.TypeName(object) + last.Text
			}
			return c.described(of, words(c.members(owner, last.Text == ":", typed), typed))
		case last.Kind == syntax.Keyword && (last.Text == "local" || last.Text == "function" || last.Text == "for" || last.Text == "goto"):
			// A new name is typed.
			return nil
		}
	}
	if keys := insertions(known, typed, assist.Key); len(keys) > 0 || assist.OnlyKeys(c.source(before), len(before)) {
		return keys
	}
	if c.Globals == nil {
		return nil
	}
	found := insertions(known, typed, assist.Variable, assist.Value)
	globals := c.names(c.Globals, typed, nil)
	if assist.Decides(c.source(before), len(before)) {
		globals = slices.DeleteFunc(globals, assist.OnlyScripts)
	}
	found = append(found, c.described("", words(globals, typed))...)
	if typed != "" {
		found = append(found, words(syntax.Keywords(), typed)...)
	}
	return found
}

// spelled is the name that the tokens end with and the dot or colon behind it, cell. for example; "" if they end with something
// else.
func spelled(tokens []syntax.Token) string {
	n := len(tokens)
	if n < 2 || tokens[n-2].Kind != syntax.Name || n > 2 && (tokens[n-3].Text == "." || tokens[n-3].Text == ":") {
		return ""
	}
	return tokens[n-2].Text + tokens[n-1].Text
}

// described are the candidates, with what is known of the name that each makes with the owner before it.
func (c *Completer) described(owner string, found []Candidate) []Candidate {
	for i := range found {
		if c.About != nil {
			found[i].Doc = c.About(owner + found[i].Text)
		}
	}
	return found
}

// known is what the tree knows of what can stand behind the text.
func (c *Completer) known(before string) []assist.Candidate {
	return assist.Complete(c.source(before), len(before))
}

// source is the text as package assist takes it.
func (c *Completer) source(before string) assist.Source {
	s := assist.Source{Text: before, Script: true}
	if c.Cells != nil {
		s.Cells = c.Cells()
	}
	return s
}

// insertions are those of some kinds, as far as they go on with what is typed.
func insertions(known []assist.Candidate, typed string, kinds ...assist.Kind) []Candidate {
	var found []Candidate
	for _, k := range known {
		if rest, ok := strings.CutPrefix(k.Insert, typed); ok && slices.Contains(kinds, k.Kind) {
			found = append(found, Candidate{Text: k.Label, Insert: rest, Doc: description(&k)})
		}
	}
	return found
}

// takesPath reports whether the tokens end with the call of a function that takes the path of a file.
func takesPath(tokens []syntax.Token) bool {
	n := len(tokens)
	if n > 0 && tokens[n-1].Text == "(" {
		n--
	}
	name := ""
	for ; n > 0 && (tokens[n-1].Kind == syntax.Name || tokens[n-1].Text == "."); n-- {
		name = tokens[n-1].Text + name
	}
	return assist.TakesPath(name)
}

// within are paths for a string of Lua: what would end it or needs an escape is left out.
func (c *Completer) within(typed string) []Candidate {
	var found []Candidate
	for _, x := range c.paths(typed) {
		x.Insert = strings.TrimSuffix(x.Insert, more)
		if !strings.ContainsAny(x.Text, "\"'\\") {
			found = append(found, x)
		}
	}
	return found
}

// description is what fits a line of what the tree knows: of keys and fields what they take, and what they mean.
func description(k *assist.Candidate) string {
	if k.Kind != assist.Key && k.Kind != assist.Field {
		return k.Detail
	}
	meaning, rest, more := strings.Cut(k.Doc, "\n")
	switch head, what, _ := strings.Cut(meaning, ": "); {
	case strings.HasPrefix(what, "a kauth(9) "):
		return k.Detail
	case more && strings.HasSuffix(head, k.Label):
		// The first line only names it.
		meaning, _, _ = strings.Cut(rest, "\n")
	}
	if k.Detail == "" || meaning == "" {
		return k.Detail + meaning
	}
	return k.Detail + ": " + meaning
}

// stepwise are the texts that can go on in a string, up to the next dot.
func stepwise(known []assist.Candidate, typed string) []Candidate {
	labels, below := map[string]bool{}, false
	for _, k := range known {
		labels[k.Label] = true
		below = below || strings.HasPrefix(k.Label, typed+".")
	}
	var found []Candidate
	for _, c := range insertions(known, typed, assist.Value) {
		rest := strings.TrimPrefix(c.Insert, ".")
		i := strings.IndexByte(rest, '.')
		if i >= 0 && labels[c.Text[:len(c.Text)-len(rest)+i]] || c.Insert == "" && below {
			// A shorter one comes first, or longer ones are what can be meant.
			continue
		}
		found = append(found, c)
	}
	return found
}

// evaluate gives the value of the expression in which the tokens end, if it is a global with constant fields, or a
// string; nil if it is not known without running anything.
func (c *Completer) evaluate(tokens []syntax.Token) lua.LValue {
	n := len(tokens) - 1
	if n < 0 {
		return nil
	}
	last := tokens[n]
	var key lua.LValue
	switch {
	case last.Kind == syntax.String:
		return lua.LString("")
	case last.Kind == syntax.Name && n > 0 && tokens[n-1].Text == ".":
		key, n = lua.LString(last.Text), n-1
	case last.Kind == syntax.Name && n > 0 && tokens[n-1].Text == ":":
		return nil
	case last.Kind == syntax.Name:
		return c.field(c.Globals, lua.LString(last.Text))
	case last.Text == "]" && n >= 3 && tokens[n-2].Text == "[":
		switch inner := tokens[n-1]; inner.Kind {
		case syntax.Number:
			f, err := strconv.ParseFloat(inner.Text, 64)
			if err != nil {
				return nil
			}
			key = lua.LNumber(f)
		case syntax.String:
			s, err := strconv.Unquote(`"` + strings.Trim(inner.Text, `"'`) + `"`)
			if err != nil {
				return nil
			}
			key = lua.LString(s)
		default:
			return nil
		}
		n -= 2
	default:
		return nil
	}
	owner, ok := c.evaluate(tokens[:n]).(*lua.LTable)
	if !ok {
		return nil
	}
	return c.field(owner, key)
}

// maxBehind is how many tables that stand behind each other are looked at: they may form a ring.
const maxBehind = 10

// behind gives the table and those in which Lua would go on to look, as far as they are tables.
func (c *Completer) behind(t *lua.LTable) []*lua.LTable {
	var all []*lua.LTable
	for t != nil && len(all) < maxBehind {
		if c.ReadOnly != nil {
			if real, ok := c.ReadOnly(t); ok {
				t = real
			}
		}
		all = append(all, t)
		mt, ok := t.Metatable.(*lua.LTable)
		if !ok {
			break
		}
		t, _ = mt.RawGetString("__index").(*lua.LTable)
	}
	return all
}

func (c *Completer) field(t *lua.LTable, key lua.LValue) lua.LValue {
	for _, t := range c.behind(t) {
		if v := t.RawGet(key); v != lua.LNil {
			return v
		}
	}
	return nil
}

// members are the names that can follow a value and a dot, or a colon.
func (c *Completer) members(v lua.LValue, method bool, typed string) []string {
	switch x := v.(type) {
	case *lua.LTable:
		if method {
			return c.names(x, typed, isFunction)
		}
		return c.names(x, typed, nil)
	case lua.LString:
		if library, ok := c.field(c.Globals, lua.LString("string")).(*lua.LTable); ok && method {
			return c.names(library, typed, isFunction)
		}
	case *lua.LUserData:
		list := c.Members
		if method {
			list = c.Methods
		}
		if list != nil {
			return list(x)
		}
	}
	return nil
}

func isFunction(v lua.LValue) bool { return v.Type() == lua.LTFunction }

// maxKeys is how many keys of a table are looked at.
const maxKeys = 100000

// names are the keys of a table, and of those behind it, that can stand after a dot. What begins with an underscore
// is offered only if one is typed.
func (c *Completer) names(t *lua.LTable, typed string, fits func(lua.LValue) bool) []string {
	var names []string
	seen := 0
	for _, t := range c.behind(t) {
		for k, v := t.Next(lua.LNil); k != lua.LNil && seen < maxKeys; k, v = t.Next(k) {
			seen++
			name, ok := k.(lua.LString)
			if !ok || !strings.HasPrefix(string(name), typed) || typed == "" && strings.HasPrefix(string(name), "_") || fits != nil && !fits(v) {
				continue
			}
			if tokens := syntax.Scan(string(name)); len(tokens) == 1 && tokens[0].Kind == syntax.Name && tokens[0].Text == string(name) {
				names = append(names, string(name))
			}
		}
	}
	return names
}
