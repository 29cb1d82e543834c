//go:build linux || netbsd || freebsd || openbsd || dragonfly || darwin

package launch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"cellsh/kernel"
	"cellsh/kernel/launch/pty"
	"cellsh/policy/kauth"
)

// TestMain makes the test program its own helper, and the command that the tests run.
func TestMain(m *testing.M) {
	switch {
	case IsHelper(os.Args):
		os.Exit(testHelper())
	case os.Getenv("LOGIN_PROBE") != "":
		fmt.Println(os.Args[0], "in", must(os.Getwd()))
		unix.Exit(0)
	case len(os.Args) > 2 && os.Args[1] == "probe":
		// Not os.Exit: a program that measures its coverage has something to say there.
		unix.Exit(probe(os.Args[2]))
	}
	os.Exit(m.Run())
}

// seen is what a command finds around it.
type seen struct {
	UID, EUID, GID int
	Groups         []int
	Dir            string
	Env, Args      []string
	Descriptors    []int
	Leader         bool
	Terminal       string
	Nofile, Core   uint64
}

func probe(what string) int {
	await := func(s os.Signal, then func() int) int {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, s)
		fmt.Println("ready")
		<-signals
		return then()
	}
	switch what {
	case "look":
		json.NewEncoder(os.Stdout).Encode(look())
		return 0
	case "interrupt":
		return await(os.Interrupt, func() int { fmt.Println("interrupted"); return 7 })
	case "terminate":
		return await(unix.SIGTERM, func() int { return 9 })
	case "user":
		return await(unix.SIGUSR1, func() int { return 10 })
	case "size":
		return await(unix.SIGWINCH, func() int { size(); return 0 })
	case "line":
		fmt.Println("ready")
		var line [100]byte
		n, _ := os.Stdin.Read(line[:])
		fmt.Printf("%q\n", line[:n])
		return 0
	case "much":
		os.Stdout.WriteString(strings.Repeat("0123456789abcde\n", 1<<16) + "end")
		return 0
	case "words":
		fmt.Println("last words")
		return 0
	case "killed":
		unix.Kill(os.Getpid(), unix.SIGKILL)
		return 98
	case "terminated":
		signal.Reset(unix.SIGTERM)
		unix.Kill(os.Getpid(), unix.SIGTERM)
		select {}
	case "own":
		own()
		return 0
	case "short":
		for i := range 60 {
			fmt.Printf("line %d of a short command\n", i)
		}
		return 0
	case "sleep":
		signal.Ignore(unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
		return await(unix.SIGUSR2, func() int { return 98 })
	}
	return 99
}

func size() {
	size, err := pty.GetSize(os.Stdin)
	fmt.Println("size", size.Rows, size.Columns, err)
}

// own tells which device standard input is, and whether it is the terminal of the session.
func own() {
	var here, session unix.Stat_t
	err := unix.Fstat(0, &here)
	tty, terr := os.Open("/dev/tty")
	if terr == nil {
		terr = unix.Fstat(int(tty.Fd()), &session)
	}
	front, ferr := unix.IoctlGetInt(0, unix.TIOCGPGRP)
	fmt.Println("device", here.Rdev, front == os.Getpid(), errors.Join(err, terr, ferr))
	size()
}

func look() seen {
	s := seen{UID: os.Getuid(), EUID: os.Geteuid(), GID: os.Getgid(), Env: os.Environ(), Args: os.Args}
	s.Groups, _ = os.Getgroups()
	s.Dir, _ = os.Getwd()
	for fd := range 256 {
		// The runtime has descriptors of its own, which are closed at exec; what was inherited is not.
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			s.Descriptors = append(s.Descriptors, fd)
		}
	}
	sid, _ := unix.Getsid(0)
	s.Leader = sid == os.Getpid()
	if tty, err := os.Readlink("/proc/self/fd/0"); err == nil && strings.HasPrefix(tty, "/dev/pts/") {
		s.Terminal = tty
	}
	for limit, to := range map[int]*uint64{unix.RLIMIT_NOFILE: &s.Nofile, unix.RLIMIT_CORE: &s.Core} {
		var r unix.Rlimit
		unix.Getrlimit(limit, &r)
		*to = uint64(r.Max)
	}
	return s
}

// pipes are files of a command that a test writes and reads.
type pipes struct {
	Files
	in       *os.File
	out, err *bytes.Buffer
	wait     func()
}

func newPipes(t *testing.T) *pipes {
	t.Helper()
	p := &pipes{out: new(bytes.Buffer), err: new(bytes.Buffer)}
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.In, p.in = inRead, inWrite
	var done []chan struct{}
	collect := func(to *bytes.Buffer) *os.File {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		finished := make(chan struct{})
		done = append(done, finished)
		go func() {
			defer close(finished)
			io.Copy(to, r)
			r.Close()
		}()
		return w
	}
	p.Out, p.Err = collect(p.out), collect(p.err)
	p.wait = func() {
		for _, f := range []*os.File{p.In, p.in, p.Out, p.Err} {
			f.Close()
		}
		for _, d := range done {
			<-d
		}
	}
	return p
}

// probing is the command line that makes the test program do something.
func probing(what string, more ...string) []string {
	return append([]string{must(os.Executable()), "probe", what}, more...)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestLocalStatus(t *testing.T) {
	dir := t.TempDir()
	unexecutable, empty := filepath.Join(dir, "file"), filepath.Join(dir, "empty")
	if err := errors.Join(os.WriteFile(unexecutable, nil, 0o600), os.WriteFile(empty, nil, 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want Status
		exit int
		say  string
	}{
		{[]string{"sh", "-c", "exit 0"}, Status{}, 0, ""},
		{[]string{"/bin/sh", "-c", "exit 3"}, Status{Code: 3}, 3, ""},
		{[]string{"sh", "-c", "exit 255"}, Status{Code: 255}, 255, ""},
		{probing("killed"), Status{Signal: 9}, 137, ""},
		{probing("terminated"), Status{Signal: 15}, 143, ""},
		{[]string{"no-such-command"}, Status{}, 127, "the command must be in PATH of the cell, but no-such-command is not (ENOENT)"},
		{[]string{"/no/such/command"}, Status{}, 127, "the command must exist in the cell, but /no/such/command does not (ENOENT)"},
		{[]string{unexecutable}, Status{}, 126, "must be allowed to execute"},
		{[]string{t.TempDir()}, Status{}, 126, "must be allowed to execute"},
		{[]string{empty}, Status{}, 126, "must be a program that this kernel can run"},
		{[]string{"a\x00b"}, Status{}, 1, "must have no zero byte"},
	} {
		held := 0
		for _, l := range []*Local{{Quiet: true}, {Quiet: true, Options: Options{Held: func(pid int) error { held = pid; return nil }}}} {
			p := newPipes(t)
			status, err := l.Run(t.Context(), Command{Cell: web(), Args: c.args}, p.Files)
			p.wait()
			if l.Held != nil && held == 0 && c.exit != 1 {
				t.Errorf("%q: nobody was told of its process", c.args)
			}
			if status != c.want || ExitCode(status, err) != c.exit {
				t.Errorf("%q: %+v, %v, exit %d; want %+v, %d", c.args, status, err, ExitCode(status, err), c.want, c.exit)
			}
			if (err == nil) != (c.say == "") || err != nil && !strings.Contains(err.Error(), c.say) {
				t.Errorf("%q: %v, want %q", c.args, err, c.say)
			}
		}
	}
}

// TestLocalHeld: a command that somebody holds is not executed before that one lets go, and is the process that was told.
func TestLocalHeld(t *testing.T) {
	var told []string
	mark := filepath.Join(t.TempDir(), "mark")
	var pid int
	l := &Local{Quiet: true, Options: Options{Held: func(p int) error {
		pid = p
		_, err := os.Stat(mark)
		told = append(told, fmt.Sprint("held ", errors.Is(err, fs.ErrNotExist)))
		return nil
	}, Began: func() { told = append(told, "began") }}}
	p := newPipes(t)
	if _, err := l.Run(t.Context(), Command{Cell: web(), Args: []string{"sh", "-c", "echo $$ > " + mark}}, p.Files); err != nil {
		t.Fatal(err)
	}
	p.wait()
	if text := must(os.ReadFile(mark)); strings.TrimSpace(string(text)) != fmt.Sprint(pid) || !slices.Equal(told, []string{"held true", "began"}) {
		t.Errorf("%q told of %d: %q", text, pid, told)
	}

	l.Held = func(int) error { return errors.New("there is no room for it") }
	told = nil
	p = newPipes(t)
	_, err := l.Run(t.Context(), Command{Cell: web(), Args: []string{"rm", mark}}, p.Files)
	p.wait()
	if err == nil || !strings.Contains(err.Error(), "there is no room for it") || len(told) != 0 {
		t.Errorf("%v, %q", err, told)
	}
	must(os.Stat(mark))
}

func TestLocalAround(t *testing.T) {
	t.Setenv("SECRET_OF_THE_HOST", "1")
	stray := must(unix.Dup(2)) // not closed at exec
	defer unix.Close(stray)
	p := newPipes(t)
	status, err := (&Local{Options: Options{Term: "vt100"}}).Run(t.Context(), Command{Cell: web(), Args: probing("look", "a b"), Env: []string{"ASKED=for"}}, p.Files)
	p.wait()
	var s seen
	if err != nil || status != (Status{}) || json.Unmarshal(p.out.Bytes(), &s) != nil {
		t.Fatalf("%+v, %v, %s", status, err, p.out)
	}
	if !s.Leader || s.Dir != "/" || !slices.Equal(s.Args[1:], []string{"probe", "look", "a b"}) {
		t.Errorf("%+v", s)
	}
	var names []string
	for _, e := range s.Env {
		name, _, _ := strings.Cut(e, "=")
		names = append(names, name)
	}
	if want := []string{"PATH", "HOME", "USER", "LOGNAME", "SHELL", "ASKED"}; !slices.Equal(names, want) {
		t.Errorf("environment %q, want %q", names, want)
	}
	if want := fmt.Sprintf("is not isolated; it runs as an ordinary process of this machine, as uid %d, not in cell web", os.Geteuid()); !strings.Contains(p.err.String(), want) {
		t.Errorf("said %q, want %q", p.err, want)
	}
}

// TestLocalStarted: who is told of a command is told its session, once it runs, and of its end.
func TestLocalStarted(t *testing.T) {
	var session, ends int
	l := &Local{Quiet: true, Started: func(c kernel.Cell, s int) func() {
		if c.Name != "web" {
			t.Errorf("the cell must be web, but is %s", c.Name)
		}
		session = s
		return func() { ends++ }
	}}
	p := newPipes(t)
	if _, err := l.Run(t.Context(), Command{Cell: web(), Args: []string{"sh", "-c", "echo $$"}}, p.Files); err != nil {
		t.Fatal(err)
	}
	p.wait()
	if strings.TrimSpace(p.out.String()) != fmt.Sprint(session) || ends != 1 {
		t.Errorf("session %d must be that of process %s and end once, but ended %d times", session, p.out, ends)
	}
	p = newPipes(t)
	session = 0
	l.Run(t.Context(), Command{Cell: web(), Args: []string{"no-such-command"}}, p.Files)
	p.wait()
	if session != 0 || ends != 1 {
		t.Errorf("what did not start has no session, but has %d", session)
	}
}

func TestLocalRegister(t *testing.T) {
	var registered []Account
	var ended []Status
	l := &Local{Quiet: true, Register: func(c kernel.Cell, who Account) (func(Status), error) {
		if c.ID == 4 {
			return nil, &kernel.Error{Op: "fork", Errno: kauth.EAGAIN, Text: "the cell must have fewer processes"}
		}
		registered = append(registered, who)
		return func(s Status) { ended = append(ended, s) }, nil
	}}
	for _, c := range []struct {
		id   kernel.CellID
		user string
		args []string
	}{{3, "5000:100", []string{"sh", "-c", "exit 2"}}, {3, "", []string{"no-such-command"}}, {4, "", []string{"true"}}, {3, "no such user", []string{"true"}}} {
		p := newPipes(t)
		cell := web()
		cell.ID = c.id
		status, err := l.Run(t.Context(), Command{Cell: cell, User: c.user, Args: c.args}, p.Files)
		p.wait()
		switch {
		case c.id == 4:
			var failed *NotStarted
			if !errors.As(err, &failed) || !errors.Is(err, kauth.EAGAIN) || err.Error() != "fork: the cell must have fewer processes (EAGAIN)" {
				t.Errorf("refused by the simulated kernel: %v", err)
			}
		case c.user == "no such user":
			if err == nil || !strings.Contains(err.Error(), "must be in /etc/passwd") {
				t.Errorf("unknown user: %v", err)
			}
		case c.user != "" && status.Code != 2:
			t.Errorf("%+v, %v", status, err)
		}
	}
	if len(registered) != 2 || registered[0].UID != 5000 || registered[1].UID != 0 || !slices.Equal(ended, []Status{{Code: 2}, {}}) {
		t.Errorf("registered %+v, ended %+v", registered, ended)
	}
}

func TestLocalInput(t *testing.T) {
	p := newPipes(t)
	p.in.WriteString("some input")
	p.in.Close()
	status, err := (&Local{Quiet: true}).Run(t.Context(), Command{Cell: web(), Args: []string{"cat"}}, p.Files)
	p.wait()
	if err != nil || status != (Status{}) || p.out.String() != "some input" {
		t.Errorf("%+v, %v, %q", status, err, p.out)
	}
	if _, err := (&Local{}).Run(t.Context(), Command{Cell: web()}, Files{}); err == nil || !strings.Contains(err.Error(), "0, 1 and 2 must all be given") {
		t.Errorf("without files: %v", err)
	}
}

// ready waits until the command said so, and then does something.
func ready(t *testing.T, l Local, probe string, then func(*remote)) (Status, string, error) {
	t.Helper()
	r, w := must2(os.Pipe())
	null := must(os.Open(os.DevNull))
	defer null.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	signals := make(chan os.Signal, 4)
	if l.Signals == nil {
		l.Signals = signals
	}
	type ended struct {
		Status
		error
	}
	end := make(chan ended)
	go func() {
		l.Quiet = true
		status, err := l.Run(ctx, Command{Cell: web(), Args: probing(probe)}, Files{null, w, w})
		w.Close()
		end <- ended{status, err}
	}()
	var first [6]byte
	if _, err := io.ReadFull(r, first[:]); err != nil {
		t.Fatal(err)
	}
	then(&remote{signals, cancel})
	// The pipe ends when nobody has its other end any more: all of the command's processes are gone.
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	e := <-end
	return e.Status, string(rest), e.error
}

type remote struct {
	signals chan os.Signal
	cancel  func()
}

func must2[A, B any](a A, b B, err error) (A, B) {
	if err != nil {
		panic(err)
	}
	return a, b
}

func TestSignalsPass(t *testing.T) {
	status, _, err := ready(t, Local{}, "terminate", func(p *remote) {
		p.signals <- unix.SIGWINCH // means nothing without a terminal
		p.signals <- unix.SIGTERM
	})
	if status != (Status{Code: 9}) || err != nil {
		t.Errorf("%+v, %v", status, err)
	}
	status, out, err := ready(t, Local{}, "interrupt", func(p *remote) { p.signals <- os.Interrupt })
	if status != (Status{Code: 7}) || err != nil || out != "interrupted\n" {
		t.Errorf("%+v, %v, %q", status, err, out)
	}
	// A channel that was closed has nothing more to say.
	status, _, err = ready(t, Local{}, "sleep", func(p *remote) {
		p.signals <- unix.SIGKILL
		close(p.signals)
	})
	if status != (Status{Signal: 9}) || err != nil {
		t.Errorf("%+v, %v", status, err)
	}
}

// TestOwnSignals: without a channel, Run listens itself.
func TestOwnSignals(t *testing.T) {
	own, stop := Options{}.signals()
	defer stop()
	status, _, err := ready(t, Local{Options: Options{Signals: own}}, "user", func(*remote) {
		unix.Kill(os.Getpid(), unix.SIGUSR1)
	})
	if status != (Status{Code: 10}) || err != nil {
		t.Errorf("%+v, %v", status, err)
	}
}

func TestCancel(t *testing.T) {
	status, _, err := ready(t, Local{}, "sleep", func(p *remote) { p.cancel() })
	if status != (Status{Signal: 9}) || !errors.Is(err, context.Canceled) || ExitCode(status, err) != 137 {
		t.Errorf("%+v, %v", status, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := newPipes(t)
	status, err = (&Local{Quiet: true}).Run(ctx, Command{Cell: web(), Args: []string{"true"}}, p.Files)
	p.wait()
	if !errors.Is(err, context.Canceled) || ExitCode(status, err) != 1 {
		t.Errorf("cancelled before: %+v, %v", status, err)
	}
}

// TestCancelGroup: what the command started in its process group goes with it.
func TestCancelGroup(t *testing.T) {
	r, w := must2(os.Pipe())
	null := must(os.Open(os.DevNull))
	defer null.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	end := make(chan Status)
	go func() {
		status, _ := (&Local{Quiet: true}).Run(ctx, Command{Cell: web(), Args: []string{"sh", "-c", "sleep 1000 & sleep 1000 & echo ready; wait"}}, Files{null, w, w})
		w.Close()
		end <- status
	}()
	var first [6]byte
	if _, err := io.ReadFull(r, first[:]); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(r); err != nil {
		t.Error(err)
	}
	if status := <-end; status != (Status{Signal: 9}) {
		t.Errorf("%+v", status)
	}
}

// terminal is a caller's terminal: what a person types is written to near, and what it shows is read from there.
type terminal struct {
	t         *testing.T
	near, far *os.File
	shown     strings.Builder
	modes     *unix.Termios
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	near, far, err := pty.Open()
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	if err := pty.SetSize(near, pty.Size{Rows: 31, Columns: 77}); err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, near: near, far: far}
	x.modes = must(unix.IoctlGetTermios(int(far.Fd()), getTermios))
	return x
}

// expect reads until the text was shown, and gives all that was shown up to then since the last time.
func (x *terminal) expect(text string) string {
	x.t.Helper()
	buf := make([]byte, 4096)
	for !strings.Contains(x.shown.String(), text) {
		n, err := x.near.Read(buf)
		x.shown.Write(buf[:n])
		if err != nil {
			x.t.Fatalf("%v before %q was shown, after %q", err, text, x.shown.String())
		}
	}
	shown := x.shown.String()
	end := strings.Index(shown, text) + len(text)
	x.shown.Reset()
	x.shown.WriteString(shown[end:])
	return shown[:end]
}

func (x *terminal) run(l Local, f Files, args ...string) chan Status {
	end := make(chan Status, 1)
	l.Quiet = true
	l.Term = "vt100"
	// A slow machine must not be taken for output that is stuck.
	l.Clock = turnClock{}
	if l.Signals == nil {
		l.Signals = make(chan os.Signal)
	}
	go func() {
		status, err := l.Run(x.t.Context(), Command{Cell: web(), Args: args}, f)
		if err != nil {
			x.t.Error(err)
			x.near.Close() // nothing will be shown
		}
		end <- status
	}()
	return end
}

// pendin is PENDIN, where it is more than a name.
const pendin = 0x20000000

func (x *terminal) all() Files { return Files{x.far, x.far, x.far} }

func (x *terminal) sameModes() {
	x.t.Helper()
	now := must(unix.IoctlGetTermios(int(x.far.Fd()), getTermios))
	// The kernel of a BSD notes here that input is to be looked at again, after lines were none for a while.
	now.Lflag = now.Lflag&^pendin | x.modes.Lflag&pendin
	if *now != *x.modes {
		x.t.Errorf("the terminal's modes were %+v and are %+v", *x.modes, *now)
	}
}

func TestTerminal(t *testing.T) {
	x := newTerminal(t)
	end := x.run(Local{}, x.all(), probing("look")...)
	var s seen
	if err := json.Unmarshal([]byte(x.expect("}")), &s); err != nil {
		t.Fatal(err)
	}
	if status := <-end; status != (Status{}) {
		t.Errorf("%+v", status)
	}
	if !s.Leader || s.Terminal == x.far.Name() || !slices.Contains(s.Env, "TERM=vt100") {
		t.Errorf("%+v", s)
	}
	x.sameModes()
}

// TestOwnTerminal: the command has a terminal, and it is not the caller's.
func TestOwnTerminal(t *testing.T) {
	x := newTerminal(t)
	var callers unix.Stat_t
	if err := unix.Fstat(int(x.far.Fd()), &callers); err != nil {
		t.Fatal(err)
	}
	end := x.run(Local{}, x.all(), probing("own")...)
	shown := x.expect("size 31 77 <nil>\r\n")
	<-end
	var device uint64
	var front bool
	if _, err := fmt.Sscanf(shown, "device %d %t <nil>", &device, &front); err != nil || !front || device == uint64(callers.Rdev) {
		t.Errorf("%q, the caller's is %d: %v", shown, callers.Rdev, err)
	}
}

func TestCtrlC(t *testing.T) {
	x := newTerminal(t)
	end := x.run(Local{}, x.all(), probing("interrupt")...)
	x.expect("ready\r\n")
	x.near.WriteString("\x03")
	x.expect("interrupted\r\n")
	if status := <-end; status != (Status{Code: 7}) {
		t.Errorf("%+v", status)
	}
	x.sameModes()
}

func TestTyped(t *testing.T) {
	x := newTerminal(t)
	end := x.run(Local{}, x.all(), probing("line")...)
	x.expect("ready\r\n")
	x.near.WriteString("hello\r")
	x.expect(`"hello\n"` + "\r\n")
	<-end
	x.sameModes()
	// What is typed after the command is the caller's.
	x.near.WriteString("next\n")
	var line [10]byte
	if n, err := x.far.Read(line[:]); err != nil || string(line[:n]) != "next\n" {
		t.Errorf("%q, %v", line[:n], err)
	}
}

func TestResize(t *testing.T) {
	x := newTerminal(t)
	signals := make(chan os.Signal)
	end := x.run(Local{Options: Options{Signals: signals}}, x.all(), probing("size")...)
	x.expect("ready\r\n")
	if err := pty.SetSize(x.near, pty.Size{Rows: 12, Columns: 34}); err != nil {
		t.Fatal(err)
	}
	signals <- unix.SIGWINCH
	x.expect("size 12 34 <nil>\r\n")
	<-end
}

func TestMuchOutput(t *testing.T) {
	x := newTerminal(t)
	end := x.run(Local{}, x.all(), probing("much")...)
	// NetBSD writes the carriage return of a line anew if its queue is full before the end of the line.
	got := strings.ReplaceAll(x.expect("end"), "\r\r\n", "\r\n")
	<-end
	if want := strings.Repeat("0123456789abcde\r\n", 1<<16) + "end"; got != want {
		t.Errorf("%d bytes, want %d; the output was changed", len(got), len(want))
	}
}

// TestShortCommands: a command that is gone as soon as it has written loses nothing.
func TestShortCommands(t *testing.T) {
	x := newTerminal(t)
	var want strings.Builder
	for i := range 60 {
		fmt.Fprintf(&want, "line %d of a short command\r\n", i)
	}
	for i := range 20 {
		end := x.run(Local{}, x.all(), probing("short")...)
		if got := x.expect("line 59 of a short command\r\n"); got != want.String() {
			t.Fatalf("run %d: %d bytes, want %d:\n%s", i, len(got), want.Len(), got)
		}
		if status := <-end; status != (Status{}) {
			t.Errorf("%+v", status)
		}
	}
	x.sameModes()
}

// TestGoneBeforeReading: the command has written everything and closed its terminal before anybody reads.
func TestGoneBeforeReading(t *testing.T) {
	x := newTerminal(t)
	r, files, err := newRelay(x.all())
	if err != nil {
		t.Fatal(err)
	}
	alive, theirs := must2(os.Pipe())
	defer alive.Close()
	args := probing("words") // as many as fit into the terminal
	p, err := start(args[:1], args, os.Environ(), "/", append(files.all(), theirs), r.index)
	theirs.Close()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := alive.Read(make([]byte, 1)); err != io.EOF {
		t.Fatal(n, err)
	}
	if err := r.begin(); err != nil {
		t.Fatal(err)
	}
	if shown := x.expect("words\r\n"); shown != "last words\r\n" {
		t.Errorf("%q", shown)
	}
	<-p.done
	r.end(turnClock{})
	x.sameModes()
}

// TestFarEndIsHeld: ours of the far end is open as long as the command runs, and no longer.
func TestFarEndIsHeld(t *testing.T) {
	x := newTerminal(t)
	r, _, err := newRelay(x.all())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.begin(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.slave.Stat(); err != nil {
		t.Errorf("the far end must be open while the command runs: %v", err)
	}
	r.end(turnClock{})
	if _, err := r.slave.Stat(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the far end must be closed when the command is gone: %v", err)
	}
	x.sameModes()
}

// TestOnlyOutput: a terminal that the command only writes to keeps its modes.
func TestOnlyOutput(t *testing.T) {
	x := newTerminal(t)
	p := newPipes(t)
	p.in.Close()
	end := x.run(Local{}, Files{p.In, x.far, p.Err}, "sh", "-c", "printf 'a\\nb\\n'; echo error >&2; cat; echo end")
	if got := x.expect("end\r\n"); got != "a\r\nb\r\nend\r\n" {
		t.Errorf("%q", got)
	}
	if status := <-end; status != (Status{}) {
		t.Errorf("%+v", status)
	}
	p.wait()
	if p.err.String() != "error\n" {
		t.Errorf("standard error %q", p.err)
	}
	x.sameModes()
}

// TestOnlyInput: what the command writes does not go to the terminal that it reads from.
func TestOnlyInput(t *testing.T) {
	x := newTerminal(t)
	p := newPipes(t)
	end := x.run(Local{}, Files{x.far, p.Out, p.Err}, probing("line")...)
	x.near.WriteString("hello\r")
	<-end
	p.wait()
	if p.out.String() != "ready\n\"hello\\n\"\n" {
		t.Errorf("%q", p.out)
	}
	x.sameModes()
}

// TestDrainEnds: a far end that somebody keeps open does not keep the caller.
func TestDrainEnds(t *testing.T) {
	x := newTerminal(t)
	r, files, err := newRelay(x.all())
	if err != nil {
		t.Fatal(err)
	}
	kept := must(unix.Dup(int(files.Out.Fd())))
	defer unix.Close(kept)
	if err := r.begin(); err != nil {
		t.Fatal(err)
	}
	if now := must(unix.IoctlGetTermios(int(x.far.Fd()), getTermios)); now.Lflag&unix.ICANON != 0 {
		t.Error("the caller's terminal still waits for whole lines")
	}
	unix.Write(kept, []byte("last words"))
	x.expect("last words")
	r.end(&stepClock{})
	x.sameModes()
}

func TestNoRelay(t *testing.T) {
	p := newPipes(t)
	defer p.wait()
	if r, files, err := newRelay(p.Files); r != nil || err != nil || files != p.Files {
		t.Errorf("%v, %v, %v", r, files, err)
	}
}

func TestErrnoByName(t *testing.T) {
	for _, c := range []struct{ in, want error }{
		{syscall.EAGAIN, kauth.EAGAIN}, {unix.ENOSYS, kauth.ENOSYS}, {nil, nil}, {io.EOF, io.EOF},
		{&os.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}, kauth.ENOENT},
	} {
		if got := kernelErrno(c.in); got != c.want {
			t.Errorf("%v: %v, want %v", c.in, got, c.want)
		}
	}
}
