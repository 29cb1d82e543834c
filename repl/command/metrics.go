package command

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"cellsh/kernel/host"
	"cellsh/kernel/monitor/rundir"
	"cellsh/policy/diag"
	"cellsh/repl/flags"
	"cellsh/repl/metrics"
	"cellsh/repl/scrape"
)

func metricsCommand() *Command {
	return &Command{
		Name: "metrics", Args: "--listen ADDRESS:PORT", Short: "serve what stats -P writes over HTTP", Without: []string{"policy"},
		Long: `Answers GET /metrics with what cellsh stats -P writes, and GET /healthz with
200 while that can be had and 503 and the reason while it can't, until Ctrl-C or
SIGTERM, with exit code 0. Whoever reaches the address can read the metrics:
names and roots of cells, names of policies and what they decided. An address
that other machines reach needs --allow-remote.

A request has no effects: a generation that was not confirmed in time is rolled
back by others. At most 16 connections are answered at a time; each is closed
after its answer, and one that says nothing after five seconds. A kernel in a
state file is read again once the file is another.

  cellsh -k sim:cells.state metrics --listen 127.0.0.1:9100`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var m serving
			fs.Text(&m.listen, "listen", "ADDRESS:PORT", "answer at ADDRESS:PORT; port 0 is one that is free")
			fs.Switch(&m.remote, "allow-remote", "allow an address that other machines reach")
			runDirFlag(fs, &m.run)
			return m.serve
		},
	}
}

type serving struct {
	listen string
	remote bool
	// run is the run directory of services, "" for the machine's.
	run string
}

// runDirFlag declares the flag for the run directory where services are only looked at.
func runDirFlag(fs *flags.Set, to *string) {
	fs.Text(to, "run-dir", "DIR", "the state of services is in DIR instead of "+string(rundir.Default))
}

// question is a request that waits for an answer.
type question struct {
	// health asks whether there could be metrics.
	health bool
	answer chan<- answer
}

type answer struct {
	text []byte
	err  error
}

var errStopping = errors.New("the server is being stopped")

func (m *serving) serve(inv *Invocation) error {
	switch {
	case len(inv.Args) > 0:
		return usage("metrics takes no arguments, but %q is given", inv.Args[0])
	case m.listen == "":
		return usage("--listen must be given: the address to answer at; cellsh stats -P writes the metrics once")
	}
	if err := scrape.Check(m.listen, m.remote); err != nil {
		return usage("--listen must %s", err)
	}
	inv.Machine.Run = cmp.Or(m.run, inv.Machine.Run)
	t, err := inv.lookOnly()
	if err != nil {
		return err
	}
	ctx, stop := inv.untilStopped("serving metrics")
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l, err := scrape.Listen(m.listen)
	if err != nil {
		return err
	}
	if inv.JSON {
		err = inv.json(map[string]string{"url": l.URL()})
	} else {
		_, err = fmt.Fprintf(inv.Stdout, "metrics are served at %s\n", l.URL())
	}
	if err != nil {
		return errors.Join(err, l.Close())
	}
	questions := make(chan question)
	ask := func(wait context.Context, health bool) ([]byte, error) {
		a := make(chan answer, 1)
		select {
		case questions <- question{health, a}:
		case <-wait.Done():
			return nil, wait.Err()
		case <-ctx.Done():
			return nil, errStopping
		}
		got := <-a // it is being worked out
		return got.text, got.err
	}
	served := make(chan error, 1)
	go func() {
		served <- l.Serve(ctx, scrape.Source{ContentType: metrics.ContentType,
			Text:   func(wait context.Context) ([]byte, error) { return ask(wait, false) },
			Health: func(wait context.Context) error { _, err := ask(wait, true); return err }})
	}()
	for {
		var q question
		var end error
		ended := false
		steps := inv.steps()
		err := steps.Rest(func() {
			select {
			case q = <-questions:
			case end = <-served:
				ended = true
			}
		})
		if ended {
			return end
		}
		if errors.Is(err, host.ErrEnded) {
			q.answer <- answer{err: errStopping}
			cancel()
			return <-served
		}
		var a answer
		if t, a.err = inv.current(t); a.err == nil && err == nil {
			a.text, a.err = inv.reply(t, q.health)
		}
		a.err = errors.Join(err, a.err)
		q.answer <- a
	}
}

// reply works out an answer.
func (inv *Invocation) reply(t *Target, health bool) ([]byte, error) {
	if health {
		_, err := t.Host.LiveNames()
		return nil, err
	}
	s, err := inv.measure(t)
	if err != nil {
		return nil, err
	}
	return s.Text(), nil
}

// measure looks at all that is measured.
func (inv *Invocation) measure(t *Target) (*metrics.Snapshot, error) {
	s, err := metrics.Of(t.Host)
	if err != nil {
		return nil, err
	}
	s.Version = inv.Version
	if s.Services, err = metrics.ServicesOf(inv.Machine.RunDir(), inv.Now()); err != nil {
		// Cells are told of all the same. Who is not root can't look at services.
		inv.noteOnce("not all services can be looked at: " + diag.Of(err)[0].Message)
	}
	return s, nil
}

// awaitRequest waits for an HTTP request, where standard input is a connection: what would still arrive after it was closed
// would take the answer away from the client. It waits no longer than a client should take.
func awaitRequest(stdin io.Reader) {
	f, ok := stdin.(*os.File)
	if !ok {
		return
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeSocket == 0 {
		return
	}
	const most, patience = 8 << 10, 5 * time.Second
	read := make(chan struct{})
	go func() {
		defer close(read)
		for s := bufio.NewScanner(io.LimitReader(f, most)); s.Scan() && s.Text() != ""; {
		}
	}()
	select {
	case <-read:
	case <-time.After(patience):
	}
}
