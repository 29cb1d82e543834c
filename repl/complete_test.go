package repl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cellsh/kernel/connect"
	"cellsh/kernel/monitor/rundir"
	"cellsh/repl/command"
)

// TestSessionCompletes: what the Tab key offers is what there is in the session at the moment: cells, policies, generations,
// what is pending, services, and what help is about. It changes nothing, and runs nothing.
func TestSessionCompletes(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "web.lua", `policy "web" { cells = "web-*", deny = { "system" } }`)
	t.Chdir(dir)
	run := rundir.Dir(filepath.Join(dir, "run"))
	if err := os.Mkdir(string(run), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := run.Service("mail").Make(); err != nil {
		t.Fatal(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	e, err := newEvaluator(Env{Stdin: null, Stdout: null, Stderr: null, Getenv: func(string) string { return "" }, Now: time.Now, After: time.After,
		Machine: connect.Machine{Foreign: "linux/amd64", Run: string(run)}}, command.Common{Kernel: "sim"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.close(); err != nil {
			t.Error(err)
		}
	}()
	if err := e.lines([]string{"load web.lua", "create web-1 --root /cells/web-1", "load web.lua", `policy "new" { deny = { "machdep" } }`, `p = cell.get("web-1"):process{}`, "ran = false",
		"trap = setmetatable({}, { __index = function() ran = true end })"}); err != nil {
		t.Fatal(err)
	}
	c := e.completer()
	for _, test := range []struct{ text, want string }{
		{"explain w", "web-1"},
		{"unload ", "web"},
		{"rollback ", "1 2"},
		{"confirm 1", "1"},
		{"forget ", "new"},
		{"stop ", "mail"},
		{"start m", "mail"},
		{"output ", "mail"},
		{"help poli", "policies policy"},
		{"help exi", "exit-codes"},
		{"help network.bind.p", "network.bind.port network.bind.privport"},
		{"help cell:d", "cell:destroy"},
		{"check w", "web.lua"},
		{`engine.load("w`, "web.lua"},
		{`dofile("w`, "web.lua"},
		{"try network.bind port=22 t", "type="},
		{"create x --profile m", "medium"},
		{"log --result would", "would-deny would-grant"},
		{"log --policy ", "web"},
		{"log --cell w", "web-1"},
		{"log --request network.bind.p", "network.bind.port network.bind.privport"},
		{"learn --any ", "cell euid"},
		{"fit --revision a", "april"},
		{"can --program ", "fallback none policies"},
		{"p:kill{ signal = 'ki", "kill"},
		{"p:kill(p, 'ki", "kill"},
		{"p:setrlimit{ resource = 'no", "nofile"},
		{"p:ifconfig('SIOCGIFM", "SIOCGIFMEDIA SIOCGIFMTU"},
		{"trap.x.", ""},
		{"trap.x:", ""},
		// A policy of several lines is one text for the editor.
		{"policy 'web' {\n  on = {\n    ['network.bind'] = function(r)\n      if r.po", "port"},
		{"policy 'web' {\n  on = {\n    ['network.bind'] = function(r)\n      if r.sig", ""},
	} {
		var got []string
		for _, x := range c.Complete(test.text, len(test.text)) {
			got = append(got, x.Text)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
	for _, x := range c.Complete("rollback 2", 10) {
		if x.Doc != "web.lua; active" {
			t.Errorf("a generation must be described, but is %q", x.Doc)
		}
	}
	if err := e.lines([]string{"assert(ran == false)"}); err != nil {
		t.Error("completion has run a metamethod")
	}
	if got := e.api.Pending().Names(); len(got) != 1 {
		t.Errorf("what is pending must stay, but is %q", got)
	}
}
