package repl

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"cellsh/repl/input"
)

// session reads lines until there are no more.
func (e *evaluator) session() error {
	r := input.NewScript(isCommand)
	in := bufio.NewReader(e.env.Stdin)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			if err := e.feed(r, line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return e.report(r.End())
		}
		if err != nil {
			return e.report(fmt.Errorf("standard input must be readable, but is not: %w", err))
		}
	}
}
