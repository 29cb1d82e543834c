package command

import (
	"fmt"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/policy"
	"cellsh/repl/flags"
)

func logCommand() *Command {
	return &Command{
		Name: "log", Short: "the decisions that the kernel has kept", Without: []string{"policy"},
		Long: `Shows recent decisions with their reason and the line of the policy, the newest
last. The kernel keeps denials, grants, and what a policy in audit mode would
have denied, and only so many of them: lost ones are counted. The time is that
since the kernel's start.

  cellsh -k sim:cells.state log -n 5 --cell web-1`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var l logging
			l.most = 20
			fs.Number(&l.most, "n", "COUNT", "show at most COUNT, 0 for all")
			fs.Text(&l.cell, "cell", "NAME", "show those of the cell NAME, which may be gone")
			fs.Number(&l.after, "after", "NUMBER", "show those after this NUMBER")
			return l.run
		},
	}
}

type logging struct {
	most  uint64
	cell  string
	after uint64
}

func (l *logging) run(inv *Invocation) error {
	if len(inv.Args) > 0 {
		return usage("log takes no arguments, but %q is given; --cell NAME picks a cell", inv.Args[0])
	}
	h, err := inv.host()
	if err != nil {
		return err
	}
	events, lost, err := h.Tail(l.after).Next()
	if err != nil {
		return err
	}
	var list []*kernel.Event
	for i := range events {
		if l.cell == "" || events[i].Name == l.cell {
			list = append(list, &events[i])
		}
	}
	if n := uint64(len(list)); l.most > 0 && n > l.most {
		list = list[n-l.most:]
	}
	if inv.JSON {
		out := []host.DecisionEvent{}
		for _, e := range list {
			out = append(out, host.EventReport(e))
		}
		return inv.json(map[string]any{"lost": lost, "events": out})
	}
	if lost > 0 {
		inv.note("%s not kept any more", areMany(int(lost), "earlier decision"))
	}
	if len(list) == 0 {
		fmt.Fprintln(inv.Stdout, "no decisions are kept")
		return nil
	}
	for _, e := range list {
		fmt.Fprintln(inv.Stdout, eventText(e))
	}
	return nil
}

// eventText writes a recorded decision on two lines: what was asked by whom, and what the answer was.
func eventText(e *kernel.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d  +%s  cell %s, process %d, euid %d: %s: %s", e.Sequence, e.Time.Round(time.Millisecond), e.Name, e.PID, e.EUID, e.Request, e.Result)
	a := &e.Answer
	if e.Result == policy.Allow && e.Would.Result != policy.Pass {
		fmt.Fprintf(&b, ", would %s", e.Would.Result)
		a = &e.Would
	}
	if e.Probe {
		b.WriteString(" (a probe)")
	}
	b.WriteString("\n   ")
	if a.Reason != "" {
		b.WriteString(" " + a.Reason)
	}
	switch {
	case e.Fallback:
		b.WriteString(" [the fallback]")
	case a.Source.Policy != "":
		fmt.Fprintf(&b, " [policy %s, %s]", a.Source.Policy, a.Source.Span())
	}
	return b.String()
}
