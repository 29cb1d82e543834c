package denylog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

// Kind is what the kernel calls the scope of a line. Each has its own limit of one line a second (secmodel_cell_deny_audit).
type Kind uint8

// The kinds.
const (
	// Process: what a member asked about a process of another cell.
	Process Kind = iota + 1
	// HostGlobal: the scopes system, device and machdep.
	HostGlobal
	// Network: the scope network.
	Network
)

// kinds are the words of the kernel, and the scopes that they stand for.
var kinds = [...]struct {
	word   string
	scopes []kauth.Scope
}{
	Process:    {"process", []kauth.Scope{kauth.Process}},
	HostGlobal: {"host-global", []kauth.Scope{kauth.System, kauth.Device, kauth.Machdep}},
	Network:    {"network", []kauth.Scope{kauth.Network}},
}

// String is the kernel's word.
func (k Kind) String() string { return kinds[k].word }

// Line is a denial as the kernel's log tells it.
type Line struct {
	// Time since the kernel's start; the log has it in units of 100 ns.
	Time time.Duration
	Kind Kind
	// Cell of the caller, 0 for the host.
	Cell kernel.CellID
	EUID uint32
	// Action is the number of the action in its scope, and Req that of the request. Of a question about a process Req is the
	// second argument, which is the request's number for some actions only, and an address for others; of one of the scopes
	// device and machdep it is 0.
	Action, Req uint64
}

// tag begins what secmodel_cell says of a denial.
const tag = "secmodel_cell: deny "

// String is the line as the kernel writes it, and dmesg(8) shows it.
func (l Line) String() string {
	const tick = 100 * time.Nanosecond
	return fmt.Sprintf("[%4d.%07d] %sscope=%s cell=%d euid=%d action=%d req=%d", l.Time/time.Second, l.Time%time.Second/tick, tag, l.Kind, l.Cell, l.EUID, l.Action, l.Req)
}

// Parse reads a line of the kernel's log, with or without the priority before it; false if it is not a whole line about a denial.
func Parse(text string) (Line, bool) {
	if strings.HasPrefix(text, "<") { // the priority, as in <5>
		_, after, ok := strings.Cut(text, ">")
		if !ok {
			return Line{}, false
		}
		text = after
	}
	stamp, text, ok := strings.Cut(text, "] ")
	if !ok || !strings.HasPrefix(stamp, "[") || !strings.HasPrefix(text, tag) {
		return Line{}, false
	}
	at, ok := parseStamp(strings.TrimLeft(stamp[1:], " "))
	words := strings.Split(text[len(tag):], " ")
	if !ok || len(words) != 5 {
		return Line{}, false
	}
	l := Line{Time: at}
	var cell, euid uint64
	for i, number := range []*uint64{nil, &cell, &euid, &l.Action, &l.Req} {
		name, value, _ := strings.Cut(words[i], "=")
		if name != [...]string{"scope", "cell", "euid", "action", "req"}[i] {
			return Line{}, false
		}
		if number == nil {
			l.Kind = findKind(value)
			continue
		}
		bits := 64
		if i < 3 {
			bits = 32
		}
		n, err := strconv.ParseUint(value, 10, bits)
		if err != nil || value[0] == '+' {
			return Line{}, false
		}
		*number = n
	}
	l.Cell, l.EUID = kernel.CellID(cell), uint32(euid)
	return l, l.Kind != 0
}

func findKind(word string) Kind {
	for k := Process; k <= Network; k++ {
		if k.String() == word {
			return k
		}
	}
	return 0
}

// parseStamp reads seconds with seven digits behind the point.
func parseStamp(text string) (time.Duration, bool) {
	const digits, most = 7, uint64(100 * 365 * 24 * time.Hour / time.Second)
	whole, part, ok := strings.Cut(text, ".")
	if !ok || len(part) != digits {
		return 0, false
	}
	seconds, err := strconv.ParseUint(whole, 10, 64)
	ticks, err2 := strconv.ParseUint(part, 10, 64)
	if err != nil || err2 != nil || seconds > most {
		return 0, false
	}
	return time.Duration(seconds)*time.Second + time.Duration(ticks)*100*time.Nanosecond, true
}

// Lines are those of a message buffer, oldest first. A kernel fills the buffer round and round: what is left of a line that is
// half overwritten is none, and so is one that is just being written, which has no newline yet.
func Lines(buffer string) []Line {
	var list []Line
	whole := buffer[:strings.LastIndex(buffer, "\n")+1]
	for text := range strings.SplitSeq(strings.TrimLeft(whole, "\x00"), "\n") {
		if l, ok := Parse(text); ok {
			list = append(list, l)
		}
	}
	return list
}

// Requests are those that the line can be about: those with its numbers that secmodel_cell of the revision denies to
// somebody. None if the vocabulary has no such numbers.
func (l Line) Requests(v *kauth.Vocabulary, rev secmodel.Revision) []kauth.RequestID {
	var exact, others []kauth.RequestID
	for id := range kauth.RequestID(kauth.NumRequests) {
		n, known := v.Number(id)
		if !known || uint64(n.Action) != l.Action || !slices.Contains(kinds[l.Kind].scopes, n.Scope) || !denies(rev, id) {
			continue
		}
		switch {
		case n.Scope == kauth.Device || n.Scope == kauth.Machdep:
			// The kernel does not write their requests, but 0.
			if l.Req == 0 {
				exact = append(exact, id)
			}
		case uint64(n.Req) == l.Req:
			exact = append(exact, id)
		case n.Scope == kauth.Process:
			others = append(others, id)
		}
	}
	// Of a process the argument tells the request only where it has the number of one.
	if len(exact) > 0 {
		return exact
	}
	return others
}

// denies reports whether secmodel_cell of the revision denies the request to anybody.
func denies(rev secmodel.Revision, id kauth.RequestID) bool {
	places := []stock.Place{stock.Host}
	for p := secmodel.Low; p <= secmodel.High; p++ {
		places = append(places, stock.In(p))
	}
	for _, place := range places {
		for _, r := range stock.CellListener(rev, place, id).Rules {
			if r.Answer == policy.Deny {
				return true
			}
		}
	}
	return false
}

// Denial is the line with its numbers as names.
func (l Line) Denial(v *kauth.Vocabulary, rev secmodel.Revision) kernel.Denial {
	return kernel.Denial{Time: l.Time, Cell: l.Cell, EUID: l.EUID, Requests: l.Requests(v, rev), Text: l.String()}
}

// Denials are the denials that a message buffer tells of, oldest first.
func Denials(buffer string, v *kauth.Vocabulary, rev secmodel.Revision) []kernel.Denial {
	var list []kernel.Denial
	for _, l := range Lines(buffer) {
		list = append(list, l.Denial(v, rev))
	}
	return list
}

// Logged and NotLogged say in words why the log of a kernel tells of denials, and why not.
const Logged = "secmodel_cell writes them into the kernel's log, at most one a second of each kind"

// NotLogged is about a revision whose properties say so.
func NotLogged(rev secmodel.Revision) string {
	return fmt.Sprintf("secmodel_cell of revision %s logs no denials", rev)
}
