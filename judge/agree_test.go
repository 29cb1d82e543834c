package main

import (
	"fmt"
	"os/exec"
	"testing"

	"cellsh/judge/generate"
	"cellsh/judge/oracle"
)

// TestOraclesAgree holds golua against Lua 5.1 where that is installed: what they mean differently must not be generated.
func TestOraclesAgree(t *testing.T) {
	path, err := exec.LookPath("lua5.1")
	if err != nil {
		t.Skip("lua5.1 is not installed")
	}
	puc := oracle.PUC(path)
	count := 1000
	if testing.Short() {
		count = 20
	}
	g := generate.New(7)
	g.Plain = true
	for i := range count {
		s := g.Script(fmt.Sprint("s", i))
		f := oracle.File{Name: s.Name + ".lua", Text: s.Text(generate.Print)}
		want, err := puc.Run(f)
		got, problem := oracle.Run(f)
		if got != want || (err == nil) != (problem == "") {
			t.Errorf("golua says\n%s%s\nand Lua 5.1\n%s%v\nof\n%s", got, problem, want, err, f.Text)
		}
	}
	for i := range count {
		c := g.Cell(fmt.Sprint("c", i), 40)
		var files []oracle.File
		for _, f := range c.Files {
			files = append(files, oracle.File{Name: f.Name, Text: f.Tree.String()})
		}
		m, problem := oracle.Open(files)
		want, other, err := puc.Ask(files, c.Requests)
		if err != nil || (problem == "") != (other == "") {
			t.Errorf("golua says %q, and Lua 5.1 %q, %v\nof\n%s", problem, other, err, files[0].Text)
			continue
		}
		for i := range want {
			if got := m.Ask(&c.Requests[i]); got != want[i] && got.Result != "error" || got.Result != want[i].Result {
				t.Errorf("golua says %v, and Lua 5.1 %v\nof %s\n%s", got, want[i], c.Requests[i].JSON(), files[0].Text)
				break
			}
		}
	}
}
