package subject

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// Functions of a few lines that never end, or grow without bounds, are refused before they take more than a machine has.
func TestCostlyPoliciesAreRefused(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what a process takes is counted in other units here than on Linux")
	}
	program, err := Build("../..", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	costly, err := filepath.Glob("../puc/cases/e*.lua")
	if err != nil || len(costly) == 0 {
		t.Fatal("there must be cases, but there are none")
	}
	for _, path := range costly {
		var out bytes.Buffer
		c := exec.Command(program.Path, "check", path)
		c.Stdout, c.Stderr = &out, &out
		err := c.Run()
		if err == nil || c.ProcessState.ExitCode() != 1 || !strings.Contains(out.String(), "[decision.budget]") {
			t.Errorf("%s must be refused with decision.budget, but: %v\n%s", path, err, out.String())
		}
		if most := c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss; most > 500_000 {
			t.Errorf("%s must be refused within 500 MB, but takes %d kB", path, most)
		}
	}
}
