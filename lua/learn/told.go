package learn

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/study"
)

// Told is what somebody says of the requests beyond what the kernel has kept: each field is one of several things.
type Told struct {
	fields []kauth.Field
	tests  map[kauth.Field][]policy.Test
	// words are as they were given, by field.
	words map[kauth.Field]string
}

// Tell adds what a word says, FIELD=VALUE or FIELD=VALUE,VALUE: values as explain takes them, of numbers also ranges, 8000-8099, of
// addresses also prefixes and ranges, and of groups names. The error is a *policy.KeyError.
func (t *Told) Tell(word string, groups policy.Groups) error {
	name, text, ok := strings.Cut(word, "=")
	if !ok {
		return &policy.KeyError{Key: "a field", Text: fmt.Sprintf("must be given as FIELD=VALUE, but is %q", word)}
	}
	f, ok := kauth.FindField(name)
	switch {
	case name == "cell" || name == "request" || name == "euid":
		return &policy.KeyError{Key: name, Text: "must be left to the decisions, which tell it, but is given", Hint: "--cell and --request choose decisions"}
	case !ok || f == kauth.FieldMembers:
		return &policy.KeyError{Key: diag.Short(name), Text: "must be the name of a field, but there is none of that name", Hint: diag.DidYouMean(name, fieldNames())}
	case t.tests[f] != nil:
		return &policy.KeyError{Key: name, Text: "must be given once, but is given twice", Hint: "several values: " + name + "=VALUE,VALUE"}
	}
	var tests []policy.Test
	for _, value := range strings.Split(text, ",") {
		test, err := tellOne(f, value, groups)
		if err != nil {
			return err
		}
		tests = append(tests, test)
	}
	if t.tests == nil {
		t.tests, t.words = map[kauth.Field][]policy.Test{}, map[kauth.Field]string{}
	}
	t.fields, t.tests[f], t.words[f] = append(t.fields, f), together(tests), text
	return nil
}

// together makes one test of all that are about the number itself.
func together(tests []policy.Test) []policy.Test {
	var out []policy.Test
	for _, t := range tests {
		if n := len(out); t.Kind == policy.In && n > 0 {
			out[n-1].Set = out[n-1].Set.Union(t.Set)
			continue
		}
		out = append(out, t)
	}
	return out
}

func fieldNames() []string {
	var names []string
	for f := range kauth.Field(kauth.NumFields) {
		if f != kauth.FieldMembers && f != kauth.FieldEUID {
			names = append(names, f.String())
		}
	}
	return names
}

// tellOne reads one value.
func tellOne(f kauth.Field, value string, groups policy.Groups) (policy.Test, error) {
	info := f.Info()
	wrong := func(what string) error {
		return &policy.KeyError{Key: f.String(), Text: fmt.Sprintf("must be %s, but is %q", what, diag.Short(value))}
	}
	switch info.Kind {
	case kauth.KindAddr:
		test, err := policy.WithinAddrs(value)
		if err != nil {
			return test, &policy.KeyError{Key: f.String(), Text: "must be an address, a prefix or a range, but is not: " + err.Error()}
		}
		return test, nil
	case kauth.KindGroups:
		if n, err := strconv.ParseUint(value, 10, 32); err == nil {
			return policy.Test{Kind: policy.Member, Field: f, GID: uint32(n)}, nil
		}
		if groups != nil {
			if gid, ok := groups.Lookup(value); ok {
				return policy.Test{Kind: policy.Member, Field: f, GID: gid}, nil
			}
		}
		err := &policy.KeyError{Key: f.String(), Text: fmt.Sprintf("must be a group of this machine, but is %q", diag.Short(value))}
		if groups != nil {
			err.Hint = diag.DidYouMean(value, groups.Names())
		}
		return policy.Test{}, err
	case kauth.KindString:
		if strings.Contains(value, "*") {
			return policy.Test{Kind: policy.Glob, Field: f, Text: value}, nil
		}
	case kauth.KindInt:
		if info.Flags {
			break
		}
		lo, hi, isRange := strings.Cut(value, "-")
		if !isRange || lo == "" {
			lo, hi = value, value
		}
		a, ok := number(f, lo)
		b, ok2 := number(f, hi)
		switch {
		case !ok || !ok2:
			return policy.Test{}, wrong("a number or a range of numbers, as 8000-8099")
		case a > b:
			return policy.Test{}, wrong("a range that begins with its lower end")
		case a < info.Min || b > info.Max:
			return policy.Test{}, wrong(fmt.Sprintf("from %d to %d", info.Min, info.Max))
		}
		return policy.Test{Kind: policy.In, Field: f, Set: interval.Between(a, b)}, nil
	}
	id, ok := carrier(f)
	if !ok {
		return policy.Test{}, wrong("a field that some request carries")
	}
	q, err := study.ParseWords([]string{"cell", id.String(), f.String() + "=" + value})
	if err != nil {
		// What is wrong is said of the field; that the request is one of many is nobody's matter here.
		if k := new(policy.KeyError); errors.As(err, &k) {
			return policy.Test{}, k
		}
		return policy.Test{}, err
	}
	if info.Kind == kauth.KindString {
		return policy.Test{Kind: policy.Is, Field: f, Text: q.Text(f)}, nil
	}
	return policy.Test{Kind: policy.In, Field: f, Set: interval.Single(q.Int[f])}, nil
}

// number reads one number of a field.
func number(f kauth.Field, text string) (int64, bool) {
	if text == "unlimited" && f.FormatValue(kauth.Unlimited) == text {
		return kauth.Unlimited, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// carrier is a request that carries the field.
func carrier(f kauth.Field) (kauth.RequestID, bool) {
	for id := range kauth.RequestID(kauth.NumRequests) {
		if id.Info().Fields.Has(f) {
			return id, true
		}
	}
	return 0, false
}

// carried are the fields that the request carries.
func (t *Told) carried(id kauth.RequestID) []kauth.Field {
	return slices.DeleteFunc(slices.Clone(t.fields), func(f kauth.Field) bool { return !id.Info().Fields.Has(f) })
}

// unusual is a field that the kernel asks the request with, but with none of the values that are told.
func (t *Told) unusual(id kauth.RequestID) (kauth.Field, bool) {
	for _, f := range t.carried(id) {
		usual := graph.Usual(id, f)
		if usual != nil && !slices.ContainsFunc(t.tests[f], func(test policy.Test) bool { return len(test.Set.Intersect(usual)) > 0 }) {
			return f, true
		}
	}
	return 0, false
}
