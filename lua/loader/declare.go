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
	p := &rules.Policy{Name: name, Span: c.m.Files().Find(c.file, c.line, name), Default: rules.Default{Result: policy.Allow}}
	if err := checkName(name); err != "" {
		c.wrong(p.Span, "", "the name of a policy %s", err)
	}
	c.eachKey(t, policyKeys, "a policy")
	p.Cells = c.cells(t)
	for _, r := range []policy.Result{policy.Deny, policy.Allow, policy.Grant} {
		c.static(p, t, r)
	}
	c.functions(p, t)
	c.defaultResult(p, t)
	c.mode(p, t)
	c.budget(p, t)
	c.d.policies = append(c.d.policies, p)
}

// checkName says what is wrong with the name of a policy, which logs and file formats hold.
func checkName(name string) string {
	if name == "" {
		return "must not be empty, but is"
	}
	if len(name) > 63 {
		return fmt.Sprintf("must have at most 63 characters, but has %d", len(name))
	}
	for _, r := range name {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-", r)) {
			return fmt.Sprintf("must consist of A-Z a-z 0-9 . _ -, but has the character %q", r)
		}
	}
	return ""
}

// eachKey reports keys that a table must not have.
func (c *context) eachKey(t *lua.LTable, known []string, what string) {
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		name, ok := k.(lua.LString)
		if ok && slices.Contains(known, string(name)) {
			continue
		}
		_, line := c.decl.field(string(name))
		token, hint := k.String(), ""
		if ok {
			hint = diag.DidYouMean(token, known)
			if hint == "" {
				hint = "the keys are " + strings.Join(known, ", ")
			}
		}
		c.problem(diag.PolicyKey, c.at(line, token), hint, "a key of %s must be a known one, but is %s", what, describe(k))
	}
}

// strings gives a list of strings, or the string that stands for a list of one.
func (c *context) strings(t *lua.LTable, key, what string) []string {
	v := t.RawGetString(key)
	expr, line := c.decl.field(key)
	switch x := v.(type) {
	case *lua.LNilType:
		return nil
	case lua.LString:
		return []string{string(x)}
	case *lua.LTable:
		var list []string
		n := x.MaxN()
		for k, e := x.Next(lua.LNil); k != lua.LNil; k, e = x.Next(k) {
			i, isNumber := k.(lua.LNumber)
			s, isString := e.(lua.LString)
			if !isNumber || int(i) < 1 || int(i) > n || lua.LNumber(int(i)) != i {
				c.wrong(c.at(line, key), "", "%s must be a list of strings, but has the key %s", key, describe(k))
				continue
			}
			if !isString {
				c.wrong(c.at(line, key), "", "%s must be a list of %s, but element %s is %s", key, what, i, describe(e))
				continue
			}
			list = append(list, string(s))
		}
		if n == 0 && list == nil {
			list = []string{}
		}
		return list
	}
	_ = expr
	c.wrong(c.at(line, key), "", "%s must be a list of %s, but is %s", key, what, describe(v))
	return nil
}

// cells reads the globs of a declaration; nil means every cell.
func (c *context) cells(t *lua.LTable) []rules.Glob {
	list := c.strings(t, "cells", "globs")
	expr, line := c.decl.field("cells")
	if list != nil && len(list) == 0 {
		c.wrong(c.at(line, "cells"), "leave it out for every cell", "cells must name at least one cell, but is empty")
	}
	var globs []rules.Glob
	for _, s := range list {
		at := line
		if l := element(expr, s); l > 0 {
			at = l
		}
		g := rules.Glob{Pattern: s, Span: c.at(at, s)}
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
			c.wrong(g.Span, hint, "a glob must consist of A-Z a-z 0-9 . _ - and *, but has the character %q", []rune(s[bad:])[0])
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
		case strings.HasSuffix(name, ".*"):
			hint = fmt.Sprintf("write: %q", strings.TrimSuffix(name, ".*"))
		default:
			hint = diag.DidYouMean(name, patternNames())
		}
		c.problem(diag.PolicyRequest, at, hint, "a rule must be about a scope, an action or a request, but there is none called %q", name)
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
	for _, name := range c.strings(t, key, "names of requests") {
		at := line
		if l := element(expr, name); l > 0 {
			at = l
		}
		span := c.at(at, name)
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
	for k, f := on.Next(lua.LNil); k != lua.LNil; k, f = on.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			c.wrong(c.at(line, "on"), "", "a key of on must be the name of a request, but is %s", describe(k))
			continue
		}
		at := line
		if written != nil {
			if _, l := fieldOf(written, string(name)); l > 0 {
				at = l
			}
		}
		span := c.at(at, string(name))
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
			c.wrong(span, hint, "an entry of on must be a function, but %s is %s", string(name), describe(f))
		case fn.IsG:
			c.wrong(span, "", "an entry of on must be a function written in Lua, but %s is one of the library", string(name))
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
	in.eachKey(b, budgetKeys, "a budget")
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
		c.wrong(at, "M is 1048576 bytes", "%s must be a number of bytes, or one with the unit K, M, G or T like \"512M\"%s, but is %s", key, or, describe(v))
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

// never declares an assertion.
func (c *context) never(title string, t *lua.LTable) {
	n := &rules.Never{Title: title, Span: c.at(c.line, "never")}
	if err := policy.CheckReason(title); err != nil || title == "" {
		c.wrong(n.Span, "", "the title of a never must be a line of text, but is %q", title)
	}
	n.Cells = c.cells(t)
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		switch k {
		case lua.LString("cells"):
			continue
		case lua.LString("where"):
			c.where(n, v)
			continue
		}
		_, positional := k.(lua.LNumber)
		if !positional {
			_, line := c.decl.field(k.String())
			hint := diag.DidYouMean(k.String(), []string{"cells", "where"})
			if hint == "" {
				hint = "it takes cells, where, and the names of requests"
			}
			c.problem(diag.PolicyKey, c.at(line, k.String()), hint, "a key of never must be a known one, but is %s", describe(k))
			continue
		}
		name, ok := v.(lua.LString)
		if !ok {
			c.wrong(c.here(), "", "what must never be allowed must be the name of a request, but is %s", describe(v))
			continue
		}
		line := c.line
		if c.decl != nil {
			if l := element(c.decl.table, string(name)); l > 0 {
				line = l
			}
		}
		if p, ok := c.pattern(string(name), c.at(line, string(name))); ok {
			n.Patterns = append(n.Patterns, p)
		}
	}
	if len(n.Patterns) == 0 {
		c.wrong(n.Span, "write: never(\"title\", { \"network.route\" })", "a never must name at least one request, but names none")
	}
	c.d.nevers = append(c.d.nevers, n)
}

func (c *context) where(n *rules.Never, v lua.LValue) {
	_, line := c.decl.field("where")
	fn, ok := v.(*lua.LFunction)
	if !ok || fn.IsG {
		c.wrong(c.at(line, "where"), "", "where must be a function written in Lua, but is %s", describe(v))
		return
	}
	n.Where = symbolic.New(c.m, fn, symbolic.Options{Groups: c.d.groups, Where: true})
}
