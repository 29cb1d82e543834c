package members

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"cellsh/kernel"
	"cellsh/kernel/process"
)

// machine is one with few numbers for processes, which are soon given again.
type machine struct {
	list []process.Process
	sent map[int]int
	born int
}

func (m *machine) Read(q process.Query) ([]process.Process, error) {
	return slices.DeleteFunc(slices.Clone(m.list), func(p process.Process) bool { return q.Session != nil && p.Session != *q.Session }), nil
}

func (m *machine) Send(pid int, s syscall.Signal) error {
	if !slices.ContainsFunc(m.list, func(p process.Process) bool { return p.PID == pid }) {
		panic(fmt.Sprintf("a signal is sent to %d, which is no process", pid))
	}
	if m.sent == nil {
		m.sent = map[int]int{}
	}
	m.sent[pid]++
	if s == syscall.SIGKILL {
		m.list[slices.IndexFunc(m.list, func(p process.Process) bool { return p.PID == pid })].State = process.Zombie
	}
	return nil
}

func (m *machine) Session() int { return 1 }

// begin makes a process, in a session of its own with 0. Its number is the least that is neither that of a process nor of a
// session that still has some, as on a real machine.
func (m *machine) begin(session int) process.Process {
	pid := 2
	for slices.ContainsFunc(m.list, func(p process.Process) bool { return p.PID == pid || p.Session == pid }) {
		pid++
	}
	if session == 0 {
		session = pid
	}
	m.born++
	p := process.Process{PID: pid, Session: session, Measured: true, Born: process.Stamp(fmt.Sprint(m.born))}
	m.list = append(m.list, p)
	return p
}

// TestSessionsReachTheirOwn: whatever begins and ends, and whatever number it has, only processes of sessions that were begun
// for the cell are seen and sent signals; and as long as the command runs that began a session, all of it is.
func TestSessionsReachTheirOwn(t *testing.T) {
	cells := []kernel.Cell{{ID: 1, Name: "web"}, {ID: 2, Name: "db"}}
	folder := t.TempDir()
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		m := &machine{}
		s := &Sessions{Machine: m, After: atOnce, Warn: func(err error) { t.Error(err) }}
		if rapid.Bool().Draw(t, "kept") {
			s.Folder = filepath.Join(folder, fmt.Sprint(round))
		}
		// cellOf is whose each process is, 0 for that of nobody.
		cellOf := map[process.Key]kernel.CellID{}
		type running struct {
			leader process.Process
			ended  func()
		}
		var commands []running
		pick := func() process.Process { return rapid.SampledFrom(m.list).Draw(t, "process") }
		t.Repeat(map[string]func(*rapid.T){
			"exec": func(*rapid.T) {
				c := rapid.SampledFrom(cells).Draw(t, "cell")
				p := m.begin(0)
				cellOf[p.Key()] = c.ID
				commands = append(commands, running{p, s.Began(c, p.PID)})
			},
			"somebody else's session": func(*rapid.T) { m.begin(0) },
			"fork": func(*rapid.T) {
				if len(m.list) > 0 {
					parent := pick()
					child := m.begin(parent.Session)
					cellOf[child.Key()] = cellOf[parent.Key()]
				}
			},
			"exit": func(*rapid.T) {
				if len(m.list) == 0 {
					return
				}
				p := pick()
				m.list = slices.DeleteFunc(m.list, func(o process.Process) bool { return o.PID == p.PID })
				if i := slices.IndexFunc(commands, func(c running) bool { return c.leader.Key() == p.Key() }); i >= 0 {
					// One whose cellsh was killed is not noted as ended.
					if rapid.Bool().Draw(t, "noted") {
						commands[i].ended()
					}
					commands = slices.Delete(commands, i, i+1)
				}
			},
			"kill": func(*rapid.T) {
				c := rapid.SampledFrom(cells).Draw(t, "cell")
				list, err := s.Processes(c)
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range list {
					if cellOf[p.Key()] != c.ID {
						t.Fatalf("process %+v must not be seen in cell %s", p, c.Name)
					}
				}
				for _, x := range commands {
					for _, p := range m.list {
						if cellOf[x.leader.Key()] == c.ID && p.Session == x.leader.Session && !slices.ContainsFunc(list, func(o process.Process) bool { return o.Key() == p.Key() }) {
							t.Fatalf("process %+v must be seen in cell %s", p, c.Name)
						}
					}
				}
				m.sent = nil
				n, err := s.Signal(c, syscall.SIGUSR1)
				if err != nil || n != len(list) || len(m.sent) != n {
					t.Fatalf("got %d, %v, sent to %v, want %d", n, err, m.sent, len(list))
				}
				if rapid.Bool().Draw(t, "end them") {
					if n, err := s.Signal(c, syscall.SIGKILL); err != nil || n != len(list) {
						t.Fatalf("%d are killed, must be %d: %v", n, len(list), err)
					}
					left, err := s.Processes(c)
					if err != nil || slices.ContainsFunc(left, func(p process.Process) bool { return p.Living() }) {
						t.Fatalf("%+v are left, %v", left, err)
					}
					m.list = slices.DeleteFunc(m.list, func(p process.Process) bool { return !p.Living() }) // they were waited for
					for _, p := range list {
						if i := slices.IndexFunc(commands, func(x running) bool { return x.leader.Key() == p.Key() }); i >= 0 {
							commands[i].ended()
							commands = slices.Delete(commands, i, i+1)
						}
					}
				}
				for _, p := range list {
					delete(m.sent, p.PID)
				}
				if len(m.sent) > 0 {
					t.Fatalf("signals must reach members only, but reached %v", slices.Collect(maps.Keys(m.sent)))
				}
			},
		})
	})
}

// TestSessionsLeaveNothing: the notes of what has ended are removed, and a damaged one is none.
func TestSessionsLeaveNothing(t *testing.T) {
	m := &machine{}
	s := &Sessions{Machine: m, Folder: filepath.Join(t.TempDir(), "s.sessions")}
	web := kernel.Cell{ID: 1, Name: "web"}
	p := m.begin(0)
	ended := s.Began(web, p.PID)
	if err := os.WriteFile(filepath.Join(s.Folder, "77"), []byte(`{"Cell":1,`), 0o600); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(s.Folder, "78"), []byte(`{"Cell":1,"Name":"web","Session":2,"Witnesses":[{"PID":2,"Born":"1"}]}`), 0o600)
	if list, err := s.Processes(web); err != nil || len(list) != 1 {
		t.Errorf("got %+v, %v", list, err)
	}
	if list, err := s.Processes(kernel.Cell{ID: 1, Name: "other"}); err != nil || len(list) != 0 {
		t.Errorf("another cell with that number must have none: %+v, %v", list, err)
	}
	if n, err := s.Signal(web, syscall.SIGKILL); n != 1 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	ended()
	os.Remove(filepath.Join(s.Folder, "77"))
	os.Remove(filepath.Join(s.Folder, "78"))
	q := m.begin(0)
	ended = s.Began(web, q.PID)
	m.list = nil
	ended()
	if _, err := os.Stat(s.Folder); !os.IsNotExist(err) {
		t.Errorf("nothing must be left, but: %v", err)
	}
}
