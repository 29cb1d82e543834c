package manual

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cellsh/lua/api"
	"cellsh/lua/vm"
	"cellsh/repl/command"
)

func TestFilesAreFresh(t *testing.T) {
	for name, want := range Files() {
		got, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil || string(got) != want {
			t.Errorf("docs/%s must be as it is generated; run: go generate ./repl/manual (%v)", name, err)
		}
	}
}

func TestEverythingIsThere(t *testing.T) {
	program, library, stubs := Program(), Library(), api.Stubs()
	for _, c := range command.All() {
		if !strings.Contains(program, "\n.Ss "+c.Name) {
			t.Errorf("cellsh(1) must have the command %s", c.Name)
		}
	}
	for _, e := range api.Entries() {
		if !strings.Contains(library, "\n.Ss "+roff(e.Name)) {
			t.Errorf("cellsh(3) must have %s", e.Name)
		}
		_, name, _ := strings.Cut(e.Name, ".")
		if !strings.Contains(stubs, "\nfunction "+e.Name+"(") && !strings.Contains(stubs, "\n---@field "+name+" ") {
			t.Errorf("the definitions must have %s", e.Name)
		}
	}
}

// TestRequestsAreKnown looks for lines that a formatter would misunderstand.
func TestRequestsAreKnown(t *testing.T) {
	known := regexp.MustCompile(`^\.(\\"|Dd|Dt|Os|Sh|Ss|Nm|Nd|Op|Ar|Fl|Pp|Bl|It|El|Bd|Ed|Xr)( |$)`)
	for _, page := range []string{Program(), Library()} {
		depth := 0
		for line := range strings.SplitSeq(page, "\n") {
			if strings.HasPrefix(line, ".") && !known.MatchString(line) {
				t.Errorf("not a request that the pages use: %s", line)
			}
			switch {
			case strings.HasPrefix(line, ".Bl"), strings.HasPrefix(line, ".Bd"):
				depth++
			case line == ".El", line == ".Ed":
				depth--
			}
		}
		if depth != 0 {
			t.Errorf("lists and displays must end, but %d do not", depth)
		}
	}
}

func TestStubsAreLua(t *testing.T) {
	m := vm.New(vm.Options{Level: vm.Session})
	defer m.Close()
	if _, err := m.Compile("cellsh.lua", api.Stubs()); err != nil {
		t.Error(err)
	}
}
