package connect

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/sim"
)

// looks is a clock of which each tick is waited for: who waits sends to asked, and goes on when tick is sent to.
type looks struct {
	asked chan time.Duration
	tick  chan time.Time
}

func newLooks() *looks { return &looks{make(chan time.Duration), make(chan time.Time)} }

func (l *looks) after(d time.Duration) <-chan time.Time {
	l.asked <- d
	return l.tick
}

// A state file is followed without a lock, and seen once it is another.
func TestWaitForAFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "cells.state")
	l := newLooks()
	look := func() *Connection {
		t.Helper()
		c, err := Open(Options{Target: "sim:" + file, ReadOnly: true, Now: func() time.Time { return start }, After: l.after})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	write := func(name string) {
		t.Helper()
		c := mustOpen(t, "sim:"+file, false, nil)
		makeCell(t, c, name)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// waits begins to wait and gives what it ends with; nothing has changed until then.
	waits := func(c *Connection, ctx context.Context) chan error {
		done := make(chan error, 1)
		go func() { done <- c.Wait(ctx, 0) }()
		<-l.asked
		l.tick <- start
		<-l.asked
		return done
	}
	c := look()
	if !c.Shared() {
		t.Fatal("others can write the file")
	}
	done := waits(c, context.Background())
	write("web")
	l.tick <- start
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	again, ok := c.Snapshot()
	if !ok || !again.ReadOnly {
		t.Fatal("what was opened does not change")
	}
	c = look()
	if got := names(t, c); got != "web" {
		t.Errorf("cells %q", got)
	}
	// What was written between the look and the wait is seen at once.
	write("db")
	if err := c.Wait(context.Background(), 0); err != nil {
		t.Fatal(err)
	}
	// A view is one of the same.
	c = look()
	view := c.ReadOnlyView()
	if _, ok := view.Snapshot(); !ok || !view.Shared() {
		t.Error("a view shows what it is a view of")
	}
	ctx, cancel := context.WithCancel(context.Background())
	done = waits(view, ctx)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	// While it is gone there is nothing to see; what is then there is another.
	done = waits(c, context.Background())
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	l.tick <- start
	<-l.asked
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	l.tick <- start
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// Where only this program can do something waiting would never end.
func TestWaitAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cells.state")
	for _, target := range []string{"sim", "sim:" + file} {
		c := mustOpen(t, target, false, nil)
		for _, c := range []*Connection{c, c.ReadOnlyView()} {
			if _, ok := c.Snapshot(); ok || c.Shared() {
				t.Errorf("%s: nobody else can do something", target)
			}
			if err := c.Wait(context.Background(), 0); !errors.Is(err, ErrAlone) {
				t.Errorf("%s: %v", target, err)
			}
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A kernel that goes on by itself tells of decisions; at its log one has to look.
func TestWaitForARunningKernel(t *testing.T) {
	l := newLooks()
	for _, evaluation := range []bool{true, false} {
		k, err := sim.New(sim.Options{NoEvaluation: !evaluation})
		if err != nil {
			t.Fatal(err)
		}
		g := &going{k, l.after}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		wait := func() {
			go func() { done <- g.wait(ctx, 0) }()
			if d := <-l.asked; d < pause || d > 2*time.Second {
				t.Errorf("it looks after %s", d)
			}
		}
		wait()
		l.tick <- start
		if err := <-done; err != nil {
			t.Error(err)
		}
		wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	g := &going{broken{}, l.after}
	if err := g.wait(context.Background(), 0); err == nil || err.Error() != "no" {
		t.Error(err)
	}
	// With the driver it is the kernel at hand.
	k, err := sim.New(sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(Options{Target: "netbsd", Machine: Machine{System: sim.Wire{Process: k.Init()}, Folder: t.TempDir()}, Now: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Snapshot(); ok || !c.Shared() || !c.ReadOnlyView().Shared() {
		t.Error("a running kernel is shared, and shows what is")
	}
}

// broken is a kernel whose evaluation model can't be asked.
type broken struct{ kernel.Kernel }

func (broken) Evaluator() (kernel.Evaluator, error) { return nil, errors.New("no") }
