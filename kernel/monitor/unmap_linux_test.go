package monitor

import (
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
)

// code is how many kB of the code of this program are in memory, as the kernel counts.
func code(t *testing.T) (kb int) {
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip("the kernel does not tell:", err)
	}
	counts := false
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		switch {
		case len(f) > 1 && !strings.HasSuffix(f[0], ":"):
			counts = f[1] == "r-xp" && strings.Contains(line, " /")
		case counts && len(f) > 1 && f[0] == "Rss:":
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			kb += n
		}
	}
	return kb
}

// Code that is not used is given back, and what is used is there again.
func TestUnmapProgram(t *testing.T) {
	// All of it is used once.
	memory, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Skip(err)
	}
	defer memory.Close()
	for _, m := range programCode() {
		if _, err := io.Copy(io.Discard, io.NewSectionReader(memory, int64(m.start), int64(m.end-m.start))); err != nil {
			t.Skip(err)
		}
	}
	before := code(t)
	unmapProgram()
	if after := code(t); after == 0 || after > before*3/4 {
		t.Errorf("%d kB of code are in memory, and before there were %d", after, before)
	}
}
