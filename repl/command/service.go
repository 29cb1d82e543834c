package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/connect"
	"cellsh/kernel/members"
	"cellsh/kernel/monitor"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/service"
	"cellsh/lua/services"
	"cellsh/policy/diag"
	"cellsh/policy/report"
	"cellsh/repl/flags"
	"cellsh/repl/human"
	"cellsh/repl/inventory"
)

func startCommand() *Command {
	return &Command{
		Name: "start", Args: "NAME... | --all", Short: "start services in their cells", Changes: true, Without: []string{"policy"},
		Long: `Starts the services, which files declare (docs/services.md), and those that they
require before them; with --all those with autostart. A cell that is missing is
made, as its service says. It is waited until each service runs, and is healthy
if it has a health command. What goes wrong with one is said, and the others are
started all the same, but for those that require it; the exit code is 1 then.

Each service has a monitor of its own, a small process that starts it again when
it ends, as its declaration says, and gives up where it ends too often in a row.
What a monitor that was killed has left is ended before its service is started.

With a simulated kernel services are ordinary processes of this machine. Nothing
isolates them.

  cellsh -k sim:cells.state start web`,
		Setup: operate("start", "start all services with autostart", (*operating).start),
	}
}

// operate is the Setup of a command that works on the services that are named, or on those that the flag --all says.
func operate(verb, all string, run func(*operating, *Invocation) error) func(*flags.Set) func(*Invocation) error {
	return func(fs *flags.Set) func(*Invocation) error {
		o := &operating{verb: verb}
		o.declare(fs)
		fs.Switch(&o.all, "all", all)
		return func(inv *Invocation) error { return run(o, inv) }
	}
}

func stopCommand() *Command {
	return &Command{
		Name: "stop", Args: "NAME... | --all", Short: "stop services", Reaches: true, Without: []string{"policy", "timings"},
		Long: `Stops the services, and those that require them before them; with --all whatever
runs. Each is sent its stop signal, TERM if it names none, and what is left of
its session after its stop_timeout is killed, again and again until nothing is.
Cells stay.

  cellsh -k sim:cells.state stop web`,
		Setup: operate("stop", "stop all services that run", (*operating).stop),
	}
}

func restartCommand() *Command {
	return &Command{
		Name: "restart", Args: "NAME... | --all", Short: "stop services and start them again", Changes: true, Without: []string{"policy"},
		Long: `Stops the services and starts them as their files say now. Services that require
them and run are stopped before and started after them. One that does not run is
started. With --all it is whatever runs.

  cellsh -k sim:cells.state restart web`,
		Setup: operate("restart", "restart all services that run", (*operating).restart),
	}
}

func statusCommand() *Command {
	return &Command{
		Name: "status", Args: "[NAME...]", Short: "what services do", Without: []string{"policy", "readonly", "timings"},
		Long: `Shows the services, or without names all that are declared or have run: what
each does, since when, the process that leads its session, how often it was
started again by itself, and why it is as it is.

  stopped     it does not run, and is not wanted to
  starting    it is being started, or its health is not good yet
  running     it runs, and is healthy if it has a health command
  unhealthy   it runs, but its health command says that it does not work
  waiting     it has ended, and is started again in a while
  stopping    it, or what it has left behind, is being ended
  crash-loop  it has ended too often in a row, and was given up
  failed      it could not be started, or has ended and is not started again
  lost        its monitor was killed; start and stop end what is left of it

The exit code is 0 if those that are named run; without names if none is
unhealthy, in a crash loop, failed or lost.

With --wait it is waited until the services are in one of the states STATE, of
which several are separated by commas.

  cellsh -k sim:cells.state status --wait running,unhealthy web`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			o := &statusing{}
			o.declare(fs)
			fs.Func("wait", "STATE", "wait until the services are in STATE", func(text string) string {
				for name := range strings.SplitSeq(text, ",") {
					s, err := service.ParseState(name)
					if err != nil {
						return strings.TrimPrefix(err.Error(), "the state ")
					}
					o.wait = append(o.wait, s)
				}
				return ""
			})
			fs.Func("within", "TIME", "wait no longer than TIME, 30s without it", func(text string) string {
				d, err := time.ParseDuration(text)
				if err != nil || d <= 0 {
					return flags.Must("be a duration, like 10s", text)
				}
				o.within = d
				return ""
			})
			return o.run
		},
	}
}

// operating is start, stop and restart.
type operating struct {
	serviceFlags
	verb string
	all  bool

	inv     *Invocation
	set     *services.Set
	manager *monitor.Manager
	// place is the kernel that is meant; "" where none is named.
	place    string
	problems []error
	told     []rundir.Status
}

// begin reads what is declared. What is wrong there is told at the end; who is right is started.
func (o *operating) begin(inv *Invocation) error {
	o.inv = inv
	switch {
	case o.all && len(inv.Args) > 0:
		return usage("--all is of all services, but %s is given too", inv.Args[0])
	case !o.all && len(inv.Args) == 0:
		return usage("the name of a service must be given, or --all")
	}
	dir, err := o.dir(inv)
	if err != nil {
		return err
	}
	o.manager = &monitor.Manager{Dir: dir}
	if o.place, err = inv.place(); err != nil {
		return err
	}
	var problems diag.List
	o.set, problems = o.read(inv)
	if problems.Failed() {
		o.problems = append(o.problems, problems)
	} else {
		inv.warnings(problems)
	}
	return nil
}

// place is the kernel that is meant; "" for one that is not named.
func (inv *Invocation) place() (string, error) {
	switch {
	case inv.Session != nil && inv.Kernel != "":
		return "", usage("-k can't be given in a session: it has its kernel, %s", inv.Session.Info().Name)
	case inv.Session != nil:
		return inv.Session.Place, nil
	case inv.Kernel == "":
		return "", nil
	}
	return connect.Place(inv.Kernel, &inv.Machine)
}

// interruptible is a context that ends with Ctrl-C, and SIGTERM.
func interruptible() (context.Context, func()) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

// known are the names of services that may be meant.
func (o *operating) known() []string {
	known := o.set.Graph.Names()
	if run, err := o.manager.Dir.Names(); err == nil {
		known = append(known, run...)
	}
	slices.Sort(known)
	return slices.Compact(known)
}

// meant is a hint for a name that there is no service of.
func (o *operating) meant(name string) string {
	known := o.known()
	switch hint := diag.DidYouMean(name, known); {
	case slices.Contains(known, name):
		return "it has run, but no file declares it"
	case hint == "" && len(o.problems) > 0:
		return "it may be one of those that could not be read"
	default:
		return hint
	}
}

// named are the services that the arguments name, each once. Those that there are not are problems.
func (o *operating) named(there func(name string) bool) []string {
	var names []string
	for i, name := range o.inv.Args {
		switch {
		case slices.Contains(o.inv.Args[:i], name):
		case !there(name):
			o.problems = append(o.problems, unknownService(name, o.meant(name)))
		default:
			names = append(names, name)
		}
	}
	return names
}

// definition is what a service is to be started as: as a file declares it, or as supervise began it.
func (o *operating) definition(name string) (d service.Definition, supervised, found bool) {
	if d := o.set.Graph.Find(name); d != nil {
		right := slices.ContainsFunc(o.set.Services, func(s service.Definition) bool { return s.Name == name })
		return *d, false, right
	}
	t, found, err := o.manager.Task(name)
	return t.Service, t.Supervised, err == nil && found && t.Supervised
}

// running are the services that have a monitor or had one that was killed, of the kernel that is meant.
func (o *operating) running() (map[string]rundir.Status, error) {
	all, err := o.manager.All(context.Background())
	if err != nil {
		return nil, err
	}
	list := map[string]rundir.Status{}
	for _, s := range all {
		if (!s.State.Final() || s.State == service.Lost) && (o.place == "" || s.Kernel == "" || s.Kernel == o.place) {
			list[s.Service] = s
		}
	}
	return list, nil
}

func keys(m map[string]rundir.Status) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// order puts names in the order of the graph; those that no file declares come after it.
func (o *operating) order(names []string) []string {
	var list []string
	for _, name := range o.set.Graph.Names() {
		if slices.Contains(names, name) {
			list = append(list, name)
		}
	}
	for _, name := range names {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

func (o *operating) start(inv *Invocation) error {
	if err := o.begin(inv); err != nil {
		return err
	}
	var names []string
	if o.all {
		for _, d := range o.set.Services {
			if d.Autostart {
				names = append(names, d.Name)
			}
		}
	} else {
		names = o.named(o.startable)
	}
	return o.startAll(append(o.set.Graph.Start(names...), o.undeclared(names)...), nil)
}

// startable reports whether a service is known well enough to be started.
func (o *operating) startable(name string) bool {
	if o.set.Graph.Find(name) != nil {
		return true
	}
	_, _, found := o.definition(name)
	return found
}

// undeclared are those of the names that no file declares.
func (o *operating) undeclared(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return o.set.Graph.Find(name) != nil })
}

// startAll starts the services of the list, and starts those again that are to be. At the end it tells all that went wrong.
func (o *operating) startAll(list, again []string) error {
	tasks, wrong := map[string]monitor.Task{}, map[string]error{}
	if len(list) > 0 {
		if err := o.tasks(list, tasks, wrong); err != nil {
			return err
		}
	}
	ctx, end := interruptible()
	defer end()
	var mu sync.Mutex
	got := map[string]rundir.Status{}
	before := map[string]rundir.Status{}
	for _, name := range list {
		if s, err := o.manager.Status(ctx, name); err == nil {
			before[name] = s
		}
	}
	err := o.inv.rest(func() {
		o.set.Graph.StartEach(list, func(name string) error {
			if err := wrong[name]; err != nil {
				return err
			}
			run := o.manager.Start
			if slices.Contains(again, name) {
				run = o.manager.Restart
			}
			s, err := run(ctx, tasks[name])
			mu.Lock()
			got[name] = s
			mu.Unlock()
			return err
		}, func(name string, err error) {
			mu.Lock()
			s := got[name]
			mu.Unlock()
			o.went(s, err, func() string {
				b := before[name]
				switch {
				case s.State == service.Stopped:
					return fmt.Sprintf("service %s has run in cell %s and ended", name, s.Cell)
				case b.Monitor != 0 && b.Monitor == s.Monitor && b.Starts == s.Starts:
					return fmt.Sprintf("service %s runs already in cell %s", name, s.Cell)
				}
				return fmt.Sprintf("service %s runs in cell %s", name, s.Cell)
			})
		})
	})
	return errors.Join(err, o.finish())
}

// went tells how it went with one service.
func (o *operating) went(s rundir.Status, err error, said func() string) {
	switch {
	case err != nil:
		o.problems = append(o.problems, err)
		if s.Service != "" {
			o.told = append(o.told, s)
		}
	default:
		o.told = append(o.told, s)
		if !o.inv.JSON {
			fmt.Fprintln(o.inv.Stdout, said())
		}
	}
}

// finish tells what went wrong.
func (o *operating) finish() error {
	err := errors.Join(o.problems...)
	if !o.inv.JSON {
		return err
	}
	if o.told == nil {
		o.told = []rundir.Status{}
	}
	out := map[string]any{"services": o.told}
	if err != nil {
		l := diag.Of(err)
		out["ok"], out["diagnostics"] = !l.Failed(), report.List(l)
	}
	if werr := o.inv.json(out); werr != nil {
		return werr
	}
	if err != nil {
		return quiet{Failed}
	}
	return nil
}

// rest does what takes a while, while others have the kernel.
func (inv *Invocation) rest(work func()) error {
	if inv.Session != nil {
		return inv.Session.Steps.Rest(work)
	}
	err := inv.close()
	inv.out.Settle = nil // there is nothing left to save
	work()
	return err
}

// tasks makes the cells that are missing, and says what the monitors are to do.
func (o *operating) tasks(list []string, tasks map[string]monitor.Task, wrong map[string]error) error {
	h, err := o.inv.host()
	if err != nil {
		return err
	}
	t := o.inv.target
	if err := o.inv.canRun(o.verb + " a service"); err != nil {
		return err
	}
	for _, name := range list {
		d, supervised, found := o.definition(name)
		if !found {
			wrong[name] = &kernel.Error{Op: o.verb + " service " + name, Text: "its declaration must be right, but is not"}
			continue
		}
		if s, err := o.manager.Status(context.Background(), name); err == nil && (!s.State.Final() || s.State == service.Lost) && s.Kernel != "" && s.Kernel != t.Place {
			wrong[name] = &kernel.Error{Op: o.verb + " service " + name, Text: fmt.Sprintf("it must run on no other kernel, but runs on %s", s.Kernel),
				Hint: "stop it there, or give another --run-dir"}
			continue
		}
		c, exists, err := kernel.Find(t.Kernel, d.Cell.Name)
		if err == nil && !exists {
			if d.Cell.Root == "" {
				_, err = h.Cell(o.verb+" service "+name, d.Cell.Name)
			} else if _, err = h.Create(d.Cell); err == nil {
				if !o.inv.JSON {
					fmt.Fprintf(o.inv.Stdout, "cell %s is made\n", d.Cell.Name)
				}
				c, err = h.Cell(o.verb+" service "+name, d.Cell.Name)
			}
		}
		if err != nil {
			wrong[name] = err
			continue
		}
		tasks[name] = o.inv.task(d, c, supervised)
	}
	return nil
}

// task is what a monitor is to do.
func (inv *Invocation) task(d service.Definition, c kernel.Cell, supervised bool) monitor.Task {
	t := inv.target
	budgets, err := t.Host.WatchedBudgets(c.Name)
	if err != nil {
		inv.note("the budgets of service %s are not watched: %s", d.Name, err)
	}
	task := monitor.Task{Service: d, Cell: c, Budgets: budgets, Kernel: t.Place, Simulated: t.Simulator != nil, Supervised: supervised}
	if s, ok := t.Members.(*members.Sessions); ok && s.Folder != "" {
		// Monitors do not work where their starter does.
		if path, err := filepath.Abs(s.Folder); err == nil {
			task.Sessions = path
		}
	}
	return task
}

// canRun refuses a kernel whose cells nobody can be started in by another process.
func (inv *Invocation) canRun(op string) error {
	switch {
	case inv.Machine.System != nil:
		return &kernel.Error{Op: op, Text: "the kernel must be the running one, but something stands for it"}
	case inv.target.Place == "sim":
		return &kernel.Error{Op: op, Text: "the kernel must stay when the program ends, but this simulated one does not", Hint: "-k sim:FILE keeps it"}
	case inv.target.Simulator == nil && os.Geteuid() != 0:
		return kernel.NotRoot(op, os.Geteuid())
	}
	return nil
}

func (o *operating) stop(inv *Invocation) error {
	if inv.ReadOnly {
		return kernel.RefuseReadOnly("stop a service")
	}
	if err := o.begin(inv); err != nil {
		return err
	}
	running, err := o.running()
	if err != nil {
		return err
	}
	names := keys(running)
	if !o.all {
		known := o.known()
		names = o.named(func(name string) bool { return slices.Contains(known, name) })
		names = o.withDependents(names, running)
	}
	o.stopAll(names)
	return o.finish()
}

// withDependents are the services, and those that require them and run, in the order in which they are stopped.
func (o *operating) withDependents(names []string, running map[string]rundir.Status) []string {
	var list []string
	for _, name := range append(o.set.Graph.Stop(names...), o.undeclared(names)...) {
		if _, runs := running[name]; runs || slices.Contains(names, name) {
			list = append(list, name)
		}
	}
	return list
}

// stopAll stops the services.
func (o *operating) stopAll(names []string) {
	names = o.order(names)
	slices.Reverse(names)
	ctx, end := interruptible()
	defer end()
	var mu sync.Mutex
	got, was := map[string]rundir.Status{}, map[string]rundir.Status{}
	o.set.Graph.StopEach(names, func(name string) error {
		before, err := o.manager.Status(ctx, name)
		if err == nil && o.place != "" && before.Kernel != "" && before.Kernel != o.place && !before.State.Final() {
			err = &kernel.Error{Op: "stop service " + name, Text: fmt.Sprintf("it must run on %s, but runs on %s", o.place, before.Kernel)}
		}
		var s rundir.Status
		if err == nil {
			s, err = o.manager.Stop(ctx, name)
		}
		mu.Lock()
		got[name], was[name] = s, before
		mu.Unlock()
		return err
	}, func(name string, err error) {
		mu.Lock()
		s, b := got[name], was[name]
		mu.Unlock()
		o.went(s, err, func() string {
			if b.State.Final() && b.State != service.Lost {
				return fmt.Sprintf("service %s does not run: it is %s", name, b.State)
			}
			return fmt.Sprintf("service %s is stopped", name)
		})
	})
}

func (o *operating) restart(inv *Invocation) error {
	if err := o.begin(inv); err != nil {
		return err
	}
	running, err := o.running()
	if err != nil {
		return err
	}
	names := keys(running)
	if o.all {
		names = slices.DeleteFunc(names, func(name string) bool { return !o.startable(name) })
	} else {
		names = o.named(o.startable)
	}
	// Those that run and require one of them can't while that is stopped.
	dependents := slices.DeleteFunc(o.withDependents(names, running), func(name string) bool { return slices.Contains(names, name) })
	if len(dependents) > 0 {
		o.stopAll(dependents)
	}
	all := append(slices.Clone(names), dependents...)
	return o.startAll(append(o.set.Graph.Start(all...), o.undeclared(all)...), names)
}

type statusing struct {
	serviceFlags
	wait   []service.State
	within time.Duration
}

func (o *statusing) run(inv *Invocation) error {
	dir, err := o.dir(inv)
	if err != nil {
		return err
	}
	place, err := inv.place()
	if err != nil {
		return err
	}
	if o.within != 0 && o.wait == nil {
		return usage("--within is how long --wait waits, which is not given")
	}
	m := &monitor.Manager{Dir: dir}
	set, problems := o.read(inv)
	names, err := o.names(inv, dir, set)
	if err != nil {
		return err
	}
	ctx, end := interruptible()
	defer end()
	if o.wait != nil {
		if len(inv.Args) == 0 {
			return usage("the name of a service must be given to wait for")
		}
		within := o.within
		if within == 0 {
			within = 30 * time.Second
		}
		var stop func()
		ctx, stop = context.WithTimeout(ctx, within)
		defer stop()
	}
	rows := []inventory.Service{}
	failed := false
	for _, name := range names {
		var s rundir.Status
		if o.wait != nil {
			if s, err = m.Wait(ctx, name, o.wait); errors.Is(err, context.DeadlineExceeded) {
				s, _ = m.Status(context.Background(), name)
				err = &kernel.Error{Op: "wait for service " + name, Text: fmt.Sprintf("it must come to be %s in time, but is %s", monitor.Names(o.wait), s.State)}
			}
		} else {
			s, err = m.Status(ctx, name)
		}
		if err != nil {
			return err
		}
		r := inventory.Of(set, s)
		if len(inv.Args) == 0 && !r.Listed(place) {
			continue
		}
		rows = append(rows, r)
		switch {
		case o.wait != nil:
		case len(inv.Args) > 0:
			failed = failed || s.State != service.Running
		default:
			failed = failed || slices.Contains([]service.State{service.Unhealthy, service.CrashLoop, service.Failed, service.Lost}, s.State)
		}
	}
	if inv.JSON {
		err = inv.json(rows)
	} else {
		o.table(inv, rows)
		diag.Write(inv.Stderr, problems)
	}
	if err == nil && failed {
		return quiet{Failed}
	}
	return err
}

// names are the services to show.
func (o *statusing) names(inv *Invocation, dir rundir.Dir, set *services.Set) ([]string, error) {
	known, err := inventory.Names(set, dir)
	if err != nil {
		return nil, err
	}
	if len(inv.Args) == 0 {
		return known, nil
	}
	var names []string
	var missing []error
	for _, name := range inv.Args {
		switch {
		case !slices.Contains(known, name):
			missing = append(missing, unknownService(name, diag.DidYouMean(name, known)))
		case !slices.Contains(names, name):
			names = append(names, name)
		}
	}
	return names, errors.Join(missing...)
}

func (o *statusing) table(inv *Invocation, rows []inventory.Service) {
	if len(rows) == 0 {
		fmt.Fprintln(inv.Stdout, "there are no services")
		return
	}
	now := inv.Now()
	var list [][]string
	for i := range rows {
		r := &rows[i]
		since, pid, why := "-", "-", cmp.Or(monitor.Why(&r.Status), "-")
		if !r.Since.IsZero() {
			since = human.Age(max(0, now.Sub(r.Since)))
		}
		if r.PID != 0 {
			pid = fmt.Sprint(r.PID)
		}
		list = append(list, []string{r.Service, r.Cell, r.State.String(), since, pid, fmt.Sprint(r.Restarts), why})
	}
	inv.table([]heading{{"SERVICE", false}, {"CELL", false}, {"STATE", false}, {"SINCE", true}, {"PROCESS", true}, {"RESTARTS", true}, {"WHY", false}}, list)
	// What keeps output from being kept is mostly the same for all.
	var said []string
	for i := range rows {
		text := rows[i].Output
		if text == "" || slices.Contains(said, text) {
			continue
		}
		said = append(said, text)
		var names []string
		for j := range rows {
			if rows[j].Output == text {
				names = append(names, rows[j].Service)
			}
		}
		inv.note("%s: %s", strings.Join(names, ", "), text)
	}
}
