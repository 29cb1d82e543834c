package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellsh/kernel/connect"
)

// A change is written after a yes only, into the file as it was; what others do to the file meanwhile stays.
func TestLearnAsks(t *testing.T) {
	const text = "policy \"web\" {\n  cells = \"web-1\",\n  deny = { \"system\" },\n}\n"
	const decision = `{"model":"secmodel_celleval","sequence":1,"time":1,"at":"2026-11-27T12:00:00Z","generation":1,"cell":"web-1","id":1,"pid":2,"euid":0,"request":"system.reboot","result":"deny","policy":"web","file":"web.lua","line":3}` + "\n"
	for _, c := range []struct {
		name string
		ask  func(file string) bool
		code int
		says string
	}{
		{"no", func(string) bool { return false }, Failed, "note: nothing was written\n"},
		{"yes", func(string) bool { return true }, OK, ""},
		{"meanwhile", func(file string) bool {
			if err := os.WriteFile(file, []byte(text+"-- more\n"), 0o666); err != nil {
				t.Error(err)
			}
			return true
		}, Failed, "the file must be as it was read, but somebody else has changed it meanwhile"},
		{"link", func(file string) bool {
			if err := os.Link(file, file+".2"); err != nil {
				t.Error(err)
			}
			return true
		}, Failed, "the file must have one name to be written"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "web.lua")
			if err := os.WriteFile(file, []byte(text), 0o640); err != nil {
				t.Fatal(err)
			}
			var out, errs bytes.Buffer
			asked := ""
			code := learnCommand().Run([]string{"--policy", file, "--from", "-", "--into", file}, Common{}, Env{Stdin: strings.NewReader(decision), Stdout: &out, Stderr: &errs,
				Machine: connect.Machine{Foreign: "linux/amd64"}, Ask: func(question string) bool { asked = question; return c.ask(file) }})
			if code != c.code || !strings.Contains(errs.String(), c.says) || asked != "Write "+file+"?" {
				t.Errorf("code %d, asked %q:\n%s%s", code, asked, out.String(), errs.String())
			}
			now, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			switch wrote := strings.Contains(string(now), "r.euid == 0"); {
			case wrote != (code == OK), wrote != strings.Contains(out.String(), "written: "):
				t.Errorf("the file has\n%s", now)
			case !wrote && c.name != "meanwhile" && string(now) != text:
				t.Errorf("the file has\n%s", now)
			}
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("the file has the mode %v %v", info.Mode(), err)
			}
		})
	}
}
