package complete

import (
	"os"
	"slices"
	"strings"
	"unicode"

	lua "github.com/yuin/gopher-lua"

	"cellsh/repl/flags"
	"cellsh/repl/input"
)

// Command is a command as far as completion knows it.
type Command struct {
	Name string
	// Doc says in a few words what it does.
	Doc string
	// Args is the synopsis, "[--policy PATH...] CELL [REQUEST]". What its words stand for is completed: CELL, REQUEST,
	// FIELD=VALUE, POLICY is one that is loaded, GENERATION one that is kept, NAME is what the command takes names of, COMMAND
	// names one, and PATH, FILE, DIR, OLD, NEW and LOG are paths; a|b|c is one of these words.
	Args  string
	Flags []Flag
	// Names gives what NAME can stand for in the arguments; nil if that is not known.
	Names func() []Name
}

// Name is one of those that there are, with what is said of it in a few words, "" for nothing.
type Name struct{ Text, Doc string }

// Flag is a flag of a command.
type Flag struct {
	// Name without dashes.
	Name string
	// Value is what it takes, a word as in a synopsis; "" for nothing.
	Value string
	// Doc says in a few words what it does.
	Doc string
	// Words are what can stand in the value, separated by commas; nil if that is not known.
	Words []string
}

// Flags gives the flags of a set.
func Flags(fs *flags.Set) []Flag {
	var all []Flag
	for _, f := range fs.All() {
		all = append(all, Flag{f.Name, f.Value, f.Usage, f.Words})
	}
	return all
}

// Completer finds candidates. What it does not have it does not complete. Its functions are called only within
// Complete.
type Completer struct {
	Commands []Command
	// Cells gives the names of the cells that exist.
	Cells func() []string
	// Policies gives the names of those that are loaded, and Generations the numbers of those that are kept.
	Policies    func() []string
	Generations func() []Name
	// Globals are those of the session.
	Globals *lua.LTable
	// Members gives what can follow a dot after an object, Methods what can follow a colon.
	Members, Methods func(lua.LValue) []string
	// TypeName gives the type of an object by which About knows what it has.
	TypeName func(lua.LValue) string
	// ReadOnly gives what stands behind a table that only looks empty.
	ReadOnly func(*lua.LTable) (*lua.LTable, bool)
	// About says in a few words what a name like cell.create is; "" for one that is not known.
	About func(name string) string
	// ReadDir is that of package os; nil completes no paths.
	ReadDir func(string) ([]os.DirEntry, error)
}

// Complete gives what can follow the text up to a position in bytes, each once, in order.
func (c *Completer) Complete(text string, pos int) []Candidate {
	before := text[:max(0, min(pos, len(text)))]
	begin, piped := c.statement(before)
	if piped || strings.HasPrefix(strings.TrimLeft(before[begin:], " \t"), "!") {
		return nil // what follows is the machine's
	}
	var found []Candidate
	if !strings.Contains(before[begin:], "\n") {
		here, _, _ := strings.Cut(text[begin:], "\n")
		word := strings.TrimLeft(before[begin:], " \t")
		switch {
		case !strings.ContainsAny(word, " \t"):
			found = c.commandNames(word)
		// What comes after the cursor may show that it is Lua.
		case input.IsCommand(before[begin:], c.isCommand) && input.IsCommand(here, c.isCommand):
			return tidy(c.arguments(before[begin:]))
		}
	}
	return tidy(append(found, c.lua(before[begin:])...))
}

// statement is where the statement begins that goes on at the end of the text, and whether it is a command whose output goes to
// one of the machine.
func (c *Completer) statement(before string) (begin int, piped bool) {
	parts := input.Divide(before, c.isCommand)
	if len(parts) == 0 {
		return strings.LastIndexByte(before, '\n') + 1, false
	}
	last := parts[len(parts)-1]
	switch rest := before[last.To:]; {
	case rest == "" && (last.Statement.Words == nil || !strings.HasSuffix(before, ";")):
		return last.From, last.Statement.To.Pipe != ""
	case strings.Contains(rest, "\n"):
		return strings.LastIndexByte(before, '\n') + 1, false
	}
	return last.To, false
}

// tidy sorts, drops what is twice, and what can't be typed.
func tidy(found []Candidate) []Candidate {
	found = slices.DeleteFunc(found, func(c Candidate) bool {
		return strings.ContainsFunc(c.Insert+c.Text, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsGraphic(r) })
	})
	slices.SortStableFunc(found, func(a, b Candidate) int { return strings.Compare(a.Text, b.Text) })
	return slices.CompactFunc(found, func(a, b Candidate) bool { return a.Text == b.Text })
}

// words are the candidates that begin with what is typed.
func words(all []string, typed string) []Candidate {
	var found []Candidate
	for _, w := range all {
		if rest, ok := strings.CutPrefix(w, typed); ok {
			found = append(found, Candidate{Text: w, Insert: rest})
		}
	}
	return found
}

// told says the same of all candidates.
func told(found []Candidate, doc string) []Candidate {
	for i := range found {
		found[i].Doc = doc
	}
	return found
}

// names are the candidates that begin with what is typed.
func names(all []Name, typed string) []Candidate {
	var found []Candidate
	for _, n := range all {
		if rest, ok := strings.CutPrefix(n.Text, typed); ok {
			found = append(found, Candidate{Text: n.Text, Insert: rest, Doc: n.Doc})
		}
	}
	return found
}

// partly are names up to the next dot or colon, as far as a shorter one is among them: cell, and then cell.create.
func partly(all []Name, typed string) []Candidate {
	shorter := map[string]bool{}
	for _, n := range all {
		shorter[n.Text] = true
	}
	var found []Candidate
	for _, c := range names(all, typed) {
		// What is typed and a separator that follows it belong together.
		from := min(len(typed)+1, len(c.Text))
		if i := strings.IndexAny(c.Text[from:], ".:"); i >= 0 && shorter[c.Text[:from+i]] && typed != c.Text[:from+i] {
			continue
		}
		found = append(found, c)
	}
	return found
}

func (c *Completer) isCommand(word string) bool { return c.command(word) != nil }

func (c *Completer) command(word string) *Command {
	for i := range c.Commands {
		if c.Commands[i].Name == word {
			return &c.Commands[i]
		}
	}
	return nil
}

func (c *Completer) commandNames(typed string) []Candidate {
	var found []Candidate
	for _, command := range c.Commands {
		rest, ok := strings.CutPrefix(command.Name, typed)
		if !ok {
			continue
		}
		if command.Args != "" {
			// Something must follow, or can.
			rest += " "
		}
		found = append(found, Candidate{Text: command.Name, Insert: rest, Doc: command.Doc})
	}
	return found
}
