package netbsd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/abi"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
)

// evaluator is the evaluation model of the running kernel. It is safe for concurrent use.
type evaluator struct {
	k     *Kernel
	major uint32
}

var _ kernel.Evaluator = (*evaluator)(nil)

// findEvaluation looks for the evaluation model, and says in words what was found, or why it can't be used. The kernel's
// vocabulary is that of the model if there is one.
func (k *Kernel) findEvaluation() (*evaluator, string) {
	version, err := k.readInt(abi.EvalABI)
	k.info.EvaluationUnseen = !errors.Is(err, errNoNode)
	switch {
	case errors.Is(err, errNoNode):
		return nil, "there is no " + abi.EvalTree + ": the module secmodel_celleval is not loaded"
	case err == kauth.EPERM:
		return nil, abi.EvalTree + " can be read by users of the host, but the caller is in a cell"
	case err != nil:
		return nil, fmt.Sprintf("%s can't be read: %v", abi.EvalABI, err)
	case version != abi.EvalVersion:
		return nil, fmt.Sprintf("secmodel_celleval has version %d of its interface, but this program speaks version %d", version, abi.EvalVersion)
	}
	status, err := k.evaluationStatus()
	if err != nil {
		return nil, fmt.Sprintf("%s can't be read: %v", abi.EvalStatus, err)
	}
	if status.Format != program.ABIVersion {
		return nil, fmt.Sprintf("secmodel_celleval takes version %d of the format of bundles, but this program writes version %d", status.Format, program.ABIVersion)
	}
	vocabulary, known := kauth.FindVocabulary(status.Vocabulary)
	if !known {
		return nil, fmt.Sprintf("secmodel_celleval numbers requests in a way that this program does not know (%#x): it takes another cellsh", status.Vocabulary)
	}
	major, err := k.readInt(abi.EvalMajor)
	if err != nil {
		return nil, fmt.Sprintf("%s can't be read: %v", abi.EvalMajor, err)
	}
	k.info.Vocabulary, k.info.EvaluationUnseen = vocabulary, false
	e := &evaluator{k, major}
	if k.sys.EUID() == 0 {
		if err := k.sys.LookEvaluation(major); err != nil {
			k.info.EvaluationInWay = e.openError("use the evaluation model", err)
		}
	}
	return e, fmt.Sprintf("secmodel_celleval is loaded, with version %d of its interface", version)
}

func (k *Kernel) evaluationStatus() (abi.EvaluationStatus, error) {
	text := make([]byte, abi.EvalStatusSize)
	n, err := k.tree.call(abi.EvalStatus, text, nil)
	if err != nil {
		return abi.EvaluationStatus{}, err
	}
	return abi.DecodeEvaluationStatus(k.tree.machine.Order, text[:min(n, len(text))])
}

// Evaluator is the evaluation model, where the kernel has it in a version that this program speaks.
func (k *Kernel) Evaluator() (kernel.Evaluator, error) {
	if k.eval == nil {
		return nil, kernel.Unsupported(k, kernel.CapEvaluation)
	}
	return k.eval, nil
}

// command has the kernel carry out a command, and says in words why not.
func (e *evaluator) command(op string, c abi.Command) error {
	d, err := e.send(op, c)
	if err != nil {
		return err
	}
	d.Close()
	return nil
}

// send is command, and gives the device that the command was written to.
func (e *evaluator) send(op string, c abi.Command) (abi.Device, error) {
	text, err := c.Encode(e.k.tree.machine.Order)
	if err != nil {
		return nil, &kernel.Error{Op: op, Text: err.Error()}
	}
	d, err := e.k.sys.OpenEvaluation(e.major)
	if err != nil {
		return nil, e.openError(op, err)
	}
	// The kernel takes a command whole or not at all; that it took a part says nothing of what it did with it, so that is
	// never taken for done.
	n, err := d.Write(text)
	switch {
	case err != nil:
		err = e.refused(op, &c, err)
	case n != len(text):
		err = &kernel.Error{Op: op, Text: fmt.Sprintf("the kernel must take all %d bytes of the command, but took %d: it is not known whether it was carried out", len(text), n),
			Hint: "see what is loaded: cellsh list"}
	default:
		return d, nil
	}
	d.Close()
	return nil, err
}

// openError says why the device can't be opened.
func (e *evaluator) openError(op string, err error) error {
	var errno kauth.Errno
	switch {
	case !errors.As(err, &errno):
		return &kernel.Error{Op: op, Text: err.Error()}
	case errno == kauth.EPERM || errno == kauth.EACCES:
		return notHostRoot(op, e.k.sys.EUID())
	case errno == kauth.ENXIO || errno == kauth.ENOENT || errno == kauth.ENODEV:
		return &kernel.Error{Op: op, Errno: errno, Text: "the evaluation model must be there, but is gone", Hint: "load it: modload secmodel_celleval"}
	case errno == kauth.EROFS:
		return &kernel.Error{Op: op, Errno: errno, Text: abi.EvalDevice + " must be the device of the evaluation model, but is not, and can't be made on a read-only file system",
			Hint: fmt.Sprintf("make it once /dev can be written: mknod -m 600 %s c %d 0", abi.EvalDevice, e.major)}
	}
	return evaluationError(op, err)
}

// evaluationError says what little is known of an error that no operation of the evaluation model expects.
func evaluationError(op string, err error) error {
	if errors.Is(err, errNoNode) {
		return &kernel.Error{Op: op, Text: abi.EvalTree + " must be there, but is gone", Hint: "the module secmodel_celleval was unloaded"}
	}
	return plainError(op, err)
}

const loadAgain = "somebody else has loaded meanwhile; compile and load again"

// refused finds the words for a command that was refused.
func (e *evaluator) refused(op string, c *abi.Command, err error) error {
	var errno kauth.Errno
	if !errors.As(err, &errno) {
		return evaluationError(op, err)
	}
	out := &kernel.Error{Op: op, Errno: errno}
	status, _ := e.k.evaluationStatus()
	switch errno {
	case kauth.EPERM:
		return notHostRoot(op, e.k.sys.EUID())
	case kauth.EEXIST:
		out.Text, out.Hint = fmt.Sprintf("the generation must be higher than %d, but is not", status.Highest), loadAgain
		if c.Operation == abi.OpAttach {
			out.Text = fmt.Sprintf("the attachment must be higher than %d.%d, but is not", status.Generation, status.Attachment)
		}
	case kauth.ENOENT:
		out.Text, out.Hint = "every cell of the bundle must exist, but one does not", "compile it for the cells that exist now"
	case kauth.EFTYPE:
		out.Text, out.Hint = "the bundle must be sound, but the kernel's verifier refuses it", "the kernel's log says why: dmesg"
	case kauth.EPROGMISMATCH:
		out.Text = fmt.Sprintf("the bundle must have version %d of the format, but has another", status.Format)
	case kauth.EPROGUNAVAIL:
		out.Text, out.Hint = fmt.Sprintf("the vocabulary must be that of the kernel, %#x, but is another", status.Vocabulary), "compile it for this kernel"
	case kauth.EFBIG:
		out.Text = fmt.Sprintf("the bundle must have at most %d bytes, but has %d", program.MaxBundle, len(c.Bundle))
	case kauth.ENOMEM:
		out.Text = fmt.Sprintf("the kernel must have memory for %d bytes beside what is loaded, but has not", len(c.Bundle))
	case kauth.ESRCH:
		out.Text = fmt.Sprintf("the generation must wait to be confirmed, but %d does not", c.Number)
		if c.Operation == abi.OpAttach {
			out.Text, out.Hint = fmt.Sprintf("the generation must be the loaded one, %d, but is not", status.Generation), loadAgain
		}
	case kauth.EINVAL:
		switch c.Operation {
		case abi.OpLoad:
			out.Text = "the generation must be at least 1, but is 0"
		case abi.OpAttach:
			out.Text, out.Hint = "the fallback must be the loaded one, but is another", "load the policies again"
		default:
			return evaluationError(op, err)
		}
	default:
		return evaluationError(op, err)
	}
	return out
}

func (e *evaluator) Load(bundle []byte, window time.Duration) error {
	return e.command("load a policy", abi.Command{Operation: abi.OpLoad, Bundle: bundle, Window: window})
}

func (e *evaluator) Attach(bundle []byte) error {
	return e.command("attach cells", abi.Command{Operation: abi.OpAttach, Bundle: bundle})
}

func (e *evaluator) Confirm(generation uint64) error {
	return e.command(fmt.Sprintf("confirm generation %d", generation), abi.Command{Operation: abi.OpConfirm, Number: generation})
}

func (e *evaluator) Revert(generation uint64) error {
	return e.command(fmt.Sprintf("revert generation %d", generation), abi.Command{Operation: abi.OpRevert, Number: generation})
}

func (e *evaluator) Status() (kernel.Status, error) {
	s, err := e.k.evaluationStatus()
	if err != nil {
		return kernel.Status{}, evaluationError("read what is loaded", err)
	}
	return s.Status, nil
}

func (e *evaluator) Cells() ([]kernel.CellStatus, error) {
	const op = "read who answers for cells"
	text, err := e.k.tree.read(abi.EvalCells, abi.EvalCellSize)
	if err != nil {
		return nil, evaluationError(op, err)
	}
	cells, err := abi.DecodeEvaluationCells(e.k.tree.machine.Order, text)
	if err != nil {
		return nil, &kernel.Error{Op: op, Text: err.Error()}
	}
	return cells, nil
}

// eventBuffer holds the longest event, and many usual ones.
const eventBuffer = 1 << 19

func (e *evaluator) Events(after uint64) ([]kernel.Event, error) {
	const op = "read the recorded decisions"
	d, err := e.follow(op, after)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var list []kernel.Event
	text := make([]byte, eventBuffer)
	for {
		n, err := d.Read(text)
		if errors.Is(err, kauth.EAGAIN) {
			return list, nil
		}
		if err != nil {
			return nil, evaluationError(op, err)
		}
		more, err := abi.DecodeEvents(e.k.tree.machine.Order, e.k.info.Vocabulary, text[:n])
		if err != nil {
			return nil, &kernel.Error{Op: op, Text: err.Error()}
		}
		if len(more) == 0 {
			return list, nil
		}
		list = append(list, more...)
	}
}

// follow opens the device for the events after a sequence number.
func (e *evaluator) follow(op string, after uint64) (abi.Device, error) {
	return e.send(op, abi.Command{Operation: abi.OpAfter, Number: after})
}

func (e *evaluator) Wait(ctx context.Context, after uint64) error {
	d, err := e.follow("wait for decisions", after)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Wait(ctx)
}
