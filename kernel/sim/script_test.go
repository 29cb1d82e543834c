package sim_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
	"cellsh/policy/stock/stocktest"
)

var update = flag.Bool("update", false, "write the outcomes into the scripts in testdata/calls")

// The scripts in testdata/calls show what calls answer and ask. A line is one of
//
//	# a comment
//	kernel revision=april securelevel=1 curtain=true     a new kernel
//	cell web profile=low ports=80,443                    a cell; it has a directory with devices
//	process user uid=1000 cell=web                       a process
//	advance 1s                                           the clock moves
//	log                                                  what the kernel wrote since
//	user: bind fd=0 port=80                              a call of a process; @user is its number
//	child = user: fork                                   and its child has a name
//
// and behind " -> " comes the outcome: the value or the error, and the requests asked, denied ones with a "!".
// -update writes the outcomes.
type script struct {
	t     testing.TB
	k     *sim.Kernel
	rev   secmodel.Revision
	procs map[string]*sim.Process
	cells map[string]kernel.CellID
	lines int
	// deny is a request that is denied from the next call on, nil for none.
	deny *kauth.RequestID
	// last is what the last call did.
	last *outcome
}

type outcome struct {
	call  *sim.Call
	errno kauth.Errno
	asked []sim.Question
}

const arrow = " -> "

func scripts(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "calls", "*.txt"))
	must(t, err)
	if len(files) == 0 {
		t.Fatal("there are no scripts")
	}
	return files
}

func readLines(t testing.TB, file string) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	must(t, err)
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

func newScript(t testing.TB) *script {
	s := &script{t: t}
	s.kernel(nil)
	return s
}

// run does a line and gives it with its outcome.
func (s *script) run(line string) (string, error) {
	command, _, _ := strings.Cut(line, arrow)
	command = strings.TrimRight(command, " ")
	s.last = nil
	if command == "" || strings.HasPrefix(command, "#") {
		return command, nil
	}
	words := strings.Fields(command)
	var result string
	var err error
	switch {
	case words[0] == "kernel":
		err = s.kernel(words[1:])
	case words[0] == "cell":
		err = s.cell(words[1], words[2:])
	case words[0] == "process":
		err = s.process(words[1], words[2:])
	case words[0] == "advance":
		var d time.Duration
		if d, err = time.ParseDuration(words[1]); err == nil {
			s.k.Advance(d)
		}
	case words[0] == "log":
		var texts []string
		log, _ := s.k.Log()
		for _, l := range log[s.lines:] {
			texts = append(texts, l.Text)
		}
		s.lines = len(log)
		result = strings.Join(texts, " / ")
		if result == "" {
			result = "nothing"
		}
	default:
		result, err = s.call(words)
	}
	if err != nil || result == "" {
		return command, err
	}
	return command + arrow + result, nil
}

func (s *script) kernel(words []string) error {
	settings := stock.DefaultSettings()
	o := sim.Options{NoEvaluation: true, Settings: &settings}
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		on := value == "true"
		switch name {
		case "revision":
			r, known := secmodel.ParseRevision(value)
			if !known {
				return fmt.Errorf("there is no revision %s", value)
			}
			o.Revision = r
		case "securelevel":
			n, err := strconv.Atoi(value)
			if err != nil {
				return err
			}
			settings[stock.SettingSecurelevel] = n
		case "maxproc":
			n, err := strconv.Atoi(value)
			if err != nil {
				return err
			}
			o.MaxProc = n
		case "curtain":
			settings[stock.SettingCurtain] = 1
		case "usermount":
			settings[stock.SettingUsermount] = 1
		case "affinity":
			settings[stock.SettingUserSetCPUAffinity] = 1
		case "can":
			o.CAN = on
		case "sctp":
			o.SCTP = on
		default:
			return fmt.Errorf("there is no option %s", name)
		}
	}
	k, err := sim.New(o)
	if err != nil {
		return err
	}
	s.k, s.rev, s.lines = k, k.Info().Revision, 0
	s.procs = map[string]*sim.Process{"init": k.Init()}
	s.cells = map[string]kernel.CellID{}
	return s.process("root", nil)
}

func (s *script) cell(name string, words []string) error {
	spec := kernel.Spec{Name: name, Root: "/cells/" + name}
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "profile":
			p, known := secmodel.ParseProfile(value)
			if !known {
				return fmt.Errorf("there is no profile %s", value)
			}
			spec.Profile = &p
		case "ports":
			for _, v := range strings.Split(value, ",") {
				n, err := strconv.ParseUint(v, 10, 16)
				if err != nil {
					return err
				}
				spec.Ports = append(spec.Ports, uint16(n))
			}
		default:
			return fmt.Errorf("a cell has no %s", key)
		}
	}
	if err := s.k.MakeRoot(spec.Root); err != nil {
		return err
	}
	id, err := s.k.Create(spec)
	s.cells[name] = id
	log, _ := s.k.Log()
	s.lines = len(log)
	return err
}

func (s *script) process(name string, words []string) error {
	spec := sim.SpawnSpec{Name: name}
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		if key == "cell" {
			spec.Cell = s.cells[value]
			continue
		}
		if key == "parent" {
			spec.Parent = s.procs[value]
			continue
		}
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return err
		}
		id := uint32(n)
		switch key {
		case "uid":
			spec.UID = id
		case "euid":
			spec.EUID = &id
		case "gid":
			spec.GID = id
		case "changed":
			spec.ChangedIDs = id != 0
		default:
			return fmt.Errorf("a process has no %s", key)
		}
	}
	if spec.GID == 0 && spec.UID != 0 {
		spec.GID = 100
	}
	p, err := s.k.Spawn(spec)
	s.procs[name] = p
	return err
}

// call makes the call of a line and writes down what came out.
func (s *script) call(words []string) (string, error) {
	child := ""
	if len(words) > 2 && words[1] == "=" {
		child, words = words[0], words[2:]
	}
	actor, ok := strings.CutSuffix(words[0], ":")
	p := s.procs[actor]
	if !ok || p == nil || len(words) < 2 {
		return "", fmt.Errorf("the line %q is no command", strings.Join(words, " "))
	}
	c, known := sim.FindCall(words[1])
	if !known {
		return "", fmt.Errorf("there is no call %s", words[1])
	}
	in, err := s.arguments(c, words[2:])
	if err != nil {
		return "", err
	}
	bound, err := c.Bind(in)
	if err != nil {
		return "", err
	}
	if s.deny != nil {
		s.k.DenyAlways(*s.deny)
	}
	var value any
	var e kauth.Errno
	asked := s.k.Trace(func() { value, e = c.Do(p, bound) })
	s.last = &outcome{c, e, asked}
	s.check(c, asked)
	if pid, ok := value.(int64); ok && child != "" {
		s.procs[child], _ = s.k.Process(int(pid))
	}
	out := format(value)
	if e != 0 {
		out = e.Name()
	}
	if len(asked) > 0 {
		out += " | " + formatAsked(asked)
	}
	return out, nil
}

func format(value any) string {
	switch v := value.(type) {
	case nil:
		return "ok"
	case string:
		return strconv.Quote(v)
	case []string:
		return "[" + strings.Join(v, "; ") + "]"
	}
	return fmt.Sprint(value)
}

// formatAsked lists requests; equal ones in a row are counted.
func formatAsked(asked []sim.Question) string {
	var parts []string
	for i := 0; i < len(asked); {
		word := asked[i].Request.ID.String()
		if asked[i].Errno != 0 {
			word = "!" + word
		}
		n := 1
		for i+n < len(asked) && asked[i+n].Request.ID == asked[i].Request.ID && asked[i+n].Errno == asked[i].Errno {
			n++
		}
		if n > 1 {
			word += fmt.Sprintf(" x%d", n)
		}
		parts = append(parts, word)
		i += n
	}
	return strings.Join(parts, ", ")
}

// arguments reads name=value words as the kinds of the call's parameters want them.
func (s *script) arguments(c *sim.Call, words []string) (map[string]any, error) {
	in := map[string]any{}
	for _, w := range words {
		name, value, found := strings.Cut(w, "=")
		if !found {
			return nil, fmt.Errorf("an argument must be name=value, but is %s", w)
		}
		i := slices.IndexFunc(c.Params, func(p sim.Param) bool { return p.Name == name })
		kind := sim.Anything
		if i >= 0 {
			kind = c.Params[i].Kind
		}
		if who, is := strings.CutPrefix(value, "@"); is {
			if s.procs[who] == nil {
				return nil, fmt.Errorf("there is no process %s", who)
			}
			in[name] = s.procs[who]
			continue
		}
		n, err := strconv.ParseInt(value, 0, 64)
		switch {
		case kind == sim.Text || kind == sim.Address || kind == sim.Word:
			// A blank is written as ~ here.
			in[name] = strings.ReplaceAll(value, "~", " ")
		case kind == sim.Switch:
			in[name] = value == "true"
		case kind == sim.Integers:
			list := []any{}
			for _, v := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' }) {
				n, err := strconv.ParseInt(v, 0, 64)
				if err != nil {
					return nil, err
				}
				list = append(list, n)
			}
			in[name] = list
		case err == nil:
			in[name] = n
		default:
			in[name] = value
		}
	}
	return in, nil
}

// check makes sure that the questions are among those that the call's description names, that they carry all
// their fields, each within its range, and that the answers are possible ones by the stock tables.
func (s *script) check(c *sim.Call, asked []sim.Question) {
	for _, q := range asked {
		id := q.Request.ID
		if c.Name != "ask" && !slices.ContainsFunc(c.Asks, func(pattern string) bool { return covers(pattern, id.String()) }) {
			s.t.Errorf("%s asks %s, which its description leaves out", c.Name, id)
		}
		if missing := id.Info().Fields &^ q.Request.Given; missing != 0 {
			s.t.Errorf("%s asks %s without the fields %v", c.Name, id, missing.Fields())
		}
		for _, f := range q.Request.Given.Fields() {
			if k := f.Info().Kind; k == kauth.KindString || k == kauth.KindAddr || f == kauth.FieldGroups {
				continue
			}
			if lo, hi := id.Range(f); q.Request.Int[f] < lo || q.Request.Int[f] > hi {
				s.t.Errorf("%s asks %s with %s %d, beyond %d to %d", c.Name, id, f, q.Request.Int[f], lo, hi)
			}
		}
		if s.deny != nil {
			continue
		}
		known := stocktest.Known{Request: &q.Request}
		if props, ok := s.k.Properties(q.Subject.Cell); ok {
			known.Place, known.Ports = stock.In(props.Profile), props.Ports
		}
		verdict := stocktest.Judge(stock.Everything(s.rev, known.Place, id), &known)
		if verdict.Allowed == stock.Yes && q.Errno != 0 || verdict.Allowed == stock.No && q.Errno == 0 {
			s.t.Errorf("%s asks %s of %s, which is %s, but the tables say %s", c.Name, id, known.Place, q.Errno.Name(), verdict)
		}
	}
}

func covers(pattern, name string) bool {
	return pattern == name || strings.HasPrefix(name, pattern+".")
}

// TestScripts replays the scripts and compares the outcomes.
func TestScripts(t *testing.T) {
	for _, file := range scripts(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s := newScript(t)
			var out []string
			for n, line := range readLines(t, file) {
				got, err := s.run(line)
				if err != nil {
					t.Errorf("%s:%d: %v", file, n+1, err)
					got = line
				}
				if got != line && !*update {
					t.Errorf("%s:%d:\n\tgot  %s\n\twant %s", file, n+1, got, line)
				}
				out = append(out, got)
			}
			if *update {
				must(t, os.WriteFile(file, []byte(strings.Join(out, "\n")+"\n"), 0o644))
			}
		})
	}
}

// TestScriptsReachEverything makes sure that the scripts make every call, and make every request be asked that
// the kernel raises.
func TestScriptsReachEverything(t *testing.T) {
	made := map[string]bool{}
	asked := map[kauth.RequestID]bool{}
	for _, file := range scripts(t) {
		s := newScript(t)
		for _, line := range readLines(t, file) {
			if _, err := s.run(line); err != nil {
				t.Fatal(err)
			}
			if s.last == nil {
				continue
			}
			made[s.last.call.Name] = true
			if s.last.call.Name == "ask" {
				continue
			}
			for _, q := range s.last.asked {
				asked[q.Request.ID] = true
			}
		}
	}
	for _, c := range sim.Calls() {
		if !made[c.Name] {
			t.Errorf("no script calls %s", c.Name)
		}
	}
	for id := range kauth.RequestID(kauth.NumRequests) {
		if info := id.Info(); kauth.Newest().Flags(id).Has(kauth.NeverRaised) || info.OnlyIn != "" || notHere[id.String()] != "" || asked[id] {
			continue
		}
		t.Errorf("no script makes the kernel ask %s", id)
	}
}

// deniedOtherwise are calls that end otherwise than the vocabulary says for a denied request, because they have
// more to look at or pass over what they may not touch.
var deniedOtherwise = map[string][]kauth.Errno{
	"bind network.bind.privport":         {kauth.EACCES, kauth.EPERM}, // AppleTalk gives EPERM.
	"exec process.rlimit.bypass":         {0},                         // It matters only beyond the limit.
	"posix_spawn process.rlimit.bypass":  {0},
	"extattr system.fs_extattr":          {0}, // The vnode scope allows root everything.
	"files process.cansee.openfiles":     {0}, // Hidden files are left out.
	"fork process.kevent_filter":         {0}, // The child is not watched.
	"ioctl device.tty_sti":               {kauth.EACCES, kauth.EPERM},
	"ipcctl system.sysvipc.bypass":       {kauth.EACCES, kauth.EPERM}, // EPERM for what is the owner's.
	"kill process.signal":                {kauth.EPERM, kauth.ESRCH},  // In groups nobody is left.
	"ktrace process.ktrace":              {0},                         // The value tells.
	"mount system.module":                {kauth.ENODEV},              // The type stays unknown.
	"open system.module":                 {kauth.ENXIO},               // The driver stays away.
	"procfs process.cansee.entry":        {kauth.ENOENT},
	"ptrace process.cansee.entry":        {kauth.ESRCH},
	"write_full system.fs_quota.nolimit": {69}, // EDQUOT: it stands for a write beyond the limits.
}

// notHere are requests of machines and programs that are not simulated.
var notHere = map[string]string{
	"machdep.pxg":        "a graphics driver of TURBOchannel machines",
	"machdep.ioperm_get": "amd64 has no permissions of single ports",
	"machdep.ioperm_set": "amd64 has no permissions of single ports",
	"machdep.ldt_get":    "for 32-bit programs alone",
	"machdep.ldt_set":    "for 32-bit programs alone",
}

// TestDeniedRequests replays the scripts once for every request, with that request denied as soon as it would
// have been allowed, and compares the error with the one that the vocabulary gives.
func TestDeniedRequests(t *testing.T) {
	type place struct {
		file string
		line int
	}
	first := map[kauth.RequestID][]place{}
	for _, file := range scripts(t) {
		s := newScript(t)
		for n, line := range readLines(t, file) {
			if _, err := s.run(line); err != nil {
				t.Fatal(err)
			}
			if s.last == nil || s.last.errno != 0 {
				continue
			}
			seen := map[kauth.RequestID]bool{}
			for _, q := range s.last.asked {
				if id := q.Request.ID; q.Errno == 0 && !seen[id] {
					seen[id] = true
					first[id] = append(first[id], place{file, n})
				}
			}
		}
	}
	for id, places := range first {
		for _, at := range places {
			s := newScript(t)
			lines := readLines(t, at.file)
			for _, line := range lines[:at.line] {
				if _, err := s.run(line); err != nil {
					t.Fatal(err)
				}
			}
			s.deny = &id
			if _, err := s.run(lines[at.line]); err != nil {
				t.Fatal(err)
			}
			want := []kauth.Errno{id.Info().Deny}
			if other, known := deniedOtherwise[s.last.call.Name+" "+id.String()]; known {
				want = other
			}
			if s.last.call.Name != "ask" && !slices.Contains(want, s.last.errno) {
				t.Errorf("%s:%d: %s\n\twith %s denied is %s, want %s", at.file, at.line+1, lines[at.line], id, s.last.errno.Name(), want[0].Name())
			}
		}
	}
}

// A wrong script must not pass.
func TestScriptErrors(t *testing.T) {
	for _, line := range []string{"kernel frob=1", "cell web colour=red", "process x colour=1", "root: frob", "root: getpid x=1", "root: kill pid=@nobody signal=0", "frob", "advance soon"} {
		if _, err := newScript(t).run(line); err == nil {
			t.Errorf("%q passes", line)
		}
	}
	var bad *sim.ArgumentError
	_, err := newScript(t).run("root: bind fd=0 port=65536")
	if !errors.As(err, &bad) {
		t.Errorf("the error is %v", err)
	}
}
