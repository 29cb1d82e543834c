package change

import (
	"strings"
	"testing"
)

// TestCheck: what is wrong with a file is told with its line, as check tells it.
func TestCheck(t *testing.T) {
	d := sit(t, "sim", map[string]string{"m.lua": "return { time = \"system.time\" }\n"}, "web-1")
	for _, c := range []struct {
		name, text, says string
		line             int
	}{
		{"policies", web, "", 0},
		{"syntax", "policy \"web\" {\n  cells = \n}\n", "policies.lua:2:9: error: an expression must follow", 2},
		{"two", "\npolicy \"web\" { deny = { \"sytem\" } }\npolicy \"db\" { deny = { \"nework\" } }\n", "did you mean network?", 2},
		{"function", "policy \"web\" { on = {\n  system = function(r)\n    return r.port < 5 and deny\n  end } }\n", "policies.lua:3:", 3},
		{"never", "never \"n\" { \"system.time\" }\n", "\"n\" must hold", 1},
		{"warning", "policy \"web\" { cells = \"none-*\", deny = { \"system.time\" } }\n", "", 0},
		{"module", "local m = require \"m\"\npolicy \"web\" { deny = { m.time } }\n", "", 0},
		{"services", "service \"web\" { cell = \"web-1\", cmd = { \"/bin/httpd\" } }\n", "", 0},
		{"wrong services", "\nservice \"web\" { cell = \"web-1\", cmd = { \"/bin/httpd\" }, autostrat = true }\n", "autostrat", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			d.write("policies.lua", c.text)
			wrong, line := d.Check(d.path("policies.lua"))
			if line != c.line || !strings.Contains(wrong, c.says) || (wrong == "") != (c.line == 0) {
				t.Errorf("line %d:\n%s", line, wrong)
			}
		})
	}
	if wrong, line := d.Check(d.path("gone.lua")); !strings.Contains(wrong, "must be readable, but is not") || line != 1 {
		t.Errorf("line %d: %s", line, wrong)
	}
}
