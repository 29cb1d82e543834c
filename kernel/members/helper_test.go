package members

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/launch"
	"cellsh/kernel/process"
	"cellsh/policy/kauth"
)

// TestMain is the program, and in the place of the helper one that can do what the root of the cell in the request says. It can
// never reach a process.
func TestMain(m *testing.M) {
	if !IsHelper(os.Args) {
		os.Exit(m.Run())
	}
	in, out := os.NewFile(requestDescriptor, "request"), os.NewFile(answerDescriptor, "answer")
	var q request
	json.NewDecoder(in).Decode(&q)
	switch string(q.Root) {
	case "/silent":
		select {}
	case "/garbage":
		fmt.Fprint(out, "{")
	case "/dies":
		os.Exit(3)
	case "/fails":
		json.NewEncoder(out).Encode(answer{Reached: 2, Failure: &kernel.Error{Op: "x", Errno: kauth.EPERM, Text: "no \x1b[1m", Hint: "hint\n"}})
	default:
		a := answer{Processes: some(7), Reached: int(q.Signal)}
		a.Processes[0].Args = []string{fmt.Sprint(q.ID), q.Name, "\x1b", fmt.Sprint(len(os.Environ()))}
		json.NewEncoder(out).Encode(a)
	}
	os.Exit(0)
}

func TestCells(t *testing.T) {
	if os.Geteuid() != 0 {
		_, err := new(Cells).Processes(kernel.Cell{ID: 1, Name: "web"})
		if err == nil || !strings.Contains(err.Error(), "root of the host") {
			t.Errorf("who is not root must be told so, but: %v", err)
		}
		t.Skip("only root starts helpers")
	}
	m := &Cells{}
	cell := func(root string) kernel.Cell { return kernel.Cell{ID: 4, Name: "web", Root: root} }
	list, err := m.Processes(cell("/cells/web"))
	if err != nil || len(list) != 1 || !slices.Equal(list[0].Args, []string{"4", "web", `\x1b`, "0"}) {
		t.Errorf("got %+v, %v", list, err)
	}
	if n, err := m.Signal(cell("/cells/web"), syscall.SIGHUP); n != int(syscall.SIGHUP) || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	n, err := m.Signal(cell("/fails"), syscall.SIGHUP)
	if e := new(kernel.Error); n != 2 || !errors.As(err, &e) || e.Error() != `send a signal to cell web: no \x1b[1m (EPERM)` || e.Hint != `hint\n` {
		t.Errorf("got %d, %v", n, err)
	}
	for _, root := range []string{"/garbage", "/dies"} {
		if _, err := m.Processes(cell(root)); err == nil || !strings.Contains(err.Error(), "the helper in the cell must answer, but does not") {
			t.Errorf("%s: got %v", root, err)
		}
	}
	m.Executable = "/no/such/helper"
	if _, err := m.Processes(cell("/x")); err == nil || !strings.Contains(err.Error(), "the helper /no/such/helper must start, but") {
		t.Errorf("got %v", err)
	}
	m = &Cells{After: atOnce}
	if _, err := m.Processes(cell("/silent")); err == nil || !strings.Contains(err.Error(), "must answer within 15s, but does not") {
		t.Errorf("got %v", err)
	}
}

// guest is a system that notes what the helper does, and fails at one of it.
type guest struct {
	launch.System
	did  []string
	fail string
	err  error
}

func (g *guest) do(what string) error {
	g.did = append(g.did, what)
	if strings.HasPrefix(what, g.fail) && g.fail != "" {
		return g.err
	}
	return nil
}

func (g *guest) CloseInherited(from int) error { return g.do(fmt.Sprint("close ", from)) }
func (g *guest) Chroot(dir string) error       { return g.do("chroot " + dir) }
func (g *guest) Chdir(dir string) error        { return g.do("chdir " + dir) }
func (g *guest) PrepareEnter(id kernel.CellID) (launch.Entry, error) {
	return entry{g}, g.do(fmt.Sprint("prepare ", id))
}

type entry struct{ g *guest }

func (e entry) Enter() error            { return e.g.do("enter") }
func (e entry) Explain(err error) error { return fmt.Errorf("in words: %w", err) }

// TestHelperOrder: whatever fails on the way into the cell, nobody is looked at and no signal is sent.
func TestHelperOrder(t *testing.T) {
	way := []string{"close 5", "prepare 4", "chroot /cells/web", "chdir /", "enter", "read", "kill 1"}
	for i := -1; i < len(way); i++ {
		g := &guest{err: kauth.EPERM}
		if i >= 0 {
			g.fail = way[i]
		}
		h := helper{sys: g, after: atOnce, inside: inside{100, 99,
			func(process.Query) ([]process.Process, error) { return some(100, 7, 5), g.do("read") },
			func(s syscall.Signal) error { return g.do(fmt.Sprint("kill ", int(s))) }}}
		var in bytes.Buffer
		json.NewEncoder(&in).Encode(request{4, "web", []byte("/cells/web"), syscall.SIGHUP})
		a := h.answer(&in)
		if i < 0 {
			if a.Failure != nil || a.Reached != 2 || !slices.Equal(g.did, way) {
				t.Errorf("got %+v, by %q", a, g.did)
			}
			continue
		}
		if a.Failure == nil || a.Reached != 0 || !slices.Equal(g.did, way[:i+1]) {
			t.Errorf("after %s has failed: got %+v, by %q", way[i], a, g.did)
		}
	}
}

// TestHelperKnowsTheHost: kill(-1) on the host would be for all there are.
func TestHelperKnowsTheHost(t *testing.T) {
	for _, host := range []int{0, 1, 99} {
		killed := false
		i := &inside{100, 99, func(process.Query) ([]process.Process, error) { return some(5, host, 100), nil },
			func(syscall.Signal) error { killed = true; return nil }}
		if _, err := signalAll("web", i, syscall.SIGKILL, atOnce); err == nil || killed {
			t.Errorf("who sees process %d is on the host and must not send signals, but: %v, %v", host, err, killed)
		}
	}
}

func TestHelperRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "the helper must get a request, but: EOF",
		`{"ID":0,"Name":"x"}`: "the cell must be one that was created, but 0 is the host",
	} {
		h := helper{sys: &guest{}, after: time.After}
		if a := h.answer(strings.NewReader(text)); a.Failure == nil || a.Failure.Text != want {
			t.Errorf("%q: got %+v", text, a.Failure)
		}
	}
	h := helper{unsupported: errors.New("no cells here")}
	if a := h.answer(strings.NewReader("")); a.Failure == nil || a.Failure.Text != "no cells here" {
		t.Errorf("got %+v", a.Failure)
	}
}
