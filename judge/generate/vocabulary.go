package generate

import (
	"math"
	"slices"
	"strings"

	"cellsh/policy/kauth"
)

// fields is what the requests of an entry carry: all of them, or, in part, only some.
type fields struct {
	numbers []number
	// named are fields with names, flags are true or false, texts are strings.
	named, flags, texts []string
	address             bool
	// some are fields that only some of the requests carry.
	some *fields
}

// number is a field that is one, with the values that it can have.
type number struct {
	name     string
	low, top int64
}

// small reports whether sums and products of it are exact.
func (n number) small() bool { return n.top <= math.MaxUint32 && n.low >= -math.MaxUint32 }

// namedValues are names that policies ask for and requests carry.
var namedValues = map[string][]string{
	"family":   {"inet", "inet6", "local", "unspec"},
	"domain":   {"inet", "inet6", "local", "route"},
	"type":     {"stream", "dgram", "raw", "seqpacket"},
	"protocol": {"tcp", "udp", "icmp", "raw"},
	"signal":   {"kill", "term", "hup", "usr1"},
	"resource": {"nofile", "core", "as", "stack"},
	"kind":     {"block", "char"},
	"op":       {"attach", "trace_me", "kill", "getregs"},
	"cmd":      {"SIOCSIFFLAGS", "SIOCSIFADDR", "SIOCGIFMTU"},
}

// namelessValues are values that have no name, and read as numbers.
var namelessValues = map[string][]int64{"protocol": {0, 200}, "signal": {0, 40}, "type": {9}, "domain": {99}, "cmd": {0, 5}}

// flagNames are names of flags by their fields.
var flagNames = map[string][]string{
	"flags": {"MNT_RDONLY", "MNT_NOSUID", "MNT_SOFTDEP"},
	"mode":  {"IPC_R", "IPC_W"},
	"bits":  {"KAUTH_REQ_DEVICE_RAWIO_PASSTHRU_WRITE"},
}

// textPatterns are patterns that some of the texts match.
var textPatterns = []string{"*", "w*", "*0", "db-*", "*s", "t*p*s", "a*", "c1*", "*1", "x"}

// textValues are the texts that requests carry.
var textValues = map[string][]string{
	"target.cell": {"a", "db-1", "", "c1"},
	"ifname":      {"wm0", "lo0", "x"},
	"fstype":      {"tmpfs", "ffs", "null"},
}

// asked are the requests that an entry of the name stands for and that a rule can be about.
func asked(name string) []kauth.RequestID {
	pattern, ok := kauth.FindPattern(name)
	if !ok {
		panic("there is no request " + name)
	}
	var ids []kauth.RequestID
	for id, end := pattern.Range(); id < end; id++ {
		if !kauth.Newest().Flags(id).Has(kauth.Spin) {
			ids = append(ids, id)
		}
	}
	return ids
}

// fieldsOf gives what the requests of an entry carry.
func fieldsOf(name string) *fields {
	all, any := ^kauth.FieldSet(0), kauth.FieldSet(0)
	ids := asked(name)
	for _, id := range ids {
		all &= id.Info().Fields
		any |= id.Info().Fields
	}
	f := describe(all, ids[0])
	f.some = describe(any&^all, ids[0])
	return f
}

func describe(set kauth.FieldSet, id kauth.RequestID) *fields {
	f := &fields{}
	for _, one := range set.Fields() {
		name := one.Info().Name
		switch one.Info().Kind {
		case kauth.KindInt:
			if one != kauth.FieldMembers { // only budgets look at it
				low, top := bounds(id, one)
				f.numbers = append(f.numbers, number{name, low, top})
			}
		case kauth.KindNamed:
			f.named = append(f.named, name)
		case kauth.KindBool:
			f.flags = append(f.flags, name)
		case kauth.KindString:
			f.texts = append(f.texts, name)
		case kauth.KindAddr:
			f.address = true
		}
	}
	return f
}

// bounds are the values that a number can have in a request. The kernel asks for reserved ports with a request of their
// own.
func bounds(id kauth.RequestID, f kauth.Field) (low, top int64) {
	low, top = id.Range(f)
	switch {
	case f == kauth.FieldPort && id.String() == "network.bind.privport":
		return 1, 1023
	case f == kauth.FieldSec:
		return 0, 1 << 40
	}
	return low, top
}

// entries are the names that an entry for the request can have, the most specific first.
func entries(request string) []string {
	parts := strings.Split(request, ".")
	var all []string
	for i := len(parts); i > 0; i-- {
		all = append(all, strings.Join(parts[:i], "."))
	}
	return all
}

// common are requests that have something to look at; the others are all of the vocabulary.
var common = []string{
	"network.bind.port", "network.bind.port", "network.bind.privport", "network.bind.anyaddr", "network.socket.open", "network.interface.setpriv",
	"process.signal", "process.signal", "process.rlimit.set", "process.nice", "process.fork", "process.ptrace", "process.setid",
	"system.mount.update", "system.mount.new", "system.module", "system.sysvipc.bypass", "system.time.system", "system.reboot",
	"device.rawio_spec.read", "device.rawio_passthru.read",
}

// request picks one.
func (g *Generator) request() string {
	if g.chance(80) {
		return pick(g, common...)
	}
	for {
		id := kauth.RequestID(g.IntN(kauth.NumRequests))
		if v := kauth.Newest(); v.Asks(id) && !v.Flags(id).Has(kauth.Bare) {
			return id.String()
		}
	}
}

// within picks a request that an entry of the name stands for.
func (g *Generator) within(name string) string {
	ids := asked(name)
	for range 20 {
		if id := pick(g, ids...); !kauth.Newest().Flags(id).Has(kauth.NeverRaised) {
			return id.String()
		}
	}
	return ids[0].String()
}

// carried are the fields of a request.
func carried(request string) ([]kauth.Field, kauth.RequestID) {
	id, ok := kauth.Find(request)
	if !ok {
		panic("there is no request " + request)
	}
	return slices.DeleteFunc(id.Info().Fields.Fields(), func(f kauth.Field) bool { return f == kauth.FieldMembers || f == kauth.FieldGroups }), id
}
