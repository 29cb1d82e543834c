package outlet

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// script is a place whose answers are given.
type script struct {
	kept    []string
	answer  func(n int) error
	n       int
	entered chan struct{}
}

func (s *script) Put(text string) error {
	s.n++
	if s.entered != nil {
		s.entered <- struct{}{}
	}
	err := s.answer(s.n)
	if err == nil {
		s.kept = append(s.kept, text)
	}
	return err
}
func (*script) Close() error   { return nil }
func (*script) String() string { return "PLACE" }

func queueOptions(limit int, wait bool, told *[]string) QueueOptions[string] {
	return QueueOptions[string]{Options: Options[string]{What: "lines", Tell: func(s string) { *told = append(*told, s) },
		Gap: func(n uint64, why string) string { return fmt.Sprintf("(%d: %s)", n, why) }},
		Size: func(s string) int { return len(s) }, Limit: limit, Patience: time.Second, Wait: wait}
}

// TestQueueDrops: what does not fit is counted where it is missing.
func TestQueueDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		s := &script{answer: func(int) error { <-open; return nil }}
		var told []string
		q := NewQueue[string](s, queueOptions(3, false, &told))
		q.Write("0")
		synctest.Wait() // it is in Put
		for _, v := range []string{"1", "2", "3", "4", "5"} {
			q.Write(v)
		}
		if n := q.Lost(); n != 2 {
			t.Errorf("%d are lost, want 2", n)
		}
		open <- struct{}{} // 0
		synctest.Wait()
		q.Write("6")
		q.Write("7")
		close(open)
		err := q.Close(time.Second)
		if got := strings.Join(s.kept, " "); got != "0 1 2 3 (2: more came than it takes) 6 (1: more came than it takes)" {
			t.Error(got)
		}
		if err == nil || err.Error() != "all lines must be written to PLACE, but 3 were not" || q.Lost() != 3 {
			t.Errorf("%v, %d", err, q.Lost())
		}
		if want := []string{"PLACE can't be written: more came than it takes; lines that are missing there are counted", "PLACE takes lines again; 2 were not written"}; !slices.Equal(told[:2], want) {
			t.Errorf("%q", told)
		}
	})
}

// TestQueuePatience: a place that is busy is waited for, and given up after a while.
func TestQueuePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(n int) error {
			if n < 4 {
				return ErrBusy
			}
			return nil
		}}
		var told []string
		q := NewQueue[string](s, queueOptions(100, false, &told))
		q.Write("1")
		q.Write("2")
		if err := q.Close(time.Second); err != nil || strings.Join(s.kept, " ") != "1 2" || len(told) > 0 {
			t.Errorf("%v, %q, %q", err, s.kept, told)
		}
		s = &script{answer: func(int) error { return ErrBusy }}
		q = NewQueue[string](s, queueOptions(100, false, &told))
		began := time.Now()
		for range 50 {
			q.Write("x")
		}
		err := q.Close(5 * time.Second)
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("it took %s", took)
		}
		if err == nil || !strings.Contains(err.Error(), "but 50 were not: it takes less than there is") {
			t.Error(err)
		}
	})
}

// TestQueueWaits: who asks for it is kept while there is no room, but not by a place that takes nothing.
func TestQueueWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var refuse error
		pass := make(chan struct{})
		s := &script{answer: func(int) error { <-pass; return refuse }}
		var told []string
		q := NewQueue[string](s, queueOptions(2, true, &told))
		written := 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range 20 {
				q.Write(fmt.Sprint(i % 10))
				written++
			}
		}()
		synctest.Wait()
		if written != 3 { // one is in Put, two wait
			t.Errorf("%d are written", written)
		}
		for range 5 {
			pass <- struct{}{}
			synctest.Wait()
		}
		if written != 8 || q.Lost() != 0 {
			t.Errorf("%d are written, %d lost", written, q.Lost())
		}
		refuse = errors.New("gone")
		pass <- struct{}{}
		synctest.Wait()
		<-done // nobody waits for a place that takes nothing
		close(pass)
		if err := q.Close(time.Second); err == nil || len(s.kept) != 5 || q.Lost() != 15 {
			t.Errorf("%v, %q, %d", err, s.kept, q.Lost())
		}
	})
}
