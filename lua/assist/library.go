package assist

import (
	"maps"
	"slices"
	"strings"

	"cellsh/lua/api"
	"cellsh/lua/library"
)

// Functions that are no part of package library, because they need the machine: those of policies, and those that only
// scripts and sessions have.
const (
	policyFunctions = "assert error getmetatable ipairs next pairs pcall print require setmetatable xpcall table.sort"
	scriptFunctions = "collectgarbage dofile gcinfo getfenv load loadfile loadstring module newproxy rawequal rawget rawset setfenv " +
		"coroutine.create coroutine.resume coroutine.running coroutine.status coroutine.wrap coroutine.yield " +
		"debug.getfenv debug.getinfo debug.getmetatable debug.getupvalue debug.setfenv debug.setmetatable debug.setupvalue debug.traceback " +
		"io.close io.flush io.input io.lines io.open io.output io.popen io.read io.stderr io.stdin io.stdout io.tmpfile io.type io.write " +
		"math.random math.randomseed os.clock os.date os.execute os.exit os.getenv os.remove os.rename os.setlocale os.time os.tmpname " +
		"string.gmatch string.gsub"
)

// TakesPath reports whether the first argument of a function is the path of a file or a folder.
func TakesPath(function string) bool {
	switch function {
	case "dofile", "loadfile", "io.open", "io.lines", "io.input", "io.output", "os.remove", "os.rename":
		return true
	}
	e := api.Find(function)
	return e != nil && !e.Table && len(e.Params) > 0 && e.Params[0].Name == "paths"
}

// libraryNames are the functions and constants of Lua's library, "rep" of "string" as "string.rep", sorted.
func libraryNames(script bool) []string {
	set, all := library.Policy, strings.Fields(policyFunctions)
	if script {
		set = library.Session
		all = append(all, strings.Fields(scriptFunctions)...)
	}
	all = slices.AppendSeq(all, maps.Keys(set))
	all = slices.AppendSeq(all, maps.Keys(library.Constants))
	slices.Sort(all)
	return slices.Compact(all)
}
