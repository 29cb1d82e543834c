package process

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// body is a process that is made up.
type body struct {
	Process
	parent *body
	orphan bool
	// grown is what it has used since the last look, if it was there then.
	grown time.Duration
	known bool
}

// TestMeterNeverTooMuch: whatever processes do, the meter tells no more time than they used, and from one look to the next at
// least what those used that are there at both.
func TestMeterNeverTooMuch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m Meter
		var live []*body
		born, real, last := 0, time.Duration(0), time.Duration(0)
		begin := func(parent *body) {
			born++
			live = append(live, &body{parent: parent, Process: Process{PID: born, Measured: true, Born: Stamp(strconv.Itoa(born))}})
		}
		begin(nil)
		pick := func() *body { return rapid.SampledFrom(live).Draw(t, "process") }
		t.Repeat(map[string]func(*rapid.T){
			"fork": func(*rapid.T) { begin(pick()) },
			"work": func(*rapid.T) {
				p, d := pick(), time.Duration(rapid.IntRange(1, 1000).Draw(t, "time"))
				if p.Living() {
					p.Time, p.grown, real = p.Time+d, p.grown+d, real+d
				}
			},
			"exit": func(*rapid.T) {
				p := pick()
				if p == live[0] {
					return
				}
				p.State = Zombie
				p.Measured = p.Measured && rapid.Bool().Draw(t, "told")
				for _, child := range live {
					child.orphan = child.orphan || child.parent == p
				}
			},
			"wait": func(*rapid.T) {
				i := slices.IndexFunc(live, func(b *body) bool { return !b.Living() })
				if i < 0 {
					return
				}
				if z := live[i]; !z.orphan {
					z.parent.Waited += z.Time + z.Waited
				}
				live = slices.Delete(live, i, i+1)
			},
			"look": func(*rapid.T) {
				list, certain, living := make([]Process, len(live)), time.Duration(0), 0
				for i, b := range live {
					if list[i] = b.Process; !b.Measured {
						list[i].Time, list[i].Waited, list[i].Born = 0, 0, ""
					} else if b.known {
						certain += b.grown
					}
					if b.Living() {
						living++
					}
					b.known, b.grown = b.Measured, 0
				}
				use := m.Add(list)
				if use.Time < last+certain || use.Time > real {
					t.Fatalf("the time must be from %d to %d, but is %d", last+certain, real, use.Time)
				}
				if use.Processes != living {
					t.Fatalf("there must be %d processes, but are %d", living, use.Processes)
				}
				last = use.Time
			},
		})
	})
}

// TestMeterSeesTheWaited: a child that came and went between two looks counts, and one that was seen counts once.
func TestMeterSeesTheWaited(t *testing.T) {
	var m Meter
	shell := Process{PID: 1, Born: "1", Measured: true, Time: time.Second, Resident: 10}
	child := Process{PID: 2, Born: "2", Measured: true, Time: 0, Resident: 5}
	zombie := Process{PID: 2, State: Zombie}
	look := func(want Use, list ...Process) {
		t.Helper()
		if got := m.Add(list); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	look(Use{Processes: 1, Resident: 10}, shell)
	look(Use{2, 15, 0}, shell, child)
	child.Time = 3 * time.Second
	look(Use{2, 15, 3 * time.Second}, shell, child)
	look(Use{1, 10, 3 * time.Second}, shell, zombie)
	shell.Waited = 4 * time.Second // one more than was seen
	look(Use{1, 10, 4 * time.Second}, shell)
	shell.Waited = 6 * time.Second // another one that nobody saw
	look(Use{1, 10, 6 * time.Second}, shell)
	look(Use{0, 0, 6 * time.Second})
}
