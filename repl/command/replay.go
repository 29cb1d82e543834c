package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"cellsh/kernel/disk"
	"cellsh/kernel/host"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/study"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func replayCommand() *Command {
	return &Command{
		Name: "replay", Args: "LOG...", Short: "which recorded decisions policies would change",
		Long: `Reads decisions that log has written as JSON, with --json or with --to FILE, and
says which of them would have another result under the policies of --policy, or
under those that are loaded; where an audit runs, as they come again after it. -
is standard input.

  cellsh replay cells.log --policy web.lua

What is alike is told once, with its number. A decision keeps what the kernel
has recorded of it: the cell, the effective user id and the request, and not the
port, say. Where the result depends on what is not there, or the line lacks it,
it is undecided: it is never guessed. Where no policy names the cell the
fallback answers, if the profile of the cell is known to be low. Denials by
secmodel_cell itself are counted: no policy changes them.

A line that can't be read is an error; all are told, and nothing else is.

The exit code is 0, also if there are changes, unless --exit-code is given: then
it is 5 where there are. Where all is as it was, or undecided, it is 0.

  cellsh replay cells.log --policy web.lua --exit-code`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var r replaying
			fs.Switch(&r.exit, "exit-code", "exit with 5 if there are changes")
			return r.run
		},
	}
}

// replaying is the flags of replay.
type replaying struct{ exit bool }

func (r *replaying) run(inv *Invocation) error {
	if len(inv.Args) == 0 {
		return usage("a file must be given")
	}
	t, err := inv.open()
	if err != nil {
		return err
	}
	p, err := inv.compared()
	if err != nil {
		return err
	}
	from, err := inv.reread(inv.Args)
	if err != nil {
		return err
	}
	out, err := t.Host.Replay(from, p)
	if err != nil {
		return err
	}
	if inv.JSON {
		err = inv.json(out.Report(from))
	} else {
		if from.Lost > 0 {
			inv.note("the record says that %s missing", human.AreMany(int(from.Lost), "decision"))
		}
		if from.Gaps {
			inv.note("the record says that decisions are missing, and not how many")
		}
		_, err = fmt.Fprint(inv.Stdout, replayText(out))
	}
	if err == nil && r.exit && len(out.Flips) > 0 {
		return quiet{Changed}
	}
	return err
}

// compared are the policies of --policy, or those that are loaded, whatever is audited just now.
func (inv *Invocation) compared() (*study.Policies, error) {
	p, err := inv.policies()
	if err != nil || inv.supposed() {
		return p, err
	}
	audit, err := inv.target.Host.Audit()
	if err != nil || audit == nil {
		return p, err
	}
	inv.note("%s audited: this is how it is after that", areAudited(audit.Cells))
	return inv.target.Host.Enforced()
}

// reread reads decisions that were recorded in files, - for standard input. The error has all lines that are damaged.
func (inv *Invocation) reread(files []string) (*host.Reread, error) {
	all := &host.Reread{Nobody: map[int]bool{}}
	var problems diag.List
	for _, name := range files {
		one, err := inv.rereadFile(name)
		if err != nil {
			problems = append(problems, diag.Diagnostic{Span: diag.Span{File: name}, Code: diag.FileRead, Message: fmt.Sprintf("a log must be readable, but is not: %s", disk.Cause(err))})
			continue
		}
		problems = append(problems, diag.Of(one.Err())...)
		for i := range one.Nobody {
			all.Nobody[len(all.List)+i] = true
		}
		all.List = append(all.List, one.List...)
		all.Lost, all.Gaps = all.Lost+one.Lost, all.Gaps || one.Gaps
	}
	return all, problems.Err()
}

func (inv *Invocation) rereadFile(name string) (*host.Reread, error) {
	if name == "-" {
		return host.ReadRecorded(name, inv.Stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, errors.New("it is a folder")
	}
	return host.ReadRecorded(name, io.Reader(f))
}

func replayText(r *host.Replayed) string {
	var b strings.Builder
	for i := range r.Flips {
		b.WriteString(replayedText(&r.Flips[i]))
	}
	for i := range r.Undecided {
		b.WriteString(replayedText(&r.Undecided[i]))
	}
	flipped, open := r.Flipped(), 0
	for i := range r.Undecided {
		open += r.Undecided[i].Count
	}
	parts := []string{human.Plural(r.Decisions, "decision"), fmt.Sprintf("%d the same", r.Same), fmt.Sprintf("%d changed", flipped), fmt.Sprintf("%d undecided", open)}
	if r.Profile > 0 {
		parts = append(parts, fmt.Sprintf("and %s by secmodel_cell itself, which policies don't change", human.Plural(r.Profile, "denial")))
	}
	b.WriteString(wrap(0, strings.Join(parts, ", ")))
	return b.String()
}

func replayedText(x *host.Replay) string {
	cell := "cell " + x.Cell
	if x.Cell == "" {
		cell = "a cell"
	}
	var who []string
	for _, id := range x.EUIDs {
		who = append(who, fmt.Sprint(id))
	}
	by := "somebody"
	if len(who) > 0 {
		by = "euid " + human.Listed(who)
	}
	var now []string
	for i := range x.Now {
		if t := replayedDecision(&x.Now[i], x.ByFallback); !slices.Contains(now, t) {
			now = append(now, t)
		}
	}
	s := wrap(0, fmt.Sprintf("%s: %s, %s: %s", human.Plural(x.Count, "time"), cell, by, x.Request))
	s += wrap(2, "was "+replayedDecision(&x.Was, x.Fallback))
	if len(now) > 0 {
		s += wrap(2, "now "+strings.Join(now, ", or "))
	}
	if x.Why != "" {
		s += wrap(2, "undecided: "+x.Why)
	}
	return s
}

func replayedDecision(d *policy.Decision, fallback bool) string {
	if fallback {
		return d.Result.String() + " by the fallback"
	}
	return decisionText(d)
}
