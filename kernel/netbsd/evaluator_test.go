package netbsd

import (
	"context"
	"errors"
	"strings"
	"testing"

	"cellsh/kernel"
	"cellsh/kernel/abi"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

// evaluating is a fake whose evaluation model has that device.
type evaluating struct {
	*fake
	device abi.Device
}

func (e evaluating) OpenEvaluation(uint32) (abi.Device, error) { return e.device, nil }

// taker is a device that takes as many bytes of a command as take says, and then has nothing to read.
type taker struct {
	take   func(length int) int
	closed int
}

func (d *taker) Write(text []byte) (int, error) { return d.take(len(text)), nil }
func (d *taker) Read([]byte) (int, error)       { return 0, kauth.EAGAIN }
func (d *taker) Wait(ctx context.Context) error { return ctx.Err() }
func (d *taker) Close() error                   { d.closed++; return nil }

// TestShortWrite has the device take a part of each command without an error: nothing of that may pass for done.
func TestShortWrite(t *testing.T) {
	takes := []struct {
		name string
		take func(int) int
		done bool
	}{
		{"all", func(n int) int { return n }, true},
		{"all but one byte", func(n int) int { return n - 1 }, false},
		{"nothing", func(int) int { return 0 }, false},
		{"one byte too many", func(n int) int { return n + 1 }, false},
	}
	commands := []struct {
		name string
		call func(*evaluator) error
	}{
		{"load", func(e *evaluator) error { return e.Load(make([]byte, 64), 0) }},
		{"attach", func(e *evaluator) error { return e.Attach(make([]byte, 64)) }},
		{"confirm", func(e *evaluator) error { return e.Confirm(7) }},
		{"revert", func(e *evaluator) error { return e.Revert(7) }},
		{"events", func(e *evaluator) error { _, err := e.Events(7); return err }},
		{"wait", func(e *evaluator) error { return e.Wait(t.Context(), 7) }},
	}
	for _, take := range takes {
		for _, c := range commands {
			t.Run(take.name+"/"+c.name, func(t *testing.T) {
				d := &taker{take: take.take}
				k, err := Open(Options{System: evaluating{newFake(t, secmodel.April), d}, Now: fakeNow})
				if err != nil {
					t.Fatal(err)
				}
				err = c.call(&evaluator{k, 1})
				var refused *kernel.Error
				switch {
				case take.done && err != nil:
					t.Error(err)
				case !take.done && (!errors.As(err, &refused) || !strings.Contains(refused.Text, "must take all")):
					t.Errorf("a command that was taken in part: %v", err)
				}
				if d.closed != 1 {
					t.Errorf("closed %d times", d.closed)
				}
			})
		}
	}
}
