//go:build netbsd || linux

package launch

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"cellsh/kernel"
	"cellsh/policy/kauth"
)

// pretended stands for the driver's Entry: it tells what a kernel would look at.
type pretended struct {
	id kernel.CellID
	// told is the line that it writes, but for the real and the effective user.
	told []byte
}

func newPretended(cell kernel.CellID) pretended {
	_, err := os.Stat("/inside")
	return pretended{cell, fmt.Appendf(nil, "?? entered %d, inside %v\n", cell, err == nil)}
}

// Enter asks for no memory, so it tells r for root and u for others.
func (e pretended) Enter() error {
	if e.id == 13 {
		return kauth.EPERM
	}
	for i, uid := range [...]int{unix.Getuid(), unix.Geteuid()} {
		e.told[i] = 'u'
		if uid == 0 {
			e.told[i] = 'r'
		}
	}
	_, err := unix.Write(2, e.told)
	return err
}

func (e pretended) Explain(err error) error {
	return &kernel.Error{Op: "enter cell 13", Errno: err.(kauth.Errno), Text: "the process must be chrooted", Hint: "so do"}
}

// frugal is the system, and tells if memory was asked for between the last limit before that of the address space
// and the attempt to execute. Where the address space is limited it can't look: looking takes memory.
type frugal struct {
	System
	before, after *runtime.MemStats
}

func (f frugal) Setlimit(limit Limit, value uint64) error {
	err := f.System.Setlimit(limit, value)
	if limit == Core && value == 0 {
		runtime.ReadMemStats(f.before)
	}
	return err
}

func (f frugal) PrepareExec(paths, args, env []string) ([]func() error, error) {
	execs, err := f.System.PrepareExec(paths, args, env)
	for i, exec := range execs {
		execs[i] = func() error {
			if f.before.Mallocs != 0 {
				if runtime.ReadMemStats(f.after); f.before.Mallocs != f.after.Mallocs {
					unix.Write(2, []byte("memory was asked for\n"))
				}
			}
			return exec()
		}
	}
	return execs, err
}

func testHelper() int {
	sys, err := NewSystem(func(id kernel.CellID) (Entry, error) { return newPretended(id), nil })
	return Helper(frugal{sys, new(runtime.MemStats), new(runtime.MemStats)}, err)
}

// cellRoot makes the folder of a cell whose only program is the test program.
func cellRoot(t *testing.T) kernel.Cell {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can chroot")
	}
	program := must(os.Executable())
	if binary, err := elf.Open(program); err != nil || slices.ContainsFunc(binary.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		t.Skip("the test program needs files that a cell does not have; build it with CGO_ENABLED=0")
	}
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"etc", "bin", "home", "home/www"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	text := must(os.ReadFile(program))
	for name, file := range map[string]struct {
		text []byte
		mode os.FileMode
	}{
		"bin/test": {text, 0o755}, "bin/secret": {text, 0o700}, "bin/noise": {[]byte("no program"), 0o755}, "inside": {nil, 0o600},
		"etc/passwd": {[]byte("root:*:0:0::/:/bin/test\nwww:*:1000:100::/home/www:/bin/test\nlost:*:1001:100::/nowhere:/bin/test\n"), 0o644},
		"etc/group":  {[]byte("wheel:*:0:root\nlog:*:1010:www\n"), 0o644},
	} {
		if err := os.WriteFile(filepath.Join(root, name), file.text, file.mode); err != nil {
			t.Fatal(err)
		}
	}
	return kernel.Cell{ID: 3, Name: "web", Root: root}
}

// exec runs a command by the real helper.
func exec(t *testing.T, c Command) (status Status, out, stderr string, err error) {
	t.Helper()
	p := newPipes(t)
	status, err = (&Cells{}).Run(t.Context(), c, p.Files)
	p.wait()
	return status, p.out.String(), p.err.String(), err
}

func TestCells(t *testing.T) {
	cell := cellRoot(t)
	cell.Nofile, cell.Core = ptr[uint64](64), ptr[uint64](0)
	t.Setenv("SECRET_OF_THE_HOST", "1")
	stray := must(unix.Dup(2)) // not closed at exec
	defer unix.Close(stray)
	for _, c := range []struct {
		user    string
		uid     int
		gid     int
		groups  []int
		home    string
		name    string
		entered string
	}{
		{"", 0, 0, []int{0}, "/", "root", "rr entered 3, inside true\n"},
		{"www", 1000, 100, []int{100, 1010}, "/home/www", "www", "ur entered 3, inside true\n"},
		{"1000:7", 1000, 7, []int{7}, "/home/www", "www", "ur entered 3, inside true\n"},
		{"4000:7", 4000, 7, []int{7}, "/", "4000", "ur entered 3, inside true\n"},
	} {
		status, out, stderr, err := exec(t, Command{Cell: cell, User: c.user, Args: []string{"test", "probe", "look", "\xff"}, Env: []string{"ASKED=for"}})
		var s seen
		if err != nil || status != (Status{}) || json.Unmarshal([]byte(out), &s) != nil {
			t.Errorf("%q: %+v, %v, %q, %q", c.user, status, err, out, stderr)
			continue
		}
		slices.Sort(s.Groups)
		if s.UID != c.uid || s.EUID != c.uid || s.GID != c.gid || !slices.Equal(s.Groups, c.groups) || stderr != c.entered {
			t.Errorf("%q: %+v, %q", c.user, s, stderr)
		}
		if s.Dir != "/" || !s.Leader || !slices.Equal(s.Descriptors, []int{0, 1, 2}) {
			t.Errorf("%q: %+v", c.user, s)
		}
		if s.Nofile != 64 || s.Core != 0 {
			t.Errorf("%q: limits %+v", c.user, s)
		}
		if want := []string{"PATH=" + standardPath, "HOME=" + c.home, "USER=" + c.name, "LOGNAME=" + c.name, "SHELL=/bin/" + map[bool]string{true: "sh", false: "test"}[c.name == "4000"], "ASKED=for"}; !slices.Equal(s.Env, want) {
			t.Errorf("%q: environment %q, want %q", c.user, s.Env, want)
		}
	}
}

// TestCellsMemory: the limit of the address space is far below what the helper has itself. It must get along
// without asking for more, whatever is left to do.
func TestCellsMemory(t *testing.T) {
	cell := cellRoot(t)
	if runtime.GOOS+"/"+runtime.GOARCH != "linux/amd64" {
		t.Skip("the command of this test is a program for linux/amd64")
	}
	if err := os.WriteFile(filepath.Join(cell.Root, "bin/small"), smallProgram(42), 0o755); err != nil {
		t.Fatal(err)
	}
	cell.AS = ptr[uint64](1 << 20)
	for _, user := range []string{"", "www"} {
		many := slices.Repeat([]string{strings.Repeat("x", 1000)}, 60)
		status, _, stderr, err := exec(t, Command{Cell: cell, User: user, Args: append([]string{"small"}, many...)})
		if err != nil || status != (Status{Code: 42}) {
			t.Errorf("%q: %+v, %v, %s", user, status, err, stderr)
		}
		_, _, stderr, err = exec(t, Command{Cell: cell, User: user, Args: []string{"missing"}})
		if err == nil || !strings.Contains(err.Error(), "missing is not (ENOENT)") {
			t.Errorf("%q: %v, %s", user, err, stderr)
		}
		thirteen := cell
		thirteen.ID = 13
		_, _, stderr, err = exec(t, Command{Cell: thirteen, User: user, Args: []string{"small"}})
		if err == nil || !strings.Contains(err.Error(), "the process must be chrooted (EPERM)") {
			t.Errorf("%q: %v, %s", user, err, stderr)
		}
	}
}

// smallProgram is an ELF file of one page whose program exits with the code: no Go program is as small.
func smallProgram(code byte) []byte {
	text := []byte{0xbf, code, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05} // mov edi, code; mov eax, 60; syscall
	const at, head = 0x400000, 64 + 56
	var b bytes.Buffer
	header := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Entry: at + head, Phoff: 64,
		Ehsize: 64, Phentsize: 56, Phnum: 1,
	}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS], header.Ident[elf.EI_DATA], header.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1
	binary.Write(&b, binary.LittleEndian, header)
	size := uint64(head + len(text))
	binary.Write(&b, binary.LittleEndian, elf.Prog64{
		Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Vaddr: at, Paddr: at, Filesz: size, Memsz: size, Align: 4096,
	})
	b.Write(text)
	return b.Bytes()
}

func TestCellsFail(t *testing.T) {
	cell := cellRoot(t)
	missing, thirteen := cell, cell
	missing.Root += "/missing"
	thirteen.ID = 13
	for _, c := range []struct {
		command Command
		code    int
		say     string
	}{
		{Command{Cell: cell, Args: []string{"missing"}}, 127, "exec in cell web: the command must be in PATH of the cell, but missing is not (ENOENT)"},
		{Command{Cell: cell, Args: []string{"/bin/missing"}}, 127, "the command must exist in the cell, but /bin/missing does not (ENOENT)"},
		{Command{Cell: cell, User: "www", Args: []string{"secret"}}, 126, "user 1000 must be allowed to execute secret, but is not (EACCES)"},
		{Command{Cell: cell, Args: []string{"noise"}}, 126, "noise must be a program that this kernel can run, but is not (ENOEXEC)"},
		{Command{Cell: cell, User: "nobody", Args: []string{"test"}}, 1, "user nobody must be in /etc/passwd, but is not"},
		{Command{Cell: missing, Args: []string{"test"}}, 1, "the cell's root " + missing.Root + " must be a directory, but does not exist (ENOENT)"},
		{Command{Cell: thirteen, Args: []string{"test"}}, 1, "enter cell 13: the process must be chrooted (EPERM)"},
		{Command{Cell: kernel.Cell{ID: 1, Name: "web", Root: "web"}, Args: []string{"test"}}, 1, "must be an absolute path to chroot to"},
	} {
		status, _, stderr, err := exec(t, c.command)
		if err == nil || !strings.Contains(err.Error(), c.say) || ExitCode(status, err) != c.code {
			t.Errorf("%v: %v, exit %d; want %q, %d; %s", c.command, err, ExitCode(status, err), c.say, c.code, stderr)
		}
	}
}

// TestCellsHostile: a cell decides what its files are.
func TestCellsHostile(t *testing.T) {
	for what, c := range map[string]struct {
		make func(passwd string) error
		say  string
	}{
		"a pipe": {func(p string) error { return unix.Mkfifo(p, 0o666) }, "must be a regular file, but is not"},
		"a link out of the cell": {func(p string) error { return os.Symlink("../../../../../../../../etc/passwd.of.the.host", p) },
			"there must be /etc/passwd to look up user www, but there is none"},
		"a link within": {func(p string) error { return os.Symlink("/inside", p) }, "user www must be in /etc/passwd, but is not"},
		"endless":       {func(p string) error { return must(os.Create(p)).Truncate(maxDatabase + 1) }, "must be at most 4194304 bytes, but is longer"},
		"a folder":      {func(p string) error { return os.Mkdir(p, 0o755) }, "must be a regular file, but is not"},
	} {
		cell := cellRoot(t)
		passwd := filepath.Join(cell.Root, "etc/passwd")
		if err := errors.Join(os.Remove(passwd), c.make(passwd)); err != nil {
			t.Fatal(err)
		}
		status, _, stderr, err := exec(t, Command{Cell: cell, User: "www", Args: []string{"test"}})
		if err == nil || !strings.Contains(err.Error(), c.say) || ExitCode(status, err) != 1 {
			t.Errorf("%s: %v, want %q; %s", what, err, c.say, stderr)
		}
	}
}

func TestCellsTerminal(t *testing.T) {
	cell := cellRoot(t)
	x := newTerminal(t)
	end := make(chan Status)
	go func() {
		status, err := (&Cells{Options: Options{Term: "vt100", Signals: make(chan os.Signal), Clock: turnClock{}}}).Run(t.Context(), Command{Cell: cell, User: "www", Args: []string{"test", "probe", "interrupt"}}, x.all())
		if err != nil {
			t.Error(err)
		}
		end <- status
	}()
	x.expect("ready\r\n")
	x.near.WriteString("\x03")
	x.expect("interrupted\r\n")
	if status := <-end; status != (Status{Code: 7}) {
		t.Errorf("%+v", status)
	}
	x.sameModes()
}

// TestCellsHome: a login shell starts in the home, or says why not. The test program as a shell runs no test.
func TestCellsHome(t *testing.T) {
	cell := cellRoot(t)
	var notes []string
	p := newPipes(t)
	l := &Cells{Note: func(s string) { notes = append(notes, s) }}
	_, err := l.Run(t.Context(), Command{Cell: cell, User: "lost", Env: []string{"LOGIN_PROBE=1"}}, p.Files)
	p.wait()
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "the home /nowhere can't be entered") || !strings.Contains(p.out.String(), "-test in /\n") {
		t.Errorf("%v, %q, %q", err, notes, p.out)
	}
	_, out, stderr, err := exec(t, Command{Cell: cell, User: "www", Env: []string{"LOGIN_PROBE=1"}})
	if err != nil || !strings.Contains(out, "-test in /home/www\n") {
		t.Errorf("%v, %q, %q", err, out, stderr)
	}
	_, _, stderr, err = exec(t, Command{Cell: cell, User: "lost", Env: []string{"LOGIN_PROBE=1"}})
	if err != nil || !strings.Contains(stderr, "cellsh: the home /nowhere can't be entered") {
		t.Errorf("%v, %q", err, stderr)
	}
}

// TestCellsOpenFiles: the command has the soft limit that this program was started with, as any child has.
func TestCellsOpenFiles(t *testing.T) {
	cellRoot(t)
	args := []string{"sh", "-c", "ulimit -Sn"}
	p := newPipes(t)
	if _, err := (&Local{Quiet: true}).Run(t.Context(), Command{Cell: web(), Args: args}, p.Files); err != nil {
		t.Fatal(err)
	}
	p.wait()
	if p.out.Len() == 0 {
		t.Skip("sh does not tell the limit: ", p.err)
	}
	_, out, stderr, err := exec(t, Command{Cell: kernel.Cell{ID: 3, Name: "host", Root: "/"}, Args: args})
	if err != nil || out != p.out.String() {
		t.Errorf("%q, want %q; %v, %s", out, p.out, err, stderr)
	}
}

func TestCellsNotRoot(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("this is root")
	}
	_, _, _, err := exec(t, Command{Cell: web(), Args: []string{"ls"}})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("the caller must be root of the host, but is uid %d", os.Geteuid())) {
		t.Error(err)
	}
}

// TestWrongHelper: a program that is no helper is not taken for one.
func TestWrongHelper(t *testing.T) {
	cell := cellRoot(t)
	for helper, say := range map[string]string{
		"/no/such/helper": "the helper /no/such/helper must start, but: no such file or directory (ENOENT)",
		"/bin/false":      "the helper must tell when it executes the command, but ended before",
	} {
		p := newPipes(t)
		_, err := (&Cells{Executable: helper}).Run(t.Context(), Command{Cell: cell, Args: []string{"test"}}, p.Files)
		p.wait()
		if err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%s: %v, want %q", helper, err, say)
		}
	}
}

// TestReadFile reads what is there and nothing else.
func TestReadFile(t *testing.T) {
	sys, err := NewSystem(nil)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := sys.ReadFile(name, 5); err != nil || !bytes.Equal(text, []byte("12345")) {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := sys.ReadFile(name, 4); err == nil || !strings.Contains(err.Error(), "at most 4 bytes") {
		t.Errorf("one byte too many: %v", err)
	}
	if _, err := sys.ReadFile(name+"x", 4); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("not there: %v", err)
	}
	if _, err := sys.ReadFile(name+"/x", 4); err != kauth.ENOTDIR {
		t.Errorf("below a file: %v", err)
	}
}
