package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/budget"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/output"
	"cellsh/kernel/service"
)

// Manager starts and stops services, and says what they do. It is safe for concurrent use.
type Manager struct {
	Dir rundir.Dir
	// Executable is the program to start as a monitor, "" for the running one. Its main must do what the package comment shows.
	Executable string

	// env is the environment of monitors, for tests.
	env []string
}

// Start has the service run, and waits until it does: until its health is good, where that is asked for. One that runs already
// stays as it is. What an earlier monitor has left is ended first. The error says why it does not run; the status is what is
// known then.
func (m *Manager) Start(ctx context.Context, t Task) (rundir.Status, error) {
	t.End = false
	return m.start(ctx, t, askStart)
}

// Restart has the service end and run again, as the task says now.
func (m *Manager) Restart(ctx context.Context, t Task) (rundir.Status, error) {
	t.End = false
	m.complete(&t)
	f := m.Dir.Service(t.Service.Name)
	var old Task
	if found, err := f.ReadTask(&old); err == nil && found && old.same(t) {
		return m.start(ctx, t, askRestart)
	}
	if s, err := m.Stop(ctx, t.Service.Name); err != nil {
		return s, err
	}
	return m.start(ctx, t, askStart)
}

// Task is what the monitor of a service was told when it was started last; false if that is not known.
func (m *Manager) Task(name string) (t Task, found bool, err error) {
	found, err = m.Dir.Service(name).ReadTask(&t)
	return t, found, err
}

// complete gives the output of a service its place where the definition names none.
func (m *Manager) complete(t *Task) {
	if l := &t.Service.Log; l.Size > 0 && l.File == "" {
		l.File = output.File(m.Dir.Log(), t.Service.Name)
	}
}

func (m *Manager) start(ctx context.Context, t Task, how verb) (rundir.Status, error) {
	m.complete(&t)
	op := "start service " + t.Service.Name
	if how == askRestart {
		op = "restart service " + t.Service.Name
	}
	f := m.Dir.Service(t.Service.Name)
	if err := f.Make(); err != nil {
		return rundir.Status{}, err
	}
	if err := checkPath(f.Control()); err != nil {
		return rundir.Status{}, &kernel.Error{Op: op, Text: err.Error()}
	}
	for {
		pid, err := f.Monitor()
		if err != nil {
			return rundir.Status{}, err
		}
		var s rundir.Status
		begun := 0
		done := func(s rundir.Status) bool {
			if begun == 0 {
				begun = s.Starts
				if how == askRestart && s.State != service.Starting {
					begun++ // what is told first is of the run before
				}
			}
			return settled(s) && (s.Starts >= begun || s.State.Final())
		}
		if pid != 0 {
			s, err = m.ask(ctx, f, pid, request{how, these(t.Budgets)}, done)
		} else {
			s, err = m.spawn(ctx, f, t, settled)
		}
		if errors.Is(err, errAgain) {
			continue
		}
		if err != nil {
			return s, refuse(op, err)
		}
		return s, notRunning(op, s)
	}
}

// settled reports whether it is decided whether a service that is started runs.
func settled(s rundir.Status) bool {
	return s.State != service.Starting && s.State != service.Stopping
}

// notRunning says why a service that was started does not run; nil if it does. One that has done its work and ended by itself is
// all right.
func notRunning(op string, s rundir.Status) error {
	if s.State == service.Running || s.State == service.Stopped && s.Exit != nil && s.Exit.OK() {
		return nil
	}
	text := "it must run, but is " + s.State.String()
	if why := Why(&s); why != "" {
		text += ": " + why
	}
	return &kernel.Error{Op: op, Text: text}
}

// Why says why a service is in its state, "" if there is nothing to say.
func Why(s *rundir.Status) string {
	if s.State == service.Running || s.State == service.Unhealthy || s.State == service.Starting {
		return strings.Join(append(nonEmpty(s.Why), budgetTexts(s)...), "; ")
	}
	if s.Exit == nil || s.Exit.OK() {
		return s.Why
	}
	text := "its command " + ExitText(*s.Exit)
	if s.Why != "" {
		text = s.Why + "; " + text + " last"
	}
	return text
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// budgetTexts say what a service that runs uses too much of.
func budgetTexts(s *rundir.Status) (texts []string) {
	for i := range s.Over {
		r := &s.Over[i]
		texts = append(texts, fmt.Sprintf("%s is over %s, its budget in policy %s", r.Budget, r.Budget.Format(r.Limit), r.Policy))
	}
	if s.Throttled {
		texts = append(texts, "it is held back")
	}
	if s.Unwatched != "" {
		texts = append(texts, "its budgets can't be watched: "+s.Unwatched)
	}
	return texts
}

// Stop has the service end, and waits until no process of it is left.
func (m *Manager) Stop(ctx context.Context, name string) (rundir.Status, error) {
	op := "stop service " + name
	f := m.Dir.Service(name)
	for {
		s, err := m.Status(ctx, name)
		if err != nil {
			return s, err
		}
		switch {
		case s.Monitor != 0:
			s, err = m.ask(ctx, f, s.Monitor, request{Ask: askStop}, func(s rundir.Status) bool { return s.State.Final() })
		case s.State != service.Lost:
			return s, nil
		default:
			t := Task{Service: service.Defaults(), Cell: kernel.Cell{Name: s.Cell, ID: s.CellID}, Kernel: s.Kernel, End: true}
			// How it is stopped is known, unless that is damaged too.
			if old, found, err := m.Task(name); err == nil && found {
				old.End = true
				t = old
			}
			t.Service.Name, t.Service.Health = name, nil
			s, err = m.spawn(ctx, f, t, func(s rundir.Status) bool { return s.State.Final() })
		}
		if errors.Is(err, errAgain) {
			continue
		}
		if err != nil {
			return s, refuse(op, err)
		}
		return s, nil
	}
}

// SetBudgets has other budgets of its cell watched for a service from now on; one that has no monitor gets them when it is started.
func (m *Manager) SetBudgets(ctx context.Context, name string, budgets []budget.Rule) error {
	f := m.Dir.Service(name)
	for {
		pid, err := f.Monitor()
		if err != nil || pid == 0 {
			return err
		}
		_, err = m.ask(ctx, f, pid, request{askBudgets, these(budgets)}, func(rundir.Status) bool { return true })
		if errors.Is(err, errAgain) {
			continue
		}
		if err != nil && !errors.Is(err, errEnded) {
			return refuse("tell the budgets of service "+name, err)
		}
		return nil
	}
}

// Wait waits until the service is in one of the states, and gives its status.
func (m *Manager) Wait(ctx context.Context, name string, states []service.State) (rundir.Status, error) {
	f := m.Dir.Service(name)
	for {
		s, err := m.Status(ctx, name)
		if err != nil || slices.Contains(states, s.State) {
			return s, err
		}
		if s.Monitor == 0 {
			return s, refuse("wait for service "+name, fmt.Errorf("it must come to be %s, but is %s", Names(states), s.State))
		}
		s, err = m.ask(ctx, f, s.Monitor, request{Ask: askStatus}, func(s rundir.Status) bool { return slices.Contains(states, s.State) })
		if err == nil {
			return s, nil
		}
		if !errors.Is(err, errAgain) && !errors.Is(err, errEnded) {
			return s, refuse("wait for service "+name, err)
		}
	}
}

// Names are states in words, "running or unhealthy".
func Names(states []service.State) string {
	var names []string
	for _, s := range states {
		names = append(names, s.String())
	}
	return strings.Join(names, " or ")
}

// Status says what the service does. One that nothing is known of is stopped.
func (m *Manager) Status(ctx context.Context, name string) (rundir.Status, error) {
	f := m.Dir.Service(name)
	for {
		s, err := f.Look()
		if errors.As(err, new(*rundir.DamagedError)) && s.Monitor != 0 {
			s, err = m.ask(ctx, f, s.Monitor, request{Ask: askStatus}, func(rundir.Status) bool { return true })
			if errors.Is(err, errAgain) || errors.Is(err, errEnded) {
				continue
			}
			if err != nil {
				return s, refuse("ask for service "+name, err)
			}
		}
		return s, err
	}
}

// All are the services that something is known of, by name.
func (m *Manager) All(ctx context.Context) ([]rundir.Status, error) {
	names, err := m.Dir.Names()
	if err != nil {
		return nil, err
	}
	var list []rundir.Status
	for _, name := range names {
		s, err := m.Status(ctx, name)
		if err != nil {
			return list, err
		}
		list = append(list, s)
	}
	return list, nil
}

var (
	// errAgain says that there is another monitor now, or none.
	errAgain = errors.New("the monitor has changed")
	// errEnded says that the monitor has ended without coming to what was waited for.
	errEnded = errors.New("the monitor has ended")
)

func refuse(op string, err error) error {
	if known := new(kernel.Error); errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &kernel.Error{Op: op, Text: err.Error()}
}

// ask asks the monitor with that process id, and follows what it says until that is enough.
func (m *Manager) ask(ctx context.Context, f rundir.Folder, pid int, what request, enough func(rundir.Status) bool) (rundir.Status, error) {
	conn, err := dial(f.Control())
	if errors.Is(err, errNobody) {
		// It does not listen yet, or not any more.
		return rundir.Status{}, m.settle(ctx, f, pid)
	}
	if err != nil {
		return rundir.Status{}, err
	}
	defer conn.Close()
	text, err := json.Marshal(what)
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(answerTime))
	}
	if err == nil {
		_, err = conn.Write(append(text, '\n'))
	}
	if err != nil {
		return rundir.Status{}, m.settle(ctx, f, pid)
	}
	s, err := follow(ctx, conn, func(d *json.Decoder) (s rundir.Status, err error) {
		err = d.Decode(&s)
		if err == nil && s.Service != f.Name {
			err = fmt.Errorf("%s must be the control socket of process %d, but somebody else answers", f.Control(), pid)
		}
		return s, err
	}, enough)
	if s.Service == "" && ended(err) {
		return s, m.settle(ctx, f, pid) // it was about to end
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("its monitor, process %d, must answer within %s, but does not", pid, answerTime)
	}
	return s, m.became(f, err)
}

// ended reports whether an error says that the other end is closed: by a monitor that has ended, or was killed.
func ended(err error) bool {
	return err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// settle waits a moment for a monitor that can't be asked, because it begins or ends.
func (m *Manager) settle(ctx context.Context, f rundir.Folder, pid int) error {
	deadline := time.Now().Add(answerTime)
	for {
		now, err := f.Monitor()
		switch {
		case err != nil:
			return err
		case now != pid:
			return errAgain
		case time.Now().After(deadline):
			return fmt.Errorf("its monitor, process %d, must listen on %s, but does not", pid, f.Control())
		}
		if conn, err := dial(f.Control()); err == nil {
			conn.Close()
			return errAgain
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// became says of a monitor that has ended too early what became of the service.
func (m *Manager) became(f rundir.Folder, err error) error {
	if !ended(err) {
		return err
	}
	if s, looked := f.Look(); looked == nil && s.State == service.Lost {
		return errors.New("its monitor must live, but was killed")
	}
	return errEnded
}

// follow reads what a monitor tells until that is enough. The first must come by the deadline that is set; after it there is none.
func follow(ctx context.Context, from *os.File, next func(*json.Decoder) (rundir.Status, error), enough func(rundir.Status) bool) (s rundir.Status, err error) {
	stop := context.AfterFunc(ctx, func() { from.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	d := json.NewDecoder(from)
	for {
		told, err := next(d)
		if err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return s, err
		}
		if s = told; enough(s) {
			return s, nil
		}
		if ctx.Err() == nil {
			from.SetReadDeadline(time.Time{})
		}
	}
}

// spawn starts a monitor, and follows what it tells until that is enough.
func (m *Manager) spawn(ctx context.Context, f rundir.Folder, t Task, enough func(rundir.Status) bool) (rundir.Status, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return rundir.Status{}, err
	}
	defer null.Close()
	p, err := m.process(f, t, []*os.File{null, null, null}, nil)
	if err != nil {
		return rundir.Status{}, err
	}
	defer p.reports.Close()
	// It belongs to nobody. Who lives longer than it takes notice of its end.
	go p.child.Wait()
	busy, failed := 0, ""
	s, err := follow(ctx, p.reports, func(d *json.Decoder) (rundir.Status, error) {
		var r report
		if err := d.Decode(&r); err != nil {
			return rundir.Status{}, err
		}
		if r.Status == nil {
			busy, failed = r.Busy, r.Failed
			return rundir.Status{}, io.EOF
		}
		return *r.Status, nil
	}, enough)
	switch {
	case busy != 0:
		return s, errAgain
	case failed != "":
		return s, errors.New(failed)
	case ended(err):
		return s, errors.New("its monitor must live, but has ended")
	}
	return s, err
}

// started is a monitor that was started.
type started struct {
	child   *os.Process
	reports *os.File
}

// process starts a monitor with these standard descriptors, in a session of its own unless it is on a leash.
func (m *Manager) process(f rundir.Folder, t Task, files []*os.File, leash *os.File) (*started, error) {
	executable, name := m.Executable, m.Executable
	if executable == "" {
		var err error
		if executable, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("the program must find its own file to start a monitor, but: %w", err)
		}
		name = os.Args[0]
	}
	taskRead, taskWrite, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("there must be pipes to the monitor, but: %w", err)
	}
	defer taskRead.Close()
	reportRead, reportWrite, err := os.Pipe()
	if err != nil {
		taskWrite.Close()
		return nil, fmt.Errorf("there must be pipes to the monitor, but: %w", err)
	}
	defer reportWrite.Close()
	files = append(files, taskRead, reportWrite)
	if leash != nil {
		files = append(files, leash)
	}
	env := m.env
	if env == nil {
		env = []string{}
	}
	child, err := os.StartProcess(executable, []string{name, helperArg, string(m.Dir), t.Service.Name}, &os.ProcAttr{Dir: "/", Env: env, Files: files, Sys: detached(leash == nil)})
	if err != nil {
		taskWrite.Close()
		reportRead.Close()
		return nil, fmt.Errorf("the monitor %s must start, but: %w", executable, err)
	}
	// A monitor that ends before it read all of this is noticed by what it does not report.
	go func() {
		json.NewEncoder(taskWrite).Encode(t)
		taskWrite.Close()
	}()
	return &started{child, reportRead}, nil
}

// Foreground runs the service as part of the caller: what it writes goes to these files, it ends when the caller does or stop is
// closed, and its exit code is given, as a shell has it. Told is given each status.
func (m *Manager) Foreground(t Task, out, err *os.File, stop <-chan struct{}, told func(rundir.Status)) (code int, failed error) {
	op := "run service " + t.Service.Name
	t.Foreground, t.End = true, false
	t.Service.Log.Size = 0
	f := m.Dir.Service(t.Service.Name)
	if err := f.Make(); err != nil {
		return 1, err
	}
	// One that has ended its service is about to go.
	if s, looked := f.Look(); looked == nil && s.Monitor != 0 && s.State.Final() {
		if failed := m.settle(context.Background(), f, s.Monitor); failed != nil && !errors.Is(failed, errAgain) {
			return 1, refuse(op, failed)
		}
	}
	null, failed := os.Open(os.DevNull)
	if failed != nil {
		return 1, refuse(op, failed)
	}
	defer null.Close()
	leash, hold, failed := os.Pipe()
	if failed != nil {
		return 1, refuse(op, failed)
	}
	defer hold.Close()
	p, failed := m.process(f, t, []*os.File{null, out, err}, leash)
	leash.Close()
	if failed != nil {
		return 1, refuse(op, failed)
	}
	defer p.reports.Close()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-stop:
			hold.Close()
		case <-ended:
		}
	}()
	d := json.NewDecoder(p.reports)
	var last rundir.Status
	for {
		var r report
		if d.Decode(&r) != nil {
			break
		}
		switch {
		case r.Busy != 0:
			failed = refuse(op, fmt.Errorf("it must run nowhere else, but process %d watches over it", r.Busy))
		case r.Failed != "":
			failed = refuse(op, errors.New(r.Failed))
		case r.Status != nil:
			last = *r.Status
			told(last)
		}
	}
	state, err2 := p.child.Wait()
	switch {
	case failed != nil:
		return 1, failed
	case err2 != nil:
		return 1, refuse(op, err2)
	case state.ExitCode() < 0:
		return 1, refuse(op, errors.New("its monitor must live, but was killed"))
	case last.State == service.Failed || last.State == service.CrashLoop:
		return state.ExitCode(), notRunning(op, last)
	}
	return state.ExitCode(), nil
}
