package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/disk"
	"cellsh/kernel/host"
	"cellsh/lua/learn"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/policy/study"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func learnCommand() *Command {
	return &Command{
		Name: "learn", Args: "[--policy PATH...] [--into FILE...] [FIELD=VALUE...]", Short: "the smallest change of policies that allows what was denied",
		Long: `Takes the denials that the kernel has kept, or with --from those of a file that
log --to or log --json has written, and finds for each the smallest change of
the policies that allows it: the one that lets through the fewest requests,
counted exactly, and then the one that changes the fewest lines. What policies
in audit mode would have denied counts too. The policies are those that are
loaded, or those of --policy; where an audit runs, as they come again after it.

  cellsh -k sim:cells.state learn --cell 'web-*' --since 1h
  cellsh learn --policy web.lua --from denials.log port=81

A denial by a policy is lifted in that policy, at the rule that made it: deny
wins, so that no other policy could. If another policy denies the same, that is
lifted too. A denial by the profile of a cell, by the fallback or by a budget is
told, with what helps instead. What a never() forbids is not lifted.

The kernel keeps the cell, the request and the effective user; a change is for
these and for all values of the other fields that were denied so. Who knows more
says it: FIELD=VALUE, or FIELD=VALUE,VALUE. Numbers can be ranges, 8000-8099,
addresses prefixes, strings can have a *, and groups=NAME is a group. It is said
what would be tighter. --any euid makes changes for all users, and --any cell
for all cells of the policy.

Rules allow: what needs root still does. Where the kernel's other models refuse
a request although no policy denies it, that is said; with --grant the rule
grants it.

It shows what asked for each change, the change of the source, and exactly which
decisions become others. With --into the change is written into these files,
after a yes or with --yes; only if it is for no other files. Before, the result
has been read again, what was asked for has been put through the functions
themselves, and nothing but denials has changed. Nothing is loaded.

The exit code is 1 if something that was denied would be so still, also where
the kernel's other models refuse it.

  cellsh learn --policy web.lua --from denials.log --into web.lua --yes`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			l := &learning{}
			var check host.Filter
			for _, k := range host.FilterKeys() {
				name := map[string]string{"cell": "cell", "request": "request", "since": "since", "policy": "denied-by"}[k.Name]
				if name == "" {
					continue
				}
				fs.Each(name, k.Value, "learn from "+k.Doc, func(value string) string {
					l.wanted = append(l.wanted, [2]string{k.Name, value})
					var wrong *policy.KeyError
					if errors.As(check.Add(k.Name, value, time.Time{}), &wrong) {
						return strings.TrimSuffix(wrong.Text+"; "+wrong.Hint, "; ")
					}
					return ""
				})
			}
			fs.Text(&l.from, "from", "FILE", "take the decisions of FILE, which log has written, or - for standard input")
			fs.List(&l.into, "into", "FILE", "write the change into FILE, which has the policy; repeats")
			fs.Each("any", "WHAT", "let changes be for any euid, or for any cell of the policy; repeats", func(value string) string {
				switch value {
				case "euid":
					l.anyUser = true
				case "cell":
					l.anyCell = true
				default:
					return flags.Must("be euid or cell", value)
				}
				return ""
			})
			fs.Switch(&l.grant, "grant", "grant what the kernel's other models would refuse")
			fs.Switch(&l.yes, "yes", "write without asking")
			return l.run
		},
	}
}

// learning is the flags of learn.
type learning struct {
	wanted                       [][2]string
	from                         string
	into                         []string
	anyUser, anyCell, grant, yes bool
}

func (l *learning) run(inv *Invocation) error {
	switch {
	case l.yes && len(l.into) == 0:
		return usage("--yes goes with --into")
	case len(l.into) > 0 && inv.ReadOnly:
		return kernel.RefuseReadOnly("learn --into " + l.into[0])
	}
	t, err := inv.open()
	if err != nil {
		return err
	}
	var told learn.Told
	var errs policy.Errors
	for _, word := range inv.Args {
		errs.Add(told.Tell(word, t.Groups))
	}
	if err := errs.Err(); err != nil {
		return err
	}
	list, err := l.recorded(inv, t)
	if err != nil {
		return err
	}
	p, err := inv.compared()
	if err != nil {
		return err
	}
	if err := l.intended(p); err != nil {
		return err
	}
	o, err := learn.On(t.Host, t.Reader, inv.supposed())
	if err != nil {
		return err
	}
	o.Told, o.AnyCell, o.AnyUser, o.Grant = told, l.anyCell, l.anyUser, l.grant
	asked, others := learn.Fold(list)
	lesson, err := learn.Learn(p, asked, o)
	inv.lap("learn")
	if err != nil {
		return err
	}
	if !inv.JSON {
		fmt.Fprint(inv.Stdout, LessonText(lesson, others, "--grant"))
		if len(l.into) == 0 && len(lesson.Files) > 0 {
			fmt.Fprint(inv.Stdout, wrap(0, "nothing was written: that takes "+intoText(lesson)))
		}
	}
	wrote, err := l.write(inv, lesson)
	if inv.JSON && err == nil {
		report := lesson.Report(others)
		report.Written = wrote
		err = inv.json(report)
	}
	if err == nil && !lesson.OK(others) {
		err = quiet{Failed}
	}
	return err
}

// recorded are the decisions to learn from.
func (l *learning) recorded(inv *Invocation, t *Target) ([]host.Recorded, error) {
	var f host.Filter
	for _, w := range l.wanted {
		if err := f.Add(w[0], w[1], inv.Now()); err != nil {
			return nil, err
		}
	}
	var list []host.Recorded
	if l.from != "" {
		r, err := l.reread(inv)
		if err != nil {
			return nil, err
		}
		inv.damaged(r)
		if list = r.List; len(list) == 0 && len(r.Damaged) > 0 {
			// That nothing was denied can't be told from another file.
			return nil, diag.List{{Span: diag.Span{File: r.Damaged[0].Span.File}, Code: diag.FileRead, Message: "a file of decisions must have one that can be read, but has none", Hint: "cellsh log -f --to FILE writes one"}}
		}
	} else {
		if inv.Session == nil && t.Ephemeral() {
			inv.note("%s", ephemeralNote)
		}
		b, err := t.Host.Log(0).Next()
		if err != nil {
			return nil, err
		}
		if text := human.Silence(&b); text != "" {
			inv.note("%s", text)
		}
		texts{inv}.losses(&b)
		list = b.List
	}
	note, err := f.Known(t.Host, list)
	if err != nil {
		return nil, err
	}
	if note != "" {
		inv.note("%s", note)
	}
	return f.Choose(list), nil
}

// reread reads the file of decisions.
func (l *learning) reread(inv *Invocation) (*host.Reread, error) {
	if l.from == stdin {
		r, err := host.ReadRecorded("standard input", inv.Stdin)
		if err != nil {
			return nil, fmt.Errorf("standard input must be readable, but is not: %w", disk.Cause(err))
		}
		return r, nil
	}
	var r *host.Reread
	file, err := os.Open(l.from)
	if err == nil {
		defer file.Close()
		r, err = host.ReadRecorded(l.from, io.Reader(file))
	}
	if err != nil {
		return nil, diag.List{{Span: diag.Span{File: l.from}, Code: diag.FileRead, Message: fmt.Sprintf("a file of decisions must be readable, but is not: %s", disk.Cause(err)),
			Hint: "cellsh log -f --to FILE writes one"}}
	}
	return r, nil
}

// mostDamaged is how many damaged lines are told one by one.
const mostDamaged = 10

// damaged says what could not be read, and what is missing in a file of decisions.
func (inv *Invocation) damaged(r *host.Reread) {
	diag.Write(inv.Stderr, r.Damaged[:min(len(r.Damaged), mostDamaged)])
	if n := len(r.Damaged) - mostDamaged; n > 0 {
		inv.note("%s damaged too", human.AreMany(n, "further line"))
	}
	switch {
	case r.Lost > 0:
		inv.note("%s missing in the file: they were not kept", human.AreMany(int(min(r.Lost, 1<<31)), "decision"))
	case r.Gaps:
		inv.note("decisions may be missing in the file")
	}
}

// intended says which files of --into are none of the policies, or others than these were read from.
func (l *learning) intended(p *study.Policies) error {
	var problems diag.List
	for _, path := range l.into {
		i := slices.IndexFunc(p.Set().Sources, func(s rules.Source) bool { return sameFile(s.File, path) })
		d := diag.Diagnostic{Span: diag.Span{File: path}, Code: diag.Failed}
		if i < 0 {
			var files []string
			for _, s := range p.Set().Sources {
				files = append(files, s.File)
			}
			if d.Message = "a file of --into must be one of the policies, but these come from " + human.Listed(files); len(files) == 0 {
				d.Message = "a file of --into must be one of the policies, but no policies come from files"
			}
			d.Hint = "cellsh learn --policy " + study.QuoteWord(path) + " learns for policies that are not loaded"
			problems = append(problems, d)
			continue
		}
		if text, err := os.ReadFile(path); err != nil {
			problems = append(problems, written(path, err)...)
		} else if string(text) != p.Set().Sources[i].Text {
			d.Message = "a file of --into must be as it was loaded, but has changed since"
			d.Hint = "to learn for what is in it now: cellsh learn --policy " + study.QuoteWord(path)
			problems = append(problems, d)
		}
	}
	return problems.Err()
}

// sameFile reports whether two paths lead to one file.
func sameFile(a, b string) bool {
	x, err := disk.Target(a)
	y, err2 := disk.Target(b)
	return err == nil && err2 == nil && x == y
}

// write writes the files, if that is wanted.
func (l *learning) write(inv *Invocation, lesson *learn.Lesson) (bool, error) {
	if len(l.into) == 0 || len(lesson.Files) == 0 {
		return false, nil
	}
	var problems diag.List
	var names []string
	for _, f := range lesson.Files {
		names = append(names, f.Name)
		if !slices.ContainsFunc(l.into, func(path string) bool { return sameFile(path, f.Name) }) {
			problems = append(problems, diag.Diagnostic{Span: diag.Span{File: f.Name}, Code: diag.Failed, Message: "all files that a change is for must be given, but --into does not name this one",
				Hint: "nothing was written: a part of the change would not allow what was asked for; add --into " + study.QuoteWord(f.Name)})
		}
	}
	if problems != nil {
		return false, problems
	}
	if !l.yes {
		if inv.Ask == nil || inv.JSON {
			return false, diag.List{{Code: diag.Failed, Message: "a change must be agreed to before it is written, but nobody can be asked", Hint: "if it is meant, give --yes"}}
		}
		if !inv.Ask("Write " + human.Listed(names) + "?") {
			inv.note("nothing was written")
			return false, quiet{Failed}
		}
	}
	if err := WriteFiles(lesson.Files); err != nil {
		return false, err
	}
	if !inv.JSON {
		fmt.Fprintf(inv.Stdout, "written: %s\n", human.Listed(names))
	}
	return true, nil
}

// intoText are the flags that write the change.
func intoText(l *learn.Lesson) string {
	var words []string
	for _, f := range l.Files {
		words = append(words, "--into "+study.QuoteWord(f.Name))
	}
	return strings.Join(words, " ")
}
