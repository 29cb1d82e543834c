package command

import (
	"fmt"
	"syscall"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/members"
	"cellsh/kernel/process"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

// simulatedMembers is what help says of simulated kernels.
const simulatedMembers = `A simulated kernel has no processes of its own: there it is the sessions of this
machine that cellsh has started for the cell. A process that has left its
session is out of sight.`

func psCommand() *Command {
	return &Command{
		Name: "ps", Args: "CELL", Short: "the processes in a cell", Without: []string{"policy"},
		Long: `Shows all processes in the cell and no others, zombies among them, as they are
seen from inside the cell. MEMORY is what is resident, TIME that of processors,
and COMMAND what a process says of itself. If a policy denies process.cansee to
the cell, its processes can't be seen this way either.

` + simulatedMembers + `

  cellsh -k sim:cells.state ps web-1`,
		Setup: func(*flags.Set) func(*Invocation) error { return runPS },
	}
}

func killCommand() *Command {
	return &Command{
		Name: "kill", Args: "CELL [SIGNAL]", Short: "send a signal to all processes in a cell", Reaches: true, Without: []string{"policy"},
		Long: `Sends SIGNAL, a name or a number of this machine, else TERM, to all processes in
the cell and to nobody else, and says how many there were. KILL is sent until
none is left. Any other signal is sent once; NetBSD may lose it for a process
that is just executing a program. If a policy denies process.signal to the cell,
these signals are denied too, and that is said. A service that ends so is
started again by its monitor: stop ends it for good.

` + simulatedMembers + `

  cellsh -k sim:cells.state kill web-1 HUP`,
		Setup: func(*flags.Set) func(*Invocation) error { return runKill },
	}
}

// member is the report of a process.
type member struct {
	PID     int    `json:"pid"`
	Parent  int    `json:"parent"`
	Group   int    `json:"group"`
	Session int    `json:"session"`
	UID     uint32 `json:"uid"`
	RealUID uint32 `json:"real_uid"`
	State   string `json:"state"`
	// Start is absent, with what follows, for a process of which the system does not tell.
	Start    string   `json:"start,omitempty"`
	Resident uint64   `json:"resident"`
	Time     float64  `json:"time"`
	Name     string   `json:"name"`
	Args     []string `json:"args,omitempty"`
}

// cellFor gives the cell that the first argument names.
func (inv *Invocation) cellFor(op string) (kernel.Cell, error) {
	h, err := inv.host()
	if err != nil {
		return kernel.Cell{}, err
	}
	return h.Cell(op+" "+inv.Args[0], inv.Args[0])
}

func runPS(inv *Invocation) error {
	if len(inv.Args) != 1 {
		return usage("one cell must be given, but there are %d", len(inv.Args))
	}
	c, err := inv.cellFor("see the members of cell")
	if err != nil {
		return err
	}
	list, err := inv.target.Members.Processes(c)
	if err != nil {
		return err
	}
	if inv.JSON {
		report := []member{}
		for i := range list {
			p := &list[i]
			m := member{PID: p.PID, Parent: p.Parent, Group: p.Group, Session: p.Session, UID: p.UID, RealUID: p.RealUID, State: p.State.String(),
				Resident: p.Resident, Time: p.Time.Seconds(), Name: p.Name, Args: p.Args}
			if p.Measured {
				m.Start = p.Start.UTC().Format(time.RFC3339)
			}
			report = append(report, m)
		}
		return inv.json(map[string]any{"cell": c.Name, "processes": report})
	}
	if len(list) == 0 {
		if c.Processes > 0 && inv.target.Simulator == nil {
			fmt.Fprintf(inv.Stdout, "cell %s has no processes that can be seen\n", c.Name)
			inv.note("the kernel has counted %s there within the last second or two; a policy that denies process.cansee to the cell hides them", human.Plural(c.Processes, "process"))
			return nil
		}
		fmt.Fprintf(inv.Stdout, "cell %s has no processes\n", c.Name)
		return nil
	}
	var rows [][]string
	for i := range list {
		rows = append(rows, memberRow(&list[i], inv.Now()))
	}
	inv.table([]heading{{"PID", true}, {"PARENT", true}, {"SESSION", true}, {"UID", true}, {"STATE", false}, {"AGE", true}, {"MEMORY", true}, {"TIME", true}, {"COMMAND", false}}, rows)
	return nil
}

func memberRow(p *process.Process, now time.Time) []string {
	row := []string{fmt.Sprint(p.PID), fmt.Sprint(p.Parent), fmt.Sprint(p.Session), fmt.Sprint(p.UID), p.State.String()}
	if p.Measured {
		row = append(row, human.Age(max(0, now.Sub(p.Start))), human.Size(p.Resident), human.Spent(p.Time))
	} else {
		row = append(row, "-", "-", "-")
	}
	return append(row, p.Command())
}

func runKill(inv *Invocation) error {
	if len(inv.Args) == 0 || len(inv.Args) > 2 {
		return usage("a cell, and at most a signal, must be given, but there are %d arguments", len(inv.Args))
	}
	name := "TERM"
	if len(inv.Args) == 2 {
		name = inv.Args[1]
	}
	sig, known := members.ParseSignal(name)
	if !known {
		return usage("SIGNAL must be a name or a number of a signal, like TERM, KILL, HUP or 15, but is %q", name)
	}
	c, err := inv.cellFor("send a signal to cell")
	if err != nil {
		return err
	}
	n, err := inv.target.Reach().Signal(c, sig)
	if err != nil {
		return err
	}
	name = members.SignalName(sig)
	if inv.JSON {
		report := map[string]any{"cell": c.Name, "signal": name}
		if n != members.Unseen {
			report["processes"] = n
		}
		return inv.json(report)
	}
	switch {
	case n == members.Unseen:
		fmt.Fprintf(inv.Stdout, "%s sent to the processes of cell %s, which a policy keeps from being seen and counted\n", name, c.Name)
	case n == 0:
		fmt.Fprintf(inv.Stdout, "cell %s has no processes\n", c.Name)
	case sig == syscall.SIGKILL:
		fmt.Fprintf(inv.Stdout, "%s of cell %s killed: none is left\n", human.Plural(n, "process"), c.Name)
	default:
		fmt.Fprintf(inv.Stdout, "%s sent to %s of cell %s\n", name, human.Plural(n, "process"), c.Name)
	}
	return nil
}
