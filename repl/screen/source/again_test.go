package source

import (
	"fmt"
	"strings"
	"testing"
	"time"

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
