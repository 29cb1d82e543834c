// Package idle measures what cellsh watch takes of a processor while nothing happens.
//
//	part, err := idle.Watch(program, 1000, 5*time.Second)
package idle

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"cellsh/bench/start"
)

// hooks wait for everything.
const hooks = `for _, kind in ipairs{ "create", "destroy", "start", "exit", "deny", "grant", "load", "rollback", "over-budget", "under-budget" } do
  cell.on(kind, function(e) print(e.event) end)
end
`

// policy limits all cells.
const policy = `policy "limits" { budget = { memory = "1G", cpu = "50%" } }
policy "even" { cells = "*0", deny = { "system.reboot" } }
`

// Watch gives what part of one processor cellsh watch takes with so many idle cells of a kernel in a state file: what it takes over
// two spans of that time more than over one, so that its start does not count.
func Watch(p *start.Program, cells int, span time.Duration) (float64, error) {
	dir, err := os.MkdirTemp("", "cellsh-idle")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	var script strings.Builder
	fmt.Fprintf(&script, "engine.load(%q)\nfor i = 1, %d do cell.create{ name = \"cell\" .. i, root = \"/cells/all\" } end\n", filepath.Join(dir, "policy.lua"), cells)
	for name, text := range map[string]string{"hooks.lua": hooks, "policy.lua": policy, "make.lua": script.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return 0, err
		}
	}
	kernel := "sim:" + filepath.Join(dir, "state")
	if err := p.Run("-k", kernel, filepath.Join(dir, "make.lua")); err != nil {
		return 0, err
	}
	once, err := watch(p, kernel, filepath.Join(dir, "hooks.lua"), span)
	if err != nil {
		return 0, err
	}
	twice, err := watch(p, kernel, filepath.Join(dir, "hooks.lua"), 2*span)
	if err != nil {
		return 0, err
	}
	return max((twice-once).Seconds(), 0) / span.Seconds(), nil
}

// watch gives the processor time of cellsh watch over so long.
func watch(p *start.Program, kernel, hooks string, span time.Duration) (time.Duration, error) {
	cmd := exec.Command(p.Path(), "-k", kernel, "watch", "--hooks", hooks)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	said := make([]byte, 100)
	n, _ := out.Read(said)
	time.Sleep(span)
	err = cmd.Process.Signal(syscall.SIGTERM)
	if waited := cmd.Wait(); err == nil {
		err = waited
	}
	if want := "watching, with 1 file of hooks\n"; err == nil && string(said[:n]) != want {
		err = fmt.Errorf("cellsh watch must say %q, but says %q", want, said[:n])
	}
	if err != nil {
		return 0, err
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}
