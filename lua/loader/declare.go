package loader

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"cellsh/lua/symbolic"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

var policyKeys = []string{"cells", "default", "deny", "allow", "grant", "on", "budget", "mode"}
var budgetKeys = []string{"procs", "nofile", "as", "core", "memory", "cpu"}

// policy declares a policy. What is wrong with one key does not keep the others from being looked at.
func (c *context) policy(name string, t *lua.LTable) {
	if c.tooMany(len(c.d.policies), "policies") {
		return
	}
	p := &rules.Policy{Name: name, Span: c.m.Files().Find(c.file, c.line, name), Default: rules.Default{Result: policy.Allow}}
	if err := policy.CheckName(name); err != "" {
		c.wrong(p.Span, "", "the name of a policy %s", err)
	}
	c.eachKey(t, policyKeys, "a policy", "write: deny = { \"network\" }")
	c.unset(c.decl.tree(), t)
	p.Cells = c.cells(t)
	for _, r := range []policy.Result{policy.Deny, policy.Allow, policy.Grant} {
		c.static(p, t, r)
	}
	c.functions(p, t)
	c.defaultResult(p, t)
	c.mode(p, t)
	c.budget(p, t)
	c.d.policies = append(c.d.policies, p)
	c.d.roots[p] = c.d.running
}

// tooMany reports that a load has as many declarations as it can have.
func (c *context) tooMany(have int, what string) bool {
	if have < maxDeclarations {
		return false
	}
	c.problem(diag.PolicyLimit, c.here(), "tables and functions can say the same with fewer", "a load must have at most %d %s, but has more", maxDeclarations, what)
	return true
}

// tooLong reports a table with more elements than a declaration can have.
func (c *context) tooLong(t *lua.LTable, at diag.Span, what string) bool {
	n := 0
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		if n++; n > maxElements {
			c.problem(diag.PolicyLimit, at, "", "%s must have at most %d elements, but has more", what, maxElements)
			return true
		}
	}
	return false
}

// eachKey reports keys that a table must not have. The hint is for values without a key.
func (c *context) eachKey(t *lua.LTable, known []string, what, hint string) {
	c.plain(t, what)
	if c.tooLong(t, c.here(), what) {
		return
	}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			c.problem(diag.PolicyKey, c.here(), hint, "a key of %s must be a name, but is %s, which stands for %s", what, describe(k), describe(v))
			continue
		}
		if slices.Contains(known, string(name)) {
			continue
		}
		_, line := c.decl.field(string(name))
		hint := diag.DidYouMean(string(name), known)
		if hint == "" {
			hint = "the keys are " + strings.Join(known, ", ")
		}
		c.problem(diag.PolicyKey, c.at(line, string(name)), hint, "a key of %s must be a known one, but is %s", what, describe(k))
	}
}

// plain reports a table with a metatable: what that would give is not looked at.
func (c *context) plain(t *lua.LTable, what string) {
	if t.Metatable != lua.LNil {
		c.wrong(c.here(), "copy what is inherited into the table", "the table of %s must hold its values itself, but has a metatable", what)
	}
}

// unset reports values that are written down as a name or a call and are nil: Lua drops them without a word, and a
// misspelt name must not take a rule away.
func (c *context) unset(written *ast.TableExpr, t *lua.LTable) {
	if written == nil {
		return
	}
	index := 0
	for i, f := range written.Fields {
		name := nameOf(f.Value)
		key, named := f.Key.(*ast.StringExpr)
		switch {
		case f.Key == nil:
			// A call at the end may give several values, or none.
			_, call := f.Value.(*ast.FuncCallExpr)
			if index++; name == "" || t.RawGetInt(index) != lua.LNil || call && i == len(written.Fields)-1 {
				continue
			}
			c.wrong(c.at(f.Value.Line(), name), wordsHint(name), "element %d must have a value, but %s is nil", index, name)
		case named && name != "" && t.RawGetString(key.Value) == lua.LNil:
			c.wrong(c.name(fieldLine(f), key.Value), wordsHint(name), "%s must have a value, but %s is nil", short(key.Value), name)
		}
	}
}

func wordsHint(name string) string {
	if hint := diag.DidYouMean(name, []string{"allow", "deny", "grant", "unlimited"}); hint != "" {
		return hint
	}
	return "to leave it out write: nil"
}

// nameOf says how a variable, a field or a call is written, "" for other expressions.
func nameOf(e ast.Expr) string {
	switch n := e.(type) {
	case *ast.IdentExpr:
		return n.Value
	case *ast.AttrGetExpr:
		if key, ok := n.Key.(*ast.StringExpr); ok {
			if object := nameOf(n.Object); object != "" {
				return object + "." + key.Value
			}
		}
	case *ast.FuncCallExpr:
		if n.Func != nil {
			if f := nameOf(n.Func); f != "" {
				return f + "()"
			}
		}
	}
	return ""
}

// strings gives a list of strings, or the string that stands for a list of one.
func (c *context) strings(t *lua.LTable, key, what string) []string {
	v := t.RawGetString(key)
	expr, line := c.decl.field(key)
	at := c.at(line, key)
	switch x := v.(type) {
	case *lua.LNilType:
		return nil
	case lua.LString:
		return []string{string(x)}
	case *lua.LTable:
		c.plain(x, key)
		if c.tooLong(x, at, key) {
			return nil
		}
		written, _ := expr.(*ast.TableExpr)
		before := len(c.d.problems)
		c.unset(written, x)
		unset := len(c.d.problems) > before
		list := []string{}
		n := x.MaxN()
		for i := 1; i <= n; i++ {
			switch e := x.RawGetInt(i).(type) {
			case lua.LString:
				list = append(list, string(e))
			case *lua.LNilType:
				if !unset {
					c.wrong(at, "", "%s must be a list of %s, but element %d is nil", key, what, i)
				}
			default:
				c.wrong(at, "", "%s must be a list of %s, but element %d is %s", key, what, i, describe(e))
			}
		}
		for k, _ := x.Next(lua.LNil); k != lua.LNil; k, _ = x.Next(k) {
			if i, ok := k.(lua.LNumber); !ok || i < 1 || i > lua.LNumber(n) || i != lua.LNumber(int(i)) {
				c.wrong(at, "", "%s must be a list of %s, but has the key %s", key, what, describe(k))
			}
		}
		return list
	}
	c.wrong(at, "", "%s must be a list of %s, but is %s", key, what, describe(v))
	return nil
}

// cells reads the globs of a declaration; nil means every cell.
func (c *context) cells(t *lua.LTable) []rules.Glob {
	before := len(c.d.problems)
	list := c.strings(t, "cells", "globs")
	expr, line := c.decl.field("cells")
	if list != nil && len(list) == 0 && len(c.d.problems) == before {
		c.wrong(c.at(line, "cells"), "leave it out for every cell", "cells must name at least one cell, but is empty")
	}
	var globs []rules.Glob
	places := c.elements(expr, line)
	for _, s := range list {
		g := rules.Glob{Pattern: s, Span: places(s)}
		bad := strings.IndexFunc(s, func(r rune) bool {
			return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-*", r))
		})
		switch {
		case s == "":
			c.wrong(g.Span, "", "a glob must not be empty, but is")
		case len(s) > 256:
			c.wrong(g.Span, "", "a glob must have at most 256 characters, but has %d", len(s))
		case bad >= 0:
			hint := ""
			if strings.ContainsAny(s, "?[]{}") {
				hint = "only * is special"
			}
			c.wrong(g.Span, hint, "a glob must consist of A-Z a-z 0-9 . _ - and *, but has the character %s", policy.FirstCharacter(s[bad:]))
		default:
			globs = append(globs, g)
		}
	}
	if list != nil && globs == nil {
		globs = []rules.Glob{}
	}
	return globs
}

// pattern resolves the name of a scope, action or request. It reports what is wrong with it.
func (c *context) pattern(name string, at diag.Span) (kauth.Pattern, bool) {
	p, ok := kauth.FindPattern(name)
	if !ok {
		scope, _, _ := strings.Cut(name, ".")
		hint := ""
		switch why := kauth.Outside(scope); {
		case why != "":
			c.problem(diag.PolicyScope, at, "the scopes are process, system, network, machdep and device", "a rule can't be about the scope %s: %s", scope, why)
			return p, false
		case name == "*":
			hint = "for every request write: default = deny"
		default:
			// A scope or an action stands for all of its requests.
			prefix := strings.TrimSuffix(name, ".*")
			if _, ok := kauth.FindPattern(prefix); ok {
				hint = fmt.Sprintf("write: %q", prefix)
			} else {
				hint = diag.DidYouMean(prefix, patternNames())
			}
		}
		c.problem(diag.PolicyRequest, at, hint, "a rule must be about a scope, an action or a request, but there is none called %s", describe(lua.LString(name)))
		return p, false
	}
	lo, hi := p.Range()
	raised, spin := 0, []string(nil)
	for id := lo; id < hi; id++ {
		switch f := id.Info().Flags; {
		case f.Has(kauth.Spin):
			spin = append(spin, id.String())
		case !f.Has(kauth.NeverRaised):
			raised++
		}
	}
	switch {
	case len(spin) > 0 && raised == 0:
		c.problem(diag.PolicySpin, at, "", "a rule can't be about %s: the kernel asks it while it holds a spin lock, where it can't find out which cell is asking", name)
		return p, false
	case raised == 0:
		c.note(diag.Warning, diag.PolicyNever, at, "the rule has no effect; leave it out", "a rule must be about something that the kernel asks, but it never asks %s", name)
	case len(spin) > 0:
		c.note(diag.Note, diag.PolicySpin, at, "", "%s skips %s, which the kernel asks while it holds a spin lock", name, strings.Join(spin, " and "))
	}
	return p, true
}

func (c *context) note(s diag.Severity, code diag.Code, at diag.Span, hint, form string, args ...any) {
	c.d.report(diag.Diagnostic{Span: at, Severity: s, Code: code, Message: fmt.Sprintf(form, args...), Hint: hint, Excerpt: c.m.Files().Line(at.File, at.Line)})
}

func patternNames() []string {
	var names []string
	for _, p := range kauth.AllPatterns() {
		names = append(names, p.String())
	}
	return names
}

// addEntry adds an entry unless there is one of that name.
func (c *context) addEntry(p *rules.Policy, e rules.Entry) {
	for _, old := range p.Entries {
		if old.Pattern == e.Pattern {
			c.d.report(diag.Diagnostic{Span: e.Span, Code: diag.PolicyDuplicate, Excerpt: c.m.Files().Line(e.Span.File, e.Span.Line),
				Message: fmt.Sprintf("a policy must have one entry for a name, but has two for %s", e.Pattern),
				Hint:    "an entry of a more specific name, or a function, can decide between cases",
				Related: []diag.Related{{Span: old.Span, Message: "the first is here", Excerpt: c.m.Files().Line(old.Span.File, old.Span.Line)}}})
			return
		}
	}
	p.Entries = append(p.Entries, e)
}

// static reads a list of names with a fixed result.
func (c *context) static(p *rules.Policy, t *lua.LTable, r policy.Result) {
	key := r.String()
	expr, line := c.decl.field(key)
	places := c.elements(expr, line)
	for _, name := range c.strings(t, key, "names of requests") {
		span := places(name)
		if pattern, ok := c.pattern(name, span); ok {
			c.addEntry(p, rules.Entry{Pattern: pattern, Span: span, Result: r})
		}
	}
}

// functions reads the decision functions.
func (c *context) functions(p *rules.Policy, t *lua.LTable) {
	v := t.RawGetString("on")
	expr, line := c.decl.field("on")
	if v == lua.LNil {
		return
	}
	on, ok := v.(*lua.LTable)
	if !ok {
		c.wrong(c.at(line, "on"), "write: on = { [\"network.bind\"] = function(r) ... end }", "on must be a table of functions, but is %s", describe(v))
		return
	}
	written, _ := expr.(*ast.TableExpr)
	c.plain(on, "on")
	if c.tooLong(on, c.at(line, "on"), "on") {
		return
	}
	c.unset(written, on)
	for k, f := on.Next(lua.LNil); k != lua.LNil; k, f = on.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			c.wrong(c.at(line, "on"), "write: [\"network.bind\"] = function(r) ... end", "a key of on must be the name of a request, but is %s", describe(k))
			continue
		}
		at := line
		if written != nil {
			if _, l := fieldOf(written, string(name)); l > 0 {
				at = l
			}
		}
		span := c.name(at, string(name))
		pattern, known := c.pattern(string(name), span)
		fn, ok := f.(*lua.LFunction)
		switch {
		case !ok:
			hint := ""
			if s, isString := f.(lua.LString); isString {
				if r, isResult := policy.ParseResult(string(s)); isResult {
					hint = fmt.Sprintf("write: %s = { %q }", r, string(name))
				}
			}
			c.wrong(span, hint, "an entry of on must be a function, but %s is %s", short(string(name)), describe(f))
		case fn.IsG:
			c.wrong(span, "", "an entry of on must be a function written in Lua, but %s is one of the library", short(string(name)))
		case known:
			c.addEntry(p, rules.Entry{Pattern: pattern, Span: span, Function: symbolic.New(c.m, fn, symbolic.Options{Groups: c.d.groups})})
		}
	}
}

func (c *context) defaultResult(p *rules.Policy, t *lua.LTable) {
	v := t.RawGetString("default")
	if v == lua.LNil {
		return
	}
	_, line := c.decl.field("default")
	span := c.at(line, "default")
	if s, ok := v.(lua.LString); ok {
		if r, ok := policy.ParseResult(string(s)); ok {
			p.Default = rules.Default{Result: r, Span: span}
			return
		}
	}
	c.wrong(span, diag.DidYouMean(v.String(), []string{"allow", "deny", "grant"}), "default must be allow, deny or grant, but is %s", describe(v))
}

func (c *context) mode(p *rules.Policy, t *lua.LTable) {
	v := t.RawGetString("mode")
	_, line := c.decl.field("mode")
	switch v {
	case lua.LNil, lua.LString("enforce"):
	case lua.LString("audit"):
		p.Audit = true
	default:
		c.wrong(c.at(line, "mode"), diag.DidYouMean(v.String(), []string{"enforce", "audit"}), "mode must be \"enforce\" or \"audit\", but is %s", describe(v))
	}
}

func (c *context) budget(p *rules.Policy, t *lua.LTable) {
	v := t.RawGetString("budget")
	if v == lua.LNil {
		return
	}
	expr, line := c.decl.field("budget")
	p.Budget.Span = c.at(line, "budget")
	b, ok := v.(*lua.LTable)
	if !ok {
		c.wrong(p.Budget.Span, "write: budget = { procs = 64 }", "budget must be a table, but is %s", describe(v))
		return
	}
	inner := &declaration{table: &ast.TableExpr{}}
	if written, ok := expr.(*ast.TableExpr); ok {
		inner.table = written
	}
	in := *c
	in.decl, in.line = inner, p.Budget.Span.Line
	in.eachKey(b, budgetKeys, "a budget", "write: procs = 64")
	in.unset(inner.table, b)
	type read func(key string, v lua.LValue, at diag.Span) *int64
	for _, f := range []struct {
		key  string
		to   **int64
		read read
	}{
		{"procs", &p.Budget.Procs, in.count(0, math.MaxInt32, false)},
		{"nofile", &p.Budget.Nofile, in.count(1, math.MaxInt32, true)},
		{"as", &p.Budget.AS, in.size(true)},
		{"core", &p.Budget.Core, in.size(true)},
		{"memory", &p.Budget.Memory, in.size(false)},
		{"cpu", &p.Budget.CPU, in.percent},
	} {
		if v := b.RawGetString(f.key); v != lua.LNil {
			_, line := inner.field(f.key)
			*f.to = f.read(f.key, v, in.at(line, f.key))
			if f.key == "procs" && line > 0 {
				p.Budget.Span = in.at(line, f.key)
			}
		}
	}
}

// count reads a whole number, or "unlimited" where that makes sense.
func (c *context) count(lo, hi int64, unlimited bool) func(string, lua.LValue, diag.Span) *int64 {
	return func(key string, v lua.LValue, at diag.Span) *int64 {
		if n, ok := v.(lua.LNumber); ok {
			if unlimited && n == lua.LNumber(kauth.Unlimited) {
				u := int64(kauth.Unlimited)
				return &u
			}
			if i := int64(n); lua.LNumber(i) == n && i >= lo && i <= hi {
				return &i
			}
		}
		or := ""
		if unlimited {
			or = " or unlimited"
			if v == lua.LString("unlimited") {
				u := int64(kauth.Unlimited)
				return &u
			}
		}
		c.wrong(at, "", "%s must be a whole number from %d to %d%s, but is %s", key, lo, hi, or, describe(v))
		return nil
	}
}

// size reads a number of bytes: a number, or a string with a unit. M is 2^20.
func (c *context) size(unlimited bool) func(string, lua.LValue, diag.Span) *int64 {
	return func(key string, v lua.LValue, at diag.Span) *int64 {
		or := ""
		if unlimited {
			or = ", or unlimited"
		}
		switch x := v.(type) {
		case lua.LNumber:
			if unlimited && x == lua.LNumber(kauth.Unlimited) {
				u := int64(kauth.Unlimited)
				return &u
			}
			if i := int64(x); lua.LNumber(i) == x && i >= 0 && x <= 1<<53 {
				return &i
			}
		case lua.LString:
			if unlimited && x == "unlimited" {
				u := int64(kauth.Unlimited)
				return &u
			}
			if n, ok := ParseSize(string(x)); ok {
				return &n
			}
		}
		hint := "M is 1048576 bytes"
		if s, ok := v.(lua.LString); ok {
			// 512MB, 512m and 512 M are clear enough.
			meant := strings.ToUpper(strings.ReplaceAll(string(s), " ", ""))
			if meant = strings.TrimSuffix(strings.TrimSuffix(meant, "B"), "I"); meant != "" {
				if _, ok := ParseSize(meant); ok {
					hint = fmt.Sprintf("write: %q", meant)
				}
			}
		}
		c.wrong(at, hint, "%s must be a number of bytes, or one with the unit K, M, G or T like \"512M\"%s, but is %s", key, or, describe(v))
		return nil
	}
}

// ParseSize reads a size like 512M: K is 2^10, M 2^20, G 2^30, T 2^40.
func ParseSize(s string) (int64, bool) {
	shift := 0
	if s != "" {
		if i := strings.IndexByte("KMGT", s[len(s)-1]); i >= 0 {
			shift, s = 10*(i+1), s[:len(s)-1]
		}
	}
	n, err := strconv.ParseUint(s, 10, 53)
	if err != nil || strings.HasPrefix(s, "+") || n>>(63-shift) != 0 {
		return 0, false
	}
	return int64(n) << shift, true
}

// percent reads a share of one processor: "50%", which may be more than 100.
func (c *context) percent(key string, v lua.LValue, at diag.Span) *int64 {
	if s, ok := v.(lua.LString); ok {
		if n, err := strconv.ParseUint(strings.TrimSuffix(string(s), "%"), 10, 20); err == nil && strings.HasSuffix(string(s), "%") && n > 0 {
			i := int64(n)
			return &i
		}
	}
	c.wrong(at, "100% is one whole processor", "%s must be a percentage like \"50%%\", but is %s", key, describe(v))
	return nil
}

// never declares an assertion. One that is wrong is told and left out: what it would find says nothing.
func (c *context) never(title string, t *lua.LTable) {
	if c.tooMany(len(c.d.nevers), "assertions") || c.tooLong(t, c.here(), "a never") {
		return
	}
	n := &rules.Never{Title: title, Span: c.at(c.line, "never")}
	before := len(c.d.problems)
	if err := policy.CheckReason(title); err != nil || title == "" {
		c.wrong(n.Span, "", "the title of a never must be a line of at most %d bytes, but is %s", policy.MaxReason, describe(lua.LString(title)))
	}
	c.plain(t, "a never")
	c.unset(c.decl.tree(), t)
	n.Cells = c.cells(t)
	var list ast.Expr
	if c.decl != nil {
		list = c.decl.table
	}
	places := c.elements(list, c.line)
	named := false
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		switch k {
		case lua.LString("cells"):
			continue
		case lua.LString("where"):
			c.where(n, v)
			continue
		}
		if _, positional := k.(lua.LNumber); !positional {
			_, line := c.decl.field(k.String())
			hint := diag.DidYouMean(k.String(), []string{"cells", "where"})
			if hint == "" {
				hint = "it takes cells, where, and the names of requests"
			}
			c.problem(diag.PolicyKey, c.at(line, k.String()), hint, "a key of never must be a known one, but is %s", describe(k))
			continue
		}
		named = true
		name, ok := v.(lua.LString)
		if !ok {
			c.wrong(c.here(), "", "what must never be allowed must be the name of a request, but is %s", describe(v))
			continue
		}
		if p, ok := c.pattern(string(name), places(string(name))); ok {
			n.Patterns = append(n.Patterns, p)
		}
	}
	if !named && len(c.d.problems) == before {
		c.wrong(n.Span, "write: never(\"title\", { \"network.route\" })", "a never must name at least one request, but names none")
	}
	if !c.d.problems[before:].Failed() {
		c.d.nevers = append(c.d.nevers, n)
	}
}

func (c *context) where(n *rules.Never, v lua.LValue) {
	_, line := c.decl.field("where")
	fn, ok := v.(*lua.LFunction)
	if !ok || fn.IsG {
		is := describe(v)
		if ok {
			is = "one of the library"
		}
		c.wrong(c.at(line, "where"), "write: where = function(r) return r.port == 80 end", "where must be a function written in Lua, but is %s", is)
		return
	}
	n.Where = symbolic.New(c.m, fn, symbolic.Options{Groups: c.d.groups, Where: true})
}
