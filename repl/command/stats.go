package command

import (
	"bytes"
	"cmp"
	"fmt"

	"cellsh/kernel/host"
	"cellsh/policy/diag"
	"cellsh/repl/flags"
	"cellsh/repl/human"
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

` + aboutListing + `

  cellsh -k sim:cells.state stats 'web-*' --sort -memory

With -P the same is written in the text format of Prometheus: first what
cellctl stats -P writes, with its names and labels, then what it has not.
docs/operations.md lists the metrics; cellsh metrics serves them.

  cellsh -k sim:cells.state stats -P

With -P and -h an HTTP answer is written, for inetd(8) to run:

  127.0.0.1:9100 stream tcp nowait root /usr/sbin/cellsh cellsh stats -P -h`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			s := stats{cells: listCells(human.Members, "name", "processes", "memory", "cpu-1s", "cpu-10s", "decisions", "denied", "granted", "audit")}
			s.cells.below = exceeding
			s.cells.declare(fs)
			fs.Switch(&s.prometheus, "P", "write the text format of Prometheus")
			fs.Switch(&s.http, "h", "with -P, begin with the header of an HTTP answer; without it, this help")
			runDirFlag(fs, &s.dir)
			return s.run
		},
	}
}

type stats struct {
	cells            *cellListing
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
	case s.prometheus && s.cells.given() != "":
		return usage("%s can't be given with -P, which has all that is known, once", s.cells.given())
	case s.http:
		return s.answer(inv)
	case s.prometheus:
		text, err := s.text(inv)
		if err == nil {
			_, err = inv.Stdout.Write(text)
		}
		return err
	}
	return s.cells.run(inv)
}

// text is what a scrape is given.
func (s *stats) text(inv *Invocation) ([]byte, error) {
	c, err := inv.cells()
	if err != nil {
		return nil, err
	}
	inv.Machine.Run = cmp.Or(s.dir, inv.Machine.Run)
	t, err := inv.lookOnly()
	if err != nil {
		return nil, err
	}
	snapshot, err := inv.measure(t)
	if err != nil {
		return nil, err
	}
	if err := c.exist(t.Host); err != nil {
		return nil, err
	}
	var notes []string
	snapshot.Cells, notes = chosen(&c, snapshot.Cells, func(c *metrics.Cell) string { return c.Name })
	for _, text := range notes {
		inv.noteOnce(text)
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

// exceeding tells of the budgets that cells exceed.
func exceeding(usages []host.Usage) []string {
	var over []string
	for i := range usages {
		u := &usages[i]
		for _, e := range u.Over {
			over = append(over, fmt.Sprintf("cell %s is over its budget of %s: %s, but policy %s says %s", u.Name, e.Budget, human.Amount(e.Budget, e.Use), e.Policy, human.Amount(e.Budget, e.Limit)))
		}
	}
	return over
}
