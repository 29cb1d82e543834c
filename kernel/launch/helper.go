package launch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"cellsh/kernel"
)

// helperArg as the first argument makes the program the helper. It is no secret: the helper can do nothing that
// its caller could not do without it.
const helperArg = "__launch-helper"

// The helper's descriptors beside the standard ones: it reads what to do from the first, and tells the launcher
// on the second. Both close when it becomes the command.
const (
	requestDescriptor = 3
	reportDescriptor  = 4
)

// request is what the launcher wants of the helper. What may be any bytes is sent as bytes, because JSON would
// change a string that is not UTF-8.
type request struct {
	ID               kernel.CellID
	Name             string
	Root, User       []byte
	Nofile, AS, Core *uint64
	Args, Env        [][]byte
	Term             string
}

func newRequest(c Command, term string) request {
	return request{
		ID: c.Cell.ID, Name: c.Cell.Name, Root: []byte(c.Cell.Root), User: []byte(c.User),
		Nofile: c.Cell.Nofile, AS: c.Cell.AS, Core: c.Cell.Core,
		Args: convert[[]byte](c.Args), Env: convert[[]byte](c.Env), Term: term,
	}
}

func (q request) command() Command {
	return Command{
		Cell: kernel.Cell{ID: q.ID, Name: q.Name, Root: string(q.Root), Nofile: q.Nofile, AS: q.AS, Core: q.Core},
		User: string(q.User), Args: convert[string](q.Args), Env: convert[string](q.Env),
	}
}

func convert[To, From string | []byte](list []From) []To {
	converted := make([]To, len(list))
	for i := range list {
		converted[i] = To(list[i])
	}
	return converted
}

// report is what the helper tells. Starting comes right before the first attempt to execute the command; if the
// descriptor closes after it without a failure, the command runs.
type report struct {
	Starting bool   `json:",omitempty"`
	Note     string `json:",omitempty"`
	Failure  *failure
}

// failure is a NotStarted that can be sent. Unsupported and others arrive as their text.
type failure struct {
	Code  int
	Error kernel.Error
}

func newFailure(err error) *failure {
	f := &failure{Code: 1}
	var notStarted *NotStarted
	if errors.As(err, &notStarted) {
		f.Code = notStarted.Code
	}
	if refused := new(kernel.Error); errors.As(err, &refused) {
		f.Error = *refused
	} else {
		f.Error = kernel.Error{Op: "exec", Text: err.Error()}
	}
	return f
}

// maxRequest is how long a request may be; execve(2) takes less.
const maxRequest = 4 << 20

// IsHelper reports whether the arguments of the program make it the helper.
func IsHelper(args []string) bool { return len(args) == 2 && args[1] == helperArg }

// Helper is all that the program does if IsHelper; its arguments are the results of NewSystem. It does not return
// if the command could be executed; else it tells the launcher why and gives the exit code.
func Helper(sys System, err error) int {
	// The steps are for the whole process, but some kernels learn of new ids thread by thread.
	runtime.LockOSThread()
	in, out := os.NewFile(requestDescriptor, "request"), os.NewFile(reportDescriptor, "report")
	return help(sys, err, in, out)
}

func help(sys System, unsupported error, in io.Reader, out io.Writer) int {
	tell := json.NewEncoder(out)
	fail := func(err error) int {
		tell.Encode(report{Failure: newFailure(err)})
		return 1
	}
	if unsupported != nil {
		return fail(unsupported)
	}
	var q request
	if err := json.NewDecoder(io.LimitReader(in, maxRequest)).Decode(&q); err != nil {
		return fail(fmt.Errorf("the helper must get a request, but: %w", err))
	}
	c := q.command()
	steps, err := Plan(c)
	if err != nil {
		return fail(err)
	}
	r := &runner{
		Command: c, term: q.Term, sys: sys,
		starting: func() error { return tell.Encode(report{Starting: true}) },
		note:     func(note string) { tell.Encode(report{Note: note}) },
	}
	if err := r.run(steps); err != nil {
		return fail(err)
	}
	return 0
}

// await follows the helper's reports until it is the command. The error is a *NotStarted.
func (c Command) await(in io.Reader, note func(string)) error {
	reports := json.NewDecoder(in)
	starting := false
	for {
		var r report
		err := reports.Decode(&r)
		switch {
		case err == io.EOF && starting:
			return nil
		case err != nil:
			return c.refuse("", "the helper must tell when it executes the command, but ended before: %v", err)
		case r.Failure != nil:
			return &NotStarted{&r.Failure.Error, r.Failure.Code}
		case r.Note != "":
			note(r.Note)
		}
		starting = starting || r.Starting
	}
}
