package repl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"cellsh/kernel/disk"
)

// startupLimit is how large a start-up file may be in bytes.
const startupLimit = 1 << 20

// startupPath is where a user has what every session begins with: below $XDG_CONFIG_HOME, or ~/.config; "" if neither is known (XDG
// Base Directory Specification).
func startupPath(getenv func(string) string) string {
	const name = "/cellsh/init.lua"
	if config := getenv("XDG_CONFIG_HOME"); strings.HasPrefix(config, "/") {
		return config + name
	}
	if home := getenv("HOME"); strings.HasPrefix(home, "/") {
		return home + "/.config" + name
	}
	return ""
}

// startup runs what the user's sessions begin with. sudo(8) keeps HOME: what somebody else could have written is not run, because
// it would be run as who the session belongs to. Nothing that goes wrong keeps the session from starting.
func (e *evaluator) startup() {
	path := startupPath(e.env.Getenv)
	if path == "" || e.bare {
		return
	}
	trust := &disk.Trust{Owners: []int{0, os.Geteuid()}, Limit: startupLimit}
	text, err := trust.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		e.note("%s is not run: %s", path, disk.Cause(err))
		return
	}
	var end exit
	if err := e.script(path, text, nil); errors.As(err, &end) {
		e.note("%s must not leave the session, but does: the session goes on", path)
	} else if err != nil {
		e.note("%s has failed: the session goes on; --norc begins without it", path)
	}
}

// bareRefused says why --norc means nothing to a run of the program.
func bareRefused(what string) string {
	return fmt.Sprintf("--norc is for sessions, which alone begin with a file, but %s is given", what)
}
