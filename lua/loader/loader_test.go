package loader

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"cellsh/lua/vm"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

func TestPolicy(t *testing.T) {
	set, problems := load(`
local names = { "system", "machdep" }
policy "web" {
  cells   = { "web-*", "front" },
  default = "deny",
  deny    = names,
  allow   = "system.sysctl.desc",
  grant   = { "network.bind.privport" },
  on = {
    ["network.bind"] = function(r) return allow end,
  },
  budget = { procs = 64, nofile = 1024, as = "2G", core = 0, memory = "512M", cpu = { limit = "150%", warn = "80%", over = "90s", action = "restart" } },
  mode   = "audit",
}
policy "all" {}
policy("unbounded", { budget = { nofile = unlimited, as = "unlimited", core = unlimited } })`)
	if len(problems) > 0 {
		t.Fatalf("there must be no problems, but there are:\n%v", []diag.Diagnostic(problems))
	}
	if len(set.Policies) != 3 || set.Policies[0].Name != "all" || set.Policies[2].Name != "web" {
		t.Fatalf("policies must be ordered by name, but are %v", set.Policies)
	}
	web := set.Policies[2]
	if len(web.Cells) != 2 || web.Cells[0].Pattern != "web-*" || web.Cells[0].Span.String() != "p.lua:4:16" {
		t.Errorf("cells: %+v", web.Cells)
	}
	if web.Default.Result != policy.Deny || web.Default.Span.String() != "p.lua:5:3" || !web.Audit {
		t.Errorf("default %+v, audit %v", web.Default, web.Audit)
	}
	var entries []string
	for _, e := range web.Entries {
		entries = append(entries, fmt.Sprintf("%s %s %v %s", e.Pattern, e.Result, e.Function != nil, e.Span))
	}
	want := []string{
		"system deny false p.lua:6:13", "machdep deny false p.lua:6:13",
		"system.sysctl.desc allow false p.lua:7:14",
		"network.bind.privport grant false p.lua:8:16",
		"network.bind  true p.lua:10:7",
	}
	if !slices.Equal(entries, want) {
		t.Errorf("entries:\n%s\nwant:\n%s", strings.Join(entries, "\n"), strings.Join(want, "\n"))
	}
	b := web.Budget
	for _, c := range []struct {
		name string
		got  *int64
		want int64
	}{{"procs", b.Procs, 64}, {"nofile", b.Nofile, 1024}, {"as", b.AS, 2 << 30}, {"core", b.Core, 0}} {
		if c.got == nil || *c.got != c.want {
			t.Errorf("%s must be %d, but is %v", c.name, c.want, c.got)
		}
	}
	if want := (rules.Watch{Limit: 512 << 20}); b.Memory == nil || *b.Memory != want {
		t.Errorf("memory must be %+v, but is %+v", want, b.Memory)
	}
	if want := (rules.Watch{Limit: 150, Terms: rules.Terms{Warn: 80, Over: 90_000, Action: rules.Restart}}); b.CPU == nil || *b.CPU != want {
		t.Errorf("cpu must be %+v, but is %+v", want, b.CPU)
	}
	all := set.Policies[0]
	if all.Cells != nil || all.Default.Result != policy.Allow || all.Default.Span.Line != 0 || all.Audit || all.Budget.Procs != nil || !all.AppliesTo("anything") {
		t.Errorf("a policy that says nothing must allow in every cell without a budget, but is %+v", all)
	}
	unbounded := set.Policies[1].Budget
	for _, v := range []*int64{unbounded.Nofile, unbounded.AS, unbounded.Core} {
		if v == nil || *v != kauth.Unlimited {
			t.Errorf("the limits must be unlimited, but are %+v", unbounded)
		}
	}
}

func TestNever(t *testing.T) {
	set, problems := load(`
never("db cells stay off the network's controls", { cells = "db-*", "network.route", "network.interface" })
never("no raw sockets", {
  "network.socket.open",
  where = function(r) return r.type == "raw" end,
})`)
	if len(problems) > 0 || len(set.Nevers) != 2 {
		t.Fatalf("%d assertions, problems:\n%v", len(set.Nevers), []diag.Diagnostic(problems))
	}
	db, raw := set.Nevers[0], set.Nevers[1]
	if len(db.Patterns) != 2 || db.Patterns[1].String() != "network.interface" || db.Where != nil || !db.AppliesTo("db-1") || db.AppliesTo("web-1") {
		t.Errorf("%+v", db)
	}
	if raw.Where == nil || raw.Cells != nil || raw.Title != "no raw sockets" || raw.Span.String() != "p.lua:3:1" {
		t.Errorf("%+v", raw)
	}
}

// An assertion that is wrong says nothing, and what it would find is no finding.
func TestWrongNeversAreLeftOut(t *testing.T) {
	for _, source := range []string{
		`never("", { "network" })`, `never("t", { "network", 5 })`, `never("t", { "network", where = 5 })`,
		`never("t", { "network", cells = 5 })`, `never("t", { "network", whre = function() end })`, `never("t", {})`,
	} {
		set, problems := load(source)
		if !problems.Failed() || len(set.Nevers) > 0 {
			t.Errorf("%s: %d assertions, problems %v", source, len(set.Nevers), problems)
		}
	}
}

// One mistake hides no other, in one file or in several.
func TestAllProblemsAtOnce(t *testing.T) {
	_, problems := LoadSources([]rules.Source{
		{File: "b.lua", Text: `policy "web" {
  cels = { "web-*" },
  default = "alow",
  deny = { "nework", "system" },
  allow = { "system", "vnode.read_data", "device.tty_open", "system.debug" },
  on = { ["network.bind"] = 5, ["netwrk"] = function(r) end },
  budget = { procs = -1, memory = "5X", foo = 3 },
  mode = "adit",
}
policy "web" {}
never("", { where = 3, 5, "foo" })
local t = { a = 1, a = 2 }
error("and that is that")
policy "unseen" { mode = 1 }`},
		{File: "c.lua", Text: `this is not Lua`},
		{File: "a.lua", Text: "policy \"web\" {}\npolicy \"other\" { cells = 1 }"},
	}, Options{})
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%s %s", p.Span, p.Code))
	}
	want := []string{
		"a.lua:1:9 policy.duplicate",
		"a.lua:2:18 policy.value",
		"b.lua:2:3 policy.key",
		"b.lua:3:3 policy.value",
		"b.lua:4:13 policy.request",
		"b.lua:5:14 policy.duplicate",
		"b.lua:5:24 policy.scope",
		"b.lua:5:43 policy.spin",
		"b.lua:5:62 policy.never_raised",
		"b.lua:6:12 policy.value",
		"b.lua:6:34 policy.request",
		"b.lua:7:14 policy.value",
		"b.lua:7:26 policy.value",
		"b.lua:7:41 policy.key",
		"b.lua:8:3 policy.value",
		"b.lua:10:9 policy.duplicate",
		"b.lua:11:1 policy.value",
		"b.lua:11:13 policy.value",
		"b.lua:11:24 policy.value",
		"b.lua:11:28 policy.request",
		"b.lua:12:20 policy.duplicate",
		"b.lua:13:1 lua.runtime",
		"c.lua:1:6 source.syntax",
	}
	if !slices.Equal(got, want) {
		t.Errorf("problems:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Both places of a name that two files use are shown, each with its line.
func TestPoliciesOfOneNameInTwoFiles(t *testing.T) {
	_, problems := LoadSources([]rules.Source{{File: "a.lua", Text: "\npolicy \"web\" {}"}, {File: "b.lua", Text: "policy \"web\" { }"}}, Options{})
	if len(problems) != 1 || len(problems[0].Related) != 1 {
		t.Fatalf("%v", problems)
	}
	second, first := problems[0], problems[0].Related[0]
	if second.Span.String() != "b.lua:1:9" || second.Excerpt != `policy "web" { }` || first.Span.String() != "a.lua:2:9" || first.Excerpt != `policy "web" {}` {
		t.Errorf("%+v", second)
	}
}

func TestOutput(t *testing.T) {
	var out bytes.Buffer
	LoadSources([]rules.Source{{File: "p.lua", Text: `print("loading", 1)`}}, Options{Output: &out})
	if out.String() != "loading\t1\n" {
		t.Errorf("print must write to the output, but that is %q", out.String())
	}
}

// A session declares step by step.
func TestDeclarer(t *testing.T) {
	d := NewDeclarer(nil, nil, nil)
	m := vm.New(vm.Options{Level: vm.Session})
	d.Words(m)
	defer m.Close()
	run := func(text string) {
		fn, err := m.Compile("line", text)
		if err == nil {
			_, err = m.Call(fn)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	run(`policy "a" {}`)
	run("local later = policy 'b'\nlater { mode = 'audit' }")
	run(`policy "c" { mode = "adit" }`)
	set := d.Set()
	if len(set.Policies) != 3 || !set.Policies[1].Audit {
		t.Errorf("%+v", set.Policies)
	}
	if p := d.Problems(); len(p) != 1 || p[0].Code != diag.PolicyValue {
		t.Errorf("%v", p)
	}
	d.Clear()
	if len(d.Set().Policies) > 0 || len(d.Problems()) > 0 {
		t.Error("a cleared declarer must be empty")
	}
}

// Generated files are large: what they cost must grow with their size and no faster.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, "policy \"p%d\" { cells = { \"a%d\", \"b%d\" }, deny = { \"system\", \"machdep\" } }\n", i, i, i)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				if set, problems := load(text.String()); len(problems) > 0 || len(set.Policies) != n {
					b.Fatal(len(set.Policies), problems)
				}
			}
		})
	}
}

// FuzzLoad: any text is read without a panic and alike by both readings, and what is said about it has all that it needs.
func FuzzLoad(f *testing.F) {
	for _, c := range wrong {
		f.Add(c.source)
	}
	f.Add("policy 'p' { cells = {'a'}, on = { network = function(r) return deny end } }")
	f.Fuzz(func(t *testing.T, text string) {
		_, problems := LoadSources([]rules.Source{{File: "p.lua", Text: text}}, Options{VM: vm.Options{Instructions: 100_000, Memory: 4 << 20}})
		for _, p := range problems {
			if p.File != "p.lua" || p.Code == "" || p.Message == "" || p.Line > strings.Count(text, "\n")+strings.Count(text, "\r")+1 || len(p.Message) > 2000 {
				t.Errorf("%#v", p)
			}
			if p.Code == diag.ReadingDiffers {
				t.Errorf("%s", p.Error())
			}
		}
		if err := diag.Write(&bytes.Buffer{}, problems); err != nil {
			t.Error(err)
		}
	})
}

var update = flag.Bool("update", false, "rewrite the golden files")

// TestEveryProblemAtOnce shows all that can be wrong with declarations, as people see it.
func TestEveryProblemAtOnce(t *testing.T) {
	t.Chdir("testdata")
	_, problems := loadFiles("wrong.lua")
	var b strings.Builder
	if err := diag.Write(&b, problems); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("wrong.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("wrong.txt")
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the problems are\n%swant\n%s", b.String(), want)
	}
	codes := map[diag.Code]bool{}
	for _, p := range problems {
		codes[p.Code] = true
	}
	for _, code := range []diag.Code{diag.PolicyKey, diag.PolicyValue, diag.PolicyDuplicate, diag.PolicyRequest, diag.PolicyScope, diag.PolicySpin, diag.PolicyNever} {
		if !codes[code] {
			t.Errorf("the file must show %s, but does not", code)
		}
	}
}

// loadFiles reads the paths and runs what is there.
func loadFiles(paths ...string) (*rules.Set, diag.List) {
	sources, problems := Read(paths)
	set, more := LoadSources(sources, Options{})
	return set, append(problems, more...).Sort()
}
