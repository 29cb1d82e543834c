package kauth

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestFindEveryName(t *testing.T) {
	for _, p := range AllPatterns() {
		got, ok := FindPattern(p.String())
		if !ok || got != p {
			t.Errorf("FindPattern(%q) = %v, %v", p, got, ok)
		}
		lo, hi := p.Range()
		if lo >= hi {
			t.Errorf("%s matches nothing", p)
		}
		for id := range RequestID(NumRequests) {
			name := id.String()
			want := name == p.String() || strings.HasPrefix(name, p.String()+".")
			if p.Matches(id) != want {
				t.Errorf("%s matches %s: %v", p, name, !want)
			}
		}
	}
	for _, bad := range []string{"", "networks", "network.", "network.bind.port.x", "vnode", "Network"} {
		if p, ok := FindPattern(bad); ok {
			t.Errorf("FindPattern(%q) = %v", bad, p)
		}
	}
}

func TestFindRequest(t *testing.T) {
	for id := range RequestID(NumRequests) {
		if got, ok := Find(id.String()); !ok || got != id {
			t.Errorf("Find(%q) = %v, %v", id, got, ok)
		}
	}
	for _, action := range []string{"network.bind", "process.cansee", "network", "system.chroot"} {
		if id, ok := Find(action); ok {
			t.Errorf("Find(%q) = %v, but it is no request", action, id)
		}
	}
}

func TestNumbers(t *testing.T) {
	v := &NetBSD109912
	for id := range RequestID(NumRequests) {
		n, ok := v.Number(id)
		if !ok {
			t.Fatalf("%s has no number", id)
		}
		if got, ok := v.Request(n); !ok || got != id {
			t.Errorf("Request(%v) = %v, want %v", n, got, id)
		}
		if id > 0 {
			before, _ := v.Number(id - 1)
			if before.Key() >= n.Key() {
				t.Errorf("%s does not sort after %s", id, id-1)
			}
		}
	}
	// A combination of pass-through bits is the bare request.
	if id, ok := v.Request(Number{Device, 5, 3}); !ok || id.String() != "device.rawio_passthru" {
		t.Errorf("pass-through bits 3 are %v, %v", id, ok)
	}
	if id, ok := v.Request(Number{Network, 2, 99}); ok {
		t.Errorf("bind request 99 is %v", id)
	}
	if got, ok := FindVocabulary(v.ID); !ok || got != v {
		t.Error("the vocabulary is not found by its id")
	}
}

// The facts that the design names one by one.
func TestFlags(t *testing.T) {
	var spin, bare []string
	for id := range RequestID(NumRequests) {
		if NetBSD109912.Flags(id).Has(Spin) {
			spin = append(spin, id.String())
		}
		if NetBSD109912.Flags(id).Has(Bare) {
			bare = append(bare, id.String())
		}
	}
	if want := []string{"process.cansee.kptr", "process.scheduler_setparam", "device.tty_open"}; !slices.Equal(spin, want) {
		t.Errorf("asked under a spin lock: %v, want %v", spin, want)
	}
	if want := []string{"process.ktrace", "device.rawio_passthru"}; !slices.Equal(bare, want) {
		t.Errorf("asked without a request code too: %v, want %v", bare, want)
	}
}

func TestFlagsAreThoseOfTheFacts(t *testing.T) {
	text, err := os.ReadFile("kauth.json")
	if err != nil {
		t.Fatal(err)
	}
	var facts struct {
		NeverRaised []string `json:"never_raised"`
	}
	if err := json.Unmarshal(text, &facts); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, name := range facts.NeverRaised {
		name = strings.ReplaceAll(name, "/", ".")
		if id, ok := Find(name); ok {
			want[id.String()] = true
		}
	}
	for id := range RequestID(NumRequests) {
		if NetBSD109912.Flags(id).Has(NeverRaised) != want[id.String()] {
			t.Errorf("%s: never raised is %v", id, !want[id.String()])
		}
	}
}

func TestFields(t *testing.T) {
	for f := range Field(NumFields) {
		if got, ok := FindField(f.String()); !ok || got != f {
			t.Errorf("FindField(%q) = %v, %v", f, got, ok)
		}
	}
	target := "target.pid target.is_self target.is_init target.same_cell"
	target += " "
	for name, want := range map[string]string{
		"network.bind.port":     "family type protocol port addr",
		"network.bind.anyaddr":  "family type protocol",
		"network.socket.open":   "type protocol domain",
		"process.signal":        "signal " + target + "target.uid target.euid target.cell",
		"process.fork":          target + "target.uid target.euid target.cell nprocs members",
		"process.rlimit.set":    target + "resource cur max",
		"process.ptrace":        target + "op",
		"process.nice":          target + "target.uid target.euid target.cell nice",
		"process.cansee.kptr":   "",
		"system.mount.new":      "flags",
		"system.mount.update":   "flags fstype",
		"system.sysvipc.bypass": "mode",
		"system.module":         "cmd autoload",
		"system.reboot":         "",
		"device.rawio_spec.rw":  "kind major minor",
		"system.time.system":    "sec",
		"network.route":         "",
	} {
		id, ok := Find(name)
		if !ok {
			t.Fatalf("no request %s", name)
		}
		var got []string
		for _, f := range (id.Info().Fields &^ Credential).Fields() {
			got = append(got, f.String())
		}
		if s := strings.Join(got, " "); s != strings.TrimSpace(want) {
			t.Errorf("%s carries %q, want %q", name, s, want)
		}
	}
}

func TestRangeOfBits(t *testing.T) {
	id, _ := Find("device.rawio_passthru.writeconf")
	if lo, hi := id.Range(FieldBits); lo != 8 || hi != 8 {
		t.Errorf("bits of %s are %d..%d", id, lo, hi)
	}
	id, _ = Find("device.rawio_passthru")
	if lo, hi := id.Range(FieldBits); lo != 0 || hi != 1<<32-1 {
		t.Errorf("bits of %s are %d..%d", id, lo, hi)
	}
}

// Every port is usual in exactly one of the two requests.
func TestUsualPorts(t *testing.T) {
	port, _ := Find("network.bind.port")
	low, _ := Find("network.bind.privport")
	for v := int64(-1); v <= 65536; v++ {
		is := v >= 1 && v <= 1023
		if low.IsUsual(FieldPort, v) != is || port.IsUsual(FieldPort, v) != (!is && v >= 0 && v <= 65535) {
			t.Fatalf("port %d is usual in %v of low ports and in %v of others", v, low.IsUsual(FieldPort, v), port.IsUsual(FieldPort, v))
		}
	}
	for id := range RequestID(NumRequests) {
		for f := range Field(NumFields) {
			if list := id.Usual(f); (list != nil) != (f == FieldPort && (id == port || id == low)) {
				t.Errorf("%s of %s: %v", f, id, list)
			}
		}
	}
}

func TestNames(t *testing.T) {
	for _, n := range []*Names{&Families, &SocketTypes, &Protocols, &Signals, &Resources, &PtraceOps, &DeviceKinds} {
		for _, name := range n.All() {
			v, ok := n.Value(name)
			if got, _ := n.Name(v); !ok || got != name {
				t.Errorf("%s %q has value %d, %v", n.What(), name, v, ok)
			}
		}
	}
	for in, want := range map[string]int64{"SIGKILL": 9, "KILL": 9, "Kill": 9} {
		if v, ok := Signals.Meant(in); !ok || v != want {
			t.Errorf("%s means %d, %v", in, v, ok)
		}
	}
	if v, ok := Families.Meant("AF_UNIX"); !ok || v != 1 {
		t.Errorf("AF_UNIX means %d, %v", v, ok)
	}
	if _, ok := Signals.Value("KILL"); ok {
		t.Error("KILL is no spelling of policies")
	}
}

func TestMatchGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"*", "", true}, {"*", "anything", true}, {"web", "web", true}, {"web", "web-1", false},
		{"web-*", "web-1", true}, {"web-*", "web-", true}, {"web-*", "web", false}, {"*-db", "main-db", true},
		{"*-db", "db", false}, {"a*b*c", "abc", true}, {"a*b*c", "aXbYc", true}, {"a*b*c", "aXbY", false},
		{"a*a", "a", false}, {"**", "x", true}, {"[ab]", "a", false}, {"?", "x", false}, {"a*b", "ab*b", true},
	} {
		if got := MatchGlob(c.pattern, c.s); got != c.want {
			t.Errorf("MatchGlob(%q, %q) = %v", c.pattern, c.s, got)
		}
	}
}

// TestNoWorkAtStart: the tables are data, so the runtime finds nothing to initialise in this package.
func TestNoWorkAtStart(t *testing.T) {
	if os.Getenv("KAUTH_INIT_CHILD") != "" {
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=TestNoWorkAtStart")
	cmd.Env = append(os.Environ(), "KAUTH_INIT_CHILD=1", "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "init testing") && !strings.Contains(string(out), "init os") {
		t.Fatalf("no trace of initialisation in %q", out)
	}
	if strings.Contains(string(out), "init cellsh/policy/kauth") {
		t.Errorf("package kauth does work at program start:\n%s", out)
	}
}

func BenchmarkFind(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Find("network.bind.privport"); !ok {
			b.Fatal("not found")
		}
	}
}

// Names of bits are of one field each, and found both ways.
func TestBits(t *testing.T) {
	for f := range Field(NumFields) {
		names := f.BitNames()
		if f.Info().Flags != (len(names) > 0) {
			t.Errorf("%s has the names %v", f, names)
		}
		for _, name := range names {
			of, bit, ok := FindBit(name)
			if shown, known := f.BitName(bit); !ok || of != f || !known || !slices.Contains(names, shown) {
				t.Errorf("%s is bit %#x of %s, %v; that is %s", name, bit, of, ok, shown)
			}
		}
	}
	for name, want := range map[string]int64{"MNT_RDONLY": 1, "MNT_ACLS": 0x800, "MNT_SOFTDEP": 1 << 31, "IPC_M": 4096, "KAUTH_REQ_DEVICE_RAWIO_PASSTHRU_WRITE": 2} {
		if _, bit, ok := FindBit(name); !ok || bit != want {
			t.Errorf("%s is %#x, %v", name, bit, ok)
		}
	}
	if _, _, ok := FindBit("MNT_WAIT"); ok {
		t.Error("MNT_WAIT is no bit")
	}
	for name, want := range map[string]string{"nosuid": "MNT_NOSUID", "mnt_rdonly": "MNT_RDONLY", "RDONLY": "MNT_RDONLY", "SUID": "", "IPC_R": "", "": ""} {
		if got := FieldFlags.MeantBit(name); got != want {
			t.Errorf("%q means %q", name, got)
		}
	}
	// 0x10000000 has two names.
	if name, _ := FieldFlags.BitName(0x10000000); name != "MNT_AUTOMOUNTED" {
		t.Errorf("0x10000000 is %s", name)
	}
}

func TestMustFind(t *testing.T) {
	if got := MustFind("network.bind.port").String(); got != "network.bind.port" {
		t.Errorf("%s", got)
	}
	if got := MustFindPattern("network.bind").String(); got != "network.bind" {
		t.Errorf("%s", got)
	}
	if got := DeviceKinds.MustValue("block"); got != 3 {
		t.Errorf("%d", got)
	}
	panics := func(name, want string, find func()) {
		defer func() {
			if p := recover(); p != want+name {
				t.Errorf("%q: %v", name, p)
			}
		}()
		find()
	}
	for _, name := range []string{"network.bind.prot", "network.bind", ""} {
		panics(name, "kauth: there is no request ", func() { MustFind(name) })
	}
	for _, name := range []string{"network.bind.prot", "netwrok", ""} {
		panics(name, "kauth: there is no scope, action or request ", func() { MustFindPattern(name) })
	}
	for _, name := range []string{"blok", ""} {
		panics(name, "kauth: there is no name of "+DeviceKinds.What()+" ", func() { DeviceKinds.MustValue(name) })
	}
}

// TestTextsHaveALength: what can be too long is told, and nothing else has a length.
func TestTextsHaveALength(t *testing.T) {
	for f := range Field(NumFields) {
		if info := f.Info(); (info.Kind == KindString) != (info.Longest > 0) {
			t.Errorf("%s has at most %d bytes", f, info.Longest)
		}
	}
}
