package denylog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

// What a kernel of NetBSD 10.99.12 has in its message buffer, and what is none of its denials.
func TestParse(t *testing.T) {
	want := Line{Time: 2*time.Second + 238428700, Kind: HostGlobal, Cell: 2, EUID: 0, Action: 7, Req: 0}
	for text, ok := range map[string]bool{
		"<5>[   2.2384287] secmodel_cell: deny scope=host-global cell=2 euid=0 action=7 req=0":   true,
		"[   2.2384287] secmodel_cell: deny scope=host-global cell=2 euid=0 action=7 req=0":      true,
		"[2.2384287] secmodel_cell: deny scope=host-global cell=2 euid=0 action=7 req=0":         true,
		"<6>[   2.2384287] secmodel_cell: created cell id=1 name=\"web\"":                        false,
		"secmodel_cell: deny scope=host-global cell=2 euid=0 action=7 req=0":                     false,
		"[   2.2384287] secmodel_cell: deny scope=host-global cell=2 euid=0 action=7 req=":       false,
		"[   2.2384287] secmodel_cell: deny scope=host-global cell=2 euid=0 action=7":            false,
		"[   2.2384287] secmodel_cell: deny scope=host-global cell=2 euid=0 action=7 req=0 ":     false,
		"[   2.2384287] secmodel_cell: deny scope=host cell=2 euid=0 action=7 req=0":             false,
		"[   2.2384287] secmodel_cell: deny scope= cell=2 euid=0 action=7 req=0":                 false,
		"[   2.2384287] secmodel_cell: deny scope=network cell=+2 euid=0 action=7 req=0":         false,
		"[   2.2384287] secmodel_cell: deny scope=network cell=4294967296 euid=0 action=1 req=0": false,
		"[   2.23] secmodel_cell: deny scope=network cell=1 euid=0 action=7 req=0":               false,
		"[  -2.2384287] secmodel_cell: deny scope=network cell=1 euid=0 action=7 req=0":          false,
		"<5[   2.2384287] secmodel_cell: deny scope=network cell=1 euid=0 action=7 req=0":        false,
		"": false,
	} {
		got, parsed := Parse(text)
		if parsed != ok || ok && got != want {
			t.Errorf("%q: %+v, %t", text, got, parsed)
		}
	}
	if got := want.String(); got != "[   2.2384287] secmodel_cell: deny scope=host-global cell=2 euid=0 action=7 req=0" {
		t.Error(got)
	}
	// A buffer begins with zeros, or in the middle of a line.
	line := want.String()
	if got := Lines("\x00\x00" + line + "\n<6>[ 3.0000000] other\n<5>" + line + "\n"); len(got) != 2 {
		t.Errorf("%+v", got)
	}
	if got := Lines(line + "\n" + line); len(got) != 1 {
		t.Errorf("%+v", got)
	}
	if got := Lines(line[9:] + "\n" + line + "\n"); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestRequests(t *testing.T) {
	for _, c := range []struct {
		line string
		rev  secmodel.Revision
		want string
	}{
		// Of device and machdep the kernel writes no request.
		{"scope=host-global cell=2 euid=0 action=7 req=0", secmodel.Current, "system.mknod machdep.ldt_set device.rnd_adddata"},
		{"scope=host-global cell=2 euid=0 action=4 req=0", secmodel.Current, "*device.rawio_spec"},
		{"scope=process cell=1 euid=0 action=1 req=14", secmodel.Current, "process.cansee.eproc"},
		{"scope=process cell=1 euid=0 action=15 req=15", secmodel.Current, "process.signal"},
		// The argument of procfs is an address.
		{"scope=process cell=1 euid=0 action=7 req=18446635827712", secmodel.Current, "*process.procfs"},
		{"scope=network cell=1 euid=0 action=2 req=13", secmodel.Current, "network.bind.port"},
		{"scope=network cell=1 euid=0 action=200 req=13", secmodel.Current, ""},
		{"scope=network cell=1 euid=0 action=258 req=13", secmodel.Current, ""},
	} {
		l, ok := Parse("[   1.0000000] secmodel_cell: deny " + c.line)
		if !ok {
			t.Fatal(c.line)
		}
		var names []string
		for _, id := range l.Requests(kauth.Newest(), c.rev) {
			names = append(names, id.String())
		}
		if prefix, ok := strings.CutPrefix(c.want, "*"); ok {
			if !slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, prefix) }) || len(names) < 2 {
				t.Errorf("%s: %v", c.line, names)
			}
		} else if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.line, got, c.want)
		}
	}
	d := Denials("[   1.5000000] secmodel_cell: deny scope=network cell=7 euid=80 action=2 req=13\n", kauth.Newest(), secmodel.Current)
	if got := fmt.Sprint(d); got != fmt.Sprint([]kernel.Denial{{Time: 1500 * time.Millisecond, Cell: 7, EUID: 80, Requests: d[0].Requests, Text: "[   1.5000000] secmodel_cell: deny scope=network cell=7 euid=80 action=2 req=13"}}) {
		t.Error(got)
	}
}

// FuzzParse: whatever is read as a line is written as it, and nothing panics.
func FuzzParse(f *testing.F) {
	f.Add("<5>[   2.2384287] secmodel_cell: deny scope=host-global cell=2 euid=0 action=7 req=0")
	f.Add("[99999.0000001] secmodel_cell: deny scope=process cell=4294967295 euid=4294967295 action=18446744073709551615 req=18446744073709551615\n[   1.0000000] x")
	f.Add("\x00<5>[\n] = = = = =")
	f.Fuzz(func(t *testing.T, text string) {
		for _, l := range Lines(text) {
			again, ok := Parse(l.String())
			if !ok || again != l || strings.Contains(l.String(), "\n") {
				t.Errorf("%+v is written as %q, and read as %+v", l, l.String(), again)
			}
			l.Requests(kauth.Newest(), secmodel.Current)
		}
	})
}
