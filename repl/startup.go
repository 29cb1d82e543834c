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

// startupPath is where a user has what every session begins with, historyPath where the history of what was typed belongs.
func startupPath(getenv func(string) string) string {
	return userFile(getenv, "XDG_CONFIG_HOME", "/.config", "init.lua")
}

func historyPath(getenv func(string) string) string {
	return userFile(getenv, "XDG_STATE_HOME", "/.local/state", "history")
}

// userFile is the path of a file of the user below the folder that a variable names, or else below one in the home folder; "" if
// neither is known (XDG Base Directory Specification).
func userFile(getenv func(string) string, variable, inHome, name string) string {
	if folder := getenv(variable); strings.HasPrefix(folder, "/") {
		return folder + "/cellsh/" + name
	}
	if home := getenv("HOME"); strings.HasPrefix(home, "/") {
		return home + inHome + "/cellsh/" + name
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
