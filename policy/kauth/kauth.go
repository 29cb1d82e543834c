package kauth

import (
	"strings"
)

// Scope is one of the kauth(9) scopes in which policies can be written. The numbers are cellsh's own, fixed
// by the program encoding (docs/format.md): kauth names its scopes by string only.
type Scope uint8

// The scopes, in the order of sys/kauth.h. Zero is no scope.
const (
	System Scope = iota + 1
	Process
	Network
	Machdep
	Device
)

var scopeNames = [...]string{System: "system", Process: "process", Network: "network", Machdep: "machdep", Device: "device"}

// String is the short name that policies use, "network".
func (s Scope) String() string {
	if int(s) < len(scopeNames) {
		return scopeNames[s]
	}
	return ""
}

// Outside says why policies can't name the given scope, or "" if they can (or there is no such scope).
func Outside(scope string) string {
	switch scope {
	case "generic":
		return "the generic scope is only asked by code that predates the other scopes, and its single request says nothing about what is attempted"
	case "cred":
		return "the cred scope only announces changes of credentials: the kernel discards the answers"
	case "vnode":
		return "the vnode scope asks with bit masks, and an answer there would override file modes and owners"
	}
	return ""
}

// RequestID identifies a request, the same for every kernel. IDs are dense, start at zero, and are sorted by
// scope, action and req as NetBSD 10.99.12 numbers them, so that every scope and every action is a range.
type RequestID uint16

// NumRequests is the number of requests; every RequestID is below it.
const NumRequests = len(requests)

// Flags tell what is special about a request in one kernel version; the [Vocabulary] has them.
type Flags uint8

const (
	// NeverRaised: no compiled code asks it (kauth.json, never_raised).
	NeverRaised Flags = 1 << iota
	// Probe: a denial only picks a behaviour, it is no error for the program that caused the question.
	Probe
	// Spin: asked while a spin lock is held, where a credential's cell can't be read. No rule is possible.
	Spin
	// Bare: the action itself, asked without a request code although the action has requests.
	Bare
)

// Info is what is known about one request, whatever the kernel. All of it comes from kauth.json.
type Info struct {
	// Name is scope.action or scope.action.req.
	Name string
	// Scope of the request.
	Scope Scope
	// Fields that the request carries, the caller's credential always among them.
	Fields FieldSet
	// Bits is the value of the field bits where the request code is a bit mask and this request is one
	// value of it (device.rawio_passthru.read is 1), else 0.
	Bits uint8
	// Deny is what a system call usually returns when the request is denied; 0 where a denial only hides
	// something or picks a behaviour.
	Deny Errno
	// DenyText says it in words, with the exceptions.
	DenyText string
	// OnlyIn names the ports or emulations that ask it, or "" for all.
	OnlyIn string
	// StockRoot and StockUser say how the stock models together answer root and other users, in words.
	StockRoot, StockUser string

	scope, action uint16 // indices into patterns
	self          uint16
}

// Info of the request. It panics if id is not below NumRequests, as an index does.
func (id RequestID) Info() *Info { return &requests[id] }

// String is the request's name.
func (id RequestID) String() string {
	if int(id) < len(requests) {
		return requests[id].Name
	}
	return "no request"
}

// Has reports whether all the flags are set.
func (f Flags) Has(flags Flags) bool { return f&flags == flags }

// Asked reports whether policies are asked about the request: the kernel raises it, and not under a spin lock.
func (f Flags) Asked() bool { return f&(NeverRaised|Spin) == 0 }

// Level says how specific a pattern is.
type Level uint8

// The levels, from the least specific.
const (
	LevelDefault Level = iota
	LevelScope
	LevelAction
	LevelReq
)

// String is "default", "scope", "action" or "request".
func (l Level) String() string { return [...]string{"default", "scope", "action", "request"}[l] }

// Pattern is what an entry of a policy names: a scope, an action with all its requests, or one request.
// Two patterns that are equal name the same.
type Pattern struct {
	index uint16
}

type patternInfo struct {
	name  string
	level Level
	// lo and hi: the requests are lo <= id < hi.
	lo, hi RequestID
}

// String is the pattern as policies write it.
func (p Pattern) String() string { return patterns[p.index].name }

// Level of the pattern.
func (p Pattern) Level() Level { return patterns[p.index].level }

// Range gives the requests that the pattern matches: from lo, below hi.
func (p Pattern) Range() (lo, hi RequestID) { return patterns[p.index].lo, patterns[p.index].hi }

// Matches reports whether the request is one of the pattern's.
func (p Pattern) Matches(id RequestID) bool {
	lo, hi := p.Range()
	return lo <= id && id < hi
}

// Chain gives the patterns that match the request, the most specific first: its req, its action, its scope.
// A request without a req has no first.
func (id RequestID) Chain() []Pattern {
	in := &requests[id]
	chain := make([]Pattern, 0, 3)
	if in.self != in.action {
		chain = append(chain, Pattern{in.self})
	}
	return append(chain, Pattern{in.action}, Pattern{in.scope})
}

// FindPattern gives the scope, action or request of that name.
func FindPattern(name string) (Pattern, bool) {
	for h := hash(name) & (uint32(len(nameTable)) - 1); nameTable[h] != 0; h = (h + 1) & (uint32(len(nameTable)) - 1) {
		if p := nameTable[h] - 1; patterns[p].name == name {
			return Pattern{p}, true
		}
	}
	return Pattern{}, false
}

// Find gives the request of that full name, network.bind.port. The name of an action finds a request only if
// the kernel asks the action without a request code, as it does for process.ktrace and system.reboot.
func Find(name string) (RequestID, bool) {
	p, ok := FindPattern(name)
	if !ok {
		return 0, false
	}
	lo, _ := p.Range()
	// The bare action sorts first among its requests: its req is 0.
	return lo, requests[lo].Name == name
}

// MustFind is Find for a name that is written in the program. It panics where there is no such request: variables of
// packages are set with it, so that no test of a package passes in which one is misspelt.
func MustFind(name string) RequestID {
	id, ok := Find(name)
	if !ok {
		panic("kauth: there is no request " + name)
	}
	return id
}

// MustFindPattern is FindPattern for a name that is written in the program; see [MustFind].
func MustFindPattern(name string) Pattern {
	p, ok := FindPattern(name)
	if !ok {
		panic("kauth: there is no scope, action or request " + name)
	}
	return p
}

// hash is FNV-1a of 32 bits. The generator uses the same.
func hash(name string) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(name); i++ {
		h = (h ^ uint32(name[i])) * 16777619
	}
	return h
}

// AllPatterns gives the names of all scopes, actions and requests, sorted within each scope.
func AllPatterns() []Pattern {
	all := make([]Pattern, len(patterns))
	for i := range all {
		all[i] = Pattern{uint16(i)}
	}
	return all
}

// MatchGlob reports whether the pattern, in which only * is special and stands for any characters or none,
// matches all of s. It takes time linear in len(pattern)*len(s) at worst.
func MatchGlob(pattern, s string) bool {
	star := strings.IndexByte(pattern, '*')
	if star < 0 {
		return pattern == s
	}
	if !strings.HasPrefix(s, pattern[:star]) {
		return false
	}
	s = s[star:]
	parts := strings.Split(pattern[star+1:], "*")
	last := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, last)
}
