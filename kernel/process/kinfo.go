package process

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"
)

// What is known of sys/sys/sysctl.h of NetBSD: struct kinfo_proc2 has members of fixed widths and no padding, so its layout is
// the same on every machine. It only ever grows at its end: the caller says how long an element it wants.
const (
	kinfoSize = 680

	kinfoPID      = 116 // int32
	kinfoParent   = 120 // int32
	kinfoSession  = 124 // int32
	kinfoGroup    = 128 // int32
	kinfoUID      = 136 // uint32, effective
	kinfoRealUID  = 140 // uint32
	kinfoStat     = 360 // int8, of the first thread
	kinfoNice     = 363 // uint8, above niceZero
	kinfoName     = 368 // char[24]
	kinfoNameSize = 24
	kinfoResident = 432 // int32, pages
	kinfoValid    = 448 // int64: what follows is told
	kinfoStart    = 456 // struct timeval of two uint32, as all times here
	kinfoUser     = 464
	kinfoSystem   = 472
	kinfoWaited   = 592
	kinfoProcStat = 632 // uint64, of the process
)

// niceZero is what the kernel has for the usual priority (NZERO in sys/sys/param.h).
const niceZero = 20

// The states in sys/sys/lwp.h and sys/sys/proc.h.
const (
	threadSleeps  = 3
	processStop   = 4
	processDying  = 3
	processZombie = 5
	processDead   = 6
)

// decodeKinfos reads an array of struct kinfo_proc2.
func decodeKinfos(order binary.ByteOrder, page uint64, text []byte) ([]Process, error) {
	if len(text)%kinfoSize != 0 {
		return nil, fmt.Errorf("a list of processes must be a multiple of %d bytes, but is %d", kinfoSize, len(text))
	}
	list := make([]Process, 0, len(text)/kinfoSize)
	for ; len(text) > 0; text = text[kinfoSize:] {
		p, err := decodeKinfo(order, page, text[:kinfoSize])
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

func decodeKinfo(order binary.ByteOrder, page uint64, text []byte) (Process, error) {
	u32 := func(at int) uint32 { return order.Uint32(text[at:]) }
	number := func(at int) int { return int(int32(u32(at))) }
	var wrong error
	span := func(at int) time.Duration {
		sec, usec := u32(at), u32(at+4)
		if usec >= 1_000_000 && wrong == nil {
			wrong = fmt.Errorf("the microseconds of a time must be below a second, but are %d", usec)
		}
		return time.Duration(sec)*time.Second + time.Duration(usec)*time.Microsecond
	}
	p := Process{
		PID: number(kinfoPID), Parent: number(kinfoParent), Group: number(kinfoGroup), Session: number(kinfoSession),
		UID: u32(kinfoUID), RealUID: u32(kinfoRealUID),
	}
	if p.PID < 0 {
		return p, fmt.Errorf("the number of a process must be 0 or more, but is %d", p.PID)
	}
	switch order.Uint64(text[kinfoProcStat:]) {
	case processDying, processZombie, processDead:
		p.State = Zombie
	case processStop:
		p.State = Stopped
	default:
		if text[kinfoStat] == threadSleeps {
			p.State = Sleeping
		}
	}
	name := text[kinfoName : kinfoName+kinfoNameSize]
	if end := bytes.IndexByte(name, 0); end >= 0 {
		name = name[:end]
	}
	p.Name = string(name)
	if order.Uint64(text[kinfoValid:]) == 0 {
		return p, nil
	}
	pages := number(kinfoResident)
	if pages < 0 {
		return p, fmt.Errorf("the pages of process %d must be 0 or more, but are %d", p.PID, pages)
	}
	p.Measured, p.Resident = true, uint64(pages)*page
	start := span(kinfoStart)
	p.Born, p.Start = Stamp(strconv.FormatInt(start.Microseconds(), 10)), time.Unix(0, 0).Add(start)
	p.Nice = int(text[kinfoNice]) - niceZero
	p.Time, p.Waited = span(kinfoUser)+span(kinfoSystem), span(kinfoWaited)
	return p, wrong
}

// decodeArgs takes strings apart that each end with a zero; one that was cut may lack it.
func decodeArgs(text []byte) []string {
	var args []string
	for len(text) > 0 {
		arg, rest, _ := bytes.Cut(text, []byte{0})
		args, text = append(args, string(arg)), rest
	}
	return args
}
