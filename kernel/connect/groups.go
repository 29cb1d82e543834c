package connect

import (
	"bufio"
	"maps"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
)

// simGroups are the groups of a simulated host.
type simGroups map[string]uint32

func (g simGroups) Lookup(name string) (uint32, bool) {
	gid, ok := g[name]
	return gid, ok
}

func (g simGroups) Names() []string { return slices.Sorted(maps.Keys(g)) }

// hostGroups are the groups of this machine.
type hostGroups struct{}

func (hostGroups) Lookup(name string) (uint32, bool) {
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, false
	}
	gid, err := strconv.ParseUint(g.Gid, 10, 32)
	return uint32(gid), err == nil
}

// Names lists the groups of /etc/group (group(5)).
func (hostGroups) Names() []string {
	file, err := os.Open("/etc/group")
	if err != nil {
		return nil
	}
	defer file.Close()
	var names []string
	for s := bufio.NewScanner(file); s.Scan(); {
		if name, _, ok := strings.Cut(s.Text(), ":"); ok && name != "" && name[0] != '#' && name[0] != '+' {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
