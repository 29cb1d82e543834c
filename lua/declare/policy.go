package declare

import (
	"fmt"
	"strings"

	"cellsh/lua/value"
	"cellsh/lua/written"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

var policyKeys = []string{"cells", "default", "deny", "allow", "grant", "on", "budget", "mode"}

// policy declares a policy. What is wrong with one key does not keep the others from being looked at.
func (c *context) policy(t *value.Table) {
	if c.tooMany(len(c.d.policies), "policies") || c.TooLong(t, c.Whole, "a policy") {
		return
	}
	p := &rules.Policy{Name: c.Name, Span: c.Title, File: c.d.running, Default: rules.Default{Result: policy.Allow}}
	if err := policy.CheckName(c.Name); err != "" {
		c.Wrong(p.Span, "", "the name of a policy %s", err)
	}
	c.EachKey(t, policyKeys, "a policy", "write: deny = { \"network\" }")
	c.Unset(c.Written, t)
	p.Cells = c.cells(t)
	for _, r := range []policy.Result{policy.Deny, policy.Allow, policy.Grant} {
		c.static(p, t, r)
	}
	c.on(p, t)
	c.defaultResult(p, t)
	c.mode(p, t)
	c.budget(p, t)
	c.d.policies = append(c.d.policies, p)
}

// tooMany reports that a load has as many declarations as it can have.
func (c *context) tooMany(have int, what string) bool {
	if have < maxDeclarations {
		return false
	}
	c.Problem(diag.PolicyLimit, c.Whole, "tables and functions can say the same with fewer", "a load must have at most %d %s, but has more", maxDeclarations, what)
	return true
}

// addEntry adds an entry unless there is one of that name.
func (c *context) addEntry(p *rules.Policy, e rules.Entry) {
	for _, old := range p.Entries {
		if old.Pattern == e.Pattern {
			c.d.Report(diag.Diagnostic{Span: e.Span, Code: diag.PolicyDuplicate,
				Message: fmt.Sprintf("a policy must have one entry for a name, but has two for %s", e.Pattern),
				Hint:    "an entry of a more specific name, or a function, can decide between cases",
				Related: []diag.Related{{Span: old.Span, Message: "the first is here"}}})
			return
		}
	}
	p.Entries = append(p.Entries, e)
}

// static reads a list of names with a fixed result.
func (c *context) static(p *rules.Policy, t *value.Table, r policy.Result) {
	for _, name := range c.Strings(t, r.String(), "names of requests") {
		if pattern, ok := c.pattern(name.Text, name.At); ok {
			c.addEntry(p, rules.Entry{Pattern: pattern, Span: name.At, Result: r})
		}
	}
}

// on reads the decision functions.
func (c *context) on(p *rules.Policy, t *value.Table) {
	v := t.Field("on")
	if v == (value.Nil{}) {
		return
	}
	at := c.Key("on")
	on, ok := v.(*value.Table)
	if !ok {
		c.Wrong(at, "write: on = { [\"network.bind\"] = function(r) ... end }", "on must be a table of functions, but is %s", written.Describe(v))
		return
	}
	c.Plain(on, at, "on")
	if c.TooLong(on, at, "on") {
		return
	}
	in := c.Below("on")
	in.Unset(in.Written, on)
	for k, f := range on.Pairs {
		span := in.Written.Key(k, at)
		name, ok := k.(value.String)
		if !ok {
			c.Wrong(span, "write: [\"network.bind\"] = function(r) ... end", "a key of on must be the name of a request, but is %s", written.Describe(k))
			continue
		}
		pattern, known := c.pattern(string(name), span)
		_, library := f.(*value.Builtin)
		switch {
		case f.Type() != value.FunctionType:
			hint := ""
			if s, isString := f.(value.String); isString {
				if r, isResult := policy.ParseResult(string(s)); isResult {
					hint = fmt.Sprintf("write: %s = { %q }", r, string(name))
				}
			}
			c.Wrong(span, hint, "an entry of on must be a function, but %s is %s", diag.Short(string(name)), written.Describe(f))
		case library:
			c.Wrong(span, "", "an entry of on must be a function written in Lua, but %s is one of the library", diag.Short(string(name)))
		case known:
			if fn := c.d.functions(f, false); fn != nil {
				c.addEntry(p, rules.Entry{Pattern: pattern, Span: span, Function: fn})
			} else {
				c.Wrong(span, "", "an entry of on must be a function written in Lua, but %s is one whose source is not known", diag.Short(string(name)))
			}
		}
	}
}

func (c *context) defaultResult(p *rules.Policy, t *value.Table) {
	v := t.Field("default")
	if v == (value.Nil{}) {
		return
	}
	span := c.Key("default")
	s, _ := v.(value.String)
	if r, ok := policy.ParseResult(string(s)); ok {
		p.Default = rules.Default{Result: r, Span: span}
		return
	}
	c.Wrong(span, diag.DidYouMean(string(s), []string{"allow", "deny", "grant"}), "default must be allow, deny or grant, but is %s", written.Describe(v))
}

func (c *context) mode(p *rules.Policy, t *value.Table) {
	switch v := t.Field("mode"); v {
	case value.Nil{}, value.String("enforce"):
	case value.String("audit"):
		p.Audit = true
	default:
		s, _ := v.(value.String)
		c.Wrong(c.Key("mode"), diag.DidYouMean(string(s), []string{"enforce", "audit"}), "mode must be \"enforce\" or \"audit\", but is %s", written.Describe(v))
	}
}

// pattern resolves the name of a scope, action or request. It reports what is wrong with it.
func (c *context) pattern(name string, at diag.Span) (kauth.Pattern, bool) {
	p, ok := kauth.FindPattern(name)
	if !ok {
		scope, _, _ := strings.Cut(name, ".")
		hint := ""
		switch why := kauth.Outside(scope); {
		case why != "":
			c.Problem(diag.PolicyScope, at, "the scopes are process, system, network, machdep and device", "a rule can't be about the scope %s: %s", scope, why)
			return p, false
		case name == "*":
			hint = "for every request write: default = deny"
		default:
			hint = policy.PatternHint(name)
		}
		c.Problem(diag.PolicyRequest, at, hint, "a rule must be about a scope, an action or a request, but there is none called %s", written.Describe(value.String(name)))
		return p, false
	}
	lo, hi := p.Range()
	raised, spin := 0, []string(nil)
	for id := lo; id < hi; id++ {
		switch f := c.d.vocabulary.Flags(id); {
		case f.Has(kauth.Spin):
			spin = append(spin, id.String())
		case !f.Has(kauth.NeverRaised):
			raised++
		}
	}
	switch {
	case len(spin) > 0 && raised == 0:
		c.Problem(diag.PolicySpin, at, "", "a rule can't be about %s: the kernel asks it while it holds a spin lock, where it can't find out which cell is asking", name)
		return p, false
	case raised == 0:
		c.Note(diag.Warning, diag.PolicyNever, at, "the rule has no effect; leave it out", "a rule must be about something that the kernel asks, but it never asks %s", name)
	case len(spin) > 0 && p.Level() >= kauth.LevelAction && !c.d.skipping[p]:
		// A whole scope is all of it that policies are asked, and says nothing about a single request.
		c.d.skipping[p] = true
		c.Note(diag.Note, diag.PolicySpin, at, "", "%s skips %s, which the kernel asks while it holds a spin lock", name, strings.Join(spin, " and "))
	}
	return p, true
}
