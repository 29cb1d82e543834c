package command

import (
	"fmt"
	"math/big"
	"strings"

	"cellsh/kernel/disk"
	"cellsh/lua/learn"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/study"
	"cellsh/repl/human"
	"cellsh/repl/show"
)

// WriteFiles writes changes of files that were worked out, all of them or none. The error is a diag.List: a file must be what it was
// before, and have one name.
func WriteFiles(files []learn.File) error {
	var texts []disk.Text
	for _, f := range files {
		texts = append(texts, disk.Text{Path: f.Name, From: []byte(f.Before), To: []byte(f.After)})
	}
	var problems diag.List
	for _, wrong := range disk.RewriteAll(texts) {
		problems = append(problems, written(wrong.Path, wrong.Err)...)
	}
	return problems.Err()
}

// mostAsked is how many of those who asked for a change are told one by one; JSON has all.
const mostAsked = 12

// LessonText is what was learned, as the command learn and whoever else asks for it tell it, with the denials that no rule could lift.
// Grant is what one has to do so that rules grant what the kernel's other models refuse.
func LessonText(l *learn.Lesson, others []*learn.Left, grant string) string {
	var b strings.Builder
	for _, r := range l.Rules {
		b.WriteString(wrap(0, fmt.Sprintf("policy %s, %s: %s", r.Policy, r.File, r.Shape)))
		b.WriteString(wrap(2, "lifts "+answerText(r.Denial)+", asked for by"))
		for _, a := range r.Asked[:min(len(r.Asked), mostAsked)] {
			b.WriteString(wrap(4, askedText(a)))
		}
		if n := len(r.Asked) - mostAsked; n > 0 {
			fmt.Fprintf(&b, "    and %d more\n", n)
		}
		b.WriteString("  " + r.Text + "\n")
		b.WriteString(ruleCount(r))
		if t := r.Tighter; t != nil {
			b.WriteString(wrap(2, fmt.Sprintf("tighter, if more is known: with %s=%s, say, %s of %s requests", t.Field, study.QuoteWord(t.Value), countText(t.Count), countText(t.Of))))
		}
	}
	for _, f := range l.Files {
		b.WriteString(show.Difference(f.Name, f.Before, f.After))
	}
	if len(l.Rules) > 0 {
		b.WriteString(DiffText(l.Difference, l.Policies))
		b.WriteString(wrap(0, "proved with the functions themselves: "+human.Plural(l.Proved, "request")))
	}
	for _, a := range l.Allowed {
		text := askedText(a) + ": not denied any more"
		if told := l.Told.String(a.Request); told != "" {
			text += ", where it is so as it is told: " + told
		}
		b.WriteString(wrap(0, text))
	}
	for _, x := range l.Refused {
		how := grant
		if x.Before {
			how = "write it by hand"
		}
		b.WriteString(wrap(0, fmt.Sprintf("%s: the kernel's other models decide then: %s; only a grant gives it: %s", askedText(x.Asked), x.Outcome, how)))
	}
	for _, u := range l.Left {
		b.WriteString(wrap(0, "no change for "+askedText(u.Asked)+": "+u.Why))
		if u.ByHand != "" {
			b.WriteString("  by hand: " + u.ByHand + "\n")
		}
	}
	for _, x := range others {
		b.WriteString(leftText(x))
	}
	if b.Len() == 0 {
		return "nothing was denied\n"
	}
	return b.String()
}

// askedText is who asked for what, and how often.
func askedText(a *learn.Asked) string {
	text := fmt.Sprintf("cell %s, euid %d: %s", a.Cell, a.EUID, a.Request)
	if a.Audit {
		text += ", in audit mode"
	}
	return text + ", " + timesText(a.Count)
}

func timesText(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func leftText(x *learn.Left) string {
	var names []string
	for _, id := range x.Requests {
		names = append(names, id.String())
	}
	if len(names) == 0 {
		names = []string{"a request without a name"}
	}
	cell := "cell " + x.Cell
	if x.Cell == "" {
		cell = "a cell that is gone"
	}
	text := wrap(0, fmt.Sprintf("no change for %s, euid %d: %s, %s: %s", cell, x.EUID, strings.Join(names, " or "), timesText(x.Count), x.Why))
	if x.Help != "" {
		text += wrap(2, x.Help)
	}
	return text
}

// ruleCount says what a rule lets through.
func ruleCount(r *learn.Rule) string {
	head := "the policy no longer denies "
	if r.Count == nil {
		head += "more requests than can be counted"
	} else if head += countText(r.Count) + " request"; r.Count.Cmp(big.NewInt(1)) != 0 {
		head += "s"
	}
	if by := r.By.Fields(); len(by) > 0 {
		var names []string
		for _, f := range by {
			if f != kauth.FieldGroups {
				names = append(names, f.String())
			}
		}
		if len(names) > 0 {
			head += ", told apart by " + strings.Join(names, ", ")
		}
	}
	if len(r.Where) > 0 && r.Where[0] != "any request" {
		head += ": where " + strings.Join(r.Where, "; or where ")
	}
	return wrap(2, head)
}

// countText is a number with its thousands set apart, or of one that nobody can read how large it is.
func countText(n *big.Int) string {
	digits := n.String()
	if len(digits) > 15 {
		return fmt.Sprintf("over 10^%d", len(digits)-1)
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
