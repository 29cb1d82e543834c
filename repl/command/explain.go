package command

import (
	"flag"
	"fmt"
	"strings"

	"cellsh/lua/engine"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/kauth"
)

func init() {
	register(&Command{
		Name: "explain", Args: "[--policy PATH...] CELL REQUEST [FIELD=VALUE...]", Short: "why a request is answered as it is",
		Long: `Says how a request of a cell is answered, by which policy and line, which tests were passed on the way, and the
nearest miss: the smallest change of one field that would turn the answer.

  cellsh explain --policy web.lua web-1 network.bind.privport port=81`,
		Flags: func(fs *flag.FlagSet, o *Options) {
			fs.BoolVar(&o.Full, "full", false, "show every miss, and policies that say nothing")
		},
		Work: runExplain,
	})
}

func runExplain(inv *Invocation) error {
	if len(inv.Args) < 2 {
		return usage("a cell and a request must be given")
	}
	q, err := engine.ParseWords(inv.Args)
	if err != nil {
		return err
	}
	p, err := inv.policies()
	if err != nil {
		return err
	}
	d, err := p.Decide(q)
	if err != nil {
		return err
	}
	e, err := p.Explain(q)
	if err != nil {
		return err
	}
	if inv.JSON {
		return inv.json(explainJSON(d, e))
	}
	fmt.Fprint(inv.Stdout, explainText(d, e, inv.Full))
	return nil
}

// verbs say what a result means for a request.
var verbs = map[policy.Result]string{policy.Allow: "allowed", policy.Grant: "granted", policy.Deny: "denied"}

func explainText(d *engine.Decision, e *analysis.Explanation, full bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "cell %s: %s is %s%s\n", e.Cell, e.Request, verbs[d.Result], because(d))
	if d.Result == policy.Allow && d.Implicit() {
		b.WriteString("  the kernel's other models still decide\n")
	}
	if d.Probe {
		b.WriteString("  it is a probe: a denial is no error, it only picks a behaviour\n")
	} else if d.Result == policy.Deny {
		if deny := e.Request.Info().DenyText; deny != "" {
			fmt.Fprintf(&b, "  the system call fails with: %s\n", deny)
		}
	}
	if d.Would.Result != policy.Pass {
		fmt.Fprintf(&b, "  policies in audit mode would have it %s%s\n", verbs[d.Would.Result], because(&engine.Decision{Decision: policy.Decision{Answer: d.Would}}))
	}
	for _, t := range e.Policies {
		if !full && t.Answer.Implicit() && len(t.Tests) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\npolicy %s%s: %s\n", t.Policy, map[bool]string{true: " (audit)"}[t.Audit], answerText(t.Answer))
		b.WriteString(testsText(t.Tests))
	}
	for i, m := range e.Misses {
		if i == 0 {
			b.WriteByte('\n')
		} else if !full {
			break
		}
		fmt.Fprintf(&b, "nearest miss: %s %s instead of %s: %s\n", m.Field, m.To, m.From, answerText(m.Decision.Answer))
	}
	return b.String()
}

// testsText lists tests; those of the same line that failed one after the other are counted.
func testsText(tests []analysis.TestTrace) string {
	var b strings.Builder
	const most = 12
	for i := 0; i < len(tests); i++ {
		t := tests[i]
		run := 1
		for i+run < len(tests) && tests[i+run].Span == t.Span && tests[i+run].Yes == t.Yes && tests[i+run].Test.Field == t.Test.Field {
			run++
		}
		if run > most {
			fmt.Fprintf(&b, "  %s  %s and %d more on this line: %s\n", t.Span, t.Test.String(), run-1, yesNo(t))
			i += run - 1
			continue
		}
		fmt.Fprintf(&b, "  %s  %s: %s\n", t.Span, t.Test.String(), yesNo(t))
	}
	return b.String()
}

func yesNo(t analysis.TestTrace) string {
	word := "no"
	if t.Yes {
		word = "yes"
	}
	if t.Test.Field.Info().Kind == kauth.KindGroups {
		return word + ", it has " + t.Value
	}
	return word + ", it is " + t.Value
}

// because is the reason and place of a decision.
func because(d *engine.Decision) string {
	s := ""
	if d.Reason != "" {
		s += fmt.Sprintf(": %s", d.Reason)
	} else if d.Note != "" {
		s += ": " + d.Note
	}
	if d.Source.Policy != "" {
		s += fmt.Sprintf("\n  %s, policy %s", d.Source.Span(), d.Source.Policy)
	}
	return s
}

func answerText(a policy.Answer) string {
	if a.Result == policy.Pass {
		return "no answer: a field is missing"
	}
	s := a.Result.String()
	if a.Reason != "" {
		s += fmt.Sprintf(" %q", a.Reason)
	}
	if a.Implicit() {
		return s + ", because it does not object"
	}
	return fmt.Sprintf("%s (%s)", s, a.Source.Span())
}

func explainJSON(d *engine.Decision, e *analysis.Explanation) any {
	type testJSON struct {
		Test   string `json:"test"`
		Value  string `json:"value"`
		Yes    bool   `json:"yes"`
		File   string `json:"file"`
		Line   int    `json:"line"`
		Column int    `json:"column,omitempty"`
	}
	type policyJSON struct {
		Policy string     `json:"policy"`
		Audit  bool       `json:"audit,omitempty"`
		Result string     `json:"result"`
		Reason string     `json:"reason"`
		File   string     `json:"file,omitempty"`
		Line   int        `json:"line,omitempty"`
		Tests  []testJSON `json:"tests"`
	}
	type missJSON struct {
		Field  string `json:"field"`
		From   string `json:"from"`
		To     string `json:"to"`
		Result string `json:"result"`
		Reason string `json:"reason"`
	}
	out := struct {
		Cell    string `json:"cell"`
		Request string `json:"request"`
		answerJSON
		Policies []policyJSON `json:"policies"`
		Misses   []missJSON   `json:"misses"`
	}{Cell: e.Cell, Request: e.Request.String(), answerJSON: decisionJSON(d), Policies: []policyJSON{}, Misses: []missJSON{}}
	for _, t := range e.Policies {
		j := policyJSON{t.Policy, t.Audit, t.Answer.Result.String(), t.Answer.Reason, t.Answer.Source.File, t.Answer.Source.Line, []testJSON{}}
		for _, x := range t.Tests {
			j.Tests = append(j.Tests, testJSON{x.Test.String(), x.Value, x.Yes, x.File, x.Line, x.Column})
		}
		out.Policies = append(out.Policies, j)
	}
	for _, m := range e.Misses {
		out.Misses = append(out.Misses, missJSON{m.Field.String(), m.From, m.To, m.Decision.Result.String(), m.Decision.Reason})
	}
	return out
}
