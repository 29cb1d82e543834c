package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/disk"
	"cellsh/kernel/launch"
	"cellsh/kernel/members"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/output"
	"cellsh/kernel/process"
	"cellsh/kernel/service"
)

// helperArg as the first argument makes the program a monitor. It is no secret: a monitor can do nothing that its caller could
// not do without it.
const helperArg = "__monitor"

// The descriptors of a monitor beside the standard ones: its task comes from the first, what it does until the service runs goes
// to the second, and where there is a third the service is stopped once that is closed at its other end.
const (
	taskDescriptor = 3 + iota
	reportDescriptor
	leashDescriptor
)

// IsHelper reports whether the arguments of the program make it a monitor: of the service that is named last, in a run directory.
func IsHelper(args []string) bool { return len(args) == 4 && args[1] == helperArg }

// Options are for tests. The zero value is good for a program.
type Options struct {
	// Step is told what is being done; nil tells nobody.
	Step func(string)
	// Sockets are where syslogd may listen, see output.Options.
	Sockets []string
}

// report is what a monitor tells its starter: a status, or why it is no monitor.
type report struct {
	Status *rundir.Status `json:",omitempty"`
	// Busy is another process that watches over the service.
	Busy int `json:",omitempty"`
	// Failed says why the service can't be watched over.
	Failed string `json:",omitempty"`
}

// Main is all that the program does if IsHelper. It gives the exit code: that of the service in the foreground.
func Main(args []string, o Options) int {
	// A monitor does little, and there may be hundreds.
	debug.SetGCPercent(25)
	m := &monitor{
		o: o, folder: rundir.Dir(args[2]).Service(args[3]), started: time.Now(),
		trouble: trouble{news: make(chan struct{}, 1)},
		events:  make(chan any, 16), asks: make(chan ask), reports: os.NewFile(reportDescriptor, "report"),
	}
	if o.Step == nil {
		m.o.Step = func(string) {}
	}
	if err := m.begin(); err != nil {
		r := report{Failed: err.Error()}
		if busy := new(disk.BusyError); errors.As(err, &busy) {
			r = report{Busy: max(busy.PID, 1)}
		}
		m.tell(r)
		return 1
	}
	m.run()
	m.release()
	return m.exitCode()
}

// monitor watches over a service. Its fields are for the goroutine of run, but for what says otherwise.
type monitor struct {
	o       Options
	folder  rundir.Folder
	task    Task
	started time.Time
	machine *service.Machine
	// release gives the service up.
	release func()

	// events are what other goroutines have to tell: inputs of the machine, or a leader.
	events chan any
	asks   chan ask
	// inputs are those that are to be told to the machine next.
	inputs   []service.Input
	finished bool

	control *control
	reports *os.File // nil once nobody listens
	to      []subscriber
	told    rundir.Status

	out     *output.Output
	takings []*output.Taking

	leader  process.Key // of the session that there is or was last; PID is 0 before there was any
	began   *time.Time
	healthy *bool
	trouble trouble
	// check stops the health check that runs; nil while none does. It is the one with the number checks.
	check  context.CancelFunc
	checks int
	usage  usage
	// sent is the stop signal that may be lost; nil while none may.
	sent *sent
	// witnessAt is when the processes that the command has started are noted; 0 is not.
	witnessAt time.Duration
	// reapAt is when orphans are looked for that have ended.
	reapAt time.Duration
}

// trouble is what can't be kept of the output, in words. Who reads the output says so, and never waits: only the last counts.
type trouble struct {
	text string
	// said is what was said last, and news that there is something.
	said atomic.Pointer[string]
	news chan struct{}
	// at is when that is to be seen in the status, 0 for never, and next when it may be: a service that writes more than somebody
	// takes now and then has thousands of troubles a second.
	at, next time.Duration
}

// troubleEvery is how long a trouble is seen at least.
const troubleEvery = time.Second

// say is for other goroutines.
func (t *trouble) say(text string) {
	t.said.Store(&text)
	select {
	case t.news <- struct{}{}:
	default: // there are news already
	}
}

// heard takes notice of news.
func (t *trouble) heard(now time.Duration) {
	if t.at == 0 {
		t.at = max(now, t.next, 1)
	}
}

// show has the last news in the status, if they are due.
func (t *trouble) show(now time.Duration) {
	if t.at != 0 && now >= t.at {
		t.text, t.at, t.next = *t.said.Load(), 0, now+troubleEvery
	}
}

// now is the clock of the machine. It goes on as it should when that of the system is set.
func (m *monitor) now() time.Duration { return time.Since(m.started) }

func (m *monitor) tell(r report) {
	if m.reports == nil {
		return
	}
	text, err := json.Marshal(r)
	if err == nil {
		_, err = m.reports.Write(append(text, '\n'))
	}
	if err != nil {
		m.reports.Close()
		m.reports = nil
	}
}

// begin gets all ready: after it the service is this monitor's.
func (m *monitor) begin() error {
	in := os.NewFile(taskDescriptor, "task")
	err := json.NewDecoder(in).Decode(&m.task)
	in.Close()
	if err != nil {
		return fmt.Errorf("the monitor must get a task, but: %w", err)
	}
	closeOnExec(reportDescriptor)
	strays := leashDescriptor
	if m.task.Foreground {
		closeOnExec(leashDescriptor)
		strays++
	}
	// A descriptor that its starter has forgotten may be a pipe, and keep somebody waiting for ever.
	if err := launch.CloseInherited(strays); err != nil {
		return fmt.Errorf("the monitor must close what it was not given, but: %w", err)
	}
	m.o.Step("task")
	if err := m.folder.Make(); err != nil {
		return err
	}
	if m.release, err = m.folder.Claim(); err != nil {
		return err
	}
	m.o.Step("claimed")
	if err := adopt(); err != nil {
		return fmt.Errorf("the monitor must be given the processes that lose their parent, but: %w", err)
	}
	left, err := m.recover()
	if err != nil {
		return err
	}
	socket, err := listen(m.folder.Control())
	if err != nil {
		return err
	}
	m.o.Step("listening")
	m.control = serve(socket, m.asks)
	m.machine = service.NewMachine(m.task.Service)
	if left {
		m.inputs = append(m.inputs, service.Left{})
	}
	if m.task.End {
		m.inputs = append(m.inputs, service.AskedStop{})
		return nil
	}
	m.inputs = append(m.inputs, service.AskedStart{})
	if err := m.folder.WriteTask(m.task); err != nil {
		return err
	}
	if !m.task.Foreground {
		log := m.task.Service.Log
		m.out = output.Open(output.Options{Cell: m.task.Cell.Name, ID: m.task.Cell.ID, Log: log, Sockets: m.o.Sockets,
			Tell: m.trouble.say})
	}
	return nil
}

// recover looks what an earlier monitor has left.
func (m *monitor) recover() (left bool, err error) {
	leader, found, err := m.folder.ReadSession()
	if err != nil || !found {
		return false, err
	}
	witnesses, err := m.folder.ReadWitnesses()
	if err != nil {
		return false, err
	}
	what, pids, err := look(leader, witnesses)
	switch {
	case err != nil:
		return false, err
	case what == uncertain:
		return false, errors.New(uncertainText(pids, leader.PID))
	case what == nothing:
		return false, m.folder.ClearSession()
	}
	m.leader = leader
	return true, nil
}

func (m *monitor) run() {
	// What is ignored would be by the command, too; what is caught is not.
	signal.Notify(make(chan os.Signal, 1), deaf...)
	told := make(chan os.Signal, 1)
	signal.Notify(told, ends...)
	ended := make(chan os.Signal, 1)
	if adopts {
		signal.Notify(ended, children)
	}
	leash := m.leash()
	timer := time.NewTimer(time.Hour)
	for {
		for len(m.inputs) > 0 {
			in := m.inputs[0]
			m.inputs = m.inputs[1:]
			m.step(in)
		}
		m.publish()
		if m.finished {
			break
		}
		timer.Reset(m.wait())
		select {
		case e := <-m.events:
			m.event(e)
		case a := <-m.asks:
			m.asked(a)
		case <-m.trouble.news:
			m.trouble.heard(m.now())
		case <-told:
			m.inputs = append(m.inputs, service.AskedStop{})
		case <-leash:
			leash = nil
			m.inputs = append(m.inputs, service.AskedStop{})
		case <-ended:
			if m.reapAt == 0 {
				m.reapAt = m.now() + time.Second
			}
		case <-timer.C:
			m.inputs = append(m.inputs, service.Tick{})
		}
		m.trouble.show(m.now())
		if m.reapAt != 0 && m.now() >= m.reapAt {
			m.reap()
		}
		if m.sent != nil && m.now() >= m.sent.at {
			m.resend()
		}
		if m.witnessAt != 0 && m.now() >= m.witnessAt {
			m.witnessAt = 0
			if list, err := family(m.leader); err == nil {
				m.witness(list)
			}
			// From now on it mostly waits: what the start took is given back.
			debug.FreeOSMemory()
			unmapProgram()
		}
		m.look()
	}
	m.o.Step("finished")
	m.control.close()
}

// leash is closed when whoever has the monitor in the foreground is gone.
func (m *monitor) leash() <-chan struct{} {
	if !m.task.Foreground {
		return nil
	}
	gone := make(chan struct{})
	go func() {
		os.NewFile(leashDescriptor, "leash").Read(make([]byte, 1))
		close(gone)
	}()
	return gone
}

// wait is how long nothing has to be done.
func (m *monitor) wait() time.Duration {
	d := time.Hour
	if at, ok := m.machine.Deadline(); ok {
		d = min(d, at-m.now())
	}
	if m.reapAt != 0 {
		d = min(d, m.reapAt-m.now())
	}
	if m.usage.watching {
		d = min(d, m.usage.next-m.now())
	}
	if m.sent != nil {
		d = min(d, m.sent.at-m.now())
	}
	if m.trouble.at != 0 {
		d = min(d, m.trouble.at-m.now())
	}
	if m.witnessAt != 0 {
		d = min(d, m.witnessAt-m.now())
	}
	return max(d, 0)
}

func (m *monitor) event(e any) {
	switch e := e.(type) {
	case service.Input:
		m.inputs = append(m.inputs, e)
	case process.Key:
		m.leader = e
	case checkup:
		if m.check != nil && e.number == m.checks {
			m.inputs = append(m.inputs, e.said)
		}
	}
}

func (m *monitor) asked(a ask) {
	in, known := map[verb]service.Input{askStart: service.AskedStart{}, askStop: service.AskedStop{}, askRestart: service.AskedRestart{}, askStatus: service.Tick{}, askBudgets: service.Tick{}}[a.what]
	if !known {
		close(a.to)
		return
	}
	if a.budgets != nil {
		m.setBudgets(*a.budgets)
	}
	m.step(in)
	s := m.status()
	a.to <- s
	m.to = append(m.to, a.to)
}

// step tells the machine what happened, and does what it says.
func (m *monitor) step(in service.Input) {
	was := m.machine.State()
	do := m.machine.Step(m.now(), in)
	m.note(was, in)
	switch in.(type) {
	case service.Began:
		now := time.Now()
		m.began, m.healthy = &now, nil
		m.sent, m.witnessAt = nil, m.now()+witnessAfter
		m.watchRun()
		m.o.Step("began")
	case service.Ended:
		m.watchNothing()
	case service.Checked:
		if m.check != nil {
			m.check()
			m.check = nil
		}
	}
	if c, ok := in.(service.Checked); ok {
		m.healthy = &c.OK
	}
	for _, a := range do {
		m.do(a)
	}
}

// witnessAfter is how long a command has to start what it consists of, until that is noted.
const witnessAfter = 2 * time.Second

// Levels of syslog(3), as cellctl has them for what it says itself.
const (
	levelWarning = 4
	levelNotice  = 5
	levelInfo    = 6
)

// note keeps what happened beside what the service writes.
func (m *monitor) note(was service.State, in service.Input) {
	if m.out == nil {
		return
	}
	state, facts := m.machine.State(), m.machine.Facts()
	say := func(level int, format string, args ...any) { m.out.Note(level, fmt.Sprintf(format, args...)) }
	switch in := in.(type) {
	case service.Began:
		say(levelInfo, "started as process %d", m.leader.PID)
	case service.Ended:
		say(levelWarning, "ended: %s", ExitText(in.Exit))
	}
	if state == was {
		return
	}
	because := ""
	if facts.Why != "" {
		because = ": " + facts.Why
	}
	switch {
	case state == service.Waiting:
		at, _ := m.machine.Deadline()
		say(levelNotice, "is started again in %s%s", (at - m.now()).Round(time.Millisecond), because)
	case state == service.Running && was == service.Unhealthy:
		say(levelNotice, "is healthy again")
	case state == service.Unhealthy || state == service.CrashLoop || state == service.Failed:
		say(levelWarning, "is %s%s", state, because)
	}
}

// ExitText says how a command has ended.
func ExitText(e service.Exit) string {
	if e.Signal != 0 {
		return "died of " + SignalName(e.Signal)
	}
	return fmt.Sprintf("exited with %d", e.Code)
}

func (m *monitor) do(a service.Action) {
	switch a := a.(type) {
	case service.Launch:
		m.launch()
	case service.Send:
		m.signal(a.Signal)
	case service.Kill:
		m.signal(killNumber)
	case service.Count:
		m.count()
	case service.Check:
		m.checkHealth()
	case service.Abandon:
		if m.check != nil {
			m.check()
			m.check = nil
		}
	case service.Finish:
		m.finished = true
	}
}

// signal sends a signal to what there is of the service now. Who is sent it is noted before: if the command ends of it and then
// this monitor is killed, the others are still known.
func (m *monitor) signal(number int) {
	m.sent = nil
	list, err := family(m.leader)
	if err == nil {
		m.witness(list)
		err = signalAll(list, number)
	}
	if err != nil && m.out != nil {
		m.out.Note(levelWarning, fmt.Sprintf("%s can't be sent: %v", SignalName(number), err))
	}
	if number != killNumber && losesSignals {
		m.sent = &sent{signal: number, to: list, at: m.now() + resendAfter, looks: resendLooks}
	}
}

// resend sends the stop signal again to who may have lost it.
func (m *monitor) resend() {
	s := m.sent
	list, err := family(m.leader)
	if s.looks--; err != nil || len(list) == 0 || s.looks == 0 {
		m.sent = nil
		return
	}
	s.at = m.now() + resendAfter
	for _, pid := range s.lost(list) {
		signalProcess(pid, s.signal)
	}
}

// witness notes the processes of the session. It is no matter if that can't be done.
func (m *monitor) witness(list []process.Process) {
	m.witnessAt = 0
	var keys []process.Key
	for i := range list {
		if p := &list[i]; p.Measured && p.Session == m.leader.PID {
			keys = append(keys, p.Key())
		}
	}
	if len(keys) > 0 {
		_ = m.folder.WriteWitnesses(keys)
	}
}

// count counts the processes of a service whose command is gone. That there are none is said once all that they wrote is kept.
func (m *monitor) count() {
	leader, takings := m.leader, m.takings
	go func() {
		n := 1 // if it can't be known
		if list, err := family(leader); err == nil {
			n = len(list)
		}
		if n == 0 {
			m.o.Step("gone")
			for _, t := range takings {
				t.Finish()
				<-t.Done()
			}
			m.o.Step("drained")
			if m.folder.ClearSession() != nil {
				n = 1 // nothing may be started while it is noted that something may be left
			}
		}
		m.events <- service.Counted{Members: n}
	}()
}

// launcher runs a command of the service.
func (m *monitor) launcher(o launch.Options) launch.Launcher {
	o.Signals = make(chan os.Signal) // none is passed on
	if m.task.Simulated {
		return &launch.Local{Options: o, Quiet: true}
	}
	return &launch.Cells{Options: o, Note: func(s string) {
		if m.out != nil {
			m.out.Note(levelNotice, s)
		}
	}}
}

func (m *monitor) command(args []string) launch.Command {
	d := &m.task.Service
	return launch.Command{Cell: m.task.Cell, User: d.User, Groups: d.Groups, Env: d.Env, Args: args}
}

// launch starts the command, and follows it in a goroutine.
func (m *monitor) launch() {
	files, theirs, err := m.files()
	if err != nil {
		for _, f := range theirs {
			f.Close()
		}
		m.inputs = append(m.inputs, service.NotBegun{Why: err.Error()})
		return
	}
	closeTheirs := sync.OnceFunc(func() {
		for _, f := range theirs {
			f.Close()
		}
	})
	began := false
	sessions := &members.Sessions{Folder: m.task.Sessions}
	gone := func() {} // what is left is still seen
	l := m.launcher(launch.Options{
		Held: func(pid int) error {
			closeTheirs()
			key, err := identify(pid)
			if err != nil {
				return err
			}
			m.o.Step("held")
			if err := m.folder.WriteSession(key); err != nil {
				return err
			}
			m.o.Step("noted")
			if m.task.Sessions != "" {
				gone = sessions.Began(m.task.Cell, pid)
			}
			m.events <- key
			return nil
		},
		Began: func() {
			began = true
			m.events <- service.Began{}
		},
	})
	go func() {
		status, err := l.Run(context.Background(), m.command(m.task.Service.Command), files)
		closeTheirs()
		gone()
		if !began {
			m.o.Step("not begun")
			if left := m.folder.ClearSession(); err == nil {
				err = left
			}
			if err == nil {
				err = errors.New("the command must begin before it ends")
			}
			m.events <- service.NotBegun{Why: sentence(err)}
			return
		}
		m.o.Step("ended")
		m.events <- service.Ended{Exit: service.Exit{Code: status.Code, Signal: status.Signal}}
	}()
}

// sentence is an error without what was tried, which who reads it knows.
func sentence(err error) string {
	known := new(kernel.Error)
	if !errors.As(err, &known) {
		return err.Error()
	}
	text := known.Text
	if known.Errno != 0 {
		text += " (" + known.Errno.Name() + ")"
	}
	return text
}

// files are the descriptors of the command, and those among them that are to be closed here once it has them.
func (m *monitor) files() (f launch.Files, theirs []*os.File, err error) {
	if f.In, err = os.Open(os.DevNull); err != nil {
		return f, nil, err
	}
	theirs = append(theirs, f.In)
	m.takings = nil
	if m.out == nil {
		f.Out, f.Err = os.Stdout, os.Stderr
		return f, theirs, nil
	}
	for _, s := range []struct {
		stream output.Stream
		to     **os.File
	}{{output.Stdout, &f.Out}, {output.Stderr, &f.Err}} {
		from, to, err := os.Pipe()
		if err != nil {
			return f, theirs, fmt.Errorf("there must be pipes for what the service writes, but: %w", err)
		}
		theirs = append(theirs, to)
		*s.to = to
		t, err := m.out.Take(s.stream, from)
		if err != nil {
			from.Close()
			return f, theirs, err
		}
		m.takings = append(m.takings, t)
	}
	return f, theirs, nil
}

// reap takes notice of orphans of the service that have ended. Those of package launch are its own; while one is being started or
// checks the health they can't be told apart, and it is put off.
func (m *monitor) reap() {
	m.reapAt = 0
	if m.check != nil || m.machine.State() == service.Starting {
		m.reapAt = m.now() + time.Second
		return
	}
	list, err := process.Read(process.Query{})
	if err != nil {
		return
	}
	self := os.Getpid()
	for i := range list {
		if p := &list[i]; p.Parent == self && !p.Living() && p.PID != m.leader.PID {
			reap(p.PID)
		}
	}
}

// status is what is told of the service now.
func (m *monitor) status() rundir.Status {
	t, f := &m.task, m.machine.Facts()
	s := rundir.Status{
		Service: t.Service.Name, Kernel: t.Kernel, Cell: t.Cell.Name, CellID: t.Cell.ID, State: m.machine.State(), Since: m.told.Since, Why: f.Why,
		Monitor: os.Getpid(), Began: m.began, Starts: f.Starts, Restarts: f.Restarts, Crashes: f.Crashes, Exit: f.Exit, Behind: f.Behind,
		Healthy: m.healthy, Output: m.trouble.text, Supervised: t.Supervised, Command: t.Service.Command,
	}
	switch s.State {
	case service.Running, service.Unhealthy, service.Starting, service.Stopping:
		s.PID = m.leader.PID
	default:
		s.Healthy = nil
	}
	if m.usage.session != nil {
		s.Uses, s.Over, s.Throttled, s.Unwatched = m.usage.told, m.usage.session.Exceeded(), m.usage.throttle.On(), m.usage.unread
	}
	if m.finished {
		s.Monitor, s.Output = 0, ""
	}
	if s.State != m.told.State || m.told.Service == "" {
		s.Since = time.Now()
	}
	return s
}

// publish tells what has changed.
func (m *monitor) publish() {
	if m.finished && m.out != nil {
		// All that was written is kept before it is told that it has ended.
		m.out.Close(time.Second)
	}
	s := m.status()
	if reflect.DeepEqual(s, m.told) {
		return
	}
	m.told = s
	m.o.Step(s.State.String())
	if err := m.folder.WriteStatus(&s); err != nil {
		switch {
		case m.finished && s.State == service.Stopped:
			// What is there says that it runs, and would be taken for that of a monitor that was killed. One of which nothing is known
			// is stopped. It is no matter if that can't be done either.
			_ = m.folder.ClearStatus()
		case m.out != nil && !m.finished:
			m.out.Note(levelWarning, fmt.Sprintf("the status can't be kept: %v", err))
		}
	}
	m.tell(report{Status: &s})
	kept := m.to[:0]
	for _, to := range m.to {
		select {
		case to <- s:
			kept = append(kept, to)
		default:
			close(to) // it reads too slowly, or not any more
		}
	}
	m.to = kept
	if m.finished {
		for _, to := range m.to {
			close(to)
		}
		m.to = nil
	}
}

// exitCode is that of the service, as a shell has it.
func (m *monitor) exitCode() int {
	f := m.machine.Facts()
	switch {
	case m.machine.State() == service.Stopped:
		return 0
	case f.Exit != nil:
		return max(1, launch.Status{Code: f.Exit.Code, Signal: f.Exit.Signal}.Exit())
	}
	return 1
}
