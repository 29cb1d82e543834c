package flags

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type given struct {
	On      bool
	Text    string
	List    []string
	Number  uint64
	Percent float64
	Even    string
}

func (g *given) set() *Set {
	var s Set
	s.Switch(&g.On, "on", "switch on")
	s.Text(&g.Text, "t", "TEXT", "take TEXT")
	s.List(&g.List, "list", "WORD", "add WORD; repeats")
	s.Number(&g.Number, "number", "COUNT", "count to COUNT")
	s.Percent(&g.Percent, "percent", "PERCENT", "so many")
	s.Func("even", "WORD", "take a WORD of even length", func(v string) string {
		if len(v)%2 != 0 {
			return Must("be even", v)
		}
		g.Even = v
		return ""
	})
	return &s
}

func TestRead(t *testing.T) {
	for _, test := range []struct {
		place Place
		line  string
		// want is what was given and the arguments, or the error.
		want string
	}{
		{Anywhere, "", "{false  [] 0 0 } []"},
		{Anywhere, "a -on b", "{true  [] 0 0 } [a b]"},
		{Anywhere, "--on=true --on=0", "{false  [] 0 0 } []"},
		{Anywhere, "-t=z=1 --list a --list=b", "{false z=1 [a b] 0 0 } []"},
		{Anywhere, "-number 5 - a", "{false  [] 5 0 } [- a]"},
		{Anywhere, "-t -- a", "{false -- [] 0 0 } [a]"},
		{Anywhere, "-t -on -on", "{true -on [] 0 0 } []"},
		{Anywhere, "a -- -on -- b", "{false  [] 0 0 } [a -on -- b]"},
		{Anywhere, "--number 18446744073709551615", "{false  [] 18446744073709551615 0 } []"},
		{Anywhere, "--percent 99.5 --even xy", "{false  [] 0 99.5 xy} []"},
		{First, "-on a -x", "{true  [] 0 0 } [a -x]"},
		{First, "-on -- -t", "{true  [] 0 0 } [-t]"},
		{AroundFirst, "-on a -t x b -x -- c", "{true x [] 0 0 } [a b -x -- c]"},
		{AroundFirst, "a -- -t", "{false  [] 0 0 } [a -t]"},
		{AroundFirst, "-- a -t", "{false  [] 0 0 } [a -t]"},

		{Anywhere, "-h", "help is wanted"},
		{Anywhere, "a --help", "help is wanted"},
		{Anywhere, "--help=x", `--help takes no value, but is given "x"`},
		{Anywhere, "--hlep", "there is no flag --hlep; did you mean --help?"},
		{Anywhere, "--num 5", "there is no flag --num"},
		{Anywhere, "--numbr 5", "there is no flag --numbr; did you mean --number?"},
		{Anywhere, "-x", "there is no flag -x"},
		{Anywhere, "--=1", `there is no flag --`},
		{Anywhere, "---on", "there is no flag ---on; did you mean --on?"},
		{Anywhere, "--on=maybe", `--on takes no value, but is given "maybe"`},
		{Anywhere, "--on=", `--on takes no value, but is given ""`},
		{Anywhere, "a -t", "-t must be given a value"},
		{Anywhere, "--number", "--number must be given a value"},
		{Anywhere, "--number x", `--number must be a whole number from 0 on, but is "x"`},
		{Anywhere, "--number -1", `--number must be a whole number from 0 on, but is "-1"`},
		{Anywhere, "--number=", `--number must be a whole number from 0 on, but is ""`},
		{Anywhere, "--number 1e3", `--number must be a whole number from 0 on, but is "1e3"`},
		{Anywhere, "--number 18446744073709551616", `--number must be at most 18446744073709551615, but is "18446744073709551616"`},
		{Anywhere, "--percent 101", `--percent must be a number from 0 to 100, but is "101"`},
		{Anywhere, "--percent nan", `--percent must be a number from 0 to 100, but is "nan"`},
		{Anywhere, "--percent -0.1", `--percent must be a number from 0 to 100, but is "-0.1"`},
		{Anywhere, "-t x --t x", "-t must be given once, but is given again"},
		{Anywhere, "--number 1 a --number=2", "--number must be given once, but is given again"},
		{Anywhere, "--percent 1 --percent 2", "--percent must be given once, but is given again"},
		{Anywhere, "--even ab --even ab", "--even must be given once, but is given again"},
		{AroundFirst, "-t x a -t y", "-t must be given once, but is given again"},
		{Anywhere, "--even odd", `--even must be even, but is "odd"`},
	} {
		var g given
		rest, err := g.set().Read(strings.Fields(test.line), test.place)
		got := fmt.Sprint(g, rest)
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%q: %s", test.line, got)
		}
	}
	// A word that is none is quoted, and a long one cut.
	for name, want := range map[string]string{"--a b": `there is no flag "--a b"`, "--" + strings.Repeat("x", 99): "there is no flag --" + strings.Repeat("x", 58) + "..."} {
		if _, err := new(given).set().Read([]string{name}, Anywhere); err == nil || err.Error() != want {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestReadKeeps: no argument is lost or made up. What was given, written anew in the plainest way, is read as the same.
func TestReadKeeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.OneOf(rapid.SampledFrom([]string{"-on", "--on=false", "-t", "--t=x", "--list", "-list=", "--number", "7", "--number=7", "--percent=5", "--even", "ab", "-", "--", ""}), rapid.String())
		args := rapid.SliceOf(words).Draw(t, "args")
		place := rapid.SampledFrom([]Place{Anywhere, First, AroundFirst}).Draw(t, "place")
		var g given
		rest, err := g.set().Read(args, place)
		if err != nil {
			return
		}
		plain := []string{fmt.Sprintf("-on=%t", g.On), "-t=" + g.Text, fmt.Sprintf("-number=%d", g.Number), fmt.Sprintf("-percent=%g", g.Percent), "-even=" + g.Even}
		for _, v := range g.List {
			plain = append(plain, "-list", v)
		}
		var again given
		left, err := again.set().Read(append(append(plain, "--"), rest...), place)
		if err != nil || !slices.Equal(left, rest) || fmt.Sprint(again) != fmt.Sprint(g) {
			t.Fatalf("%q is read as %v with %q, and that as %v with %q: %v", args, g, rest, again, left, err)
		}
	})
}

func TestSet(t *testing.T) {
	s := new(given).set()
	names := func(s *Set) string {
		var all []string
		for _, f := range s.All() {
			all = append(all, strings.TrimSpace(f.String()+" "+f.Value))
		}
		return strings.Join(all, ", ")
	}
	if got, want := names(s), "--even WORD, --list WORD, --number COUNT, --on, --percent PERCENT, -t TEXT"; got != want {
		t.Errorf("%s", got)
	}
	less := s.Without("on", "t", "percent")
	if got, want := names(less), "--even WORD, --list WORD, --number COUNT"; got != want || !s.Has("on") || less.Has("on") {
		t.Errorf("%s", got)
	}
	defer func() {
		if p := recover(); p != "flags: there must be one flag --on, but there are two" {
			t.Errorf("%v", p)
		}
	}()
	s.Switch(new(bool), "on", "again")
}
