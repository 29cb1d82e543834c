package docs

import (
	"fmt"
	"strings"
	"testing"

	"cellsh/kernel/host"
	"cellsh/repl/metrics"
)

func TestOperations(t *testing.T) {
	checkTranscripts(t, "operations.md")
	var table strings.Builder
	table.WriteString("| metric | kind | labels | what it is |\n| --- | --- | --- | --- |\n")
	for _, m := range metrics.All() {
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", m.Name, m.Kind, strings.Join(m.Labels, ", "), m.Help)
	}
	var kinds strings.Builder
	kinds.WriteString("| event | when | its table has |\n| --- | --- | --- |\n")
	for _, k := range host.Kinds {
		fmt.Fprintf(&kinds, "| `%s` | %s | %s |\n", k.Name, k.Doc, k.Has)
	}
	checkGenerated(t, "operations.md", map[string]string{"metrics": table.String(), "kinds": kinds.String()})
}
