package metrics

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"cellsh/kernel"
)

// family is one metric as the parser of the tests reads it.
type family struct {
	help, kind string
	// samples are the values by labels, as name and value in turn, ordered by name.
	samples map[string]float64
}

// parse reads the text format from what its description says, byte by byte, and is strict: HELP and TYPE once and before the samples
// of a metric, no metric in two places, no sample twice.
func parse(text []byte) (map[string]*family, error) {
	out := map[string]*family{}
	current := ""
	r := &reader{text: string(text)}
	for r.text != "" {
		if r.skip("# ") {
			word, name := r.until(' '), r.until(' ')
			rest := r.until('\n')
			switch word {
			case "HELP":
				if out[name] != nil {
					return nil, fmt.Errorf("%s is in two places", name)
				}
				current = name
				out[name] = &family{help: rest, samples: map[string]float64{}}
			case "TYPE":
				if name != current || out[name].kind != "" || len(out[name].samples) > 0 {
					return nil, fmt.Errorf("TYPE of %s is not behind its HELP", name)
				}
				out[name].kind = rest
			default:
				return nil, fmt.Errorf("comment %q", word)
			}
			continue
		}
		name := r.name()
		if name == "" || name != current || out[name].kind == "" {
			return nil, fmt.Errorf("a sample of %q, within %q", name, current)
		}
		labels := map[string]string{}
		if r.skip("{") {
			for !r.skip("}") {
				label := r.name()
				if _, twice := labels[label]; label == "" || twice || !r.skip(`="`) {
					return nil, fmt.Errorf("label %q of %s", label, name)
				}
				value, err := r.quoted()
				if err != nil {
					return nil, err
				}
				labels[label] = value
				r.skip(",")
			}
		}
		if !r.skip(" ") {
			return nil, fmt.Errorf("no value of %s, but %q", name, r.text)
		}
		value, err := strconv.ParseFloat(r.until('\n'), 64)
		if err != nil {
			return nil, err
		}
		k := key(labels)
		if _, twice := out[name].samples[k]; twice {
			return nil, fmt.Errorf("%s%s is there twice", name, k)
		}
		out[name].samples[k] = value
	}
	return out, nil
}

func key(labels map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, name, labels[name])
	}
	return fmt.Sprintf("%q", all)
}

type reader struct{ text string }

func (r *reader) skip(s string) bool {
	rest, ok := strings.CutPrefix(r.text, s)
	r.text = rest
	return ok
}

func (r *reader) until(end byte) string {
	before, after, _ := strings.Cut(r.text, string(end))
	r.text = after
	return before
}

func (r *reader) name() string {
	n := 0
	for n < len(r.text) && (r.text[n] == '_' || 'a' <= r.text[n] && r.text[n] <= 'z' || n > 0 && '0' <= r.text[n] && r.text[n] <= '9') {
		n++
	}
	name := r.text[:n]
	r.text = r.text[n:]
	return name
}

func (r *reader) quoted() (string, error) {
	var b strings.Builder
	for i := 0; i < len(r.text); i++ {
		switch c := r.text[i]; c {
		case '"':
			r.text = r.text[i+1:]
			if !utf8.ValidString(b.String()) {
				return "", errors.New("a label that is no UTF-8")
			}
			return b.String(), nil
		case '\n', 0:
			return "", errors.New("a label that does not end")
		case '\\':
			i++
			if i == len(r.text) || !strings.ContainsRune(`\"n`, rune(r.text[i])) {
				return "", errors.New("an unknown escape")
			}
			b.WriteByte(map[byte]byte{'\\': '\\', '"': '"', 'n': '\n'}[r.text[i]])
		default:
			b.WriteByte(c)
		}
	}
	return "", errors.New("a label that does not end")
}

// legible is a text as it can stand in a label.
func legible(s string) string {
	var b strings.Builder
	bad := false
	for _, r := range s {
		// A run of bytes that are no text is one sign.
		if r == utf8.RuneError && bad {
			continue
		}
		bad = r == utf8.RuneError
		if r == 0 {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}

// anyText has what a label must escape, and bytes that are no text.
var anyText = rapid.OneOf(rapid.StringMatching(`[a-z]{0,8}`), rapid.String(), rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]byte("\\\"\n\r\x00\xff\xc3{},= a")), 0, 12), func(b []byte) string { return string(b) }))

func drawBudget(t *rapid.T, name string) *Budget {
	if !rapid.Bool().Draw(t, name) {
		return nil
	}
	return &Budget{rapid.Float64Range(0, 1e12).Draw(t, name+" use"), rapid.Float64Range(0, 1e12).Draw(t, name+" limit"), rapid.Bool().Draw(t, name+" known"), rapid.StringMatching(`[a-z]{1,5}`).Draw(t, name+" policy"), nil}
}

// pointer is a value or none.
func pointer[T any](t *rapid.T, name string, of *rapid.Generator[T]) *T {
	if !rapid.Bool().Draw(t, "has "+name) {
		return nil
	}
	v := of.Draw(t, name)
	return &v
}

func drawSnapshot(t *rapid.T) *Snapshot {
	number := rapid.Uint64Range(0, 1<<53)
	s := &Snapshot{Version: anyText.Draw(t, "version")}
	for i := range rapid.IntRange(0, 4).Draw(t, "cells") {
		s.Cells = append(s.Cells, Cell{ID: uint32(i + 1), Name: anyText.Draw(t, "name"), Root: anyText.Draw(t, "root"), Ticks1s: number.Draw(t, "1s"), Ticks10s: number.Draw(t, "10s"),
			Processes: rapid.IntRange(0, 1e6).Draw(t, "processes"), References: rapid.IntRange(0, 1e6).Draw(t, "references"), Memory: number.Draw(t, "memory"), Age: time.Duration(number.Draw(t, "age")),
			Counts: pointer(t, "counts", rapid.Custom(func(t *rapid.T) kernel.Counts {
				return kernel.Counts{Decisions: number.Draw(t, "decisions"), Denied: number.Draw(t, "denied"), Granted: number.Draw(t, "granted"), WouldDeny: number.Draw(t, "would")}
			})), MemoryBudget: drawBudget(t, "memory"), CPUBudget: drawBudget(t, "cpu"), ProcessBudget: drawBudget(t, "processes")})
	}
	s.Loaded = pointer(t, "loaded", rapid.Custom(func(t *rapid.T) Loaded {
		return Loaded{number.Draw(t, "generation"), time.Duration(number.Draw(t, "age")), rapid.Bool().Draw(t, "unconfirmed")}
	}))
	s.Evaluation = pointer(t, "evaluation", rapid.Custom(func(t *rapid.T) Evaluation {
		return Evaluation{number.Draw(t, "generation"), rapid.Bool().Draw(t, "disabled"), number.Draw(t, "recorded"), number.Draw(t, "dropped")}
	}))
	for i := range rapid.IntRange(0, 3).Draw(t, "services") {
		s.Services = append(s.Services, Service{Name: fmt.Sprint("s", i), Cell: anyText.Draw(t, "cell"), State: rapid.SampledFrom([]string{"running", "crash-loop"}).Draw(t, "state"), Up: rapid.Bool().Draw(t, "up"),
			Restarts: number.Draw(t, "restarts"), Exit: pointer(t, "exit", rapid.IntRange(0, 255)), Uptime: time.Duration(number.Draw(t, "uptime")), Healthy: pointer(t, "healthy", rapid.Bool())})
	}
	return s
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// samples are all that a snapshot is to give, by metric and labels, put down a second time and plainly.
func samples(s *Snapshot) map[string]float64 {
	out := map[string]float64{}
	put := func(metric string, v float64, labels ...string) {
		m := map[string]string{}
		for i := 0; i < len(labels); i += 2 {
			m[labels[i]] = legible(labels[i+1])
		}
		out[metric+" "+key(m)] = v
	}
	for _, c := range s.Cells {
		cell := []string{"cid", fmt.Sprint(c.ID), "name", c.Name}
		root := append(slices.Clone(cell), "root", c.Root)
		put("cell_cpu_ticks_1s", float64(c.Ticks1s), root...)
		put("cell_cpu_ticks_10s_avg", float64(c.Ticks10s), root...)
		put("cell_processes_current", float64(c.Processes), root...)
		put("cell_references_current", float64(c.References), root...)
		put("cell_memory_vmsize_bytes", float64(c.Memory), root...)
		put("cell_age_seconds", c.Age.Seconds(), root...)
		if n := c.Counts; n != nil {
			put("cell_decisions_total", float64(n.Decisions), cell...)
			put("cell_denials_total", float64(n.Denied), cell...)
			put("cell_grants_total", float64(n.Granted), cell...)
			put("cell_would_denials_total", float64(n.WouldDeny), cell...)
		}
		for name, b := range map[string]*Budget{"memory _bytes": c.MemoryBudget, "cpu _ratio": c.CPUBudget, "processes ": c.ProcessBudget} {
			if b == nil {
				continue
			}
			what, unit, _ := strings.Cut(name, " ")
			put("cell_budget_"+what+"_limit"+unit, b.Limit, append(slices.Clone(cell), "policy", b.Policy)...)
			if b.Known {
				put("cell_budget_"+what+"_use"+unit, b.Use, cell...)
			}
			if what != "processes" {
				put("cell_budget_exceeded", one(b.Use > b.Limit), append(slices.Clone(cell), "budget", what)...)
			}
		}
	}
	if l := s.Loaded; l != nil {
		put("cellsh_generation", float64(l.Generation))
		if l.Generation > 0 {
			put("cellsh_generation_age_seconds", l.Age.Seconds())
		}
		put("cellsh_generation_unconfirmed", one(l.Unconfirmed))
	}
	if e := s.Evaluation; e != nil {
		put("cellsh_kernel_generation", float64(e.Generation))
		put("cellsh_kernel_disabled", one(e.Disabled))
		put("cellsh_events_recorded_total", float64(e.Recorded))
		put("cellsh_events_lost_total", float64(e.Dropped))
	}
	for _, v := range s.Services {
		of := []string{"service", v.Name, "cell", v.Cell}
		put("cellsh_service_up", one(v.Up), of...)
		put("cellsh_service_state", 1, append(slices.Clone(of), "state", v.State)...)
		put("cellsh_service_restarts_total", float64(v.Restarts), of...)
		if v.Exit != nil {
			put("cellsh_service_last_exit_code", float64(*v.Exit), of...)
		}
		if v.Up {
			put("cellsh_service_uptime_seconds", v.Uptime.Seconds(), of...)
		}
		if v.Healthy != nil {
			put("cellsh_service_healthy", one(*v.Healthy), of...)
		}
	}
	put("cellsh_build_info", 1, "version", s.Version)
	return out
}

// TestText: what a reader of the format finds is what was measured, whatever names and roots have in them.
func TestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSnapshot(t)
		families, err := parse(s.Text())
		if err != nil {
			t.Fatalf("%v in:\n%s", err, s.Text())
		}
		got := map[string]float64{}
		for name, f := range families {
			if f.help == "" || len(f.samples) == 0 || f.kind != "gauge" && f.kind != "counter" || (f.kind == "counter") != strings.HasSuffix(name, "_total") {
				t.Fatalf("%s: %+v", name, f)
			}
			for labels, v := range f.samples {
				got[name+" "+labels] = v
			}
		}
		if want := samples(s); !maps.Equal(got, want) {
			t.Fatalf("got  %v\nwant %v\n%s", got, want, s.Text())
		}
	})
}

// full has a sample of every metric.
func full() *Snapshot {
	code, healthy := 137, false
	budget := &Budget{0.5, 0.25, true, "web", nil}
	return &Snapshot{Version: "1", Loaded: &Loaded{3, time.Minute, true}, Evaluation: &Evaluation{3, false, 7, 2},
		Cells: []Cell{{ID: 1, Name: "web-1", Root: "/cells/\xff\"\\\n\x00", Ticks1s: 100, Processes: 2, References: 3, Memory: 1 << 20, Age: 1500 * time.Millisecond,
			Counts: &kernel.Counts{Decisions: 1<<53 + 1, Denied: 2, Granted: 3, WouldDeny: 4}, MemoryBudget: &Budget{1 << 20, 1 << 30, true, "web", nil}, CPUBudget: budget, ProcessBudget: budget}},
		Services: []Service{{Name: "web", Cell: "web-1", State: "running", Up: true, Restarts: 3, Exit: &code, Uptime: time.Hour, Healthy: &healthy}}}
}

func TestTextIsWhole(t *testing.T) {
	text := full().Text()
	families, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	// Every metric of the table has samples, with its labels in its order.
	at := 0
	for _, m := range All() {
		f := families[m.Name]
		if f == nil || f.help != m.Help || f.kind != string(m.Kind) {
			t.Errorf("%s: %+v", m.Name, f)
			continue
		}
		line := "\n" + m.Name
		for i, label := range m.Labels {
			line += string("{,"[min(i, 1)]) + label + `="`
			if i == 0 {
				at = bytes.Index(text, []byte(line))
			}
		}
		if len(m.Labels) == 0 {
			at = bytes.Index(text, []byte(line+" "))
		}
		if at < 0 {
			t.Errorf("there is no %s", line)
		}
		sample, _, _ := bytes.Cut(text[max(at, 0)+1:], []byte("\n"))
		for _, label := range m.Labels {
			_, rest, ok := bytes.Cut(sample, []byte(label+`="`))
			if !ok {
				t.Errorf("%s must have the label %s: %s", m.Name, label, sample)
			}
			sample = rest
		}
	}
	// A whole number has all its digits, and what stands in no label is replaced.
	for _, want := range []string{"cell_decisions_total{cid=\"1\",name=\"web-1\"} 9007199254740993\n", `root="/cells/` + "\uFFFD" + `\"\\\n` + "\uFFFD\"} 1.5\n", "cellsh_generation_age_seconds 60\n"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s must be in\n%s", want, text)
		}
	}
	// Without anything there is still the program.
	if got := string((&Snapshot{Version: "1"}).Text()); got != "# HELP cellsh_build_info 1, with the version of the program.\n# TYPE cellsh_build_info gauge\ncellsh_build_info{version=\"1\"} 1\n" {
		t.Error(got)
	}
}

// TestPromtool: Prometheus's own tool has no complaint.
func TestPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("it needs promtool, of Debian's package prometheus")
	}
	cmd := exec.Command(promtool, "check", "metrics")
	cmd.Stdin = bytes.NewReader(full().Text())
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
	// It does complain of what is wrong.
	cmd = exec.Command(promtool, "check", "metrics")
	cmd.Stdin = io.MultiReader(strings.NewReader("cells 1\n"), bytes.NewReader(full().Text()))
	if err := cmd.Run(); err == nil {
		t.Error("promtool must complain of a metric without HELP")
	}
}
