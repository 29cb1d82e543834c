package source

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/service"
	"cellsh/kernel/sim"
	"cellsh/repl/screen/model"
)

// crowded is a kernel with so many cells, of which one in ten works, and a service in each of the first hundred.
func crowded(b *testing.B, cells int) (*world, []*sim.Process) {
	w := newWorld(b, "sim", false)
	low := kernel.Low
	if err := w.target.Simulator.MakeRoot("/cells/all"); err != nil {
		b.Fatal(err)
	}
	var working []*sim.Process
	for i := range cells {
		id, err := w.target.Kernel.Create(kernel.Spec{Name: fmt.Sprintf("web-%d", i), Root: "/cells/all", Profile: &low})
		if err != nil {
			b.Fatal(err)
		}
		if i%10 == 0 {
			p, err := w.target.Simulator.Spawn(sim.SpawnSpec{Cell: id, Name: "httpd"})
			if err != nil {
				b.Fatal(err)
			}
			working = append(working, p)
		}
	}
	w.run("load", "--yes", w.file("web.lua", webPolicy))
	var declared strings.Builder
	for i := range min(cells, 100) {
		cell := fmt.Sprintf("web-%d", i)
		fmt.Fprintf(&declared, "service %q { cell = { root = %q }, cmd = { \"/bin/httpd\" } }\n", cell, "/cells/all")
		f := rundir.Dir(w.machine().Run).Service(cell)
		s := rundir.Status{Service: cell, Kernel: "sim", Cell: cell, State: service.Running, Since: w.now, Starts: 1, PID: i, Command: []string{"/bin/httpd"}}
		if err := errors.Join(f.Make(), f.WriteStatus(&s)); err != nil {
			b.Fatal(err)
		}
	}
	w.file("services.d/all.lua", declared.String())
	return w, working
}

// BenchmarkLook is a look at both panels and the status, a second after the last.
func BenchmarkLook(b *testing.B) {
	for _, cells := range []int{100, 10_000} {
		b.Run(fmt.Sprint(cells), func(b *testing.B) {
			w, working := crowded(b, cells)
			n := 0
			look := func() {
				n++
				b.StopTimer()
				w.pass(time.Second)
				for i, p := range working {
					p.Run(time.Duration(1+(i+n)%7) * 100 * time.Millisecond)
				}
				w.step(func() error { return nil })
				b.StartTimer()
				for _, k := range []model.Kind{model.Cells, model.Decisions} {
					if _, err := w.source.Read(model.Place{Kind: k}); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := w.source.Status(); err != nil {
					b.Fatal(err)
				}
			}
			look()
			b.ReportAllocs()
			for b.Loop() {
				look()
			}
		})
	}
}
