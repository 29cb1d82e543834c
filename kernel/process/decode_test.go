package process

import (
	"encoding/binary"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// field is a member of struct kinfo_proc2 as sys/sys/sysctl.h declares it: the layout is worked out here from the widths alone.
type field struct {
	name  string
	width int
	count int
}

// declared are all members of struct kinfo_proc2, in their order.
var declared = []field{
	{"forw back paddr addr fd cwdi stats limit vmspace sigacts sess tsess ru", 8, 1},
	{"eflag exitsig flag pid ppid sid pgid tpgid uid ruid gid rgid", 4, 1},
	{"groups", 4, 16}, {"ngroups jobc", 2, 1},
	{"tdev estcpu rtime_sec rtime_usec cpticks pctcpu swtime slptime schedflags", 4, 1},
	{"uticks sticks iticks tracep", 8, 1}, {"traceflag holdcnt", 4, 1},
	{"siglist sigmask sigignore sigcatch", 4, 4}, {"stat priority usrpri nice", 1, 1}, {"xstat acflag", 2, 1},
	{"comm", 1, 24}, {"wmesg", 1, 8}, {"wchan", 8, 1}, {"login", 1, 24}, {"rssize tsize dsize ssize", 4, 1}, {"uvalid", 8, 1},
	{"ustart_sec ustart_usec uutime_sec uutime_usec ustime_sec ustime_usec", 4, 1},
	{"maxrss ixrss idrss isrss minflt majflt nswap inblock oublock msgsnd msgrcv nsignals nvcsw nivcsw", 8, 1},
	{"uctime_sec uctime_usec", 4, 1}, {"cpuid realflag nlwps nrlwps realstat", 8, 1}, {"svuid svgid", 4, 1},
	{"ename", 1, 16}, {"vsize msize", 8, 1},
}

// kinfo writes a struct kinfo_proc2 with these members, all others zero.
func kinfo(order binary.ByteOrder, values map[string]uint64, name string) []byte {
	var text []byte
	for _, f := range declared {
		for _, n := range strings.Fields(f.name) {
			for len(text)%f.width != 0 {
				panic("there must be no padding before " + n)
			}
			b := make([]byte, 8)
			order.PutUint64(b, values[n])
			delete(values, n)
			if order == binary.BigEndian {
				b = b[8-f.width:]
			}
			b = slices.Concat(b[:f.width], make([]byte, f.width*(f.count-1)))
			if n == "comm" {
				copy(b, name)
			}
			text = append(text, b...)
		}
	}
	if len(values) > 0 {
		panic("all members must be there")
	}
	return text
}

func TestKinfo(t *testing.T) {
	const usec = 250_000
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		members := func(more map[string]uint64) map[string]uint64 {
			v := map[string]uint64{"pid": 812, "ppid": 1, "sid": 810, "pgid": 811, "uid": 1000, "ruid": 1001, "gid": 7, "rgid": 8, "stat": 3, "realstat": 2, "nice": 25,
				"rssize": 100, "tsize": 9, "uvalid": 1, "ustart_sec": 1_700_000_000, "ustart_usec": usec, "uutime_sec": 3, "uutime_usec": usec,
				"ustime_sec": 1, "ustime_usec": usec, "uctime_sec": 9, "uctime_usec": usec, "svuid": 5}
			for n, x := range more {
				v[n] = x
			}
			return v
		}
		want := Process{PID: 812, Parent: 1, Session: 810, Group: 811, UID: 1000, RealUID: 1001, State: Sleeping, Measured: true, Resident: 100 * 4096,
			Born: "1700000000250000", Start: time.Unix(1_700_000_000, usec*1000), Time: 4500 * time.Millisecond, Waited: 9250 * time.Millisecond, Nice: 5, Name: "httpd"}
		for _, test := range []struct {
			name   string
			more   map[string]uint64
			change func(*Process)
		}{
			{"sleeping", nil, func(*Process) {}},
			{"running", map[string]uint64{"stat": 7}, func(p *Process) { p.State = Running }},
			{"stopped", map[string]uint64{"stat": 4, "realstat": 4}, func(p *Process) { p.State = Stopped }},
			{"zombie", map[string]uint64{"stat": 5, "realstat": 5, "uvalid": 0}, func(p *Process) {
				*p = Process{PID: 812, Parent: 1, Session: 810, Group: 811, UID: 1000, RealUID: 1001, State: Zombie, Name: "httpd"}
			}},
			{"in execve", map[string]uint64{"stat": 2, "realstat": 2, "uvalid": 0}, func(p *Process) {
				*p = Process{PID: 812, Parent: 1, Session: 810, Group: 811, UID: 1000, RealUID: 1001, State: Running, Name: "httpd"}
			}},
		} {
			want := want
			test.change(&want)
			text := kinfo(order, members(test.more), "httpd")
			got, err := decodeKinfos(order, 4096, slices.Concat(text, text))
			if err != nil || !reflect.DeepEqual(got, []Process{want, want}) {
				t.Errorf("%s, %s: got %+v, %v, want twice %+v", order, test.name, got, err, want)
			}
		}
		for _, bad := range []struct {
			more map[string]uint64
			want string
		}{
			{map[string]uint64{"pid": 1<<32 - 5}, "the number of a process must be 0 or more, but is -5"},
			{map[string]uint64{"rssize": 1<<32 - 1}, "the pages of process 812 must be 0 or more, but are -1"},
			{map[string]uint64{"uctime_usec": 1_000_000}, "the microseconds of a time must be below a second, but are 1000000"},
		} {
			if _, err := decodeKinfos(order, 4096, kinfo(order, members(bad.more), "x")); err == nil || err.Error() != bad.want {
				t.Errorf("%v: got %v, want %s", bad.more, err, bad.want)
			}
		}
	}
	if _, err := decodeKinfos(binary.LittleEndian, 4096, make([]byte, 679)); err == nil {
		t.Error("a list that was cut must be refused")
	}
}

func TestArgs(t *testing.T) {
	for text, want := range map[string][]string{
		"":                        nil,
		"sh\x00-c\x00\x00x y\x00": {"sh", "-c", "", "x y"},
		"cut":                     {"cut"},
		"\x00":                    {""},
	} {
		if got := decodeArgs([]byte(text)); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if p := (&Process{Name: "idle"}); p.Command() != "[idle]" {
		t.Errorf("a process without arguments must be shown by its name, but is %s", p.Command())
	}
}

var testLinux = &linux{"b00t", time.Unix(1_000_000, 0), 4096}

func TestStat(t *testing.T) {
	const rest = " S 11 12 13 0 -1 4194560 9 9 9 9 250 50 7 3 20 -7 4 0 12345 999 77 18446744073709551615 1 1 0"
	want := Process{PID: 17, Parent: 11, Group: 12, Session: 13, State: Sleeping, Measured: true, Name: "a) R (b", Nice: -7, Resident: 77 * 4096,
		Time: 3 * time.Second, Waited: 100 * time.Millisecond, Born: "b00t.12345", Start: time.Unix(1_000_123, 450_000_000)}
	got, err := testLinux.stat("17 (a) R (b)" + rest + "\n")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for letter, want := range map[string]State{"R": Running, "D": Sleeping, "I": Sleeping, "T": Stopped, "t": Stopped, "Z": Zombie} {
		if got, err := testLinux.stat("1 (x) " + letter + rest[2:]); err != nil || got.State != want {
			t.Errorf("%s: got %s, %v, want %s", letter, got.State, err, want)
		}
	}
	// As a process looks while the kernel lets it go.
	if got, err := testLinux.stat("17 (x) R 0 -1 -1" + rest[len(" S 11 12 13"):]); err != nil || got.Living() || got.Session != 0 || got.Group != 0 {
		t.Errorf("one that is let go of must have ended: %+v, %v", got, err)
	}
	for _, bad := range []string{"17 (x)" + strings.Replace(rest, " 12 13 ", " -2 13 ", 1), "", "17 x S", "17 (x) S 1", "x (x)" + rest, "17 (x)" + strings.Replace(rest, " 77 ", " -77 ", 1),
		"17 (x)" + strings.Replace(rest, "250", "9223372036854775807", 1)} {
		if _, err := testLinux.stat(bad); err == nil {
			t.Errorf("%q must be refused", bad)
		}
	}
	if real, effective, err := user([]byte("Name:\tsu\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n")); real != 1 || effective != 2 || err != nil {
		t.Errorf("got %d, %d, %v", real, effective, err)
	}
	if at, err := bootTime([]byte("cpu 1 2\nbtime 99\nprocesses 3\n")); err != nil || at.Unix() != 99 {
		t.Errorf("got %v, %v", at, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(kinfo(binary.LittleEndian, map[string]uint64{"pid": 1, "uvalid": 1}, "init"))
	f.Add([]byte("17 (x) S 11 12 13 0 -1 4194560 9 9 9 9 250 50 7 3 20 0 4 0 12345 999 77 18446744073709551615 1 1 0\n"))
	f.Add([]byte("Uid:\t1\t2\t3\t4\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			list, err := decodeKinfos(order, 4096, text)
			if err == nil && len(list) != len(text)/kinfoSize {
				t.Errorf("there must be %d processes, but are %d", len(text)/kinfoSize, len(list))
			}
			for _, p := range list {
				if p.Time < 0 || p.Waited < 0 || p.Measured != (p.Born != "") {
					t.Errorf("times must not be negative, and what is measured must have been born: %+v", p)
				}
			}
		}
		if p, err := testLinux.stat(string(text)); err == nil && (p.PID < 0 || p.Time < 0 || p.Waited < 0 || !p.Measured || p.Born == "") {
			t.Errorf("numbers must not be negative: %+v", p)
		}
		user(text)
		bootTime(text)
		if n := len(strings.Join(decodeArgs(text), "\x00")); n != len(text) && n != len(text)-1 {
			t.Errorf("arguments must keep their bytes, but %d become %d", len(text), n)
		}
	})
}
