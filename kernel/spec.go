package kernel

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

// Spec is what a cell is made with.
type Spec struct {
	// Name of 1 to 63 characters of A-Z a-z 0-9 . _ -
	Name string
	// Root is the absolute path of the directory that members must be chrooted to.
	Root string
	// HostRoot allows the root to be the root directory of the host, which keeps members from nothing.
	HostRoot bool
	// Profile, or nil for the kernel's default, which is high.
	Profile *Profile
	// Ports that only this cell may bind, at most 32, each 1 to 65535.
	Ports []uint16
	// Nofile, AS and Core are resource limits that the kernel stores with the cell and does not enforce; what
	// starts the members sets them. Nil where none is given; kauth.Unlimited for no limit.
	Nofile, AS, Core *uint64
}

// RootMaker is a kernel whose directories nobody else can make: before a cell is created its root is made there. A
// kernel that is not one has those of the machine.
type RootMaker interface {
	// MakeRoot makes the directory that a cell is to live in, and what is usual in it. What exists stays as it is.
	MakeRoot(path string) error
}

// specKeys are what a cell can be made with, by the names that flags and tables have for it.
var specKeys = []struct {
	key string
	// must says what the value has to be.
	must string
	set  func(*Spec, any) bool
}{
	{"name", "a string", func(s *Spec, v any) bool { return setText(&s.Name, v) }},
	{"root", "a string", func(s *Spec, v any) bool { return setText(&s.Root, v) }},
	{"yes", "true or false", func(s *Spec, v any) (ok bool) { s.HostRoot, ok = v.(bool); return ok }},
	{"profile", "low, medium or high", func(s *Spec, v any) bool {
		name, _ := v.(string)
		p, ok := secmodel.ParseProfile(name)
		s.Profile = &p
		return ok
	}},
	{"ports", "", nil},
	{"nofile", mustLimit, func(s *Spec, v any) bool { return setLimit(&s.Nofile, v) }},
	{"as", mustLimit, func(s *Spec, v any) bool { return setLimit(&s.AS, v) }},
	{"core", mustLimit, func(s *Spec, v any) bool { return setLimit(&s.Core, v) }},
}

const mustLimit = "a whole number, a size such as 512M, or unlimited"

// SpecKeys are the keys that [Spec.Set] knows.
func SpecKeys() []string {
	keys := make([]string, len(specKeys))
	for i, k := range specKeys {
		keys[i] = k.key
	}
	return keys
}

// Set gives one key of a spec its value: a string, a number (float64), a bool, or for ports a list ([]any) of numbers
// or strings. A limit is a number, a size such as "512M", or unlimited. The error is a *policy.KeyError.
func (s *Spec) Set(key string, value any) error {
	for _, k := range specKeys {
		if k.key != key {
			continue
		}
		if key == "ports" {
			var err error
			s.Ports, err = ParsePorts(value)
			return err
		}
		if !k.set(s, value) {
			return &policy.KeyError{Key: key, Text: fmt.Sprintf("must be %s, but is %s", k.must, describe(value))}
		}
		return nil
	}
	return &policy.KeyError{Key: key, Text: "must be a key of a cell, but is not", Hint: diag.DidYouMean(key, SpecKeys())}
}

// ParsePorts reads the ports that a cell reserves, a list ([]any) of numbers or strings. The error is a *policy.KeyError
// of the key "ports".
func ParsePorts(value any) ([]uint16, error) {
	bad := func(text string, args ...any) ([]uint16, error) {
		return nil, &policy.KeyError{Key: "ports", Text: fmt.Sprintf(text, args...)}
	}
	list, ok := value.([]any)
	if !ok {
		return bad("must be a list of ports, but is %s", describe(value))
	}
	ports := make([]uint16, 0, len(list))
	for _, v := range list {
		n, ok := whole(v)
		switch {
		case !ok || n < 1 || n > 65535:
			return bad("must be ports from 1 to 65535, but one is %s", describe(v))
		case slices.Contains(ports, uint16(n)):
			return bad("must name every port once, but names %d twice", n)
		}
		ports = append(ports, uint16(n))
	}
	if len(ports) > MaxPorts {
		return bad("must name at most %d ports, but names %d", MaxPorts, len(ports))
	}
	return ports, nil
}

func setText(to *string, v any) (ok bool) {
	*to, ok = v.(string)
	return ok
}

func setLimit(to **uint64, v any) bool {
	n, ok := whole(v)
	if s, text := v.(string); text && !ok {
		size, sized := policy.ParseSize(s)
		n, ok = uint64(size), sized
		if s == "unlimited" {
			n, ok = kauth.Unlimited, true
		}
	}
	*to = &n
	return ok && n <= kauth.Unlimited
}

// whole reads a whole number that is not negative.
func whole(v any) (uint64, bool) {
	switch x := v.(type) {
	case string:
		n, err := strconv.ParseUint(x, 10, 64)
		return n, err == nil
	case float64:
		if x == kauth.Unlimited {
			return kauth.Unlimited, true
		}
		n := uint64(max(x, 0))
		return n, float64(n) == x && x <= 1<<53
	}
	return 0, false
}

func describe(v any) string {
	switch x := v.(type) {
	case nil:
		return "nil"
	case string:
		return strconv.Quote(diag.Short(x))
	case bool, float64:
		return fmt.Sprint(x)
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "something else"
}

// Check refuses what no kernel takes, in words where the kernel has a bare number, and what a kernel takes but nobody could
// use: the names . and .. of directories. A revision of secmodel_cell without limits takes none. The error is an *Error.
func (s *Spec) Check(rev secmodel.Revision) error {
	if problem := policy.CheckName(s.Name); problem != "" {
		return &Error{Op: "create a cell", Text: "the name " + problem}
	}
	refuse := func(hint, format string, args ...any) error {
		return &Error{Op: "create cell " + s.Name, Text: fmt.Sprintf(format, args...), Hint: hint}
	}
	switch {
	case s.Root == "" || s.Root[0] != '/' || len(s.Root) > MaxRoot:
		return refuse("", "the root must be an absolute path of at most %d bytes, but is %q", MaxRoot, s.Root)
	case strings.IndexFunc(s.Root, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0:
		return refuse("", "the root must have no control characters, but is %q", s.Root)
	case s.Profile != nil && *s.Profile > High:
		return refuse("", "the profile must be low, medium or high, but is %d", *s.Profile)
	case len(s.Ports) > MaxPorts:
		return refuse("", "there must be at most %d ports, but there are %d", MaxPorts, len(s.Ports))
	}
	for i, port := range s.Ports {
		if port == 0 {
			return refuse("", "a port must be 1 to 65535, but is 0")
		}
		if slices.Contains(s.Ports[:i], port) {
			return refuse("", "a port must be given once, but %d is given again", port)
		}
	}
	for _, l := range []struct {
		name  string
		value *uint64
	}{{"nofile", s.Nofile}, {"as", s.AS}, {"core", s.Core}} {
		switch {
		case l.value == nil:
		case !rev.Properties().Limits:
			return refuse("", "a cell must have no limits on this kernel (revision %s), but %s is given", rev, l.name)
		case *l.value > kauth.Unlimited:
			return refuse("", "the limit %s must be at most %d, which is unlimited, but is %d", l.name, uint64(kauth.Unlimited), *l.value)
		}
	}
	return nil
}

// CheckHostRoot refuses a root that is the host's own, unless the spec allows it; is says whether it is.
func (s *Spec) CheckHostRoot(is bool) error {
	if !is || s.HostRoot {
		return nil
	}
	return &Error{Op: "create cell " + s.Name, Text: fmt.Sprintf("the root must be a directory of its own, but %s is the root directory of the host", s.Root),
		Hint: "its members would have all files of the host; --yes, or yes = true in Lua, makes it all the same"}
}
