package starter

import (
	"embed"
	"io/fs"
	"strings"

	"cellsh/scripts"
)

//go:embed files
var files embed.FS

// File is one of the files, with its path below the folder.
type File struct{ Path, Text string }

// Files are those for a service of that name, the base policy first. The name must be one that a cell can have.
func Files(service string) []File {
	replace := strings.NewReplacer("NAME", service)
	own := func(name string) string { return replace.Replace(read(files, "files/"+name)) }
	// Which cells use System V IPC is known only where there are some.
	base := strings.Replace(read(scripts.Base, "policy.d/00-base.lua"), scripts.SysVCells, "local sysv_cells = {}", 1)
	var tests []string
	for line := range strings.SplitAfterSeq(read(scripts.Base, "policy.d/00-base_test.lua"), "\n") {
		if !strings.Contains(line, scripts.SysVCell) {
			tests = append(tests, line)
		}
	}
	return []File{
		{"policy.d/00-base.lua", base},
		{"policy.d/00-base_test.lua", strings.Join(tests, "")},
		{"policy.d/service.lua", read(scripts.Base, "policy.d/service.lua")},
		{"policy.d/" + service + ".lua", own("NAME.lua")},
		{"policy.d/" + service + "_test.lua", own("NAME_test.lua")},
		{"Makefile", own("Makefile")},
	}
}

// read reads a file that is part of the program.
func read(from fs.FS, name string) string {
	text, err := fs.ReadFile(from, name)
	if err != nil {
		panic(err)
	}
	return string(text)
}
