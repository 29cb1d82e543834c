// Command report measures what cellsh promises about speed, and writes it as Markdown: the tables of
// docs/performance.md. It exits with 1 if a promise doesn't hold.
//
//	go run ./report          everything, about four minutes
//	go run ./report -once    everything once, to see that it works; nothing is judged
//	go run ./report -only scale
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"cellsh/bench/crowd"
	"cellsh/bench/decide"
	"cellsh/bench/idle"
	"cellsh/bench/incell"
	"cellsh/bench/lines"
	"cellsh/bench/monitors"
	"cellsh/bench/scale"
	"cellsh/bench/screen"
	"cellsh/bench/start"
	"cellsh/policy/rules"
)

func main() {
	once := flag.Bool("once", false, "measure everything once and judge nothing")
	only := flag.String("only", "", "measure only `SECTION`: decisions, module, scale, simulator, output or operations")
	flag.Parse()
	r := &report{effort: careful, judge: !*once}
	if *once {
		r.effort = quick
	}
	fmt.Printf("Measured on %s.\n", machine())
	for _, section := range []struct {
		name    string
		measure func() error
	}{{"decisions", r.decisions}, {"module", r.module}, {"scale", r.scale}, {"simulator", r.simulator}, {"output", r.output}, {"operations", r.operations}} {
		if *only != "" && *only != section.name {
			continue
		}
		if err := section.measure(); err != nil {
			fmt.Fprintln(os.Stderr, "report:", err)
			os.Exit(1)
		}
	}
	if !r.promises() {
		os.Exit(1)
	}
}

type report struct {
	effort effort
	judge  bool
	list   []promise
}

// promise is what was promised of a number, and the number.
type promise struct {
	what, limit, measured string
	holds                 bool
}

func (r *report) promise(what string, limit, measured float64, unit string) {
	r.list = append(r.list, promise{what, fmt.Sprintf("at most %g%s", limit, unit), fmt.Sprintf("%.2f%s", measured, unit), measured <= limit})
}

func (r *report) atLeast(what string, limit, measured float64) {
	r.list = append(r.list, promise{what, fmt.Sprintf("at least %g", limit), fmt.Sprintf("%.1f", measured), measured >= limit})
}

func (r *report) promises() bool {
	if !r.judge {
		return true
	}
	all := true
	fmt.Print("\n## Promises\n\n| promise | limit | measured | holds |\n| --- | ---: | ---: | --- |\n")
	for _, p := range r.list {
		word := "yes"
		if !p.holds {
			word, all = "**no**", false
		}
		fmt.Printf("| %s | %s | %s | %s |\n", p.what, p.limit, p.measured, word)
	}
	return all
}

// machine is the kind of machine and the date.
func machine() string {
	cpu := runtime.GOARCH
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for s := bufio.NewScanner(f); s.Scan(); {
			if name, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
				cpu = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d processors, %s/%s, %s, %s", cpu, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), time.Now().UTC().Format(time.DateOnly))
}

// decisions compares contestants on one stream.
func (r *report) decisions() error {
	length := decide.StreamLength
	if !r.judge {
		length /= 16 // some engines take seconds for more
	}
	stream := decide.Stream(length)
	for _, c := range []decide.Case{decide.Web, decide.Large} {
		fmt.Printf("\n## One decision, %d rules\n\n| | ns a decision | Go switch = 1 | cellsh = 1 | allocations | how |\n| --- | ---: | ---: | ---: | ---: | --- |\n", c.Rules)
		var all []*decide.Contestant
		var passes []func() error
		for _, make := range decide.Contestants {
			x, err := make(c, stream)
			if err != nil {
				return err
			}
			all = append(all, x)
			passes = append(passes, func() error { x.Pass(); return nil })
		}
		// The two that are compared most closely take turns; the others are far off, and some take seconds.
		times, err := measure(r.effort, passes[:2]...)
		if err != nil {
			return err
		}
		for _, pass := range passes[2:] {
			e := effort{min(r.effort.rounds, 2), r.effort.each}
			rest, err := measure(e, pass)
			if err != nil {
				return err
			}
			times = append(times, rest...)
		}
		each := func(i int) float64 { return float64(times[i].time.Nanoseconds()) / float64(len(stream)) }
		fastest := 0.0
		for i, x := range all {
			fmt.Printf("| %s | %.1f | %.1f | %.1f | %.0f | %s |\n", x.Name, each(i), each(i)/each(1), each(i)/each(0), times[i].allocs/float64(len(stream)), x.How)
			if i > 1 && (fastest == 0 || each(i) < fastest) {
				fastest = each(i)
			}
		}
		name := fmt.Sprintf("decision, %d rules", c.Rules)
		r.promise(name+": times the time of a Go switch", 2.5, each(0)/each(1), "")
		r.atLeast(name+": times faster than gopher-lua", 15, each(2)/each(0))
		r.atLeast(name+": times faster than the fastest engine", 1, fastest/each(0))
		r.promise(name+": allocations", 0, times[0].allocs/float64(len(stream)), "")
	}
	// A stream that is repeated can be learned by the processor: a longer one less.
	longer := 16 * length
	stream = decide.Stream(longer)
	fmt.Printf("\nThe same with a stream of %d requests, which a processor can't learn by heart:\n\n| | ns a decision | Go switch = 1 |\n| --- | ---: | ---: |\n", longer)
	for _, c := range []decide.Case{decide.Web, decide.Large} {
		program, err := decide.Cellsh(c, stream)
		if err != nil {
			return err
		}
		written, err := decide.Go(c, stream)
		if err != nil {
			return err
		}
		times, err := measure(r.effort, func() error { program.Pass(); return nil }, func() error { written.Pass(); return nil })
		if err != nil {
			return err
		}
		for i, x := range []*decide.Contestant{program, written} {
			fmt.Printf("| %s, %d rules | %.1f | %.1f |\n", x.Name, c.Rules, float64(times[i].time.Nanoseconds())/float64(longer), float64(times[i].time)/float64(times[1].time))
		}
	}
	return nil
}

// module compares the evaluator of the kernel module with the same policy written in C.
func (r *report) module() error {
	fmt.Print("\n## One decision of the kernel module's evaluator\n\n")
	fmt.Print("The evaluator in C as the kernel has it (cc -O2), on a program's bytes, beside the same policy as a switch in C. Both are\nfunctions that are given a request whose fields are filled in. The rounds are short and many, in processor time.\n\n" +
		"| | ns a decision | switch in C = 1 |\n| --- | ---: | ---: |\n")
	rounds, each := 300, 2*time.Millisecond
	if !r.judge {
		rounds, each = 1, 0
	}
	for _, length := range []int{decide.StreamLength, 16 * decide.StreamLength} {
		stream := decide.Stream(length)
		for _, c := range []decide.Case{decide.Web, decide.Large} {
			race, err := incell.Start(c, stream)
			if errors.Is(err, incell.ErrNoCompiler) {
				fmt.Println("\nIt is skipped:", err)
				return nil
			}
			if err != nil {
				return err
			}
			times, err := race.Run(rounds, each)
			race.Close()
			if err != nil {
				return err
			}
			fmt.Printf("| program, %d rules, %d requests | %.1f | %.2f |\n| switch in C | %.1f | 1.00 |\n", c.Rules, length, times.Program, times.Program/times.Written, times.Written)
			// What a processor has learned by heart is compared as the Go evaluator is; the longer stream is only told.
			if length == decide.StreamLength {
				r.promise(fmt.Sprintf("decision of the kernel module, %d rules: times the time of a switch in C", c.Rules), 1.5, times.Program/times.Written, "")
			}
		}
	}
	return nil
}

// scale loads very large policies, on one processor.
func (r *report) scale() error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	fmt.Print("\n## Compile and load, on one processor\n\nFrom the text of the policies to programs that the simulated kernel has verified and taken over, in\nprocessor time, beginning without memory. The best of several rounds counts; a round loads ten times 1,000\nrules and once 10,000, so that both take about equally long and what disturbs one disturbs the other.\n\n" +
		"| | read, ms | load, ms | together, ms | cells | programs | bytes |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	// several loads, one after the other; the times are those of one on average.
	several := func(n int, load func() (scale.Times, error)) (scale.Times, error) {
		var sum scale.Times
		for range n {
			// A load begins as that of a program that was just started: what others have left is not part of it, and its
			// memory comes from the system.
			debug.FreeOSMemory()
			t, err := load()
			if err != nil {
				return t, err
			}
			t.Read, t.Load = t.Read+sum.Read, t.Load+sum.Load
			sum = t
		}
		sum.Read, sum.Load = sum.Read/time.Duration(n), sum.Load/time.Duration(n)
		return sum, nil
	}
	better := func(best *scale.Times, t scale.Times) {
		if best.Cells == 0 || t.Total() < best.Total() {
			*best = t
		}
	}
	row := func(name string, t scale.Times) {
		fmt.Printf("| %s | %.0f | %.0f | %.0f | %d | %d | %d |\n", name, ms(t.Read), ms(t.Load), ms(t.Total()), t.Cells, t.Programs, t.Bytes)
	}
	fleet := scale.Fleet{Teams: 100, Cells: 100}
	sources := fleet.Sources()
	h, err := scale.Host(fleet.Names())
	if err != nil {
		return err
	}
	var t scale.Times
	for range min(r.effort.rounds, 5) {
		once, err := several(1, func() (scale.Times, error) { return scale.Load(h, sources) })
		if err != nil {
			return err
		}
		better(&t, once)
	}
	row("10,000 cells, 101 policies of 20 entries", t)
	r.promise("10,000 cells, 101 policies of 20 entries", 2, t.Total().Seconds(), " s")
	for _, c := range scale.Shapes {
		few, many := c.Make(1000), c.Make(10000)
		var times [2]scale.Times
		start := time.Now()
		for i := 0; i < r.effort.rounds || r.judge && time.Since(start) < 4*time.Second; i++ {
			ten, err := several(10, func() (scale.Times, error) { return scale.LoadOne(few) })
			if err != nil {
				return err
			}
			once, err := several(1, func() (scale.Times, error) { return scale.LoadOne(many) })
			if err != nil {
				return err
			}
			better(&times[0], ten)
			better(&times[1], once)
		}
		row("1000 "+c.Name, times[0])
		row("10000 "+c.Name, times[1])
		r.promise("10,000 "+c.Name, 2, times[1].Total().Seconds(), " s")
		r.promise("ten times the "+c.Name, 12, float64(times[1].Total())/float64(times[0].Total()), " times")
	}
	return r.readings()
}

// readings says what each reading of Lua takes of a load of 10,000 rules, on one processor, and how long the program takes
// to start.
func (r *report) readings() error {
	fmt.Print("\n## What each reading of Lua takes\n\nOf a load of 10,000 rules, in processor time. The best of several rounds counts. The first reading is the\nparser, the executor of the files and the graphs that it makes of functions; the second is gopher-lua on the\nlowered tree, and what it answers to the questions that a load asks. The rest is what both have in common: the\nsearch for these questions, the optimiser, the verifier and the kernel.\n\n" +
		"| | first reading, ms | second reading, ms | both, and the rest, ms | questions |\n| --- | ---: | ---: | ---: | ---: |\n")
	for _, c := range scale.Shapes {
		sources := c.Make(10000)
		var best scale.Readings
		for i := range min(r.effort.rounds, 5) {
			t, err := scale.ReadingsOf(sources)
			if err != nil {
				return err
			}
			if i == 0 || t.All < best.All {
				best = t
			}
		}
		fmt.Printf("| %s | %.0f | %.0f | %.0f | %d |\n", c.Name, ms(best.First), ms(best.Second), ms(best.All), best.Asked)
		r.promise("10,000 "+c.Name+", with both readings", 1, best.All.Seconds(), " s")
	}
	fmt.Print("\nHow long the program takes to start, do next to nothing, and end, by the clock:\n\n| start, and end | ms |\n| --- | ---: |\n")
	program, err := start.Build()
	if err != nil {
		return err
	}
	defer program.Remove()
	for _, c := range start.Commands {
		times, err := measure(r.effort, func() error { return program.Run(c...) })
		if err != nil {
			return err
		}
		fmt.Printf("| cellsh %s | %.1f |\n", strings.Join(c, " "), ms(times[0].time))
	}
	lua, err := exec.LookPath("lua5.1")
	if err != nil {
		fmt.Print("\nHow long that is beside another Lua is not measured: there is no lua5.1.\n")
		return nil
	}
	times, err := measure(r.effort, func() error { return program.Run("-e", "") }, func() error { return exec.Command(lua, "-e", "").Run() })
	if err != nil {
		return err
	}
	fmt.Printf("| cellsh -e '' | %.1f |\n| lua5.1 -e '' | %.1f |\n", ms(times[0].time), ms(times[1].time))
	r.promise("cellsh -e '' beside lua5.1 -e ''", 4, float64(times[0].time)/float64(times[1].time), " times")
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// simulator measures the simulated kernel.
func (r *report) simulator() error {
	fmt.Print("\n## The simulated kernel\n\nA decision is asked by a system call of a process in one of 64 cells, and answered by all models of the kernel.\n\n" +
		"| | ns |\n| --- | ---: |\n")
	crowds := map[int]*crowd.Crowd{}
	var asks []func() error
	sizes := []int{10, 10_000, 100_000}
	for _, n := range sizes {
		c, err := crowd.New(n)
		if err != nil {
			return err
		}
		crowds[n] = c
		asks = append(asks, repeat(1000, c.Ask))
	}
	times, err := measure(r.effort, asks...)
	if err != nil {
		return err
	}
	for i, n := range sizes {
		fmt.Printf("| a decision, %d cells | %.0f |\n", n, float64(times[i].time.Nanoseconds())/1000)
	}
	r.promise("decision in the simulator: 100,000 cells to 10", 1.5, float64(times[2].time)/float64(times[0].time), " times")

	fmt.Print("\n| system calls of a cell's process | a second |\n| --- | ---: |\n")
	for _, call := range crowds[10].Calls() {
		times, err := measure(r.effort, repeat(1000, func(int) error { return call.Do() }))
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %.0f |\n", call.Name, 1000*float64(call.Calls)/times[0].time.Seconds())
	}

	fmt.Print("\n| cells | ms |\n| --- | ---: |\n")
	churn, err := crowd.Churn(100_000)
	if err != nil {
		return err
	}
	rare := effort{min(r.effort.rounds, 3), 0}
	if times, err = measure(rare, churn); err != nil {
		return err
	}
	fmt.Printf("| create and destroy 100,000 cells | %.0f |\n", ms(times[0].time))
	c := crowds[10_000]
	// Before the kernel is given bundles that its host knows nothing of, by which no cell can be made.
	for _, n := range sizes[:2] {
		if times, err = measure(r.effort, crowds[n].Another); err != nil {
			return err
		}
		fmt.Printf("| create a cell with its program, and destroy it, beside %d | %.2f |\n", n, ms(times[0].time))
	}
	var bundle []byte
	var took time.Duration
	for i := range rare.rounds {
		if bundle, err = c.Bundle(); err != nil {
			return err
		}
		start := time.Now()
		if err := c.Kernel.Load(bundle, 0); err != nil {
			return err
		}
		if d := time.Since(start); i == 0 || d < took {
			took = d
		}
	}
	fmt.Printf("| the kernel takes a bundle for 10,000 cells, %d bytes | %.1f |\n", len(bundle), ms(took))
	return nil
}

// operations measures what watches over cells.
func (r *report) operations() error {
	fmt.Print("\n## Operations\n\nA scrape of the metrics of 10,000 cells, from the kernel to the text, with 102 policies that are loaded, in\nprocessor time. The first after a load finds out what policies say of each name.\n\n" +
		"| | ms | bytes |\n| --- | ---: | ---: |\n")
	fleet := scale.Fleet{Teams: 100, Cells: 100}
	h, err := scale.Host(fleet.Names())
	if err != nil {
		return err
	}
	limits := rules.Source{File: "limits.lua", Text: `policy "limits" { budget = { memory = "1G", cpu = "50%", procs = 100 } }`}
	if _, err := scale.Load(h, append(fleet.Sources(), limits)); err != nil {
		return err
	}
	s, err := scale.Scrape(h, r.effort.rounds)
	if err != nil {
		return err
	}
	fmt.Printf("| the first | %.1f | %d |\n| another | %.1f | %d |\n", ms(s.First), s.Bytes, ms(s.Later), s.Bytes)
	r.promise("a scrape of 10,000 cells", 100, ms(max(s.First, s.Later)), " ms")

	fmt.Print("\nWhat `cellsh watch` takes of one processor while nothing happens, with policies and hooks for all of it:\n\n| idle cells | percent |\n| --- | ---: |\n")
	program, err := start.Build()
	if err != nil {
		return err
	}
	defer program.Remove()
	span := 10 * time.Second
	if !r.judge {
		span = 10 * time.Millisecond
	}
	part, err := idle.Watch(program, 1000, span)
	if err != nil {
		return err
	}
	fmt.Printf("| 1,000 | %.2f |\n", 100*part)
	r.promise("cellsh watch with 1,000 idle cells", 0.5, 100*part, " % of a processor")
	if err := r.looks(); err != nil {
		return err
	}
	return r.services(program)
}

// looks measures the live figures of the screen.
func (r *report) looks() error {
	fmt.Print("\nWhat a look at the panels of the screen takes, of which there is one a second: cells with their figures, of which one in ten\nwork, the services of the first hundred, decisions as they come, and how things are. In processor time.\n\n" +
		"| cells | ms, the first | ms, another |\n| --- | ---: | ---: |\n")
	looks := 60
	if !r.judge {
		looks = 1
	}
	few, err := screen.Look(100, 100, looks)
	if err != nil {
		return err
	}
	many, err := screen.Look(10_000, 100, looks)
	if err != nil {
		return err
	}
	fmt.Printf("| 100 | %.1f | %.2f |\n| 10,000 | %.1f | %.2f |\n", ms(few.First), ms(few.Later), ms(many.First), ms(many.Later))
	r.promise("live figures of 100 cells on the screen", 1, 100*few.Later.Seconds(), " % of a processor")
	r.promise("a look at 10,000 cells on the screen", 50, ms(many.Later), " ms")
	return nil
}

// services measures what it takes to have services watched over.
func (r *report) services(p *start.Program) error {
	number := 200
	if !r.judge {
		number = 2
	}
	m, err := monitors.New(p, number)
	if err != nil {
		return err
	}
	defer m.Close()
	fmt.Printf("\n%d services that sleep, started until they run and stopped until nothing of them is left, beside a loop of sh(1) that starts\n"+
		"as many processes, watches over none of them, and ends them, by the clock:\n\n| | ms |\n| --- | ---: |\n", number)
	times, err := measure(r.effort, func() error { return errors.Join(m.Start(), m.Stop()) }, m.Shell)
	if err != nil {
		return err
	}
	fmt.Printf("| services | %.0f |\n| a loop of sh | %.0f |\n", ms(times[0].time), ms(times[1].time))
	if err := m.Start(); err != nil {
		return err
	}
	if r.judge {
		time.Sleep(4 * time.Second) // what only the start takes is given back by then
	}
	sizes, err := m.Resident()
	if errors.Is(err, monitors.ErrNoProc) {
		fmt.Println("\nThe memory of monitors is skipped:", err)
		return nil
	}
	if err != nil {
		return err
	}
	mb := func(n int) float64 { return float64(n) / (1 << 20) }
	fmt.Printf("\nWhat each of the %d monitors has resident, which is mostly pages of the program that they share:\n\n"+
		"| | MB |\n| --- | ---: |\n| median | %.1f |\n| most | %.1f |\n", len(sizes), mb(sizes[len(sizes)/2]), mb(sizes[len(sizes)-1]))
	r.promise("memory of a monitor", 12, mb(sizes[len(sizes)-1]), " MB")
	return nil
}

// output measures what services write beside logger(1).
func (r *report) output() error {
	number := 100_000
	if !r.judge {
		number = 1000
	}
	fmt.Printf("\n## Lines of services\n\n%d lines of 80 bytes from a pipe to a socket that stands for syslogd(8), and is read as fast as it can be, by the clock.\n\n"+
		"| | lines a second | logger = 1 |\n| --- | ---: | ---: |\n", number)
	race, err := lines.Start(number)
	if err != nil {
		return err
	}
	defer race.Close()
	var lost uint64
	kept := func(system bool) func() error {
		return func() error {
			n, err := race.Kept(system)
			lost += n
			return err
		}
	}
	calls := []func() error{kept(false), kept(true), race.Logger}
	names := []string{"the file of a service", "the file of a service, and syslog", "logger"}
	times, err := measure(r.effort, calls...)
	missing := errors.Is(err, lines.ErrNoLogger)
	if missing {
		times, err = measure(r.effort, calls[:2]...)
	}
	if err != nil {
		return err
	}
	last := times[len(times)-1].time
	for i := range times {
		ratio := "-"
		if !missing {
			ratio = fmt.Sprintf("%.1f", float64(last)/float64(times[i].time))
		}
		fmt.Printf("| %s | %.0f | %s |\n", names[i], float64(number)/times[i].time.Seconds(), ratio)
	}
	if missing {
		fmt.Println("\nlogger is skipped:", lines.ErrNoLogger)
	}
	if lost > 0 {
		fmt.Printf("\n%d messages came faster than the socket took them; the file has them.\n", lost)
	}
	return nil
}
