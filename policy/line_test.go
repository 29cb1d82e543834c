package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"cellsh/policy/kauth"
)

func TestParseQuestion(t *testing.T) {
	q, err := ParseQuestion([]byte(`{"cell":"web-1","request":"network.bind.port","uid":80,"euid":81,"gid":82,"egid":83,"groups":[83,84],
		"family":"inet","type":"stream","protocol":"tcp","addr":"10.0.0.1","port":8080}`))
	if err != nil {
		t.Fatal(err)
	}
	if q.Cell != "web-1" || q.ID.String() != "network.bind.port" || q.Int[kauth.FieldUID] != 80 || q.Int[kauth.FieldEGID] != 83 ||
		q.Int[kauth.FieldFamily] != 2 || q.Int[kauth.FieldType] != 1 || q.Int[kauth.FieldProtocol] != 6 || q.Int[kauth.FieldPort] != 8080 ||
		q.Addr.String() != "10.0.0.1" || !slices.Equal(q.Groups, []uint32{83, 84}) || q.Given != q.ID.Info().Fields {
		t.Errorf("%+v", q)
	}
	if !q.InGroup(83) || !q.InGroup(84) || q.InGroup(82) {
		t.Error("groups")
	}
}

// Values can be written in several ways, and keys in any order.
func TestQuestionsThatMeanTheSame(t *testing.T) {
	for name, lines := range map[string][]string{
		"order":      {`{"cell":"a","request":"process.signal","signal":9}`, `{"signal":9,"request":"process.signal","cell":"a"}`},
		"names":      {`{"cell":"a","request":"process.signal","signal":"kill"}`, `{"cell":"a","request":"process.signal","signal":9}`, `{"cell":"a","request":"process.signal","signal":9.0}`},
		"numbers":    {`{"cell":"a","request":"network.bind.port","port":8000}`, `{"cell":"a","request":"network.bind.port","port":8e3}`},
		"flags":      {`{"cell":"a","request":"system.mount.new","flags":"MNT_RDONLY|MNT_NOSUID"}`, `{"cell":"a","request":"system.mount.new","flags":9}`},
		"some flags": {`{"cell":"a","request":"system.sysvipc.bypass","mode":"IPC_R, 0x80,0200"}`, `{"cell":"a","request":"system.sysvipc.bypass","mode":384}`},
		"no flags":   {`{"cell":"a","request":"system.mount.new","flags":""}`, `{"cell":"a","request":"system.mount.new","flags":0}`},
		"a command":  {`{"cell":"a","request":"network.interface.setpriv","cmd":"SIOCSIFFLAGS"}`, `{"cell":"a","request":"network.interface.setpriv","cmd":2156947728}`},
		"unlimited":  {`{"cell":"a","request":"process.rlimit.set","cur":"unlimited"}`, `{"cell":"a","request":"process.rlimit.set","cur":9223372036854775807}`},
		"space":      {`{"cell":"a","request":"system.reboot"}`, "\t{ \"cell\" : \"a\" ,\r\n \"request\":\"system.reboot\" }\n"},
		"absent":     {`{"cell":"a","request":"system.reboot"}`, `{"cell":"a","request":"system.reboot","port":null}`},
		"no target":  {`{"cell":"a","request":"process.signal"}`, `{"cell":"a","request":"process.signal","target":{}}`},
		"target":     {`{"cell":"a","request":"process.signal","target":{"pid":5,"is_self":true}}`, `{"target":{"is_self":true,"pid":5},"cell":"a","request":"process.signal"}`},
		// What the kernel may not look at in a request can still be said of a target.
		"whole target": {`{"cell":"a","request":"process.ptrace","target":{"pid":5}}`, `{"cell":"a","request":"process.ptrace","target":{"pid":5,"uid":0,"euid":0,"cell":"b"}}`},
	} {
		first := ""
		for _, line := range lines {
			q, err := ParseQuestion([]byte(line))
			if err != nil {
				t.Errorf("%s: %s: %v", name, line, err)
				continue
			}
			got := fmt.Sprintf("%s %+v", q.Cell, q.Request)
			if first == "" {
				first = got
			} else if got != first {
				t.Errorf("%s: %s means\n%s, not\n%s", name, line, got, first)
			}
		}
	}
}

// A field that can have one value only need not be given.
func TestFieldsThatAreKnown(t *testing.T) {
	q, err := ParseQuestion([]byte(`{"cell":"a","request":"device.rawio_passthru.write"}`))
	if err != nil || !q.Given.Has(kauth.FieldBits) || q.Int[kauth.FieldBits] != 2 {
		t.Errorf("%+v, %v", q, err)
	}
	if _, err := ParseQuestion([]byte(`{"cell":"a","request":"device.rawio_passthru.write","bits":1}`)); err == nil {
		t.Error("a passthru.write of other bits can't be")
	}
}

func TestBadLines(t *testing.T) {
	const bind = `"cell":"a","request":"network.bind.port"`
	for line, want := range map[string]string{
		// JSON.
		``:                   "a line must hold an object of JSON, but is empty",
		" \t\r\n":            "a line must hold an object of JSON, but is empty",
		`{`:                  "a line must hold an object of JSON, but ends too early",
		`{"cell":"a"`:        "a line must hold an object of JSON, but ends too early",
		`{"cell":`:           "a line must hold an object of JSON, but ends too early",
		`[]`:                 "a line must hold an object of JSON, but holds a list",
		`null`:               "a line must hold an object of JSON, but holds null",
		`"web"`:              `a line must hold an object of JSON, but holds "web"`,
		`5`:                  "a line must hold an object of JSON, but holds 5",
		`cell=a`:             "a line must hold an object of JSON, but ",
		`{"cell" "a"}`:       "a line must hold an object of JSON, but ",
		`{"cell":"a",}`:      "a line must hold an object of JSON, but ",
		"{\"cell\":\"\x00\"": "a line must hold an object of JSON, but ",
		`{` + bind + `} {}`:  "a line must hold one object, but goes on after it",
		`{` + bind + `}x`:    "a line must hold one object, but goes on after it",
		// Keys.
		`{}`:                                          `cell must be given, but is missing; request must be given, but is missing`,
		`{"cell":"a","cell":"b"}`:                     "cell must be given once, but is given twice",
		`{` + bind + `,"port":1,"port":1}`:            "port must be given once, but is given twice",
		`{` + bind + `,"prt":80}`:                     "prt must be the name of a field, but there is none of that name (did you mean port?)",
		`{` + bind + `,"":80}`:                        " must be the name of a field, but there is none of that name",
		`{` + bind + `,"signal":9}`:                   "signal must be a field of the request, but network.bind.port does not carry it",
		`{` + bind + `,"target":{"pid":5}}`:           "target must be a field of the request, but network.bind.port does not carry it",
		`{` + bind + `,"Port":80}`:                    "Port must be the name of a field, but there is none of that name (did you mean port?)",
		`{"cell":5,"request":"system.reboot"}`:        "cell must be the name of a cell, but is 5",
		`{"cell":"a b","request":"system.reboot"}`:    "the name of a cell must consist of A-Z a-z 0-9 . _ -, but has the character ' '",
		`{"cell":"\u001b","request":"system.reboot"}`: `the name of a cell must consist of A-Z a-z 0-9 . _ -, but has the character '\x1b'`,
		`{"cell":"` + strings.Repeat("x", 64) + `","request":"system.reboot"}`:                    "the name of a cell must have at most 63 characters, but has 64",
		`{"cell":"a","request":"device.rawio_passthru.read","bits":15}`:                           "bits must be 1, but is 15",
		`{"cell":"","request":"system.reboot"}`:                                                   `cell must be the name of a cell, but is ""`,
		`{"cell":"a","request":5}`:                                                                "request must be the name of a request, but is 5",
		`{"cell":"a","request":"network.bnd.port"}`:                                               `request must be one that the kernel asks, but is "network.bnd.port" (did you mean network.bind.port?)`,
		`{"cell":"a","request":"network.bind"}`:                                                   `request must be one that the kernel asks, but is "network.bind" (it stands for several: network.bind.port, network.bind.privport, network.bind.anyaddr)`,
		`{"cell":"a","request":"vnode.read_data"}`:                                                `request must be one that the kernel asks, but is "vnode.read_data" (the vnode scope asks with bit masks, and an answer there would override file modes and owners)`,
		`{"cell":"a","request":"process.signal","target":5}`:                                      "target must be an object with pid, is_self, is_init, same_cell, uid, euid, cell, but is 5",
		`{"cell":"a","request":"process.signal","target":{"pid":1,"pid":2}}`:                      "target.pid must be given once, but is given twice",
		`{"cell":"a","request":"process.signal","target":{"pid":1},"target.pid":2}`:               "target.pid must be a member of target, but is a key of its own (give target with its member pid)",
		`{"target.is_self":true,"cell":"a","request":"process.signal"}`:                           "target.is_self must be a member of target, but is a key of its own (give target with its member is_self)",
		`{` + bind + `,"targt":{"pid":1}}`:                                                        "targt must be the name of a field, but there is none of that name",
		`{"cell":"a","request":"process.signal","targt":{"pid":1}}`:                               "targt must be the name of a field, but there is none of that name (did you mean target?)",
		`{"cell":"a","request":"process.signal","target":{"comm":"sh"}}`:                          "target.comm must be the name of a field, but there is none of that name (did you mean target.cell?)",
		`{"cell":"a","request":"process.ptrace","target":{"uid":-1}}`:                             "target.uid must be from 0 to 4294967295, but is -1",
		`{"cell":"a","request":"system.reboot","` + strings.Repeat("x", 5000) + `":1}`:            strings.Repeat("x", 60) + "... must be the name of a field, but there is none of that name",
		`{"cell":"a","request":"` + strings.Repeat("x", 5000) + `"}`:                              `request must be one that the kernel asks, but is "` + strings.Repeat("x", 60) + `..."`,
		`{"cell":"a","request":"process.signal","target":{"is_self":"yes"}}`:                      `target.is_self must be true or false, but is "yes"`,
		`{"cell":"a","request":"process.signal","target":{"is_self":1}}`:                          "target.is_self must be true or false, but is 1",
		`{"cell":"a","request":"process.signal","target":{"cell":0}}`:                             `target.cell must be a string, but is 0 (the host is "")`,
		`{"cell":"a","request":"process.signal","target":{"cell":null}}`:                          `target.cell must be a string, but is null (the host is "")`,
		`{"cell":"a","request":"process.signal","signal":"SIGKILL"}`:                              `signal must be the name of a signal or a number, but is "SIGKILL" (write kill)`,
		`{"cell":"a","request":"process.signal","signal":"Kill"}`:                                 `signal must be the name of a signal or a number, but is "Kill" (write kill)`,
		`{"cell":"a","request":"network.socket.open","domain":"AF_UNIX"}`:                         `domain must be the name of an address family or a number, but is "AF_UNIX" (write local)`,
		`{"cell":"a","request":"network.interface.setpriv","cmd":"siocsifflags"}`:                 `cmd must be the name of an ioctl command or a number, but is "siocsifflags" (write SIOCSIFFLAGS)`,
		`{"cell":"a","request":"process.signal","target":{"cell":7}}`:                             "target.cell must be a string, but is 7",
		`{"cell":"a","request":"network.interface.setpriv","ifname":7}`:                           "ifname must be a string, but is 7",
		`{"cell":"a","request":"network.interface.setpriv","ifname":"sixteen-bytes-00"}`:          "ifname must have at most 15 bytes, but has 16",
		`{"cell":"a","request":"process.signal","target":[1]}`:                                    "target must be an object with pid, is_self, is_init, same_cell, uid, euid, cell, but is a list",
		`{"cell":"a","request":"system.mount.new","flags":"MNT_RDONL"}`:                           `flags must be a number, or names of its flags with | between them, but has "MNT_RDONL" (did you mean MNT_RDONLY?)`,
		`{"cell":"a","request":"system.mount.new","flags":"MNT_RDONLY|IPC_R"}`:                    `flags must be a number, or names of its flags with | between them, but has "IPC_R"`,
		`{"cell":"a","request":"system.mount.new","flags":"nosuid"}`:                              `flags must be a number, or names of its flags with | between them, but has "nosuid" (write MNT_NOSUID)`,
		`{"cell":"a","request":"system.mount.new","flags":"0x100000000"}`:                         `flags must be from 0 to 4294967295, but is "0x100000000"`,
		`{"cell":"a","request":"process.rlimit.set","cur":"infinite"}`:                            `cur must be a whole number, but is "infinite"`,
		`{"cell":"a","request":"process.rlimit.set","resource":"nofiles"}`:                        `resource must be the name of a resource or a number, but is "nofiles" (did you mean nofile?)`,
		`{"cell":"a","request":"process.nice","nice":21}`:                                         "nice must be from -20 to 20, but is 21",
		`{"cell":"a","request":"network.bind.port","port":80}`:                                    "port must be 0 or from 1024 to 65535 in network.bind.port, but is 80 (with that port the kernel asks network.bind.privport)",
		`{"cell":"a","request":"network.bind.privport","port":1024}`:                              "port must be from 1 to 1023 in network.bind.privport, but is 1024 (with that port the kernel asks network.bind.port)",
		`{"cell":"a","request":"network.bind.privport","port":0}`:                                 "port must be from 1 to 1023 in network.bind.privport, but is 0 (with that port the kernel asks network.bind.port)",
		`{"cell":"a","request":"process.signal","signal":64}`:                                     "signal must be from 0 to 63, but is 64",
		`{"cell":"a","request":"device.rawio_spec.rw","kind":"char","major":-1}`:                  "major must be from 0 to 4095, but is -1",
		`{"cell":"a","request":"device.rawio_spec.rw","kind":2}`:                                  `kind must be "block" or "char", but is 2`,
		`{"cell":"a","request":"process.rlimit.set","cur":9223372036854775808}`:                   "cur must be a whole number, but is 9223372036854775808",
		`{"cell":"a","request":"process.rlimit.set","cur":-1}`:                                    "cur must be from 0 to unlimited, but is -1",
		`{` + bind + `,"port":70000,"addr":"10.0.0","family":"inet7","type":1.5,"groups":[1,-1]}`: `port must be from 0 to 65535, but is 70000; addr must be like 10.0.0.1 or 2001:db8::1, but is "10.0.0"; ` + `family must be the name of an address family or a number, but is "inet7" (did you mean inet?); type must be a whole number, but is 1.5; groups must be a list of group ids, each from 0 to 4294967295, but is -1`,
		// Values of the wrong kind.
		`{` + bind + `,"port":"80"}`:                                `port must be a whole number, but is "80"`,
		`{` + bind + `,"port":null}`:                                "port must be a whole number, but is null",
		`{` + bind + `,"port":true}`:                                "port must be a whole number, but is true",
		`{` + bind + `,"port":[80]}`:                                "port must be a whole number, but is a list",
		`{` + bind + `,"port":{}}`:                                  "port must be a whole number, but is an object",
		`{` + bind + `,"port":1e400}`:                               "port must be a whole number, but is 1e400",
		`{` + bind + `,"port":-0.5}`:                                "port must be a whole number, but is -0.5",
		`{` + bind + `,"addr":5}`:                                   "addr must be an address, but is 5",
		`{` + bind + `,"groups":5}`:                                 "groups must be a list of group ids, but is 5",
		`{` + bind + `,"groups":["wheel"]}`:                         `groups must be a list of group ids, each from 0 to 4294967295, but is "wheel"`,
		`{` + bind + `,"groups":[4294967296]}`:                      "groups must be a list of group ids, each from 0 to 4294967295, but is 4294967296",
		`{` + bind + `,"uid":4294967296}`:                           "uid must be from 0 to 4294967295, but is 4294967296",
		`{` + bind + `,"addr":"` + strings.Repeat("9", 9000) + `"}`: `addr must be like 10.0.0.1 or 2001:db8::1, but is "` + strings.Repeat("9", 60) + `..."`,
	} {
		_, err := ParseQuestion([]byte(line))
		got := "no error"
		if err != nil {
			got = strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		// What is wrong with JSON is said in the words of its decoder.
		if got != want && !(strings.HasSuffix(want, ", but ") && strings.HasPrefix(got, want)) {
			t.Errorf("%.120s\n  gives %s\n  want  %s", line, got, want)
		}
	}
}

// The errors of one line are told together, each with its key.
func TestKeyErrors(t *testing.T) {
	var q Question
	var errs Errors
	errs.Add(q.Set("port", float64(70000)))
	errs.Add(q.Set("cell", nil))
	errs.Add(q.Set("request", "network.bind.port"))
	errs.Add(q.Set("family", "inet7"))
	errs.Add(q.Done())
	var keys []string
	for _, err := range errs {
		k, ok := err.(*KeyError)
		if !ok {
			t.Fatalf("%T: %v", err, err)
		}
		keys = append(keys, k.Key)
	}
	if !slices.Equal(keys, []string{"cell", "port", "family"}) {
		t.Errorf("keys %v of %v", keys, errs.Err())
	}
	if err := (Errors{}).Err(); err != nil {
		t.Errorf("no errors are no error, but %v", err)
	}
}

// FuzzParseQuestion: any line is read without a panic; what is taken has values that the kernel can give.
func FuzzParseQuestion(f *testing.F) {
	f.Add([]byte(`{"cell":"web-1","request":"network.bind.port","uid":80,"groups":[80],"family":"inet","addr":"10.0.0.1","port":8080}`))
	f.Add([]byte(`{"cell":"a","request":"process.signal","signal":"kill","target":{"pid":5,"cell":0,"is_self":1}}`))
	f.Add([]byte(`{"cell":"a","request":"process.rlimit.set","cur":"unlimited","max":1e3}`))
	f.Add([]byte(`{"cell":1,"cell":2}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		q, err := ParseQuestion(line)
		if err != nil {
			if text := err.Error(); text == "" || len(text) > 10*len(line)+2000 {
				t.Errorf("an error of %d bytes for a line of %d", len(text), len(line))
			}
			return
		}
		if q.Cell == "" || q.Given&^q.ID.Info().Fields != 0 {
			t.Fatalf("%+v", q)
		}
		for _, field := range q.Given.Fields() {
			switch field.Info().Kind {
			case kauth.KindInt, kauth.KindNamed, kauth.KindBool:
				if lo, hi := q.ID.Range(field); q.Int[field] < lo || q.Int[field] > hi {
					t.Errorf("%s is %d, which is not from %d to %d", field, q.Int[field], lo, hi)
				}
			case kauth.KindString:
				if !utf8.ValidString(q.Text(field)) {
					t.Errorf("%s is no UTF-8", field)
				}
			}
		}
	})
}
