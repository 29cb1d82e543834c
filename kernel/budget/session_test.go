package budget

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel/process"
	"cellsh/policy/analysis"
	"cellsh/policy/rules"
)

// proc is a process that uses so many megabytes and so much time.
func proc(pid int, megabytes uint64, spent time.Duration) process.Process {
	return process.Process{PID: pid, Measured: true, Born: process.Stamp(fmt.Sprint(pid)), Resident: megabytes << 20, Time: spent}
}

func TestSession(t *testing.T) {
	memory := Rule{Budget: analysis.BudgetMemory, Limit: 100 << 20, Warn: 80 << 20}
	cpu := Rule{Budget: analysis.BudgetCPU, Limit: 50, Action: rules.Stop}
	s := NewSession([]Rule{memory, cpu})
	var told []string
	spent := time.Duration(0)
	sample := func(second int, megabytes uint64, used time.Duration) {
		spent += used
		for _, e := range s.Sample(time.Duration(second)*time.Second, []process.Process{proc(1, megabytes/2, spent), proc(2, megabytes-megabytes/2, 0)}) {
			told = append(told, fmt.Sprintf("%d %s %d %s", second, e.Budget, e.Kind, e.Budget.Format(e.Use)))
		}
	}
	sample(0, 50, time.Hour) // what was used before the first look does not count
	sample(1, 90, time.Second)
	sample(2, 90, time.Second)
	sample(3, 101, time.Second)
	sample(4, 99, time.Second)
	sample(5, 120, time.Second)
	sample(6, 20, time.Second) // six seconds of ten
	for i := 7; i < 16; i++ {
		sample(i, 20, 0)
	}
	want := []string{"1 memory 0 90M", "3 memory 1 101M", "6 memory 2 20M", "6 cpu 1 60%", "12 cpu 2 40%"}
	if !slices.Equal(told, want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
}

// TestSessionUntold: what is not told is not taken for nothing.
func TestSessionUntold(t *testing.T) {
	s := NewSession([]Rule{{Budget: analysis.BudgetMemory, Limit: 5 << 20}, {Budget: analysis.BudgetCPU, Limit: 1}})
	executing, ended := process.Process{PID: 1}, process.Process{PID: 1, State: process.Zombie}
	for i, x := range []struct {
		list []process.Process
		want string
	}{
		{[]process.Process{proc(1, 10, 0)}, "memory over"},
		{[]process.Process{executing}, ""},
		{[]process.Process{executing, proc(2, 1, time.Second)}, "cpu over"},
		{[]process.Process{ended}, ""},
		{nil, ""},
		{[]process.Process{proc(1, 4, time.Second), proc(2, 0, time.Second)}, "memory under"},
	} {
		var told []string
		for _, e := range s.Sample(time.Duration(i)*time.Second, x.list) {
			told = append(told, fmt.Sprintf("%s %s", e.Budget, [...]string{"near", "over", "under"}[e.Kind]))
		}
		if got := strings.Join(told, ", "); got != x.want {
			t.Errorf("sample %d: told %q, want %q", i, got, x.want)
		}
	}
}

// TestSessionChange: a rule that stays goes on, one that goes is exceeded no more, and a new one is followed.
func TestSessionChange(t *testing.T) {
	small, large := Rule{Budget: analysis.BudgetMemory, Limit: 1 << 20}, Rule{Budget: analysis.BudgetMemory, Limit: 50 << 20, Action: rules.Stop}
	s := NewSession(nil)
	if s.Watches() {
		t.Error("there is nothing to watch")
	}
	sample := func(second int) int {
		return len(s.Sample(time.Duration(second)*time.Second, []process.Process{proc(1, 10, 0)}))
	}
	s.Change([]Rule{small})
	if sample(0) != 1 || !slices.Equal(s.Exceeded(), []Excess{{small, 10 << 20}}) || !s.Watches() {
		t.Errorf("exceeded are %+v", s.Exceeded())
	}
	s.Change([]Rule{large, small})
	if sample(1) != 0 || !slices.Equal(s.Exceeded(), []Excess{{small, 10 << 20}}) {
		t.Errorf("a rule that stays must be told once, exceeded are %+v", s.Exceeded())
	}
	if used := s.Uses(); len(used) != 1 || used[analysis.BudgetMemory] != 10<<20 {
		t.Errorf("10 megabytes are used, but %v", used)
	}
	s.Change([]Rule{{Budget: analysis.BudgetCPU, Limit: 1}})
	if used := s.Uses(); len(used) != 0 {
		t.Errorf("what is not followed any more must not be told, but is %v", used)
	}
	s.Change([]Rule{large})
	if sample(2) != 0 || len(s.Exceeded()) != 0 {
		t.Errorf("a rule that is gone must not be exceeded, but %+v are", s.Exceeded())
	}
}

func TestThrottle(t *testing.T) {
	nice := map[int]int{1: 0, 2: 5, 3: 19, 4: 0, 6: 19}
	list := func(pids ...int) (l []process.Process) {
		for _, pid := range pids {
			p := proc(pid, 0, 0)
			p.Nice = nice[pid]
			l = append(l, p)
		}
		return l
	}
	set := func(pid, n int) error { nice[pid] = min(n, 19); return nil }
	check := func(want map[int]int) {
		t.Helper()
		if fmt.Sprint(nice) != fmt.Sprint(want) {
			t.Errorf("the priorities must be %v, but are %v", want, nice)
		}
	}
	var th Throttle
	if err := th.Restore(list(1), set); err != nil || th.On() {
		t.Error(err)
	}
	th.Lower(list(1, 2, 6), set)
	check(map[int]int{1: 19, 2: 19, 3: 19, 4: 0, 6: 19})
	// 3 was started by 1 meanwhile, and 4 by somebody who was not held back.
	th.Lower(list(1, 2, 3, 4, 6), set)
	check(map[int]int{1: 19, 2: 19, 3: 19, 4: 19, 6: 19})
	nice[5] = 19 // started after the last look
	nice[2] = 3  // it has changed its own
	if err := th.Restore(list(1, 2, 3, 4, 5, 6), set); err != nil || th.On() {
		t.Error(err)
	}
	check(map[int]int{1: 0, 2: 3, 3: 0, 4: 0, 5: 0, 6: 19})

	refuse := func(int, int) error { return errors.New("no") }
	if err := th.Lower(list(1), refuse); err == nil || !th.On() {
		t.Error("what is refused must be told")
	}
	th.Lower(list(1), set)
	check(map[int]int{1: 19, 2: 3, 3: 0, 4: 0, 5: 0, 6: 19})
	if err := th.Restore(list(1), refuse); err == nil || th.On() {
		t.Error("what is refused must be told")
	}
}
