package members

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/launch"
	"cellsh/kernel/process"
	"cellsh/policy/kauth"
)

// helperArg as the first argument makes the program the helper. It is no secret: the helper can do nothing that its caller
// could not do without it.
const helperArg = "__members-helper"

// The helper's descriptors beside the standard ones: it reads what to do from the first, and answers on the second.
const (
	requestDescriptor = 3
	answerDescriptor  = 4
)

// maxMessage is how long a request and an answer may be. The answer may have been written by any member.
const maxMessage = 16 << 20

// request is what is wanted of the helper: the processes of the cell, or a signal to them.
type request struct {
	ID     kernel.CellID
	Name   string
	Root   []byte
	Signal syscall.Signal
}

// answer is what the helper has to say.
type answer struct {
	Processes []process.Process `json:",omitempty"`
	Reached   int               `json:",omitempty"`
	Failure   *kernel.Error     `json:",omitempty"`
}

// IsHelper reports whether the arguments of the program make it the helper.
func IsHelper(args []string) bool { return len(args) == 2 && args[1] == helperArg }

// Helper is all that the program does if IsHelper; its arguments are the results of launch.NewSystem. It gives the exit code.
func Helper(sys launch.System, err error) int {
	in, out := os.NewFile(requestDescriptor, "request"), os.NewFile(answerDescriptor, "answer")
	h := helper{sys: sys, unsupported: err, inside: inside{os.Getpid(), os.Getppid(), process.Read, broadcast}, after: time.After}
	if err := json.NewEncoder(out).Encode(h.answer(in)); err != nil {
		return 1
	}
	return 0
}

// helper goes into a cell and looks around. Its parts are those of the system, or stand for them.
type helper struct {
	sys         launch.System
	unsupported error
	inside      inside
	after       func(time.Duration) <-chan time.Time
}

func (h *helper) answer(in io.Reader) answer {
	a, err := h.do(in)
	if err == nil {
		return a
	}
	known := new(kernel.Error)
	if !errors.As(err, &known) {
		known = &kernel.Error{Op: "see the members of a cell", Text: err.Error()}
	}
	a.Failure = known
	return a
}

func (h *helper) do(in io.Reader) (answer, error) {
	var a answer
	if h.unsupported != nil {
		return a, h.unsupported
	}
	var q request
	if err := json.NewDecoder(io.LimitReader(in, maxMessage)).Decode(&q); err != nil {
		return a, fmt.Errorf("the helper must get a request, but: %w", err)
	}
	at, err := h.enter(&q)
	if err != nil {
		return a, err
	}
	if q.Signal == 0 {
		a.Processes, err = at.processes()
		return a, err
	}
	a.Reached, err = signalAll(q.Name, at, q.Signal, h.after)
	return a, err
}

// enter gives the inside of the cell, where the helper is then. There is no other way to get at it.
func (h *helper) enter(q *request) (place, error) {
	op := "enter cell " + q.Name
	failed := func(what string, err error) error {
		e := &kernel.Error{Op: op, Text: fmt.Sprintf("to %s must succeed, but fails: %v", what, err)}
		if errno, ok := err.(kauth.Errno); ok {
			e.Errno, e.Text = errno, fmt.Sprintf("to %s must succeed, but fails", what)
		}
		return e
	}
	if q.ID == 0 {
		return nil, &kernel.Error{Op: op, Text: "the cell must be one that was created, but 0 is the host"}
	}
	if err := h.sys.CloseInherited(answerDescriptor + 1); err != nil {
		return nil, failed("close what was inherited", err)
	}
	// The way in is looked up while the names are those of the host.
	entry, err := h.sys.PrepareEnter(q.ID)
	if err != nil {
		return nil, err
	}
	if err := h.sys.Chroot(string(q.Root)); err != nil {
		return nil, failed("chroot "+string(q.Root), err)
	}
	if err := h.sys.Chdir("/"); err != nil {
		return nil, failed("chdir /", err)
	}
	if err := entry.Enter(); err != nil {
		return nil, entry.Explain(err)
	}
	return &h.inside, nil
}

// inside is the cell that the process is in.
type inside struct {
	self, parent int
	read         func(process.Query) ([]process.Process, error)
	// broadcast is kill(-1, signal): on the host it would be for all there are.
	broadcast func(syscall.Signal) error
}

func (i *inside) processes() ([]process.Process, error) {
	list, err := i.read(process.Query{Commands: true})
	if err != nil {
		return nil, err
	}
	// Whoever started the helper is not in the cell, and init never is. Who sees them is not where it should be.
	for _, p := range list {
		if p.PID <= 1 || p.PID == i.parent {
			return nil, fmt.Errorf("a member of a cell must see members only, but sees process %d of the host", p.PID)
		}
	}
	list = slices.DeleteFunc(list, func(p process.Process) bool { return p.PID == i.self })
	return sorted(list), nil
}

// signal is called after processes only, which has seen that this is a cell.
func (i *inside) signal(s syscall.Signal) error { return i.broadcast(s) }
