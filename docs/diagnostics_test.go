package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestDiagnostics: every code has a section, which shows it, says what it means and how it is cured.
func TestDiagnostics(t *testing.T) {
	codes := declaredCodes(t)
	seen := []string{}
	for _, s := range checkTranscripts(t, "diagnostics.md")[1:] {
		code := strings.Trim(s.title, "`")
		text := strings.Join(s.lines, "")
		if !slices.Contains(codes, code) {
			t.Errorf("there is a section for %q, which is no code", code)
		}
		if slices.Contains(seen, code) {
			t.Errorf("there are two sections for %s", code)
		}
		seen = append(seen, code)
		if !strings.Contains(text, "Cure: ") {
			t.Errorf("the section for %s must say \"Cure: \"", code)
		}
		shown := strings.Contains(text, " ["+code+"]\n")
		if !shown && !strings.Contains(text, "\nNo example: ") {
			t.Errorf("the section for %s must show it, or say \"No example: \" and why", code)
		}
	}
	for _, code := range codes {
		if !slices.Contains(seen, code) {
			t.Errorf("%s must have a section in diagnostics.md, but has none", code)
		}
	}
	if !slices.IsSorted(seen) {
		t.Errorf("the sections must be sorted, but are %v", seen)
	}
}

// declaredCodes are the constants of type Code in package diag.
func declaredCodes(t *testing.T) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../policy/diag/codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := v.Type.(*ast.Ident); ok && typ.Name == "Code" {
			for _, x := range v.Values {
				code, err := strconv.Unquote(x.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				codes = append(codes, code)
			}
		}
		return true
	})
	if len(codes) < 30 {
		t.Fatalf("package diag must declare its codes, but only %d are found", len(codes))
	}
	return codes
}
