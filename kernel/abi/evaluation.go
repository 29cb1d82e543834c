package abi

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"time"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/kauth"
)

// The evaluation model, secmodel_celleval: its nodes and what passes through its device. The structures are those of
// kernel/module/celleval_abi.h, which a test compares with these; docs/kernel-abi.md says what each operation does.
const (
	// EvalTree is the node above the others.
	EvalTree = "security.models.celleval"
	// EvalName is a string: the model's display name. Everybody may read it; the others, users of the host.
	EvalName = EvalTree + ".name"
	// EvalABI is an int: the version of the interface. A client that does not know it must leave the model alone.
	EvalABI = EvalTree + ".abi"
	// EvalVocabulary is a quad: which numbers requests have, as in a bundle.
	EvalVocabulary = EvalTree + ".vocabulary"
	// EvalMajor is an int: the major number of the device. Its minor number is 0.
	EvalMajor = EvalTree + ".major"
	// EvalStatus is a struct celleval_status.
	EvalStatus = EvalTree + ".status"
	// EvalCells is an array of struct celleval_cell, ordered by id.
	EvalCells = EvalTree + ".cells"
	// EvalAll is an int: 1 keeps every decision in the ring.
	EvalAll = EvalTree + ".all"
	// EvalDisable is an int: while it is 1 nobody is asked.
	EvalDisable = EvalTree + ".disable"

	// EvalDevice is the path of the device, which is made where it is missing.
	EvalDevice = "/dev/celleval"
	// EvalVersion is the version of the interface that this package has.
	EvalVersion = 1
)

// Device is the open device of the evaluation model. Errors are a kauth.Errno. It is for one goroutine.
type Device interface {
	// Write carries out one command, and Read gives whole events; EAGAIN where there is none.
	io.ReadWriteCloser
	// Wait returns once there is something to read, or with the error of the context.
	Wait(ctx context.Context) error
}

// Operation is what a command to the evaluation model does.
type Operation uint16

// The operations.
const (
	OpLoad    Operation = 1
	OpAttach  Operation = 2
	OpConfirm Operation = 3
	OpRevert  Operation = 4
	OpAfter   Operation = 5
)

// The sizes of the structures in bytes.
const (
	CommandSize    = 32
	EvalStatusSize = 88
	EvalCellSize   = 40
	EvalEventSize  = 72

	commandMagic = 0x4c564543
)

// Command is one write to the device.
type Command struct {
	Operation Operation
	// Number is the generation of OpConfirm and OpRevert, and the sequence number of OpAfter; else 0.
	Number uint64
	// Window of OpLoad: whole milliseconds, up to 2^32-1 of them; else 0.
	Window time.Duration
	// Bundle of OpLoad and OpAttach.
	Bundle []byte
}

// Encode is the command as the device takes it.
func (c *Command) Encode(order binary.ByteOrder) ([]byte, error) {
	window := c.Window.Milliseconds()
	if c.Window%time.Millisecond != 0 || window < 0 || window > math.MaxUint32 {
		return nil, fmt.Errorf("the time to confirm must be whole milliseconds, at most %d, but is %s", uint32(math.MaxUint32), c.Window)
	}
	text := make([]byte, CommandSize, CommandSize+len(c.Bundle))
	order.PutUint32(text[0:], commandMagic)
	order.PutUint16(text[4:], EvalVersion)
	order.PutUint16(text[6:], uint16(c.Operation))
	order.PutUint64(text[8:], uint64(CommandSize+len(c.Bundle)))
	order.PutUint64(text[16:], c.Number)
	order.PutUint32(text[24:], uint32(window))
	return append(text, c.Bundle...), nil
}

// DecodeCommand reads a command as the kernel does. The error is a kauth.Errno: EINVAL for a header that is wrong,
// EOPNOTSUPP for another version and for an operation that there is not.
func DecodeCommand(order binary.ByteOrder, text []byte) (Command, error) {
	if len(text) < CommandSize || order.Uint32(text) != commandMagic {
		return Command{}, kauth.EINVAL
	}
	if order.Uint16(text[4:]) != EvalVersion {
		return Command{}, kauth.EOPNOTSUPP
	}
	c := Command{
		Operation: Operation(order.Uint16(text[6:])), Number: order.Uint64(text[16:]),
		Window: time.Duration(order.Uint32(text[24:])) * time.Millisecond, Bundle: text[CommandSize:],
	}
	if order.Uint64(text[8:]) != uint64(len(text)) || order.Uint32(text[28:]) != 0 {
		return Command{}, kauth.EINVAL
	}
	var number, window, bundle bool
	switch c.Operation {
	case OpLoad:
		window, bundle = true, true
	case OpAttach:
		bundle = true
	case OpConfirm, OpRevert, OpAfter:
		number = true
	default:
		return Command{}, kauth.EOPNOTSUPP
	}
	if !number && c.Number != 0 || !window && c.Window != 0 || !bundle && len(c.Bundle) > 0 {
		return Command{}, kauth.EINVAL
	}
	return c, nil
}

// The flags of a status.
const (
	statusDisabled = 1
	statusWaits    = 2
	statusAll      = 4
)

// EvaluationStatus is the value of the node status.
type EvaluationStatus struct {
	kernel.Status
	// Format is the version of bundles that the model takes.
	Format uint32
	// Vocabulary is the id of the numbers that requests have.
	Vocabulary uint64
	// All says that every decision is kept.
	All bool
}

// Encode is the value as the node gives it.
func (s *EvaluationStatus) Encode(order binary.ByteOrder) []byte {
	text := make([]byte, EvalStatusSize)
	order.PutUint32(text[0:], EvalVersion)
	order.PutUint32(text[4:], s.Format)
	order.PutUint64(text[8:], s.Vocabulary)
	order.PutUint64(text[16:], s.Generation)
	order.PutUint32(text[24:], s.Attachment)
	var flags uint32
	for flag, set := range map[uint32]bool{statusDisabled: s.Disabled, statusWaits: s.Waits, statusAll: s.All} {
		if set {
			flags |= flag
		}
	}
	order.PutUint32(text[28:], flags)
	order.PutUint32(text[32:], uint32(s.Programs))
	order.PutUint32(text[36:], uint32(s.Cells))
	for i, v := range []uint64{uint64(s.Bytes), s.Highest, s.Back, uint64(s.Left), s.Sequence, s.Dropped} {
		order.PutUint64(text[40+8*i:], v)
	}
	return text
}

// DecodeEvaluationStatus reads the value of the node status.
func DecodeEvaluationStatus(order binary.ByteOrder, text []byte) (s EvaluationStatus, err error) {
	if len(text) != EvalStatusSize {
		return s, fmt.Errorf("the status of the evaluation model must be %d bytes, but is %d", EvalStatusSize, len(text))
	}
	if v := order.Uint32(text); v != EvalVersion {
		return s, fmt.Errorf("the status of the evaluation model must be of version %d, but is of %d", EvalVersion, v)
	}
	flags := order.Uint32(text[28:])
	s.Format, s.Vocabulary = order.Uint32(text[4:]), order.Uint64(text[8:])
	s.Generation, s.Attachment = order.Uint64(text[16:]), order.Uint32(text[24:])
	s.Disabled, s.Waits, s.All = flags&statusDisabled != 0, flags&statusWaits != 0, flags&statusAll != 0
	s.Programs, s.Cells = count(uint64(order.Uint32(text[32:]))), count(uint64(order.Uint32(text[36:])))
	s.Bytes, s.Highest, s.Back = count(order.Uint64(text[40:])), order.Uint64(text[48:]), order.Uint64(text[56:])
	s.Left = time.Duration(min(order.Uint64(text[64:]), math.MaxInt64))
	s.Sequence, s.Dropped = order.Uint64(text[72:]), order.Uint64(text[80:])
	return s, nil
}

const cellNamed = 0x100

// EncodeEvaluationCells is the value of the node cells.
func EncodeEvaluationCells(order binary.ByteOrder, cells []kernel.CellStatus) []byte {
	text := make([]byte, len(cells)*EvalCellSize)
	for i, c := range cells {
		at := text[i*EvalCellSize:]
		order.PutUint32(at, uint32(c.Cell))
		answered := uint32(c.Answered)
		if c.Named {
			answered |= cellNamed
		}
		order.PutUint32(at[4:], answered)
		for i, v := range []uint64{c.Decisions, c.Denied, c.Granted, c.WouldDeny} {
			order.PutUint64(at[8+8*i:], v)
		}
	}
	return text
}

// DecodeEvaluationCells reads the value of the node cells. They must be ordered by id, none twice and the host not among
// them.
func DecodeEvaluationCells(order binary.ByteOrder, text []byte) ([]kernel.CellStatus, error) {
	if len(text)%EvalCellSize != 0 {
		return nil, fmt.Errorf("the cells of the evaluation model must be a multiple of %d bytes, but are %d", EvalCellSize, len(text))
	}
	cells := make([]kernel.CellStatus, len(text)/EvalCellSize)
	last := kernel.CellID(0)
	for i := range cells {
		at := text[i*EvalCellSize:]
		answered := order.Uint32(at[4:])
		c := kernel.CellStatus{Cell: kernel.CellID(order.Uint32(at)), Answered: kernel.Answered(answered &^ cellNamed), Named: answered&cellNamed != 0}
		if answered&^cellNamed > uint32(kernel.ByProgram) {
			return nil, fmt.Errorf("who answers for cell %d must be 0 to %d, but is %d", c.Cell, kernel.ByProgram, answered&^cellNamed)
		}
		if c.Cell <= last {
			return nil, fmt.Errorf("the cells of the evaluation model must be in order of their ids, but %d follows %d", c.Cell, last)
		}
		last = c.Cell
		c.Counts = kernel.Counts{Decisions: order.Uint64(at[8:]), Denied: order.Uint64(at[16:]), Granted: order.Uint64(at[24:]), WouldDeny: order.Uint64(at[32:])}
		cells[i] = c
	}
	return cells, nil
}

// The flags of an event.
const (
	eventFallback = 1
	eventProbe    = 2
	eventRecord   = 4
)

// EncodeEvent is an event as the device gives it, with the numbers of a vocabulary, which must have its request. Texts longer
// than 2^16-1 bytes are cut.
func EncodeEvent(order binary.ByteOrder, v *kauth.Vocabulary, e *kernel.Event) []byte {
	text := make([]byte, EvalEventSize)
	request, ok := v.Number(e.Request)
	if !ok {
		panic("abi: no number for " + e.Request.String())
	}
	var flags uint32
	for flag, set := range map[uint32]bool{eventFallback: e.Fallback, eventProbe: e.Probe, eventRecord: e.Record} {
		if set {
			flags |= flag
		}
	}
	order.PutUint32(text[4:], flags)
	order.PutUint64(text[8:], e.Sequence)
	order.PutUint64(text[16:], uint64(e.Time))
	order.PutUint64(text[24:], e.Generation)
	for i, v := range []uint32{uint32(e.Cell), uint32(e.PID), e.EUID, request.Key(), uint32(e.Source.Line), uint32(e.Would.Source.Line)} {
		order.PutUint32(text[32+4*i:], v)
	}
	text[56], text[57] = byte(e.Result), byte(e.Would.Result)
	for i, s := range []string{e.Name, e.Source.Policy, e.Reason, e.Source.File, e.Would.Source.Policy, e.Would.Reason, e.Would.Source.File} {
		s = s[:min(len(s), math.MaxUint16)]
		order.PutUint16(text[58+2*i:], uint16(len(s)))
		text = append(text, s...)
	}
	text = append(text, make([]byte, roundUp(len(text), 8)-len(text))...)
	order.PutUint32(text, uint32(len(text)))
	return text
}

// DecodeEvents reads what a read of the device gave, in the numbers of the vocabulary.
func DecodeEvents(order binary.ByteOrder, v *kauth.Vocabulary, text []byte) ([]kernel.Event, error) {
	var events []kernel.Event
	for len(text) > 0 {
		if len(text) < EvalEventSize {
			return nil, fmt.Errorf("an event must have %d bytes or more, but has %d", EvalEventSize, len(text))
		}
		length := order.Uint32(text)
		if length < EvalEventSize || length%8 != 0 || uint64(length) > uint64(len(text)) {
			return nil, fmt.Errorf("the length of an event must be a multiple of 8 from %d to %d, but is %d", EvalEventSize, len(text), length)
		}
		e, err := decodeEvent(order, v, text[:length])
		if err != nil {
			return nil, err
		}
		events, text = append(events, e), text[length:]
	}
	return events, nil
}

func decodeEvent(order binary.ByteOrder, v *kauth.Vocabulary, text []byte) (e kernel.Event, err error) {
	flags := order.Uint32(text[4:])
	e.Fallback, e.Probe, e.Record = flags&eventFallback != 0, flags&eventProbe != 0, flags&eventRecord != 0
	e.Sequence, e.Time = order.Uint64(text[8:]), time.Duration(min(order.Uint64(text[16:]), math.MaxInt64))
	e.Generation = order.Uint64(text[24:])
	e.Cell, e.PID, e.EUID = kernel.CellID(order.Uint32(text[32:])), count(uint64(order.Uint32(text[36:]))), order.Uint32(text[40:])
	key := order.Uint32(text[44:])
	var known bool
	if e.Request, known = v.Request(kauth.Number{Scope: kauth.Scope(key >> 16), Action: uint8(key >> 8), Req: uint8(key)}); !known || key >= 1<<24 {
		return e, fmt.Errorf("the request of event %d must be one that NetBSD %s has, but is %06x", e.Sequence, v.Version, key)
	}
	e.Source.Line, e.Would.Source.Line = count(uint64(order.Uint32(text[48:]))), count(uint64(order.Uint32(text[52:])))
	rest := text[EvalEventSize:]
	for i, to := range []*string{&e.Name, &e.Source.Policy, &e.Reason, &e.Source.File, &e.Would.Source.Policy, &e.Would.Reason, &e.Would.Source.File} {
		n := int(order.Uint16(text[58+2*i:]))
		if n > len(rest) {
			return e, fmt.Errorf("the texts of event %d must fit its %d bytes, but do not", e.Sequence, len(text))
		}
		*to, rest = string(rest[:n]), rest[n:]
	}
	if len(rest) >= 8 || !bytes.Equal(rest, make([]byte, len(rest))) {
		return e, fmt.Errorf("event %d must end with its texts, but has %d bytes more", e.Sequence, len(rest))
	}
	e.Result, e.Would.Result = policy.Result(text[56]), policy.Result(text[57])
	if e.Result < policy.Allow || e.Result > policy.Deny || e.Would.Result > policy.Deny {
		return e, fmt.Errorf("the results of event %d must be 1 to 3, and 0 to 3, but are %d and %d", e.Sequence, text[56], text[57])
	}
	return e, nil
}
