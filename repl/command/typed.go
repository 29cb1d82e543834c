package command

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/repl/flags"
	"cellsh/repl/show"
)

func historyCommand() *Command {
	return &Command{
		Name: "history", Args: "[WORD...]", Short: "what was typed in sessions", Without: []string{"policy", "k", "readonly", "timings"},
		Long: `Lists the statements that were typed in the caller's sessions, the newest last,
each once; with words those in which all of them are, small letters standing for
large ones too. In a session Ctrl-R searches them.

They are kept in ~/.local/state/cellsh/history; what begins with a space is not.

  cellsh history create web`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var most uint64
			fs.Number(&most, "n", "COUNT", "at most the last COUNT, 0 for all")
			return func(inv *Invocation) error { return runHistory(inv, most) }
		},
	}
}

func runHistory(inv *Invocation, most uint64) error {
	found := []string{}
	if inv.History != nil {
		for _, e := range inv.History() {
			if hasAll(e, inv.Args) {
				found = append(found, e)
			}
		}
	}
	if most > 0 && most < uint64(len(found)) {
		found = found[len(found)-int(most):]
	}
	if inv.JSON {
		return inv.json(found)
	}
	if len(found) == 0 {
		inv.note("nothing of that was typed in a session yet")
		return nil
	}
	var b strings.Builder
	for _, e := range found {
		// Further lines stand below their first.
		b.WriteString(show.Text(strings.ReplaceAll(e, "\n", "\n    ")) + "\n")
	}
	_, err := fmt.Fprint(inv.Stdout, b.String())
	return err
}

// hasAll reports whether all words are in a text.
func hasAll(text string, words []string) bool {
	text = strings.ToLower(text)
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, strings.ToLower(w)) })
}
