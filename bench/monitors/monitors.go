// Package monitors measures what services take: the memory of a monitor, and the time to start and stop many.
//
//	m, err := monitors.New(program, 200)
//	defer m.Close()
//	err = m.Start()
//	bytes, err := m.Resident()
//	err = m.Stop()
//	err = m.Shell()
//
// The services are processes that sleep, on a kernel in a state file.
package monitors

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"cellsh/bench/start"
)

// declared are the services.
const declared = `for i = 1, %d do
  service("s" .. i, { cell = { root = "/cells/all" }, cmd = { "sleep", "1000" }, log = { size = 0, stdout = "none", stderr = "none" }, autostart = true })
end
`

// shell does the same with the means of a shell, and watches over nothing.
const shell = `pids=
i=0
while [ $i -lt %d ]; do
  sleep 1000 </dev/null >/dev/null 2>&1 &
  pids="$pids $!"
  i=$((i + 1))
done
kill $pids
wait`

// ErrNoProc says that the system does not tell what a process has resident where it is looked for.
var ErrNoProc = errors.New("there is no /proc that says what is resident, as on Linux")

// Monitors are a number of services.
type Monitors struct {
	program *start.Program
	number  int
	folder  string
}

// New declares so many services, and makes their cells.
func New(p *start.Program, number int) (*Monitors, error) {
	folder, err := os.MkdirTemp("", "monitors")
	if err != nil {
		return nil, err
	}
	m := &Monitors{p, number, folder}
	if err = os.WriteFile(m.path("services.lua"), fmt.Appendf(nil, declared, number), 0o600); err == nil {
		if err = m.Start(); err == nil {
			err = m.Stop()
		}
	}
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func (m *Monitors) path(name string) string { return filepath.Join(m.folder, name) }

func (m *Monitors) run(command string) error {
	return m.program.Run("-k", "sim:"+m.path("state"), command, "--services", m.path("services.lua"), "--run-dir", m.path("run"), "--all")
}

// Start starts all, and waits until they run.
func (m *Monitors) Start() error { return m.run("start") }

// Stop stops all, and waits until nothing is left of them.
func (m *Monitors) Stop() error { return m.run("stop") }

// Close stops them and removes what they have written.
func (m *Monitors) Close() {
	_ = m.Stop()
	os.RemoveAll(m.folder)
}

// Shell starts and ends as many processes of that kind with a plain loop of sh(1).
func (m *Monitors) Shell() error {
	if out, err := exec.Command("sh", "-c", fmt.Sprintf(shell, m.number)).CombinedOutput(); err != nil {
		return fmt.Errorf("sh: %w: %s", err, out)
	}
	return nil
}

// Resident gives how many bytes the monitors that run have resident, the least first. Pages that they share count for each.
func (m *Monitors) Resident() ([]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || files == nil {
		return nil, ErrNoProc
	}
	var sizes []int
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(line, []byte("\x00"+m.path("run")+"\x00")) {
			continue // one that has ended meanwhile, or another
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(file), "status"))
		if err != nil {
			return nil, ErrNoProc
		}
		_, rest, found := strings.Cut(string(status), "\nVmRSS:")
		if text, _, ok := strings.Cut(strings.TrimSpace(rest), " kB"); found && ok {
			n, err := strconv.Atoi(text)
			if err != nil {
				return nil, err
			}
			sizes = append(sizes, n<<10)
		}
	}
	if len(sizes) == 0 {
		return nil, ErrNoProc
	}
	slices.Sort(sizes)
	return sizes, nil
}
