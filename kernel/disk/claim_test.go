//go:build unix

package disk

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// claiming is the variable with the file that the test program claims, as another process.
const claiming = "DISK_TEST_CLAIM"

func TestMain(m *testing.M) {
	path := os.Getenv(claiming)
	if path == "" {
		os.Exit(m.Run())
	}
	release, err := Claim(path)
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString("claimed\n")
	os.Stdin.Read(make([]byte, 1)) // until it is killed
	release()
}

// claimer is a process that claims the file, and what it says.
func claimer(t *testing.T, path string) (*exec.Cmd, string) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), claiming+"="+path)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); c.Process.Kill(); c.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return c, line
}

func TestClaim(t *testing.T) {
	path := filepath.Join(t.TempDir(), "claim")
	if pid, err := Claimant(path); pid != 0 || err != nil {
		t.Errorf("a file that does not exist is claimed by %d, %v", pid, err)
	}
	first, said := claimer(t, path)
	if said != "claimed\n" {
		t.Fatal(said)
	}
	if pid, err := Claimant(path); pid != first.Process.Pid || err != nil {
		t.Errorf("claimed by %d, %v, want %d", pid, err, first.Process.Pid)
	}
	_, err := Claim(path)
	var busy *BusyError
	if !errors.As(err, &busy) || busy.PID != first.Process.Pid {
		t.Errorf("%v", err)
	}
	if _, said := claimer(t, path); said == "claimed\n" {
		t.Error("it is claimed twice")
	}
	// Whatever it was killed of, it has it no more.
	first.Process.Kill()
	first.Wait()
	if pid, err := Claimant(path); pid != 0 || err != nil {
		t.Errorf("claimed by %d, %v, who is dead", pid, err)
	}
	release, err := Claim(path)
	if err != nil {
		t.Fatal(err)
	}
	release()
	if _, said := claimer(t, path); said != "claimed\n" {
		t.Error(said)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := Claim(link); !errors.As(err, new(*TrustError)) {
		t.Errorf("a link: %v", err)
	}
}
