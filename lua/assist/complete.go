package assist

import (
	"path/filepath"
	"slices"
	"strings"

	"cellsh/kernel/host"
	"cellsh/lua/api"
	"cellsh/lua/declare"
	"cellsh/lua/loader"
	"cellsh/lua/services"
	"cellsh/lua/syntax"
	"cellsh/lua/written"
	"cellsh/policy/kauth"
)

// Kind of what can be written.
type Kind uint8

// The kinds.
const (
	Variable Kind = iota
	Function
	Method
	Field
	Key
	Value
	Word
	Library
)

// Candidate is what can stand at a place.
type Candidate struct {
	// Label is what it is called, Insert what is written in place of From to To, which are offsets in the text.
	Label, Insert string
	From, To      int
	Kind          Kind
	// Detail is a few words, Doc more of them; "" where there are none.
	Detail, Doc string
}

// Source is a text in which somebody is writing.
type Source struct {
	Name, Text string
	// Script says that it is a script or a session, which have more than policies do.
	Script bool
	// Cells are the names of cells that are known.
	Cells []string
}

// Scripted reports whether a file is no policy file: it uses what only scripts have.
func Scripted(f *syntax.File) bool {
	found := false
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		if x, ok := n.(*syntax.IndexExpr); ok {
			if name, ok := x.Object.(*syntax.NameExpr); ok && name.Local == nil {
				found = found || isScriptLibrary(name.Name)
			}
		}
		return !found
	})
	return found
}

// isScriptLibrary reports whether a name is that of a library that only scripts have.
func isScriptLibrary(name string) bool {
	return slices.ContainsFunc(api.Entries(), func(e *api.Entry) bool {
		library, _ := e.Split()
		return e.Kind == api.Global && library == name && library != ""
	})
}

// ofServices reports whether a file is one of services by where it lies.
func ofServices(name string) bool {
	return filepath.Base(filepath.Dir(name)) == filepath.Base(services.Folder)
}

// Serves reports whether a file declares services.
func Serves(f *syntax.File) bool { return calls(f, []string{declare.ServiceWord}) }

// Declares reports whether a file declares policies or what must never be allowed.
func Declares(f *syntax.File) bool { return calls(f, declare.Words) }

// calls reports whether a file calls one of the words.
func calls(f *syntax.File, words []string) bool {
	found := false
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok {
			if name, ok := call.Func.(*syntax.NameExpr); ok && name.Local == nil && slices.Contains(words, name.Name) {
				found = true
			}
		}
		return !found
	})
	return found
}

// Complete gives what can stand at an offset of a text, in order. All begin with what is typed.
func Complete(s Source, offset int) []Candidate {
	c := &completion{cursor: newCursor(s.Name, s.Text, offset), source: s}
	switch c.situation {
	case inString:
		c.inString()
	case behindDot, behindColon:
		c.members()
	case inName:
		c.names()
	}
	slices.SortStableFunc(c.found, func(a, b Candidate) int { return strings.Compare(a.Label, b.Label) })
	return slices.CompactFunc(c.found, func(a, b Candidate) bool { return a.Label == b.Label })
}

// OnlyKeys reports whether at an offset of a text nothing can stand but a key of a table of which the keys are known: there no
// variable makes sense.
func OnlyKeys(s Source, offset int) bool {
	c := &completion{cursor: newCursor(s.Name, s.Text, offset), source: s}
	if c.situation != inName {
		return false
	}
	at, ok := c.keyPlace()
	if !ok {
		return false
	}
	shape := shapeOf(c.path, at)
	return shape != nil && (len(shape.keys) > 0 || shape.entries) && shape.elements == noElements && shape.rows == nil
}

// Decides reports whether an offset of a text is within a function that decides requests: there is nothing but what policies have,
// even in a session.
func Decides(s Source, offset int) bool {
	return (&completion{cursor: newCursor(s.Name, s.Text, offset), source: s}).decides()
}

// decides reports whether the place is in a function that is an entry of a policy, or within one.
func (c *completion) decides() bool {
	return slices.ContainsFunc(c.path, func(n syntax.Node) bool {
		fn, ok := n.(*syntax.FunctionExpr)
		return ok && len(entered(c.file, fn)) > 0
	})
}

// OnlyScripts reports whether a global is of those that scripts and sessions have and functions that decide do not.
func OnlyScripts(name string) bool {
	root := func(full string) string {
		owner, _, _ := strings.Cut(full, ".")
		return owner
	}
	is := func(full string) bool { return root(full) == name }
	if slices.ContainsFunc(libraryNames(false), is) {
		return false
	}
	return slices.ContainsFunc(libraryNames(true), is) || slices.ContainsFunc(api.Entries(), func(e *api.Entry) bool {
		return (e.Kind == api.Global || e.Kind == api.Word || e.Kind == api.CurriedWord) && is(e.Name)
	})
}

// completion is one call of Complete.
type completion struct {
	*cursor
	source Source
	found  []Candidate
}

// offer adds a candidate if it begins with what is typed.
func (c *completion) offer(k Kind, label, detail, doc string) { c.write(k, label, label, detail, doc) }

// write is offer for what is written in another way than it is called.
func (c *completion) write(k Kind, label, insert, detail, doc string) {
	if strings.HasPrefix(label, c.typed) {
		c.found = append(c.found, Candidate{Label: label, Insert: insert, From: c.from, To: c.to, Kind: k, Detail: detail, Doc: doc})
	}
}

// inString offers texts that mean something where the string stands.
func (c *completion) inString() {
	text, ok := above(c.path, 0).(*syntax.StringExpr)
	if !ok {
		return
	}
	switch up := above(c.path, 1).(type) {
	case *syntax.BinaryExpr:
		c.compared(up, text)
	case *syntax.CallExpr:
		c.argument(up, text)
	case *syntax.TableField:
		at := tableAbove(c.path, len(c.path)-2)
		if at < 0 {
			return
		}
		s := shapeOf(c.path, at)
		switch {
		case s == nil:
			// What a table in brackets has as keys are mostly requests.
			if up.Key == syntax.Expr(text) {
				c.patterns()
			}
		case up.Key == syntax.Expr(text):
			if s.entries {
				c.patterns()
			}
		case up.Key == nil:
			c.elements(s.elements)
		default:
			if name, ok := syntax.Unparen(up.Key).(*syntax.StringExpr); ok {
				c.valueOf(s.key(name.Value))
			}
		}
	}
}

// elements offers what stands in a list.
func (c *completion) elements(e elements) {
	switch e {
	case requestNames:
		c.patterns()
	case cellNames:
		c.cells()
	case serviceNames:
		c.services()
	}
}

// services offers the services that the file declares, but for the one that is written.
func (c *completion) services() {
	inside := func(n syntax.Node) bool { return n.Pos() <= c.from && c.from <= n.End() }
	syntax.Walk(c.path[0], func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if ok && written.Called(call) == declare.ServiceWord && len(call.Args) > 0 && !inside(call) {
			if title, ok := call.Args[0].(*syntax.StringExpr); ok && !slices.ContainsFunc(c.path, func(above syntax.Node) bool {
				outer, ok := above.(*syntax.CallExpr)
				return ok && outer.Func == syntax.Expr(call)
			}) {
				c.offer(Value, title.Value, "service", "")
			}
		}
		return true
	})
}

// valueOf offers the values of a key.
func (c *completion) valueOf(k *key) {
	switch {
	case k == nil:
	case k.name == "request":
		c.patterns()
	case k.name == "cell" || k.below != nil && k.below.elements == cellNames:
		c.cells()
	case k.below != nil:
		c.elements(k.below.elements)
	default:
		for _, v := range k.values {
			c.offer(Value, v, k.name, k.doc)
		}
	}
}

// compared offers the names of the values of a field.
func (c *completion) compared(e *syntax.BinaryExpr, text syntax.Expr) {
	if e.Op != syntax.Equal && e.Op != syntax.NotEqual {
		return
	}
	other := e.Left
	if other == text {
		other = e.Right
	}
	if name := syntax.Spelling(syntax.Unparen(other)); strings.HasSuffix(name, ".cell.name") || strings.HasSuffix(name, ".target.cell") {
		c.cells()
		return
	}
	f, _, ok := fieldOf(c.file, valueOf(c.file, other))
	if ok && f.Info().Names != nil {
		for _, name := range f.Info().Names.All() {
			c.offer(Value, name, f.Info().Names.What(), f.Info().Doc)
		}
	}
}

// valueOf is what a local was declared with, if it is a local; else the expression.
func valueOf(f *syntax.File, e syntax.Expr) syntax.Expr {
	name, ok := syntax.Unparen(e).(*syntax.NameExpr)
	if !ok || name.Local == nil {
		return e
	}
	if value := declaredAs(f, name.Local); value != nil {
		return value
	}
	return e
}

// argument offers what a function can be given.
func (c *completion) argument(call *syntax.CallExpr, text syntax.Expr) {
	if calledName(call) == "has" && len(call.Args) > 1 && call.Args[1] == text {
		if f, _, ok := fieldOf(c.file, valueOf(c.file, call.Args[0])); ok {
			for _, name := range f.BitNames() {
				c.offer(Value, name, "a flag", f.Info().Doc)
			}
		}
		return
	}
	e := api.Find(calledName(call))
	if e == nil && call.Method != nil {
		e = method(call.Method.Name)
	}
	if e == nil {
		return
	}
	i := slices.Index(call.Args, text)
	system := strings.HasPrefix(e.Name, processMethods) // these take a table, or arguments one after the other
	switch {
	case i < 0 || i >= len(e.Params) || e.Table && !system || e.Kind == api.Word || e.Kind == api.CurriedWord:
		return
	case strings.HasPrefix(e.Params[i].Name, "request") || strings.HasPrefix(e.Name, "kauth.request"):
		c.patterns()
		return
	case e.Params[i].Name == "event":
		for _, k := range host.Kinds {
			detail := k.Doc
			if k.Watched {
				detail += "; for cellsh watch"
			}
			c.offer(Value, k.Name, detail, "")
		}
		return
	case e.Name == "help":
		for _, x := range api.Entries() {
			c.offer(Value, x.Name, api.Short(x.Name), "")
		}
		c.patterns()
		return
	case system:
		for _, v := range callValues(e.Name, e.Params[i].Name) {
			c.offer(Value, v, e.Params[i].Name, e.Params[i].Doc)
		}
		return
	case e.Params[i].Name == "cell" || strings.HasPrefix(e.Name, "cell.") && strings.Contains(e.Params[i].Doc, "of a cell"):
		c.cells()
		return
	}
	for _, m := range quotedWord.FindAllStringSubmatch(e.Params[i].Doc, -1) {
		c.offer(Value, m[1], e.Params[i].Name, e.Params[i].Doc)
	}
}

func (c *completion) patterns() {
	for _, p := range kauth.AllPatterns() {
		if strings.HasPrefix(p.String(), c.typed) {
			c.offer(Value, p.String(), p.Level().String(), patternText(p))
		}
	}
}

func (c *completion) cells() {
	for _, name := range c.source.Cells {
		c.offer(Value, name, "cell", "")
	}
}

// members offers what can stand behind a dot or a colon.
func (c *completion) members() {
	var object syntax.Expr
	switch n := above(c.path, 1).(type) {
	case *syntax.IndexExpr:
		object = syntax.Unparen(n.Object)
	case *syntax.CallExpr:
		object = syntax.Unparen(n.Func)
	default:
		return
	}
	name, isName := object.(*syntax.NameExpr)
	if isName && name.Local != nil {
		if r := asked(c.file, name.Local); r != nil {
			c.request(r)
			return
		}
	}
	if x, ok := object.(*syntax.IndexExpr); ok {
		if owner, ok := syntax.Unparen(x.Object).(*syntax.NameExpr); ok {
			if r := asked(c.file, owner.Local); r != nil {
				c.part(r, x)
				return
			}
		}
	}
	if _, ok := object.(*syntax.StringExpr); ok {
		c.stringMethods()
		return
	}
	if isName && name.Local != nil {
		if owner := typeOf(c.file, name.Local); owner == "string" {
			c.stringMethods()
		} else {
			c.entries(owner, true)
		}
		return
	}
	if owner := syntax.Spelling(object); c.situation == behindDot && owner != "" {
		c.entries(owner, false)
		c.library(owner)
	}
}

// entries offers those of a library, or of the type of an object.
func (c *completion) entries(owner string, object bool) {
	if owner == "" || !c.source.Script && !(loader.IsTest(c.source.Name) && owner == "engine") {
		return
	}
	for _, e := range api.Entries() {
		of, name := e.Split()
		if of != owner {
			continue
		}
		k := map[api.Kind]Kind{api.Global: Function, api.Method: Method, api.Property: Field}[e.Kind]
		if wanted := c.situation == behindColon; wanted == (k == Method) && object == (k != Function) {
			c.offer(k, name, e.Signature(), e.Doc)
		}
	}
}

func (c *completion) library(owner string) {
	for _, name := range libraryNames(c.source.Script) {
		if field, ok := strings.CutPrefix(name, owner+"."); ok {
			c.offer(Function, field, name, "")
		}
	}
}

func (c *completion) stringMethods() {
	if c.situation == behindColon {
		for _, name := range libraryNames(c.source.Script) {
			if field, ok := strings.CutPrefix(name, "string."); ok {
				c.offer(Method, field, name, "")
			}
		}
	}
}

// request offers what a request has.
func (c *completion) request(r requests) {
	if c.situation == behindColon {
		c.offer(Method, "in_group", "in_group(GID or \"name\")", kauth.FieldGroups.Info().Doc)
		return
	}
	target := false
	for _, f := range r.fields().Fields() {
		if strings.HasPrefix(f.String(), "target.") {
			target = true
			continue
		}
		c.offer(Field, f.String(), f.Info().Kind.What(), fieldText(f, r))
	}
	if target {
		c.offer(Field, "target", "a process", "The process that the request is about.")
	}
	c.offer(Field, "cell", "a cell", "The caller's cell, of which policies know the name: r.cell.name.")
}

// part offers what belongs to a part of a request.
func (c *completion) part(r requests, x *syntax.IndexExpr) {
	name, ok := x.Key.(*syntax.StringExpr)
	if !ok {
		return
	}
	f, known := kauth.FindField(name.Value)
	switch {
	case name.Value == "target" && c.situation == behindDot:
		for _, f := range r.fields().Fields() {
			if field, ok := strings.CutPrefix(f.String(), "target."); ok {
				c.offer(Field, field, f.Info().Kind.What(), fieldText(f, r))
			}
		}
	case name.Value == "cell" && c.situation == behindDot:
		c.offer(Field, "name", "a string", "The name of the caller's cell.")
	case c.situation == behindColon && known && f.Info().Kind == kauth.KindAddr:
		c.offer(Method, "within", "within(\"10.0.0.0/8\")", "Whether the address lies in a network, or in a range: \"10.0.0.5-10.0.0.9\".")
	case c.situation == behindColon && known && f.Info().Kind == kauth.KindString:
		c.stringMethods()
	}
}

// typeOf is the type of a local's value where its declaration says it: what the call of a function gives.
func typeOf(f *syntax.File, l *syntax.Local) string {
	if value := declaredAs(f, l); value != nil {
		return valueType(value)
	}
	return ""
}

// declaredAs is the expression that a local is declared with; nil if there is none of its own.
func declaredAs(f *syntax.File, l *syntax.Local) (value syntax.Expr) {
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		if s, ok := n.(*syntax.LocalStmt); ok {
			for i, name := range s.Names {
				if name == l && i < len(s.Exprs) {
					value = s.Exprs[i]
				}
			}
		}
		return n.Pos() <= l.Pos() && l.End() <= n.End()
	})
	return value
}

func valueType(e syntax.Expr) string {
	switch e := syntax.Unparen(e).(type) {
	case *syntax.StringExpr:
		return "string"
	case *syntax.CallExpr:
		entry := api.Find(calledName(e))
		if entry == nil && e.Method != nil {
			entry = method(e.Method.Name)
		}
		if entry != nil {
			return strings.TrimSuffix(entry.Returns, "|nil")
		}
	}
	return ""
}

// testWords are what test files have beside policies.
var testWords = []struct{ name, doc string }{
	{"test", "Declares a test: a name, and a function that raises an error if something is wrong."},
	{"cases", "Declares a test for each row of a table; keys of the table itself are those of every row."},
	{"decide", "Gives the answer of the folder's policies to a request: result, reason, policy, file and line."},
}

// names offers keys of a table, locals and globals.
func (c *completion) names() {
	if at, ok := c.keyPlace(); ok {
		if s := shapeOf(c.path, at); s != nil {
			c.keys(s, c.path[at].(*syntax.TableExpr))
			if len(s.keys) > 0 || s.entries {
				return
			}
		}
	}
	for _, l := range c.locals() {
		c.offer(Variable, l.Name, "local", "")
	}
	inServices := !c.source.Script && ofServices(c.source.Name)
	decides := c.decides()
	for _, e := range api.Entries() {
		switch library, _ := e.Split(); {
		case decides:
			// It calls nothing of these.
		case e.Kind == api.Word || e.Kind == api.CurriedWord:
			if !loader.IsTest(c.source.Name) && e.Services == inServices {
				c.offer(Function, e.Name, e.Signature(), e.Doc)
			}
		case e.Kind != api.Global || !c.source.Script:
		case library == "":
			c.offer(Function, e.Name, e.Signature(), e.Doc)
		default:
			c.offer(Library, library, "library", "")
		}
	}
	if loader.IsTest(c.source.Name) {
		for _, w := range testWords {
			c.offer(Function, w.name, "", w.doc)
		}
		c.offer(Library, "engine", "library", "")
	}
	for name := range declare.Constants() {
		if !inServices || name == "unlimited" {
			c.offer(Value, name, "result", "")
		}
	}
	for _, name := range libraryNames(c.source.Script && !decides) {
		if owner, _, ok := strings.Cut(name, "."); ok {
			c.offer(Library, owner, "library", "")
		} else {
			c.offer(Function, name, "", "")
		}
	}
	if c.typed != "" {
		for _, w := range syntax.Keywords() {
			c.offer(Word, w, "", "")
		}
	}
}

// keyPlace is the table of which the name at the place could be a key.
func (c *completion) keyPlace() (int, bool) {
	last := len(c.path) - 1
	if last < 2 {
		return 0, false
	}
	// { name = ... } or { name }
	f, ok := c.path[last-1].(*syntax.TableField)
	if !ok || !(f.Named && syntax.Node(f.Key) == c.path[last]) && !(f.Key == nil && syntax.Node(f.Value) == c.path[last]) {
		return 0, false
	}
	_, ok = c.path[last-2].(*syntax.TableExpr)
	return last - 2, ok
}

// keys offers those of a table that it does not have yet.
func (c *completion) keys(s *shape, table *syntax.TableExpr) {
	has := map[string]bool{}
	// assigned says that = follows already.
	assigned := false
	for _, f := range table.Fields {
		if name, ok := f.Key.(*syntax.StringExpr); ok && name.Pos() == c.from {
			assigned = true
		} else if ok {
			has[name.Value] = true
		}
	}
	for _, k := range s.keys {
		if has[k.name] {
			continue
		}
		insert := k.name
		if !assigned {
			insert += " = "
		}
		c.write(Key, k.name, insert, k.kind, k.doc)
	}
	if !s.entries {
		return
	}
	for _, p := range kauth.AllPatterns() {
		if name := p.String(); strings.HasPrefix(name, c.typed) && !has[name] && !assigned {
			insert := `["` + name + `"] = `
			if !strings.Contains(name, ".") {
				insert = name + " = "
			}
			c.write(Key, name, insert, p.Level().String(), patternText(p))
		}
	}
}

// locals that can be seen at the place, the innermost of each name.
func (c *completion) locals() []*syntax.Local {
	visible := map[string]*syntax.Local{}
	see := func(l *syntax.Local) {
		if l.Pos() < c.from {
			visible[l.Name] = l
		}
	}
	for i, n := range c.path {
		switch n := n.(type) {
		case *syntax.FunctionExpr:
			for _, p := range n.Params {
				see(p)
			}
		case *syntax.NumericFor:
			if inside(c.path, i, n.Body) {
				see(n.Var)
			}
		case *syntax.GenericFor:
			if inside(c.path, i, n.Body) {
				for _, v := range n.Vars {
					see(v)
				}
			}
		case *syntax.Block:
			for _, s := range n.Stmts {
				if s.Pos() > c.from {
					break
				}
				switch s := s.(type) {
				case *syntax.LocalStmt:
					if s.End() <= c.from {
						for _, l := range s.Names {
							see(l)
						}
					}
				case *syntax.LocalFunctionStmt:
					see(s.Name)
				}
			}
		}
	}
	var list []*syntax.Local
	for _, l := range visible {
		list = append(list, l)
	}
	return list
}

// inside reports whether the path goes on into a block.
func inside(path []syntax.Node, at int, b *syntax.Block) bool {
	return at+1 < len(path) && path[at+1] == syntax.Node(b)
}
