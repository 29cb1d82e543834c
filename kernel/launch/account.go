package launch

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Account is who a command runs as.
type Account struct {
	// Name of the user, or "" for a number without an entry.
	Name     string
	UID, GID uint32
	// Groups that the command is in, GID first.
	Groups []uint32
	// Home and Shell, "/" and /bin/sh where the user has none.
	Home, Shell string
}

const (
	passwdFile = "/etc/passwd"
	groupFile  = "/etc/group"
	// maxDatabase is how long either may be. They belong to the cell, so they may be anything.
	maxDatabase = 4 << 20
	// maxGroups is NGROUPS_MAX of NetBSD.
	maxGroups = 16
	// noID is -1, which means "leave it" to setreuid(2): no user and no group has it.
	noID = math.MaxUint32
)

// resolve finds the account that the user's name means, by the two files alone: neither the name service of the
// host nor that of the cell is asked.
func resolve(user string, read func(name string) ([]byte, error)) (Account, error) {
	user, group, grouped := strings.Cut(user, ":")
	if grouped && (group == "" || user == "") {
		return Account{}, fmt.Errorf("the user must be USER or USER:GROUP, but one of the two is empty")
	}
	who, found, err := findUser(user, read)
	if err != nil {
		return Account{}, err
	}
	switch {
	case !grouped && !found:
		return Account{}, fmt.Errorf("user %s must have an entry in %s to have a group, but has none; give one as %s:GROUP", user, passwdFile, user)
	case grouped:
		if who.GID, err = findGroup(group, read); err != nil {
			return Account{}, err
		}
		who.Groups = []uint32{who.GID}
		return who, nil
	}
	who.Groups, err = groupsOf(who, read)
	return who, err
}

// findUser gives the account without its groups. A number is a user even without an entry: found is false then.
func findUser(user string, read func(string) ([]byte, error)) (who Account, found bool, err error) {
	id, numeric, err := parseID("user", user)
	if err != nil {
		return who, false, err
	}
	root := user == ""
	numeric = numeric || root
	text, err := read(passwdFile)
	if err != nil && !(numeric && errors.Is(err, fs.ErrNotExist)) {
		return who, false, missing(passwdFile, "user "+user, err)
	}
	meant := func(f []string) bool {
		if !numeric {
			return f[0] == user
		}
		uid, ok, err := parseID("user", f[min(2, len(f)-1)])
		return ok && err == nil && uid == id
	}
	who = Account{UID: id, Home: "/", Shell: "/bin/sh"}
	for line := range lines(text) {
		f := strings.Split(line, ":")
		if !meant(f) {
			continue
		}
		if len(f) != 7 {
			return who, false, fmt.Errorf("the entry of %s in %s must have 7 fields, but has %d", f[0], passwdFile, len(f))
		}
		uid, uidOK, uidErr := parseID("user", f[2])
		gid, gidOK, gidErr := parseID("group", f[3])
		if uidErr != nil || gidErr != nil || !uidOK || !gidOK {
			return who, false, fmt.Errorf("the ids of %s in %s must be numbers, but are %q and %q", f[0], passwdFile, f[2], f[3])
		}
		who.Name, who.UID, who.GID = f[0], uid, gid
		if strings.HasPrefix(f[5], "/") {
			who.Home = f[5]
		}
		if f[6] != "" {
			who.Shell = f[6]
		}
		return who, true, nil
	}
	switch {
	case root:
		who.Name = "root"
		return who, true, nil
	case numeric:
		return who, false, nil
	}
	return who, false, fmt.Errorf("user %s must be in %s, but is not", user, passwdFile)
}

func findGroup(group string, read func(string) ([]byte, error)) (uint32, error) {
	id, numeric, err := parseID("group", group)
	if err != nil || numeric {
		return id, err
	}
	text, err := read(groupFile)
	if err != nil {
		return 0, missing(groupFile, "group "+group, err)
	}
	for line := range lines(text) {
		if f := strings.Split(line, ":"); f[0] == group {
			if len(f) < 3 {
				return 0, fmt.Errorf("the entry of %s in %s must have at least 3 fields, but has %d", group, groupFile, len(f))
			}
			id, ok, err := parseID("group", f[2])
			if err != nil || !ok {
				return 0, fmt.Errorf("the id of %s in %s must be a number, but is %q", group, groupFile, f[2])
			}
			return id, nil
		}
	}
	return 0, fmt.Errorf("group %s must be in %s, but is not", group, groupFile)
}

// groupsOf gives the user's own group and those that name the user.
func groupsOf(who Account, read func(string) ([]byte, error)) ([]uint32, error) {
	groups := []uint32{who.GID}
	text, err := read(groupFile)
	if errors.Is(err, fs.ErrNotExist) {
		return groups, nil
	}
	if err != nil {
		return nil, missing(groupFile, "the groups of "+who.Name, err)
	}
	for line := range lines(text) {
		f := strings.Split(line, ":")
		if len(f) != 4 || !slices.Contains(strings.Split(f[3], ","), who.Name) {
			continue
		}
		id, ok, err := parseID("group", f[2])
		if err != nil || !ok {
			return nil, fmt.Errorf("the id of %s in %s must be a number, but is %q", f[0], groupFile, f[2])
		}
		if !slices.Contains(groups, id) {
			groups = append(groups, id)
		}
	}
	if len(groups) > maxGroups {
		return nil, fmt.Errorf("user %s must be in at most %d groups, but is in %d; choose one as %s:GROUP", who.Name, maxGroups, len(groups), who.Name)
	}
	return groups, nil
}

func missing(file, what string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there must be %s to look up %s, but there is none", file, what)
	}
	return fmt.Errorf("%s must be readable to look up %s, but: %w", file, what, err)
}

// parseID gives the number if the text is of digits only.
func parseID(what, text string) (id uint32, numeric bool, err error) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false, nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == noID {
		return 0, false, fmt.Errorf("a %s number must be 0 to %d, but is %s", what, uint32(noID-1), text)
	}
	return uint32(n), true, nil
}

// lines gives the entries: no empty lines, no comments, and none of those that refer to NIS.
func lines(text []byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for line := range bytes.Lines(text) {
			line = bytes.TrimRight(line, "\n")
			if len(line) == 0 || bytes.IndexByte([]byte("#+-"), line[0]) >= 0 {
				continue
			}
			if !yield(string(line)) {
				return
			}
		}
	}
}
