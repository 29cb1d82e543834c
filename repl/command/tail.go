package command

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"cellsh/kernel/host"
	"cellsh/kernel/output"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/repl/flags"
	"cellsh/repl/inventory"
)

func outputCommand() *Command {
	return &Command{
		Name: "output", Args: "NAME...", Short: "what services have written", Without: []string{"policy", "k", "readonly", "timings"},
		Long: `Shows what the services wrote to standard output and standard error, and what
was noted about them, the newest last; with -f also what comes, until Ctrl-C or
SIGTERM, with exit code 0. For what the kernel has decided see log.

Each line has its time and its stream, and with several services the name. A
line that was too long for one piece has stdout+ for stdout in all pieces but
the last. Control characters are shown as \x1b and the like.

It is read from the files that keep it, across rotation: with -f no line is lost
but those that were removed before they were read, which is said.

  cellsh output -f web
  cellsh output -n 100 --since 1h web db

With --json each line is an object on a line, with time, service, stream and
text; more is true if it goes on in the next of the stream.`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			o := &outputting{most: unset}
			o.declare(fs)
			fs.Switch(&o.follow, "f", "go on with what comes, until Ctrl-C")
			fs.Switch(&o.all, "all", "of all services that are declared, or have run")
			fs.Number(&o.most, "n", "COUNT", "begin with at most the last COUNT lines of each; all without it, and 10 with -f")
			fs.Text(&o.since, "since", "TIME", "begin with TIME: 10m ago, 14:05, or 2026-06-01 14:05")
			return o.run
		},
	}
}

type outputting struct {
	serviceFlags
	follow, all bool
	most        uint64
	since       string
}

// followLines is how many lines following begins with.
const followLines = 10

func (o *outputting) run(inv *Invocation) error {
	switch {
	case o.all && len(inv.Args) > 0:
		return usage("--all is of all services, but %s is given too", inv.Args[0])
	case !o.all && len(inv.Args) == 0:
		return usage("the name of a service must be given, or --all")
	}
	begin := output.TailOptions{Last: -1}
	switch {
	case o.most != unset:
		begin.Last = int(min(o.most, math.MaxInt32))
	case o.follow && o.since == "":
		begin.Last = followLines
	}
	if o.since != "" {
		at, ok := host.ParseTime(o.since, inv.Now())
		if !ok {
			return usage("--since must be a duration or a time, but is %q; 10m is ten minutes ago, and times are 14:05, 2026-06-01 or 2026-06-01 14:05", o.since)
		}
		begin.Since = at
	}
	list, err := o.tails(inv, begin)
	defer func() {
		for _, t := range list {
			t.Close()
		}
	}()
	if err != nil {
		return err
	}
	if !o.follow {
		return showLines(context.Background(), inv, list, true)
	}
	return follow(inv, list)
}

// tail is the output of a service.
type tail struct {
	*output.Tail
	name string
	// next is the next line, if there is one.
	next  output.Record
	ready bool
}

// tails opens the output of the services.
func (o *outputting) tails(inv *Invocation, begin output.TailOptions) (list []*tail, err error) {
	dir, err := o.dir(inv)
	if err != nil {
		return nil, err
	}
	set, problems := o.read(inv)
	diag.Write(inv.Stderr, problems)
	known, err := inventory.Names(set, dir)
	if err != nil {
		return nil, err
	}
	names := inv.Args
	if o.all {
		names = known
	}
	var errs []error
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		found := slices.Contains(known, name)
		if problem := policy.CheckName(name); problem != "" && !found {
			errs = append(errs, unknownService(name, "a name "+problem))
			continue
		}
		log, err := inventory.Log(set, dir, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		t, err := output.NewTail(log.File, begin)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if t.Empty() {
			switch {
			case !found:
				t.Close()
				errs = append(errs, unknownService(name, diag.DidYouMean(name, known)))
				continue
			case log.Size == 0:
				inv.note("what %s writes is kept in no file: the size of its log is 0", name)
			default:
				inv.note("%s has written nothing that is kept", name)
			}
		}
		list = append(list, &tail{Tail: t, name: name})
	}
	return list, errors.Join(errs...)
}

// unknownService says that there is no service of that name.
func unknownService(name, hint string) error {
	return diag.List{{Code: diag.ServiceUnknown, Message: fmt.Sprintf("there must be a service called %s, but there is none", diag.Short(name)), Hint: hint}}
}

// showLines writes what there is, in the order of time. At the end that is all: a line that has not ended is shown as it is. It ends early without
// an error if the context does.
func showLines(ctx context.Context, inv *Invocation, list []*tail, end bool) error {
	several := len(list) > 1
	for ctx.Err() == nil {
		var first *tail
		for _, t := range list {
			if !t.ready {
				var err error
				if t.next, t.ready, err = t.Next(); err != nil {
					return err
				}
				if !t.ready && end {
					t.next, t.ready = t.Rest()
				}
			}
			if t.ready && (first == nil || t.next.Time.Before(first.next.Time)) {
				first = t
			}
		}
		if first == nil {
			return nil
		}
		first.ready = false
		if err := first.write(inv, several); err != nil {
			return err
		}
	}
	return nil
}

// outputLine is the report of a line.
type outputLine struct {
	Time    string `json:"time,omitempty"`
	Service string `json:"service"`
	// Stream is absent where the line is none that cellsh has written.
	Stream string `json:"stream,omitempty"`
	Text   string `json:"text"`
	More   bool   `json:"more,omitempty"`
}

// lineTime is how times are shown: in the zone of the reader, so that --since takes what is seen.
const lineTime = "2006-01-02T15:04:05.000Z07:00"

func (t *tail) write(inv *Invocation, several bool) error {
	r := &t.next
	at := ""
	if !r.Foreign {
		at = r.Time.In(inv.Now().Location()).Format(lineTime)
	}
	if inv.JSON {
		out := outputLine{Time: at, Service: t.name, Text: r.Text, More: r.More}
		if !r.Foreign {
			out.Stream = r.Stream.String()
		}
		return inv.json(out)
	}
	line := r.Text
	if !r.Foreign {
		name := ""
		if several {
			name = t.name + " "
		}
		more := ""
		if r.More {
			more = "+"
		}
		line = fmt.Sprintf("%s %s%s%s: %s", at, name, r.Stream, more, r.Text)
	}
	_, err := fmt.Fprintln(inv.Stdout, line)
	return err
}

// lookEach is how often it is looked for what was written.
const lookEach = 250 * time.Millisecond

// follow writes what there is and what comes, until it is stopped, which is a good end.
func follow(inv *Invocation, list []*tail) error {
	ctx, stop := inv.untilStopped("waiting for lines")
	defer stop()
	wait := func() {
		t := time.NewTimer(lookEach)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	for {
		if err := showLines(ctx, inv, list, false); err != nil || ctx.Err() != nil {
			return err
		}
		if inv.Session == nil {
			wait()
		} else if err := inv.Session.Steps.Rest(wait); err != nil {
			if errors.Is(err, host.ErrEnded) {
				return nil
			}
			return err
		}
	}
}
