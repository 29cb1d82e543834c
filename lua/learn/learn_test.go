package learn

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellsh/lua/loader"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/study"
	"cellsh/repl/show"
)

var update = flag.Bool("update", false, "write the expected texts anew")

// groups of the test's machine.
type groups map[string]uint32

func (g groups) Lookup(name string) (uint32, bool) { gid, ok := g[name]; return gid, ok }
func (g groups) Names() []string                   { return []string{"operator", "wheel"} }

var machine = groups{"wheel": 0, "operator": 5}

// read reads sources as a load does.
func read(sources []rules.Source) (*study.Policies, error) {
	return loader.Reader{Groups: machine}.Load(sources), nil
}

// ask is what the kernel would record of a request: it knows all of it, and keeps little.
func ask(p *study.Policies, words string) (*Asked, error) {
	q, err := study.ParseWords(strings.Fields(words))
	if err != nil {
		return nil, err
	}
	d, err := p.Decide(q)
	if err != nil {
		return nil, err
	}
	a := &Asked{Cell: q.Cell, Request: q.ID, EUID: uint32(q.Int[kauth.FieldEUID]), Denial: d.Answer, Count: 1}
	if d.Result != policy.Deny && d.Would.Result == policy.Deny {
		a.Denial, a.Audit = d.Would, true
	}
	return a, nil
}

// lesson is what a test shows of one.
func lesson(l *Lesson) string {
	var b strings.Builder
	for _, r := range l.Rules {
		fmt.Fprintf(&b, "rule of %s, %s: %s\n", r.Policy, r.Shape, r.Text)
		fmt.Fprintf(&b, "  denied at %s; lets through %s where %s\n", r.Denial.Source.Span(), r.Count, strings.Join(r.Where, "; or "))
		if t := r.Tighter; t != nil {
			fmt.Fprintf(&b, "  with %s=%s it would be %s of %s\n", t.Field, t.Value, t.Count, t.Of)
		}
	}
	for _, a := range l.Allowed {
		fmt.Fprintf(&b, "allowed now: %s %s euid=%d %s\n", a.Cell, a.Request, a.EUID, l.Told.String(a.Request))
	}
	for _, u := range l.Left {
		fmt.Fprintf(&b, "left: %s %s euid=%d: %s\n", u.Cell, u.Request, u.EUID, u.Why)
		if u.ByHand != "" {
			fmt.Fprintf(&b, "  by hand: %s\n", u.ByHand)
		}
	}
	for _, f := range l.Files {
		b.WriteString(show.Difference(f.Name, f.Before, f.After))
	}
	for _, c := range l.Difference.Requests {
		fmt.Fprintf(&b, "%s where %s: %s, was %s, in %s\n", c.Request, c.Where, c.Kind(), c.Old.Result, strings.Join(c.Cells, " "))
	}
	return b.String()
}

// TestShapes goes through testdata: policies with lines "-- ask WORDS" about requests that were denied, "-- told WORD", "-- any cell",
// "-- any euid", and "-- file NAME" before each further file; then the lesson, behind a line "-- gives".
func TestShapes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".lua"), func(t *testing.T) {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text, want, _ := strings.Cut(string(raw), "\n-- gives\n")
			text += "\n"
			o := Options{Read: read, Groups: machine}
			var asks []string
			sources := []rules.Source{{File: "p.lua"}}
			for line := range strings.Lines(text) {
				word, rest, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "-- ")), " ")
				if !strings.HasPrefix(line, "-- ") {
					word = ""
				}
				switch word {
				case "ask":
					asks = append(asks, rest)
				case "told":
					if err := o.Told.Tell(rest, machine); err != nil {
						t.Fatal(err)
					}
				case "any":
					o.AnyCell, o.AnyUser = o.AnyCell || rest == "cell", o.AnyUser || rest == "euid"
				case "live":
					o.Live = strings.Fields(rest)
				case "file":
					sources = append(sources, rules.Source{File: rest})
				case "module":
					sources = append(sources, rules.Source{File: rest, Module: true})
				default:
					sources[len(sources)-1].Text += line
				}
			}
			base, _ := read(sources)
			if base.Loading.Failed() {
				t.Fatal(base.Loading)
			}
			var asked []*Asked
			for _, words := range asks {
				a, err := ask(base, words)
				if err != nil {
					t.Fatal(words, err)
				}
				asked = append(asked, a)
			}
			got := ""
			l, err := Learn(base, asked, o)
			if err != nil {
				for _, d := range diag.Of(err) {
					got += d.Error() + "\n"
				}
			} else {
				got = lesson(l)
			}
			if *update {
				if err := os.WriteFile(name, []byte(strings.TrimSuffix(text, "\n")+"\n-- gives\n"+got), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("%s gives\n%s\nwant\n%s", name, got, want)
			}
		})
	}
}
