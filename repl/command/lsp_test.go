package command

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"cellsh/lua/loader"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// memory is a folder of files as an editor has them.
type memory map[string]string

func (m memory) ReadDir(path string) (names []string, folder bool, err error) {
	if path != "/services.d" {
		return nil, false, fs.ErrNotExist
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		names = append(names, strings.TrimPrefix(name, "/services.d/"))
	}
	return names, true, nil
}

func (m memory) ReadFile(path string) (string, error) {
	text, ok := m[path]
	if !ok {
		return "", fs.ErrNotExist
	}
	return text, nil
}

// TestAnalyse: an editor is told of a file of services what check says of its folder, and of a policy what check says of it.
func TestAnalyse(t *testing.T) {
	files := memory{
		"/services.d/db.lua":     `service "db" { cell = { root = "/cells/db" }, cmd = "x", restrat = 1 }`,
		"/services.d/common.lua": `return { "x" }`,
		"/services.d/policy.lua": `policy "p" { deny = "netwrok" }`,
	}
	const rest = `cell = { root = "/cells/web" }, cmd = require "common"`
	for _, c := range []struct{ file, text, want string }{
		{"/services.d/web.lua", `service "web" { ` + rest + `, requires = "db" }`, ""},
		{"/services.d/web.lua", `service "web" { ` + rest + `, requires = "bd" }`, "service.unknown"},
		{"/services.d/web.lua", `service "db" { ` + rest + ` }`, "service.duplicate"},
		{"/services.d/db.lua", files["/services.d/db.lua"], "service.key"},
		{"untitled:1", `service "web" { cell = "x", cmd = "x", requires = "db" }`, "service.unknown"},
		{"/services.d/policy.lua", files["/services.d/policy.lua"], "policy.request"},
		{"/services.d/web.lua", `service = nil`, ""},
	} {
		var got []string
		for _, d := range analyse(loader.Reader{}, nil, []rules.Source{{File: c.file, Text: c.text}}, files) {
			if d.Severity == diag.Error {
				got = append(got, string(d.Code))
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %s: %q, want %q", c.file, c.text, got, c.want)
		}
	}
}
