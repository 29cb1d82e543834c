package kauth

import (
	"slices"
	"strings"
	"testing"
)

// parts of the vocabulary of the facts.
func parts() ([]Number, []Flags) {
	return slices.Clone(NetBSD109912.numbers), slices.Clone(NetBSD109912.flags)
}

// The generated vocabulary is what the constructor makes of its parts: the id and every number agree.
func TestGeneratedVocabulary(t *testing.T) {
	numbers, flags := parts()
	v, err := NewVocabulary(NetBSD109912.Version, numbers, flags)
	if err != nil {
		t.Fatal(err)
	}
	if v.ID != NetBSD109912.ID {
		t.Errorf("the id is %#x, generated is %#x", v.ID, NetBSD109912.ID)
	}
	for id := range RequestID(NumRequests) {
		n, ok := v.Number(id)
		generated, _ := NetBSD109912.Number(id)
		back, found := v.Request(n)
		if !ok || n != generated || !found || back != id || v.Flags(id) != NetBSD109912.Flags(id) {
			t.Errorf("%s is %v, %v, and back %s; generated is %v", id, n, ok, back, generated)
		}
	}
}

// A kernel that lacks a request, numbers one differently, and asks one under a spin lock.
func TestOtherVocabulary(t *testing.T) {
	numbers, flags := parts()
	gone, _ := Find("system.reboot")
	moved, _ := Find("process.fork")
	spun, _ := Find("network.bind.port")
	numbers[gone] = Number{}
	numbers[moved] = Number{Scope: Process, Action: 200}
	flags[spun] |= Spin
	v, err := NewVocabulary("11.0", numbers, flags)
	if err != nil {
		t.Fatal(err)
	}
	if v.ID == NetBSD109912.ID {
		t.Error("another numbering has the same id")
	}
	if _, ok := v.Number(gone); ok || v.Asks(gone) || !v.Flags(gone).Has(NeverRaised) {
		t.Errorf("a request that is gone: %v, flags %v", ok, v.Flags(gone))
	}
	if n, _ := NetBSD109912.Number(gone); func() bool { _, ok := v.Request(n); return ok }() {
		t.Error("the number of a request that is gone is found")
	}
	if id, ok := v.Request(Number{Scope: Process, Action: 200}); !ok || id != moved {
		t.Errorf("the new number is of %s, %v", id, ok)
	}
	if v.Asks(spun) || slices.Contains(v.Requests(), spun) || !slices.Contains(v.Requests(), moved) {
		t.Errorf("asked are %d requests", len(v.Requests()))
	}
	if len(v.Requests()) != len(NetBSD109912.Requests())-2 {
		t.Errorf("%d requests are asked, of %d", len(v.Requests()), len(NetBSD109912.Requests()))
	}
}

func TestVocabularyRefuses(t *testing.T) {
	numbers, flags := parts()
	if _, err := NewVocabulary("x", numbers[1:], flags); err == nil || !strings.Contains(err.Error(), "must have") {
		t.Errorf("a number is missing: %v", err)
	}
	numbers[1] = numbers[0]
	if _, err := NewVocabulary("x", numbers, flags); err == nil || !strings.Contains(err.Error(), "every number must be of one request") {
		t.Errorf("a number twice: %v", err)
	}
}
