package repl

import (
	"strings"
	"testing"

	"cellsh/repl/command"
)

// Help that is longer than the screen is shown a screen at a time, in a session too; with what PAGER says if that is set.
func TestPager(t *testing.T) {
	const asks = "-- more: space, Enter, or q to end --"
	x := start(t, program(t, t.TempDir(), []string{"TERM=vt100"}, "help", "load"))
	if said := x.until(asks); strings.Count(said, "\n") != 23 || !strings.HasPrefix(said, "usage: cellsh load PATH...\n") {
		t.Errorf("the first screen is %q", said)
	}
	x.typed(" ")
	if said := x.until(asks); strings.Count(said, "\n") != 23 {
		t.Errorf("the second screen is %q", said)
	}
	x.typed("q")
	x.until("never said")
	if err := x.wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}

	const prompt = "SIM\x1b[0m> "
	x = start(t, program(t, t.TempDir(), []string{"TERM=vt100"}))
	x.until(prompt)
	x.typed("help\r")
	if said := x.until(asks); !strings.Contains(said, "A line is a command or Lua") {
		t.Errorf("in a session it says %q", said)
	}
	x.typed("\x03")
	x.until(prompt)
	x.typed("help version\r") // which fits
	x.answers("\nusage: version\n")
	x.typed("6 * 7\r")
	x.answers("\n42\n")

	x = start(t, program(t, t.TempDir(), []string{"TERM=vt100", "PAGER=head -n 1"}, "help", "load"))
	if said := x.until("never said"); said != "usage: cellsh load PATH...\n" {
		t.Errorf("the pager shows %q", said)
	}
	if err := x.wait(); err != nil || x.c.ProcessState.ExitCode() != command.OK {
		t.Errorf("it ends with %v", err)
	}
}
