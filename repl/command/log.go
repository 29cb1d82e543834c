package command

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"cellsh/kernel/connect"
	"cellsh/kernel/disk"
	"cellsh/kernel/host"
	"cellsh/kernel/outlet"
	"cellsh/policy"
	"cellsh/policy/progress"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func logCommand() *Command {
	return &Command{
		Name: "log", Short: "the decisions that the kernel has kept", Without: []string{"policy"},
		Long: `Shows recent decisions with their reason and the line of the policy, the newest
last, and with -f those that come, until Ctrl-C or SIGTERM, with exit code 0.
The evaluation model keeps denials, grants, what a policy in audit mode would
have denied, and what one records, and only so many of them: lost ones are
counted. Denials by secmodel_cell itself, by the profile of a cell, have no
number. They are taken from the kernel's log, which tells at most one a second
of each of three kinds, and does not always tell which request it was. Times are
those since the kernel's start.

Flags that choose decisions repeat, but for --since: a decision must fit one of
each. Scripts give the same to kernel.events.

  cellsh -k sim:cells.state log -n 5 --cell 'web-*' --result deny

log -f --since 0s begins with what comes. A kernel in a state file is followed
by looking four times a second whether the file is another; nobody is kept from
writing it. A kernel that only this program can use can't be followed.

With --json a decision is an object, with -f or --to one a line. Its member
unknown names the fields of the request that the kernel does not keep: what
depends on them can't be worked out again. A line with lost and why stands for
decisions that are missing. For what services have written see output.

With --to FILE such lines are added to FILE, each at once, and to the one that
is there once FILE was renamed, emptied or replaced. If it can't be written that
is said, decisions are counted, and a line notes how many once it can. --to
syslog gives them to syslogd(8), as authpriv.notice.

  cellsh -k sim:cells.state log --to cells.log --since 2h`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			l := &logging{most: unset}
			fs.Switch(&l.follow, "f", "go on with what comes, until Ctrl-C")
			fs.Number(&l.most, "n", "COUNT", "begin with at most the last COUNT, 0 for all; 20 without it, and all with --to")
			fs.Number(&l.after, "after", "NUMBER", "show those after this NUMBER")
			fs.Text(&l.to, "to", "FILE", "add the decisions to FILE as lines of JSON, or give them to syslog")
			var check host.Filter
			for _, k := range host.FilterKeys() {
				fs.Each(k.Name, k.Value, "show "+k.Doc, func(value string) string {
					l.wanted = append(l.wanted, [2]string{k.Name, value})
					// What is wrong does not depend on the time.
					var wrong *policy.KeyError
					if errors.As(check.Add(k.Name, value, time.Time{}), &wrong) {
						return strings.TrimSuffix(wrong.Text+"; "+wrong.Hint, "; ")
					}
					return ""
				})
			}
			return l.run
		},
	}
}

type logging struct {
	follow      bool
	most, after uint64
	to          string
	// wanted are the keys of the filter with their values.
	wanted [][2]string
}

// unset is a number that was not given.
const unset = math.MaxUint64

// mostShown is how many decisions log begins with.
const mostShown = 20

func (l *logging) run(inv *Invocation) error {
	if len(inv.Args) > 0 {
		return usage("log takes no arguments, but %q is given; --cell GLOB picks cells", inv.Args[0])
	}
	var f host.Filter
	for _, w := range l.wanted {
		if err := f.Add(w[0], w[1], inv.Now()); err != nil {
			return err
		}
	}
	h, err := inv.host()
	if err != nil {
		return err
	}
	if l.follow && !inv.target.Shared() {
		return connect.ErrAlone
	}
	log := h.Log(l.after)
	first, err := log.Next()
	if err != nil {
		return err
	}
	note, err := f.Known(h, first.List)
	if err != nil {
		return err
	}
	for _, text := range []string{note, human.Silence(&first)} {
		if text != "" {
			inv.note("%s", text)
		}
	}
	first.List = last(f.Choose(first.List), l.begin())
	if !l.follow && l.to == "" {
		return l.show(inv, &first)
	}
	// Who sees the first decision may ask it to stop.
	ctx, stop := context.Background(), func() {}
	if l.follow {
		ctx, stop = inv.untilStopped("waiting for decisions")
	}
	defer stop()
	out, err := l.open(inv)
	if err != nil {
		return err
	}
	err = out.batch(&first)
	if l.follow && err == nil {
		err = inv.following(ctx, log, func(b *host.Batch) error {
			b.List = f.Choose(b.List)
			return out.batch(b)
		})
	}
	return errors.Join(err, out.close())
}

// begin is how many decisions are begun with.
func (l *logging) begin() uint64 {
	switch {
	case l.most == unset && l.to == "":
		return mostShown
	case l.most == unset || l.most == 0:
		return math.MaxUint64
	}
	return l.most
}

func last(list []host.Recorded, most uint64) []host.Recorded {
	if n := uint64(len(list)); n > most {
		return list[n-most:]
	}
	return list
}

// show writes what there is.
func (l *logging) show(inv *Invocation, b *host.Batch) error {
	if inv.JSON {
		out := []host.RecordedReport{}
		for i := range b.List {
			out = append(out, b.List[i].Report())
		}
		return inv.json(map[string]any{"lost": b.Lost, "events": out})
	}
	out := texts{inv}
	if len(b.List) == 0 {
		out.losses(b)
		_, err := fmt.Fprintln(inv.Stdout, "no decisions are kept")
		return err
	}
	return out.batch(b)
}

// untilStopped gives a context that is done once somebody wants the command to stop: by Ctrl-C or, as services are stopped, by
// SIGTERM; what it does until then is said.
func (inv *Invocation) untilStopped(doing string) (ctx context.Context, end func()) {
	ctx, end = inv.Work.Listen()
	inv.Work.At(progress.Step{Doing: doing})
	return ctx, end
}

// following gives what comes to take, until the context is done, which is a good end, or until take has an error.
func (inv *Invocation) following(ctx context.Context, log *host.Log, take func(*host.Batch) error) error {
	steps := inv.steps()
	seeing := inv.target.Connection
	for {
		var waited error
		if err := steps.Rest(func() { waited = seeing.Wait(ctx, log.Seen()) }); err != nil || waited != nil {
			if errors.Is(err, host.ErrEnded) || errors.Is(waited, context.Canceled) {
				return nil
			}
			return errors.Join(err, waited)
		}
		if o, ok := seeing.Snapshot(); ok {
			look, err := inv.look(o)
			if err != nil {
				return err
			}
			log.On(look.Host)
			seeing = look.Connection
		}
		b, err := log.Next()
		if err == nil {
			err = take(&b)
		}
		if err != nil {
			return err
		}
	}
}

// look opens a kernel once more, to look at it only. It needs no end.
func (inv *Invocation) look(o connect.Options) (*Target, error) {
	o.ReadOnly = true
	return OpenTarget(o, inv.Stderr, host.SessionOptions{})
}

// sink is where decisions go as they come.
type sink interface {
	batch(*host.Batch) error
	close() error
}

// open gives the place for what comes.
func (l *logging) open(inv *Invocation) (sink, error) {
	switch {
	case l.to == "" && inv.JSON:
		put := func(text []byte) error { _, err := inv.Stdout.Write(text); return err }
		return lines{put: put, note: func(text []byte, _ uint64) error { return put(text) }, end: func() error { return nil }}, nil
	case l.to == "":
		return texts{inv}, nil
	}
	var place outlet.Place[[]byte]
	var err error
	if l.to == "syslog" {
		system := outlet.Syslog(outlet.Sender{Facility: authpriv, Tag: "cellsh", Now: inv.Now})
		place, err = outlet.Lined(outlet.Patient[outlet.Message](system, time.Second), notice), system.Alive()
	} else {
		place, err = outlet.File(l.to)
	}
	if err != nil {
		return nil, fmt.Errorf("%s must take decisions, but does not: %w", l.to, disk.Cause(err))
	}
	o := outlet.New(place, outlet.Options[[]byte]{What: "decisions", Tell: func(s string) { inv.note("%s", s) }, Gap: func(lost uint64, why string) []byte {
		return jsonLine(missing{lost, "they could not be written: " + why})
	}})
	return lines{
		put:  func(text []byte) error { o.Write(text); return nil },
		note: func(text []byte, lost uint64) error { o.Note(text, lost); return nil },
		end:  o.Close,
	}, nil
}

// The facility and the level of decisions in the system's log.
const authpriv, notice = 10, 5

// missing stands for decisions that are not told. Lost is 0 where it is not known how many.
type missing struct {
	Lost uint64 `json:"lost"`
	Why  string `json:"why"`
}

// lines are objects of JSON, one a line.
type lines struct {
	// put writes the line of a decision, note one that stands for so many that are missing.
	put  func([]byte) error
	note func(text []byte, lost uint64) error
	end  func() error
}

func (l lines) batch(b *host.Batch) error {
	for _, m := range human.Gaps(b) {
		if err := l.note(jsonLine(missing(m)), m.Lost); err != nil {
			return err
		}
	}
	for i := range b.List {
		if err := l.put(jsonLine(b.List[i].Report())); err != nil {
			return err
		}
	}
	return nil
}

func (l lines) close() error { return l.end() }

// texts are for people.
type texts struct{ inv *Invocation }

func (t texts) losses(b *host.Batch) {
	for _, m := range human.Gaps(b) {
		t.inv.note("%s", m)
	}
}

func (t texts) batch(b *host.Batch) error {
	t.losses(b)
	for i := range b.List {
		if _, err := fmt.Fprintln(t.inv.Stdout, recordedText(&b.List[i])); err != nil {
			return err
		}
	}
	return nil
}

func (texts) close() error { return nil }

// recordedText writes a recorded decision on two lines: what was asked by whom, and what the answer was.
func recordedText(r *host.Recorded) string {
	var b strings.Builder
	number, who := "-", ""
	if e := r.Event; e != nil {
		number, who = fmt.Sprint(e.Sequence), fmt.Sprintf("process %d, ", e.PID)
	}
	cell := human.Caller(r)
	if r.Name != "" && r.Cell() != 0 {
		cell = "cell " + cell
	}
	fmt.Fprintf(&b, "%s  +%s  %s, %seuid %d: %s: ", number, r.Time().Round(time.Millisecond), cell, who, r.EUID(), human.Asked(r))
	if r.Event == nil {
		fmt.Fprintf(&b, "%s\n    by secmodel_cell itself, which logs at most one such denial a second", human.Result(r))
		if len(r.Denial.Requests) == 0 {
			b.WriteString(": " + r.Denial.Text)
		}
		return b.String()
	}
	b.WriteString(human.Result(r) + "\n   ")
	a := human.Told(r)
	if a.Reason != "" {
		b.WriteString(" " + a.Reason)
	}
	switch {
	case r.Event.Fallback:
		b.WriteString(" [the fallback]")
	case a.Source.Policy != "":
		fmt.Fprintf(&b, " [policy %s, %s]", a.Source.Policy, a.Source.Span())
	}
	return b.String()
}
