package complete

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode"

	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel/host"
	"cellsh/kernel/sim"
	"cellsh/lua/api"
	"cellsh/lua/loader"
	"cellsh/repl/flags"
	"cellsh/repl/input"
)

// completer completes from a session with one cell.
func completer(t testing.TB) *Completer {
	t.Helper()
	k, err := sim.New(sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := host.New(k, &host.Memory{}, loader.Reader{}.Load, time.Now)
	a := api.New(api.Options{Kernel: api.Kernel{Host: h, Simulator: k}, Output: os.Stderr})
	t.Cleanup(a.Close)
	fn, err := a.VM.CompileIn(a.VM.Environment(), "session", `
web = cell.create{ name = "web-1", root = "/cells/web-1" }
cells = { web, named = { inner = web, ["a b"] = 1, [7] = { seven = 1 }, _hidden = 1, call = print } }
ran = false
trap = setmetatable({ own = 1 }, { __index = function() ran = true end, __newindex = function() ran = true end, __call = function() ran = true end })
child = setmetatable({}, { __index = cells })
ring = {} setmetatable(ring, { __index = ring })
`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Call(fn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if a.VM.Environment().RawGetString("ran") != lua.LFalse {
			t.Error("completion ran a metamethod")
		}
	})
	files := fstest.MapFS{"scripts/policy.d/web.lua": {}, "scripts/policy.d/with space.lua": {}, "scripts/it's.lua": {}, "web.lua": {}, ".hidden": {}, "bad\nname": {}, "ünï.lua": {}}
	return &Completer{
		Commands: []Command{
			{Name: "list"}, {Name: "load", Args: "PATH...", Flags: []Flag{{Name: "confirm", Value: "DURATION"}, {Name: "strict"}, {Name: "policy", Value: "PATH"}}},
			{Name: "stats", Args: "[CELL...]", Flags: []Flag{{Name: "columns", Value: "COLUMN,...", Words: []string{"age", "name", "root"}}, {Name: "sort", Value: "COLUMN", Words: []string{"age", "name"}}}},
			{Name: "explain", Args: "[--policy PATH...] CELL REQUEST [FIELD=VALUE...]", Flags: []Flag{{Name: "json"}, {Name: "policy", Value: "PATH"}, {Name: "k", Value: "KERNEL"}}},
			{Name: "exec", Args: "CELL [--] [COMMAND [ARGUMENT...]]", Flags: []Flag{{Name: "user", Value: "USER"}}},
			{Name: "diff", Args: "[--cell NAME...] OLD NEW", Flags: []Flag{{Name: "cell", Value: "NAME"}}},
			{Name: "try", Args: "[--policy PATH...] REQUEST [FIELD=VALUE...]", Flags: []Flag{{Name: "cell", Value: "NAME"}}},
			{Name: "rollback", Args: "[GENERATION]"},
			{Name: "help", Args: "[NAME]", Names: func() []Name {
				return []Name{{"cell", "library"}, {"cell.create", "makes a cell"}, {"cell:destroy", ""}, {"cells", ""}, {"network", "scope"}, {"network.bind", "action"}, {"network.bind.port", "request"}}
			}},
			{Name: "start", Args: "NAME... | --all", Names: func() []Name { return []Name{{"web", "service"}} }},
			{Name: "unload", Args: "POLICY...", Flags: []Flag{{Name: "only", Value: "POLICY"}}},
			{Name: "create", Args: "NAME --root DIR", Flags: []Flag{{Name: "root", Value: "DIR"}}},
			{Name: "decide", Args: "[--policy PATH...] < REQUESTS"},
			{Name: "audit", Args: "[start|stop|status] [CELL...]", Flags: []Flag{{Name: "for", Value: "TIME"}}},
		},
		Cells:    func() []string { return []string{"web-1", "web-2", "db"} },
		Policies: func() []string { return []string{"base", "web"} }, Generations: func() []Name { return []Name{{"7", "web.lua"}, {"12", "web.lua; active"}} },
		Globals: a.VM.Environment(), Members: api.MemberNames, Methods: api.MethodNames, TypeName: api.TypeName, ReadOnly: a.VM.ReadOnly,
		ReadDir: func(dir string) ([]os.DirEntry, error) { return fs.ReadDir(files, filepath.Clean(dir)) },
	}
}

func TestComplete(t *testing.T) {
	c := completer(t)
	for _, test := range []struct {
		// line with | for the cursor, at its end without one.
		line string
		// want are the texts, or with + the only insertion.
		want string
	}{
		// Commands and their arguments.
		{"lis", "+t"},
		{"got", "+o"},
		{"expl", "+ain "},
		{"  ex", "exec explain"},
		{"lo", "load loadfile loadstring local"},
		{"load ", "scripts/ web.lua ünï.lua"},
		{"load s", "+cripts/"},
		{"load scripts/", "it's.lua policy.d/"},
		{"load scripts/po", "+licy.d/"},
		{"load scripts/policy.d/", "web.lua with space.lua"},
		{"load scripts/policy.d/with", `+\ space.lua `},
		{"load scripts/policy.d/with\\ s", "+pace.lua "},
		{"load scripts/i", `+t\'s.lua `},
		{"load web.lua 'scripts/i", `+t'\''s.lua' `},
		{"load 'scripts/i", `+t'\''s.lua' `},
		{`load web.lua "scripts/policy.d/with s`, `+pace.lua" `},
		{`load web.lua "scripts/po`, "+licy.d/"},
		{"load .", "+hidden "},
		{"load nowhere/", ""},
		{"load -", "--confirm --policy --strict"},
		{"load --s", "+trict "},
		{"load --policy s", "+cripts/"},
		{"load --policy=s", "+cripts/"},
		{"load --strict w", "+eb.lua "},
		{"load --confirm ", ""},
		{"load --wrong=", ""},
		{"explain ", "db web-1 web-2"},
		{"explain; ex", "exec explain"},
		{"list; explain w", "web-1 web-2"},
		{"!l", ""},
		{"stats; !l", ""},
		{"stats > scripts/policy.d/we", "+b.lua "},
		{"stats >> 'scripts/policy.d/with s", "+pace.lua' "},
		{"stats web-1 >w", "+eb.lua "},
		{"explain web-1 network.bind port=>", ""},
		{"stats web-1 w", "web-1 web-2"},
		{"stats --columns ", "age name root"},
		{"stats --columns=name,r", "+oot "},
		{"stats --sort -n", "+ame "},
		{"audit ", "start status stop"},
		{"audit sto", "+p "},
		{"audit start ", "db web-1 web-2"},
		{"audit start db --for 1h web-1 w", "web-1 web-2"},
		{"explain w", "web-1 web-2"},
		{"explain d", "+b "},
		{"explain web-1 ", "device machdep network process system"},
		{"explain web-1 network.b", "+ind"},
		{"explain web-1 network.bind", "network.bind.anyaddr network.bind.port network.bind.privport"},
		{"explain web-1 network.bind.pr", "+ivport "},
		{"explain web-1 process.ktr", "+ace"},
		{"explain web-1 network.bind.", "network.bind.anyaddr network.bind.port network.bind.privport"},
		{"explain --json web-1 net", "+work"},
		{"explain -k sim w", "web-1 web-2"},
		{"explain web-1 network.bind.port po", "+rt="},
		{"try network.bind po", "+rt="},
		{"try network.bind ta", ""},
		{"try network.bind port=80 --cell d", "+b "},
		{"explain web-1 network.bind.port port=80 ad", "+dr="},
		{"explain web-1 system.mount.new flags=MNT_RDO", "+NLY "},
		{"explain web-1 system.mount.new flags=MNT_RDONLY,MNT_NOS", "+UID "},
		{"explain web-1 process.signal signal=ki", "+ll "},
		{"explain web-1 network.interface.setpriv cmd=SIOCSIFF", "+LAGS "},
		{"explain web-1 network.bind.port prt=8", ""},
		{"explain web-1 process.signal target.same_cell=", "false true"},
		{"rollback ", "12 7"},
		{"rollback 1", "+2 "},
		{"help c", "cell cells"},
		{"help cell", "cell cell.create cell:destroy cells"},
		{"help cell.", "+create "},
		{"help net", "+work "},
		{"help network.", "+bind "},
		{"help network.bind", "network.bind network.bind.port"},
		{"start w", "+eb "},
		{"start web w", "+eb "},
		{"exec d", "+b "},
		{"exec db l", ""},
		{"exec db -- l", ""},
		{"diff --cell w", "web-1 web-2"},
		{"diff w", "+eb.lua "},
		{"diff web.lua w", "+eb.lua "},
		{"diff web.lua web.lua w", ""},
		{"create w", ""},
		{"create ", ""},
		{"create web ", "+--root "},
		{"diff web.lua web.lua ", "+--cell "},
		{"unload ", "base web"},
		{"unload web b", "+ase "},
		{"unload --only w", "+eb "},
		{"create web --root s", "+cripts/"},
		{"list ", ""},
		{"decide ", ""},
		// Lua.
		{"ker", "+nel"},
		{"cell.cr", "+eate"},
		{"x = cell.c", "create current"},
		{"cell:cr", "+eate"},
		{"print(kauth.re", "request requests"},
		{"string.r", "rep reverse"},
		{"('x'):re", "rep reverse"},
		{"'x':re", "rep reverse"},
		{"web.ro", "+ot"},
		{"web:des", "+troy"},
		{"web:ro", ""},
		{"web.name.", ""},
		{"cells.named.", "call inner"},
		{"cells.named:", "+call"},
		{"cells.named._", "+hidden"},
		{"cells['named'].inn", "+er"},
		{"cells[1].ro", "+ot"},
		{"cells.named[7].se", "+ven"},
		{"cells.named.inner:exe", "+c"},
		{"child.nam", "+ed"},
		{"trap.o", "+wn"},
		{"trap.x.", ""},
		{"ring.", ""},
		{"nothing.", ""},
		{"f().", ""},
		{"wh", "+ile"},
		{"local we", ""},
		{"for k, v in pai", "+rs"},
		{"= web.ro", "+ot"},
		{"-- cell.", ""},
		{"x = 1 -- ", ""},
		{"--[[ c ]] cell.cr", "+eate"},
		{"x = [[ cell.", ""},
		{"x = 1.", ""},
		{"x = 5", ""},
		{`cell.get("we`, "web-1 web-2"},
		{`engine.load("scripts/po`, "+licy.d/"},
		{`engine.check("we`, "+b.lua"},
		{`dofile "we`, "+b.lua"},
		{`io.open('scripts/policy.d/with`, "+ space.lua"},
		{`io.open('scripts/i`, ""},
		{`f("we`, ""},
		{`help("cell.cre`, "+ate"},
		{`help("network.b`, "+ind"},
		{`kauth.request("network.b`, "+ind"},
		{"sim.settings{ se", "+curelevel = "},
		{"sim.settings({ curtain = true, user_set_d", "+bregs = "},
		{"sim.settings{ ker", ""},
		{"sim.kernel{ rev", "+ision = "},
		{"sim.kernel{ revision = 'a", "+pril"},
		{"cell.on('near", "+-budget"},
		{"policy 'web' { bud", "+get = "},
		{"policy 'web' { ker", ""},
		// A function that decides has neither the kernels nor the files that the session has, but what somebody has made there.
		{"policy 'web' { on = { network = function(r) return ce", "+lls"},
		{"policy 'web' { on = { network = function(r) return io", ""},
		{"policy 'web' { on = { network = function(r) return den", "+y"},
		{"policy 'web' { budget = { ker", ""},
		{"policy 'web' { budget = { procs = 4, pr", ""},
		{"policy 'web' { budget = { memory = { act", "+ion = "},
		{"policy 'web' { budget = { memory = { action = 'th", "+rottle"},
		{"cell.create{ ker", ""},
		{"sim.kernel{ ker", ""},
		{"service 'web' { rest", "+art = "},
		{"service 'web' { restart = 'on-f", "+ailure"},
		{"service 'web' { cell = { pr", "+ofile = "},
		{"never('t', { wh", "+ere = "},
		{"never('t', { 'process.signal', where = function(r) return r.sig", "+nal"},
		{"policy 'web' { on = { ['network.bind'] = function(r) local t = r.type if t == 'st", "+ream"},
		{"policy 'web' { on = { ['network.bind'] = function(r) if r.family == 'inet", "inet inet6"},
		{"policy 'web' { on = { ['network.bind'] = function(r) if 'inet' == r.fam", "+ily"},
		{"policy 'web' { on = { ['network.bind'] = function(r) if r.sig", ""},
		{"policy 'web' { on = { ['process.signal'] = function(r) if r.po", ""},
		{"policy 'web' { on = { ['process.signal'] = function(r) if r.target.sa", "+me_cell"},
		{"policy 'web' { on = { ['system.mount.new'] = function(r) local f = r.flags if has(f, 'MNT_RDO", "+NLY"},
		{"policy 'web' {\n  on = {\n    ['network.bind'] = function(r)\n      if r.po", "+rt"},
		{`never("t", { "network.b`, "+ind"},
		{"on = { ['process.si", "+gnal"},
		{"on = { ['network.bind", "network.bind.anyaddr network.bind.port network.bind.privport"},
		{`x = "network" .. str`, "+ing"},
		{"x = cell.create{ ro", "+ot = "},
		{"cell.create({ name = f{ 1, 2 }, pro", "+file = "},
		{"policy 'web' { deny = { 'network' }, mo", "+de = "},
		{"policy 'web' { deny = { mo", "+dule"},
		{"policy 'web' { deny = mo", "+dule"},
		{"x = { ro", ""},
		{"policy 'web' { budget = { pro", "+cs = "},
		{"policy 'web' { on = { ['network.bind'] = function(r) if r.por", "+t"},
		{"policy 'web' { on = { ['network.bind'] = function(r) return r.addr:", "+within"},
		{"policy 'web' { on = { ['network.socket.open'] = function(r) if r.domain == 'inet", "inet inet6"},
		{"policy 'web' { on = { ['process.signal'] = function(r) if r.signal == 'ki", "+ll"},
		{"policy 'web' { on = { ['network.bind'] = function(r) if r.cell.name == 'd", "+b"},
		{"policy 'web' { mode = 'a", "+udit"},
		{"cell.on('cre", "+ate"},
		{"local first = 1; x = fir", "+st"},
		{"_VER", "+SION"},
		{"cell.c|reate", "create current"},
	} {
		before, after, _ := strings.Cut(test.line, "|")
		got := c.Complete(before+after, len(before))
		if strings.HasPrefix(test.want, "+") {
			if len(got) != 1 || got[0].Insert != test.want[1:] {
				t.Errorf("%q: %q, want %q", test.line, got, test.want)
			}
			continue
		}
		var texts []string
		for _, g := range got {
			texts = append(texts, g.Text)
		}
		want := test.want
		if strings.Join(texts, " ") != want {
			t.Errorf("%q: %q, want %q", test.line, strings.Join(texts, " "), want)
		}
	}
}

func TestNothingTyped(t *testing.T) {
	c := completer(t)
	var texts []string
	for _, g := range c.Complete("", 0) {
		texts = append(texts, g.Text)
	}
	for _, want := range []string{"list", "load", "cell", "print", "web"} {
		if !slices.Contains(texts, want) {
			t.Errorf("%s is not offered", want)
		}
	}
	if slices.Contains(texts, "_G") || slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(s, "(") }) {
		t.Errorf("%q", texts)
	}
	if got := (&Completer{}).Complete("pri", 3); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

func TestFlags(t *testing.T) {
	var fs flags.Set
	var strict bool
	var paths []string
	var most uint64
	fs.Switch(&strict, "strict", "refuse")
	fs.List(&paths, "policy", "PATH", "use PATH")
	fs.Number(&most, "most", "COUNT", "stop after COUNT")
	fs.Words("most", []string{"1"})
	if got, want := Flags(&fs), []Flag{{Name: "most", Value: "COUNT", Doc: "stop after COUNT", Words: []string{"1"}}, {Name: "policy", Value: "PATH", Doc: "use PATH"}, {Name: "strict", Doc: "refuse"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
}

func TestUnfinished(t *testing.T) {
	c := completer(t)
	complete := func(text string) []Candidate { return c.Complete(text, len(text)) }
	if got := complete("list\npolicy 'web' {\n  -- {\n  mod"); len(got) != 1 || got[0].Insert != "e = " {
		t.Errorf("%q", got)
	}
	if got := complete("x = [[\ncell.cr"); len(got) != 0 {
		t.Errorf("%q", got)
	}
	for _, text := range []string{"x = {\nload s", "x = {\nlis"} {
		for _, got := range complete(text) {
			if got.Text == "scripts/" || got.Text == "list" {
				t.Errorf("%q: %q", text, got)
			}
		}
	}
	if got := complete("x = 1\nlis"); len(got) != 1 || got[0].Text != "list" {
		t.Errorf("%q", got)
	}
}

// What is offered is described where that is known.
func TestDescriptions(t *testing.T) {
	c := completer(t)
	c.Commands[1].Doc = "load policies"
	c.Commands[1].Flags[1].Doc = "refuse"
	c.About = func(name string) string { return "about " + name }
	for text, want := range map[string]string{"loa": "load policies", "load --s": "refuse", "cell.cr": "about cell.create", "x = kauth.requests('a'); cell.cr": "about cell.create",
		"web:des": "about cell:destroy", "web.ro": "about cell.root", "cells.named.inner:ex": "about cell:exec", "explain w": "cell", "explain web-1 network.b": "action", "explain web-1 network.bind.port po": "port to bind, 0 for one that the kernel chooses",
		"rollback 1": "web.lua; active", "unload w": "policy", "policy 'web' { budget = { pro": "processes at a time in each cell, zombies included: the next fork is refused. A whole number.",
		"policy 'web' { on = { ['process.signal'] = function(r) if r.target.sa": "true or false: the target is in the caller's cell", "policy 'web' { on = { network = function(r) return den": "result", `cell.on("dest`: "a cell was removed", "prin": "about print", "policy 'web' { mo": "", "nothing.cell.cr": "", "('x'):re": ""} {
		found := c.Complete(text, len(text))
		if want != "" && len(found) == 0 {
			t.Errorf("%q: nothing is offered", text)
		}
		for _, got := range found {
			if got.Text == "loadfile" || got.Text == "loadstring" {
				continue
			}
			if want != "" && got.Doc != want {
				t.Errorf("%q: %q, want %q", text, got, want)
			}
		}
	}
}

// What is completed can be typed, and goes on with what is there; a command line stays one of words.
func FuzzComplete(f *testing.F) {
	for _, s := range []string{"load 's", "x = a.b[1].c:", "cells[", "]", ".", ":", "load \"", "load \\", "explain web-1 network.", "'", "\xff", "cells[1e999].", "load --policy="} {
		f.Add(s, len(s))
	}
	c := completer(f)
	f.Fuzz(func(t *testing.T, line string, pos int) {
		for _, got := range c.Complete(line, pos) {
			for _, r := range got.Insert {
				if !unicode.IsGraphic(r) {
					t.Fatalf("%q: %q", line, got)
				}
			}
			before := line[:max(0, min(pos, len(line)))]
			if pos < len(line) || !input.IsCommand(before, c.isCommand) || !strings.ContainsAny(strings.TrimLeft(before, " \t"), " \t") {
				continue
			}
			completed := before + got.Insert
			closed := false
			for _, quote := range []string{"", "'", `"`} {
				words, err := input.Words(completed + quote)
				closed = closed || err == nil && strings.HasSuffix(strings.TrimRight(words[len(words)-1], "/="), strings.TrimRight(got.Text[strings.LastIndexByte(got.Text, '/')+1:], "/="))
			}
			if !closed && !strings.HasSuffix(got.Text, "/") {
				t.Fatalf("%q becomes %q for %q", line, completed, got.Text)
			}
		}
	})
}

// What follows a | is the machine's.
func TestCompletePiped(t *testing.T) {
	c := completer(t)
	if got := c.Complete("stats ", 6); len(got) != 3 {
		t.Errorf("%q", got)
	}
	for _, line := range []string{"stats |", "stats | ", "stats | w", "list | explain w", "stats; list | stats ", "stats web-1 | grep -c w"} {
		if got := c.Complete(line, len(line)); len(got) > 0 {
			t.Errorf("%q: %q", line, got)
		}
	}
}
