// Package crowd fills a simulated kernel with cells and policies, and lets processes in 64 of the cells ask questions:
// the way on which a decision is made for real, through all models of the kernel.
//
//	c, err := crowd.New(100_000)
//	for i := range n { c.Ask(i) }
//
// What it is not: it doesn't time anything. The report does.
package crowd

import (
	"fmt"

	"cellsh/bench/scale"
	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/stock"
)

// Askers is how many processes ask.
const Askers = 64

// Crowd is a kernel with cells that all have programs.
type Crowd struct {
	Host   *host.Host
	Kernel *sim.Kernel
	IDs    []kernel.CellID
	askers [Askers]*sim.Process
}

// New makes a kernel with that many cells, a multiple of 10: a policy for all of them, and one for each tenth.
func New(cells int) (*Crowd, error) {
	fleet := scale.Fleet{Teams: 10, Cells: cells / 10}
	h, err := scale.Host(fleet.Names())
	if err != nil {
		return nil, err
	}
	if _, err := scale.Load(h, fleet.Sources()); err != nil {
		return nil, err
	}
	c := &Crowd{Host: h, Kernel: h.Kernel.(*sim.Kernel)}
	list, err := h.Kernel.List()
	if err != nil {
		return nil, err
	}
	for _, cell := range list {
		c.IDs = append(c.IDs, cell.ID)
	}
	for i := range c.askers {
		if c.askers[i], err = c.Kernel.Spawn(sim.SpawnSpec{Cell: c.IDs[i*len(c.IDs)/Askers], UID: 80, GID: 80}); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Ask lets one of the processes send itself signal 0: one question, process.signal, which the program of its cell
// answers among the other models.
func (c *Crowd) Ask(i int) error {
	p := c.askers[i%Askers]
	return failed("kill", p.Kill(p.PID(), 0))
}

// Call is a system call, or a few that belong together.
type Call struct {
	Name string
	// Calls is how many system calls it is.
	Calls int
	Do    func() error
}

// Calls are some that ask, made by a process in a cell.
func (c *Crowd) Calls() []Call {
	p := c.askers[0]
	return []Call{
		{"kill", 1, func() error { return failed("kill", p.Kill(p.PID(), 0)) }},
		{"setrlimit refused", 1, func() error {
			if e := p.Setrlimit(8, sim.Rlimit{Cur: 9999, Max: 9999}); e != kauth.EPERM {
				return fmt.Errorf("setrlimit must be refused, but gives %s", e.Name())
			}
			return nil
		}},
		{"socket, bind, close", 3, func() error {
			fd, e := p.Socket(2, 1, 0)
			if e == 0 {
				e = p.Bind(fd, policy.Addr{}, 8080)
			}
			if e == 0 {
				e = p.CloseFD(fd)
			}
			return failed("socket, bind, close", e)
		}},
		{"fork, exit, wait", 3, func() error {
			child, e := p.Fork()
			if e == 0 {
				child.Exit(0)
				_, _, e = p.Wait()
			}
			return failed("fork, exit, wait", e)
		}},
	}
}

func failed(what string, e kauth.Errno) error {
	if e == 0 {
		return nil
	}
	return fmt.Errorf("%s must succeed, but gives %s", what, e.Name())
}

// Churn makes a kernel without cells that creates and destroys that many of them each time it is called.
func Churn(cells int) (func() error, error) {
	h, err := scale.Host(nil)
	if err != nil {
		return nil, err
	}
	k := h.Kernel
	ids := make([]kernel.CellID, cells)
	names := make([]string, cells)
	for i := range names {
		names[i] = fmt.Sprintf("cell%d", i)
	}
	return func() error {
		for i, name := range names {
			if ids[i], err = k.Create(kernel.Spec{Name: name, Root: "/cells/all"}); err != nil {
				return err
			}
		}
		for _, id := range ids {
			if err := k.Destroy(id); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// Another creates one more cell, with its program, and destroys it.
func (c *Crowd) Another() error {
	const name = "team0-another"
	if _, err := c.Host.Create(kernel.Spec{Name: name, Root: "/cells/all"}); err != nil {
		return err
	}
	return c.Host.Destroy(name)
}

// Bundle encodes programs for all cells as the generation after those that are loaded; the kernel takes it once.
func (c *Crowd) Bundle() ([]byte, error) {
	p, err := c.Host.Policies()
	if err != nil {
		return nil, err
	}
	status, err := c.Kernel.Status()
	if err != nil {
		return nil, err
	}
	b := &program.Bundle{Vocabulary: &kauth.NetBSD109912, Generation: status.Highest + 1, Fallback: stock.Fallback()}
	index := map[*program.Program]int{}
	cells, err := c.Kernel.List()
	if err != nil {
		return nil, err
	}
	for _, cell := range cells {
		prog, err := p.Program(cell.Name)
		if err != nil {
			return nil, err
		}
		i, ok := index[prog.Program]
		if !ok {
			i = len(b.Programs)
			index[prog.Program] = i
			b.Programs = append(b.Programs, prog.Program)
		}
		b.Cells = append(b.Cells, program.Cell{ID: cell.ID, Name: cell.Name, Program: i})
	}
	return b.Encode(), nil
}
