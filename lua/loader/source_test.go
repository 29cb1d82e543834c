package loader

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// folder makes a folder with files; a name that ends in / is a folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func names(sources []rules.Source) []string {
	var list []string
	for _, s := range sources {
		list = append(list, filepath.Base(s.File))
	}
	return list
}

func TestRead(t *testing.T) {
	dir := folder(t, map[string]string{
		"b.lua": "-- b", "a.lua": "-- a", "10.lua": "", "a_test.lua": "test()", ".hidden.lua": "", "notes.txt": "", "a.lua~": "",
		"sub.lua/": "", "sub/c.lua": "",
	})
	sources, problems := Read([]string{dir})
	if got := names(sources); !slices.Equal(got, []string{"10.lua", "a.lua", "b.lua"}) {
		t.Errorf("a folder's policies must be in the order of names, without tests and hidden files, but are %v", got)
	}
	// A folder is no file, whatever its name ends with.
	if len(problems) != 1 || problems[0].Message != "a policy must be a file, but is a folder" || filepath.Base(problems[0].File) != "sub.lua" {
		t.Errorf("%v", problems)
	}
	if sources[1].Text != "-- a" {
		t.Errorf("text %q", sources[1].Text)
	}

	// A file that is named twice is read once, in the place of the first.
	sources, _ = Read([]string{filepath.Join(dir, "b.lua"), dir, filepath.Join(dir, "sub", "..", "a.lua")})
	if got := names(sources); !slices.Equal(got, []string{"b.lua", "10.lua", "a.lua"}) {
		t.Errorf("%v", got)
	}
}

func TestReadProblems(t *testing.T) {
	dir := folder(t, map[string]string{
		"large.lua": strings.Repeat("-", 10<<20), "largest.lua": "--" + strings.Repeat("x", syntax.MaxSource-2), "empty/": "",
		"web_test.lua": "test('x', function() end)",
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, c := range []struct {
		path string
		want problem
	}{
		{at("missing.lua"), problem{code: diag.FileRead, message: "a policy file or folder must exist, but does not"}},
		{at("missing/policy.d"), problem{code: diag.FileRead, message: "a policy file or folder must exist, but does not"}},
		{at("largest.lua/x"), problem{code: diag.FileRead, message: "a policy file must be readable, but is not: not a directory"}},
		{at("nul\x00.lua"), problem{code: diag.FileRead, message: "a policy file must be readable, but is not: invalid argument"}},
		{at(strings.Repeat("x", 10000)), problem{code: diag.FileRead, message: "a policy file must be readable, but is not: file name too long"}},
		{"", problem{code: diag.FileRead, message: "a policy file or folder must exist, but does not"}},
		{os.DevNull, problem{code: diag.FileRead, message: "a policy must be a file, but is a device"}},
		{at("empty"), problem{code: diag.FileRead, severity: diag.Warning, message: "a folder of policies must hold files *.lua, but holds none"}},
		{at("large.lua"), problem{code: diag.SourceSize, message: "the source must be at most 1048576 bytes, but is 10485760", hint: "divide it into several files"}},
		{at("web_test.lua"), problem{code: diag.FileRead, message: "a policy file must hold policies, but the name of this one is that of tests", hint: "run: cellsh test"}},
	} {
		sources, problems := Read([]string{c.path})
		if len(sources) > 0 || len(problems) != 1 {
			t.Errorf("%.60q: %d sources, problems %v", c.path, len(sources), problems)
			continue
		}
		c.want.check(t, problems[0], c.path)
	}
	sources, problems := Read([]string{at("missing.lua"), at("largest.lua"), at("large.lua")})
	if len(sources) != 1 || len(problems) != 2 {
		t.Errorf("what can be read must be read: %d sources, problems %v", len(sources), problems)
	}
	if _, problems := LoadSources(sources, Options{}); len(problems) > 0 {
		t.Errorf("a source of the largest size must be taken, but: %v", problems)
	}
}

func TestUnreadable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := folder(t, map[string]string{"p.lua": "", "closed/p.lua": ""})
	for _, path := range []string{"p.lua", "closed"} {
		if err := os.Chmod(filepath.Join(dir, path), 0); err != nil {
			t.Fatal(err)
		}
		_, problems := Read([]string{filepath.Join(dir, path)})
		os.Chmod(filepath.Join(dir, path), 0o755)
		if len(problems) != 1 || problems[0].Message != "a policy file must be readable, but permission is denied" {
			t.Errorf("%s: %v", path, problems)
		}
	}
}

// What is no text is refused with a place, whatever it is.
func TestGarbage(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want problem
	}{
		"zero":       {"policy\n\x00", problem{at: "2:1", code: diag.SourceBinary, message: "the source must be text, but holds a zero byte", hint: "give the source as text"}},
		"executable": {"\x7fELF\x02\x01\x01\x00", problem{at: "1:1", code: diag.SourceBinary, message: "the source must be text, but is a program for a machine", hint: "give the source as text"}},
		"high bytes": {strings.Repeat("\x80", 300), problem{at: "1:1", code: diag.Syntax, message: `the source must be Lua, but "` + strings.Repeat(`\x80`, 20) + `..." can't stand here`}},
		"deep":       {strings.Repeat("{", 100_000), problem{at: "1:201", code: diag.SourceDepth, message: "brackets and blocks must lie at most 200 deep, but lie deeper here", hint: "give inner parts names of their own"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := LoadSources([]rules.Source{{File: "p.lua", Text: c.text}}, Options{})
			if len(problems) != 1 {
				t.Fatalf("%v", problems)
			}
			c.want.check(t, problems[0], "p.lua")
			var b strings.Builder
			diag.Write(&b, problems)
		})
	}
}

func TestRequire(t *testing.T) {
	dir := folder(t, map[string]string{
		"ports.lua":   "return { web = 80 }",
		"mine.lua":    `local ports = require "ports" policy "mine" { budget = { procs = ports.web } }`,
		"twice.lua":   `assert(require "ports" == require "ports") policy "twice" {}`,
		"sub/ok.lua":  `local up = require "ports"`,
		"nothing.lua": "",
		"empty.lua":   `local x = require "nothing" assert(x == true) policy "empty" {}`,
	})
	set, problems := loadFiles(dir)
	if len(problems) > 0 || len(set.Policies) != 3 || *set.Policies[1].Budget.Procs != 80 {
		t.Fatalf("%v, problems %v", set.Policies, problems)
	}
	if _, problems := loadFiles(filepath.Join(dir, "sub")); len(problems) != 1 || !strings.Contains(problems[0].Message, "must lie beside the policy file") {
		t.Errorf("modules lie beside the file, not above it: %v", problems)
	}
}

func TestRequireProblems(t *testing.T) {
	dir := folder(t, map[string]string{
		"self.lua": `require "self"`, "one.lua": `require "other"`, "other.lua": `require "one"`,
		"folder.lua/": "", "broken.lua": "\nlocal x = ", "failing.lua": "\nerror('no such port')", "endless.lua": "while true do end",
		"binary.lua": "return '\x00'", "large.lua": strings.Repeat("-", 2<<20), "real.lua": "return {}",
		"misspelt.lua": "\npolicy 'p' {\n  cels = {},\n}",
	})
	if err := os.Symlink(filepath.Join(dir, "real.lua"), filepath.Join(dir, "link.lua")); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, name+".lua") }
	main := at("main")
	for _, c := range []struct {
		call, file string
		want       problem
	}{
		{`require "absent"`, main, problem{at: "1:1", code: diag.Runtime, message: "module absent must lie beside the policy file, but there is no " + at("absent")}},
		{`require "link"`, main, problem{at: "1:1", code: diag.Runtime, message: "module link must be a file, but " + at("link") + " is a symbolic link"}},
		{`require "folder"`, main, problem{at: "1:1", code: diag.Runtime, message: "module folder must be a file, but " + at("folder") + " is a folder"}},
		{`require "large"`, main, problem{at: "1:1", code: diag.Runtime, message: "module large must be readable, but is not: the source must be at most 1048576 bytes, but is 2097152"}},
		{`require "failing"`, at("failing"), problem{at: "2:1", code: diag.Runtime, message: "no such port"}},
		{`require "endless"`, at("endless"), problem{at: "1:1", code: diag.Budget, message: "the code must end within 20000000 instructions, but does not", hint: "look for a loop that does not end"}},
		{`require "misspelt"`, at("misspelt"), problem{at: "3:3", code: diag.PolicyKey, message: `a key of a policy must be a known one, but is "cels"`, hint: "did you mean cells?"}},
		{`require "self"`, at("self"), problem{at: "1:1", code: diag.Runtime, message: "module self must not need itself, but does"}},
		{`require "one"`, at("other"), problem{at: "1:1", code: diag.Runtime, message: "module one must not need itself, but does"}},
		{`require ""`, main, problem{at: "1:1", code: diag.Runtime, message: `a module's name must consist of a-z, 0-9 and _, but is ""`}},
		{`require "../real"`, main, problem{at: "1:1", code: diag.Runtime, message: `a module's name must consist of a-z, 0-9 and _, but is "../real"`}},
		{`require "Real"`, main, problem{at: "1:1", code: diag.Runtime, message: `a module's name must consist of a-z, 0-9 and _, but is "Real"`}},
		{`require "re\nal"`, main, problem{at: "1:1", code: diag.Runtime, message: `a module's name must consist of a-z, 0-9 and _, but is "re\nal"`}},
		{`require "real\0"`, main, problem{at: "1:1", code: diag.Runtime, message: `a module's name must consist of a-z, 0-9 and _, but is "real\x00"`}},
		{`require(("a"):rep(10000))`, main, problem{at: "1:1", code: diag.Runtime, message: "module " + strings.Repeat("a", 60) + "... must be readable, but is not: file name too long"}},
	} {
		t.Run(c.call, func(t *testing.T) {
			_, problems := LoadSources([]rules.Source{{File: main, Text: c.call}}, Options{})
			if len(problems) != 1 {
				t.Fatalf("%v", problems)
			}
			c.want.check(t, problems[0], c.file)
		})
	}
}

// All that is wrong with a module is told at its places, and once, however often it is required.
func TestRequireWhatIsNoLua(t *testing.T) {
	dir := folder(t, map[string]string{
		"broken.lua": "\nlocal x = = 1\nlocal t = { a = 1, a = 2 \nreturn x", "binary.lua": "return '\x00'",
		"one.lua": `require "broken"`, "two.lua": "\nrequire 'broken'", "three.lua": "require 'binary'",
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	var sources []rules.Source
	for _, name := range []string{"one.lua", "two.lua", "three.lua"} {
		s, _ := Read([]string{at(name)})
		sources = append(sources, s...)
	}
	_, problems := LoadSources(sources, Options{})
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%s:%d %s", filepath.Base(p.File), p.Line, p.Code))
	}
	want := []string{"binary.lua:1 source.binary", "broken.lua:2 source.syntax", "broken.lua:4 source.syntax", "one.lua:1 lua.runtime", "three.lua:1 lua.runtime", "two.lua:2 lua.runtime"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
	if p := problems[3]; p.Message != "module broken must be without errors, but has some" {
		t.Error(p.Message)
	}
}

// A module that declares a policy does so once for every file that needs it.
func TestModuleThatDeclares(t *testing.T) {
	dir := folder(t, map[string]string{"a.lua": `require "shared"`, "shared.lua": `policy "p" {}`})
	if set, problems := loadFiles(filepath.Join(dir, "a.lua")); len(problems) > 0 || len(set.Policies) != 1 {
		t.Errorf("%v", problems)
	}
	_, problems := loadFiles(dir)
	if len(problems) != 1 || problems[0].Code != diag.PolicyDuplicate || !strings.Contains(problems[0].Hint, "a module is run for each file that needs it") {
		t.Errorf("%v", problems)
	}
}

// Files do not see each other's globals.
func TestFilesAreApart(t *testing.T) {
	_, problems := LoadSources([]rules.Source{
		{File: "a.lua", Text: "ports = { 80 }"},
		{File: "b.lua", Text: "assert(ports == nil)\nstring.len = nil"},
		{File: "c.lua", Text: "assert(('x'):len() == 1)"},
	}, Options{})
	if len(problems) != 1 || problems[0].File != "b.lua" || problems[0].Line != 2 {
		t.Errorf("only the write into the library must fail, but: %v", problems)
	}
}

func TestIsTest(t *testing.T) {
	for name, want := range map[string]bool{"web_test.lua": true, "d/_test.lua": true, "web.lua": false, "web_test.lua.bak": false, "web_tests.lua": false} {
		if IsTest(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
