package repl

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/term"

	"cellsh/kernel/connect"
	"cellsh/kernel/launch/pty"
)

var update = flag.Bool("update", false, "write what sessions say into their transcripts")

// asProgram makes the test's own program be cellsh, by a clock that stands, or as going by the one of the machine.
const (
	asProgram = "CELLSH_TEST_PROGRAM"
	going     = "going"
)

func TestMain(m *testing.M) {
	if how := os.Getenv(asProgram); how != "" {
		// Where it stands what is said is the same each time.
		now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
		env := Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: func() time.Time { return now }, Version: "test",
			Machine: connect.Machine{Foreign: "linux/amd64"}}
		if how == going {
			env.Now = time.Now
		}
		if os.Getenv(quickly) != "" {
			env.hurry(now)
		}
		os.Exit(Main(os.Args[1:], env))
	}
	os.Exit(m.Run())
}

// program is cellsh in a folder, with an environment that has nothing in it but what is given.
func program(t *testing.T, dir string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, args...)
	// With the race detector each program would else sleep for a second at its end.
	c.Dir, c.Env = dir, append([]string{asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GORACE=" + os.Getenv("GORACE")}, env...)
	return c
}

// terminal is a program at a terminal.
type terminal struct {
	t    *testing.T
	c    *exec.Cmd
	file *os.File
	// said has all that was written and not taken, ended is closed at the end.
	said  chan []byte
	text  string
	ended bool
	// gone is closed when the program is, with exit as the result of waiting for it.
	gone chan struct{}
	exit error
	// before and after are the modes of the terminal before the program and after it.
	before, after string
}

// wait waits for the end of the program, as exec.Cmd.Wait. The terminal must be as it was then.
func (x *terminal) wait() error {
	x.t.Helper()
	<-x.gone
	if x.after != x.before {
		x.t.Errorf("the terminal was\n%s\nbut is left as\n%s", x.before, x.after)
	}
	return x.exit
}

// modes are those of a terminal, as text to compare, by its near end: a BSD takes the far one from all when the program is gone.
func modes(f *os.File) string {
	var state *term.State
	conn, err := f.SyscallConn()
	if err == nil {
		failed := conn.Control(func(fd uintptr) { state, err = term.GetState(int(fd)) })
		err = errors.Join(failed, err)
	}
	if err != nil {
		return err.Error()
	}
	// A BSD marks a terminal whose input is to be looked at again, because it was keys and not lines for a while.
	const pendin = 0x20000000
	return localModes.ReplaceAllStringFunc(fmt.Sprintf("%+v", *state), func(flags string) string {
		n, err := strconv.ParseUint(strings.TrimPrefix(flags, "Lflag:"), 10, 64)
		if err != nil {
			return flags
		}
		return fmt.Sprintf("Lflag:%#x", n&^pendin)
	})
}

var localModes = regexp.MustCompile(`Lflag:\d+`)

func start(t *testing.T, c *exec.Cmd) *terminal {
	t.Helper()
	return startAt(t, c, pty.Size{Rows: 24, Columns: 80})
}

// startAt starts a program at a terminal of a size.
func startAt(t *testing.T, c *exec.Cmd, size pty.Size) *terminal {
	t.Helper()
	f, far, err := pty.Open()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, os.ErrNotExist) {
		t.Skip("there are no terminals here:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	// The far end stays open until the program is gone, so that nothing that it wrote is lost.
	c.Stdin, c.Stdout = far, far
	if c.Stderr == nil {
		c.Stderr = far
	}
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = pty.SetSize(f, size)
	before := modes(f)
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, c: c, file: f, said: make(chan []byte, 100), gone: make(chan struct{}), before: before}
	go func() {
		x.exit = c.Wait()
		x.after = modes(f)
		far.Close()
		close(x.gone)
	}()
	go func() {
		defer close(x.said)
		for {
			b := make([]byte, 4096)
			n, err := f.Read(b)
			if n > 0 {
				x.said <- b[:n]
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		f.Close()
		_ = c.Process.Kill()
		<-x.gone
	})
	return x
}

// prompted is the prompt at the begin of a line; what it says of the session differs.
var prompted = regexp.MustCompile(`^SIM[^>|\n]*[>|] `)

// asking is a text that ends with a prompt.
var asking = regexp.MustCompile(`SIM[^>|\n]*[>|] $`)

// unwrapped is what was said as if the terminal were as wide as its lines.
func unwrapped(said string) string { return further.ReplaceAllString(said, " $1") }

var further = regexp.MustCompile(`\n {3}(\S)`)

// untilPrompt reads up to the next prompt, whatever it says, or to the end.
func (x *terminal) untilPrompt() string {
	x.t.Helper()
	return x.read("a prompt", func(text string) bool {
		return asking.MatchString(text)
	})
}

// until reads until the text is the last that was written, and gives all of it; or to the end.
func (x *terminal) until(last string) string {
	x.t.Helper()
	return x.read(fmt.Sprintf("%q", last), func(text string) bool { return strings.HasSuffix(text, last) })
}

// read reads until something was written, and gives all of it.
func (x *terminal) read(what string, enough func(string) bool) string {
	x.t.Helper()
	over := time.After(30 * time.Second)
	for !x.ended && !enough(x.text) {
		select {
		case b, ok := <-x.said:
			x.ended = !ok
			x.text += strings.ReplaceAll(string(b), "\r\n", "\n")
		case <-over:
			x.t.Fatalf("the program must say %s, but says %q", what, x.text)
		}
	}
	text := x.text
	x.text = ""
	return text
}

func (x *terminal) typed(s string) {
	x.t.Helper()
	if _, err := io.WriteString(x.file, s); err != nil {
		x.t.Fatal(err)
	}
}

const (
	prompt = "SIM> "
	more   = "SIM| "
	asks   = "[y/N] "
)

// TestTranscripts types the lines of transcripts, those after a prompt, and compares what is on the terminal then.
// Files that a transcript needs lie in the folder of its name.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.session")
	if err != nil || len(files) == 0 {
		t.Fatal("there must be transcripts", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if with := strings.TrimSuffix(file, ".session"); exists(with) {
				if err := os.CopyFS(dir, os.DirFS(with)); err != nil {
					t.Fatal(err)
				}
			}
			args := []string{"-k", "sim"}
			if first, rest, ok := strings.Cut(string(want), "\n"); ok && strings.HasPrefix(first, "$ cellsh") {
				args, want = strings.Fields(first)[2:], []byte(rest)
			}
			got := "$ cellsh " + strings.Join(args, " ") + "\n" + converse(t, start(t, program(t, dir, []string{"TERM=dumb"}, args...)), string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := "$ cellsh " + strings.Join(args, " ") + "\n" + string(want); got != want {
				t.Errorf("the session must be\n%s\nbut is\n%s", want, got)
			}
		})
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// converse types the lines, each after the prompt for it, and gives all that there is to see.
func converse(t *testing.T, x *terminal, transcript string) string {
	var screen strings.Builder
	// The last prompt is where Ctrl-D is typed.
	lines := strings.Split(strings.TrimRight(transcript, "\n"), "\n")
	if last := lines[len(lines)-1]; prompted.FindString(last) == last {
		lines = lines[:len(lines)-1]
	}
	for _, line := range lines {
		if p := prompted.FindString(line); p != "" {
			screen.WriteString(x.untilPrompt())
			x.typed(strings.TrimPrefix(line, p) + "\n")
		}
		if _, text, ok := strings.Cut(line, asks); ok {
			screen.WriteString(x.until(asks))
			x.typed(text + "\n")
		}
	}
	screen.WriteString(x.untilPrompt())
	if !x.ended {
		x.typed("\x04")
		// NetBSD shows it, and puts the cursor back.
		screen.WriteString(strings.TrimPrefix(x.until("never said"), "^D\b\b"))
	}
	if err := x.wait(); err != nil {
		var code *exec.ExitError
		if !errors.As(err, &code) {
			t.Fatal(err)
		}
		screen.WriteString("exit code " + err.Error() + "\n")
	}
	return screen.String()
}

// Of very many mistakes in one statement the first are told, and how many there are.
func TestManyMistakes(t *testing.T) {
	c := program(t, t.TempDir(), nil, "-k", "sim")
	c.Stdin = strings.NewReader(`policy "many" { on = {` + strings.Repeat("\n[\"network.bind.port\"] = function(r) end,", 100) + "\n} }\n")
	out, err := c.CombinedOutput()
	if err == nil || strings.Count(string(out), "a key must be given once") != 20 || !strings.Contains(string(out), "\nsession[1]: error: and 79 more errors in this file [policy.duplicate]\n") {
		t.Errorf("%v, and it says\n%s", err, out)
	}
}

// A question that is longer than a line is there once, however it is edited.
func TestLongQuestion(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.lua", `policy "web" { cells = "web-*", deny = { "system" } }`)
	write(t, dir, "b.lua", `policy "db" { cells = "db-*", deny = { "system" } }`)
	x := start(t, program(t, dir, []string{"TERM=xterm", "NO_COLOR=1"}, "-k", "sim"))
	x.untilPrompt()
	for _, line := range []string{"load a.lua", "create web-1 --root /cells/web-1"} {
		x.typed(line + "\r")
		x.untilPrompt()
	}
	x.typed("load b.lua\r")
	said := x.until(asks)
	x.typed("nonsense\x7f\x7f\r")
	said += x.untilPrompt()
	if n := strings.Count(said, "live cells must keep"); n != 1 {
		t.Errorf("the question is there %d times: %q", n, said)
	}
	x.typed("exit\r")
	x.until("never said")
	if err := x.wait(); err != nil {
		t.Error(err)
	}
}

// An audit is asked for, after it is said what it leaves open; while it runs the prompt says so.
func TestAuditInASession(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.lua", `policy "web" { cells = "web-*", deny = { "system" } } never("no reboot", { "system.reboot", cells = "web-*" })`)
	x := start(t, program(t, dir, []string{"TERM=dumb"}, "-k", "sim"))
	x.untilPrompt()
	for _, line := range []string{"load a.lua", "create web-1 --root /cells/web-1"} {
		x.typed(line + "\n")
		x.untilPrompt()
	}
	x.typed("audit start web-1 --for 2h\n")
	if said := x.until(asks); !strings.Contains(said, `the assertion "no reboot" (a.lua:1:55) does not hold there`) || !strings.HasSuffix(said, "\nAudit cell web-1?\n"+asks) {
		t.Errorf("it asks %q", said)
	}
	x.typed("n\n")
	if said := x.untilPrompt(); !strings.Contains(said, "note: nothing has changed\n") {
		t.Errorf("it says %q", said)
	}
	x.typed("audit start web-1 --for 2h\n")
	x.until(asks)
	x.typed("y\n")
	running := regexp.MustCompile(`\nSIM 2, audit (2h0m|1h59m)> $`)
	if said := x.until("> "); !running.MatchString(said) {
		t.Errorf("it says %q", said)
	}
	x.typed("(\n")
	if said := x.until("| "); !strings.Contains(said, "SIM 2, audit ") {
		t.Errorf("it says %q", said)
	}
	x.typed("6 * 7)\n")
	x.until("> ")
	x.typed("audit stop\n")
	if said := x.untilPrompt(); !strings.HasSuffix(said, "\nSIM 3> ") || !strings.Contains(said, "note: the audit of cell web-1 has ended\n") {
		t.Errorf("it says %q", said)
	}
	x.typed("exit\n")
	x.until("never said")
	if err := x.wait(); err != nil {
		t.Error(err)
	}
}

// Its end comes by itself: it is told above what is being typed, and the prompt does not speak of it any more.
func TestAuditEndsInASession(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.lua", `policy "web" { cells = "web-*", deny = { "system" } }`)
	x := start(t, program(t, dir, []string{"TERM=vt100", "NO_COLOR=1", asProgram + "=" + going}, "-k", "sim"))
	x.untilPrompt()
	for _, line := range []string{"load a.lua", "create web-1 --root /cells/web-1"} {
		x.typed(line + "\r")
		x.untilPrompt()
	}
	x.typed("audit start web-1 --for 300ms --yes\r")
	x.until("as generation 3\nSIM 3> ")
	x.typed("6 * 7\r")
	if said := x.until("SIM 3> "); !strings.Contains(said, "\n42\n") {
		t.Errorf("it says %q", said)
	}
	x.typed("exit\r")
	x.until("never said")
	if err := x.wait(); err != nil {
		t.Error(err)
	}
}

func TestInterrupt(t *testing.T) {
	x := start(t, program(t, t.TempDir(), []string{"TERM=dumb"}, "-k", "sim"))
	x.untilPrompt()
	// Functions of the library too, and none of them is caught.
	for _, code := range []string{"while true do end", "return ('a'):rep(1000000):match('.-b')", "return pcall(string.gsub, ('a'):rep(1000000), '.-b', '')", "return load(function() return ' ' end)"} {
		x.typed("io.write('run', 'ning'); io.flush(); " + code + "\n")
		x.until("running")
		x.typed("\x03")
		if said := x.untilPrompt(); !strings.Contains(said, "lua.interrupted") {
			t.Errorf("Ctrl-C must stop %s, but says %q", code, said)
		}
	}
	// The session goes on.
	x.typed("6 * 7\n")
	if said := x.untilPrompt(); !strings.Contains(said, "\n42\n") {
		t.Errorf("after Ctrl-C the session must go on, but says %q", said)
	}
	// At the prompt Ctrl-C gives up what was begun.
	x.typed("for i = 1, 2 do\n")
	x.until(more)
	x.typed("\x03")
	x.untilPrompt()
	x.typed("exit 3\n")
	x.until("never said")
	if err := x.wait(); err == nil || x.c.ProcessState.ExitCode() != 3 {
		t.Errorf("exit 3 must end with 3, but ends with %v", err)
	}
}

// log -f in a session shows what another program does, until Ctrl-C; then the session goes on.
func TestFollowInASession(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "web.lua", `policy "web" { deny = { "system.reboot" } }`)
	run := func(args ...string) {
		t.Helper()
		if out, err := program(t, dir, nil, append([]string{"-k", "sim:state"}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	run("load", "web.lua")
	run("-e", "p = cell.create{ name = 'web', root = '/cells/web' }:process{ uid = 0 }", "-e", "p:reboot()")
	x := start(t, program(t, dir, []string{"TERM=dumb"}, "-k", "sim:state", "--readonly"))
	x.untilPrompt()
	x.typed("log -f --policy web\n")
	if said := x.until("[policy web, web.lua:1]\n"); !strings.Contains(said, "1  +0s  cell web, process ") {
		t.Errorf("it begins with %q", said)
	}
	for _, number := range []string{"2", "3"} {
		run("-e", "cell.get('web'):process{ uid = 0 }:reboot()")
		if said := x.until("[policy web, web.lua:1]\n"); !strings.HasPrefix(said, number+"  +0s  cell web, process ") {
			t.Errorf("it goes on with %q", said)
		}
	}
	x.typed("\x03")
	if said := x.untilPrompt(); strings.ContainsAny(said, "abcdefghijklmnopqrstuvwxyz") && !strings.Contains(said, "^C") {
		t.Errorf("Ctrl-C must say nothing, but says %q", said)
	}
	x.typed("6 * 7\n")
	if said := x.untilPrompt(); !strings.Contains(said, "\n42\n") {
		t.Errorf("the session must go on, but says %q", said)
	}
	// A session that is told to end does so while it follows.
	x.typed("log -f -n 1 --policy web\n")
	x.until("[policy web, web.lua:1]\n")
	if err := x.c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	x.until("never said")
	if x.wait(); x.c.ProcessState.ExitCode() != signalled+int(syscall.SIGTERM) {
		t.Errorf("the program ends with %v", x.c.ProcessState)
	}
	// In a session that alone can use its kernel nothing would come.
	x = start(t, program(t, dir, []string{"TERM=dumb"}, "-k", "sim:state"))
	x.untilPrompt()
	x.typed("log -f\n")
	if said := x.untilPrompt(); !strings.Contains(said, "only this program can use this one") {
		t.Errorf("it says %q", said)
	}
}

// A generation that nobody can confirm any more goes away, however the session ends.
func TestEndRollsBack(t *testing.T) {
	// Started by nohup(1) the tests ignore hang-ups, and what they start would; what they catch is left to it.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	defer signal.Stop(caught)
	for name, c := range map[string]struct {
		end  func(x *terminal) error
		code int
	}{
		"hang-up": {func(x *terminal) error { return x.c.Process.Signal(syscall.SIGHUP) }, signalled + int(syscall.SIGHUP)},
		"exit":    {func(x *terminal) error { x.typed("exit\n"); return nil }, 0},
		"a question waits": {func(x *terminal) error {
			x.typed("load --yes b.lua\n")
			x.untilPrompt()
			x.typed("cell.create{ name = 'web', root = '/cells/web' }\n")
			x.untilPrompt()
			x.typed("rollback 1\n")
			x.untilPrompt()
			x.typed("load b.lua --confirm 1h\n")
			x.until(asks)
			return x.c.Process.Signal(syscall.SIGTERM)
		}, signalled + int(syscall.SIGTERM)},
		"code runs": {func(x *terminal) error {
			x.typed("print('runs') while true do end\n")
			x.until("\nruns\n")
			return x.c.Process.Signal(syscall.SIGTERM)
		}, signalled + int(syscall.SIGTERM)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "a.lua", `policy "a" { deny = { "system" } }`)
			write(t, dir, "b.lua", `policy "b" { deny = { "machdep" } }`)
			x := start(t, program(t, dir, []string{"TERM=dumb"}, "-k", "sim:state"))
			x.untilPrompt()
			x.typed("load a.lua\n")
			x.untilPrompt()
			x.typed("load b.lua --confirm 1h\n")
			if said := x.untilPrompt(); !strings.Contains(said, "generation 2 is rolled back in 1h0m0s unless confirmed: confirm 2") {
				t.Fatalf("load says %q", said)
			}
			if err := c.end(x); err != nil {
				t.Fatal(err)
			}
			x.until("never said")
			if x.wait(); x.c.ProcessState.ExitCode() != c.code {
				t.Errorf("the program ends with %v", x.c.ProcessState)
			}
			out, err := program(t, dir, nil, "-k", "sim:state", "generations").CombinedOutput()
			if err != nil || !strings.Contains(string(out), "generation 1 again; a.lua; active") {
				t.Errorf("generation 1 must be active again, but there is %v:\n%s", err, out)
			}
		})
	}
}

// TestKilled pulls the plug: what was done before is there, and nothing keeps the next session from beginning.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	x := start(t, program(t, dir, []string{"TERM=dumb"}, "-k", "sim:state"))
	x.untilPrompt()
	x.typed("cell.create{ name = 'web', root = '/cells/web' }\n")
	x.untilPrompt()
	out, err := program(t, dir, nil, "-k", "sim:state", "create", "db", "--root", "/cells/db").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "must have one writer") {
		t.Errorf("a second writer must be refused, but %v: %s", err, out)
	}
	x.typed("while true do end\n")
	if err := x.c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	x.until("never said")
	_ = x.wait()
	out, err = program(t, dir, nil, "-k", "sim:state", "list").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "web") {
		t.Errorf("the cell must be there, but %v: %s", err, out)
	}
	if out, err := program(t, dir, nil, "-k", "sim:state", "create", "db", "--root", "/cells/db").CombinedOutput(); err != nil {
		t.Errorf("the lock must be gone, but %v: %s", err, out)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestOneEvaluator runs every script that ships in all ways that there are, with the same outcome.
func TestOneEvaluator(t *testing.T) {
	scripts, err := filepath.Abs("../scripts")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(scripts, "*.lua"))
	if err != nil || len(files) < 11 {
		t.Fatal("there must be scripts", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name == "provision.lua" {
			continue // a module of the others
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			run := func(stdin string, args ...string) string {
				c := program(t, scripts, nil, append([]string{"-k", "sim"}, args...)...)
				c.Stdin = strings.NewReader(stdin)
				out, err := c.CombinedOutput()
				if err != nil {
					t.Errorf("%v: %v\n%s", args, err, out)
				}
				return string(out)
			}
			want := run("", name)
			if got := run("", "-e", string(text)); got != want {
				t.Errorf("with -e it must say\n%s\nbut says\n%s", want, got)
			}
			if got := run(string(text)); got != want {
				t.Errorf("line by line it must say\n%s\nbut says\n%s", want, got)
			}
		})
	}
}

// Colours are there where they can be shown, unless they are not wanted.
func TestNoColor(t *testing.T) {
	for _, test := range []struct {
		env  string
		args []string
		want bool
	}{{"X=1", nil, true}, {"X=1", []string{"--no-color"}, false}, {"NO_COLOR=1", nil, false}} {
		dir := t.TempDir()
		x := start(t, program(t, dir, []string{"TERM=xterm", test.env}, append([]string{"-k", "sim"}, test.args...)...))
		said := x.untilPrompt()
		x.typed("x = nil + 1\r")
		said += x.untilPrompt()
		x.typed("exit\r")
		said += x.until("never said")
		if err := x.wait(); err != nil {
			t.Error(err)
		}
		if got := regexp.MustCompile("\x1b\\[[0-9;]*[1-9][0-9;]*m").MatchString(said); got != test.want {
			t.Errorf("%s %q: colours %t, but want %t: %q", test.env, test.args, got, test.want, said)
		}
		// A script that fails says so in colours, too.
		write(t, dir, "bad.lua", "x = nil + 1\n")
		x = start(t, program(t, dir, []string{"TERM=xterm", test.env}, append(test.args, "bad.lua")...))
		said = x.until("never said")
		if x.wait() == nil {
			t.Error("the script must fail")
		}
		if got := strings.Contains(said, "\x1b["); got != test.want {
			t.Errorf("%s %q: a script has colours %t, but want %t: %q", test.env, test.args, got, test.want, said)
		}
	}
}
