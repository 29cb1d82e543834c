package members

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/process"
)

// Cells are the members of cells of the running NetBSD. The caller must be root of the host.
type Cells struct {
	// Executable is the program to start as the helper, "" for the running one. Its main must call Helper if IsHelper.
	Executable string
	// After gives a channel that is sent the time once, after the duration; nil is the system's clock.
	After func(time.Duration) <-chan time.Time
}

var _ Members = (*Cells)(nil)

// Processes asks a helper in the cell.
func (m *Cells) Processes(c kernel.Cell) ([]process.Process, error) {
	op := "see the members of cell " + c.Name
	a, err := m.ask(op, c, 0)
	if err != nil {
		return nil, err
	}
	return a.Processes, nil
}

// Signal lets a helper in the cell send it.
func (m *Cells) Signal(c kernel.Cell, s syscall.Signal) (int, error) {
	a, err := m.ask(opSignal(c.Name), c, s)
	return a.Reached, err
}

// patience is how long a helper may take. It is longer than the helper itself waits for those that it has killed.
const patience = 15 * time.Second

// ask starts a helper and gives its answer.
func (m *Cells) ask(op string, c kernel.Cell, s syscall.Signal) (answer, error) {
	wrong := func(format string, args ...any) (answer, error) {
		return answer{}, &kernel.Error{Op: op, Text: fmt.Sprintf(format, args...)}
	}
	if uid := os.Geteuid(); uid != 0 {
		return answer{}, kernel.NotRoot(op, uid)
	}
	program := m.Executable
	if program == "" {
		var err error
		if program, err = os.Executable(); err != nil {
			return wrong("the program must find its own file to start it as the helper, but: %v", err)
		}
	}
	// All that the helper holds is what it is given here.
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return wrong("%s must be there, but: %v", os.DevNull, err)
	}
	defer null.Close()
	requestRead, requestWrite, err := os.Pipe()
	if err != nil {
		return wrong("there must be pipes to the helper, but: %v", err)
	}
	defer requestWrite.Close()
	defer requestRead.Close()
	answerRead, answerWrite, err := os.Pipe()
	if err != nil {
		return wrong("there must be pipes to the helper, but: %v", err)
	}
	defer answerRead.Close()
	defer answerWrite.Close()
	child, err := os.StartProcess(program, []string{program, helperArg}, &os.ProcAttr{
		Dir: "/", Env: []string{}, Files: []*os.File{null, null, null, requestRead, answerWrite}, Sys: ownSession,
	})
	if err != nil {
		return wrong("the helper %s must start, but: %v", program, err)
	}
	answerWrite.Close()
	requestRead.Close()
	// A helper that dies before it read all of this is noticed by what it does not answer.
	go func() {
		json.NewEncoder(requestWrite).Encode(request{c.ID, c.Name, []byte(c.Root), s})
		requestWrite.Close()
	}()
	got := make(chan error, 1)
	var a answer
	go func() {
		text, err := io.ReadAll(io.LimitReader(answerRead, maxMessage))
		if err == nil {
			err = json.Unmarshal(text, &a)
		}
		got <- err
	}()
	after := m.After
	if after == nil {
		after = time.After
	}
	late := false
	select {
	case err = <-got:
	case <-after(patience):
		// A member may have stopped it.
		late = true
	}
	m.end(child, after)
	switch {
	case late:
		return wrong("the helper in the cell must answer within %s, but does not; a member may keep it from that", patience)
	case err != nil:
		return wrong("the helper in the cell must answer, but does not: %v", err)
	case a.Failure != nil:
		return a, &kernel.Error{Op: op, Errno: a.Failure.Errno, Text: visible(a.Failure.Text), Hint: visible(a.Failure.Hint)}
	}
	clean(a.Processes)
	return a, nil
}

// end lets the helper end: killed again and again, because one signal may be lost while it is being executed.
func (m *Cells) end(child *os.Process, after func(time.Duration) <-chan time.Time) {
	gone := make(chan struct{})
	go func() {
		child.Wait()
		close(gone)
	}()
	for {
		child.Kill()
		select {
		case <-gone:
			return
		case <-after(pause):
		}
	}
}
