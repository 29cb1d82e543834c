package sim

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf8"

	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
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
	LogLost    uint64           `json:"log_lost,omitempty"`
	LastLogged map[string]int64 `json:"last_logged,omitempty"`
	Files      []savedFile      `json:"files,omitempty"`
	NextCell   uint32           `json:"next_cell"`
	Cells      []savedCell      `json:"cells,omitempty"`
	Evaluation *savedEvaluation `json:"evaluation,omitempty"`
	// Client belongs to who keeps the state.
	Client json.RawMessage `json:"client,omitempty"`
}

type savedOptions struct {
	Revision string `json:"revision"`
	// Vocabulary is its version, "" for 10.99.12.
	Vocabulary   string            `json:"vocabulary,omitempty"`
	NoEvaluation bool              `json:"no_evaluation,omitempty"`
	HZ           int               `json:"hz,omitempty"`
	RingSize     int               `json:"ring_size,omitempty"`
	RecordAll    bool              `json:"record_all,omitempty"`
	Groups       map[string]uint32 `json:"groups,omitempty"`
	Boot         time.Time         `json:"boot"`
	CAN          bool              `json:"can,omitempty"`
	SCTP         bool              `json:"sctp,omitempty"`
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
	o := &k.opts
	s := &saved{
		Options:    savedOptions{o.Revision.String(), version(o.Vocabulary), o.NoEvaluation, o.HZ, o.RingSize, o.RecordAll, k.groups, k.boot, o.CAN, o.SCTP},
		Settings:   savedSettings(k.settings),
		Host:       k.saveHost(),
		LastLogged: k.log.saveLast(),
		Files:      k.saveFiles(),
		NextCell:   k.cells.next,
		Cells:      k.saveCells(), Evaluation: k.eval.save(),
		Client: k.client,
	}
	s.Log, s.LogLost = k.log.save()
	return s
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

// version names a vocabulary in a state, vocabularyOf finds it again.
func version(v *kauth.Vocabulary) string {
	if v == &kauth.NetBSD109912 {
		return ""
	}
	return v.Version
}

func vocabularyOf(version string) (*kauth.Vocabulary, bool) {
	if version == "" {
		return &kauth.NetBSD109912, true
	}
	for _, v := range kauth.Vocabularies() {
		if v.Version == version {
			return v, true
		}
	}
	return nil, false
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
	vocabulary, known := vocabularyOf(o.Vocabulary)
	if !known {
		return nil, stateError("the vocabulary must be one that this program knows, but is that of NetBSD %s", o.Vocabulary)
	}
	k, err := New(Options{
		Revision: rev, Vocabulary: vocabulary, NoEvaluation: o.NoEvaluation, HZ: o.HZ, RingSize: o.RingSize, RecordAll: o.RecordAll, Groups: o.Groups, Boot: o.Boot,
		MaxProc: s.Host.MaxProc, CAN: o.CAN, SCTP: o.SCTP,
	})
	if err != nil {
		return nil, stateError("%s", err)
	}
	for _, part := range [...]func() error{
		func() error { return k.restoreSettings(s.Settings) },
		func() error { return k.restoreHost(&s.Host) },
		func() error { return k.log.restore(s.Log, s.LogLost, s.LastLogged) },
		func() error { return k.restoreFiles(s.Files) },
		func() error { return k.restoreCells(s.Cells, s.NextCell) },
		func() error { return k.restoreEvaluation(s.Evaluation) },
	} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	k.client = s.Client
	return k, nil
}
