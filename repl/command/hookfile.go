package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"cellsh/kernel/connect"
	"cellsh/kernel/host"
	"cellsh/kernel/watch"
	"cellsh/lua/api"
	"cellsh/lua/vm"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/repl/human"
)

const (
	// hookPatience is how long a command of a hook may take.
	hookPatience = 10 * time.Second
	// hookGrace is how long hooks that run at the end may take yet.
	hookGrace = 3 * time.Second
	// hookLong is how long a hook has run when that is said.
	hookLong = 30 * time.Second
	// hookRepeat is how often the same failure of a hook is told.
	hookRepeat = time.Minute
)

// oneByOne writes for several goroutines.
type oneByOne struct {
	mu sync.Mutex
	to io.Writer
}

func (o *oneByOne) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.to.Write(text)
}

// hookFile is a file of hooks that runs: a Lua machine with a look at the kernel of its own, on a goroutine of its own, so that it
// keeps nobody waiting.
type hookFile struct {
	inv    *Invocation
	source rules.Source
	queue  *watch.Queue

	// machine may be interrupted by others; nil before it is made.
	machine atomic.Pointer[api.Machine]
	// busy is when the hooks that run were called, by the clock of the program; nil while none do. long says that it was said how long
	// that is.
	busy atomic.Pointer[time.Time]
	long bool

	// failures are those of hooks that were told, by their texts.
	failures map[string]*failure
}

// failure is one that was told, when, and how often it has come since.
type failure struct {
	told  time.Time
	since int
}

func newHookFile(inv *Invocation, s rules.Source) *hookFile {
	return &hookFile{inv: inv, source: s, queue: watch.NewQueue(), failures: map[string]*failure{}}
}

// run calls the hooks until the context is done.
func (f *hookFile) run(ctx context.Context) {
	o := connect.Options{Target: f.inv.Kernel, ReadOnly: true, Machine: f.inv.Machine, Patience: patience, Now: f.inv.Now, Warn: func(err error) { f.inv.note("%s", err) }}
	t, err := OpenTarget(o, f.inv.Stderr, host.SessionOptions{})
	if err != nil {
		f.problems(nil, diag.Of(err))
		return
	}
	steps := t.Steps
	defer steps.Close()
	m := f.make(ctx, t)
	defer m.Close()
	f.machine.Store(m)
	loaded := false
	err = steps.Step(func() error {
		now := f.inv.Now()
		f.busy.Store(&now)
		defer f.busy.Store(nil)
		fn, err := m.VM.CompileIn(m.VM.Environment(), f.source.File, f.source.Text)
		if err == nil {
			_, err = m.Call(fn)
		}
		loaded = err == nil
		if err != nil && ctx.Err() == nil && !errors.Is(err, api.ErrDeclarations) {
			f.problems(m, f.ended(err))
		}
		return nil
	})
	if err != nil {
		f.problems(m, diag.Of(err))
	}
	if !loaded {
		f.queue.Stop()
		if ctx.Err() == nil {
			f.inv.note("the hooks of %s are not called", f.source.File)
		}
		return
	}
	for {
		e, lost, ok := f.queue.Take(ctx)
		if !ok {
			return
		}
		if lost > 0 {
			f.inv.note("%s: %s", f.source.File, fmt.Sprintf("%s not told to its hooks, because they are too slow", human.AreMany(int(lost), "event")))
		}
		err := steps.Step(func() error {
			fresh, err := f.inv.current(t)
			if err != nil {
				return err // it is said by who follows
			}
			if fresh != t {
				t = fresh
				m.Rebind(f.kernel(t))
			}
			now := f.inv.Now()
			f.busy.Store(&now)
			defer f.busy.Store(nil)
			m.Tell(e)
			return nil
		})
		if err != nil && ctx.Err() == nil {
			f.report(m, diag.Of(err))
		}
	}
}

func (f *hookFile) kernel(t *Target) api.Kernel {
	return api.Kernel{Host: t.Host, Reader: t.Reader, Simulator: t.Simulator, Launch: t.Launcher}
}

func (f *hookFile) make(ctx context.Context, t *Target) *api.Machine {
	var m *api.Machine
	var out, stderr *os.File
	if f.inv.Line == nil { // which code that writes to files would not make give way
		out, _ = fileOf(f.inv.out.To)
		if o, ok := f.inv.Stderr.(*oneByOne); ok {
			stderr, _ = fileOf(o.to)
		}
	}
	m = api.New(api.Options{Kernel: f.kernel(t), Stdout: out, Stderr: stderr, Output: &oneByOne{to: f.inv.out.To}, Watched: true, Patience: hookPatience, Context: ctx,
		Report: func(l diag.List) {
			if ctx.Err() == nil { // at the end what runs is ended, and fails
				f.report(m, l)
			}
		}})
	return m
}

// ended are the problems of code that did not come to its end.
func (f *hookFile) ended(err error) diag.List {
	if e := (*vm.Error)(nil); errors.As(err, &e) && e.Exit {
		return diag.List{{Span: diag.Span{File: f.source.File}, Code: diag.HookFailed, Message: "hooks must not end the program, but os.exit is called"}}
	}
	return diag.Of(err)
}

// interrupt ends the hook that runs.
func (f *hookFile) interrupt() {
	if m := f.machine.Load(); m != nil {
		m.VM.Interrupt()
	}
}

// check says that hooks have been running for long.
func (f *hookFile) check(now time.Time) {
	since := f.busy.Load()
	long := since != nil && now.Sub(*since) >= hookLong
	if long && !f.long {
		f.inv.note("%s: a hook has been running for %s; events for this file wait", f.source.File, hookLong)
	}
	f.long = long
}

// report tells of failures of hooks, the same at most once in a while: a hook that fails may be called very often.
func (f *hookFile) report(m *api.Machine, l diag.List) {
	now := f.inv.Now()
	var told diag.List
	for _, d := range l {
		key := d.Error()
		before := f.failures[key]
		if before == nil {
			if len(f.failures) >= maxFailures {
				clear(f.failures)
			}
			f.failures[key] = &failure{told: now}
			told = append(told, d)
			continue
		}
		if since := now.Sub(before.told); since >= 0 && since < hookRepeat {
			before.since++
			continue
		}
		if before.since > 0 {
			d.Message += fmt.Sprintf(" (%s since that was said)", human.Plural(before.since, "more time"))
		}
		*before = failure{told: now}
		told = append(told, d)
	}
	f.problems(m, told)
}

// maxFailures is how many different failures are told apart.
const maxFailures = 1000

func (f *hookFile) problems(m *api.Machine, l diag.List) {
	if m != nil {
		l = m.VM.Files().Fill(slices.Clone(l))
	}
	_ = f.inv.Style.Problems(f.inv.Stderr, l)
}
