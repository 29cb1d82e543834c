package flags

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"cellsh/policy/diag"
)

// Flag is one flag.
type Flag struct {
	// Name without dashes.
	Name string
	// Value is the word for what it takes, as in a synopsis: FILE; "" if it takes nothing.
	Value string
	// Usage is what it does: what follows its name in a list of flags.
	Usage string
	// Words are what can stand in a value, separated by commas; nil if that is not known.
	Words []string
	// Repeats says that it may be given several times. Another flag with a value may be given once: which of two was meant
	// nobody knows.
	Repeats bool

	// take is given the value that was written; of a flag that takes nothing, "true" or "false". It gives what goes on
	// after the flag's name in a sentence about what is wrong, "must be ...", or "".
	take func(value string) (problem string)
}

// String is the flag as people write it.
func (f *Flag) String() string { return dashed(f.Name) }

func dashed(name string) string {
	if utf8.RuneCountInString(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// Set is flags that can be given together. The zero value has none. It is not safe for concurrent use.
type Set struct{ flags []*Flag }

// add keeps the flags by name. That there are two of one name is a mistake of the program's.
func (s *Set) add(f *Flag) {
	at, found := slices.BinarySearchFunc(s.flags, f.Name, func(f *Flag, name string) int { return strings.Compare(f.Name, name) })
	if found {
		panic("flags: there must be one flag " + f.String() + ", but there are two")
	}
	s.flags = slices.Insert(s.flags, at, f)
}

// Switch adds a flag that takes nothing and makes p true.
func (s *Set) Switch(p *bool, name, usage string) {
	s.add(&Flag{Name: name, Usage: usage, take: func(v string) string {
		*p = v == "true"
		return ""
	}})
}

// Text adds a flag with any text.
func (s *Set) Text(p *string, name, value, usage string) {
	s.Func(name, value, usage, func(v string) string {
		*p = v
		return ""
	})
}

// List adds a flag with any text that may be given several times. p keeps what it has.
func (s *Set) List(p *[]string, name, value, usage string) {
	s.Each(name, value, usage, func(v string) string {
		*p = append(*p, v)
		return ""
	})
}

// Number adds a flag with a whole number from 0 on, in decimal.
func (s *Set) Number(p *uint64, name, value, usage string) {
	s.Func(name, value, usage, func(v string) string {
		n, err := strconv.ParseUint(v, 10, 64)
		switch {
		case errors.Is(err, strconv.ErrRange):
			return Must("be at most "+strconv.FormatUint(math.MaxUint64, 10), v)
		case err != nil:
			return Must("be a whole number from 0 on", v)
		}
		*p = n
		return ""
	})
}

// Percent adds a flag with a number from 0 to 100, in decimal.
func (s *Set) Percent(p *float64, name, value, usage string) {
	s.Func(name, value, usage, func(v string) string {
		n, err := strconv.ParseFloat(v, 64)
		if err != nil || !(0 <= n && n <= 100) {
			return Must("be a number from 0 to 100", v)
		}
		*p = n
		return ""
	})
}

// Func adds a flag whose value is given to take. That says what must be and is not, in words that go on after the flag's
// name, as Must has them; "" if nothing is wrong.
func (s *Set) Func(name, value, usage string, take func(value string) (problem string)) {
	s.add(&Flag{Name: name, Value: value, Usage: usage, take: take})
}

// Each is Func for a flag that may be given several times.
func (s *Set) Each(name, value, usage string, take func(value string) (problem string)) {
	s.add(&Flag{Name: name, Value: value, Usage: usage, Repeats: true, take: take})
}

// Words says which words can stand in the value of the flag of that name, which must have been added, for who completes it.
func (s *Set) Words(name string, words []string) { s.find(name).Words = words }

// Must is "must ..., but is ..." about the value of a flag.
func Must(what, value string) string { return fmt.Sprintf("must %s, but is %q", what, value) }

// All lists the flags by name. It must not be changed.
func (s *Set) All() []*Flag { return s.flags }

// Has reports whether there is a flag of that name.
func (s *Set) Has(name string) bool { return s.find(name) != nil }

func (s *Set) find(name string) *Flag {
	for _, f := range s.flags {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Without is the flags but those of these names.
func (s *Set) Without(names ...string) *Set {
	return &Set{slices.DeleteFunc(slices.Clone(s.flags), func(f *Flag) bool { return slices.Contains(names, f.Name) })}
}

// Unknown says that there is no flag of that name, and which one was meant.
func (s *Set) Unknown(name string) error {
	text := "there is no flag " + Word(dashed(name))
	names := []string{help}
	for _, f := range s.flags {
		names = append(names, f.Name)
	}
	if near := diag.Nearest(name, names); near != "" {
		text += "; did you mean " + dashed(near) + "?"
	}
	return errors.New(text)
}

// Word is what was typed as it can stand in a message: cut where it is long, quoted where it is no word.
func Word(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "..."
	}
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.IsSpace(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// Place says where on a command line flags may stand. The argument -- ends them everywhere.
type Place int

const (
	// Anywhere: before, between and after the arguments.
	Anywhere Place = iota
	// First: before the first argument.
	First
	// AroundFirst: before and right behind the first argument. What follows belongs to somebody else.
	AroundFirst
)

// help is a flag that every set has, as is -h.
const help = "help"

// ErrHelp is the error of Read where -h or --help is given and is no flag of the set.
var ErrHelp = errors.New("help is wanted")

// Read takes the flags out of the arguments, and gives those that are none. An error is a sentence about the first flag
// with which something is wrong, or ErrHelp; the flags before it have been taken then.
func (s *Set) Read(args []string, place Place) (rest []string, err error) {
	once := map[*Flag]bool{}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			return append(rest, args[i+1:]...), nil
		case len(arg) < 2 || arg[0] != '-':
			if place == First || place == AroundFirst && len(rest) > 0 {
				return append(rest, args[i:]...), nil
			}
			rest = append(rest, arg)
			continue
		}
		name, value, given := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
		f := s.find(name)
		switch {
		case f == nil && (name == "h" || name == help) && given:
			return nil, fmt.Errorf("%s takes no value, but is given %q", dashed(name), value)
		case f == nil && (name == "h" || name == help):
			return nil, ErrHelp
		case f == nil:
			return nil, s.Unknown(name)
		case f.Value == "" && given:
			on, err := strconv.ParseBool(value)
			if err != nil {
				return nil, fmt.Errorf("%s takes no value, but is given %q", f, value)
			}
			value = strconv.FormatBool(on)
		case f.Value == "":
			value = "true"
		case !given:
			i++
			if i == len(args) {
				return nil, fmt.Errorf("%s must be given a value", f)
			}
			value = args[i]
		}
		if once[f] {
			return nil, fmt.Errorf("%s must be given once, but is given again", f)
		}
		once[f] = f.Value != "" && !f.Repeats
		if problem := f.take(value); problem != "" {
			return nil, fmt.Errorf("%s %s", f, problem)
		}
	}
	return rest, nil
}
