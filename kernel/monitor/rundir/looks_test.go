package rundir

import (
	"fmt"
	"path/filepath"
	"testing"

	"cellsh/kernel/service"
)

// TestLooks: what is told is seen once as new, and stays until it is told otherwise; who is gone is not seen any more.
func TestLooks(t *testing.T) {
	l := Looks{Dir: Dir(filepath.Join(t.TempDir(), "run"))}
	next := func(want string) {
		t.Helper()
		list, err := l.Next()
		text := ""
		for _, s := range list {
			text += fmt.Sprintf("%s %s %v;", s.Service, s.State, s.Anew)
		}
		if text != want || err != nil {
			t.Errorf("%s, %v, want %s", text, err, want)
		}
	}
	write := func(name string, state service.State) {
		t.Helper()
		f := l.Dir.Service(name)
		if err := f.Make(); err != nil {
			t.Fatal(err)
		}
		if err := f.WriteStatus(&Status{Service: name, State: state}); err != nil {
			t.Fatal(err)
		}
	}
	next("")
	write("b", service.Stopped)
	write("a", service.Running) // nobody has claimed it
	next("a lost true;b stopped true;")
	for range 2 * rest {
		next("a lost false;b stopped false;")
	}
	write("b", service.CrashLoop)
	next("a lost false;b crash-loop true;")
	if err := l.Dir.Service("a").Remove(); err != nil {
		t.Fatal(err)
	}
	next("b crash-loop false;")
	// One that had told of its end, and whose monitor was not gone yet, is asked again: nothing is told when that goes.
	write("b", service.Stopped)
	next("b stopped true;")
	l.seen["b"].Monitor = 1
	if list, err := l.Next(); err != nil || len(list) != 1 || list[0].Monitor != 0 {
		t.Errorf("the monitor must be gone, but: %+v, %v", list[0], err)
	}
}
