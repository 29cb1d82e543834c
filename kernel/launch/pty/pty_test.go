//go:build linux || netbsd || freebsd || darwin

package pty

import (
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// open gives a terminal, or skips the test where there are none.
func open(t *testing.T) (near, far *os.File) {
	t.Helper()
	near, far, err := Open()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, os.ErrNotExist) {
		t.Skip("there are no terminals here:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

func TestBothWays(t *testing.T) {
	near, far := open(t)
	if !strings.HasPrefix(far.Name(), "/dev/") {
		t.Errorf("the far end is called %q", far.Name())
	}
	info, err := os.Stat(far.Name())
	mine, ferr := far.Stat()
	if err != nil || ferr != nil || !os.SameFile(info, mine) {
		t.Errorf("%s must be the terminal: %v, %v", far.Name(), err, ferr)
	}
	if !term.IsTerminal(int(far.Fd())) {
		t.Error("the far end must be a terminal")
	}
	buf := make([]byte, 100)
	far.WriteString("shown\n")
	if n, err := near.Read(buf); string(buf[:n]) != "shown\r\n" {
		t.Errorf("%q, %v", buf[:n], err)
	}
	near.WriteString("typed\n")
	if n, err := far.Read(buf); string(buf[:n]) != "typed\n" {
		t.Errorf("%q, %v", buf[:n], err)
	}
}

func TestDescriptors(t *testing.T) {
	near, far := open(t)
	for _, c := range []struct {
		f      *os.File
		blocks bool
	}{{near, false}, {far, true}} {
		if err := control(c.f, func(fd int) error {
			flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
			if err != nil || flags&unix.FD_CLOEXEC == 0 {
				t.Errorf("%s must be closed at exec: %v", c.f.Name(), err)
			}
			status, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
			if err != nil || (status&unix.O_NONBLOCK == 0) != c.blocks {
				t.Errorf("%s must block: %v, but its flags are %#x, %v", c.f.Name(), c.blocks, status, err)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
}

func TestSize(t *testing.T) {
	near, far := open(t)
	want := Size{31, 77, 640, 480}
	if err := SetSize(near, want); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*os.File{near, far} {
		if got, err := GetSize(f); err != nil || got != want {
			t.Errorf("%s: %+v, %v", f.Name(), got, err)
		}
	}
	if _, err := GetSize(must(os.Open(os.DevNull))); err == nil {
		t.Error("a file without a size must be refused")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestCloseEndsRead: who waits for output is told that there will be none.
func TestCloseEndsRead(t *testing.T) {
	near, _ := open(t)
	ended := make(chan error)
	go func() {
		_, err := near.Read(make([]byte, 1))
		ended <- err
	}()
	near.Close()
	if err := <-ended; !errors.Is(err, os.ErrClosed) && err != io.EOF {
		t.Error(err)
	}
}

// TestManyOpens: each has a name, whatever happens to the stacks of those who open them, which begin small and grow.
func TestManyOpens(t *testing.T) {
	open(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				var once sync.WaitGroup
				once.Go(func() {
					near, far, err := Open()
					if err != nil {
						t.Error(err)
						return
					}
					defer near.Close()
					defer far.Close()
					if info, err := os.Stat(far.Name()); err != nil || info.Mode()&os.ModeCharDevice == 0 {
						t.Errorf("%q: %v", far.Name(), err)
					}
				})
				once.Wait()
			}
		})
	}
	all.Wait()
}
