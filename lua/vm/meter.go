package vm

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"cellsh/policy/diag"
	"cellsh/policy/progress"
	lua "github.com/yuin/gopher-lua"
)

// meter counts the instructions of a machine. It is the machine's context: the interpreter asks Done before
// every instruction, so the count is exact, and nothing that Lua does can swallow the end, because Done stays
// closed and the next instruction fails again.
type meter struct {
	limits
	depth       int
	interrupted atomic.Bool
	sample      []metrics.Sample
	// Of the machine's options: the memory of a call, whether there is a deadline, and the clock.
	memory int64
	timed  bool
	now    func() time.Time
	of     *progress.Work
}

// limits are what is left of the budgets of a call.
type limits struct {
	// left is negative once the budget is used up; unlimited budgets start so high that they never are.
	left, start int64
	// bytes is the memory that library functions and odd table indices may still take, ceiling the whole budget
	// and heap what the process had when the call began.
	bytes, ceiling int64
	heap           uint64
	// heapAt is what is left when the heap is looked at next.
	heapAt int64
	until  time.Time
	failed *failure
}

// failure is why the machine must stop.
type failure struct {
	code       diag.Code
	text, hint string
}

func (f *failure) Error() string { return f.text }

// unlimited instructions: centuries.
const unlimited = 1 << 62

var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

const heapMetric = "/memory/classes/heap/objects:bytes"

func newMeter(o Options) *meter {
	m := &meter{sample: []metrics.Sample{{Name: heapMetric}}, memory: o.Memory, timed: o.Level != Session, now: o.Now, of: o.Work}
	m.reset(o.Instructions)
	return m
}

func (m *meter) reset(instructions int64) {
	if instructions <= 0 {
		instructions = unlimited
	}
	m.limits = limits{left: instructions, start: instructions, bytes: m.memory, ceiling: m.memory, heapAt: instructions - heapEvery}
	m.interrupted.Store(false)
	if m.timed {
		m.until = m.now().Add(Deadline)
	}
	if m.memory > 0 {
		m.heap = m.heapNow()
	}
}

func (m *meter) budget() *limits { return &m.limits }

// restore goes back to the budgets around a call that used some of them. A failure inside is over.
func (m *meter) restore(outer limits, used int64) {
	m.limits = outer
	m.left -= used
}

func (m *meter) used() int64 { return m.start - max(m.left, 0) }

func (m *meter) heapNow() uint64 {
	metrics.Read(m.sample)
	return m.sample[0].Value.Uint64()
}

// How often, in instructions, what is not counted exactly is looked at. Single instructions can take milliseconds, so
// the clock is read often; the heap takes longer to read.
const (
	clockEvery = 64
	heapEvery  = 1024
)

// Done is asked before every instruction.
func (m *meter) Done() <-chan struct{} {
	m.left--
	if m.left&(clockEvery-1) != 0 && m.left >= 0 && m.failed == nil {
		return nil
	}
	return m.check()
}

func (m *meter) check() <-chan struct{} {
	switch {
	case m.failed != nil:
	case m.left < 0:
		m.failed = &failure{diag.Budget, fmt.Sprintf("the code must end within %d instructions, but does not", m.start), "look for a loop that does not end"}
	case m.interrupted.Load() || m.of.Stopped():
		m.failed = &failure{diag.Interrupted, "interrupted", ""}
	case m.timed && m.now().After(m.until):
		m.failed = &failure{diag.Budget, fmt.Sprintf("the code must end within %s, but does not", Deadline), "look for calls with very many arguments"}
	case m.ceiling > 0 && m.left <= m.heapAt && m.tooLarge():
		m.failed = m.overMemory()
	default:
		return nil
	}
	return closed
}

// tooLarge reports whether the heap has grown over the ceiling since the call began. Garbage counts until it is
// collected, so that is done before the answer is yes.
func (m *meter) tooLarge() bool {
	m.heapAt = m.left - heapEvery
	limit := m.heap + uint64(m.ceiling)
	if m.heapNow() <= limit {
		return false
	}
	runtime.GC()
	return m.heapNow() > limit
}

func (m *meter) overMemory() *failure {
	return &failure{diag.Memory, fmt.Sprintf("the code must do with %d MB of memory, but needs more", m.ceiling>>20), ""}
}

// take takes memory off the budget, and raises an error if there is not so much.
func (m *meter) take(L *lua.LState, bytes int64) { stop(L, m.reserve(bytes)) }

// work takes what a library function is about to do off the budget, in instructions: nobody asks Done meanwhile.
func (m *meter) work(L *lua.LState, instructions int) { stop(L, m.spend(instructions)) }

// stop raises a failure.
func stop(L *lua.LState, f *failure) {
	if f != nil {
		L.RaiseError("%s", f.text)
	}
}

// reserve takes memory off the budget; it gives why the machine must stop.
func (m *meter) reserve(bytes int64) *failure {
	if m.ceiling <= 0 {
		return m.failed
	}
	if m.bytes -= bytes; m.bytes < 0 && m.failed == nil {
		m.failed = m.overMemory()
	}
	return m.failed
}

// spend takes work off the budget.
func (m *meter) spend(instructions int) *failure {
	before := m.left
	m.left -= int64(instructions)
	if m.failed == nil && m.left >= 0 && before/clockEvery == m.left/clockEvery {
		return nil
	}
	m.check()
	return m.failed
}

// Err is what the interpreter raises once Done is closed.
func (m *meter) Err() error {
	if m.failed != nil {
		return errors.New(m.failed.text)
	}
	return nil
}

// Deadline and Value make a meter a context.
func (m *meter) Deadline() (time.Time, bool) { return time.Time{}, false }

// Value has none.
func (m *meter) Value(any) any { return nil }
