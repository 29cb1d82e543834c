package kernel_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

func ptr[T any](v T) *T { return &v }

// Flags and tables of Lua give the same values in different forms, and the same errors.
func TestSpecSet(t *testing.T) {
	for _, c := range []struct {
		key   string
		value any
		want  kernel.Spec
		err   string
	}{
		{"name", "web", kernel.Spec{Name: "web"}, ""},
		{"name", 7.0, kernel.Spec{}, "name must be a string, but is 7"},
		{"root", "/cells/web", kernel.Spec{Root: "/cells/web"}, ""},
		{"root", nil, kernel.Spec{}, "root must be a string, but is nil"},
		{"yes", true, kernel.Spec{HostRoot: true}, ""},
		{"yes", "yes", kernel.Spec{}, `yes must be true or false, but is "yes"`},
		{"profile", "low", kernel.Spec{Profile: ptr(kernel.Low)}, ""},
		{"profile", "host", kernel.Spec{}, `profile must be low, medium or high, but is "host"`},
		{"profile", 0.0, kernel.Spec{}, "profile must be low, medium or high, but is 0"},
		{"ports", []any{80.0, "443"}, kernel.Spec{Ports: []uint16{80, 443}}, ""},
		{"ports", []any{}, kernel.Spec{Ports: []uint16{}}, ""},
		{"ports", 80.0, kernel.Spec{}, "ports must be a list of ports, but is 80"},
		{"ports", []any{80.0, 0.0}, kernel.Spec{}, "ports must be ports from 1 to 65535, but one is 0"},
		{"ports", []any{"65536"}, kernel.Spec{}, `ports must be ports from 1 to 65535, but one is "65536"`},
		{"ports", []any{80.5}, kernel.Spec{}, "ports must be ports from 1 to 65535, but one is 80.5"},
		{"ports", []any{"80", 80.0}, kernel.Spec{}, "ports must name every port once, but names 80 twice"},
		{"ports", many(33), kernel.Spec{}, "ports must name at most 32 ports, but names 33"},
		{"nofile", "64", kernel.Spec{Nofile: ptr[uint64](64)}, ""},
		{"nofile", 64.0, kernel.Spec{Nofile: ptr[uint64](64)}, ""},
		{"as", "512M", kernel.Spec{AS: ptr[uint64](512 << 20)}, ""},
		{"as", "9223372036854775807", kernel.Spec{AS: ptr[uint64](kauth.Unlimited)}, ""},
		{"as", "9223372036854775808", kernel.Spec{}, "as must be a whole number, a size such as 512M, or unlimited"},
		{"core", "unlimited", kernel.Spec{Core: ptr[uint64](kauth.Unlimited)}, ""},
		{"core", float64(kauth.Unlimited), kernel.Spec{Core: ptr[uint64](kauth.Unlimited)}, ""},
		{"core", 0.0, kernel.Spec{Core: ptr[uint64](0)}, ""},
		{"core", -1.0, kernel.Spec{}, "core must be a whole number"},
		{"core", 1.5, kernel.Spec{}, "core must be a whole number"},
		{"core", math.NaN(), kernel.Spec{}, "core must be a whole number"},
		{"core", math.Inf(1), kernel.Spec{}, "core must be a whole number"},
		{"core", "512m", kernel.Spec{}, `but is "512m"`},
		{"core", []any{}, kernel.Spec{}, "but is a list"},
		{"port", 80.0, kernel.Spec{}, "port must be a key of a cell, but is not (did you mean ports?)"},
	} {
		var s kernel.Spec
		err := s.Set(c.key, c.value)
		if c.err != "" {
			if key := new(policy.KeyError); !errors.As(err, &key) || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s %v: %v, want %q", c.key, c.value, err, c.err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(s, c.want) {
			t.Errorf("%s %v: %+v, %v, want %+v", c.key, c.value, s, err, c.want)
		}
	}
}

func many(n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = float64(1 + i)
	}
	return list
}

func TestSpecCheck(t *testing.T) {
	good := kernel.Spec{Name: "web", Root: "/cells/web"}
	if err := good.Check(secmodel.Early); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"web-1", "a", "-x", "...", ".a", "42"} {
		s := good
		s.Name = name
		if err := s.Check(secmodel.Current); err != nil {
			t.Errorf("%q is a good name: %v", name, err)
		}
	}
	limited := good
	limited.Core = ptr[uint64](0)
	if err := limited.Check(secmodel.Early); err == nil || !strings.Contains(err.Error(), "must have no limits on this kernel (revision early), but core is given") {
		t.Errorf("a limit: %v", err)
	}
	for _, c := range []struct {
		edit func(*kernel.Spec)
		want string
	}{
		{func(s *kernel.Spec) { s.Name = "" }, "the name must not be empty"},
		{func(s *kernel.Spec) { s.Name = strings.Repeat("x", 64) }, "at most 63 characters, but has 64"},
		{func(s *kernel.Spec) { s.Name = "a b" }, "must consist of A-Z a-z 0-9 . _ -, but has the character ' '"},
		{func(s *kernel.Spec) { s.Name = "zelle-ä" }, "but has the character"},
		{func(s *kernel.Spec) { s.Name = "." }, "the name must not be . or .."},
		{func(s *kernel.Spec) { s.Name = ".." }, "the name must not be . or .."},
		{func(s *kernel.Spec) { s.Root = "" }, "must be an absolute path"},
		{func(s *kernel.Spec) { s.Root = "cells/web" }, `must be an absolute path of at most 255 bytes, but is "cells/web"`},
		{func(s *kernel.Spec) { s.Root = "/" + strings.Repeat("x", 255) }, "must be an absolute path of at most 255"},
		{func(s *kernel.Spec) { s.Root = "/cells\nweb" }, "must have no control characters"},
		{func(s *kernel.Spec) { s.Root = "/cells\x00" }, "must have no control characters"},
		{func(s *kernel.Spec) { s.Profile = ptr(kernel.Profile(3)) }, "must be low, medium or high, but is 3"},
		{func(s *kernel.Spec) { s.Ports = make([]uint16, 33) }, "at most 32 ports, but there are 33"},
		{func(s *kernel.Spec) { s.Ports = []uint16{0} }, "must be 1 to 65535, but is 0"},
		{func(s *kernel.Spec) { s.Ports = []uint16{80, 80} }, "80 is given again"},
		{func(s *kernel.Spec) { s.AS = ptr[uint64](1 << 63) }, "the limit as must be at most 9223372036854775807"},
	} {
		s := good
		c.edit(&s)
		if e := new(kernel.Error); !errors.As(s.Check(secmodel.Current), &e) || !strings.Contains(e.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", s, s.Check(secmodel.Current), c.want)
		}
	}
}
