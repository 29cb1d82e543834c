package netbsd

import (
	"bufio"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"cellsh/kernel/abi"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

// TestRecorded makes the system calls of the recordings on the fake and compares the answers. The recordings are
// of real kernels, so the fake may stand for them in all other tests.
func TestRecorded(t *testing.T) {
	for file, r := range map[string]secmodel.Revision{"april": secmodel.April, "current": secmodel.Current} {
		t.Run(file, func(t *testing.T) {
			lines := recording(t, "../testdata/vectors/sysctl-"+file+".txt")
			f := newFake(t, r)
			f.dirs = append(f.dirs, "/cells/"+strings.Repeat("x", 248))
			p := &player{t: t, f: f, lines: lines}
			p.play("create: bad and odd input (host root)", p.createOdd)
			// Between the two sections the recorder removed what it had made.
			f.cells = nil
			p.play("create: against an existing cell 'other' with ports 8080,443", p.createAgainst)
			// The recorder had two cells left here.
			f.cells = f.cells[:2]
			p.play("list", p.list)
			p.play("destroy", p.destroy)
			p.play("id: reads and writes", p.id)
			p.play("destroy while a member lives", p.destroyMember)
			if p.compared != 78 {
				t.Errorf("%d answers were compared, the recordings have 78 that can be", p.compared)
			}
		})
	}
}

type line struct{ section, label, result, detail string }

var lineForm = regexp.MustCompile(`^  (\S.*?)\s+(ok|E[A-Z]+)\b,? *(.*)$`)

func recording(t *testing.T, path string) []line {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var lines []line
	section := ""
	for s := bufio.NewScanner(file); s.Scan(); {
		if title, ok := strings.CutPrefix(s.Text(), "== "); ok {
			section = title
		} else if m := lineForm.FindStringSubmatch(s.Text()); m != nil {
			lines = append(lines, line{section, m[1], m[2], m[3]})
		}
	}
	if len(lines) == 0 {
		t.Fatal("the recording is empty")
	}
	return lines
}

type player struct {
	t        *testing.T
	f        *fake
	lines    []line
	compared int
	// gone is the cell that was destroyed.
	gone uint32
}

// play gives each line of the section to do, which returns the errno, or false for a line that it has no
// business with.
func (p *player) play(section string, do func(line) (error, bool)) {
	for _, l := range p.lines {
		if l.section != section {
			continue
		}
		before := len(p.f.cells)
		err, ok := do(l)
		if !ok {
			continue
		}
		got := "ok"
		if err != nil {
			got = err.(kauth.Errno).Name()
		}
		if got != l.result {
			p.t.Errorf("%s: %s: %s, the kernel gave %s %s", section, l.label, got, l.result, l.detail)
		}
		if strings.HasPrefix(section, "create") {
			// "ok" and "(cell 29 now exists)" mean that there is one more.
			more := l.result == "ok" || strings.Contains(l.detail, "now exists")
			if (len(p.f.cells) > before) != more {
				p.t.Errorf("%s: %s: %d cells before, %d after, the kernel gave %s %s", section, l.label, before, len(p.f.cells), l.result, l.detail)
			}
		}
		p.compared++
	}
}

// raw is the structure with bytes that no encoder would write.
type raw struct {
	p    *player
	text []byte
}

func (p *player) good(name string) raw {
	text, err := p.f.layout.EncodeCreate(abi.Create{Name: name, Root: "/cells/web"})
	if err != nil {
		p.t.Fatal(err)
	}
	return raw{p, text}
}

func (r raw) at(member string) []byte {
	for _, m := range r.p.f.layout.Create.Members {
		if m.Name == member {
			return r.text[m.Offset : m.Offset+m.Size]
		}
	}
	r.p.t.Fatalf("no member %s", member)
	return nil
}

func (r raw) u32(member string, v uint32) raw {
	r.p.f.order().PutUint32(r.at(member), v)
	return r
}

func (r raw) u64(member string, v uint64) raw {
	r.p.f.order().PutUint64(r.at(member), v)
	return r
}

func (r raw) ports(n uint16, ports ...uint16) raw {
	r.p.f.order().PutUint16(r.at("nports"), n)
	for i, port := range ports {
		r.p.f.order().PutUint16(r.at("ports")[2*i:], port)
	}
	return r
}

func (r raw) str(member, s string) raw {
	b := r.at(member)
	clear(b)
	copy(b, s)
	return r
}

func (p *player) send(r raw, old []byte) (error, bool) {
	_, err := p.f.Sysctl(p.f.nodes()[abi.CellCreate], old, r.text)
	return err, true
}

func (p *player) createOdd(l line) (error, bool) {
	// Every cell has a name of its own, so that only what the line is about can go wrong.
	g := p.good("odd-" + strings.Map(func(r rune) rune {
		if nameRune(r) {
			return r
		}
		return '_'
	}, l.label)[:min(len(l.label), 40)])
	many := make([]uint16, 32)
	for i := range many {
		many[i] = uint16(20000 + i)
	}
	changes := map[string]func() raw{
		"plain good":                   func() raw { return g },
		"cc_id=77 in input (ignored?)": func() raw { return g.u32("id", 77) },
		"unknown flag 0x20":            func() raw { return g.u32("flags", 0x20) },
		"all flags 0x1f, all fields good": func() raw {
			return g.u32("flags", 0x1f).ports(1, 9000).u64("rlimit_nofile", 1).u64("rlimit_as", 1).u64("rlimit_core", 1)
		},
		"profile 3 with flag":               func() raw { return g.u32("flags", 1).u32("profile", 3) },
		"profile 3 without flag":            func() raw { return g.u32("profile", 3) },
		"PORTS flag, nports 0":              func() raw { return g.u32("flags", 2) },
		"nports 1 without PORTS flag":       func() raw { return g.ports(1, 9001) },
		"ports[] filled, nports 0, no flag": func() raw { return g.ports(0, 9002, 9003) },
		"port 0":                            func() raw { return g.u32("flags", 2).ports(1, 0) },
		"duplicate ports":                   func() raw { return g.u32("flags", 2).ports(2, 9004, 9004) },
		"32 ports":                          func() raw { return g.u32("flags", 2).ports(32, many...) },
		"33 ports":                          func() raw { return g.u32("flags", 2).ports(33, many...) },
		"rlimit_nofile 10 without flag":     func() raw { return g.u64("rlimit_nofile", 10) },
		"rlimit_as 10 without flag":         func() raw { return g.u64("rlimit_as", 10) },
		"rlimit_core 10 without flag":       func() raw { return g.u64("rlimit_core", 10) },
		"rlimit_nofile flag, value 0":       func() raw { return g.u32("flags", 4) },
		"rlimit_as flag, infinity":          func() raw { return g.u32("flags", 8).u64("rlimit_as", abi.Infinity) },
		"empty name":                        func() raw { return g.str("name", "") },
		"empty root":                        func() raw { return g.str("root", "") },
		`name with \n`:                      func() raw { return g.str("name", "a\nb") },
		`name with \t`:                      func() raw { return g.str("name", "a\tb") },
		"name with space":                   func() raw { return g.str("name", "a b") },
		"name with /":                       func() raw { return g.str("name", "a/b") },
		"name with :":                       func() raw { return g.str("name", "a:b") },
		"name with @":                       func() raw { return g.str("name", "a@b") },
		"name with UTF-8":                   func() raw { return g.str("name", "zelle-\u00e4") },
		"name of digits 123":                func() raw { return g.str("name", "123") },
		"name -x":                           func() raw { return g.str("name", "-x") },
		"name .":                            func() raw { return g.str("name", ".") },
		"name 63 bytes":                     func() raw { return g.str("name", strings.Repeat("n", 63)) },
		"name 64 bytes, no NUL (over 63)":   func() raw { return g.str("name", strings.Repeat("m", 64)) },
		"relative root":                     func() raw { return g.str("root", "cells/web") },
		"root .":                            func() raw { return g.str("root", ".") },
		"missing root directory":            func() raw { return g.str("root", "/cells/missing") },
		"root is a file":                    func() raw { return g.str("root", "/etc/passwd") },
		"root / (the host's)":               func() raw { return g.str("root", "/") },
		`root with \n`:                      func() raw { return g.str("root", "/cells/a\nb") },
		"root with trailing /":              func() raw { return g.str("root", "/cells/web/") },
		"root with ..":                      func() raw { return g.str("root", "/cells/../cells/web") },
		"root 256 bytes, no NUL":            func() raw { return g.str("root", "/"+strings.Repeat("y", 255)) },
		"root 255 bytes":                    func() raw { return g.str("root", "/cells/"+strings.Repeat("x", 248)) },
		"newlen 423":                        func() raw { return raw{p, g.text[:423]} },
		"newlen 425":                        func() raw { return raw{p, append(g.text, 0)} },
		"newlen 0 with newp":                func() raw { return raw{p, []byte{}} },
		"newp NULL (a read)":                func() raw { return raw{p, nil} },
	}
	replies := map[string][]byte{
		"oldp NULL, oldlen 0": nil,
		"oldlen 423":          make([]byte, 423),
		"oldlen 0, oldp set":  {},
		"oldlen 1024":         make([]byte, 1024),
	}
	switch {
	case changes[l.label] != nil:
		return p.send(changes[l.label](), make([]byte, 424))
	case replies[l.label] != nil || l.label == "oldp NULL, oldlen 0":
		return p.send(g, replies[l.label])
	}
	switch l.label {
	case "oldp NULL, oldlen 424", "oldp NULL and oldlenp NULL", "newp bad pointer", "oldp bad pointer":
		// No slice of Go has such a pointer or such a length.
		return nil, false
	}
	p.t.Errorf("the recording has a case that is not played: %q", l.label)
	return nil, false
}

func (p *player) createAgainst(l line) (error, bool) {
	if len(p.f.cells) == 0 {
		if err, _ := p.send(p.good("other").u32("flags", 2).ports(2, 8080, 443), make([]byte, 424)); err != nil {
			p.t.Fatal(err)
		}
	}
	next := p.good("next-" + l.label[:4])
	switch l.label {
	case "duplicate name":
		return p.send(next.str("name", "other"), make([]byte, 424))
	case "name differs by case (Other)":
		return p.send(next.str("name", "Other"), make([]byte, 424))
	case "same root as another cell":
		return p.send(next, make([]byte, 424))
	case "port reserved by other cell":
		return p.send(next.u32("flags", 2).ports(1, 443), make([]byte, 424))
	case "ports 81,8080: second reserved":
		return p.send(next.u32("flags", 2).ports(2, 81, 8080), make([]byte, 424))
	}
	return nil, false
}

func (p *player) list(l line) (error, bool) {
	sizes := map[string]int{"list oldlen 399 (2 cells)": 399, "list oldlen 400 (2 cells)": 400, "list oldlen 800": 800, "list oldlen 4096": 4096}
	node := p.f.nodes()[abi.CellList]
	if size, ok := sizes[l.label]; ok {
		n, err := p.f.Sysctl(node, make([]byte, size), nil)
		if want := l.detail[strings.LastIndex(l.detail, ">")+1:]; want != strconv.Itoa(n) {
			p.t.Errorf("%s: the length is %d, the kernel gave %s", l.label, n, l.detail)
		}
		return err, true
	}
	switch l.label {
	case "list size query (oldp NULL)":
		n, err := p.f.Sysctl(node, nil, nil)
		if n != 800 {
			p.t.Errorf("%s: %d", l.label, n)
		}
		return err, true
	case "list with newp":
		_, err := p.f.Sysctl(node, make([]byte, 4096), []byte{0})
		return err, true
	}
	return nil, false
}

func (p *player) destroy(l line) (error, bool) {
	le := func(id uint32) []byte { return abi.EncodeInt(p.f.order(), id) }
	values := map[string][]byte{
		"id 0": le(0), "unknown id 9999": le(9999), "id 2^32-1": le(noCell), "newlen 2": le(1)[:2], "newlen 3": le(1)[:3],
		"newlen 8, unknown id 9999": append(le(9999), 0, 0, 0, 0), "newp NULL": nil,
		"idcheck cell": le(p.f.cells[0].ID), "the same again": le(p.gone),
	}
	value, ok := values[l.label]
	if !ok {
		p.t.Errorf("the recording has a case that is not played: %q", l.label)
		return nil, false
	}
	if l.label == "idcheck cell" {
		p.gone = p.f.cells[0].ID
	}
	_, err := p.f.Sysctl(p.f.nodes()[abi.CellDestroy], nil, value)
	return err, true
}

func (p *player) destroyMember(l line) (error, bool) {
	members, ok := map[string]int{
		"destroy with a live member:": 1, "destroy with an unreaped zombie member:": 1, "destroy right after the reap:": 0,
	}[l.label]
	if !ok {
		return nil, false
	}
	p.f.cells[0].members = members
	_, err := p.f.Sysctl(p.f.nodes()[abi.CellDestroy], nil, abi.EncodeInt(p.f.order(), p.f.cells[0].ID))
	return err, true
}

func (p *player) id(l line) (error, bool) {
	le := func(id uint32) []byte { return abi.EncodeInt(p.f.order(), id) }
	values := map[string][]byte{
		"write id 0 as host root (no-op)": le(0), "write newlen 2": le(0)[:2], "write newlen 8": append(le(0), le(0)...),
		"write unknown id 9999": le(9999), "write unknown id 2^32-1": le(noCell),
	}
	value, ok := values[l.label]
	if !ok {
		return nil, false
	}
	_, err := p.f.Sysctl(p.f.nodes()[abi.CellID], nil, value)
	return err, true
}
