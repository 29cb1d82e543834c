package celltest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// target is a way to compile the C and to run it.
type target struct {
	name string
	// cc is the compiler with what makes it one for that machine.
	cc []string
	// flags of the tests, beside those of strict.
	flags []string
	// run is what runs programs of another machine.
	run []string
}

// strict are the flags that celleval.c must be compiled with, without a word.
var strict = []string{"-std=c11", "-ffreestanding", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-Wsign-conversion",
	"-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wcast-qual", "-Wcast-align", "-Wundef", "-Wvla"}

var sanitize = []string{"-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"}

// targets, the one that is used where one is enough first.
var targets = []*target{
	{name: "cc with sanitizers", cc: []string{"cc"}, flags: sanitize},
	{name: "cc", cc: []string{"cc"}, flags: []string{"-O2"}},
	{name: "cc -Os, as strict about types as it can be", cc: []string{"cc"}, flags: []string{"-Os", "-fstrict-aliasing", "-Wstrict-aliasing=1"}},
	{name: "cc -m32", cc: []string{"cc", "-m32"}, flags: []string{"-O2"}},
	{name: "clang with sanitizers", cc: []string{"clang"}, flags: sanitize},
	{name: "clang that watches unset memory", cc: []string{"clang"}, flags: []string{"-O1", "-g", "-fsanitize=memory", "-fno-sanitize-recover=all"}},
	{name: "s390x, big-endian", cc: []string{"s390x-linux-gnu-gcc"}, flags: []string{"-O2", "-static"}, run: []string{"qemu-s390x"}},
	{name: "powerpc64, big-endian", cc: []string{"powerpc64-linux-gnu-gcc"}, flags: []string{"-O2", "-static"}, run: []string{"qemu-ppc64"}},
	{name: "mips, big-endian, 32 bits", cc: []string{"mips-linux-gnu-gcc"}, flags: []string{"-O2", "-static"}, run: []string{"qemu-mips"}},
	{name: "arm, unaligned words fault", cc: []string{"arm-linux-gnueabi-gcc"}, flags: []string{"-O2", "-static"}, run: []string{"qemu-arm"}},
}

// scratch is the folder of what was compiled.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "celltest"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// compile runs the compiler of a target.
func (x *target) compile(args ...string) error {
	cmd := exec.Command(x.cc[0], append(x.cc[1:len(x.cc):len(x.cc)], args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %v\n%s", cmd, err, out)
	}
	return nil
}

// command runs what was compiled.
func (x *target) command(file string) *exec.Cmd {
	words := append(x.run[:len(x.run):len(x.run)], file)
	return exec.Command(words[0], words[1:]...)
}

// missing says why the target can't be used on this machine, or "": whether it can is found out with a program that has
// nothing to do with celleval, so that a fault of celleval is never taken for a compiler that is not there.
func (x *target) missing() string {
	for _, tool := range [][]string{x.cc, x.run} {
		if len(tool) == 0 {
			continue
		}
		if _, err := exec.LookPath(tool[0]); err != nil {
			return tool[0] + " is not there"
		}
	}
	source, file := filepath.Join(scratch, "probe.c"), x.file("probe")
	if err := os.WriteFile(source, []byte("#include <stdio.h>\nint main(void) { return puts(\"it works\") < 0; }\n"), 0o666); err != nil {
		return err.Error()
	}
	if err := x.compile(append([]string{source, "-o", file}, x.flags...)...); err != nil {
		return err.Error()
	}
	if out, err := x.command(file).CombinedOutput(); err != nil || string(out) != "it works\n" {
		return fmt.Sprintf("what it compiles does not run here: %v, %q", err, out)
	}
	return ""
}

// file is the name of something that the target makes.
func (x *target) file(what string) string {
	return filepath.Join(scratch, what+"-"+strings.Map(func(r rune) rune {
		if r == ' ' || r == ',' || r == '/' {
			return '_'
		}
		return r
	}, x.name))
}

// build compiles celleval.c strictly, and the driver with it; skipped says why there is no compiler.
func (x *target) build() (file, skipped string, err error) {
	if why := x.missing(); why != "" {
		return "", why, nil
	}
	// go test keeps what it has found until a file changes that the test has opened: what only the compiler opens is none.
	for _, pattern := range []string{"../*.[ch]", "testdata/*.[ch]"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			return "", "", fmt.Errorf("there must be files %s: %v", pattern, err)
		}
		for _, name := range files {
			if _, err := os.ReadFile(name); err != nil {
				return "", "", err
			}
		}
	}
	object, file := x.file("celleval.o"), x.file("driver")
	if err := x.compile(append(append([]string{"-c", "../celleval.c", "-o", object}, strict...), x.flags...)...); err != nil {
		return "", "", err
	}
	args := []string{"-std=c11", "-Wall", "-Wextra", "-Werror", "-I..", "-Itestdata", "testdata/driver.c", object, "-o", file}
	return file, "", x.compile(append(args, x.flags...)...)
}

type built struct{ file, skipped string }

var builds sync.Map // of *target: func() (built, error)

// driver is the C that waits for questions.
type driver struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	errors bytes.Buffer
}

// start compiles the target once, and starts it; the test is skipped if there is no such compiler.
func start(t testing.TB, x *target) *driver {
	t.Helper()
	once, _ := builds.LoadOrStore(x, sync.OnceValues(func() (built, error) {
		file, skipped, err := x.build()
		return built{file, skipped}, err
	}))
	b, err := once.(func() (built, error))()
	if err != nil {
		t.Fatal(err)
	}
	if b.skipped != "" {
		t.Skipf("%s is skipped: %s", x.name, b.skipped)
	}
	d := &driver{cmd: x.command(b.file)}
	d.cmd.Stderr = &d.errors
	if d.in, err = d.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.out = bufio.NewReaderSize(out, 1<<16)
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.in.Close()
		if err := d.cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", x.name, err, d.errors.String())
		}
	})
	return d
}

// ask sends a frame and gives the answer.
func (d *driver) ask(t testing.TB, kind byte, payload []byte) []byte {
	t.Helper()
	head := binary.LittleEndian.AppendUint32([]byte{kind}, uint32(len(payload)))
	if _, err := d.in.Write(append(head, payload...)); err != nil {
		t.Fatalf("the driver takes nothing any more: %v\n%s", err, d.errors.String())
	}
	var length [4]byte
	_, err := io.ReadFull(d.out, length[:])
	answer := make([]byte, binary.LittleEndian.Uint32(length[:]))
	if err == nil {
		_, err = io.ReadFull(d.out, answer)
	}
	if err != nil {
		d.in.Close()
		d.cmd.Wait()
		t.Fatalf("the driver has ended: %v\n%s\nat a frame %c of %d bytes:\n%x", err, d.errors.String(), kind, len(payload), payload)
	}
	return answer
}

// forEach runs a test with every target that is there, and tells it their numbers, from 0.
func forEach(t *testing.T, f func(t *testing.T, d *driver, number int)) {
	for i, x := range targets {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			f(t, start(t, x), i)
		})
	}
}
