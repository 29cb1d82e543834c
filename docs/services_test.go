package docs

import (
	"fmt"
	"strings"
	"testing"

	"cellsh/lua/services"
)

func TestServices(t *testing.T) {
	checkGenerated(t, "services.md", map[string]string{"keys": keysTable()})
	checkTranscripts(t, "services.md")
}

// keysTable is what a service can have, and what the tables in it can.
func keysTable() string {
	var b strings.Builder
	b.WriteString("| key | type | what it is |\n| --- | --- | --- |\n")
	row := func(name string, k services.Key) {
		doc := k.Doc
		if k.Optional {
			doc += " (optional)"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, strings.ReplaceAll(k.Type, "|", " or "), doc)
	}
	for _, k := range services.Keys() {
		row(k.Name, k)
		for _, in := range k.Keys {
			row(k.Name+"."+in.Name, in)
		}
	}
	return b.String()
}
