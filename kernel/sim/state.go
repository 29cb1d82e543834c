package sim

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cellsh/kernel"
	"cellsh/kernel/abi"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

// The envelope of a saved state: magic says what it is, version how it is written.
const (
	stateMagic   = "cellsh simulated kernel"
	stateVersion = 1
)

// StateError says why bytes are not the state of a simulated kernel.
type StateError struct {
	Text string
	// Hint says what to do, or is "".
	Hint string
}

func (e *StateError) Error() string { return "state of the simulated kernel: " + e.Text }

func stateError(form string, args ...any) error {
	return &StateError{Text: fmt.Sprintf(form, args...)}
}

// envelope is the document as a whole.
type envelope struct {
	Magic   string `json:"magic"`
	Version int    `json:"version"`
	// Checksum is the SHA-256 of State without insignificant blanks, in hexadecimal.
	Checksum string          `json:"checksum"`
	State    json.RawMessage `json:"state"`
}

// saved is the state itself. Durations are in nanoseconds.
type saved struct {
	Options    savedOptions     `json:"options"`
	Settings   savedSettings    `json:"settings"`
	Host       savedHost        `json:"host"`
	Log        []savedLine      `json:"log,omitempty"`
	LastLogged map[string]int64 `json:"last_logged,omitempty"`
	Files      []savedFile      `json:"files,omitempty"`
	NextCell   uint32           `json:"next_cell"`
	Cells      []savedCell      `json:"cells,omitempty"`
	Evaluation *savedEvaluation `json:"evaluation,omitempty"`
	// Client belongs to who keeps the state.
	Client json.RawMessage `json:"client,omitempty"`
}

type savedOptions struct {
	Revision     string            `json:"revision"`
	NoEvaluation bool              `json:"no_evaluation,omitempty"`
	HZ           int               `json:"hz,omitempty"`
	RingSize     int               `json:"ring_size,omitempty"`
	RecordAll    bool              `json:"record_all,omitempty"`
	Groups       map[string]uint32 `json:"groups,omitempty"`
	Boot         time.Time         `json:"boot"`
	CAN          bool              `json:"can,omitempty"`
	SCTP         bool              `json:"sctp,omitempty"`
}

// savedSettings are an object with the settings by name. A switch is true or false; one that is off, and veriexec 0, may be
// left out.
type savedSettings stock.Settings

// MarshalJSON writes the settings in the order of their table.
func (s savedSettings) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, v := range s {
		which := stock.Setting(i)
		if v == 0 && which != stock.SettingSecurelevel && which != stock.SettingExposeAddress {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, "%q:", which)
		if which.Switch() {
			b = append(b, "true"...)
		} else {
			b = strconv.AppendInt(b, int64(v), 10)
		}
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads them; a key that is not known is an error.
func (s *savedSettings) UnmarshalJSON(text []byte) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return err
	}
	*s = savedSettings{}
	for i := range s {
		which := stock.Setting(i)
		v, ok := values[which.String()]
		delete(values, which.String())
		switch {
		case !ok:
		case which.Switch():
			on := false
			if err := json.Unmarshal(v, &on); err != nil {
				return err
			}
			s[i] = int(truth(on))
		default:
			if err := json.Unmarshal(v, &s[i]); err != nil {
				return err
			}
		}
	}
	for name := range values {
		return fmt.Errorf("json: unknown field %q", name)
	}
	return nil
}

// savedHost is what else the host keeps: sysctl nodes, modules, the clock, the next process id.
type savedHost struct {
	Uptime         int64     `json:"uptime"`
	Offset         int64     `json:"offset,omitempty"`
	NextPID        int       `json:"next_pid"`
	MaxProc        int       `json:"maxproc"`
	Halted         bool      `json:"halted,omitempty"`
	Modules        []string  `json:"modules,omitempty"`
	Unloaded       []string  `json:"unloaded_modules,omitempty"`
	Hostname       savedText `json:"hostname"`
	Domainname     savedText `json:"domainname,omitempty"`
	Hostid         int64     `json:"hostid,omitempty"`
	RTCOffset      int64     `json:"rtc_offset,omitempty"`
	Timecounter    string    `json:"timecounter"`
	UserVA0Disable bool      `json:"user_va0_disable"`
	Forwarding     int64     `json:"forwarding,omitempty"`
	Forwsrcrt      int64     `json:"forwsrcrt,omitempty"`
	SetidcoreDump  int64     `json:"setid_core_dump,omitempty"`
	SetidcorePath  savedText `json:"setid_core_path"`
	SetidcoreOwner int64     `json:"setid_core_owner,omitempty"`
	SetidcoreGroup int64     `json:"setid_core_group,omitempty"`
	// These are missing where they are those of a new system.
	SetidcoreMode *int64 `json:"setid_core_mode,omitempty"`
	MaxFiles      *int64 `json:"maxfiles,omitempty"`

	AnonPortMin int64      `json:"anonportmin"`
	AnonPortMax int64      `json:"anonportmax"`
	Autoload    bool       `json:"autoload"`
	Addresses   []savedNet `json:"addresses,omitempty"`
}

// savedNet is an address of an interface that it does not have from the start, or one that it had.
type savedNet struct {
	Ifname  string `json:"ifname"`
	Address string `json:"address"`
	Removed bool   `json:"removed,omitempty"`
}

type savedLine struct {
	Time int64     `json:"time"`
	Text savedText `json:"text"`
}

// savedFile is a difference from the files that every new simulated system has.
type savedFile struct {
	Path savedText `json:"path"`
	// Removed files are missing; the other members say nothing then.
	Removed bool      `json:"removed,omitempty"`
	Type    string    `json:"type,omitempty"`
	Mode    uint16    `json:"mode,omitempty"`
	UID     uint32    `json:"uid,omitempty"`
	GID     uint32    `json:"gid,omitempty"`
	Flags   uint32    `json:"flags,omitempty"`
	Major   int       `json:"major,omitempty"`
	Minor   int       `json:"minor,omitempty"`
	Link    savedText `json:"link,omitempty"`
	// Usual says that the directory holds what MakeRoot makes.
	Usual bool `json:"usual,omitempty"`
}

type savedCell struct {
	ID   kernel.CellID `json:"id"`
	Name savedText     `json:"name"`
	Root savedText     `json:"root"`
	// Directory is where the directory that the cell holds is now, nil if it is nowhere: removed, or on a file
	// system that is not kept. April's revision holds none.
	Directory *savedText `json:"directory,omitempty"`
	Created   int64      `json:"created"`
	Flags     abi.Flags  `json:"flags,omitempty"`
	Profile   string     `json:"profile"`
	Ports     []uint16   `json:"ports,omitempty"`
	Nofile    uint64     `json:"nofile,omitempty"`
	AS        uint64     `json:"as,omitempty"`
	Core      uint64     `json:"core,omitempty"`
	Decisions uint64     `json:"decisions,omitempty"`
	Denied    uint64     `json:"denied,omitempty"`
	Granted   uint64     `json:"granted,omitempty"`
	WouldDeny uint64     `json:"would_deny,omitempty"`
}

type savedEvaluation struct {
	// Bundle as it was loaded, empty if none is.
	Bundle   []byte       `json:"bundle,omitempty"`
	Sequence uint64       `json:"sequence"`
	Events   []savedEvent `json:"events,omitempty"`
}

type savedEvent struct {
	Sequence uint64        `json:"sequence"`
	Time     int64         `json:"time"`
	Cell     kernel.CellID `json:"cell"`
	Name     savedText     `json:"name"`
	PID      int           `json:"pid,omitempty"`
	EUID     uint32        `json:"euid,omitempty"`
	Request  string        `json:"request"`
	savedAnswer
	Would    *savedAnswer `json:"would,omitempty"`
	Fallback bool         `json:"fallback,omitempty"`
}

type savedAnswer struct {
	Result string `json:"result"`
	Reason string `json:"reason,omitempty"`
	Policy string `json:"policy,omitempty"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
}

// savedText is text of users, who may use any bytes: what is not UTF-8 is written as a list of one string in
// base64.
type savedText string

// MarshalJSON writes a string, or the list.
func (s savedText) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(s)) {
		return json.Marshal(string(s))
	}
	return json.Marshal([][]byte{[]byte(s)})
}

// UnmarshalJSON reads either.
func (s *savedText) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		var list [][]byte
		if err := json.Unmarshal(b, &list); err != nil {
			return err
		}
		if len(list) != 1 {
			return errors.New("text in base64 must be a list of one string")
		}
		*s = savedText(list[0])
		return nil
	}
	return json.Unmarshal(b, (*string)(s))
}

// Client gives the section of the state that [Kernel.SetClient] set, nil if it is empty.
func (k *Kernel) Client() json.RawMessage {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.client)
}

// SetClient sets the section of the state that the simulator keeps and never looks into: a JSON value, or nil
// for none. An error says that it is no JSON.
func (k *Kernel) SetClient(section json.RawMessage) error {
	var b bytes.Buffer
	if len(section) > 0 {
		if err := json.Compact(&b, section); err != nil {
			return stateError("the client's section must be JSON, but is not: %s", diag.Malformed(err))
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.client = b.Bytes()
	return nil
}

// Marshal writes the state as a JSON document with a magic word, a version and a checksum, for [Restore]. Equal
// states give equal bytes.
//
// It holds the options, the settings of the host, the clock, files that are not those of a new system, cells,
// the loaded bundle, statistics, events, the log and the client's section. Not in it are all processes but init
// with what is theirs (sockets, terminals, IPC objects), mounts, created interfaces, and sysctl nodes that
// processes made.
func (k *Kernel) Marshal() ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	state, err := json.Marshal(k.save())
	if err != nil {
		return nil, err
	}
	// Written by hand, because an encoder would go over the whole state again.
	return fmt.Appendf(nil, `{"magic":%q,"version":%d,"checksum":%q,"state":%s}`+"\n", stateMagic, stateVersion, checksum(state), state), nil
}

// checksum of a state that has no insignificant blanks.
func checksum(state []byte) string {
	sum := sha256.Sum256(state)
	return hex.EncodeToString(sum[:])
}

func (k *Kernel) save() *saved {
	o, h, fresh := &k.opts, &k.kern, newKernelState()
	s := &saved{
		Options:  savedOptions{o.Revision.String(), o.NoEvaluation, o.HZ, o.RingSize, o.RecordAll, k.groups, k.boot, o.CAN, o.SCTP},
		Settings: savedSettings(k.settings),
		Host: savedHost{
			Uptime: int64(k.uptime), Offset: int64(k.offset), NextPID: k.nextPID, MaxProc: k.maxProc, Halted: k.halted,
			Hostname: savedText(h.hostname), Domainname: savedText(h.domainname), Hostid: h.hostid, RTCOffset: h.rtcOffset, Timecounter: h.timecounter,
			UserVA0Disable: h.userVA0Disable, Forwarding: h.forwarding, Forwsrcrt: h.forwsrcrt, SetidcoreDump: h.setidcore.dump,
			SetidcorePath: savedText(h.setidcore.path), SetidcoreOwner: h.setidcore.owner, SetidcoreGroup: h.setidcore.group,
			SetidcoreMode: changed(h.setidcore.mode, fresh.setidcore.mode), MaxFiles: changed(h.maxFiles, fresh.maxFiles), AnonPortMin: h.anonPortMin, AnonPortMax: h.anonPortMax, Autoload: h.autoload,
			Addresses: k.net.saveAddresses(),
		},
		Files:    k.saveFiles(),
		NextCell: k.cells.next,
		Client:   k.client,
	}
	s.Host.Modules, s.Host.Unloaded = k.saveModules()
	for _, l := range k.log.kept() {
		s.Log = append(s.Log, savedLine{int64(l.Time), savedText(l.Text)})
	}
	if len(k.log.last) > 0 {
		s.LastLogged = map[string]int64{}
		for what, at := range k.log.last {
			s.LastLogged[what] = int64(at)
		}
	}
	for _, c := range k.cells.ordered() {
		s.Cells = append(s.Cells, k.saveCell(c))
	}
	if e := k.eval; e != nil {
		s.Evaluation = &savedEvaluation{Bundle: e.bytes, Sequence: e.sequence}
		for _, ev := range e.events(0) {
			s.Evaluation.Events = append(s.Evaluation.Events, saveEvent(&ev))
		}
	}
	return s
}

// changed gives the value if it is not that of a new system.
func changed(v, fresh int64) *int64 {
	if v == fresh {
		return nil
	}
	return &v
}

func (k *Kernel) saveCell(c *cell) savedCell {
	s := savedCell{
		ID: c.id, Name: savedText(c.name), Root: savedText(c.root), Created: int64(c.created), Flags: c.flags, Profile: c.profile.String(),
		Ports: c.ports, Nofile: c.nofile, AS: c.as, Core: c.core,
		Decisions: c.counts.decisions, Denied: c.counts.denied, Granted: c.counts.granted, WouldDeny: c.counts.wouldDeny,
	}
	if v := c.rootVnode; v != nil && k.keeps(v) {
		path := savedText(v.path())
		s.Directory = &path
	}
	return s
}

// keeps reports whether the file is on the root file system and still has its place there.
func (k *Kernel) keeps(v *vnode) bool {
	for v != k.rootMount.root {
		if v.mnt != k.rootMount || v.parent.children[v.name] != v {
			return false
		}
		v = v.parent
	}
	return true
}

func saveAnswer(a policy.Answer) savedAnswer {
	return savedAnswer{a.Result.String(), a.Reason, a.Source.Policy, a.Source.File, a.Source.Line}
}

func saveEvent(ev *kernel.Event) savedEvent {
	s := savedEvent{
		Sequence: ev.Sequence, Time: int64(ev.Time), Cell: ev.Cell, Name: savedText(ev.Name), PID: ev.PID, EUID: ev.EUID,
		Request: ev.Request.String(), savedAnswer: saveAnswer(ev.Answer), Fallback: ev.Fallback,
	}
	if ev.Would != (policy.Answer{}) {
		would := saveAnswer(ev.Would)
		s.Would = &would
	}
	return s
}

// saveAddresses gives the addresses that were added to, and removed from, the interfaces that there are from the start.
func (n *network) saveAddresses() []savedNet {
	var list []savedNet
	fresh := newNetwork()
	for _, old := range fresh.ifaces {
		i := n.iface(old.name)
		if i == nil {
			continue
		}
		for _, a := range old.addrs {
			if !slices.Contains(i.addrs, a) {
				list = append(list, savedNet{i.name, a.String(), true})
			}
		}
		for _, a := range i.addrs {
			if !slices.Contains(old.addrs, a) {
				list = append(list, savedNet{i.name, a.String(), false})
			}
		}
	}
	return list
}

// saveFiles gives the differences from a new system, directories before what is in them.
func (k *Kernel) saveFiles() []savedFile {
	fresh := &Kernel{groups: k.groups}
	fresh.makeTree()
	var list []savedFile
	var compare func(path string, was, is *vnode)
	compare = func(path string, was, is *vnode) {
		if was == nil || is.unmade != nil || !was.sameAttributes(is) {
			list = append(list, savedFile{
				Path: savedText(path), Type: typeNames[is.typ], Mode: is.mode, UID: is.uid, GID: is.gid, Flags: is.flags,
				Major: is.major, Minor: is.minor, Link: savedText(is.link), Usual: is.unmade != nil,
			})
		}
		if is.unmade != nil || is.typ != vDir {
			return
		}
		if path == "/" {
			path = ""
		}
		before := map[string]*vnode{}
		if was != nil && was.typ == vDir {
			before = was.children
		}
		for _, name := range slices.Sorted(maps.Keys(before)) {
			if is.children[name] == nil {
				list = append(list, savedFile{Path: savedText(path + "/" + name), Removed: true})
			}
		}
		for _, name := range slices.Sorted(maps.Keys(is.children)) {
			compare(path+"/"+name, before[name], is.children[name])
		}
	}
	compare("/", fresh.rootMount.root, k.rootMount.root)
	return list
}

func (v *vnode) sameAttributes(w *vnode) bool {
	return v.typ == w.typ && v.mode == w.mode && v.uid == w.uid && v.gid == w.gid && v.flags == w.flags && v.major == w.major && v.minor == w.minor && v.link == w.link
}

// Restore makes a kernel of a state that [Kernel.Marshal] wrote. It is taken as a whole or not at all; the
// error, a *StateError, says what is wrong with it.
func Restore(state []byte) (*Kernel, error) {
	if len(state) == 0 {
		return nil, &StateError{Text: "it must be a document of a simulated kernel, but is empty", Hint: "an empty file is a damaged one: restore it from a copy, or remove it to begin anew"}
	}
	var e envelope
	if err := decode(state, &e); err != nil || e.Magic != stateMagic {
		what := "it has another magic word"
		if err != nil {
			what = err.Error()
		}
		return nil, &StateError{Text: "it must be a document of a simulated kernel, but " + what, Hint: "take another file, or remove this one to begin anew"}
	}
	if e.Version != stateVersion {
		return nil, &StateError{Text: fmt.Sprintf("the version must be %d, but is %d", stateVersion, e.Version), Hint: "a newer cellsh may have written it"}
	}
	var b bytes.Buffer
	if err := json.Compact(&b, e.State); err != nil {
		return nil, stateError("the state must be there, but is missing")
	}
	if sum := checksum(b.Bytes()); sum != e.Checksum {
		return nil, &StateError{Text: fmt.Sprintf("the checksum must be %s, but is %s", sum, e.Checksum), Hint: "the file was damaged, or changed by hand"}
	}
	var s saved
	if err := decode(b.Bytes(), &s); err != nil {
		return nil, stateError("it can't be read: %s", err)
	}
	return s.restore()
}

// decode reads one JSON value whose members are all known.
func decode(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return errors.New(diag.Malformed(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows behind its end")
	}
	return nil
}

func (s *saved) restore() (*Kernel, error) {
	rev, known := secmodel.ParseRevision(s.Options.Revision)
	if !known {
		return nil, stateError("the revision must be %s, but is %q", secmodel.RevisionNames(), s.Options.Revision)
	}
	o := &s.Options
	if o.Groups == nil {
		o.Groups = map[string]uint32{}
	}
	k, err := New(Options{
		Revision: rev, NoEvaluation: o.NoEvaluation, HZ: o.HZ, RingSize: o.RingSize, RecordAll: o.RecordAll, Groups: o.Groups, Boot: o.Boot,
		MaxProc: s.Host.MaxProc, CAN: o.CAN, SCTP: o.SCTP,
	})
	if err != nil {
		return nil, stateError("%s", err)
	}
	for i, v := range s.Settings {
		which := stock.Setting(i)
		lo, hi := which.Range()
		switch which {
		case stock.SettingSecurelevel:
			// The kernel takes any number for these two, and so may the state have any.
			lo, hi = math.MinInt32, math.MaxInt32
		case stock.SettingVeriexec:
			hi = math.MaxInt32
		}
		if v < lo || v > hi {
			return nil, stateError("%s must be %d to %d, but is %d", which.Words(), lo, hi, v)
		}
	}
	k.settings = stock.Settings(s.Settings)
	for _, part := range [...]func(*Kernel) error{s.restoreHost, s.restoreFiles, s.restoreCells, s.restoreEvaluation} {
		if err := part(k); err != nil {
			return nil, err
		}
	}
	k.client = s.Client
	return k, nil
}

func (s *saved) restoreHost(k *Kernel) error {
	h := &s.Host
	switch {
	case h.Uptime < 0:
		return stateError("the uptime must not be negative, but is %d", h.Uptime)
	case time.Duration(h.Uptime) > maxUptime:
		return stateError("the uptime must be at most 100 years, but is %s", time.Duration(h.Uptime))
	case h.NextPID < 2 || h.NextPID > maxPID:
		return stateError("the next process id must be 2 to %d, but is %d", maxPID, h.NextPID)
	case h.MaxProc < 0 || h.MaxProc >= maxPID:
		return stateError("kern.maxproc must be 0 to %d, but is %d", maxPID-1, h.MaxProc)
	case !slices.Contains(timecounters, h.Timecounter):
		return stateError("the timecounter must be one of %s, but is %q", strings.Join(timecounters, ", "), h.Timecounter)
	case min(h.AnonPortMin, h.AnonPortMax) < 0 || max(h.AnonPortMin, h.AnonPortMax) > math.MaxUint16:
		return stateError("automatic ports must be 0 to 65535, but are %d to %d", h.AnonPortMin, h.AnonPortMax)
	case len(s.Log) > maxLog:
		return stateError("the log must have at most %d lines, but has %d", maxLog, len(s.Log))
	}
	k.uptime, k.offset = time.Duration(h.Uptime), time.Duration(h.Offset)
	k.nextPID, k.maxProc, k.halted = h.NextPID, h.MaxProc, h.Halted
	if err := k.restoreModules(h.Modules, h.Unloaded); err != nil {
		return err
	}
	n := &k.kern
	n.hostname, n.domainname, n.hostid = string(h.Hostname), string(h.Domainname), h.Hostid
	n.rtcOffset, n.timecounter, n.userVA0Disable = h.RTCOffset, h.Timecounter, h.UserVA0Disable
	n.forwarding, n.forwsrcrt = h.Forwarding, h.Forwsrcrt
	n.setidcore.dump, n.setidcore.path = h.SetidcoreDump, string(h.SetidcorePath)
	n.setidcore.owner, n.setidcore.group = h.SetidcoreOwner, h.SetidcoreGroup
	if h.SetidcoreMode != nil {
		n.setidcore.mode = *h.SetidcoreMode
	}
	if h.MaxFiles != nil {
		n.maxFiles = *h.MaxFiles
	}
	n.anonPortMin, n.anonPortMax, n.autoload = h.AnonPortMin, h.AnonPortMax, h.Autoload
	for _, a := range h.Addresses {
		addr, err := policy.ParseAddr(a.Address)
		i := k.net.iface(a.Ifname)
		if err != nil {
			return stateError("%s", err)
		}
		if i == nil {
			return stateError("an address must be of an interface that a new system has, but is of %q", a.Ifname)
		}
		if a.Removed {
			i.remove(addr)
		} else {
			i.add(addr)
		}
	}
	for _, l := range s.Log {
		k.log.lines = append(k.log.lines, LogLine{time.Duration(l.Time), string(l.Text)})
	}
	for what, at := range s.LastLogged {
		if k.log.last == nil {
			k.log.last = map[string]time.Duration{}
		}
		k.log.last[what] = time.Duration(at)
	}
	return nil
}

func (s *saved) restoreFiles(k *Kernel) error {
	types := map[string]vtype{}
	for t, name := range typeNames {
		types[name] = t
	}
	for i := range s.Files {
		f := &s.Files[i]
		fail := func(form string, args ...any) error {
			return stateError("file %q %s", string(f.Path), fmt.Sprintf(form, args...))
		}
		dir, name, ok := k.placeOf(string(f.Path))
		if !ok {
			return fail("must be in a directory that exists, but is not")
		}
		at := k.rootMount.root
		if dir != nil {
			at = dir.child(name)
		}
		if f.Removed {
			if at == nil || dir == nil {
				return fail("must exist to be removed, but does not")
			}
			k.dropMounts(at)
			dir.remove(name)
			continue
		}
		typ, known := types[f.Type]
		switch {
		case !known:
			return fail("must have a type that there is, but has %q", f.Type)
		case f.Mode > 0o7777:
			return fail("must have a mode of at most 07777, but has %#o", f.Mode)
		case f.Usual && typ != vDir || dir == nil && typ != vDir:
			return fail("must be a directory, but is a %s", f.Type)
		}
		if at == nil || at.typ != typ {
			if at != nil {
				k.dropMounts(at)
			}
			at = dir.add(name, newDir(nil, 0))
			at.typ = typ
		}
		at.mode, at.uid, at.gid, at.flags, at.major, at.minor, at.link = f.Mode, f.UID, f.GID, f.Flags, f.Major, f.Minor, string(f.Link)
		if f.Usual {
			at.unmade = k.furnish
		}
	}
	return nil
}

// placeOf finds the directory of a file on the root file system by its plain path, and its name there; the
// directory is nil for the root.
func (k *Kernel) placeOf(path string) (dir *vnode, name string, ok bool) {
	if path == "/" {
		return nil, "", true
	}
	parts := strings.Split(path, "/")
	if len(parts) < 2 || parts[0] != "" {
		return nil, "", false
	}
	dir = k.rootMount.root
	for i, part := range parts[1:] {
		if part == "" || part == "." || part == ".." || len(part) > maxName || strings.IndexByte(part, 0) >= 0 {
			return nil, "", false
		}
		if i == len(parts)-2 {
			return dir, part, true
		}
		if dir = dir.child(part); dir == nil || dir.typ != vDir {
			return nil, "", false
		}
	}
	return nil, "", false
}

// dropMounts forgets the file systems that a new system has mounted in a directory that is gone.
func (k *Kernel) dropMounts(v *vnode) {
	k.mounts = slices.DeleteFunc(k.mounts, func(m *mount) bool {
		if m.covered == nil || !m.covered.isUnder(v) {
			return false
		}
		m.covered.mounted = nil
		release(m.covered)
		return true
	})
}

func (s *saved) restoreCells(k *Kernel) error {
	last := kernel.CellID(0)
	for i := range s.Cells {
		c := &s.Cells[i]
		fail := func(form string, args ...any) error {
			return stateError("cell %d (%q) %s", c.ID, string(c.Name), fmt.Sprintf(form, args...))
		}
		if c.ID <= last || s.NextCell != 0 && uint32(c.ID) >= s.NextCell {
			return fail("must come in the order of ids below %d, but does not", s.NextCell)
		}
		last = c.ID
		n, err := s.cell(k, c)
		if err != nil {
			return fail("%s", err)
		}
		other := k.cells.byName[n.name]
		// April's revision allows a second cell with a name that fills its field.
		if other != nil && (k.rev.ChecksText || len(n.name) < kernel.MaxName) {
			return fail("must have a name of its own, but cell %d has it too", other.id)
		}
		for _, port := range n.ports {
			if other := k.cells.ports[port]; other != nil {
				return fail("must have ports of its own, but %d is cell %d's too", port, other.id)
			}
		}
		hold(n.rootVnode)
		k.cells.add(n)
		k.assign(n)
	}
	k.cells.next = s.NextCell
	return nil
}

// cell checks a saved cell as the kernel would at its creation.
func (s *saved) cell(k *Kernel, c *savedCell) (*cell, error) {
	profile, known := secmodel.ParseProfile(c.Profile)
	if !known {
		return nil, fmt.Errorf("must have a profile low, medium or high, but has %q", c.Profile)
	}
	if c.Created < 0 || c.Created > s.Host.Uptime {
		return nil, fmt.Errorf("must be made before now, but was at %d of %d", c.Created, s.Host.Uptime)
	}
	if len(c.Name) > kernel.MaxName || len(c.Root) > kernel.MaxRoot || len(c.Ports) > kernel.MaxPorts {
		return nil, errors.New("must have the sizes that a kernel takes, but does not")
	}
	made := createStruct{flags: c.Flags, nofile: c.Nofile, as: c.AS, core: c.Core, nports: uint16(len(c.Ports)),
		name: make([]byte, kernel.MaxName+1), root: make([]byte, kernel.MaxRoot+1)}
	copy(made.ports[:], c.Ports)
	copy(made.name, c.Name)
	copy(made.root, c.Root)
	if _, e := made.check(k.rev); e != 0 || text(made.name) != string(c.Name) || text(made.root) != string(c.Root) {
		return nil, errors.New("must be one that a kernel makes, but is not: name, root, ports and limits don't fit together")
	}
	n := &cell{
		id: c.ID, name: string(c.Name), root: string(c.Root), created: time.Duration(c.Created), profile: profile, flags: c.Flags,
		ports: c.Ports, nofile: c.Nofile, as: c.AS, core: c.Core, members: map[int]*Process{},
		counts: counts{c.Decisions, c.Denied, c.Granted, c.WouldDeny},
	}
	if !k.rev.HoldsRoot {
		if c.Directory != nil {
			return nil, fmt.Errorf("must hold no directory in revision %s, but does", k.opts.Revision)
		}
		return n, nil
	}
	if c.Directory == nil {
		// The directory is gone, but the cell holds it. Nobody gets there any more.
		n.rootVnode = newDir(k.rootMount, 0)
		n.rootVnode.name, n.rootVnode.parent = "(gone)", k.rootMount.root
		return n, nil
	}
	n.rootVnode = k.rootMount.root
	if dir, name, ok := k.placeOf(string(*c.Directory)); !ok || dir != nil {
		if !ok || dir.child(name) == nil || dir.child(name).typ != vDir {
			return nil, fmt.Errorf("must have a directory that exists, but %q does not", string(*c.Directory))
		}
		n.rootVnode = dir.child(name)
	}
	return n, nil
}

func (s *saved) restoreEvaluation(k *Kernel) error {
	v, e := s.Evaluation, k.eval
	if (v == nil) != (e == nil) {
		return stateError("the evaluation model must be there or not, but is half there")
	}
	if v == nil {
		return nil
	}
	if len(v.Bundle) > 0 {
		b, err := program.DecodeBundle(v.Bundle)
		if err != nil {
			return stateError("the loaded bundle must be sound, but %s", err)
		}
		if b.Vocabulary.ID != kauth.NetBSD109912.ID || b.Generation == 0 {
			return stateError("the loaded bundle must be one that can be loaded, but is not")
		}
		e.bundle, e.bytes = b, v.Bundle
		for _, c := range k.cells.byID {
			k.assign(c)
		}
	}
	if len(v.Events) > e.size {
		return stateError("there must be at most %d events, but there are %d", e.size, len(v.Events))
	}
	last := uint64(0)
	for i := range v.Events {
		ev, err := v.Events[i].restore()
		if err != nil {
			return stateError("event %d %s", v.Events[i].Sequence, err)
		}
		if ev.Sequence <= last || ev.Sequence > v.Sequence {
			return stateError("event %d must come in order, before the %d that there were", ev.Sequence, v.Sequence)
		}
		last = ev.Sequence
		e.ring = append(e.ring, ev)
	}
	e.sequence = v.Sequence
	return nil
}

func (s *savedEvent) restore() (ev kernel.Event, err error) {
	id, known := kauth.Find(s.Request)
	if !known {
		return ev, fmt.Errorf("must be of a request that there is, but is of %q", s.Request)
	}
	ev = kernel.Event{Sequence: s.Sequence, Time: time.Duration(s.Time), Cell: s.Cell, Name: string(s.Name), PID: s.PID, EUID: s.EUID, Request: id, Fallback: s.Fallback}
	if ev.Answer, err = s.savedAnswer.restore(); err == nil && s.Would != nil {
		ev.Would, err = s.Would.restore()
	}
	return ev, err
}

func (s *savedAnswer) restore() (policy.Answer, error) {
	r, known := policy.ParseResult(s.Result)
	if !known {
		return policy.Answer{}, fmt.Errorf("must have a result allow, grant or deny, but has %q", s.Result)
	}
	return policy.Answer{Result: r, Reason: s.Reason, Source: policy.Source{Policy: s.Policy, File: s.File, Line: s.Line}}, nil
}
