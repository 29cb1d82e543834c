package sim_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellsh/kernel/sim"
)

// TestDocs compares the tables in docs/simulator.md with what they are made of; -update writes them.
func TestDocs(t *testing.T) {
	if os.Getenv("CELLSH_VECTORS") != "" {
		t.Skip("the document tells of the project's own records")
	}
	file := filepath.Join("..", "..", "docs", "simulator.md")
	b, err := os.ReadFile(file)
	must(t, err)
	text := string(b)
	for name, table := range map[string]string{"agreement": agreementTable(t), "calls": callsTable()} {
		begin, end := "<!-- "+name+" -->\n", "<!-- end -->"
		before, rest, found := strings.Cut(text, begin)
		old, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			t.Fatalf("%s has no place for %s", file, name)
		}
		if old != table && !*update {
			t.Errorf("the table %s is out of date; go test -update writes it", name)
		}
		text = before + begin + table + end + after
	}
	if *update {
		must(t, os.WriteFile(file, []byte(text), 0o644))
	}
}

func agreementTable(t *testing.T) string {
	var out strings.Builder
	out.WriteString("| records | agree | of |\n|---|---|---|\n")
	row := func(file string, agree, all int) {
		fmt.Fprintf(&out, "| %s | %d | %d |\n", filepath.Base(file), agree, all)
	}
	_, calls := vectors(t, "*.jsonl")
	for _, file := range calls {
		agree, all, _ := replayCalls(file)
		row(file, agree, all)
	}
	_, sessions := vectors(t, "sysctl-*.txt")
	for _, file := range sessions {
		agree, all, _ := replaySessionFile(file)
		row(file, agree, all)
	}
	return out.String()
}

func callsTable() string {
	var out strings.Builder
	out.WriteString("| call | parameters | gives | |\n|---|---|---|---|\n")
	for _, c := range sim.Calls() {
		var params []string
		for _, p := range c.Params {
			name := p.Name
			if p.Optional {
				name = "[" + name + "]"
			}
			params = append(params, name)
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", c.Name, strings.Join(params, ", "), c.Returns, strings.ReplaceAll(c.Doc, "|", `\|`))
	}
	return out.String()
}
