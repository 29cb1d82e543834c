package command

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"cellsh/kernel/host"
	"cellsh/policy/diag"
	"cellsh/repl/flags"
	"cellsh/repl/metrics"
)

func statsCommand() *Command {
	return &Command{
		Name: "stats", Args: "[CELL...]", Short: "what cells use, and how often they were denied", Without: []string{"policy"},
		Long: `Shows for the cells processes, memory (virtual size), processor time over the
last second and the last ten, in percent of one processor, and what the
evaluation model decided: all decisions, those that denied, that granted, and
that a policy in audit mode would have denied. The kernel samples once a
second. Budgets of memory and processor time are not enforced by the kernel:
those that are exceeded are listed.

  cellsh -k sim:cells.state stats web-1

With -P the same is written in the text format of Prometheus: first what
cellctl stats -P writes, with its names and labels, then what it has not.
docs/operations.md lists the metrics; cellsh metrics serves them.

  cellsh -k sim:cells.state stats -P

With -P and -h an HTTP answer is written, for inetd(8) to run:

  127.0.0.1:9100 stream tcp nowait root /usr/sbin/cellsh cellsh stats -P -h`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var s stats
			fs.Switch(&s.prometheus, "P", "write the text format of Prometheus")
			fs.Switch(&s.http, "h", "with -P, begin with the header of an HTTP answer; without it, this help")
			runDirFlag(fs, &s.dir)
			return s.run
		},
	}
}

type stats struct {
	prometheus, http bool
	// dir is the run directory of services, "" for the machine's.
	dir string
}

func (s *stats) run(inv *Invocation) error {
	switch {
	case s.http && !s.prometheus:
		_, err := fmt.Fprint(inv.Stdout, inv.Command.Help())
		return err
	case s.dir != "" && !s.prometheus:
		return usage("--run-dir must be given with -P: without it services are not told of")
	case s.prometheus && inv.JSON:
		return usage("-P can't be given with --json: it writes the text format of Prometheus")
	case s.http:
		return s.answer(inv)
	case s.prometheus:
		text, err := s.text(inv)
		if err == nil {
			_, err = inv.Stdout.Write(text)
		}
		return err
	}
	return showStats(inv)
}

// known are the cells that were asked for; all without any.
func known[T any](inv *Invocation, h *host.Host, list []T, name func(*T) string) ([]T, error) {
	if len(inv.Args) == 0 {
		return list, nil
	}
	for _, name := range inv.Args {
		if _, err := h.Cell("show cell "+name, name); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(list, func(x T) bool { return !slices.Contains(inv.Args, name(&x)) }), nil
}

// text is what a scrape is given.
func (s *stats) text(inv *Invocation) ([]byte, error) {
	inv.Machine.Run = cmp.Or(s.dir, inv.Machine.Run)
	t, err := inv.lookOnly()
	if err != nil {
		return nil, err
	}
	snapshot, err := inv.measure(t)
	if err != nil {
		return nil, err
	}
	if snapshot.Cells, err = known(inv, t.Host, snapshot.Cells, func(c *metrics.Cell) string { return c.Name }); err != nil {
		return nil, err
	}
	return snapshot.Text(), nil
}

// answer writes an HTTP answer. Whoever runs it has given standard error to the client too: what is to be said there is in the
// answer.
func (s *stats) answer(inv *Invocation) error {
	awaitRequest(inv.Stdin)
	var said bytes.Buffer
	whole := inv.Stderr
	inv.Stderr = &said
	text, err := s.text(inv)
	if err == nil {
		err = inv.close()
	}
	inv.Stderr = whole
	status, kind := "200 OK", metrics.ContentType
	if err != nil {
		var b bytes.Buffer
		diag.Write(&b, diag.Of(err))
		status, kind, text = "503 Service Unavailable", "text/plain; charset=utf-8", b.Bytes()
	} else {
		// What is said beside the metrics is a comment there.
		for line := range bytes.Lines(said.Bytes()) {
			text = append(append(text, "# "...), line...)
		}
	}
	_, werr := fmt.Fprintf(inv.Stdout, "HTTP/1.0 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, kind, len(text), text)
	if werr == nil && err != nil {
		return quiet{Failed}
	}
	return werr
}

func showStats(inv *Invocation) error {
	h, err := inv.host()
	if err != nil {
		return err
	}
	usages, err := h.Usage()
	if err != nil {
		return err
	}
	if usages, err = known(inv, h, usages, func(u *host.Usage) string { return u.Name }); err != nil {
		return err
	}
	if inv.JSON {
		return inv.json(reports(usages))
	}
	if len(usages) == 0 {
		fmt.Fprintln(inv.Stdout, "there are no cells")
		return nil
	}
	var rows, over []string
	for i := range usages {
		u := &usages[i]
		counts := "-\t-\t-\t-"
		if c := u.Counts; c != nil {
			counts = fmt.Sprintf("%d\t%d\t%d\t%d", c.Decisions, c.Denied, c.Granted, c.WouldDeny)
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%.0f%%\t%.0f%%\t%s", u.Name, memberCount(u), size(u.Memory), u.CPU1s, u.CPU10s, counts))
		for _, e := range u.Over {
			over = append(over, fmt.Sprintf("cell %s is over its budget of %s: %s, but policy %s says %s", u.Name, e.Budget, amount(e.Budget, e.Use), e.Policy, amount(e.Budget, e.Limit)))
		}
	}
	inv.table("NAME\tPROCESSES\tMEMORY\tCPU 1S\tCPU 10S\tDECISIONS\tDENIED\tGRANTED\tAUDIT", rows)
	for _, line := range over {
		fmt.Fprintln(inv.Stdout, line)
	}
	return nil
}
