package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/connect"
	"cellsh/kernel/disk"
	"cellsh/kernel/host"
	"cellsh/kernel/watch"
	"cellsh/lua/loader"
	"cellsh/lua/syntax"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func watchCommand() *Command {
	return &Command{
		Name: "watch", Short: "call hooks when something happens, and write the log", Without: []string{"policy", "json"},
		Long: `Runs the Lua of the files *.lua in /etc/cellsh/hooks.d, and calls the functions
that they give to cell.on whenever something happens, until Ctrl-C or SIGTERM,
with exit code 0. It sees what any tool does, by looking once a second at the
cells, the generations of policies, budgets and services; decisions it gets from
the kernel as log -f does. help("cell.on") has the events.

  cell.on("over-budget", function(e)
    os.execute("logger -t cells " .. e.cell .. " uses too much " .. e.budget)
  end)

Files must belong to root and be writable by nobody else, as policies for boot.
What is wrong with one is said, and the others are run. Each has a Lua machine
of its own, whose code can look at cells and policies but not change them, and
run commands, which can. A hook may take a million instructions, and a command
ten seconds; what takes longer is ended. One that fails is reported, and called
again the next time. While it runs, events for its file wait: decisions that are
alike become one with a count, and come after other events.

With --to FILE or --to syslog decisions are written there too, as log -f --to
does: those that the kernel has kept, and then those that come.

With --single it is the one that watches for a run directory: a second one is
refused, --status finds it, once it sees whatever happens, and --stop ends it.
That is for what starts it with the machine; docs/operations.md has the script.
The exit code of --status is 0 if it watches.

  cellsh -k sim:cells.state watch --hooks hooks.d --to cells.log`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var w watching
			fs.List(&w.hooks, "hooks", "PATH", "run the hooks of PATH instead of those in /etc/cellsh/hooks.d; repeats")
			fs.Text(&w.to, "to", "FILE", "add decisions to FILE as lines of JSON, or give them to syslog")
			runDirFlag(fs, &w.dir)
			fs.Switch(&w.single, "single", "be the one that watches, and that --status and --stop find")
			fs.Switch(&w.status, "status", "say whether there is one")
			fs.Switch(&w.stop, "stop", "end it, and wait until it has ended")
			return w.run
		},
	}
}

type watching struct {
	hooks []string
	to    string
	// dir is the run directory of services, "" for the machine's.
	dir string

	single, status, stop bool
}

// endWithin is how long it is waited for the end of one that is stopped: it gives its hooks less time.
const endWithin = 30 * time.Second

// other is what is done about the one that watches: it is said whether there is one, or it is ended.
func (w *watching) other(inv *Invocation) error {
	flag := "--status"
	if w.stop {
		flag = "--stop"
	}
	switch {
	case w.status && w.stop:
		return usage("--status and --stop can't be given together")
	case w.single || w.to != "" || len(w.hooks) > 0:
		return usage("%s is of the one that watches already, but what another is to do is given too", flag)
	case inv.Kernel != "":
		return usage("%s finds the one that watches by its run directory, but -k is given too", flag)
	case w.stop && inv.ReadOnly:
		return kernel.RefuseReadOnly("stop watching")
	}
	pid, err := inv.Machine.RunDir().Watcher()
	if err != nil {
		return err
	}
	if pid == 0 {
		if _, err := fmt.Fprintln(inv.Stdout, "nobody watches"); err != nil || w.stop {
			return err
		}
		return quiet{Failed}
	}
	if w.status {
		_, err := fmt.Fprintf(inv.Stdout, "process %d watches\n", pid)
		return err
	}
	ctx, end := inv.untilStopped("stopping what watches")
	defer end()
	ctx, cancel := context.WithTimeout(ctx, endWithin)
	defer cancel()
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return &kernel.Error{Op: "stop watching", Text: fmt.Sprintf("process %d must be reached, but is not: %s", pid, err)}
	}
	for {
		now, err := inv.Machine.RunDir().Watcher()
		if err != nil {
			return err
		}
		if now != pid {
			_, err := fmt.Fprintf(inv.Stdout, "process %d does not watch any more\n", pid)
			return err
		}
		select {
		case <-time.After(calm):
		case <-ctx.Done():
			return &kernel.Error{Op: "stop watching", Text: fmt.Sprintf("process %d must end when it is told to, but is still there", pid)}
		}
	}
}

// claim makes this the one that watches.
func (w *watching) claim(inv *Invocation) (release func(), err error) {
	if !w.single {
		return func() {}, nil
	}
	release, err = inv.Machine.RunDir().ClaimWatch()
	if busy := new(disk.BusyError); errors.As(err, &busy) {
		err = &kernel.Error{Op: "watch", Text: fmt.Sprintf("nobody may watch already, but process %d does", busy.PID), Hint: "end it with cellsh watch --stop"}
	}
	return release, err
}

// lookEvery is how often it is looked what has happened, of which nobody tells. After decisions the next are waited for no sooner
// than after calm: in a storm they are read in batches.
const (
	lookEvery = time.Second
	calm      = 50 * time.Millisecond
)

func (w *watching) run(inv *Invocation) error {
	if len(inv.Args) > 0 {
		return usage("watch takes no arguments, but %q is given", inv.Args[0])
	}
	if inv.Session != nil {
		return usage("watch must run by itself, but not in a session: it has to go on when that ends")
	}
	inv.Machine.Run = cmp.Or(w.dir, inv.Machine.Run)
	if w.status || w.stop {
		return w.other(inv)
	}
	t, err := inv.lookOnly()
	if err != nil {
		return err
	}
	if !t.Shared() {
		return connect.ErrAlone
	}
	sources, err := w.sources(inv, t)
	if err != nil {
		return err
	}
	inv.Stderr = &oneByOne{to: inv.Stderr}
	var out sink
	if w.to != "" {
		if out, err = (&logging{to: w.to}).open(inv); err != nil {
			return err
		}
	}
	ctx, stop := inv.untilStopped("watching")
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o := observer{inv: inv, out: out, services: watch.Services{Dir: inv.Machine.RunDir()}, log: t.Host.Log(0)}
	// Hooks are told of what comes from now on; the log has all that is kept, as log -f --to writes it.
	kept, there, err := o.decisions()
	if err != nil && !watch.Unsupported(err) {
		return errors.Join(err, o.close())
	}
	o.look(t) // nothing has happened yet
	// Who finds it from here on knows that it sees whatever happens; one that is refused has written nothing.
	release, err := w.claim(inv)
	if err != nil {
		return errors.Join(err, o.close())
	}
	defer release()
	if there && out != nil {
		if err := out.batch(&kept); err != nil {
			return errors.Join(err, o.close())
		}
	}
	var running sync.WaitGroup
	for _, s := range sources {
		f := newHookFile(inv, s)
		o.files = append(o.files, f)
		running.Go(func() { f.run(ctx) })
	}
	if _, err = fmt.Fprintf(inv.Stdout, "watching, with %s of hooks\n", human.Plural(len(sources), "file")); err == nil {
		err = o.follow(ctx, t)
	}
	cancel()
	for _, f := range o.files {
		f.interrupt()
	}
	ended := make(chan struct{})
	go func() { running.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(hookGrace):
		inv.note("hooks have not come back at the end")
	}
	return errors.Join(err, o.close())
}

// sources reads the hooks. What can't be read or trusted is said, and the rest is run.
func (w *watching) sources(inv *Invocation, t *Target) ([]rules.Source, error) {
	paths := w.hooks
	if len(paths) == 0 {
		paths = []string{inv.Machine.HookFolder()}
		if _, err := os.Stat(paths[0]); errors.Is(err, fs.ErrNotExist) {
			paths = nil
		}
	}
	sources, problems := loader.ReadHooks(paths, &disk.Trust{Owners: t.Owners, Limit: syntax.MaxSource})
	if len(sources) == 0 && w.to == "" {
		if len(problems) > 0 {
			return nil, problems
		}
		return nil, &kernel.Error{Op: "watch", Text: fmt.Sprintf("there must be hooks to call, but %s does not exist", inv.Machine.HookFolder()),
			Hint: "put files *.lua there, name others with --hooks, or write the log with --to"}
	}
	diag.Write(inv.Stderr, problems)
	return sources, nil
}

// observer looks what happens, and gives it to the files of hooks and to the log.
type observer struct {
	inv   *Invocation
	out   sink // nil for none
	log   *host.Log
	files []*hookFile

	cells       watch.Cells
	budgets     watch.Budgets
	generations watch.Generations
	services    watch.Services
	// silent says that the kernel tells of no decisions.
	silent bool
	// wrong is what could not be looked at the last time, by what it is.
	wrong map[string]string
}

func (o *observer) close() error {
	if o.out == nil {
		return nil
	}
	return o.out.close()
}

// decisions gives those since the last time.
func (o *observer) decisions() (b host.Batch, there bool, err error) {
	if b, err = o.log.Next(); err != nil {
		o.silent = o.silent || watch.Unsupported(err)
		if watch.Unsupported(err) {
			o.inv.noteOnce("no decisions can be told of: " + err.Error())
		}
		return b, false, err
	}
	o.silent = false
	if text := human.Silence(&b); text != "" {
		o.inv.noteOnce(text)
	}
	return b, true, nil
}

// follow looks until the context is done. What can't be looked at is said once, and looked at again.
func (o *observer) follow(ctx context.Context, t *Target) error {
	steps := o.inv.steps()
	next := time.After(lookEvery)
	for {
		looks, ended := false, false
		err := steps.Rest(func() { looks, ended = o.await(ctx, t, next) })
		if ended {
			return nil
		}
		if err != nil {
			o.trouble("the kernel", err)
		}
		if fresh, err := o.inv.current(t); err == nil {
			looks = looks || fresh != t // somebody has done something
			t = fresh
			o.log.On(t.Host)
			o.trouble("the kernel", nil)
		} else {
			o.trouble("the kernel", err)
		}
		if b, there, err := o.decisions(); there {
			o.trouble("decisions", nil)
			o.decided(t, &b)
		} else if !watch.Unsupported(err) {
			o.trouble("decisions", err)
		}
		if looks {
			o.tell(o.look(t))
			for _, f := range o.files {
				f.check(o.inv.Now())
			}
			next = time.After(lookEvery)
		}
	}
}

// await waits until there are decisions, or it is time to look.
func (o *observer) await(ctx context.Context, t *Target, next <-chan time.Time) (looks, ended bool) {
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	var told chan error
	if !o.silent {
		told = make(chan error, 1)
		go func() { told <- t.Wait(wait, o.log.Seen()) }()
	}
	select {
	case <-next:
		return true, false
	case <-ctx.Done():
		return false, true
	case err := <-told:
		pause := calm
		if err != nil {
			pause = lookEvery // that is tried again
		}
		select {
		case <-next:
			return true, false
		case <-ctx.Done():
			return false, true
		case <-time.After(pause):
			return false, false
		}
	}
}

// look gives what has happened that is seen by looking.
func (o *observer) look(t *Target) []host.Event {
	var out []host.Event
	// Of what happened within one look the order is not known. Cells are mostly made for policies that are there.
	history, err := t.Host.History()
	if host.Hidden(err) {
		o.inv.noteOnce("loads and rollbacks can't be seen: only root of the host may read what is loaded")
	} else if o.trouble("generations", err); err == nil {
		out = append(out, o.generations.Next(history)...)
	}
	measures, err := t.Host.Measures()
	if o.trouble("cells", err); err == nil {
		cells := make([]kernel.Cell, len(measures))
		for i := range measures {
			cells[i] = measures[i].Cell
		}
		out = append(out, o.cells.Next(cells)...)
		out = append(out, o.budgets.Next(measures, t.Uptime())...)
	}
	events, err := o.services.Next()
	o.trouble("services", err)
	return append(out, events...)
}

// decided hands decisions on.
func (o *observer) decided(t *Target, b *host.Batch) {
	for _, m := range human.Gaps(b) {
		if m.Lost > 0 {
			o.inv.note("%s lost: %s", human.AreMany(int(m.Lost), "decision"), m.Why)
		} else {
			o.inv.note("decisions may be lost: %s", m.Why)
		}
	}
	if o.out != nil {
		// What can't be kept is counted and told by the place itself.
		o.trouble("the log", o.out.batch(b))
	}
	var out []host.Event
	if slices.ContainsFunc(b.List, func(r host.Recorded) bool { return r.Cell() != 0 && !o.cells.Knows(r.Cell()) }) {
		o.tell(o.look(t)) // that the cell was made comes first
	}
	for i := range b.List {
		if e, ok := watch.Decided(&b.List[i]); ok {
			out = append(out, e)
		}
	}
	o.tell(out)
}

func (o *observer) tell(list []host.Event) {
	for _, e := range list {
		for _, f := range o.files {
			f.queue.Put(e)
		}
	}
}

// trouble says what can't be looked at, once for each reason in a row, and that it can be again.
func (o *observer) trouble(what string, err error) {
	text := ""
	if err != nil {
		text = diag.Of(err)[0].Message
	}
	was := o.wrong[what]
	if text == was {
		return
	}
	if o.wrong == nil {
		o.wrong = map[string]string{}
	}
	o.wrong[what] = text
	if err != nil {
		o.inv.note("%s can't be looked at: %s", what, text)
	} else {
		o.inv.note("%s can be looked at again", what)
	}
}
