package command

import (
	"strings"
	"testing"
)

func TestInstead(t *testing.T) {
	for words, want := range map[string]string{
		"jls":             "list",
		"jls -v":          "list",
		"jexec web":       "exec web",
		"jexec web ls -l": "exec web -- ls -l",
		"cellctl create -l medium -r 80,443 -n web /root":  "create web --root /root --profile medium --ports 80,443",
		"cellctl create -lhigh -N 64 -A 1000 -C 0 -n a /r": "create a --root /r --profile high --nofile 64 --as 1000 --core 0",
		"cellctl create":         "create NAME --root DIR",
		"cellctl create -n":      "create '' --root DIR",
		"cellctl destroy web":    "destroy web",
		"cellctl exec web sh":    "exec web -- sh",
		"cellctl list -T":        "list",
		"cellman cell shell web": "exec web",
		"cellctl frobnicate":     "help",
		"ls":                     "",
		"":                       "",
	} {
		got, ok := Instead(strings.Fields(words))
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, want %q", words, got, want)
		}
		if !ok {
			continue
		}
		line := strings.Fields(got)
		c := Find(line[0])
		if c == nil {
			t.Errorf("%q: there is no command %s", words, line[0])
			continue
		}
		for _, w := range line[1:] {
			if w == "--" {
				break
			}
			if name, flag := strings.CutPrefix(w, "--"); flag && !c.AllFlags().Has(name) {
				t.Errorf("%q: %s has no flag %s", words, line[0], w)
			}
		}
	}
}
