package services

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cellsh/kernel/disk"
	"cellsh/kernel/service"
	"cellsh/lua/loader"
	"cellsh/lua/syntax"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

var update = flag.Bool("update", false, "write what is wrong with testdata/wrong anew")

// load reads one file.
func load(text string) (*Set, diag.List) {
	return Load([]rules.Source{{File: "web.lua", Text: text}}, Options{})
}

// right fails unless the text has no problems.
func right(t *testing.T, text string) *Set {
	t.Helper()
	set, problems := load(text)
	if len(problems) > 0 {
		t.Fatalf("%s", render(problems))
	}
	return set
}

func render(problems diag.List) string {
	var b strings.Builder
	diag.Write(&b, problems)
	return b.String()
}

// TestNoneRight: a service that anything is wrong with is not started, whatever it is, and others are.
func TestNoneRight(t *testing.T) {
	for _, text := range []string{
		`service("web", { ` + plain + `, usr = "www" })`,
		`service("web", { ` + plain + `, user = nobody })`,
		`service("web", { ` + plain + `, user = "www", user = "root" })`,
		`local all = { user = "www", user = "root" } service("web", { ` + plain + `, user = all.user })`,
		`service("web", { ` + plain + `, health_every = "1s" })`,
		`service("web", { ` + plain + `, env = { A = "1", B = {} } })`,
		`service("web", { ` + plain + `, log = { fil = "/x" } })`,
		`service("web", { ` + plain + ` }) service("web", { cell = { root = "/other" }, cmd = { "/bin/other" } })`,
		`service("web", { ` + plain + ` }) service("b", { cell = { name = "web", root = "/other" }, cmd = { "/bin/other" } })`,
		`for i = 1, 200 do service("web" .. i, { cell = { root = "/cells/web" .. i }, cmd = { "x" }, usr = "www" }) end`,
	} {
		set, problems := Load([]rules.Source{{File: "web.lua", Text: text}, {File: "z.lua", Text: `service("good", { cell = { root = "/good" }, cmd = { "x" } })`}}, Options{})
		if len(set.Services) != 1 || set.Services[0].Name != "good" || !problems.Failed() {
			t.Errorf("%s\n%d are right\n%s", text, len(set.Services), render(problems))
		}
	}
}

const plain = `cell = { root = "/cells/web" }, cmd = { "/bin/httpd" }`

func TestWhole(t *testing.T) {
	set := right(t, `
service "db" { cell = { root = "/cells/db" }, cmd = "postgres" }
service "web" {
  cell = { name = "front", root = "/cells/web", profile = "medium", ports = { 80, "443" }, nofile = 1024, as = "512M", core = 0, yes = true },
  cmd = { "/usr/sbin/httpd", "-f", 8080 }, user = "www:www", groups = { 80, 443 },
  env = { LANG = "C", N = 5 },
  restart = "on-failure", backoff = { first = "2s", limit = "1m", reset = "5m", crashes = 0 },
  stop_signal = "hup", stop_timeout = "1d",
  health = { "/bin/check", "-q" }, health_every = "10s", health_timeout = "1s", health_failures = 2, start_timeout = "90s",
  log = { facility = "local3", stdout = "info", stderr = "none", tag = "www", file = "/var/log/../log/www", size = "10M", keep = 0 },
  requires = "db", after = { "log" }, autostart = true,
}
service("log", { cell = "db", cmd = { "syslogd" }, stop_signal = 2 })`)
	var order []string
	for _, d := range set.Services {
		order = append(order, d.Name)
	}
	if got := strings.Join(order, " "); got != "db log web" {
		t.Errorf("order %s", got)
	}
	d := set.Services[2]
	if d.Cell.Profile == nil || *d.Cell.Nofile != 1024 || *d.Cell.AS != 512<<20 || *d.Cell.Core != 0 {
		t.Errorf("%+v", d.Cell)
	}
	at := d.At
	if at.String() != "web.lua:3:10" {
		t.Errorf("it is declared at %s", at)
	}
	d.Cell.Profile, d.Cell.Nofile, d.Cell.AS, d.Cell.Core, d.At = nil, nil, nil, nil, diag.Span{}
	health := *d.Health
	d.Health = nil
	if got, want := fmt.Sprintf("%+v", d), `{Name:web Cell:{Name:front Root:/cells/web HostRoot:true Profile:<nil> Ports:[80 443] Nofile:<nil> AS:<nil> Core:<nil>} Command:[/usr/sbin/httpd -f 8080] User:www:www Groups:[80 443] Env:[LANG=C N=5] Restart:on-failure Backoff:{First:2s Limit:1m0s Reset:5m0s Crashes:0} Stop:{Signal:1 Timeout:24h0m0s} Health:<nil> Log:{Facility:19 Stdout:6 Stderr:-1 Tag:www File:/var/log/www Size:10485760 Keep:0} Requires:[db] After:[log] Autostart:true At:}`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if want := (service.Health{Command: []string{"/bin/check", "-q"}, Every: 10 * time.Second, Timeout: time.Second, StartTimeout: 90 * time.Second, Failures: 2}); fmt.Sprint(health) != fmt.Sprint(want) {
		t.Errorf("%+v", health)
	}
	// One that says nothing has what supervise has.
	db, want := set.Services[0], service.Defaults()
	want.Name, want.Cell.Name, want.Cell.Root, want.Command, want.At = "db", "db", "/cells/db", []string{"postgres"}, db.At
	if fmt.Sprintf("%+v", db) != fmt.Sprintf("%+v", want) {
		t.Errorf("%+v", db)
	}
	// A cell that is named is the one that another service declares.
	if log := set.Services[1]; log.Cell.Name != "db" || log.Cell.Root != "/cells/db" || log.Stop.Signal != 2 {
		t.Errorf("%+v", log)
	}
}

// Every key of the table is read: one that is given is in the definition.
func TestKeys(t *testing.T) {
	base := fmt.Sprintf("%+v", *right(t, `service "web" { cell = { root = "/cells/web" }, cmd = { "a" }, user = "x:y", health = "b" }`).Services[0].Health)
	values := map[string]string{"groups": "{ 5 }", "user": `"u:v"`, "env": `{ A = "b" }`, "restart": `"never"`, "backoff": `{ first = "2s" }`, "stop_signal": `"KILL"`,
		"stop_timeout": `"7s"`, "health": `"c"`, "health_every": `"7s"`, "health_timeout": `"7s"`, "health_failures": "7", "start_timeout": `"7s"`, "log": `{ keep = 7 }`,
		"requires": `"db"`, "after": `"db"`, "autostart": "true", "cell": `{ root = "/cells/other" }`, "cmd": `"z"`,
		"first": `"9s"`, "limit": `"9s"`, "reset": `"9s"`, "crashes": "9", "facility": `"mail"`, "stdout": "7", "stderr": `"none"`, "tag": `"t"`, "file": `"/f"`, "size": `"9K"`, "keep": "9",
		"name": `"n"`, "root": `"/r"`, "yes": "true", "profile": `"low"`, "ports": "{ 9 }", "nofile": "9", "as": "9", "core": "9"}
	given := func(key, nested string) string {
		fields := map[string]string{"cell": `{ root = "/cells/web" }`, "cmd": `{ "a" }`, "user": `"x:y"`, "health": `"b"`}
		if nested != "" {
			value := fmt.Sprintf("{ %s = %s }", nested, values[nested])
			if key == "cell" && nested != "root" {
				value = fmt.Sprintf(`{ root = "/cells/web", %s = %s }`, nested, values[nested])
			}
			fields[key] = value
		} else if key != "" {
			fields[key] = values[key]
		}
		text := `service "db" { cell = { root = "/cells/db" }, cmd = "d" } service "web" {`
		for k, v := range fields {
			text += k + " = " + v + ", "
		}
		set := right(t, text+"}")
		d := *set.Graph.Find("web")
		h := *d.Health
		d.Health, d.At = nil, diag.Span{}
		show := fmt.Sprintf("%+v %+v", d, h)
		for _, p := range []any{d.Cell.Profile, d.Cell.Nofile, d.Cell.AS, d.Cell.Core} {
			switch p := p.(type) {
			case *uint64:
				if p != nil {
					show += fmt.Sprint(*p)
				}
			default:
				show += fmt.Sprint(p)
			}
		}
		return show
	}
	if base == "" {
		t.Fatal("nothing is read")
	}
	nothing := given("", "")
	for _, k := range Keys() {
		if given(k.Name, "") == nothing {
			t.Errorf("%s has no effect", k.Name)
		}
		for _, n := range k.Keys {
			if given(k.Name, n.Name) == nothing {
				t.Errorf("%s of %s has no effect", n.Name, k.Name)
			}
		}
	}
}

// It is Lua: loops, functions and modules make services.
func TestLua(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"common.lua":   `return { web = function(name, port) service(name, { cell = { root = "/cells/" .. name, ports = { port } }, cmd = { "/bin/httpd", "-p", tostring(port) } }) end }`,
		"web.lua":      `local common = require "common" for i = 1, 3 do common.web("web-" .. i, 8000 + i) end`,
		"web_test.lua": `no Lua`,
		"notes.txt":    `no Lua`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set, problems := Read([]string{folder}, Options{})
	if len(problems) > 0 {
		t.Fatalf("%s", render(problems))
	}
	if len(set.Services) != 3 || strings.Join(set.Services[1].Command, " ") != "/bin/httpd -p 8002" {
		t.Errorf("%+v", set.Services)
	}
	// What Lua leaves open makes no difference.
	set = right(t, `for name in pairs{ b = 1, a = 1, c = 1 } do service(name, { cell = { root = "/cells/" .. name }, cmd = "x" }) end`)
	if got := fmt.Sprint(set.Graph.Names()); got != "[a b c]" {
		t.Error(got)
	}
	if set := right(t, ""); len(set.Services) != 0 || len(set.Graph.Names()) != 0 {
		t.Error("an empty file has services")
	}
}

// TestWrong: files that are wrong, beside what is said of them.
func TestWrong(t *testing.T) {
	files, err := filepath.Glob("testdata/wrong/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, problems := Load([]rules.Source{{File: filepath.Base(file), Text: string(text)}}, Options{Files: loader.Disk()})
			if !problems.Failed() {
				t.Error("nothing is wrong")
			}
			got := render(problems)
			golden := strings.TrimSuffix(file, ".lua") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("it says\n%swant\n%s", got, want)
			}
		})
	}
}

// What is wrong with one service leaves the others.
func TestRest(t *testing.T) {
	set, problems := load(`
service "a" { ` + plain + ` }
service "b" { cmd = { "x" } }
service "c" { ` + plain + `, requires = "nobody" }
service "d" { cell = "web", cmd = "x", after = "e" }
service "e" { cell = "web", cmd = "x", after = "d" }
service "f" { cell = "web", cmd = "x", requires = "a" }`)
	if n := problems.Count(diag.Error); n < 3 {
		t.Errorf("%d errors:\n%s", n, render(problems))
	}
	var names []string
	for _, d := range set.Services {
		names = append(names, d.Name)
	}
	// c names a cell in the way that a does, but waits for nobody that there is; of d and e one is told.
	if got := strings.Join(names, " "); got != "a d f" && got != "a e f" {
		t.Errorf("%s\n%s", got, render(problems))
	}
}

// What can't be read is told, and what others could have changed is not read: neither a file nor a module.
func TestFiles(t *testing.T) {
	_, problems := Read([]string{"/nowhere/services.d"}, Options{})
	if got := render(problems); !strings.Contains(got, "a service file or folder must exist, but does not [file.read]") {
		t.Error(got)
	}
	folder := t.TempDir()
	put := func(name, text string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	put("a.lua", `service "a" { `+plain+` }`, 0o644)
	put("b.lua", `service "b" { `+plain+` }`, 0o666)
	put("c.lua", `require "module"`, 0o600)
	put("module.lua", `return 1`, 0o620)
	trust := &disk.Trust{Owners: []int{0, os.Geteuid()}, Limit: syntax.MaxSource}
	set, problems := Read([]string{folder}, Options{Files: trust})
	if got := fmt.Sprint(set.Graph.Names()); got != "[a]" {
		t.Error(got)
	}
	got := render(problems)
	for _, want := range []string{"b.lua: error: ", "[file.trust]", "c.lua:1:1: error: module module must be readable, but is not: "} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

// FuzzLoad: whatever a file says, there is an answer, and what is right is whole.
func FuzzLoad(f *testing.F) {
	f.Add(`service "web" { ` + plain + ` }`)
	f.Add(`service("web", { cell = {}, cmd = 5, log = { x = 1 }, env = { 1 }, groups = "x", requires = { "web" } })`)
	f.Add(`service "a" { cell = "b", cmd = "c", after = { "a", "a" }, health_every = 5 } service "a" {}`)
	f.Fuzz(func(t *testing.T, text string) {
		set, problems := load(text)
		for _, d := range set.Services {
			for _, p := range d.Check() {
				t.Errorf("%s is right, but %s", d.Name, p)
			}
		}
		for _, p := range problems {
			if p.Code == "" || p.Message == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}
