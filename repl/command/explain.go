package command

import (
	"fmt"
	"strconv"
	"strings"

	"cellsh/kernel/host"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/study"
	"cellsh/repl/flags"
)

func explainCommand() *Command {
	return &Command{
		Name: "explain", Args: "[--policy PATH...] CELL REQUEST [FIELD=VALUE...]", Short: "why a request is answered as it is",
		Long: `Says how a request of a cell is answered, by which policy and line, which tests
were passed on the way, and the nearest miss: the smallest change of one field
that would turn the answer. Fields are named as policies name them, port and
target.pid, and values are those that policies compare with, true or "kill".

Where the kernel asks no program for the cell, because it has no evaluation
model or the cell no program, first comes what the kernel does: by the cell's
profile, if that is known, and its own models. The policies then say what they
would have of it. A cell that does not exist is told as that; policies answer
all the same for one of that name. Where the policies are asked and do not deny
it, what the kernel's other models make of it is told too, and if they refuse it
that comes first.

  cellsh explain --policy web.lua web-1 network.bind.privport port=81

With --by FILE:LINE, as log tells it, the decision is one that was made there:
the kernel keeps less than policies ask about, and what is not given is then as
in an example that this line decides. With --source the lines around the one
that decides are shown.

  cellsh explain --policy web.lua --source web-1 network.bind.privport port=81`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var o explaining
			fs.Switch(&o.full, "full", "show every miss, and policies that say nothing")
			fs.Switch(&o.source, "source", "show the lines of the policy around the one that decides")
			fs.Func("by", "FILE:LINE", "take an example that the LINE of FILE decides for what is not given", o.place)
			return o.run
		},
	}
}

// explaining is the flags of explain.
type explaining struct {
	full, source bool
	// by is the place that decides, nil for none.
	by *diag.Span
}

// place takes the place of --by.
func (o *explaining) place(text string) string {
	i := strings.LastIndexByte(text, ':')
	line, err := strconv.Atoi(text[i+1:])
	if i < 1 || err != nil || line < 1 {
		return flags.Must("be FILE:LINE", text)
	}
	o.by = &diag.Span{File: text[:i], Line: line}
	return ""
}

func (o *explaining) run(inv *Invocation) error {
	switch {
	case len(inv.Args) < 2:
		return usage("a cell and a request must be given")
	case o.source && inv.JSON:
		return usage("--source and --json can't be given together: a report has the place, and no text")
	}
	q, err := study.ParseWords(inv.Args)
	if err != nil {
		return err
	}
	p, err := inv.policies()
	if err != nil {
		return err
	}
	t, err := inv.open()
	if err != nil {
		return err
	}
	if at := o.by; at != nil {
		taken, err := p.DecidedAt(q, at.File, at.Line)
		if err != nil {
			return err
		}
		if len(taken) > 0 {
			inv.note("as in an example, because it is not given: %s", ids(taken))
		}
	}
	e, err := t.Host.Explain(q, p, inv.supposed())
	if err != nil {
		if out, is := unasked(t.Host, q, p, inv.supposed(), err); is && !inv.JSON {
			fmt.Fprint(inv.Stdout, out)
			return nil
		}
		return missingHint(err)
	}
	if err := inv.missing(e.Standing, "this is what one of that name would get"); err != nil {
		return err
	}
	if inv.JSON {
		return inv.json(e.Report())
	}
	fmt.Fprint(inv.Stdout, explainedText(e, o.full))
	if o.source {
		fmt.Fprint(inv.Stdout, linesText(e, p))
	}
	return nil
}

// around is how many lines are shown before the line that decides, and behind it.
const around = 3

// linesText is the lines around those that decide, or would without audit mode, with carets; "" where no policy has decided.
func linesText(e *host.Explained, p *study.Policies) string {
	var b strings.Builder
	for _, a := range []policy.Answer{e.Decision.Answer, e.Decision.Would} {
		if a.Source.Policy == "" {
			continue
		}
		at := a.Source.Span()
		for _, g := range p.PolicyGraphs(e.Cell, e.Request) {
			for _, leaf := range g.Graph.Leaves {
				if leaf.Source == a.Source && leaf.Result == a.Result && leaf.Reason == a.Reason {
					at.Column = leaf.Column
				}
			}
		}
		fmt.Fprintf(&b, "\n%s\n", a.Source.Span())
		for line := max(at.Line-around, 1); line <= at.Line+around; line++ {
			here := diag.Span{File: at.File, Line: line}
			text := p.SourceLine(here)
			switch {
			case line == at.Line:
				diag.Excerpt(&b, at, text)
			case text != "":
				diag.Excerpt(&b, here, text)
			case p.SourceLine(diag.Span{File: at.File, Line: line + 1}) != "" || line < at.Line:
				fmt.Fprintf(&b, "%5d |\n", line)
			}
		}
	}
	return b.String()
}

// unasked is what becomes of a request where the policies are not asked, so that it does not matter that a field is missing which only
// they ask about; false if the error says something else.
func unasked(h *host.Host, q *policy.Question, p *study.Policies, supposed bool, err error) (string, bool) {
	f, missing := analysis.Missing(err)
	if !missing {
		return "", false
	}
	s, err := h.StandingOf(q.Cell, p, supposed)
	if err != nil || s.Asked() == analysis.ByPolicies {
		return "", false
	}
	cases, err := p.Becomes(q, s.Answerer)
	if err != nil {
		return "", false
	}
	return casesText(0, fmt.Sprintf("cell %s: %s", q.Cell, q.ID), cases) + wrap(2, s.Who()) +
		wrap(2, fmt.Sprintf("what the policies would have of it depends on %s: give %s=VALUE", f, f)), true
}

// missingHint says of a field that is missing how it is given.
func missingHint(err error) error {
	f, ok := analysis.Missing(err)
	if !ok {
		return err
	}
	return diag.List{{Code: diag.Failed, Message: err.Error(), Hint: fmt.Sprintf("give %s=VALUE: %s", f, f.Info().Doc)}}
}

// verbs say what a result means for a request.
var verbs = map[policy.Result]string{policy.Allow: "allowed", policy.Grant: "granted", policy.Deny: "denied"}

// explainedText is what the kernel answers, and then what the policies say, and why.
func explainedText(e *host.Explained, full bool) string {
	d := e.Decision
	if s := e.Standing; s.Asked() == analysis.ByPolicies && s.Behind == 0 && !e.Refused() {
		return explainText(e.Explanation, e.Becomes, full)
	}
	return fateText(e) + wrap(2, e.Standing.Who()) +
		wrap(2, fmt.Sprintf("the policies would have it %s%s", verbs[d.Result], because(d.Answer))) + place(d.Answer) + noteText(d) + tracesText(e.Explanation, full)
}

// fateText is what becomes of the request by the kernel's other models.
func fateText(e *host.Explained) string {
	head := fmt.Sprintf("cell %s: %s", e.Cell, e.Request)
	if e.Standing.Behind != 0 && e.Becomes == nil {
		return wrap(0, head+" is answered by other policies than those that were loaded last")
	}
	return casesText(0, head, e.Becomes)
}

// casesText says behind the head, which has that much before it, what becomes of a request.
func casesText(indent int, head string, cases []analysis.Case) string {
	if len(cases) == 1 {
		return wrap(indent, head+": "+outcomes(&cases[0]))
	}
	text := wrap(indent, head)
	for i := range cases {
		text += wrap(indent+2, cases[i].Where+": "+outcomes(&cases[i]))
	}
	return text
}

func noteText(d *study.Decision) string {
	if d.Note == "" {
		return ""
	}
	return wrap(2, d.Note)
}

// explainText is what the policies answer, and why, where they are asked, and what becomes of the request then, if that is known.
func explainText(e *study.Explanation, becomes []analysis.Case, full bool) string {
	d := e.Decision
	var b strings.Builder
	b.WriteString(wrap(0, fmt.Sprintf("cell %s: %s is %s%s", e.Cell, e.Request, verbs[d.Result], because(d.Answer))) + place(d.Answer) + noteText(d))
	switch {
	case d.Probe:
		b.WriteString("  it is a probe: a denial is no error, it only picks a behaviour\n")
	case d.Result == policy.Deny && e.Request.Info().DenyText != "":
		b.WriteString(wrap(2, "the system call fails with: "+e.Request.Info().DenyText))
	}
	switch {
	case len(becomes) > 0:
		b.WriteString(casesText(2, "with the kernel's other models", becomes))
	case d.Result == policy.Allow:
		b.WriteString("  the kernel's other models still decide\n")
	}
	return b.String() + tracesText(e, full)
}

// tracesText is what leads to what the policies say.
func tracesText(e *study.Explanation, full bool) string {
	d := e.Decision
	var b strings.Builder
	if w := d.Would; w.Result != policy.Pass {
		b.WriteString(wrap(2, fmt.Sprintf("policies in audit mode would have it %s%s", verbs[w.Result], because(w))) + place(w))
	}
	if d.Record {
		b.WriteString("  a policy wants it to be recorded\n")
	}
	for _, t := range e.Policies {
		if !full && t.Answer.Implicit() && len(t.Tests) == 0 {
			continue
		}
		audit := ""
		if t.Audit {
			audit = " (audit)"
		}
		b.WriteString("\n" + wrap(0, fmt.Sprintf("policy %s%s: %s", t.Policy, audit, answerText(t.Answer))) + testsText(t.Tests))
	}
	for i, m := range e.Misses {
		if i == 0 {
			b.WriteByte('\n')
		} else if !full {
			break
		}
		b.WriteString(wrap(0, fmt.Sprintf("nearest miss: %s %s instead of %s: %s", m.Field, m.To, m.From, answerText(m.Decision.Answer))))
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
			b.WriteString(wrap(2, fmt.Sprintf("%s  %s and %d more on this line: %s", t.Span, t.Test.String(), run-1, yesNo(t))))
			i += run - 1
			continue
		}
		b.WriteString(wrap(2, fmt.Sprintf("%s  %s: %s", t.Span, t.Test.String(), yesNo(t))))
	}
	return b.String()
}

func yesNo(t analysis.TestTrace) string {
	word := "no"
	if t.Yes {
		word = "yes"
	}
	switch t.Test.Kind {
	case policy.Member:
		return word + ", egid and groups are " + t.Value
	case policy.Compare:
		return word + ", they are " + t.Value
	case policy.Has:
		return word + ", they are " + t.Value
	}
	return word + ", it is " + t.Value
}

// because is the reason of an answer.
func because(a policy.Answer) string {
	if a.Reason == "" {
		return ""
	}
	return ": " + a.Reason
}

// place is where an answer comes from, "" for nowhere.
func place(a policy.Answer) string {
	if a.Source.Policy == "" {
		return ""
	}
	return fmt.Sprintf("  %s, policy %s\n", a.Source.Span(), a.Source.Policy)
}
