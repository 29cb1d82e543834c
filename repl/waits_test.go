package repl

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"cellsh/kernel/launch/pty"
	"cellsh/repl/command"
)

// quickly makes the clock of the program run so much faster than others that nobody has to wait for a second. With the value
// patient the program waits for work that was told to stop for as long as that takes.
const quickly = "CELLSH_TEST_QUICKLY"

const faster = 50

func (env *Env) hurry(from time.Time) {
	began := time.Now()
	env.Now = func() time.Time { return from.Add(faster * time.Since(began)) }
	env.After = func(d time.Duration) <-chan time.Time {
		if d == grace && os.Getenv(quickly) == "patient" {
			return nil
		}
		return time.After(d / faster)
	}
}

// long is a policy of which everything takes very long that looks at all of it.
func long(t *testing.T, dir string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("policy \"long\" { on = { [\"network.bind.port\"] = function(r)\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "  if r.euid == %d and r.port == %d and r.addr and r.addr:within(\"10.%d.%d.0/24\") then return deny, \"rule %d\" end\n", i*7%501, 1000+3*i, i/250, i%250, i)
	}
	b.WriteString("end } }\n")
	write(t, dir, "long.lua", b.String())
}

// line is what the terminal shows of a command that takes long.
var line = regexp.MustCompile(`\r([a-zA-Z]+ [0-9hms]+: [^\r\n\x1b]*)\x1b\[K`)

// shown waits until the line is there, and tells how it looks.
func (x *terminal) shown(like string) {
	x.t.Helper()
	over := time.After(30 * time.Second)
	want := regexp.MustCompile(like)
	for !x.ended {
		for _, m := range line.FindAllStringSubmatch(x.text, -1) {
			if len(m[1]) > 79 {
				x.t.Errorf("a line must be shorter than the terminal is wide, but is %q", m[1])
			}
			if want.MatchString(m[1]) {
				return
			}
		}
		select {
		case b, ok := <-x.said:
			x.ended = !ok
			x.text += strings.ReplaceAll(string(b), "\r\n", "\n")
		case <-over:
			x.ended = true
		}
	}
	x.t.Fatalf("the terminal must show %s, but shows %q", like, x.text)
}

// answers waits for a prompt behind something; a line that is being edited is drawn with its prompt again and again.
func (x *terminal) answers(what string) {
	x.t.Helper()
	for said := ""; !strings.Contains(said, what) && !x.ended; {
		said += x.until("SIM\x1b[0m> ")
	}
}

// What takes long shows a line after a second, and Ctrl-C and SIGTERM end it: nothing is left of the line, a word says why, and
// the exit code is that of shells. It makes no difference whether the work stops by itself or is not waited for.
func TestLongCommands(t *testing.T) {
	for _, how := range []string{"patient", "impatient"} {
		for _, c := range []struct {
			args, line, says string
		}{
			{"check long.lua", `^check [0-9hms]+: .*long.*, \d+ of \d+$`, "interrupted"},
			{"prove long.lua", `^prove [0-9hms]+: comparing two readings, .*network\.bind\.port, \d+ of \d+$`, "interrupted"},
			{"load long.lua", `^load [0-9hms]+: `, "interrupted: nothing has changed"},
			{"-k sim:s load short.lua --confirm 1h", `^load [0-9hms]+: waiting for generation 1 to be confirmed, 5[0-9]m[0-9]+s left$`, "rolled back"},
			{"diff short.lua long.lua", `^diff [0-9hms]+: `, "interrupted"},
			{"test .", `^test [0-9hms]+: `, "interrupted"},
			{"dump long.lua", `^dump [0-9hms]+: `, "interrupted"},
			{"can web-1 --policy long.lua", `^can [0-9hms]+: `, "interrupted"},
		} {
			t.Run(how+"/"+c.args, func(t *testing.T) {
				dir := t.TempDir()
				long(t, dir)
				write(t, dir, "short.lua", `policy "short" { deny = { "system.reboot" } }`)
				write(t, dir, "long_test.lua", `for i = 1, 100 do test("t" .. i, function() decide{ cell = "long-1", request = "network.bind.port", port = 1, euid = i } end) end`)
				x := start(t, program(t, dir, []string{"TERM=xterm", quickly + "=" + how}, strings.Fields(c.args)...))
				x.shown(c.line)
				x.typed("\x03")
				said := x.until("never said")
				if x.wait(); x.c.ProcessState.ExitCode() != command.Interrupted && !strings.Contains(c.args, "--confirm") {
					t.Errorf("it ends with %v", x.c.ProcessState)
				}
				if at := strings.LastIndex(said, "\r\x1b[K"); at < 0 || line.MatchString(said[at:]) || !strings.Contains(said[at:], c.says) && !strings.Contains(c.args, "--confirm") {
					t.Errorf("in the end it says %q", said)
				}
			})
		}
	}
}

// SIGTERM is told from Ctrl-C by the exit code.
func TestTerminated(t *testing.T) {
	for _, how := range []string{"patient", "impatient"} {
		dir := t.TempDir()
		long(t, dir)
		x := start(t, program(t, dir, []string{"TERM=vt100", "NO_COLOR=1", quickly + "=" + how}, "prove", "long.lua"))
		x.shown("comparing")
		if err := x.c.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		x.until("never said")
		if x.wait(); x.c.ProcessState.ExitCode() != signalled+int(syscall.SIGTERM) {
			t.Errorf("it ends with %v", x.c.ProcessState)
		}
	}
}

// In a session Ctrl-C ends the statement, whatever runs, and not the session.
func TestLongStatements(t *testing.T) {
	dir := t.TempDir()
	long(t, dir)
	write(t, dir, "short.lua", `policy "short" { deny = { "system.reboot" } }`)
	x := start(t, program(t, dir, []string{"TERM=xterm", quickly + "=yes"}))
	x.until("SIM\x1b[0m> ")
	for _, c := range []struct{ statement, line string }{
		{"prove long.lua", `^prove [0-9hms]+: comparing two readings, `},
		{"while true do end", `^Lua [0-9hms]+: running$`},
		{`engine.check("long.lua")`, `^Lua [0-9hms]+: .*, \d+ of \d+$`},
		{`pcall(engine.check, "long.lua")`, `^Lua [0-9hms]+: .*, \d+ of \d+$`},
		{"load long.lua", `^load [0-9hms]+: `},
	} {
		x.typed(c.statement + "\r")
		x.shown(c.line)
		x.typed("\x03\x03\x03\x03\x03") // somebody who is impatient
		x.answers("interrupted")
	}
	x.typed("generations\r")
	x.answers("nothing was loaded")
	x.typed("exit 3\r")
	x.until("never said")
	if x.wait(); x.c.ProcessState.ExitCode() != 3 {
		t.Errorf("it ends with %v", x.c.ProcessState)
	}
}

// A terminal that can't move its cursor gets whole lines.
func TestDumb(t *testing.T) {
	dir := t.TempDir()
	long(t, dir)
	x := start(t, program(t, dir, []string{"TERM=dumb", quickly + "=yes"}, "prove", "long.lua"))
	over := time.After(30 * time.Second)
	for !x.ended && strings.Count(x.text, "\n") < 2 {
		select {
		case b, ok := <-x.said:
			x.ended = !ok
			x.text += strings.ReplaceAll(string(b), "\r\n", "\n")
		case <-over:
			t.Fatalf("it must say where it is, but says %q", x.text)
		}
	}
	for text := range strings.Lines(x.text) {
		if strings.HasSuffix(text, "\n") && !regexp.MustCompile(`^prove [0-9hms]+: [^\r\x1b]+\n$`).MatchString(text) {
			t.Errorf("it says %q", text)
		}
	}
	x.typed("\x03")
	x.until("never said")
	if x.wait(); x.c.ProcessState.ExitCode() != command.Interrupted {
		t.Errorf("it ends with %v", x.c.ProcessState)
	}
}

// Where no terminal is there is no line, and what is written elsewhere has nothing of it.
func TestNoTerminal(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	for i := range 30 {
		fmt.Fprintf(&b, "policy \"p%d\" { cells = { \"c%d\" }, on = { [\"network.bind.port\"] = function(r) if r.port == %d then return deny end end } }\n", i, i, i)
	}
	write(t, dir, "some.lua", b.String())
	c := program(t, dir, []string{"TERM=xterm", quickly + "=yes"}, "check", "some.lua")
	plain, err := c.CombinedOutput()
	if err != nil || strings.ContainsAny(string(plain), "\r\x1b") {
		t.Errorf("%v, and it says %q", err, plain)
	}
	// At a terminal that is wide enough it says the same, but for the line.
	c = program(t, dir, []string{"TERM=xterm", "NO_COLOR=1", quickly + "=yes"}, "check", "some.lua")
	x := startAt(t, c, pty.Size{Rows: 24, Columns: 250})
	said := x.until("never said")
	if err := x.wait(); err != nil {
		t.Error(err)
	}
	if said = line.ReplaceAllString(said, ""); strings.ReplaceAll(said, "\r\x1b[K", "") != string(plain) {
		t.Errorf("without its line it must say\n%s\nbut says\n%q", plain, said)
	}
}
