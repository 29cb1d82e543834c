package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellsh/lua/format"
	"cellsh/lua/syntax"
)

// TestFormatted: the Lua of the documents is in the style that they tell of. What is only a part of a program is left out.
func TestFormatted(t *testing.T) {
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range append(files, "../README.md") {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		var out strings.Builder
		for {
			before, rest, found := strings.Cut(text, "```lua")
			out.WriteString(before)
			if !found {
				break
			}
			head, rest, _ := strings.Cut(rest, "\n")
			block, after, _ := strings.Cut(rest, "```")
			text = after
			if !syntax.Read(file, block).Problems.Failed() {
				seen++
				got, problems := format.Source(file, block)
				if got != block && !*update {
					t.Errorf("%s has\n%s\nwhich is formatted\n%s\n%v; go test -update writes it", file, block, got, problems)
				}
				block = got
			}
			out.WriteString("```lua" + head + "\n" + block + "```")
		}
		if *update && out.String() != string(b) {
			if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if seen == 0 {
		t.Error("there is no Lua")
	}
}
