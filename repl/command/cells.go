package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/kernel/members"
	"cellsh/kernel/monitor"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/service"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func listCommand() *Command {
	return &Command{
		Name: "list", Args: "[CELL...]", Short: "the cells, and what answers for them", Without: []string{"policy"},
		Long: `Lists the cells, or those that are meant, and what answers for each: the
policies that are loaded, by name, or the fallback for a cell of profile low
that no policy names, or that other tools have made since the load (cellsh
attach gives it its program). Of cells that are audited it says how long.
Where no program answers, as everywhere on a kernel without the evaluation
model, it is the profile that the cell was made with. No kernel tells it: of
cells that other tools have made it is unknown.

` + aboutListing + `

  cellsh -k sim:cells.state list 'web-*' --columns name,age,answered-by`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			l := listCells(func(u *host.Usage) string { return strconv.Itoa(u.Processes) }, "id", "name", "processes", "age", "root", "answered-by")
			l.declare(fs)
			return l.run
		},
	}
}

func createCommand() *Command {
	return &Command{
		Name: "create", Args: "NAME --root DIR", Short: "make a cell", Changes: true, Without: []string{"policy"},
		Long: `Makes a cell. If policies are loaded it has its program from the start, or is
not made. What is left out the policies that name it decide: its limits are
those of their budgets, and its profile is low, because their program denies
what is to be denied. A kernel without the evaluation model asks no programs:
there profile and ports are those that fit the policies best (cellsh fit shows
how well), and stay. Without such policies the profile is the kernel's own,
high. On a simulated kernel the root directory is made if it does not exist.

  cellsh -k sim:cells.state create web-1 --root /cells/web-1 --ports 80,443 --as 512M`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var c creation
			for _, f := range [][3]string{
				{"root", "DIR", "the DIR that its members are chrooted to, absolute"},
				{"profile", "PROFILE", "what the kernel denies by itself: low, medium or high"},
				{"ports", "PORTS", "PORTS that only this cell may bind, separated by commas"},
				{"nofile", "LIMIT", "LIMIT of open files of what cellsh starts in it, or unlimited"},
				{"as", "LIMIT", "LIMIT of the address space: bytes, a size such as 512M, or unlimited"},
				{"core", "LIMIT", "LIMIT of core dumps: bytes, a size such as 512M, or unlimited"},
			} {
				fs.Func(f[0], f[1], f[2], func(text string) string { return c.set(f[0], text) })
			}
			fs.Switch(&c.spec.HostRoot, "yes", "allow the root to be /, the host's own")
			return c.run
		},
	}
}

func destroyCommand() *Command {
	return &Command{
		Name: "destroy", Args: "CELL...", Short: "remove cells that have no members", Changes: true, Without: []string{"policy"},
		Long: `Removes cells. A cell with members, zombies included, can't be removed; who
they are is said. What goes wrong with one cell is said, and the others are
removed all the same; the exit code is 1 then.

With --stop the services that run in a cell are stopped before, and what else is
in it gets TERM, and KILL after 5 seconds.

  cellsh -k sim:cells.state destroy --stop web-1`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var d destruction
			fs.Switch(&d.stop, "stop", "stop the services in the cells, and end whatever else runs there")
			fs.Text(&d.run, "run-dir", "DIR", "the state of services is in DIR instead of "+string(rundir.Default))
			return d.destroy
		},
	}
}

func attachCommand() *Command {
	return &Command{
		Name: "attach", Args: "[CELL...]", Short: "give cells of other tools their programs", Changes: true, Without: []string{"policy"},
		Long: `Gives the cells, or without any all that live, the programs of the loaded
policies, if other tools have made them since the load. What must never be
allowed is checked for them first.

  cellsh -k sim:cells.state attach web-2`,
		Setup: func(*flags.Set) func(*Invocation) error { return runAttach },
	}
}

// aboutListing is what help says of the commands that list cells.
const aboutListing = `CELL is a name or a glob, in which * stands for any characters or none. A name
must be that of a cell; a glob that matches none is noted.

With -w a terminal shows what is now where it showed what was, as much as fits;
one that can't move its cursor, a file or a pipe gets it below, after an empty
line, and with --json each time on a line. Ctrl-C or SIGTERM end it, with exit
code 0. A named cell that goes away meanwhile is not shown any more.`

// listCells lists cells with the columns that there are about them; usual ones are shown without --columns. How processes are
// counted is up to the command.
func listCells(processes func(*host.Usage) string, usual ...string) *cellListing {
	l := &cellListing{}
	l.usual = usual
	percent := func(p float64) string { return fmt.Sprintf("%.0f%%", p) }
	l.all = []column[host.Usage]{
		number("ID", func(u *host.Usage) kernel.CellID { return u.ID }, func(id kernel.CellID) string { return fmt.Sprint(id) }),
		words("NAME", func(u *host.Usage) string { return u.Name }),
		{heading: heading{"PROCESSES", true}, cell: processes, compare: func(a, b *host.Usage) int { return cmp.Compare(a.Processes, b.Processes) }},
		number("AGE", func(u *host.Usage) time.Duration { return u.Age }, human.Age),
		words("ROOT", func(u *host.Usage) string { return u.Root }),
		words("ANSWERED BY", l.answers),
		number("MEMORY", func(u *host.Usage) uint64 { return u.Memory }, human.Size),
		number("CPU 1S", func(u *host.Usage) float64 { return u.CPU1s }, percent),
		number("CPU 10S", func(u *host.Usage) float64 { return u.CPU10s }, percent),
		counted("DECISIONS", func(c *kernel.Counts) uint64 { return c.Decisions }),
		counted("DENIED", func(c *kernel.Counts) uint64 { return c.Denied }),
		counted("GRANTED", func(c *kernel.Counts) uint64 { return c.Granted }),
		counted("AUDIT", func(c *kernel.Counts) uint64 { return c.WouldDeny }),
	}
	return l
}

// answers says what answers for a cell, and how long it is audited.
func (l *cellListing) answers(u *host.Usage) string {
	by := human.Answers(u)
	if u.Audit != nil {
		by += fmt.Sprintf("; audited for %s more, refusing nothing", human.Left(u.Audit.Left(l.now)))
	}
	return by
}

// counted is a column of what the evaluation model has counted, where there is one.
func counted(head string, of func(*kernel.Counts) uint64) column[host.Usage] {
	return column[host.Usage]{heading: heading{head, true},
		cell: func(u *host.Usage) string {
			if u.Counts == nil {
				return "-"
			}
			return strconv.FormatUint(of(u.Counts), 10)
		},
		compare: func(a, b *host.Usage) int { return cmp.Compare(of(a.Counts), of(b.Counts)) },
		known:   func(u *host.Usage) bool { return u.Counts != nil },
	}
}

// cellListing lists cells.
type cellListing struct {
	roster[host.Usage]
	// now is when it is looked.
	now time.Time
	// below are lines about the cells that are shown; nil for none.
	below func([]host.Usage) []string
}

func (l *cellListing) run(inv *Invocation) error {
	if inv.JSON && l.columns != nil {
		return usage("--columns can't be given with --json, which has all that is known")
	}
	c, err := inv.cells()
	if err != nil {
		return err
	}
	asked := false
	return inv.again(l.every, func(h *host.Host) (view, error) {
		if !asked {
			if err := c.exist(h); err != nil {
				return view{}, err
			}
			asked = true
		}
		l.now = inv.Now()
		usages, err := h.Usage()
		if err != nil {
			return view{}, err
		}
		usages, notes := chosen(&c, usages, func(u *host.Usage) string { return u.Name })
		l.sorted(usages)
		v := view{report: reports(usages), notes: notes}
		switch {
		case inv.JSON:
			return v, nil
		case len(usages) > 0:
			v.sheet = l.sheet(usages)
		case c.all():
			v.sheet = &sheet{below: []string{"there are no cells"}}
		default:
			v.sheet = &sheet{below: []string{"there are no such cells"}}
		}
		if l.below != nil {
			v.sheet.below = append(v.sheet.below, l.below(usages)...)
		}
		return v, nil
	})
}

func reports(usages []host.Usage) []host.UsageReport {
	out := []host.UsageReport{}
	for i := range usages {
		out = append(out, usages[i].Report())
	}
	return out
}

// creation is the flags of create: what the cell is made with.
type creation struct{ spec kernel.Spec }

// set takes a key of the spec, as flags have it: ports are separated by commas.
func (c *creation) set(key, text string) (problem string) {
	var value any = text
	if key == "ports" {
		value = commas(text)
	}
	var wrong *policy.KeyError
	if errors.As(c.spec.Set(key, value), &wrong) {
		return wrong.Text
	}
	return ""
}

func (c *creation) run(inv *Invocation) error {
	if len(inv.Args) != 1 {
		return usage("one name must be given, but there are %d", len(inv.Args))
	}
	if c.spec.Root == "" {
		return usage("--root must be given: the directory that the cell's members are chrooted to")
	}
	spec := c.spec
	spec.Name = inv.Args[0]
	h, err := inv.host()
	if err != nil {
		return err
	}
	id, err := h.Create(spec)
	if err != nil {
		return err
	}
	if inv.JSON {
		return inv.json(map[string]any{"id": id, "name": spec.Name})
	}
	fmt.Fprintf(inv.Stdout, "cell %s has id %d\n", spec.Name, id)
	return nil
}

// commas takes a list apart whose elements are separated by commas.
func commas(list string) []any {
	var out []any
	for s := range strings.SplitSeq(list, ",") {
		out = append(out, s)
	}
	return out
}

// destruction is the flags of destroy.
type destruction struct {
	stop bool
	run  string
}

func (d *destruction) destroy(inv *Invocation) error {
	if len(inv.Args) == 0 {
		return usage("a cell must be given")
	}
	h, err := inv.host()
	if err != nil {
		return err
	}
	dir, err := (&serviceFlags{run: d.run}).dir(inv)
	if err != nil {
		return err
	}
	m := &monitor.Manager{Dir: dir}
	gone, failed := []string{}, []error(nil)
	for _, name := range inv.Args {
		err := d.clear(inv, m, name)
		if err == nil {
			err = h.Destroy(name)
		}
		if err != nil {
			// The others have nothing to do with it.
			failed = append(failed, err)
			continue
		}
		gone = append(gone, name)
		if !inv.JSON {
			fmt.Fprintf(inv.Stdout, "cell %s is gone\n", name)
		}
	}
	err = errors.Join(failed...)
	if !inv.JSON {
		return err
	}
	report := map[string]any{"destroyed": gone}
	if err != nil {
		report["ok"], report["diagnostics"] = false, diag.Of(err)
	}
	if werr := inv.json(report); werr != nil {
		return werr
	}
	if err != nil {
		return quiet{Failed}
	}
	return nil
}

// clear stops the services in a cell, or says that there are some.
func (d *destruction) clear(inv *Invocation, m *monitor.Manager, cell string) error {
	op := "destroy cell " + cell
	c, err := inv.target.Host.Cell(op, cell)
	if err != nil {
		return err
	}
	all, err := m.All(context.Background())
	if err != nil && !d.stop {
		return nil // who may not look at services has none; members are told by the kernel
	}
	if err != nil {
		return err
	}
	ctx, end := interruptible()
	defer end()
	for _, s := range all {
		if s.Cell != cell || s.Kernel != inv.target.Place || s.State.Final() && s.State != service.Lost {
			continue
		}
		if !d.stop {
			return &kernel.Error{Op: op, Text: fmt.Sprintf("no service must run in it, but %s is %s", s.Service, s.State), Hint: "destroy --stop stops what runs in a cell"}
		}
		if _, err := m.Stop(ctx, s.Service); err != nil {
			return err
		}
		if !inv.JSON {
			fmt.Fprintf(inv.Stdout, "service %s is stopped\n", s.Service)
		}
	}
	if !d.stop {
		return nil
	}
	return d.end(ctx, inv.target.Members, c)
}

// grace is how long members that are no services have to end by themselves.
const grace = 5 * time.Second

// end ends what is in a cell.
func (d *destruction) end(ctx context.Context, in members.Members, c kernel.Cell) error {
	list, err := in.Processes(c)
	if err != nil || len(list) == 0 {
		return err
	}
	if _, err := in.Signal(c, syscall.SIGTERM); err != nil {
		return err
	}
	for deadline := time.Now().Add(grace); len(list) > 0 && time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		if list, err = in.Processes(c); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return nil
	}
	_, err = in.Signal(c, syscall.SIGKILL)
	return err
}

func runAttach(inv *Invocation) error {
	h, err := inv.host()
	if err != nil {
		return err
	}
	out, err := h.Attach(inv.Args...)
	if err != nil {
		return err
	}
	return inv.loaded(out)
}
