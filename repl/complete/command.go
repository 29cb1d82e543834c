package complete

import (
	"slices"
	"strings"

	"cellsh/policy/kauth"
	"cellsh/repl/input"
)

// arguments completes the word of a command line that is being typed.
func (c *Completer) arguments(before string) []Candidate {
	list, typed, quote, file, ok := split(before)
	if !ok {
		return nil
	}
	if file {
		found := c.paths(typed)
		for i := range found {
			found[i].Insert = finish(found[i].Insert, quote)
		}
		return found
	}
	command := c.command(list[0])
	if command == nil {
		return nil
	}
	positional, flag, verbatim := command.place(list[1:])
	var found []Candidate
	switch {
	case verbatim:
		return nil
	case flag != nil:
		found = c.flagValue(flag, typed)
	case strings.HasPrefix(typed, "-"), typed == "" && command.kind(len(positional)) == "":
		// Where no argument is missing only flags can follow.
		found = command.flags(typed, c)
	default:
		found = c.argument(command, typed, positional)
	}
	for i := range found {
		found[i].Insert = finish(found[i].Insert, quote)
	}
	return found
}

// split divides a line into its words but the last, the last as far as it is typed, and the quote in which it is; file says that it is
// the file that a command writes to. It is not ok where the last word is no word of the command.
func split(before string) (list []string, typed, quote string, file, ok bool) {
	// A character that nobody types shows where the last word begins.
	const cursor = "\x00"
	for _, quote := range []string{"", "'", `"`} {
		list, to, rest, err := input.Command(before + cursor + quote)
		if err != nil {
			continue
		}
		if typed, file := strings.CutSuffix(to.File, cursor); file {
			return list, typed, quote, true, true
		}
		last := len(list) - 1
		if last < 1 || to != (input.Redirect{}) || rest != "" {
			return nil, "", "", false, false
		}
		typed, ok := strings.CutSuffix(list[last], cursor)
		return list[:last], typed, quote, false, ok
	}
	return nil, "", "", false, false
}

// more marks an insertion after which more must be typed, as after a folder.
const more = "\x00"

// finish writes an insertion so that it stays one word, and ends the word.
func finish(insert, quote string) string {
	insert, goesOn := strings.CutSuffix(insert, more)
	switch quote {
	case "":
		var b strings.Builder
		for i := range len(insert) {
			if strings.IndexByte(" \t\r\n\v\f'\"\\", insert[i]) >= 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(insert[i])
		}
		insert = b.String()
	case "'":
		// Within single quotes nothing can be escaped.
		insert = strings.ReplaceAll(insert, "'", `'\''`)
	case `"`:
		insert = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(insert)
	}
	if goesOn {
		return insert
	}
	return insert + quote + " "
}

// place reads the words before the one that is being typed: the arguments that are no flags, the flag whose value is
// next, and whether the words belong to another program.
func (c *Command) place(list []string) (positional []string, flag *Flag, verbatim bool) {
	kinds := c.kinds()
	for i := 0; i < len(list); i++ {
		w := list[i]
		if len(positional) < len(kinds) && kinds[len(positional)] == "COMMAND" {
			return positional, nil, true
		}
		switch {
		case w == "--":
			rest := list[i+1:]
			return append(positional, rest...), nil, slices.Contains(kinds, "COMMAND")
		case len(w) > 1 && w[0] == '-':
			f := c.flag(strings.TrimLeft(w, "-"))
			if f == nil || f.Value == "" {
				continue
			}
			if i++; i == len(list) {
				return positional, f, false
			}
		default:
			positional = append(positional, w)
		}
	}
	return positional, nil, len(positional) < len(kinds) && kinds[len(positional)] == "COMMAND"
}

func (c *Command) flag(name string) *Flag {
	for i := range c.Flags {
		if c.Flags[i].Name == name {
			return &c.Flags[i]
		}
	}
	return nil
}

// kinds are the words of the synopsis that are no flags. Of a repeated one "..." is kept.
func (c *Command) kinds() []string {
	var kinds []string
	list := strings.Fields(c.Args)
	for i := 0; i < len(list); i++ {
		w := strings.Trim(list[i], "[]")
		switch {
		case w == "<" || w == "|":
			return kinds
		case w == "--":
		case strings.HasPrefix(w, "-"):
			// The value follows where the bracket is still open, or the flag must be given.
			if !strings.HasSuffix(list[i], "]") && !strings.Contains(w, "=") {
				i++
			}
		default:
			kinds = append(kinds, w)
		}
	}
	return kinds
}

// kind of the argument with that number.
func (c *Command) kind(n int) string {
	kinds := c.kinds()
	if n >= len(kinds) {
		if len(kinds) == 0 || !strings.HasSuffix(kinds[len(kinds)-1], "...") {
			return ""
		}
		n = len(kinds) - 1
	}
	return strings.TrimSuffix(kinds[n], "...")
}

// kind of the flag's value: --cell NAME takes a cell, --request NAME a request, and --policy NAME, but not PATH, a policy.
func (f *Flag) kind() string {
	if f.Name == "cell" || f.Name == "request" || f.Name == "policy" && f.Value == "NAME" {
		return strings.ToUpper(f.Name)
	}
	return strings.TrimSuffix(f.Value, "...")
}

func (c *Command) flags(typed string, completer *Completer) []Candidate {
	if name, value, ok := strings.Cut(typed, "="); ok {
		f := c.flag(strings.TrimLeft(name, "-"))
		if f == nil {
			return nil
		}
		return completer.flagValue(f, value)
	}
	var found []Candidate
	for _, f := range c.Flags {
		name := "--" + f.Name
		if len(f.Name) == 1 {
			name = "-" + f.Name
		}
		if rest, ok := strings.CutPrefix(name, typed); ok {
			found = append(found, Candidate{Text: name, Insert: rest, Doc: f.Doc})
		}
	}
	return found
}

// flagValue completes the value of a flag. Of several words it is the last that is typed; one to sort by may have a dash before
// it.
func (c *Completer) flagValue(f *Flag, typed string) []Candidate {
	if f.Words == nil {
		return c.value(f.kind(), typed, nil)
	}
	return words(f.Words, strings.TrimPrefix(typed[strings.LastIndexByte(typed, ',')+1:], "-"))
}

// argument completes a word that is no flag. The arguments before it are those given.
func (c *Completer) argument(command *Command, typed string, given []string) []Candidate {
	kind := command.kind(len(given))
	if kind == "NAME" && command.Names != nil {
		return partly(command.Names(), typed)
	}
	return c.value(kind, typed, given)
}

// value completes what a word of a synopsis stands for. The arguments before it are those given.
func (c *Completer) value(kind, typed string, given []string) []Candidate {
	switch kind {
	case "CELL":
		if c.Cells != nil {
			return told(words(c.Cells(), typed), "cell")
		}
	case "POLICY":
		if c.Policies != nil {
			return told(words(c.Policies(), typed), "policy")
		}
	case "GENERATION":
		if c.Generations != nil {
			return names(c.Generations(), typed)
		}
	case "REQUEST":
		return requests(typed)
	case "FIELD=VALUE":
		return fields(typed, given)
	case "PATH", "FILE", "DIR", "OLD", "NEW", "LOG":
		return c.paths(typed)
	}
	if choice := strings.Split(kind, "|"); len(choice) > 1 {
		return words(choice, typed)
	}
	return nil
}

// requests are scopes, actions and requests that begin with what is typed, up to the next dot. After a whole name that
// others lie below they are those.
func requests(typed string) []Candidate {
	var found []Candidate
	for _, p := range kauth.AllPatterns() {
		rest, ok := strings.CutPrefix(p.String(), typed)
		if !ok || rest == "" && below(typed) {
			continue
		}
		if i := strings.IndexByte(strings.TrimPrefix(rest, "."), '.'); i >= 0 {
			continue
		}
		c := Candidate{Text: typed + rest, Insert: rest, Doc: p.Level().String()}
		if below(c.Text) {
			c.Insert += more
		}
		found = append(found, c)
	}
	return found
}

// below reports whether names lie below a scope or action.
func below(name string) bool {
	for _, p := range kauth.AllPatterns() {
		if strings.HasPrefix(p.String(), name+".") {
			return true
		}
	}
	return false
}

// fields are those of the request, or of the action or scope, that is given before, if one is; and after a field the names of
// its values, or of its flags.
func fields(typed string, given []string) []Candidate {
	if name, value, ok := strings.Cut(typed, "="); ok {
		f, known := kauth.FindField(name)
		switch {
		case !known:
			return nil
		case f.Info().Names != nil:
			return told(words(f.Info().Names.All(), value), f.Info().Names.What())
		case f.Info().Kind == kauth.KindBool:
			return words([]string{"false", "true"}, value)
		}
		return told(words(f.BitNames(), value[strings.LastIndexAny(value, "|,")+1:]), "flag")
	}
	var all kauth.FieldSet
	for _, g := range given {
		if p, ok := kauth.FindPattern(g); ok {
			for id, hi := p.Range(); id < hi; id++ {
				all |= id.Info().Fields
			}
		}
	}
	var list []Name
	for _, f := range all.Fields() {
		list = append(list, Name{f.String() + "=", f.Info().Doc})
	}
	found := names(list, typed)
	for i := range found {
		found[i].Insert += more
	}
	return found
}

// paths are the files of the folder that is being typed. Hidden ones are found by their dot.
func (c *Completer) paths(typed string) []Candidate {
	if c.ReadDir == nil {
		return nil
	}
	folder, base := "", typed
	if i := strings.LastIndexByte(typed, '/'); i >= 0 {
		folder, base = typed[:i+1], typed[i+1:]
	}
	read := folder
	if read == "" {
		read = "."
	}
	// A folder that can't be read has nothing to offer.
	entries, _ := c.ReadDir(read)
	var found []Candidate
	for _, e := range entries {
		name := e.Name()
		rest, ok := strings.CutPrefix(name, base)
		if !ok || strings.HasPrefix(name, ".") && base == "" {
			continue
		}
		if e.IsDir() {
			found = append(found, Candidate{Text: name + "/", Insert: rest + "/" + more})
		} else {
			found = append(found, Candidate{Text: name, Insert: rest})
		}
	}
	return found
}
