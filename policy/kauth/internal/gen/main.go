// Gen writes the tables of package kauth from kauth.json and names.json.
package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"go/format"
	"log"
	"math/bits"
	"os"
	"slices"
	"strings"

	"cellsh/policy/kauth"
)

// What is read of kauth.json. Everything else in it is for people.
type (
	file struct {
		Version string `json:"netbsd_version"`
		Scopes  []struct {
			Name    string   `json:"name"`
			Actions []action `json:"actions"`
		} `json:"scopes"`
	}
	action struct {
		request
		Reqs []request `json:"reqs"`
		Mask bool      `json:"req_is_mask"`
	}
	request struct {
		Name    string   `json:"name"`
		Value   int      `json:"value"`
		Raised  bool     `json:"raised"`
		Probe   bool     `json:"probe"`
		Deny    string   `json:"deny_errno"`
		OnlyIn  []string `json:"only_in"`
		Args    []arg    `json:"args"`
		Context *context `json:"context"`
		Stock   struct {
			Net struct{ Root, User string } `json:"net"`
		} `json:"stock"`
	}
	arg struct {
		Name    string   `json:"name"`
		Meaning string   `json:"meaning"`
		Type    string   `json:"type"`
		Test    []string `json:"test"`
	}
	context struct {
		Locks []string `json:"locks"`
		Spin  bool     `json:"spin"`
	}
)

// What names.json has: names that macros of the kernel's headers give to values.
type names struct {
	Version string `json:"netbsd_version"`
	// Bits are names of bits of fields with flags, Values of values of others.
	Bits   []namesOf `json:"bits"`
	Values []namesOf `json:"values"`
}

type (
	namesOf struct {
		Field string      `json:"field"`
		Names []nameValue `json:"names"`
	}
	nameValue struct {
		Name  string `json:"name"`
		Value int64  `json:"value"`
	}
)

// entry is one request to be written.
type entry struct {
	name                string
	scope               kauth.Scope
	action, req         int
	flags               []string
	fields              kauth.FieldSet
	bits                int
	deny                string
	denyText, onlyIn    string
	stockRoot, stockUsr string
	scopeAt, actionAt   int
	self                int
}

type pattern struct {
	name   string
	level  string
	lo, hi int
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	in := flag.String("in", "kauth.json", "facts")
	named := flag.String("names", "names.json", "names of values")
	out := flag.String("out", "tables.go", "Go file to write")
	flag.Parse()
	var f file
	var n names
	read(*in, &f)
	read(*named, &n)
	if n.Version != f.Version {
		log.Fatalf("%s is of NetBSD %s, and %s of %s", *in, f.Version, *named, n.Version)
	}
	src, err := format.Source(append(generate(&f), generateNames(&n)...))
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*out, src, 0o644); err != nil {
		log.Fatal(err)
	}
}

func read(name string, into any) {
	text, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		log.Fatalf("%s: %s", name, err)
	}
}

func generateNames(n *names) []byte {
	var b bytes.Buffer
	seen := map[string]bool{}
	b.WriteString("\n// The names of bits, by field; of several names of one bit the first is the one that is shown.\nvar bitNames = [...]bitName{\n")
	for _, list := range n.Bits {
		field, ok := kauth.FindField(list.Field)
		if !ok {
			log.Fatalf("names.json: there is no field %s", list.Field)
		}
		for _, x := range list.Names {
			if bits.OnesCount64(uint64(x.Value)) != 1 || x.Value > field.Info().Max {
				log.Fatalf("names.json: %s must be one bit of %s, but is %#x", x.Name, list.Field, x.Value)
			}
			if seen[x.Name] {
				log.Fatalf("names.json: %s must be there once", x.Name)
			}
			seen[x.Name] = true
			fmt.Fprintf(&b, "{%q, %d, %#x},\n", x.Name, field, x.Value)
		}
	}
	b.WriteString("}\n")
	for _, list := range n.Values {
		if list.Field != "cmd" {
			log.Fatalf("names.json: %s can't have names of values here", list.Field)
		}
		slices.SortFunc(list.Names, func(x, y nameValue) int { return cmp.Compare(x.Value, y.Value) })
		b.WriteString("\n// The names of ioctl commands, by value.\nvar commandNames = []alias{\n")
		for i, x := range list.Names {
			if seen[x.Name] || i > 0 && list.Names[i-1].Value == x.Value {
				log.Fatalf("names.json: %s and its value must be there once", x.Name)
			}
			seen[x.Name] = true
			fmt.Fprintf(&b, "{%q, %#x},\n", x.Name, x.Value)
		}
		b.WriteString("}\n")
	}
	return b.Bytes()
}

func generate(f *file) []byte {
	var requests []entry
	var patterns []pattern
	for s := kauth.System; s <= kauth.Device; s++ {
		i := slices.IndexFunc(f.Scopes, func(x struct {
			Name    string   `json:"name"`
			Actions []action `json:"actions"`
		}) bool {
			return x.Name == s.String()
		})
		if i < 0 {
			log.Fatalf("no scope %s", s)
		}
		at := len(patterns)
		patterns = append(patterns, pattern{name: s.String(), level: "LevelScope", lo: len(requests)})
		actions := f.Scopes[i].Actions
		slices.SortFunc(actions, func(a, b action) int { return a.Value - b.Value })
		for _, a := range actions {
			requests, patterns = addAction(requests, patterns, s, at, &a)
		}
		patterns[at].hi = len(requests)
	}
	return write(f.Version, requests, patterns)
}

// addAction adds the action's own request, if the kernel asks it without a request code, and its requests.
func addAction(requests []entry, patterns []pattern, s kauth.Scope, scopeAt int, a *action) ([]entry, []pattern) {
	name := s.String() + "." + a.Name
	at := len(patterns)
	patterns = append(patterns, pattern{name: name, level: "LevelAction", lo: len(requests)})
	bare := a.Mask || slices.ContainsFunc(a.Args, func(x arg) bool { return strings.HasPrefix(x.Meaning, "req: 0") })
	if len(a.Reqs) == 0 || bare {
		e := newEntry(name, s, a.Value, 0, &a.request, a)
		if len(a.Reqs) > 0 {
			e.flags = append(e.flags, "Bare")
		}
		e.scopeAt, e.actionAt, e.self = scopeAt, at, at
		requests = append(requests, e)
	}
	slices.SortFunc(a.Reqs, func(x, y request) int { return x.Value - y.Value })
	for _, r := range a.Reqs {
		e := newEntry(name+"."+r.Name, s, a.Value, r.Value, &r, a)
		if a.Mask {
			e.bits = r.Value
		}
		e.scopeAt, e.actionAt, e.self = scopeAt, at, len(patterns)
		patterns = append(patterns, pattern{name: e.name, level: "LevelReq", lo: len(requests), hi: len(requests) + 1})
		requests = append(requests, e)
	}
	patterns[at].hi = len(requests)
	return requests, patterns
}

func newEntry(name string, s kauth.Scope, actionValue, reqValue int, r *request, a *action) entry {
	if actionValue > 255 || reqValue > 255 {
		log.Fatalf("%s: number over 255", name)
	}
	e := entry{name: name, scope: s, action: actionValue, req: reqValue, onlyIn: strings.Join(r.OnlyIn, ", "),
		stockRoot: r.Stock.Net.Root, stockUsr: r.Stock.Net.User}
	if !r.Raised {
		e.flags = append(e.flags, "NeverRaised")
	}
	if r.Probe {
		e.flags = append(e.flags, "Probe")
	}
	ctx := a.Context
	if r.Context != nil {
		ctx = r.Context
	}
	if ctx == nil {
		ctx = &context{}
	}
	if ctx.Spin {
		e.flags = append(e.flags, "Spin")
	}
	e.fields = fieldsOf(name, s, r, ctx)
	e.denyText = r.Deny
	if e.denyText == "" {
		e.denyText = a.Deny
	}
	e.deny = "0"
	for word := range strings.FieldsFuncSeq(e.denyText, func(c rune) bool { return c < 'A' || c > 'Z' }) {
		if _, ok := kauth.FindErrno(word); ok && len(word) > 2 {
			e.deny = word
			break
		}
	}
	return e
}

// fieldsOf says what a listener may read of the request's arguments without a lock that the caller does not
// hold, under the names that policies use.
func fieldsOf(name string, s kauth.Scope, r *request, ctx *context) kauth.FieldSet {
	set := kauth.Credential
	add := func(fields ...kauth.Field) {
		for _, f := range fields {
			set = set.With(f)
		}
	}
	// A spin lock forbids to look at any credential, so nothing can be asked there at all.
	if ctx.Spin || !r.Raised {
		return set
	}
	for _, a := range r.Args {
		switch a.Type {
		case "struct proc *":
			add(kauth.FieldTargetPID, kauth.FieldTargetIsSelf, kauth.FieldTargetIsInit, kauth.FieldTargetSameCell)
			self := strings.Contains(a.Meaning, "current")
			if self || slices.Contains(ctx.Locks, "p_lock") && name != "process.ptrace" {
				// clock_gettime asks process.ptrace without any lock.
				add(kauth.FieldTargetUID, kauth.FieldTargetEUID, kauth.FieldTargetCell)
			}
		case "struct socket *":
			add(kauth.FieldFamily, kauth.FieldType, kauth.FieldProtocol)
		case "struct sockaddr *":
			add(kauth.FieldPort, kauth.FieldAddr)
		case "struct rlimit *":
			if len(a.Test) > 0 {
				add(kauth.FieldCur, kauth.FieldMax)
			}
		case "struct ifnet *", "struct ifdrv *":
			add(kauth.FieldIfname)
			if a.Type == "struct ifdrv *" {
				add(kauth.FieldCmd)
			}
		case "struct mount *":
			add(kauth.FieldFstype)
		case "struct timespec *":
			add(kauth.FieldSec)
		}
		switch a.Name {
		case "domain":
			add(kauth.FieldDomain)
		case "type":
			add(kauth.FieldType)
		case "protocol":
			add(kauth.FieldProtocol)
		case "signo":
			add(kauth.FieldSignal)
		case "nprocs":
			// The members of the cell are counted by the evaluation model itself.
			add(kauth.FieldNprocs, kauth.FieldMembers)
		case "resource":
			add(kauth.FieldResource)
		case "nice":
			add(kauth.FieldNice)
		case "cmd":
			if s == kauth.Network || name == "system.module" {
				add(kauth.FieldCmd)
			}
		case "autoload":
			add(kauth.FieldAutoload)
		case "bits":
			add(kauth.FieldBits)
		case "request":
			if name == "process.ptrace" {
				add(kauth.FieldOp)
			}
		case "flags":
			if strings.HasPrefix(name, "system.mount.") {
				add(kauth.FieldFlags)
			}
		case "access":
			add(kauth.FieldMode)
		case "device":
			if strings.HasPrefix(name, "device.rawio_spec.") {
				add(kauth.FieldKind, kauth.FieldMajor, kauth.FieldMinor)
			}
		}
	}
	return set
}

// The hash functions of package kauth.
func hashName(name string) uint32 {
	h := uint32(2166136261)
	for i := range len(name) {
		h = (h ^ uint32(name[i])) * 16777619
	}
	return h
}

func hashNumber(key uint32) uint32 { return key * 2654435761 >> 16 }

// table builds an open addressed hash table of at most half load; slots hold index+1.
func table(n int, hash func(i int) uint32) []int {
	size := 1
	for size < 2*n {
		size *= 2
	}
	slots := make([]int, size)
	for i := range n {
		h := hash(i) % uint32(size)
		for slots[h] != 0 {
			h = (h + 1) % uint32(size)
		}
		slots[h] = i + 1
	}
	return slots
}

func write(version string, requests []entry, patterns []pattern) []byte {
	var b bytes.Buffer
	p := func(form string, args ...any) { fmt.Fprintf(&b, form, args...) }
	p("// Code generated from kauth.json and names.json by internal/gen. DO NOT EDIT.\n\npackage kauth\n\n")
	p("// The patterns, every scope before its actions and every action before its requests.\n")
	p("var patterns = [...]patternInfo{\n")
	for _, x := range patterns {
		p("{%q, %s, %d, %d},\n", x.name, x.level, x.lo, x.hi)
	}
	p("}\n\nvar requests = [...]Info{\n")
	sum := sha256.New()
	for _, e := range requests {
		p("{Name: %q, Scope: %s, Fields: %#x, Bits: %d, Deny: %s, DenyText: %q, OnlyIn: %q, StockRoot: %q, StockUser: %q, scope: %d, action: %d, self: %d},\n",
			e.name, exported(e.scope), uint64(e.fields), e.bits, e.deny, e.denyText, e.onlyIn, e.stockRoot, e.stockUsr, e.scopeAt, e.actionAt, e.self)
		fmt.Fprintf(sum, "%s %d %d %d %x\n", e.name, e.scope, e.action, e.req, uint64(e.fields))
	}
	p("}\n\n// Hash tables: index+1, 0 is empty.\n")
	writeTable(&b, "nameTable", "uint16", table(len(patterns), func(i int) uint32 { return hashName(patterns[i].name) }))
	writeTable(&b, "fieldTable", "uint8", table(kauth.NumFields, func(i int) uint32 { return hashName(kauth.Field(i).String()) }))
	id := binary.BigEndian.Uint64(sum.Sum(nil))
	p("// NetBSD%s is the numbering of NetBSD %s.\n", strings.ReplaceAll(version, ".", ""), version)
	p("var NetBSD%s = Vocabulary{\nVersion: %q,\nID: %#x,\nnumbers: []Number{\n", strings.ReplaceAll(version, ".", ""), version, id)
	for _, e := range requests {
		p("{%s, %d, %d},\n", exported(e.scope), e.action, e.req)
	}
	p("},\nflags: []Flags{\n")
	for _, e := range requests {
		p("%s,\n", cmp.Or(strings.Join(e.flags, "|"), "0"))
	}
	p("},\ntable: []uint16{")
	for i, v := range table(len(requests), func(i int) uint32 {
		return hashNumber(kauth.Number{Scope: requests[i].scope, Action: uint8(requests[i].action), Req: uint8(requests[i].req)}.Key())
	}) {
		if i%24 == 0 {
			p("\n")
		}
		p("%d, ", v)
	}
	p("\n},\n}\n")
	return b.Bytes()
}

func writeTable(b *bytes.Buffer, name, typ string, slots []int) {
	fmt.Fprintf(b, "var %s = [%d]%s{", name, len(slots), typ)
	for i, v := range slots {
		if i%24 == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "%d, ", v)
	}
	b.WriteString("\n}\n\n")
}

func exported(s kauth.Scope) string {
	name := s.String()
	return strings.ToUpper(name[:1]) + name[1:]
}
