package lsp

import (
	"net/url"
	"path/filepath"
	"strings"

	"cellsh/lua/assist"
	"cellsh/lua/loader"
	"cellsh/lua/syntax"
)

// document is one that is open in the editor. It is not changed: what is typed makes another one.
type document struct {
	uri     string
	version int
	*text
	// file is the tree, made when it is asked for the first time.
	file *syntax.File
	// lua has the lines as Lua counts them.
	lua []int
}

// name that diagnostics have: the path of a file, and otherwise what the editor calls it.
func (d *document) name() string {
	if path, ok := pathOf(d.uri); ok {
		return path
	}
	return d.uri
}

// onDisk reports whether it is, or will be, a file: then it has modules beside it.
func (d *document) onDisk() bool {
	_, ok := pathOf(d.uri)
	return ok
}

func (d *document) tree() *syntax.File {
	if d.file == nil {
		d.file = syntax.Read(d.name(), d.content)
	}
	return d.file
}

// source is the document for completion.
func (d *document) source(cells []string) assist.Source {
	return assist.Source{Name: d.name(), Text: d.content, Script: !d.isTest() && assist.Scripted(d.tree()), Cells: cells}
}

func (d *document) isTest() bool { return loader.IsTest(d.name()) }

// isPolicy reports whether the document declares policies or services. A script, which may do so too, is not run to find out what is
// wrong with it: it could change cells.
func (d *document) isPolicy() bool {
	return !d.isTest() && (assist.Declares(d.tree()) || assist.Serves(d.tree())) && !assist.Scripted(d.tree())
}

// place is a piece of the document by line and column of Lua, both from 1, and its width in bytes.
func (d *document) place(line, column, width int) span {
	if d.lua == nil {
		d.lua = luaLines(d.content)
	}
	if line < 1 || line > len(d.lua) {
		return d.span(0, 0)
	}
	from, end := d.lua[line-1], len(d.content)
	if line < len(d.lua) {
		end = d.lua[line]
	}
	end = from + len(strings.TrimRight(d.content[from:end], "\r\n"))
	if column == 0 {
		// The whole line, without what it is indented by.
		begin := from + len(d.content[from:end]) - len(strings.TrimLeft(d.content[from:end], " \t"))
		return d.span(begin, end)
	}
	from = min(from+column-1, end)
	return d.span(from, min(from+max(width, 1), max(end, from)))
}

// pathOf is the path of a file's URI.
func pathOf(uri string) (string, bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Path == "" || u.Host != "" && u.Host != "localhost" {
		return "", false
	}
	return filepath.FromSlash(u.Path), true
}

// uriOf is the URI of a file.
func uriOf(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}
