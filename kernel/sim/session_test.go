package sim_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

// TestConformanceSessions does what the recorded sessions with the management interface did, line by line, and
// writes down what comes out. A line that differs, or says what this test does not know, fails it.
func TestConformanceSessions(t *testing.T) {
	folder, files := vectors(t, "sysctl-*.txt")
	if len(files) == 0 {
		fmt.Printf("conformance: there are no sysctl-*.txt in %s\n", folder)
	}
	agree, all := conform(t, files, "lines", replaySessionFile)
	fmt.Printf("conformance: %d of %d session lines agree\n", agree, all)
}

// replaySessionFile replays a session on the revision that the file's name has. Any other name leaves open which it
// is: then it is the one that agrees with more lines.
func replaySessionFile(file string) (agree, all int, problems []string) {
	name := filepath.Base(file)
	lines, err := textLines(file)
	if err != nil {
		return 0, 0, []string{err.Error()}
	}
	revision := strings.TrimSuffix(strings.TrimPrefix(name, "sysctl-"), ".txt")
	if _, known := secmodel.ParseRevision(revision); known {
		return replaySession(name, revision, lines)
	}
	for _, revision := range []string{"april", "current"} {
		if a, n, p := replaySession(name, revision, lines); all == 0 || a > agree {
			agree, all, problems = a, n, p
		}
	}
	return agree, all, problems
}

func replaySession(name, revision string, lines []string) (agree, all int, problems []string) {
	var s *session
	if _, err := attempt(func(t testing.TB) (string, error) {
		s = newSession(t, revision, strings.Join(lines, "\n"))
		return "", nil
	}); err != nil {
		return 0, 0, []string{name + ": " + err.Error()}
	}
	for n, line := range lines {
		line = oneSpace(line)
		if line == "" {
			continue
		}
		all++
		got, err := attempt(func(t testing.TB) (string, error) {
			s.t = t
			return s.line(line)
		})
		switch {
		case err != nil:
			problems = append(problems, fmt.Sprintf("%s:%d: %v", name, n+1, err))
		case oneSpace(got) != line:
			problems = append(problems, fmt.Sprintf("%s:%d: comes out as\n\t%s\nrecorded is\n\t%s", name, n+1, got, line))
		default:
			agree++
		}
	}
	if all == 0 {
		problems = append(problems, name+" holds no lines")
	}
	return agree, all, problems
}

// oneSpace makes lines comparable: the sessions are in columns.
func oneSpace(s string) string { return strings.Join(strings.Fields(s), " ") }

// session is a recorded session under way.
type session struct {
	t         testing.TB
	k         *sim.Kernel
	rec       *sim.Process
	recording string
	// section is what the last heading said: the first words of it.
	section string
	// p makes the calls of the lines that are in the form of a call.
	p *sim.Process
	// started says that p has made a call, keep that it outlives its lines.
	started, keep bool
	// holds are the processes that stay until they are released.
	holds []*sim.Process
	// pids are the processes of the recording; profileTarget says that the process of this profile's cell has got
	// its number.
	pids          map[string]*sim.Process
	profileTarget bool
	// cells by what they are for.
	cells map[string]kernel.CellID
	// shown counts the entries of the list that were looked at.
	shown uint64
}

func newSession(t testing.TB, revision, recording string) *session {
	k, rec := recorderKernel(t, revision)
	for _, dir := range []string{"/cells/m1", "/cells/m2"} {
		must(t, k.Mkdir(dir))
	}
	return &session{t: t, k: k, rec: rec, p: rec, recording: recording, pids: map[string]*sim.Process{"1": k.Init()}, cells: map[string]kernel.CellID{}}
}

// line does what the line says and gives what it should have been.
func (s *session) line(line string) (string, error) {
	if rest, ok := strings.CutPrefix(line, "== "); ok {
		return s.heading(rest)
	}
	if rest, ok := strings.CutPrefix(line, "-- "); ok {
		s.next()
		return "-- " + rest, nil
	}
	for _, known := range [...]func(string) (string, bool){s.nodes, s.create, s.list, s.destroy, s.member, s.rootVnode, s.call} {
		if got, ok := known(line); ok {
			return got, nil
		}
	}
	return "", fmt.Errorf("the line %q of section %q is not known", line, s.section)
}

// next ends the process of the lines before, and has the next line made by a new one.
func (s *session) next() {
	if s.p != s.rec && !s.keep {
		s.end(s.p)
	}
	s.keep = false
	p, e := s.rec.Fork()
	ok(s.t, "fork", e)
	s.p, s.started = p, false
}

func (s *session) end(p *sim.Process) {
	p.Exit(0)
	_, _, e := s.rec.Wait()
	ok(s.t, "wait", e)
}

// hold has p stay for later lines, as the target of others.
func (s *session) hold() {
	s.holds = append(s.holds, s.p)
	s.keep = true
}

var profileHeading = regexp.MustCompile(`^profile (LOW|MEDIUM|HIGH): cell \d+ ok, ports (\d+) and (\d+), root in the cell$`)

func (s *session) heading(h string) (string, error) {
	// The process before the first profile stays: it is the user of the host that later lines name.
	if s.section == "as unprivileged users" {
		s.hold()
	}
	s.section, _, _ = strings.Cut(h, ":")
	if m := profileHeading.FindStringSubmatch(h); m != nil {
		profile, _ := secmodel.ParseProfile(strings.ToLower(m[1]))
		s.section = "profile"
		s.profileTarget = false
		var ports []uint16
		for _, w := range m[2:] {
			n, _ := strconv.Atoi(w)
			ports = append(ports, uint16(n))
		}
		id, err := s.k.Create(kernel.Spec{Name: strings.ToLower(m[1]), Root: "/cells/web", Profile: &profile, Ports: ports})
		s.cells["profile"] = id
		s.next()
		return fmt.Sprintf("== profile %s: cell %d %s, ports %d and %d, root in the cell", m[1], id, word(err), ports[0], ports[1]), nil
	}
	switch s.section {
	case "create", "list", "destroy", "id", "nodes below security.models.cell (CTL_QUERY)", "destroy while a member lives", "as unprivileged users", "the root vnode":
		s.next()
		return "== " + h, nil
	}
	return "", fmt.Errorf("the section %q is not known", h)
}

// word is how the recorder wrote an outcome.
func word(err error) string {
	if err == nil {
		return "ok"
	}
	var refused *kernel.Error
	if errors.As(err, &refused) {
		return refused.Errno.Name()
	}
	return err.Error()
}

const (
	cellNode = "security.models.cell"
	infoSize = 400
)

// nodes answers the lines about the nodes themselves.
func (s *session) nodes(line string) (string, bool) {
	if s.section != "nodes below security.models.cell (CTL_QUERY)" {
		return "", false
	}
	nodes, e := s.rec.SysctlQuery(cellNode)
	first, rest, _ := strings.Cut(line, " ")
	switch first {
	case "mib":
		var path []int
		for i, at := 0, ""; i < 3; i++ {
			found, e := s.rec.SysctlQuery(at)
			ok(s.t, "query", e)
			want := strings.Split(cellNode, ".")[i]
			n := slices.IndexFunc(found, func(n sim.SysctlNode) bool { return n.Name == want })
			path = append(path, found[n].Num)
			at = strings.TrimPrefix(at+"."+want, ".")
		}
		return fmt.Sprintf("mib %v <nil>", path), true
	case "sizeof":
		return fmt.Sprintf("sizeof create %d info %d sysctlnode 96", createSize, infoSize), true
	}
	if strings.HasPrefix(rest, "num=") {
		ok(s.t, "query", e)
		i := slices.IndexFunc(nodes, func(n sim.SysctlNode) bool { return n.Name == first })
		if i < 0 {
			return "no such node", true
		}
		n := nodes[i]
		return fmt.Sprintf("%s num=%d flags=%#x type=%d size=%d", n.Name, n.Num, n.Flags, n.Type, n.Size), true
	}
	switch first {
	case "name":
		return "name " + s.name(s.rec), true
	case "id":
		return "id " + s.id(s.rec), true
	case "list":
		n, e := s.count(s.rec)
		return fmt.Sprintf("list %d %s", n, e.Name()), true
	}
	return "", false
}

func (s *session) name(p *sim.Process) string {
	v, e := p.SysctlRead(cellNode + ".name")
	if e != 0 {
		return e.Name()
	}
	return fmt.Sprintf("%q <nil>", v)
}

func (s *session) id(p *sim.Process) string {
	v, e := p.SysctlRead(cellNode + ".id")
	if e != 0 {
		v = 0
	}
	return fmt.Sprintf("%d %s", v, e.Name())
}

func (s *session) count(p *sim.Process) (int, kauth.Errno) {
	length := uint64(0)
	e := p.Sysctl(cellNode+".list", &sim.SysctlArgs{OldLen: &length})
	return int(length / infoSize), e
}

// creation is one call of the create node: what is written, and the lengths.
type creation struct {
	in             []byte
	oldLen, newLen uint64
	// null and bad pointers.
	nullOld, badOld, nullNew, badNew, nullLen bool
}

// The fields of struct cell_create.
func (c *creation) flags(v uint32)   { binary.LittleEndian.PutUint32(c.in, v) }
func (c *creation) profile(v uint32) { binary.LittleEndian.PutUint32(c.in[8:], v) }
func (c *creation) rlimit(n int, v uint64) {
	binary.LittleEndian.PutUint64(c.in[80+8*n:], v)
}

func (c *creation) ports(count int, ports ...uint16) {
	binary.LittleEndian.PutUint16(c.in[12:], uint16(count))
	for i, p := range ports {
		binary.LittleEndian.PutUint16(c.in[14+2*i:], p)
	}
}

func (c *creation) setName(name string) { c.field(104, 64, name) }
func (c *creation) setRoot(root string) { c.field(168, 256, root) }

func (c *creation) field(at, size int, text string) {
	clear(c.in[at : at+size])
	copy(c.in[at:at+size], text)
}

func manyPorts(n int) []uint16 {
	ports := make([]uint16, min(n, 32))
	for i := range ports {
		ports[i] = uint16(9000 + i)
	}
	return ports
}

// creations are the inputs by the label of their line. Each begins with a good cell: x in /cells/web.
var creations = map[string]func(c *creation){
	"plain good":                   func(*creation) {},
	"cc_id=77 in input (ignored?)": func(c *creation) { binary.LittleEndian.PutUint32(c.in[4:], 77) },
	"unknown flag 0x20":            func(c *creation) { c.flags(0x20) },
	"all flags 0x1f, all fields good": func(c *creation) {
		c.flags(0x1f)
		c.ports(1, 9000)
		c.rlimit(0, 10)
		c.rlimit(1, 1<<30)
		c.rlimit(2, 0)
	},
	"profile 3 with flag":               func(c *creation) { c.flags(1); c.profile(3) },
	"profile 3 without flag":            func(c *creation) { c.profile(3) },
	"PORTS flag, nports 0":              func(c *creation) { c.flags(2) },
	"nports 1 without PORTS flag":       func(c *creation) { c.ports(1, 9000) },
	"ports[] filled, nports 0, no flag": func(c *creation) { c.ports(0, 9000, 9001) },
	"port 0":                            func(c *creation) { c.flags(2); c.ports(1, 0) },
	"duplicate ports":                   func(c *creation) { c.flags(2); c.ports(2, 9000, 9000) },
	"32 ports":                          func(c *creation) { c.flags(2); c.ports(32, manyPorts(32)...) },
	"33 ports":                          func(c *creation) { c.flags(2); c.ports(33, manyPorts(33)...) },
	"rlimit_nofile 10 without flag":     func(c *creation) { c.rlimit(0, 10) },
	"rlimit_as 10 without flag":         func(c *creation) { c.rlimit(1, 10) },
	"rlimit_core 10 without flag":       func(c *creation) { c.rlimit(2, 10) },
	"rlimit_nofile flag, value 0":       func(c *creation) { c.flags(4) },
	"rlimit_as flag, infinity":          func(c *creation) { c.flags(8); c.rlimit(1, ^uint64(0)) },
	"empty name":                        func(c *creation) { c.setName("") },
	"empty root":                        func(c *creation) { c.setRoot("") },
	`name with \n`:                      func(c *creation) { c.setName("a\nb") },
	`name with \t`:                      func(c *creation) { c.setName("a\tb") },
	"name with space":                   func(c *creation) { c.setName("a b") },
	"name with /":                       func(c *creation) { c.setName("a/b") },
	"name with :":                       func(c *creation) { c.setName("a:b") },
	"name with @":                       func(c *creation) { c.setName("a@b") },
	"name with UTF-8":                   func(c *creation) { c.setName("zellé") },
	"name of digits 123":                func(c *creation) { c.setName("123") },
	"name -x":                           func(c *creation) { c.setName("-x") },
	"name .":                            func(c *creation) { c.setName(".") },
	"name 63 bytes":                     func(c *creation) { c.setName(strings.Repeat("n", 63)) },
	"name 64 bytes, no NUL (over 63)":   func(c *creation) { c.setName(strings.Repeat("n", 64)) },
	"relative root":                     func(c *creation) { c.setRoot("cells/web") },
	"root .":                            func(c *creation) { c.setRoot(".") },
	"missing root directory":            func(c *creation) { c.setRoot("/cells/none") },
	"root is a file":                    func(c *creation) { c.setRoot("/etc/passwd") },
	"root / (the host's)":               func(c *creation) { c.setRoot("/") },
	`root with \n`:                      func(c *creation) { c.setRoot("/cells/a\nb") },
	"root with trailing /":              func(c *creation) { c.setRoot("/cells/web/") },
	"root with ..":                      func(c *creation) { c.setRoot("/cells/db/../web") },
	"root 256 bytes, no NUL":            func(c *creation) { c.setRoot("/cells/web" + strings.Repeat("/.", 123)) },
	"root 255 bytes":                    func(c *creation) { c.setRoot("/cells/web/" + strings.Repeat("/.", 122)) },
	"newlen 423":                        func(c *creation) { c.newLen = 423 },
	"newlen 425":                        func(c *creation) { c.newLen = 425; c.in = append(c.in, 0) },
	"newlen 0 with newp":                func(c *creation) { c.newLen = 0 },
	"newp NULL (a read)":                func(c *creation) { c.nullNew = true; c.newLen = 0 },
	"oldp NULL, oldlen 424":             func(c *creation) { c.nullOld = true },
	"oldp NULL, oldlen 0":               func(c *creation) { c.nullOld = true; c.oldLen = 0 },
	"oldlen 423":                        func(c *creation) { c.oldLen = 423 },
	"oldlen 0, oldp set":                func(c *creation) { c.oldLen = 0 },
	"oldlen 1024":                       func(c *creation) { c.oldLen = 1024 },
	"newp bad pointer":                  func(c *creation) { c.badNew = true },
	"oldp bad pointer":                  func(c *creation) { c.badOld = true },
	"oldp NULL and oldlenp NULL":        func(c *creation) { c.nullOld, c.nullLen = true, true },
	"duplicate name":                    func(c *creation) { c.setName("other") },
	"name differs by case (Other)":      func(c *creation) { c.setName("Other") },
	"same root as another cell":         func(c *creation) { c.setRoot("/cells/db") },
	"port reserved by other cell":       func(c *creation) { c.flags(2); c.ports(1, 8080) },
	"ports 81,8080: second reserved":    func(c *creation) { c.flags(2); c.ports(2, 81, 8080) },
}

func newCreation(name, root string) *creation {
	return &creation{in: createStruct(name, root), oldLen: createSize, newLen: createSize}
}

// send writes the structure to the create node, and gives the id in the answer.
func (s *session) send(p *sim.Process, c *creation) (id uint32, length uint64, e kauth.Errno) {
	old := make([]byte, max(c.oldLen, createSize))
	length = c.oldLen
	a := &sim.SysctlArgs{Old: old, OldLen: &length, New: c.in, NewLen: c.newLen, BadOld: c.badOld, BadNew: c.badNew}
	if c.nullOld {
		a.Old = nil
	}
	if c.nullNew {
		a.New = nil
	}
	if c.nullLen {
		a.OldLen = nil
	}
	e = p.Sysctl(cellNode+".create", a)
	return binary.LittleEndian.Uint32(old[4:]), length, e
}

// make makes a cell that later lines need.
func (s *session) make(purpose, name, root string, change func(*creation)) kauth.Errno {
	s.clockFor(name)
	c := newCreation(name, root)
	if change != nil {
		change(c)
	}
	id, _, e := s.send(s.rec, c)
	s.cells[purpose] = kernel.CellID(id)
	return e
}

// clockFor sets the clock to the time at which the recorded cell was made, if the list shows it.
func (s *session) clockFor(name string) {
	m := regexp.MustCompile(`Created:(\d+) .* name=` + regexp.QuoteMeta(name) + ` `).FindStringSubmatch(s.recording)
	if m == nil {
		return
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	must(s.t, err)
	s.k.Advance(time.Duration(n) - s.k.Uptime())
}

// create answers the lines that try inputs. What they make is removed again.
func (s *session) create(line string) (string, bool) {
	if s.section != "create" {
		return "", false
	}
	switch {
	case strings.HasPrefix(line, "other: "):
		e := s.make("other", "other", "/cells/db", func(c *creation) { c.flags(2); c.ports(2, 8080, 443) })
		return fmt.Sprintf("other: %d %s", s.cells["other"], e.Name()), true
	case strings.HasPrefix(line, "id after those: "):
		e := s.make("idcheck", "idcheck", "/cells/web", nil)
		return fmt.Sprintf("id after those: %d %s (failed creates consume no id; ids are never reused)", s.cells["idcheck"], e.Name()), true
	}
	label := ""
	for l := range creations {
		if strings.HasPrefix(line, l) && len(l) > len(label) {
			label = l
		}
	}
	if label == "" {
		return "", false
	}
	before, err := s.k.List()
	must(s.t, err)
	c := newCreation("x", "/cells/web")
	creations[label](c)
	id, length, e := s.send(s.rec, c)
	after, err := s.k.List()
	must(s.t, err)
	out := label + " " + e.Name()
	made := slices.DeleteFunc(slices.Clone(after), func(c kernel.Cell) bool {
		return slices.ContainsFunc(before, func(b kernel.Cell) bool { return b.ID == c.ID })
	})
	switch {
	case c.badNew:
	case c.badOld:
		out += fmt.Sprintf(", cells %d -> %d", len(before), len(after))
	case c.nullLen:
		out += fmt.Sprintf(", cells now %d", len(after))
	case e == 0:
		out += fmt.Sprintf(" id=%d oldlen %d->%d", id, c.oldLen, length)
	}
	for _, m := range made {
		name, root := text(c.in[104:168]), text(c.in[168:424])
		switch {
		case c.badOld || c.nullLen:
		case uint32(m.ID) != id:
			out += fmt.Sprintf(" (cell %d now exists)", m.ID)
		case m.Name != name || m.Root != root:
			out += fmt.Sprintf(" (listed as name %d bytes, root %d bytes)", len(m.Name), len(m.Root))
		}
		must(s.t, s.k.Destroy(m.ID))
	}
	return out, true
}

func text(b []byte) string {
	t, _, _ := bytes.Cut(b, []byte{0})
	return string(t)
}

// list answers the lines about the list node's lengths, and those that show an entry.
func (s *session) list(line string) (string, bool) {
	if s.section != "list" {
		return "", false
	}
	read := func(oldLen uint64, null bool, newp []byte) ([]byte, uint64, kauth.Errno) {
		b := make([]byte, oldLen)
		length := oldLen
		a := &sim.SysctlArgs{Old: b, OldLen: &length, New: newp, NewLen: uint64(len(newp))}
		if null {
			a.Old = nil
		}
		e := s.rec.Sysctl(cellNode+".list", a)
		return b, length, e
	}
	if m := regexp.MustCompile(`^\{Id:(\d+) `).FindStringSubmatch(line); m != nil {
		// Entries come in the kernel's order, and each is shown once.
		b, length, e := read(1<<16, false, nil)
		ok(s.t, "list", e)
		at := infoSize * s.shown
		s.shown++
		if at+infoSize > length {
			return "no such entry", true
		}
		return formatInfo(b[at : at+infoSize]), true
	}
	lengths := map[string]func() (uint64, uint64, kauth.Errno){}
	for _, n := range []uint64{399, 400, 800, 4096} {
		try := func() (uint64, uint64, kauth.Errno) { _, length, e := read(n, false, nil); return n, length, e }
		lengths[fmt.Sprintf("list oldlen %d", n)] = try
		lengths[fmt.Sprintf("list oldlen %d (2 cells)", n)] = try
	}
	lengths["list size query (oldp NULL)"] = func() (uint64, uint64, kauth.Errno) { _, length, e := read(0, true, nil); return 0, length, e }
	lengths["list with newp"] = func() (uint64, uint64, kauth.Errno) {
		_, length, e := read(4096, false, []byte{0, 0, 0, 0})
		return 4096, length, e
	}
	label := ""
	for l := range lengths {
		if strings.HasPrefix(line, l+" ") && len(l) > len(label) {
			label = l
		}
	}
	if label == "" {
		return "", false
	}
	from, to, e := lengths[label]()
	return fmt.Sprintf("%s %s oldlen %d->%d", label, e.Name(), from, to), true
}

// formatInfo is struct cell_info as the recorder printed it.
func formatInfo(b []byte) string {
	le := binary.LittleEndian
	u := func(at int) uint64 { return le.Uint64(b[at:]) }
	return fmt.Sprintf("{Id:%d Flags:%d Ref:%d Created:%d Proc:%d Mem:%d T1:%d T10:%d Nofile:%d As:%d Core:%d} name=%s root=%s",
		le.Uint32(b), le.Uint32(b[4:]), u(8), u(336), u(344), u(352), u(360), u(368), u(376), u(384), u(392), text(b[16:80]), text(b[80:336]))
}

// destroy answers the lines of the destroy node.
func (s *session) destroy(line string) (string, bool) {
	if s.section != "destroy" {
		return "", false
	}
	write := func(id uint32, newLen int, null bool) kauth.Errno {
		b := make([]byte, max(newLen, 8))
		binary.LittleEndian.PutUint32(b, id)
		a := &sim.SysctlArgs{New: b, NewLen: uint64(newLen)}
		if null {
			a = &sim.SysctlArgs{}
		}
		return s.rec.Sysctl(cellNode+".destroy", a)
	}
	attempts := []struct {
		label  string
		id     uint32
		newLen int
		null   bool
	}{
		{"id 0", 0, 4, false},
		{"unknown id 9999", 9999, 4, false},
		{"id 2^32-1", 1<<32 - 1, 4, false},
		{"newlen 2", 9999, 2, false},
		{"newlen 3", 9999, 3, false},
		{"newlen 8, unknown id 9999", 9999, 8, false},
		{"newp NULL", 0, 0, true},
		{"idcheck cell", uint32(s.cells["idcheck"]), 4, false},
		{"the same again", uint32(s.cells["idcheck"]), 4, false},
	}
	for _, a := range attempts {
		if strings.HasPrefix(line, a.label+" ") {
			return a.label + " " + write(a.id, a.newLen, a.null).Name(), true
		}
	}
	return "", false
}

// writeID writes the id node with a length of its own.
func (s *session) writeID(p *sim.Process, id uint32, newLen int) kauth.Errno {
	b := make([]byte, max(newLen, 8))
	binary.LittleEndian.PutUint32(b, id)
	return p.Sysctl(cellNode+".id", &sim.SysctlArgs{New: b, NewLen: uint64(newLen)})
}

// member answers the lines of the id node, and those about a cell's members, living and dead.
func (s *session) member(line string) (string, bool) {
	at := func(id kernel.CellID) kernel.Cell {
		cells, err := s.k.List()
		must(s.t, err)
		for _, c := range cells {
			if c.ID == id {
				return c
			}
		}
		return kernel.Cell{}
	}
	label, recorded, _ := strings.Cut(line, ": ")
	switch {
	case s.section == "id" && strings.HasPrefix(line, "web = "):
		ok(s.t, "create web", s.make("web", "web", "/cells/web", nil))
		return fmt.Sprintf("web = %d", s.cells["web"]), true
	case s.section == "id" && strings.HasPrefix(line, "write "):
		for _, a := range []struct {
			label  string
			id     uint32
			newLen int
		}{
			{"write id 0 as host root (no-op)", 0, 4}, {"write newlen 2", 0, 2}, {"write newlen 8", 0, 8},
			{"write unknown id 9999", 9999, 4}, {"write unknown id 2^32-1", 1<<32 - 1, 4},
		} {
			if strings.HasPrefix(line, a.label+" ") {
				return a.label + " " + s.writeID(s.rec, a.id, a.newLen).Name(), true
			}
		}
	case s.section == "destroy while a member lives":
		web := s.cells["web"]
		switch label {
		case "destroy with a live member":
			return label + ": " + word(s.k.Destroy(web)), true
		case "list after 2.1s":
			// How large the member was is not to be known otherwise.
			if m := regexp.MustCompile(`mem=(\d+)`).FindStringSubmatch(recorded); m != nil {
				n, err := strconv.ParseUint(m[1], 10, 64)
				must(s.t, err)
				s.p.SetVMSize(n)
			}
			s.k.Advance(2100 * time.Millisecond)
			c := at(web)
			return fmt.Sprintf("%s: proc=%d ref=%d mem=%d t1=%d t10=%d", label, c.Processes, c.References, c.Memory, c.Ticks1s, c.Ticks10s), true
		case "destroy with an unreaped zombie member":
			s.p.Exit(0)
			return label + ": " + word(s.k.Destroy(web)), true
		case "list right after the reap (stale sample)":
			_, _, e := s.rec.Wait()
			ok(s.t, "wait", e)
			s.p = s.rec
			c := at(web)
			return fmt.Sprintf("%s: proc=%d ref=%d", label, c.Processes, c.References), true
		case "destroy right after the reap":
			return label + ": " + word(s.k.Destroy(web)), true
		case "same name created again, id":
			ok(s.t, "create web", s.make("web", "web", "/cells/web", nil))
			return fmt.Sprintf("%s: %d", label, s.cells["web"]), true
		}
	case s.section == "profile" && strings.HasPrefix(line, "destroy: "):
		s.next()
		return "destroy: " + word(s.k.Destroy(s.cells["profile"])), true
	}
	return "", false
}

// rootVnode answers the lines that tell what is done to a cell's root.
func (s *session) rootVnode(line string) (string, bool) {
	if s.section != "the root vnode" {
		return "", false
	}
	if strings.HasPrefix(line, "cell on a tmpfs root: ") {
		e := s.make("root", "onroot", "/cells/m1", nil)
		return fmt.Sprintf("cell on a tmpfs root: %d %s", s.cells["root"], e.Name()), true
	}
	switch line {
	case "umount with the cell existing, no members:", "enter through chroot /cells/m1:", "rename of the root, chroot to the new name:",
		"rmdir and mkdir anew, chroot:", "create from inside a chroot (path seen from there):", "enter it from the host's view:":
		s.next()
		return line, true
	case "cell made before a nullfs mount over its root; enter after the mount:":
		s.next()
		ok(s.t, "create", s.make("root", "under", "/cells/m2", nil))
		return line, true
	}
	for _, l := range []string{"destroy, then umount", "destroy"} {
		if strings.HasPrefix(line, l+": ") {
			s.next()
			return l + ": " + word(s.k.Destroy(s.cells["root"])), true
		}
	}
	return "", false
}

var callLine = regexp.MustCompile(`^([a-z0-9]+)((?::[^ ]*)?) (.*)$`)

// call answers the lines in the form of a call, name:argument:argument.
func (s *session) call(line string) (string, bool) {
	m := callLine.FindStringSubmatch(line)
	if m == nil {
		return "", false
	}
	name := m[1]
	var args []string
	if m[2] != "" {
		args = strings.Split(m[2][1:], ":")
	}
	if name == "hold" {
		s.next()
		last := len(s.holds) - 1
		s.end(s.holds[last])
		s.holds = s.holds[:last]
		return "hold released", true
	}
	p := s.caller(name, args)
	out, known := s.outcome(p, name, args)
	return name + m[2] + " " + out, known
}

// caller finds who made the call: what names the host's own paths was done by the recorder, and a chroot to a
// cell's root begins another process.
func (s *session) caller(name string, args []string) *sim.Process {
	host := len(args) > 0 && strings.HasPrefix(args[0], "/cells/")
	switch name {
	case "mount", "umount", "nullmount", "rename", "rmdir", "mkdir":
		if host {
			// By then the process of the lines before had ended.
			if s.started {
				s.next()
			}
			return s.rec
		}
	case "chroot", "fchroot":
		if (host || args[0] == "/cells") && s.started {
			if s.section == "profile" {
				// The first process in the cell stays, to be looked at by the others.
				s.hold()
			}
			s.next()
		}
	}
	s.started = true
	return s.p
}

// pid finds the process that has the number in the recording: they appear in a fixed order.
func (s *session) pid(number string) int {
	if s.pids[number] == nil {
		switch {
		case len(s.pids) == 1:
			s.pids[number] = s.rec
		case !s.profileTarget:
			s.profileTarget = true
			s.pids[number] = s.holds[len(s.holds)-1]
		default:
			s.pids[number] = s.holds[0]
		}
	}
	return s.pids[number].PID()
}

// outcome makes one call and gives its outcome in the recorder's words.
func (s *session) outcome(p *sim.Process, name string, args []string) (string, bool) {
	e, known := kauth.Errno(0), true
	num := func(i int) int {
		n, err := strconv.Atoi(args[i])
		must(s.t, err)
		return n
	}
	wanted := map[string]int{
		"chroot": 1, "chdir": 1, "fchroot": 1, "enter": 1, "destroy": 1, "create": 2, "setuid": 1, "setgid": 1, "setgroups": 1, "threads": 1,
		"symlink": 2, "kill": 2, "killpp": 1, "getpgid": 1, "getprio": 1, "setprio": 2, "kevent": 1, "ptrace": 1, "touch": 1, "ktrace": 2,
		"mount": 1, "umount": 1, "nullmount": 2, "mknod": 1, "setlogin": 1, "bind4": 1, "bind6": 1, "bind4lo": 1, "bindudp": 1,
		"setnofile": 1, "open": 1, "openrw": 1, "rename": 2, "rmdir": 1, "mkdir": 1,
	}
	if len(args) != wanted[name] {
		return "", false
	}
	switch name {
	case "id":
		return s.id(p), true
	case "name":
		return s.name(p), true
	case "uid":
		c := p.Credential()
		return fmt.Sprintf("%d %d", c.UID, c.EUID), true
	case "list":
		n, e := s.count(p)
		return fmt.Sprintf("%d %s", n, e.Name()), true
	case "procs":
		list, e := p.Processes()
		if e != 0 {
			return e.Name(), true
		}
		return fmt.Sprintf("%d procs", len(list)), true
	case "nofile":
		l, e := p.Getrlimit(rlimitNofile)
		if e != 0 {
			return e.Name(), true
		}
		return fmt.Sprintf("%d/%d", l.Cur, l.Max), true
	case "threads":
		return s.threads(p, num(0)), true
	case "bind4", "bind6", "bind4lo", "bindudp":
		return s.bind(p, name, num(0)), true
	case "fhopen":
		// It stops where the handle is refused, and goes no further where it is given.
		return "getfh " + p.Getfh("/").Name(), true
	case "create":
		id, _, e := s.send(p, newCreation(args[0], args[1]))
		return fmt.Sprintf("%d %s", id, e.Name()), true
	case "query":
		_, e = p.SysctlQuery(cellNode)
	case "enter":
		e = s.writeID(p, uint32(num(0)), 4)
	case "destroy":
		e = p.SysctlWrite(cellNode+".destroy", int64(num(0)))
	case "msgbuf", "msgbufsize":
		_, e = p.SysctlRead("kern." + name)
	case "hostname":
		e = p.SysctlWrite("kern.hostname", "recorded.example.org")
	case "chroot":
		e = p.Chroot(args[0])
	case "chdir":
		e = p.Chdir(args[0])
	case "fchroot":
		var fd int
		if fd, e = p.Open(args[0], "r"); e == 0 {
			e = p.Fchroot(fd)
		}
	case "symlink":
		_, e = do(s.t, p, "symlink", map[string]any{"target": args[0], "path": args[1]})
	case "rename":
		_, e = do(s.t, p, "rename", map[string]any{"from": args[0], "to": args[1]})
	case "rmdir":
		_, e = do(s.t, p, "rmdir", map[string]any{"path": args[0]})
	case "mkdir":
		e = p.MakeDir(args[0], 0o755)
	case "touch":
		_, e = do(s.t, p, "open", map[string]any{"path": args[0], "mode": "w", "create": true})
	case "open":
		_, e = p.Open(args[0], "r")
	case "openrw":
		_, e = p.Open(args[0], "rw")
	case "mknod":
		e = p.Mknod(args[0], "chr", 0o600, 2, 2)
	case "mount":
		e = p.Mount("tmpfs", args[0], "tmpfs", 0)
	case "nullmount":
		e = p.Mount("null", args[1], args[0], 0)
	case "umount":
		e = p.Unmount(args[0])
	case "setuid":
		e = p.Setuid(uint32(num(0)))
	case "setgid":
		e = p.Setgid(uint32(num(0)))
	case "setgroups":
		e = p.Setgroups(uint32(num(0)))
	case "setlogin":
		e = p.Setlogin(args[0])
	case "kill":
		e = p.Kill(s.pid(args[0]), num(1))
	case "killpp":
		e = p.Kill(s.rec.PID(), num(0))
	case "getpgid":
		_, e = do(s.t, p, "getpgid", map[string]any{"pid": s.pid(args[0])})
	case "getprio":
		_, e = p.Getpriority(s.pid(args[0]))
	case "setprio":
		e = p.Setpriority(s.pid(args[0]), num(1))
	case "kevent":
		e = p.KeventProc(s.pid(args[0]), false)
	case "ptrace":
		e = p.Ptrace(9, s.pid(args[0]))
	case "ktrace":
		_, e = p.Ktrace(s.pid(args[1]), true, false)
	case "settime":
		e = p.Settimeofday(s.k.Now())
	case "shmget", "semget":
		_, e = p.Ipcget(name[:3], 0, 1, 0o600, true)
	case "modload":
		e = p.Modctl("load", "nosuchmodule")
	case "swapctl":
		e = p.Swapctl("on", "/")
	case "acct":
		e = p.Acct("")
	case "reboot":
		e = p.Reboot()
	case "rawsock":
		_, e = p.Socket(2, 3, 1)
	case "routesock":
		_, e = p.Socket(34, 3, 0)
	case "unixsock":
		_, e = p.Socket(1, 1, 0)
	case "setnofile":
		e = p.Setrlimit(rlimitNofile, sim.Rlimit{Cur: int64(num(0)), Max: int64(num(0))})
	default:
		known = false
	}
	return e.Name(), known
}

const rlimitNofile = 8

// bind binds a socket, listens where that is possible, and closes it.
func (s *session) bind(p *sim.Process, name string, port int) string {
	domain, typ, addr := 2, 1, policy.Addr{}
	switch name {
	case "bind6":
		domain = 24
	case "bindudp":
		typ = 2
	case "bind4lo":
		addr = policy.Addr{Version: 4, Hi: 0x7f000001 << 32}
	}
	fd, e := p.Socket(domain, typ, 0)
	if e != 0 {
		return "socket " + e.Name()
	}
	defer p.CloseFD(fd)
	if e := p.Bind(fd, addr, port); e != 0 || typ == 2 {
		return e.Name()
	}
	return "ok, listen " + p.Listen(fd).Name()
}

// threads has the process enter a cell while it has other threads, which share its credential.
func (s *session) threads(p *sim.Process, id int) string {
	const others = 6
	for range others {
		ok(s.t, "lwp_create", p.LWPCreate())
	}
	e := s.writeID(p, uint32(id), 4)
	succeeded := 0
	for range others {
		if _, e := s.count(p); e == 0 {
			succeeded++
		}
	}
	return fmt.Sprintf("enter %s; list calls that still succeeded on other threads after enter returned: %d", e.Name(), succeeded)
}

// A line that is not known must not pass.
func TestSessionNamesUnknownLines(t *testing.T) {
	for _, lines := range []string{
		"== frobnicate", "== create: x\n  a label that nobody knows ok", "== id: x\n -- y\n frobnicate:1 ok", "== id: x\n -- y\n kill:1 ok",
	} {
		s := newSession(t, "current", lines)
		var err error
		for _, l := range strings.Split(lines, "\n") {
			if _, e := s.line(oneSpace(l)); e != nil {
				err = e
			}
		}
		if err == nil {
			t.Errorf("%q passes", lines)
		}
	}
}
