package scale

import (
	"fmt"
	"strings"

	"cellsh/policy/rules"
)

// Fleet is a host with very many cells: one policy for all of them, and one more for every team of cells.
type Fleet struct {
	// Teams, and how many Cells each has.
	Teams, Cells int
}

// Names of all cells.
func (f Fleet) Names() []string {
	var names []string
	for t := range f.Teams {
		for c := range f.Cells {
			names = append(names, fmt.Sprintf("team%d-%d", t, c))
		}
	}
	return names
}

// Sources are one file for each policy, as a folder of policies has them. The teams with even numbers name their
// cells with a glob, the others one by one.
func (f Fleet) Sources() []rules.Source {
	sources := []rules.Source{{File: "common.lua", Text: twenty("common", "", 0)}}
	for t := range f.Teams {
		cells := fmt.Sprintf("%q", fmt.Sprintf("team%d-*", t))
		if t%2 == 1 {
			var list []string
			for c := range f.Cells {
				list = append(list, fmt.Sprintf("%q", fmt.Sprintf("team%d-%d", t, c)))
			}
			cells = strings.Join(list, ", ")
		}
		name := fmt.Sprintf("team%d", t)
		sources = append(sources, rules.Source{File: name + ".lua", Text: twenty(name, "  cells = { "+cells+" },\n", t+1)})
	}
	return sources
}

// twenty is a policy of twenty entries, which differ with n.
func twenty(name, cells string, n int) string {
	return fmt.Sprintf("policy %q {\n%s", name, cells) + fmt.Sprintf(entries, n, 1000+n, n%20) + "}\n"
}

const entries = `
  allow = { "system.sysctl.desc", "process.cansee", "process.rlimit.get", "network.socket.cansee", "network.interface.get" },
  deny  = { "machdep", "system.mount.new", "system.module", "network.route", "device.rawio_spec" },
  grant = { "system.sysctl.prvt" },
  on = {
    ["network.bind"] = function(r)
      if not r.port then return deny, "any address" end
      if r.port == 0 or r.port >= 1024 then return allow end
      for _, p in ipairs({ 80, 443, %[2]d }) do
        if r.port == p then return grant, "port of team %[1]d" end
      end
      return deny, "low port"
    end,
    ["network.socket.open"] = function(r)
      if r.type == "raw" then return deny, "raw socket" end
      if r.domain == "inet" or r.domain == "inet6" or r.domain == "local" then return allow end
    end,
    ["network.interface"] = function(r)
      if r.ifname == "lo0" and r.uid == 0 then return allow end
      return deny, "interface"
    end,
    ["process.nice"] = function(r)
      if r.nice >= %[3]d then return allow end
      return deny, "priority"
    end,
    ["process.rlimit.set"] = function(r)
      if r.resource == "nofile" and r.max <= %[2]d then return allow end
      return deny, "limit"
    end,
    ["process.ptrace"] = function(r)
      if r.target.same_cell and r:in_group(%[2]d) then return allow end
      return deny, "ptrace"
    end,
    ["process.fork"] = function(r)
      if r.nprocs > %[2]d then return deny, "too many processes" end
      return allow
    end,
    ["process.signal"] = function(r)
      if r.signal == "kill" and r.uid ~= %[2]d then return deny, "kill" end
    end,
    ["system.time"] = function(r)
      if r.euid == %[2]d then return allow end
    end,
  },
`

// Shapes are the ways in which a policy of n rules is written.
var Shapes = []struct {
	Name string
	Make func(n int) []rules.Source
}{
	{"ports tested one by one", Ports},
	{"ports in a loop", Loop},
	{"ifs on several fields", Chain},
	{"lines in four functions, and static entries", Lines},
}

// results of generated rules, one after the other.
var results = []string{"deny", "allow", `deny, "reserved"`, "grant", `deny, "closed"`}

func function(request string, body func(b *strings.Builder)) []rules.Source {
	var b strings.Builder
	fmt.Fprintf(&b, "policy \"rules\" {\n  on = {\n    [%q] = function(r)\n", request)
	body(&b)
	b.WriteString("    end,\n  },\n}\n")
	return []rules.Source{{File: "rules.lua", Text: b.String()}}
}

// Ports is one policy whose function tests n ports one by one.
func Ports(n int) []rules.Source {
	return function("network.bind.port", func(b *strings.Builder) {
		for i := range n {
			fmt.Fprintf(b, "      if r.port == %d then return %s end\n", 1+i*5, results[i%len(results)])
		}
	})
}

// Loop is Ports with the ports in a table that a loop goes through.
func Loop(n int) []rules.Source {
	return function("network.bind.port", func(b *strings.Builder) {
		b.WriteString("      for port = 1, ")
		fmt.Fprintf(b, "%d, 5 do\n        if r.port == port then return deny, \"closed\" end\n      end\n", n*5)
	})
}

// Chain is n lines of Lua that test several fields, each after all before it have said nothing.
func Chain(n int) []rules.Source {
	return function("network.bind", func(b *strings.Builder) {
		b.WriteString("      if not r.port then return deny end\n")
		for i := range n {
			result := results[i%len(results)]
			switch i % 4 {
			case 0:
				fmt.Fprintf(b, "      if r.port == %d then return %s end\n", 1+i*5, result)
			case 1:
				fmt.Fprintf(b, "      if r.port >= %d and r.port < %d and r.uid == %d then return %s end\n", 2+i*5, 4+i*5, i, result)
			case 2:
				fmt.Fprintf(b, "      if r.type == \"dgram\" and r.port == %d then return %s end\n", 1+i*5, result)
			case 3:
				fmt.Fprintf(b, "      if r.uid == %d then return %s end\n", 100000+i, result)
			}
		}
	})
}

// Lines is one policy with static entries, and n lines of Lua that are chains of ifs in the functions of four requests.
func Lines(n int) []rules.Source {
	var b strings.Builder
	b.WriteString("policy \"rules\" {\n  deny = { \"machdep\", \"system.module\", \"system.mount\", \"network.route\" },\n")
	b.WriteString("  allow = { \"system.sysctl.desc\", \"process.cansee\" },\n  on = {\n")
	for _, f := range []struct{ request, test string }{
		{"network.bind", "r.port == %d and r.uid ~= 0"},
		{"network.socket.open", "r.type == \"raw\" and r.uid == %d"},
		{"process.signal", "r.signal == \"kill\" and r.uid == %d"},
		{"process.rlimit.set", "r.resource == \"nofile\" and r.max == %d"},
	} {
		fmt.Fprintf(&b, "    [%q] = function(r)\n", f.request)
		for i := range n / 4 {
			fmt.Fprintf(&b, "      if "+f.test+" then return %s end\n", 1+i*5, results[i%len(results)])
		}
		b.WriteString("    end,\n")
	}
	b.WriteString("  },\n}\n")
	return []rules.Source{{File: "rules.lua", Text: b.String()}}
}
