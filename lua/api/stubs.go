package api

import (
	"fmt"
	"slices"
	"strings"
)

// Stubs gives the table as definitions for editors that speak with lua-language-server: what every name takes and
// gives, with its help.
func Stubs() string {
	var b strings.Builder
	b.WriteString("---@meta\n\n---@alias result \"deny\"|\"allow\"|\"grant\"\n\n---@type result\ndeny = \"deny\"\n---@type result\nallow = \"allow\"\n---@type result\ngrant = \"grant\"\n---No limit, in budgets and limits, and where a request says that there is none.\n---@type number\nunlimited = 2 ^ 63 - 1\n")
	for _, owner := range owners() {
		own := slices.DeleteFunc(slices.Clone(Entries()), func(e *Entry) bool { o, _ := e.Split(); return o != owner })
		b.WriteByte('\n')
		writeOwner(&b, owner, own)
	}
	return b.String()
}

// owners are the libraries and types, by name, "" for what belongs to none.
func owners() []string {
	var list []string
	for _, e := range Entries() {
		if o, _ := e.Split(); !slices.Contains(list, o) {
			list = append(list, o)
		}
	}
	slices.Sort(list)
	return list
}

// writeOwner writes a library, a type, or one that is both, such as cell.
func writeOwner(b *strings.Builder, owner string, own []*Entry) {
	if owner != "" {
		fmt.Fprintf(b, "---@class %s\n", owner)
		for _, e := range own {
			if e.Kind == Property {
				_, name := e.Split()
				fmt.Fprintf(b, "---@field %s %s %s\n", name, e.Returns, oneLine(e.Doc))
			}
		}
		if slices.ContainsFunc(own, func(e *Entry) bool { return e.Kind == Global }) {
			fmt.Fprintf(b, "%s = {}\n", owner)
		} else {
			fmt.Fprintf(b, "local %s = {}\n", owner)
		}
	}
	for _, e := range own {
		if e.Kind != Property {
			writeStub(b, e)
		}
	}
}

func writeStub(b *strings.Builder, e *Entry) {
	b.WriteByte('\n')
	if e.Table || e.Kind == Word || e.Kind == CurriedWord {
		fmt.Fprintf(b, "---@class %s\n", argumentClass(e))
		for _, p := range e.Params {
			if name := strings.TrimSuffix(p.Name, "..."); name != p.Name {
				fmt.Fprintf(b, "---@field [integer] %s %s\n", p.Type, oneLine(p.Doc))
				continue
			}
			fmt.Fprintf(b, "---@field %s%s %s %s\n", p.Name, optional(p), p.Type, oneLine(p.Doc))
		}
		b.WriteByte('\n')
	}
	for line := range strings.SplitSeq(strings.TrimRight(e.Doc, "\n"), "\n") {
		b.WriteString("---" + line + "\n")
	}
	if only := e.Only(); only != "" {
		b.WriteString("---" + only + "\n")
	}
	if e.Example != "" {
		b.WriteString("---```lua\n")
		for line := range strings.SplitSeq(strings.TrimRight(e.Example, "\n"), "\n") {
			b.WriteString("---" + line + "\n")
		}
		b.WriteString("---```\n")
	}
	var names []string
	switch {
	case e.Kind == CurriedWord:
		fmt.Fprintf(b, "---@param name string\n---@return fun(declaration: %s)\n", argumentClass(e))
		names = []string{"name"}
	case e.Kind == Word:
		fmt.Fprintf(b, "---@param title string\n---@param declaration %s\n", argumentClass(e))
		names = []string{"title", "declaration"}
	case e.Table && len(e.Params) > 0:
		fmt.Fprintf(b, "---@param arguments %s\n", argumentClass(e))
		names = []string{"arguments"}
	case !e.Table:
		for _, p := range e.Params {
			fmt.Fprintf(b, "---@param %s%s %s %s\n", p.Name, optional(p), p.Type, oneLine(p.Doc))
			names = append(names, p.Name)
		}
	}
	if e.Returns != "" {
		fmt.Fprintf(b, "---@return %s\n", strings.ReplaceAll(e.Returns, ", ", "\n---@return "))
	}
	fmt.Fprintf(b, "function %s(%s) end\n", e.Name, strings.Join(names, ", "))
}

// argumentClass is the type of the table that an entry takes.
func argumentClass(e *Entry) string { return strings.ReplaceAll(e.Name, ":", ".") + ".arguments" }

func optional(p Param) string {
	if p.Optional {
		return "?"
	}
	return ""
}

func oneLine(s string) string { return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", " ") }
