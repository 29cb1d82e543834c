package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel/connect"
)

// noJSON are the commands that report nothing of their own, and why.
var noJSON = map[string]string{
	"forget": "a session is told, whose pending policies engine.policies lists",
	"exec":   "its output is that of the command it runs",
	"help":   "it is text for people",
	"screen": "it is for people",
	"lsp":    "it speaks a protocol of its own",
	"watch":  "what happens is told to hooks, and written as JSON with --to",
}

// wrongly are arguments with which commands fail; those that are not here fail with a file or a cell that does not exist, or can't.
var wrongly = map[string][]string{
	"attach": {"none"}, "can": {"web-1", "--policy", "none.lua"}, "check": {"none.lua"}, "confirm": {"99"}, "create": {"web-1", "--root", "/cells/web-1"},
	"destroy": {"none"}, "diff": {"none.lua"}, "dump": {"none.lua"}, "explain": {"web-1", "system.reboot", "--policy", "none.lua"}, "fit": {"none.lua"},
	"fmt": {"none.lua"}, "init": {"new"}, "load": {"none.lua"}, "prove": {"none.lua"}, "rollback": {"99"}, "show": {"99"}, "stats": {"none"}, "test": {"none.lua"}, "unload": {"none"},
}

func runJSON(t *testing.T, name string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	common := Common{Kernel: "sim:state", JSON: true}
	if slices.Contains(Find(name).Without, "k") {
		common.Kernel = ""
	}
	var out, errs bytes.Buffer
	code = Find(name).Run(args, common, Env{Stdin: strings.NewReader(waits[name].stdin), Stdout: &out, Stderr: &errs, Version: "test",
		Now: func() time.Time { return waitNow }, Machine: connect.Machine{Foreign: "linux/amd64"}})
	return code, out.String(), errs.String()
}

// TestJSON: every command that reports something does so as JSON, one object a line, whether it succeeds or fails, and then
// writes nothing else but notes.
func TestJSON(t *testing.T) {
	for _, c := range All() {
		why, none := noJSON[c.Name]
		if refuses := slices.Contains(c.Without, "json"); refuses != none || none && why == "" {
			t.Errorf("%s must either report as JSON or be among those that report nothing", c.Name)
		}
		if none {
			continue
		}
		if waits[c.Name].apart != "" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			waitFolder(t)
			try := func(args []string, fails bool) {
				code, out, errs := runJSON(t, c.Name, args...)
				if code == Usage || fails && code == OK {
					t.Errorf("%q ends with %d: %s", args, code, errs)
				}
				for text := range strings.Lines(errs) {
					if !strings.HasPrefix(text, "note: ") {
						t.Errorf("%q says beside its result: %s", args, text)
					}
				}
				d := json.NewDecoder(strings.NewReader(out))
				values := 0
				for {
					var v any
					err := d.Decode(&v)
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						t.Fatalf("%q writes what is no JSON, %v: %s", args, err, out)
					}
					values++
					o, _ := v.(map[string]any)
					if problems, _ := o["diagnostics"].([]any); fails && len(problems) == 0 && c.Name != "decide" {
						t.Errorf("%q must say what is wrong, but says %s", args, out)
					}
				}
				if values != 1 || strings.Count(out, "\n") != 1 {
					t.Errorf("%q must write one value on one line, but writes %q", args, out)
				}
			}
			try(waits[c.Name].args, false)
			if args, ok := wrongly[c.Name]; ok {
				try(args, true)
			}
			// A state that can't be read is told in the same way.
			if !slices.Contains(c.Without, "k") {
				if err := os.WriteFile("state", []byte("no state"), 0o600); err != nil {
					t.Fatal(err)
				}
				try(waits[c.Name].args, true)
			}
		})
	}
}
