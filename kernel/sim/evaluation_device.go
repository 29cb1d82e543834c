package sim

import (
	"context"
	"encoding/binary"

	"cellsh/kernel/abi"
	"cellsh/kernel/sim/sysctl"
	"cellsh/policy/kauth"
)

// evaluationMajor is the major number of the device, as a kernel may give it out.
const evaluationMajor = 367

// makeEvaluationNodes adds the nodes of the evaluation model (docs/kernel-abi.md).
func (k *Kernel) makeEvaluationNodes() {
	order := k.layout.Machine.Order
	k.sysctls.Put(abi.EvalTree, node{Type: sysctl.TypeNode, Desc: "Evaluation model of cellsh"})
	k.sysctls.Put(abi.EvalName, node{Type: sysctl.TypeString, Size: 17, Value: []byte("cellsh evaluation\x00")})
	// read is a node that users of the host may read; with a size of 0 the value is a list that must fit.
	read := func(path, desc string, typ, size int, value func() []byte) {
		k.sysctls.Put(path, node{Type: typ, Size: size, Desc: desc, Fn: func(x *sysctlCall) kauth.Errno {
			if x.Caller.cred.cell != nil {
				return kauth.EPERM
			}
			if size == 0 {
				return wholeValue(x, value())
			}
			return x.Lookup(value())
		}})
	}
	number := func(v int) func() []byte { return func() []byte { return abi.EncodeInt(order, uint32(v)) } }
	read(abi.EvalABI, "Version of the interface", sysctl.TypeInt, 4, number(abi.EvalVersion))
	read(abi.EvalVocabulary, "Which numbers requests have", sysctl.TypeQuad, 8, func() []byte { return binary.LittleEndian.AppendUint64(nil, k.opts.Vocabulary.ID) })
	read(abi.EvalMajor, "Major number of the device", sysctl.TypeInt, 4, number(evaluationMajor))
	read(abi.EvalStatus, "What is loaded", sysctl.TypeStruct, 0, func() []byte {
		s := k.evaluationStatus()
		return s.Encode(order)
	})
	read(abi.EvalCells, "Who answers for each cell", sysctl.TypeStruct, 0, func() []byte { return abi.EncodeEvaluationCells(order, k.evaluationCells()) })
	// setting is a switch that root of the host may set.
	setting := func(path, desc string, value *bool, may func() kauth.Errno) {
		k.sysctls.Put(path, node{Type: sysctl.TypeInt, Size: 4, Flags: sysctl.ReadWrite, Desc: desc, Fn: func(x *sysctlCall) kauth.Errno {
			if !x.Caller.cred.hostRoot() {
				return kauth.EPERM
			}
			b := abi.EncodeInt(order, uint32(truth(*value)))
			if e := x.Lookup(b); e != 0 || !x.Writes() {
				return e
			}
			v := order.Uint32(b)
			if v > 1 {
				return kauth.EINVAL
			}
			if v == 1 && may != nil {
				if e := may(); e != 0 {
					return e
				}
			}
			*value = v == 1
			return 0
		}})
	}
	setting(abi.EvalAll, "Keep every decision", &k.eval.all, nil)
	setting(abi.EvalDisable, "Ask nobody", &k.eval.disabled, func() kauth.Errno {
		if k.securelevelAbove(0) {
			return kauth.EPERM
		}
		return 0
	})
}

// wholeValue hands out a value whose length nobody knows beforehand: all of it, or ENOMEM.
func wholeValue(x *sysctlCall, value []byte) kauth.Errno {
	if x.Writes() {
		return kauth.EPERM
	}
	if x.Reads() {
		if x.Len < uint64(len(value)) {
			return kauth.ENOMEM
		}
		if e := x.CopyOut(value); e != 0 {
			return e
		}
	}
	x.Len = uint64(len(value))
	return 0
}

// evaluationDevice is an open device of the evaluation model, as a process of the simulated kernel has it.
type evaluationDevice struct {
	p *Process
	// after is the sequence number of the last event that was read, guarded by the kernel.
	after uint64
}

// OpenEvaluation opens the device of that major number. Errors are a kauth.Errno: ENXIO where there is none, EPERM unless the
// process is root of the host.
func (w Wire) OpenEvaluation(major uint32) (abi.Device, error) {
	p := w.Process
	e := p.call(func() kauth.Errno {
		switch {
		case p.k.eval == nil || major != evaluationMajor:
			return kauth.ENXIO
		case !p.cred.hostRoot():
			return kauth.EPERM
		}
		return 0
	})
	if e != 0 {
		return nil, e
	}
	return &evaluationDevice{p: p}, nil
}

// LookEvaluation finds nothing in the way: a simulated kernel has no files of devices.
func (w Wire) LookEvaluation(uint32) error { return nil }

// Write carries out one command.
func (d *evaluationDevice) Write(text []byte) (int, error) {
	e := d.p.call(func() kauth.Errno {
		k := d.p.k
		if !d.p.cred.hostRoot() {
			return kauth.EPERM
		}
		c, err := abi.DecodeCommand(k.layout.Machine.Order, text)
		if err != nil {
			return err.(kauth.Errno)
		}
		if c.Operation == abi.OpAfter {
			d.after = c.Number
			return 0
		}
		if r := k.evaluationCommand(&c); r != nil {
			k.logf("secmodel_celleval: %s", r.text)
			return r.errno
		}
		return 0
	})
	if e != 0 {
		return 0, e
	}
	return len(text), nil
}

// Read gives whole events: EAGAIN where there is none, EINVAL where not even the first fits.
func (d *evaluationDevice) Read(text []byte) (int, error) {
	n := 0
	e := d.p.call(func() kauth.Errno {
		k := d.p.k
		if !d.p.cred.hostRoot() {
			return kauth.EPERM
		}
		events := k.eval.ring.after(d.after)
		if len(events) == 0 {
			return kauth.EAGAIN
		}
		for i := range events {
			b := abi.EncodeEvent(k.layout.Machine.Order, k.opts.Vocabulary, &events[i])
			if len(b) > len(text)-n {
				break
			}
			n += copy(text[n:], b)
			d.after = events[i].Sequence
		}
		if n == 0 {
			return kauth.EINVAL
		}
		return 0
	})
	if e != 0 {
		return 0, e
	}
	return n, nil
}

// Wait returns once there is something to read, or with the error of the context.
func (d *evaluationDevice) Wait(ctx context.Context) error {
	d.p.k.mu.Lock()
	after := d.after
	d.p.k.mu.Unlock()
	return d.p.k.Wait(ctx, after)
}

// Close gives the descriptor back.
func (d *evaluationDevice) Close() error { return nil }
