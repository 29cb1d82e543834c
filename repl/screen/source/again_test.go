package source

import (
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"cellsh/policy/diag"
	"cellsh/repl/screen/model"
)

// TestNothingIsWorkedOutTwice: of what has not changed the rows are those of the last look, and of what has they are new ones, while
// those that were given stay as they were.
func TestNothingIsWorkedOutTwice(t *testing.T) {
	w := newWorld(t, "sim", false)
	w.run("load", "--yes", w.file("web.lua", webPolicy))
	for i := range 3 {
		w.run("create", fmt.Sprintf("web-%d", i), "--root", "/cells/web")
	}
	for _, k := range []model.Kind{model.Cells, model.Policies} {
		first, err := w.read(k, "")
		if err != nil {
			t.Fatal(err)
		}
		w.pass(time.Second)
		again, err := w.read(k, "")
		if err != nil || len(again.Rows) != len(first.Rows) {
			t.Fatalf("%d rows became %d, %v", len(first.Rows), len(again.Rows), err)
		}
		for i := range again.Rows {
			if &again.Rows[i].Fields[0] != &first.Rows[i].Fields[0] {
				t.Errorf("%s: row %s is another one", k, again.Rows[i].ID)
			}
		}
	}
	first, err := w.read(model.Cells, "")
	if err != nil {
		t.Fatal(err)
	}
	w.spawn("web-1", 0, 0)
	w.pass(2 * time.Second)
	again, err := w.read(model.Cells, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := first.Rows[1].Fields[1].Text + again.Rows[1].Fields[1].Text; got != "01" {
		t.Errorf("members were and are %s", got)
	}
}

// TestStopped: reading can be stopped wherever it checks, says so, and then is done as if it had not been begun.
func TestStopped(t *testing.T) {
	w := newWorld(t, "sim:DIR/state", false)
	w.run("load", "--yes", w.file("web.lua", webPolicy))
	w.run("create", "web-1", "--root", "/cells/web-1")
	// Nothing is worked out yet.
	w.restart()
	stopped := 0
	for checks := 1; ; checks += 7 {
		w.work.StopAfter(checks)
		table, err := w.read(model.Policies, "web-1")
		w.work.StopAfter(math.MaxInt32) // never
		if err == nil {
			if len(table.Rows) == 0 {
				t.Error("there are no rows")
			}
			break
		}
		if diag.Of(err)[0].Code != diag.Interrupted {
			t.Fatal(err)
		}
		stopped++
	}
	if stopped < 3 {
		t.Errorf("it was stopped %d times only", stopped)
	}
	again, err := w.read(model.Policies, "web-1")
	if err != nil {
		t.Fatal(err)
	}
	w.restart()
	fresh, err := w.read(model.Policies, "web-1")
	if err != nil || !reflect.DeepEqual(again, fresh) {
		t.Errorf("%v, or the rows are others", err)
	}
}

// restart opens the kernel of the world, which is in a file, anew.
func (w *world) restart() {
	w.Helper()
	if err := w.target.Steps.Close(); err != nil {
		w.Fatal(err)
	}
	w.open("sim:"+filepath.Join(w.dir, "state"), false)
}

func BenchmarkPolicies(b *testing.B) {
	w := newWorld(b, "sim", false)
	var text strings.Builder
	for i := range 200 {
		fmt.Fprintf(&text, "policy \"p%d\" { cells = \"c%d-*\", deny = { \"system\" }, on = { network = function(r) if r.port == %d then return deny, \"no\" end end, [\"process.signal\"] = function(r) if r.signal == \"kill\" then return deny end end } }\n", i, i, i+1)
	}
	w.run("load", "--yes", w.file("many.lua", text.String()))
	for b.Loop() {
		w.source.policies = outlines{}
		if _, err := w.source.Read(model.Place{Kind: model.Policies}); err != nil {
			b.Fatal(err)
		}
	}
}
