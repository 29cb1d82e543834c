package repl

import (
	"fmt"
	"strings"

	"cellsh/repl/show"
	"cellsh/repl/waiting"
)

// asker asks at the terminal, where there is one, and has the line give way; else nobody can be asked, and it is nil.
func (env *Env) asker(line *waiting.Line) func(question string) (yes bool) {
	if !isTerminal(env.Stdin) || !isTerminal(env.Stderr) {
		return nil
	}
	return func(question string) bool {
		line.Hide()
		fmt.Fprint(env.Stderr, show.Fold(show.Text(asked(question)), columns(env.Stderr)))
		var line strings.Builder
		b := make([]byte, 1) // what follows the line is not for this
		for {
			n, err := env.Stdin.Read(b)
			if n == 1 && b[0] == '\n' {
				return isYes(line.String())
			}
			if err != nil {
				return false
			}
			line.Write(b[:n])
		}
	}
}

// asked is how a question is put, isYes whether the answer is a yes.
func asked(question string) string { return question + " [y/N] " }

func isYes(answer string) bool {
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}
