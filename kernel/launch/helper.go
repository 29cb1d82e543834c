package launch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"cellsh/kernel"
	"cellsh/policy/kauth"
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
	Groups           []uint32
	Term             string
	// Local are the files to try for a command of this machine, which has no cell; nil for one of a cell.
	Local [][]byte `json:",omitempty"`
}

func newRequest(c Command, term string) request {
	return request{
		ID: c.Cell.ID, Name: c.Cell.Name, Root: []byte(c.Cell.Root), User: []byte(c.User),
		Nofile: c.Cell.Nofile, AS: c.Cell.AS, Core: c.Cell.Core,
		Args: convert[[]byte](c.Args), Env: convert[[]byte](c.Env), Groups: c.Groups, Term: term,
	}
}

func (q request) command() Command {
	return Command{
		Cell: kernel.Cell{ID: q.ID, Name: q.Name, Root: string(q.Root), Nofile: q.Nofile, AS: q.AS, Core: q.Core},
		User: string(q.User), Groups: q.Groups, Args: convert[string](q.Args), Env: convert[string](q.Env),
	}
}

func convert[To, From string | []byte](list []From) []To {
	converted := make([]To, len(list))
	for i := range list {
		converted[i] = To(list[i])
	}
	return converted
}

// report is what the helper tells, one at a time.
type report struct {
	// Account of the user, once it was found.
	Account *Account `json:",omitempty"`
	// Note for the caller.
	Note string `json:",omitempty"`
	// Starting comes right before the first attempt to execute the command. If the descriptor closes after it
	// without a failure, the command runs.
	Starting bool     `json:",omitempty"`
	Failure  *failure `json:",omitempty"`
}

// failure says which step failed, and how: by an errno or by an error in words. Before the first step the number is
// noStep.
type failure struct {
	Step  int
	Errno kauth.Errno
	Error *kernel.Error `json:",omitempty"`
	Text  string        `json:",omitempty"`
}

const noStep = -1

func (r report) encode() []byte {
	text, err := json.Marshal(r)
	if err != nil {
		// Strings, numbers and their lists can always be encoded.
		panic(err)
	}
	return append(text, '\n')
}

func newFailure(step int, err error) *failure {
	if refused := new(kernel.Error); errors.As(err, &refused) {
		return &failure{Step: step, Error: refused}
	}
	if errno, bare := err.(kauth.Errno); bare {
		return &failure{Step: step, Errno: errno}
	}
	return &failure{Step: step, Text: err.Error()}
}

// errnoReport is the report of a step that failed by an errno. Its numbers are written into it without asking
// for memory.
type errnoReport [len(errnoForm)]byte

const errnoForm = `{"Failure":{"Step":   ,"Errno":   }}` + "\n"

func (e *errnoReport) fill(step int, errno kauth.Errno) {
	copy(e[:], errnoForm)
	e.number(len(`{"Failure":{"Step":   `), step)
	e.number(len(errnoForm)-len("}}\n"), int(errno))
}

// number writes the digits of a number of at most three so that they end at the place.
func (e *errnoReport) number(end, v int) {
	for end--; ; end-- {
		e[end] = byte('0' + v%10)
		if v /= 10; v == 0 {
			return
		}
	}
}

// maxRequest is how long a request may be; execve(2) takes less.
const maxRequest = 4 << 20

// IsHelper reports whether the arguments of the program make it the helper.
func IsHelper(args []string) bool { return len(args) == 2 && args[1] == helperArg }

// Helper is all that the program does if IsHelper; its arguments are the results of NewSystem. It does not return
// if the command could be executed; else it tells the launcher why and gives the exit code.
func Helper(sys System, err error) int {
	// The steps are for the whole process, but some kernels learn of new ids thread by thread. No collection of
	// garbage may ask for memory once the address space is limited.
	runtime.LockOSThread()
	debug.SetGCPercent(-1)
	in, out := os.NewFile(requestDescriptor, "request"), os.NewFile(reportDescriptor, "report")
	return help(sys, err, in, out)
}

func help(sys System, unsupported error, in io.Reader, out io.Writer) int {
	send := func(text []byte) error {
		_, err := out.Write(text)
		return err
	}
	tell := func(r report) error { return send(r.encode()) }
	fail := func(step int, err error) int {
		tell(report{Failure: newFailure(step, err)})
		return 1
	}
	var q request
	err := json.NewDecoder(io.LimitReader(in, maxRequest)).Decode(&q)
	if unsupported != nil && q.Local == nil {
		return fail(noStep, unsupported)
	}
	if err != nil {
		return fail(noStep, fmt.Errorf("the helper must get a request, but: %w", err))
	}
	if q.Local != nil {
		if err := executeLocal(q, send); err != nil {
			return fail(noStep, err)
		}
		return 0
	}
	c := q.command()
	steps, err := Plan(c)
	if err != nil {
		return fail(noStep, err)
	}
	r := &runner{Command: c, term: q.Term, sys: sys, tell: tell, send: send}
	failed := new(errnoReport)
	step, err := r.run(steps)
	switch err := err.(type) {
	case nil:
		return 0
	case kauth.Errno:
		failed.fill(step, err)
		send(failed[:])
		return 1
	default:
		return fail(step, err)
	}
}

// follow takes the helper's reports until it is the command. It gives the failure that the helper has told, or the error of one
// that has ended without a word.
func follow(in io.Reader, take func(report)) (*failure, error) {
	reports := json.NewDecoder(in)
	starting := false
	for {
		var r report
		err := reports.Decode(&r)
		switch {
		case err == io.EOF && starting:
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("the helper must tell when it executes the command, but ended before: %w", err)
		case r.Failure != nil:
			return r.Failure, nil
		}
		take(r)
		starting = starting || r.Starting
	}
}

// await follows the helper until it is the command. The error is a *NotStarted.
func (c Command) await(in io.Reader, note func(string)) error {
	var who Account
	failed, err := follow(in, func(r report) {
		switch {
		case r.Account != nil:
			who = *r.Account
		case r.Note != "":
			note(r.Note)
		}
	})
	switch {
	case err != nil:
		return c.refuse("", "%v", err)
	case failed != nil:
		return c.failed(*failed, who)
	}
	return nil
}

// failed has the words for a failure of the helper, whose plan is the same as that of the launcher.
func (c Command) failed(f failure, who Account) error {
	var err error = f.Errno
	switch {
	case f.Error != nil:
		err = f.Error
	case f.Text != "":
		err = errors.New(f.Text)
	}
	steps, bad := Plan(c)
	if bad != nil {
		return bad
	}
	if f.Step == noStep {
		return c.notStarted(err)
	}
	if f.Step < 0 || f.Step >= len(steps) || who.Shell == "" && steps[f.Step] == (Execute{}) {
		return c.refuse("", "the helper must fail in a step of its plan, but fails in step %d: %v", f.Step, err)
	}
	return c.explain(steps[f.Step], who, err)
}

// localRequest lets the helper be a command of this machine.
func localRequest(paths, args, env []string) request {
	return request{Local: convert[[]byte](paths), Args: convert[[]byte](args), Env: convert[[]byte](env)}
}

// executeLocal becomes the first of the files that can be executed.
func executeLocal(q request, send func([]byte) error) error {
	if err := send(report{Starting: true}.encode()); err != nil {
		return err
	}
	return executeFirst(convert[string](q.Local), func(path string) error {
		return execute(path, convert[string](q.Args), convert[string](q.Env), reportDescriptor)
	})
}

// awaitLocal follows the helper until it is the command. The error is a kauth.Errno, or in words.
func awaitLocal(in io.Reader) error {
	failed, err := follow(in, func(report) {})
	switch {
	case failed == nil:
		return err
	case failed.Text != "":
		return errors.New(failed.Text)
	}
	return failed.Errno
}
