package netbsd

import (
	"encoding/binary"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"cellsh/kernel"
	"cellsh/kernel/abi"
)

// evaluatingKernel is the running kernel, which must have the evaluation model, for root.
func evaluatingKernel(t *testing.T) *Kernel {
	t.Helper()
	k, err := Open(Options{})
	var unsupported *kernel.UnsupportedError
	switch {
	case errors.As(err, &unsupported):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	case k.eval == nil:
		t.Skip("there is no evaluation model")
	case os.Geteuid() != 0:
		t.Skip("only root can open the device")
	}
	return k
}

// openEvaluation opens the device of the evaluation model.
func openEvaluation(t *testing.T, k *Kernel) int {
	t.Helper()
	return must[abi.Device](t)(k.sys.OpenEvaluation(k.eval.major)).(*device).fd
}

// TestInterrupted asks the running kernel's evaluation model for what it must refuse, while signals come and another writer keeps it
// busy: a command that was interrupted before anything was done is EINTR, and never a success. It loads nothing, for
// what the other writes is no bundle.
func TestInterrupted(t *testing.T) {
	k := evaluatingKernel(t)
	order := k.tree.machine.Order
	busy, fd := openEvaluation(t, k), openEvaluation(t, k)
	defer unix.Close(busy)
	defer unix.Close(fd)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGUSR1)
	defer signal.Stop(signals)
	// Each of the three must be able to be in the kernel while the others are.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	var stop atomic.Bool
	var others sync.WaitGroup
	defer others.Wait()
	defer stop.Store(true)
	// Its bytes are copied in, which takes long, and are then refused.
	large := must[[]byte](t)((&abi.Command{Operation: abi.OpLoad, Bundle: make([]byte, 16<<20)}).Encode(order))
	others.Go(func() {
		for !stop.Load() {
			unix.Write(busy, large)
		}
	})
	// Signals go to this thread, which writes: another could take one that is sent to the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	self, _, _ := unix.Syscall(unix.SYS__LWP_SELF, 0, 0, 0)
	others.Go(func() {
		for !stop.Load() {
			unix.Syscall(unix.SYS__LWP_KILL, self, uintptr(unix.SIGUSR1), 0)
		}
	})
	none := uint64(1) << 62 // no generation that waits
	commands := [][]byte{
		must[[]byte](t)((&abi.Command{Operation: abi.OpConfirm, Number: none}).Encode(order)),
		must[[]byte](t)((&abi.Command{Operation: abi.OpRevert, Number: none}).Encode(order)),
		must[[]byte](t)((&abi.Command{Operation: abi.OpLoad, Bundle: make([]byte, 64)}).Encode(order)),
	}
	interrupted, tried := 0, 0
	for ; tried < 20000 && interrupted < 10; tried++ {
		for _, c := range commands {
			switch n, err := unix.Write(fd, c); {
			case err == nil:
				t.Fatalf("operation %d, which must fail: %d of %d bytes were written", binary.NativeEndian.Uint16(c[6:]), n, len(c))
			case err == unix.EINTR:
				interrupted++
			}
		}
	}
	t.Logf("%d of %d commands were interrupted", interrupted, tried*len(commands))
	if interrupted == 0 {
		t.Skip("no signal came at the right time")
	}
}

// TestCloseWakes closes a descriptor that another thread reads from, or is about to: neither waits for the other.
func TestCloseWakes(t *testing.T) {
	k := evaluatingKernel(t)
	order := k.tree.machine.Order
	// Nothing is ever after it.
	after := must[[]byte](t)((&abi.Command{Operation: abi.OpAfter, Number: 1 << 62}).Encode(order))
	reader := func(fd int) <-chan error {
		begins, ends := make(chan struct{}), make(chan error, 1)
		go func() {
			text := make([]byte, eventBuffer)
			close(begins)
			_, err := again(func() (int, error) { return unix.Read(fd, text) })
			ends <- err
		}()
		<-begins
		return ends
	}
	for range 100 {
		fd := openEvaluation(t, k)
		must[int](t)(unix.Write(fd, after))
		if err := unix.SetNonblock(fd, false); err != nil {
			t.Fatal(err)
		}
		goes := reader(fd)
		runtime.Gosched()
		if err := unix.Close(fd); err != nil {
			t.Fatal(err)
		}
		if err := <-goes; err != unix.EBADF {
			t.Fatalf("a read from a closed descriptor: %v", err)
		}
	}
}
