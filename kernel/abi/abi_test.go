package abi

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cellsh/policy/secmodel"
)

var update = flag.Bool("update", false, "write the golden files anew")

var machines = []Machine{AMD64, AArch64, I386, EARMv7, EARMv7EB, SPARC64}

func layouts(t testing.TB) []Layout {
	t.Helper()
	var all []Layout
	for r := secmodel.JailEarly; r <= secmodel.Current; r++ {
		for _, m := range machines {
			l, err := NewLayout(r, m)
			if r.Properties().Supported != (err == nil) {
				t.Fatalf("layout of %s on %s: %v", r, m.Name, err)
			}
			if err == nil {
				all = append(all, l)
			}
		}
	}
	return all
}

func TestOffsets(t *testing.T) {
	var b strings.Builder
	for _, l := range layouts(t) {
		show(&b, l, "cell_create", l.Create)
		show(&b, l, "cell_info", l.Info)
	}
	const golden = "testdata/offsets.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the offsets changed; run go test -update if that is meant\n%s", b.String())
	}
}

func show(b *strings.Builder, l Layout, name string, s Structure) {
	fmt.Fprintf(b, "%s %s struct %s %d bytes\n", l.Revision, l.Machine.Name, name, s.Size)
	for _, m := range s.Members {
		fmt.Fprintf(b, "  %4d %4d %s\n", m.Offset, m.Size, m.Name)
	}
}

// TestMeasured holds the layout of amd64 against what was measured on a running kernel (struct cell_create and
// cell_info of the revisions of April and of 3b14309).
func TestMeasured(t *testing.T) {
	create := map[string]int{
		"flags": 0, "id": 4, "profile": 8, "nports": 12, "ports": 14, "rlimit_nofile": 80, "rlimit_as": 88,
		"rlimit_core": 96, "name": 104, "root": 168,
	}
	info := map[string]int{
		"id": 0, "create_flags": 4, "refcount": 8, "name": 16, "root": 80, "created_ns": 336, "proc_current": 344,
		"memory_current": 352, "cpu_ticks_1s": 360, "cpu_ticks_10s": 368, "rlimit_nofile": 376, "rlimit_as": 384,
		"rlimit_core": 392,
	}
	for _, r := range []secmodel.Revision{secmodel.April, secmodel.Current} {
		l, err := NewLayout(r, AMD64)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			s    Structure
			size int
			want map[string]int
		}{{l.Create, 424, create}, {l.Info, 400, info}} {
			if c.s.Size != c.size || len(c.s.Members) != len(c.want) {
				t.Errorf("%s: %d bytes and %d members, want %d and %d", r, c.s.Size, len(c.s.Members), c.size, len(c.want))
			}
			for _, m := range c.s.Members {
				if want, ok := c.want[m.Name]; !ok || m.Offset != want {
					t.Errorf("%s: %s is at %d, want %d", r, m.Name, m.Offset, want)
				}
			}
		}
	}
}

// TestSizes holds the sizes of the structures on amd64 against those that clients of each revision know.
func TestSizes(t *testing.T) {
	for r, want := range map[secmodel.Revision][2]int{
		secmodel.Early: {400, 368}, secmodel.April: {424, 400}, secmodel.Interim: {424, 400}, secmodel.Current: {424, 400},
	} {
		l, err := NewLayout(r, AMD64)
		if err != nil || l.Create.Size != want[0] || l.Info.Size != want[1] {
			t.Errorf("%s: the structures have %d and %d bytes, want %v (%v)", r, l.Create.Size, l.Info.Size, want, err)
		}
	}
}

// text draws what fits a name or root of at most n bytes.
func text(n int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		b := rapid.SliceOfN(rapid.ByteRange(1, 255), 1, n).Draw(t, "bytes")
		return string(b)
	})
}

func TestRoundTrip(t *testing.T) {
	all := layouts(t)
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SampledFrom(all).Draw(t, "layout")
		c := Create{
			ID: rapid.Uint32().Draw(t, "id"), Profile: rapid.Uint32().Draw(t, "profile"),
			Flags: Flags(rapid.Uint32Range(0, 3).Draw(t, "flags")),
			Ports: rapid.SliceOfN(rapid.Uint16(), 0, maxPorts).Draw(t, "ports"),
			Name:  text(63).Draw(t, "name"), Root: text(255).Draw(t, "root"),
		}
		i := Info{
			ID: rapid.Uint32Min(1).Draw(t, "id"), References: rapid.Uint64().Draw(t, "references"),
			Name: text(63).Draw(t, "name"), Root: text(255).Draw(t, "root"),
			Processes: rapid.Uint64().Draw(t, "processes"), Memory: rapid.Uint64().Draw(t, "memory"),
			Ticks1s: rapid.Uint64().Draw(t, "ticks"), Ticks10s: rapid.Uint64().Draw(t, "ticks"),
		}
		if l.Revision.Properties().Limits {
			c.Nofile, c.AS, c.Core = rapid.Uint64().Draw(t, "nofile"), rapid.Uint64().Draw(t, "as"), rapid.Uint64().Draw(t, "core")
			c.Flags |= Flags(rapid.Uint32().Draw(t, "flags"))
			i.Nofile, i.AS, i.Core = c.Nofile, c.AS, c.Core
			i.Flags, i.Created = c.Flags, rapid.Uint64().Draw(t, "created")
		}
		b, err := l.EncodeCreate(c)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := l.DecodeCreate(b); err != nil || !sameCreate(got, c) {
			t.Fatalf("got %+v, %v; want %+v", got, err, c)
		}
		if b, err = l.EncodeInfo(i); err != nil {
			t.Fatal(err)
		}
		if got, err := l.DecodeList(b); err != nil || !slices.Equal(got, []Info{i}) {
			t.Fatalf("got %+v, %v; want %+v", got, err, i)
		}
	})
}

func sameCreate(a, b Create) bool {
	ports := slices.Equal(a.Ports, b.Ports)
	a.Ports, b.Ports = nil, nil
	return ports && fmt.Sprint(a) == fmt.Sprint(b)
}

// TestBytes shows single bytes, so that a mistake in the order of bytes can't hide behind a round trip.
func TestBytes(t *testing.T) {
	c := Create{Flags: FlagPorts | FlagNofile, ID: 0x01020304, Ports: []uint16{0x0506, 80}, Nofile: 0x0708, Name: "web", Root: "/w"}
	for _, v := range []struct {
		machine Machine
		at      int
		want    []byte
	}{
		{AMD64, 0, []byte{6, 0, 0, 0, 4, 3, 2, 1}},
		{AMD64, 12, []byte{2, 0, 6, 5, 80, 0}},
		{I386, 80, []byte{8, 7, 0, 0, 0, 0, 0, 0}},
		{SPARC64, 0, []byte{0, 0, 0, 6, 1, 2, 3, 4}},
		{SPARC64, 12, []byte{0, 2, 5, 6, 0, 80}},
		{EARMv7EB, 80, []byte{0, 0, 0, 0, 0, 0, 7, 8}},
		{AMD64, 104, []byte("web\x00")},
		{AMD64, 168, []byte("/w\x00")},
	} {
		l, err := NewLayout(secmodel.April, v.machine)
		if err != nil {
			t.Fatal(err)
		}
		b, err := l.EncodeCreate(c)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(b[v.at:], v.want) {
			t.Errorf("%s at %d: % x, want % x", v.machine.Name, v.at, b[v.at:v.at+len(v.want)], v.want)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, v := range []struct {
		revision secmodel.Revision
		create   Create
		want     string
	}{
		{secmodel.April, Create{Name: strings.Repeat("x", 64), Root: "/"}, "must be at most 63 bytes"},
		{secmodel.April, Create{Name: "web", Root: "/" + strings.Repeat("x", 255)}, "must be at most 255 bytes"},
		{secmodel.April, Create{Name: "we\x00b", Root: "/"}, "without a zero byte"},
		{secmodel.April, Create{Name: "web", Root: "/", Ports: make([]uint16, 33)}, "at most 32 ports, but has 33"},
		{secmodel.Early, Create{Name: "web", Root: "/", Nofile: 1}, "must not have resource limits"},
		{secmodel.Early, Create{Name: "web", Root: "/", Flags: FlagAS}, "must not have resource limits"},
	} {
		l, err := NewLayout(v.revision, AMD64)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.EncodeCreate(v.create); err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%+v: %v, want %q", v.create, err, v.want)
		}
	}
	l, _ := NewLayout(secmodel.Early, AMD64)
	if _, err := l.EncodeInfo(Info{ID: 1, Name: "web", Created: 1}); err == nil {
		t.Error("early has no time of creation, but it was encoded")
	}
}

func TestDecodeRefuses(t *testing.T) {
	l, err := NewLayout(secmodel.April, AMD64)
	if err != nil {
		t.Fatal(err)
	}
	one, err := l.EncodeInfo(Info{ID: 1, Name: "web", Root: "/w"})
	if err != nil {
		t.Fatal(err)
	}
	nameless, err := l.EncodeInfo(Info{ID: 1, Root: "/w"})
	if err != nil {
		t.Fatal(err)
	}
	noID := slices.Clone(one)
	noID[0] = 0
	endless := slices.Clone(one)
	copy(endless[16:80], bytes.Repeat([]byte("x"), 64))
	for _, v := range []struct {
		text []byte
		want string
	}{
		{one[:399], "multiple of 400 bytes, but is 399"},
		{append(slices.Clone(one), 0), "multiple of 400 bytes, but is 401"},
		{append(slices.Clone(one), one...), "1 occurs twice"},
		{nameless, "must have a name"},
		{noID, "must not be 0"},
		{endless, "must end with a zero byte"},
	} {
		if _, err := l.DecodeList(v.text); err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%d bytes: %v, want %q", len(v.text), err, v.want)
		}
	}
	create := make([]byte, 424)
	create[12] = 33
	if _, err := l.DecodeCreate(create); err == nil || !strings.Contains(err.Error(), "at most 32 ports, but has 33") {
		t.Errorf("33 ports: %v", err)
	}
	if _, err := l.DecodeCreate(create[:423]); err == nil || !strings.Contains(err.Error(), "must be 424 bytes, but is 423") {
		t.Errorf("423 bytes: %v", err)
	}
}

func TestNodes(t *testing.T) {
	for _, m := range machines {
		want := []Node{{1208, "cell"}, {-1, strings.Repeat("n", 31)}}
		var text []byte
		for _, n := range want {
			text = append(text, encodeNode(m.Order, n)...)
		}
		if got, err := DecodeNodes(m.Order, text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v", m.Name, got, err)
		}
	}
	if v, err := DecodeInt(SPARC64.Order, EncodeInt(SPARC64.Order, 7)); v != 7 || err != nil {
		t.Errorf("an int: %d, %v", v, err)
	}
	if _, err := DecodeInt(AMD64.Order, make([]byte, 3)); err == nil {
		t.Error("an int of 3 bytes was taken")
	}
	order := AMD64.Order
	good := encodeNode(order, Node{1, "cell"})
	if good[3] != 1 {
		t.Errorf("the version must be in the highest byte of the flags: % x", good[:4])
	}
	endless := slices.Clone(good)
	copy(endless[8:40], bytes.Repeat([]byte("x"), 32))
	for want, text := range map[string][]byte{
		"multiple of 96 bytes, but is 95": good[:95],
		"must be of version":              make([]byte, 96),
		"must be 1 to 31 bytes":           encodeNode(order, Node{1, ""}),
		"and a zero":                      endless,
	} {
		if _, err := DecodeNodes(order, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestSystem(t *testing.T) {
	want := time.Unix(1_780_000_000, 999_999_999)
	for _, m := range machines {
		size := 16
		if m == I386 {
			size = 12
		}
		text := bytes.Repeat([]byte{0xee}, size)
		m.Order.PutUint64(text, uint64(want.Unix()))
		if m.Long == 8 {
			m.Order.PutUint64(text[8:], uint64(want.Nanosecond()))
		} else {
			m.Order.PutUint32(text[8:], uint32(want.Nanosecond()))
		}
		if got, err := m.DecodeTimespec(text); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v; want %v", m.Name, got, err, want)
		}
		if _, err := m.DecodeTimespec(text[:size-1]); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("must be %d bytes", size)) {
			t.Errorf("%s: a short timespec: %v", m.Name, err)
		}
		m.Order.PutUint32(text[8+m.Long-4:], 1_000_000_000)
		if _, err := m.DecodeTimespec(text); err == nil {
			t.Errorf("%s: a second of nanoseconds was taken", m.Name)
		}
		clock := make([]byte, 20)
		m.Order.PutUint32(clock, 1000)
		m.Order.PutUint32(clock[12:], 128)
		if hz, err := m.DecodeStatHZ(clock); err != nil || hz != 128 {
			t.Errorf("%s: %d, %v; want 128", m.Name, hz, err)
		}
		if _, err := m.DecodeStatHZ(clock[:16]); err == nil {
			t.Errorf("%s: a short clockinfo was taken", m.Name)
		}
		m.Order.PutUint32(clock[12:], 0)
		if _, err := m.DecodeStatHZ(clock); err == nil {
			t.Errorf("%s: a clock of 0 Hz was taken", m.Name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	l, err := NewLayout(secmodel.April, AMD64)
	if err != nil {
		f.Fatal(err)
	}
	one, err := l.EncodeInfo(Info{ID: 1, Name: "web", Root: "/w"})
	if err != nil {
		f.Fatal(err)
	}
	create, err := l.EncodeCreate(Create{Name: "web", Root: "/w", Flags: FlagPorts, Ports: []uint16{80}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(one)
	f.Add(create)
	f.Add(encodeNode(AMD64.Order, Node{1, "cell"}))
	all := layouts(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, l := range all {
			if infos, err := l.DecodeList(text); err == nil && len(infos)*l.Info.Size != len(text) {
				t.Errorf("%d bytes gave %d cells", len(text), len(infos))
			}
			if c, err := l.DecodeCreate(text); err == nil && len(c.Ports) > maxPorts {
				t.Errorf("%d ports", len(c.Ports))
			}
			if nodes, err := DecodeNodes(l.Machine.Order, text); err == nil && len(nodes)*NodeSize != len(text) {
				t.Errorf("%d bytes gave %d nodes", len(text), len(nodes))
			}
		}
	})
}

func BenchmarkDecodeList300(b *testing.B) {
	l, err := NewLayout(secmodel.Current, AMD64)
	if err != nil {
		b.Fatal(err)
	}
	var text []byte
	for i := range 300 {
		one, err := l.EncodeInfo(Info{ID: uint32(i + 1), Name: "web", Root: "/cells/web"})
		if err != nil {
			b.Fatal(err)
		}
		text = append(text, one...)
	}
	for b.Loop() {
		if _, err := l.DecodeList(text); err != nil {
			b.Fatal(err)
		}
	}
}

// encodeNode writes a node as a kernel gives it to a query.
func encodeNode(order binary.ByteOrder, n Node) []byte {
	text := EncodeQuery(order)
	order.PutUint32(text[nodeNumberAt:], uint32(n.Number))
	copy(text[nodeNameAt:nodeNameAt+nodeNameSize-1], n.Name)
	return text
}
