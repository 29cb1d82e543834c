package api

import (
	"slices"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// Kind says where a function lives.
type Kind uint8

const (
	// Global functions are called by their name: cell.create.
	Global Kind = iota
	// Method functions belong to an object: "cell:destroy".
	Method
	// Property is a value of an object: "cell.name".
	Property
	// Word is a word of the policy language: it takes a text first, and then a table.
	Word
	// CurriedWord takes the two one after the other: policy "web" {}.
	CurriedWord
)

// Param is a parameter, or a key of the table that a function takes.
type Param struct {
	Name string
	// Type as editors know it, "string", "number[]", "string|number".
	Type, Doc string
	Optional  bool
}

// Entry is one function, method or property.
type Entry struct {
	// Name as it is called: "cell.create", "cell:destroy", "cell.name".
	Name string
	Kind Kind
	// Table says that it takes a table with the parameters as keys: cell.create{name = "web"}. Methods of processes
	// take them one after the other too.
	Table  bool
	Params []Param
	// Returns is the type of what it gives, "" for nothing.
	Returns string
	// Doc says what it does, in full sentences.
	Doc string
	// Example runs as a test; what it prints follows as comments that begin with -->.
	Example string
	// Simulated functions exist only for the simulated kernel.
	Simulated bool
	// Services says that it exists only in files of services, and not in sessions and scripts.
	Services bool

	call func(b *binding, L *lua.LState) int
}

// Signature is how the entry is called.
func (e *Entry) Signature() string {
	if e.Kind == Property {
		return e.Name + ": " + e.Returns
	}
	var parts []string
	for _, p := range e.Params {
		s := p.Name
		if p.Optional {
			s = "[" + s + "]"
		}
		parts = append(parts, s)
	}
	s := e.Name
	switch {
	case e.Kind == CurriedWord:
		s += " \"name\" {" + strings.Join(parts, ", ") + "}"
	case e.Kind == Word:
		s += "(\"title\", {" + strings.Join(parts, ", ") + "})"
	case e.Table:
		s += "{" + strings.Join(parts, ", ") + "}"
	default:
		s += "(" + strings.Join(parts, ", ") + ")"
	}
	if e.Returns != "" {
		s += " -> " + e.Returns
	}
	return s
}

// Only says where an entry exists that does not exist everywhere, in a sentence; "" for the others.
func (e *Entry) Only() string {
	switch {
	case e.Simulated:
		return "Only with the simulated kernel."
	case e.Services:
		return "Only in files of services; see check --services."
	}
	return ""
}

// Split gives the parts of the name, the library or the type and what belongs to it: "cell" and "create", or "" and "help".
func (e *Entry) Split() (owner, member string) {
	i := strings.LastIndexAny(e.Name, ".:")
	if i < 0 {
		return "", e.Name
	}
	return e.Name[:i], e.Name[i+1:]
}

// listed is the table, which is made when it is first needed. Its functions need it in turn, so that it can't be the value of
// the variable.
var listed struct {
	once    sync.Once
	entries []*Entry
}

// Entries lists the table, by name. It must not be changed.
func Entries() []*Entry {
	listed.once.Do(func() {
		all := slices.Concat(wordEntries(), cellEntries(), hookEntries(), processEntries(), kernelEntries(), engineEntries(), simEntries(), helpEntries())
		slices.SortFunc(all, func(a, b *Entry) int { return strings.Compare(a.Name, b.Name) })
		listed.entries = all
	})
	return listed.entries
}

// Find gives the entry of that name, or nil.
func Find(name string) *Entry {
	for _, e := range Entries() {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// entryNames lists all names.
func entryNames() []string {
	var names []string
	for _, e := range Entries() {
		names = append(names, e.Name)
	}
	return names
}
