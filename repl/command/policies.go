package command

import (
	"fmt"
	"sort"

	"cellsh/lua/engine"
)

// simGroups are the groups of a NetBSD host that names resolve to where no kernel says otherwise (etc/group).
type simGroups map[string]uint32

func (g simGroups) Lookup(name string) (uint32, bool) { gid, ok := g[name]; return gid, ok }

func (g simGroups) Names() []string {
	var names []string
	for n := range g {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

var defaultGroups = simGroups{"wheel": 0, "daemon": 1, "kmem": 2, "sys": 3, "tty": 4, "operator": 5, "mail": 6, "bin": 7,
	"wsrc": 9, "games": 13, "guest": 31, "nobody": 39, "utmp": 45, "users": 100}

func (inv *Invocation) engineOptions() engine.Options {
	return engine.Options{Groups: defaultGroups, Output: inv.Stderr, SkipOptimizations: inv.NoOpt}
}

// loaded gives the policies that a command works on: those of --policy, or of its own paths.
func (inv *Invocation) loaded(paths []string) *engine.Policies {
	return engine.Read(append(append([]string(nil), paths...), inv.Policy...), inv.engineOptions())
}

// usable gives the policies, or the problems that keep them from being used.
func (inv *Invocation) usable() (*engine.Policies, error) {
	p := inv.loaded(nil)
	if p.Loading.Failed() {
		return nil, p.Loading
	}
	return p, nil
}

func count(n int, what string) string { return fmt.Sprintf("%d %s", n, what) }
