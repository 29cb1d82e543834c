package progress

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ErrStopped is the error of work that was stopped.
var ErrStopped = errors.New("interrupted")

// Step is where work is.
type Step struct {
	// Doing says what is done, as in "comparing two readings", Of what it is done to. Either may be "".
	Doing, Of string
	// Done of Total are done; 0 of 0 says nothing.
	Done, Total int
	// Until is when waiting ends by itself; the zero time says nothing.
	Until time.Time
}

// Work is what one command or statement after another does. A nil Work can't be stopped, and tells nobody where it is. Its
// methods are safe for concurrent use, but that Run and what it runs are for one goroutine at a time.
type Work struct {
	// look says that a check has to look closer: the work that runs shall end there, or after so many checks.
	look atomic.Bool

	mu sync.Mutex
	// runs is how deep runs are nested, ctx is done once the outermost is stopped or has ended.
	runs   int
	ctx    context.Context
	cancel func()
	// stopped says that the outermost run was told to stop, whatever listens.
	stopped bool
	// firm is how deep what must not be stopped is nested, listening how many wait for the stop in their own way.
	firm, listening int
	// loose says that something was changed that is not saved.
	loose bool
	// abandoned says that nobody waits for the work any more.
	abandoned bool
	// left is after how many checks the work stops, while counting.
	counting bool
	left     int
	step     Step
	changed  []string
}

// New makes work of which nothing runs.
func New() *Work { return &Work{} }

// unwinding is what a check panics with.
type unwinding struct{ work *Work }

// Run does work that can be stopped. The error is ErrStopped where it was; what it was making is of no use then.
func (w *Work) Run(work func() error) (err error) {
	if w == nil {
		return work()
	}
	w.begin()
	defer w.end()
	if stopped := w.Catch(func() { err = work() }); stopped != nil {
		return stopped
	}
	return err
}

func (w *Work) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.runs++; w.runs == 1 {
		w.step, w.changed, w.stopped = Step{}, nil, false
		w.ctx, w.cancel = context.WithCancel(context.Background())
	}
}

func (w *Work) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.runs--; w.runs == 0 {
		w.stopped = false
		w.cancel()
		w.ctx = nil
		w.update()
	}
}

// Stop ends the work that runs at its next check, if any runs.
func (w *Work) Stop() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.runs == 0 || w.stopped {
		return
	}
	w.halt()
}

// StopAfter is Stop after so many checks of what runs next, for tests that stop work wherever it can be.
func (w *Work) StopAfter(checks int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counting, w.left = true, checks
	w.update()
}

func (w *Work) halt() {
	w.stopped = true
	w.cancel()
	w.update()
}

// update says what checks do, for who holds mu.
func (w *Work) update() { w.look.Store(w.counting || w.ends()) }

// ends reports whether the work ends at its next check.
func (w *Work) ends() bool { return w.stopped && w.firm == 0 && w.listening == 0 }

// Check does not return if the work shall end: it unwinds the stack up to Run.
func (w *Work) Check() {
	if w != nil && w.look.Load() && w.closer() {
		panic(unwinding{w})
	}
}

// closer reports whether a check ends the work.
func (w *Work) closer() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.counting && w.runs > 0 {
		if w.left--; w.left < 0 && !w.stopped {
			w.counting = false
			w.halt()
		}
	}
	return w.ends()
}

// Stopped reports whether a check would end the work.
func (w *Work) Stopped() bool {
	if w == nil || !w.look.Load() {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ends()
}

// Catch calls a function through which checks may unwind, for who must not be unwound itself, such as an interpreter: the
// error is ErrStopped then, and the next check of its caller goes on with it.
func (w *Work) Catch(f func()) (err error) {
	if w == nil {
		f()
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			if u, ok := p.(unwinding); !ok || u.work != w {
				panic(p)
			}
			err = ErrStopped
		}
	}()
	f()
	return nil
}

// At says where the work is, and checks.
func (w *Work) At(s Step) {
	if w == nil {
		return
	}
	w.Check()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.step = s
}

// Step is where the work is, or was when it ended; the zero Step if nobody has said so.
func (w *Work) Step() Step {
	if w == nil {
		return Step{}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.step
}

// Firmly does what is not stopped half-way: checks in it return. Once the work was abandoned it is not
// begun: the error is ErrStopped.
func (w *Work) Firmly(work func() error) error {
	if w == nil {
		return work()
	}
	w.mu.Lock()
	if w.abandoned {
		w.mu.Unlock()
		return ErrStopped
	}
	w.firm++
	w.update()
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.firm--
		w.update()
	}()
	return work()
}

// Changed notes in words what has just been changed, as "cell web is gone": who ends the work now says so. Until Saved the work
// can't be abandoned.
func (w *Work) Changed(what string) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed, w.loose = append(w.changed, what), true
}

// Saved says that what was changed is kept.
func (w *Work) Saved() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loose = false
}

// Changes are what has been changed since the outermost Run began.
func (w *Work) Changes() []string {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.changed)
}

// Listen is for who waits: until end a stop is told by the context, and by nothing else.
func (w *Work) Listen() (ctx context.Context, end func()) {
	if w == nil {
		return context.Background(), func() {}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listening++
	w.update()
	ctx = w.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	return ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.listening--
		w.update()
	}
}

// Listening reports whether somebody takes a stop in a way of its own.
func (w *Work) Listening() bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.listening > 0
}

// Abandoned reports whether nobody waits for the work any more.
func (w *Work) Abandoned() bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.abandoned
}

// Abandon is for who ends the program without waiting for the work: it reports whether that spoils nothing. It may not while
// something is changed, or until that is saved, or somebody listens. Once it may, no change begins any more.
func (w *Work) Abandon() bool {
	if w == nil {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.abandoned = w.abandoned || w.firm == 0 && !w.loose && w.listening == 0
	return w.abandoned
}
