package command

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel/connect"
	"cellsh/kernel/host"
	"cellsh/policy/progress"
	"cellsh/policy/rules"
)

// wait is a command of which somebody may have to wait for the end.
type wait struct {
	args  []string
	stdin string
	// quick says why nobody has to: it makes no check then. All others make some, and say where they are.
	quick string
	// session says that it is also given in a session.
	session bool
	// apart says where it is tested in its own way, because it starts processes, serves, or talks with somebody.
	apart string
}

// waits has every command. One that computes, reads many files or waits for others checks whether it shall end, and says
// where it is; see package progress.
var waits = map[string]wait{
	"apropos":     {args: []string{"load"}, quick: "it looks through what it has"},
	"audit":       {args: []string{"start", "web-1", "--for", "30m", "--yes"}},
	"attach":      {args: []string{"web-1"}, session: true},
	"can":         {args: []string{"web-1", "network.bind"}, session: true},
	"check":       {args: []string{"b.lua"}, session: true},
	"confirm":     {args: []string{"2"}, quick: "it writes which generation stays"},
	"create":      {args: []string{"web-2", "--root", "/cells/web-2"}, session: true},
	"decide":      {stdin: `{"cell": "web-1", "request": "system.reboot"}` + "\n", session: true},
	"destroy":     {args: []string{"web-1", "other"}, session: true},
	"diff":        {args: []string{"b.lua"}, session: true},
	"doctor":      {},
	"dump":        {args: []string{"b.lua"}, session: true},
	"exec":        {args: []string{"web-1", "true"}, apart: "exec.txtar: the command that it runs gets the signals, and the terminal"},
	"explain":     {args: []string{"web-1", "system.reboot"}, session: true},
	"fit":         {args: []string{"b.lua"}, session: true},
	"fmt":         {args: []string{"-w", "b.lua"}},
	"forget":      {args: []string{"none"}, quick: "it drops what is pending"},
	"generations": {quick: "it reads what is noted"},
	"help":        {quick: "it writes what it has"},
	"init":        {args: []string{"new"}, quick: "it writes a few files"},
	"kill":        {args: []string{"web-1"}, quick: "it waits a moment for those that it has killed"},
	"learn":       {},
	"list":        {session: true},
	"load":        {args: []string{"--yes", "b.lua"}, session: true},
	"log":         {quick: "it reads what the kernel keeps; with -f it listens, see TestFollow in cmd/cellsh"},
	"lsp":         {apart: "lsp.txtar: an editor waits, and stops its analyses"},
	"metrics":     {apart: "metrics.txtar: it serves until it is stopped"},
	"output":      {args: []string{"web"}, quick: "it reads the end of files; with -f it listens"},
	"policies":    {session: true},
	"prove":       {args: []string{"b.lua"}, session: true},
	"ps":          {args: []string{"web-1"}, quick: "it asks the system once"},
	"replay":      {args: []string{"d.log"}},
	"restart":     {apart: "services.txtar: it waits for services, and says what they do"},
	"rollback":    {args: []string{"1"}, session: true},
	"screen":      {apart: "TestScreen of repl: it is opened once the command has ended"},
	"show":        {args: []string{"1"}, quick: "it writes sources that are kept"},
	"start":       {apart: "services.txtar: it waits for services, and says what they do"},
	"stats":       {session: true},
	"status":      {apart: "services.txtar: it reads what monitors have written"},
	"stop":        {apart: "services.txtar: it waits for services, and says what they do"},
	"supervise":   {apart: "services.txtar: it starts a monitor"},
	"test":        {args: []string{"t"}, session: true},
	"unload":      {args: []string{"--yes", "a"}, session: true},
	"watch":       {apart: "watch.txtar: it calls hooks until it is stopped"},
	"version":     {quick: "it writes what it has"},
}

var waitFiles = map[string]string{
	"a.lua": `policy "a" { cells = { "web-*" }, on = { ["network.bind.privport"] = function(r) if r.port < 512 then return deny, "low" end end } }
policy "c" { cells = { "web-*" }, deny = { "system.reboot" } }`,
	"b.lua": `policy "a" { cells = { "web-*" }, on = { ["network.bind.port"] = function(r) if r.port ~= 80 and r.port ~= 443 then return deny, "web only" end end } }
never "no reboot" { cells = { "web-*" }, request = "system.reboot", where = function(r) return r.euid > 0 end }`,
	"d.log":        `{"model":"secmodel_celleval","time":1,"at":"2026-06-01T12:00:00Z","cell":"web-1","id":1,"euid":0,"request":"system.reboot","result":"deny","policy":"c","file":"a.lua","line":2}` + "\n",
	"t/a.lua":      `policy "a" { on = { ["network.bind.privport"] = function(r) if r.port < 1024 then return deny end end } }`,
	"t/a_test.lua": `cases("ports", { cell = "web-1", request = "network.bind.privport", { port = 80, expect = deny }, { port = 1023, expect = deny } })`,
}

// waitFolder makes a folder with policies, and with a state in which generation 2 waits to be confirmed.
func waitFolder(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range waitFiles {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must := func(args ...string) {
		if code, _, stderr := runWait(t, nil, args...); code != OK {
			t.Fatalf("%q: %s", args, stderr)
		}
	}
	must("create", "web-1", "--root", "/cells/web-1")
	must("create", "other", "--root", "/cells/other")
	must("load", "a.lua")
	must("load", "--yes", "a.lua")
}

var waitNow = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func runWait(t *testing.T, w *progress.Work, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	common := Common{Kernel: "sim:state"}
	if slices.Contains(Find(args[0]).Without, "k") {
		common.Kernel = ""
	}
	code = Find(args[0]).Run(args[1:], common, Env{Stdin: strings.NewReader(waits[args[0]].stdin), Stdout: &out, Stderr: &errs, Work: w,
		Now: func() time.Time { return waitNow }, Machine: connect.Machine{Foreign: "linux/amd64"}})
	return code, out.String(), errs.String()
}

// whole is what is in the state.
func whole(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, args := range [][]string{{"list"}, {"generations"}, {"can", "web-1", "network.bind"}} {
		code, out, stderr := runWait(t, nil, args...)
		if code != OK && args[0] != "can" {
			t.Fatalf("%q must work, but: %s", args, stderr)
		}
		all.WriteString(out)
	}
	return all.String()
}

// TestWaits: every command that takes long can be stopped wherever it checks, says where it was, and leaves nothing half done;
// and what it says of that is so.
func TestWaits(t *testing.T) {
	for _, name := range Names() {
		x, known := waits[name]
		if !known {
			t.Errorf("%s must be in the table: how long does it take, and who stops it?", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			if x.apart != "" {
				return
			}
			waitFolder(t)
			state, err := os.ReadFile("state")
			if err != nil {
				t.Fatal(err)
			}
			before := whole(t)
			w := progress.New()
			last, ended := -1, ""
			for n := 0; ; n = max(n+1, n*2) {
				if err := os.WriteFile("state", state, 0o600); err != nil {
					t.Fatal(err)
				}
				w.StopAfter(n)
				code, _, stderr := runWait(t, w, append([]string{name}, x.args...)...)
				if code != Interrupted {
					ended = stderr
					break
				}
				last = n
				if w.Step().Doing == "" && n > 0 && name != "destroy" {
					t.Errorf("after %d checks it does not say where it is", n)
				}
				switch after := whole(t); {
				case strings.Contains(stderr, "interrupted; before that: "):
					if after == before {
						t.Errorf("after %d checks it says %q, but nothing has changed", n, stderr)
					}
				case !strings.Contains(stderr, "error: interrupted"):
					t.Errorf("after %d checks it says %q", n, stderr)
				case after != before:
					t.Errorf("after %d checks it says %q, but there was\n%sand is\n%s", n, stderr, before, after)
				}
			}
			switch {
			case x.quick == "" && last < 0:
				t.Error("it can't be stopped: ", ended)
			case x.quick != "" && last >= 0:
				t.Error("it is said to be quick, but can be stopped")
			}
		})
	}
	for name := range waits {
		if Find(name) == nil {
			t.Errorf("there is no command %s", name)
		}
	}
}

// TestWaitsInASession: what a stopped command has worked out of loaded policies does not change what the next one finds.
func TestWaitsInASession(t *testing.T) {
	for name, x := range waits {
		if !x.session {
			continue
		}
		t.Run(name, func(t *testing.T) {
			waitFolder(t)
			state, err := os.ReadFile("state")
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			w := progress.New()
			for n := -1; ; n = max(n+1, n*2) {
				if err := os.WriteFile("state", state, 0o600); err != nil {
					t.Fatal(err)
				}
				now := func() time.Time { return waitNow }
				var out, errs bytes.Buffer
				target, err := OpenTarget(connect.Options{Target: "sim:state", Now: now, Work: w}, &out, host.SessionOptions{})
				if err != nil {
					t.Fatal(err)
				}
				target.Declared = func() *rules.Set { return &rules.Set{} }
				run := func(args ...string) (code int) {
					err := target.Steps.Step(func() error {
						code = Find(args[0]).Run(args[1:], Common{}, Env{Stdin: strings.NewReader(waits[args[0]].stdin), Stdout: &out, Stderr: &errs, Work: w, Now: now,
							Machine: connect.Machine{Foreign: "linux/amd64"}, Session: target})
						return nil
					})
					if err != nil {
						t.Fatal(err)
					}
					return code
				}
				code := OK
				if n >= 0 {
					w.StopAfter(n)
					code = run(append([]string{name}, x.args...)...)
				}
				changed := strings.Contains(errs.String(), "before that: ")
				out.Reset()
				errs.Reset()
				if n < 0 || code == Interrupted && !changed {
					w.StopAfter(1 << 30)
					run(append([]string{name}, x.args...)...)
					run("explain", "web-1", "network.bind.privport", "port=80")
					run("can", "web-1", "network")
				}
				if err := target.Steps.Close(); err != nil {
					t.Fatal(err)
				}
				switch got := out.String() + errs.String(); {
				case n < 0:
					want = got
				case code != Interrupted:
					return
				case !changed && got != want:
					t.Errorf("after it was stopped after %d checks it says\n%sbut else\n%s", n, got, want)
				}
			}
		})
	}
}
