package assist

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cellsh/kernel/sim"
	"cellsh/lua/api"
	"cellsh/lua/declare"
	"cellsh/lua/services"
	"cellsh/lua/syntax"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

// key is one that a table can have.
type key struct {
	name, kind, doc string
	// values that are strings.
	values []string
	// below is the shape of its value, nil if that is none or not known.
	below *shape
}

// shape says what a table holds.
type shape struct {
	keys []key
	// elements are what stands without a key, entries that keys are names of requests.
	elements elements
	entries  bool
	// rows is the shape of the elements that are tables.
	rows *shape
}

// elements of a table.
type elements uint8

const (
	noElements elements = iota
	requestNames
	cellNames
	serviceNames
)

func (s *shape) key(name string) *key {
	for i := range s.keys {
		if s.keys[i].name == name {
			return &s.keys[i]
		}
	}
	return nil
}

// results are what a decision can be.
var results = []string{"allow", "deny", "grant"}

// shapeOf is the shape of the table that stands at a place of a path; nil if it is not known.
func shapeOf(path []syntax.Node, at int) *shape {
	table, ok := path[at].(*syntax.TableExpr)
	if !ok || at == 0 {
		return nil
	}
	switch above := path[at-1].(type) {
	case *syntax.CallExpr:
		return argumentShape(above, table)
	case *syntax.TableField:
		outer := tableAbove(path, at-1)
		if outer < 0 || above.Value != syntax.Expr(table) {
			return nil
		}
		s := shapeOf(path, outer)
		if s == nil {
			return nil
		}
		if above.Key == nil {
			return s.rows
		}
		if name, ok := syntax.Unparen(above.Key).(*syntax.StringExpr); ok {
			if k := s.key(name.Value); k != nil {
				return k.below
			}
		}
	}
	return nil
}

// tableAbove is where the table of a field stands in a path, -1 if nowhere.
func tableAbove(path []syntax.Node, at int) int {
	for i := at; i >= 0; i-- {
		if _, ok := path[i].(*syntax.TableExpr); ok {
			return i
		}
	}
	return -1
}

// argumentShape is the shape of a table that a function is given.
func argumentShape(call *syntax.CallExpr, table *syntax.TableExpr) *shape {
	name := calledName(call)
	switch name {
	case "policy", "never":
		return entryShape(api.Find(name))
	case declare.ServiceWord:
		return serviceShape(services.Keys())
	case "cases":
		row := questionShape(table, true)
		row.rows = questionShape(table, true)
		return row
	case "decide", "engine.decide", "engine.explain":
		return questionShape(table, false)
	case "sim.settings":
		return settingShape()
	case "":
		return nil
	}
	e := api.Find(name)
	if e == nil && call.Method != nil {
		e = method(call.Method.Name)
	}
	if e == nil || !e.Table {
		return nil
	}
	return entryShape(e)
}

// calledName is the name of what is called if it is a global: "policy" too where the table is the second call's.
func calledName(call *syntax.CallExpr) string {
	if inner, ok := call.Func.(*syntax.CallExpr); ok && call.Method == nil {
		return calledName(inner)
	}
	e := call.Func
	for {
		x, ok := e.(*syntax.IndexExpr)
		if !ok {
			break
		}
		e = x.Object
	}
	if n, ok := e.(*syntax.NameExpr); !ok || n.Local != nil && call.Method == nil {
		return ""
	}
	return call.Spelling()
}

// method is the entry of a method whose object is not known: there is one only.
func method(name string) *api.Entry {
	var found *api.Entry
	for _, e := range api.Entries() {
		if e.Kind == api.Method && strings.HasSuffix(e.Name, ":"+name) {
			if found != nil {
				return nil
			}
			found = e
		}
	}
	return found
}

var quotedWord = regexp.MustCompile(`"([a-z][a-z_-]*)"`)

// entryShape is the shape of the table that an entry of the help takes.
func entryShape(e *api.Entry) *shape {
	s := &shape{}
	for _, p := range e.Params {
		if strings.ToLower(p.Name) != p.Name {
			// It stands for elements without a key.
			s.elements = requestNames
			continue
		}
		k := key{name: p.Name, kind: p.Type, doc: p.Doc}
		if strings.Contains(p.Type, "string") {
			for _, m := range quotedWord.FindAllStringSubmatch(p.Doc, -1) {
				k.values = append(k.values, m[1])
			}
		}
		switch {
		case strings.HasPrefix(e.Name, processMethods):
			k.values = callValues(e.Name, p.Name)
		case e.Name == "sim.kernel" && p.Name == "revision":
			for _, r := range secmodel.Revisions() {
				k.values = append(k.values, r.String())
			}
		case p.Name == "cells":
			k.below, k.values = &shape{elements: cellNames}, nil
		case e.Name == "policy" && slices.Contains(results, p.Name):
			k.below = &shape{elements: requestNames}
		case e.Name == "policy" && p.Name == "on":
			k.below = &shape{entries: true}
		case e.Name == "policy" && p.Name == "default":
			k.values = results
		case e.Name == "policy" && p.Name == "budget":
			k.below = &shape{}
			for _, b := range declare.BudgetKeys {
				k.below.keys = append(k.below.keys, key{name: b.Name, doc: b.Doc})
			}
			for i := range k.below.keys {
				if slices.Contains(declare.WatchedBudgets, k.below.keys[i].name) {
					k.below.keys[i].below = watchShape()
				}
			}
		}
		s.keys = append(s.keys, k)
	}
	return s
}

// processMethods is how the names of system calls of a simulated process begin.
const processMethods = "process:"

// callValues are the texts that a parameter of a system call can be; nil if it is none of a few.
func callValues(name, param string) []string {
	call, ok := sim.FindCall(strings.TrimPrefix(name, processMethods))
	if !ok {
		return nil
	}
	for _, p := range call.Params {
		switch {
		case p.Name != param:
		case p.Names != nil:
			return p.Names.All()
		default:
			return p.Words
		}
	}
	return nil
}

// settingShape is the shape of the settings of a simulated host.
func settingShape() *shape {
	s := &shape{}
	for i := range stock.NumSettings {
		which := stock.Setting(i)
		kind := "boolean"
		if !which.Switch() {
			lo, hi := which.Range()
			kind = fmt.Sprintf("number, %d to %d", lo, hi)
		}
		s.keys = append(s.keys, key{name: which.String(), kind: kind})
	}
	return s
}

// watchShape is the shape of a budget that is watched.
func watchShape() *shape {
	s := &shape{}
	for _, b := range declare.WatchKeys {
		k := key{name: b.Name, doc: b.Doc}
		if b.Name == "action" {
			k.values = rules.Actions[:]
		}
		s.keys = append(s.keys, k)
	}
	return s
}

// serviceShape is the shape of the table that service takes, or of one in it.
func serviceShape(keys []services.Key) *shape {
	s := &shape{}
	for _, k := range keys {
		x := key{name: k.Name, kind: k.Type, doc: k.Doc}
		for _, m := range quotedWord.FindAllStringSubmatch(k.Doc, -1) {
			x.values = append(x.values, m[1])
		}
		switch {
		case k.Keys != nil:
			x.below = serviceShape(k.Keys)
		case k.Name == "requires" || k.Name == "after":
			x.below = &shape{elements: serviceNames}
		}
		s.keys = append(s.keys, x)
	}
	return s
}

// questionShape is the shape of a question about a request, and of a row of cases. The fields are those of the request
// that the table names; all, if it names none.
func questionShape(table *syntax.TableExpr, row bool) *shape {
	s := &shape{keys: []key{
		{name: "cell", kind: "string", doc: "name of a cell, which need not exist"},
		{name: "request", kind: "string", doc: "the request that is asked"},
	}}
	if row {
		s.keys = append(s.keys,
			key{name: "expect", kind: "string", doc: "what the answer must be: allow, deny or grant", values: results},
			key{name: "reason", kind: "string", doc: "the reason that the answer must have"},
			key{name: "would", kind: "string", doc: "what policies in audit mode must say", values: results},
			key{name: "record", kind: "boolean", doc: "whether a policy must want the decision to be recorded"},
			key{name: "name", kind: "string", doc: "of the row, for messages"})
	}
	named := requests{}
	syntax.Walk(table, func(n syntax.Node) bool {
		f, ok := n.(*syntax.TableField)
		if !ok || f.Key == nil {
			return true
		}
		if k, ok := syntax.Unparen(f.Key).(*syntax.StringExpr); ok && k.Value == "request" {
			if p, ok := patternOf(f.Value); ok {
				named.add(p)
			}
		}
		return true
	})
	set := named.carried()
	if set == 0 {
		set = 1<<kauth.NumFields - 1
	}
	target := &shape{}
	for _, f := range (set | kauth.Credential).Fields() {
		k := fieldKey(f)
		if name, ok := strings.CutPrefix(k.name, "target."); ok {
			k.name = name
			target.keys = append(target.keys, k)
		} else {
			s.keys = append(s.keys, k)
		}
	}
	if len(target.keys) > 0 {
		s.keys = append(s.keys, key{name: "target", kind: "table", doc: "the process that is the target", below: target})
	}
	return s
}

func fieldKey(f kauth.Field) key {
	info := f.Info()
	k := key{name: info.Name, kind: info.Kind.What(), doc: info.Doc}
	if k.values = f.BitNames(); info.Names != nil {
		k.values = info.Names.All()
	}
	return k
}
