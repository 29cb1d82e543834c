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

// TestOddities: every entry of the list of oddities has its place in the script that shows them, and the other way
// round. TestScripts runs the script.
func TestOddities(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "simulator.md"))
	must(t, err)
	_, list, found := strings.Cut(string(b), "\n## Oddities that are kept\n")
	list, _, ended := strings.Cut(list, "\n## ")
	if !found || !ended {
		t.Fatal("the document has no list of oddities")
	}
	entries := strings.Split(list, "\n- ")[1:]
	for i, e := range entries {
		entries[i] = oneSpace(e)
	}
	lines := readLines(t, filepath.Join("testdata", "calls", "oddities.txt"))[1:]
	shown := 0
	for i, line := range lines {
		words, heading := strings.CutPrefix(line, "# ")
		if !heading {
			continue
		}
		shown++
		if i+1 == len(lines) || lines[i+1] == "" {
			t.Errorf("nothing shows %q", words)
		}
		n := 0
		for _, e := range entries {
			if strings.HasPrefix(e, words) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d entries of the document begin with %q", n, words)
		}
	}
	if shown != len(entries) || shown < 20 {
		t.Errorf("the document has %d oddities, and the script shows %d", len(entries), shown)
	}
}
