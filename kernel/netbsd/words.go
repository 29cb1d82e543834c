package netbsd

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"cellsh/kernel"
	"cellsh/kernel/abi"
	"cellsh/kernel/disk"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

// check refuses what kernel.Spec refuses, names that look like numbers, and on kernels that don't look, a root that is no directory.
func (k *Kernel) check(op string, s *kernel.Spec, r secmodel.Revision) error {
	refuse := func(hint, format string, args ...any) error {
		return &kernel.Error{Op: op, Text: fmt.Sprintf(format, args...), Hint: hint}
	}
	if err := s.Check(r); err != nil {
		return err
	}
	if looksLikeNumber(s.Name) {
		return refuse("cellctl(8) and others take such a name for an id", "the name must not look like a number, but is %q", s.Name)
	}
	if err := s.CheckHostRoot(k.hostRoot(s.Root)); err != nil {
		return err
	}
	if !r.Properties().HoldsRoot {
		info, err := k.sys.Stat(s.Root)
		if err != nil {
			return refuse("make or mount it first", "the root %s must be a directory, but: %v", s.Root, disk.Cause(err))
		}
		if !info.IsDir() {
			return refuse("", "the root %s must be a directory, but is another kind of file", s.Root)
		}
	}
	return nil
}

// hostRoot reports whether the path leads to the root directory.
func (k *Kernel) hostRoot(name string) bool {
	if path.Clean(name) == "/" {
		return true
	}
	root, err := k.sys.Stat("/")
	if err != nil {
		return false
	}
	info, err := k.sys.Stat(name)
	return err == nil && k.sys.SameFile(root, info)
}

// looksLikeNumber reports whether strtoul(3) with base 0 could take all of the name, or the name is of digits.
func looksLikeNumber(name string) bool {
	name = strings.TrimPrefix(name, "-")
	digits, hex := strings.CutPrefix(strings.ToLower(name), "0x")
	set := "0123456789"
	if hex {
		set += "abcdef"
	}
	return digits != "" && strings.Trim(digits, set) == ""
}

// plainError says what little is known of an error that no operation expects.
func plainError(op string, err error) error {
	if errors.Is(err, errNoNode) {
		return &kernel.Error{
			Op: op, Text: abi.CellTree + " must be there, but is gone", Hint: "the module secmodel_cell was unloaded",
		}
	}
	if errno, ok := err.(kauth.Errno); ok {
		return &kernel.Error{
			Op: op, Errno: errno, Text: "the kernel refused for a reason that is not known for this operation",
			Hint: "its revision of secmodel_cell may be newer than this program; docs/kernel-abi.md lists the known ones",
		}
	}
	return &kernel.Error{Op: op, Text: err.Error()}
}

// notHostRoot explains an EPERM of a node that only root of the host may use.
func notHostRoot(op string, euid int) error {
	e := &kernel.Error{Op: op, Text: "the caller must be on the host, but is in a cell"}
	if euid != 0 {
		e = kernel.NotRoot(op, euid)
	}
	e.Errno = kauth.EPERM
	return e
}

func (k *Kernel) createError(op string, s kernel.Spec, err error) error {
	e := &kernel.Error{Op: op}
	errors.As(err, &e.Errno)
	switch err {
	case kauth.EPERM:
		return notHostRoot(op, k.sys.EUID())
	case kauth.EEXIST:
		k.taken(e, s)
	case kauth.ENOENT:
		e.Text = fmt.Sprintf("the root %s must be a directory, but does not exist", s.Root)
		e.Hint = "make or mount it first"
	case kauth.ENOTDIR:
		e.Text = fmt.Sprintf("the root %s must be a directory, but is another kind of file", s.Root)
	case kauth.EACCES, kauth.ELOOP, kauth.ENAMETOOLONG:
		e.Text = fmt.Sprintf("the root %s must be a directory that can be reached, but is not", s.Root)
	case kauth.ENOMEM:
		e.Text = "the kernel must have memory for the cell, but has none; no cell was made"
	case kauth.EFAULT:
		e.Text = "the kernel must be able to write its reply, but is not; no cell was made"
	case kauth.EOVERFLOW:
		e.Text = "the kernel must have an id left, but has given out all of them"
		e.Hint = "ids begin at 1 again when the host restarts"
	case kauth.EINVAL:
		l := k.revision().Layout
		e.Text = fmt.Sprintf("the kernel must take a structure of %d bytes (revision %s), but refused it", l.Create.Size, l.Revision)
		e.Hint = "its revision of secmodel_cell may be unknown to this program; docs/kernel-abi.md lists the known ones"
	default:
		return plainError(op, err)
	}
	return e
}

// taken says what exists already: the kernel has one errno for the name and for the ports.
func (k *Kernel) taken(e *kernel.Error, s kernel.Spec) {
	cells, err := k.List()
	if err == nil {
		if i := slices.IndexFunc(cells, func(c kernel.Cell) bool { return c.Name == s.Name }); i >= 0 {
			e.Text = fmt.Sprintf("the name must be new, but cell %d has it", cells[i].ID)
			e.Hint = "names are unique among all cells of the host"
			return
		}
	}
	e.Hint = "the kernel does not tell which cell reserves a port"
	for _, c := range cells {
		made, _ := k.Made(c)
		for _, port := range s.Ports {
			if slices.Contains(made.Ports, port) {
				e.Text = fmt.Sprintf("port %d must be free, but is reserved by cell %s", port, c.Name)
				e.Hint = ""
				return
			}
		}
	}
	if len(s.Ports) == 1 {
		e.Text = fmt.Sprintf("port %d must be free, but is reserved by another cell", s.Ports[0])
		return
	}
	e.Text = fmt.Sprintf("the ports %s must be free, but one of them is reserved by another cell", joinPorts(s.Ports))
}

func joinPorts(ports []uint16) string {
	words := make([]string, len(ports))
	for i, p := range ports {
		words[i] = fmt.Sprint(p)
	}
	return strings.Join(words, ", ")
}

func (k *Kernel) destroyError(op string, id kernel.CellID, err error) error {
	switch err {
	case kauth.EPERM:
		return notHostRoot(op, k.sys.EUID())
	case kauth.ENOENT:
		return &kernel.Error{Op: op, Errno: kauth.ENOENT, Text: fmt.Sprintf("the cell must exist, but there is none with id %d", id)}
	case kauth.EBUSY:
		e := &kernel.Error{Op: op, Errno: kauth.EBUSY, Text: "the cell must have no members left, but has some"}
		if c, ok := k.find(id); ok {
			e.Text += members(c)
			e.Hint = fmt.Sprintf("the kernel does not list the members of a cell, but they see each other: cellsh exec %s ps -ax; zombies count until their parent waits for them", c.Name)
		}
		return e
	}
	return plainError(op, err)
}

// members says how many there are by the kernel's last sample, if that knows of any.
func members(c kernel.Cell) string {
	zombies := max(c.References-c.Processes, 0)
	if c.Processes+zombies == 0 {
		return " (the kernel's counts are up to a second old and have none yet)"
	}
	return fmt.Sprintf(": %s and %s, as of the last second", plural(c.Processes, "process", "processes"), plural(zombies, "zombie", "zombies"))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (k *Kernel) listError(err error) error {
	const op = "list the cells"
	if err == kauth.EPERM {
		return &kernel.Error{Op: op, Errno: kauth.EPERM, Text: "the caller must be on the host, but is in a cell"}
	}
	return plainError(op, err)
}
