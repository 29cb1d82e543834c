package scripts

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cellsh/repl/metrics"
)

// expressions are the queries of the examples, by the file and place where they are.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	text, err := os.ReadFile(filepath.Join("examples", "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	for line := range strings.Lines(string(text)) {
		if alert, ok := strings.CutPrefix(strings.TrimSpace(line), "- alert: "); ok {
			name = "alert " + alert
		}
		if expr, ok := strings.CutPrefix(strings.TrimSpace(line), "expr: "); ok {
			out[name] = expr
		}
	}
	if text, err = os.ReadFile(filepath.Join("examples", "dashboard.json")); err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title, Description string
			Targets            []struct{ Expr, RefID string }
		}
		Templating struct {
			List []struct{ Name, Type, Query string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	for _, p := range board.Panels {
		if p.Description == "" || len(p.Targets) == 0 {
			t.Errorf("panel %s must show something, and say what", p.Title)
		}
		for _, target := range p.Targets {
			out["panel "+p.Title+" "+target.RefID] = target.Expr
		}
	}
	for _, v := range board.Templating.List {
		if v.Type == "query" {
			out["variable "+v.Name] = v.Query
		}
	}
	return out
}

var (
	metricIn = regexp.MustCompile(`\bcell(?:sh)?_[a-z0-9_]+`)
	labelsIn = regexp.MustCompile(`\b(cell(?:sh)?_[a-z0-9_]+)\{([^}]*)\}`)
	labelIn  = regexp.MustCompile(`([a-z_]+) *(?:=~|!~|!=|=)`)
)

// TestExamplesNameMetrics: what the examples ask for there is, with the labels that they name.
func TestExamplesNameMetrics(t *testing.T) {
	labels := map[string][]string{}
	for _, m := range metrics.All() {
		labels[m.Name] = m.Labels
	}
	asked := map[string]bool{}
	all := expressions(t)
	if len(all) < 25 {
		t.Errorf("there must be many expressions, but %d were found", len(all))
	}
	for where, expr := range all {
		names := metricIn.FindAllString(expr, -1)
		if len(names) == 0 && !strings.HasPrefix(expr, "up{") {
			t.Errorf("%s asks for nothing of cellsh: %s", where, expr)
		}
		for _, name := range names {
			asked[name] = true
			if _, ok := labels[name]; !ok {
				t.Errorf("%s names %s, which there is not", where, name)
			}
		}
		for _, m := range labelsIn.FindAllStringSubmatch(expr, -1) {
			for _, l := range labelIn.FindAllStringSubmatch(m[2], -1) {
				if l[1] != "instance" && l[1] != "job" && !slices.Contains(labels[m[1]], l[1]) {
					t.Errorf("%s asks %s for the label %s, which it has not", where, m[1], l[1])
				}
			}
		}
	}
	for _, m := range metrics.All() {
		if !asked[m.Name] && m.Name != "cell_cpu_ticks_10s_avg" {
			t.Errorf("no example shows %s", m.Name)
		}
	}
}

// TestAlerts: each alert comes when it should, and not when it should not, as Prometheus's own tool finds.
func TestAlerts(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("it needs promtool, of Debian's package prometheus")
	}
	for _, args := range [][]string{{"test", "rules", "alerts_test.yml"}, {"check", "config", "prometheus.yml"}} {
		cmd := exec.Command(promtool, args...)
		cmd.Dir = "examples"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}

// TestAlertsAreTested: every alert is in the tests of alerts, once where nothing is wrong and once where all is.
func TestAlertsAreTested(t *testing.T) {
	tests, err := os.ReadFile(filepath.Join("examples", "alerts_test.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for where := range expressions(t) {
		if name, ok := strings.CutPrefix(where, "alert "); ok {
			if n := len(regexp.MustCompile(`alertname: `+name+`\b`).FindAllIndex(tests, -1)); n < 2 {
				t.Errorf("alert %s is tested %d times", name, n)
			}
		}
	}
}
