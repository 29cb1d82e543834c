package study_test

import (
	"fmt"
	"strings"
	"testing"

	"cellsh/lua/loader"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// leftText writes what is left on one line.
func leftText(list []study.LeftToRoot) string {
	var lines []string
	for _, l := range list {
		all := l.Host
		for _, k := range l.Network {
			all = append(all, k.Requests...)
			for _, r := range k.Requests {
				if k.Whole && (r.Unsure || len(r.Where) > 0 && r.Request != "network.socket.open") {
					lines = append(lines, k.What+" is not whole")
				}
			}
		}
		var parts []string
		for _, r := range all {
			text := r.Request
			if len(r.Where) > 0 {
				text += " where " + strings.Join(r.Where, "; or ")
			}
			if r.More {
				text += "; or more"
			}
			if r.Unsure {
				text += "?"
			}
			parts = append(parts, text)
		}
		lines = append(lines, strings.Join(l.Cells, " ")+": "+strings.Join(parts, ", "))
	}
	return strings.Join(lines, "\n")
}

func leftIn(t *testing.T, text string) []study.LeftToRoot {
	t.Helper()
	p := loader.Reader{}.Load([]rules.Source{{File: "p.lua", Text: text}})
	c, err := p.Check(study.CheckOptions{NoProof: true})
	if err != nil {
		t.Fatal(err)
	}
	if c.Problems.Failed() {
		t.Fatal(c.Problems)
	}
	return c.LeftToRoot
}

// A kind is whole if nothing of it is refused.
func TestLeftKinds(t *testing.T) {
	list := leftIn(t, `policy "p" { cells = "a", deny = { "network.altq.cbq", "network.nfs" }, on = { ["network.route"] = function(r) if r.uid == 0 then return deny end end } }`)
	if len(list) != 1 {
		t.Fatal(list)
	}
	var kinds []string
	for _, k := range list[0].Network {
		kinds = append(kinds, fmt.Sprintf("%s %v", k.What, k.Whole))
	}
	const want = "packet filters true, interfaces true, routes false, packet queues false, packets made by hand true, connections of others true, IPsec true"
	if got := strings.Join(kinds, ", "); got != want {
		t.Errorf("the kinds are\n%s\nmust be\n%s", got, want)
	}
}

// What is left is told exactly: all of a request, the part of it that no policy refuses, or nothing.
func TestLeftToRoot(t *testing.T) {
	const closed = `policy "closed" { deny = { "system", "machdep", "device", "network.firewall", "network.interface", "network.interface_ppp", "network.interface_slip",
		"network.interface_tun", "network.interface_bridge", "network.interface_wg", "network.route", "network.forwsrcrt", "network.altq", "network.socket.drop", "network.nfs", "network.ipsec" }, on = { ["network.socket"] = function(r) if r.type == "raw" then return deny end end, ["network.socket.rawsock"] = function() return deny end } } `
	if got := leftText(leftIn(t, closed)); got != "" {
		t.Fatalf("nothing must be left, but %s", got)
	}
	// without is closed but for some of its words.
	without := func(names ...string) string {
		text := closed
		for _, name := range names {
			before := text
			if text = strings.Replace(text, fmt.Sprintf("%q, ", name), "", 1); text == before {
				t.Fatalf("%s is not in it", name)
			}
		}
		return strings.ReplaceAll(text, `"closed" {`, `"closed" { cells = "a",`)
	}
	for _, c := range []struct{ name, text, want string }{
		{"no policy names a cell", ``, ""},
		{"all of a scope", without("machdep"), "a: machdep.unmanagedmem, machdep.iopl, machdep.ioperm_set"},
		{"some of a scope", without("system") + `policy "more" { cells = "a", deny = { "system.module", "system.filehandle" } }`, "a: system.reboot"},
		{"a whole action is told by its name", without("network.altq", "network.nfs"), "a: network.altq, network.nfs"},
		{"part of an action", without("network.nfs") + `policy "more" { cells = "a", deny = { "network.nfs.svc" } }`, "a: network.nfs.export"},
		// Refused to others than root is not refused to root; refused to root is.
		{"others", without("network.route") + `policy "more" { cells = "a", on = { ["network.route"] = function(r) if r.euid ~= 0 then return deny end end } }`, "a: network.route"},
		{"root", without("network.route") + `policy "more" { cells = "a", on = { ["network.route"] = function(r) if r.euid == 0 then return deny end end } }`, ""},
		// Root can have any real user id and group.
		{"the real user", without("network.route") + `policy "more" { cells = "a", on = { ["network.route"] = function(r) if r.uid == 0 then return deny end end } }`, "a: network.route where r.uid ~= 0"},
		{"audit refuses nothing", without("network.route") + `policy "more" { cells = "a", mode = "audit", deny = { "network.route" } }`, "a: network.route"},
		{"a default", without("network.route") + `policy "more" { cells = "a", default = "deny" }`, ""},
		{"a grant against a denial", closed + `policy "more" { cells = "a", grant = { "network.route" } }`, ""},
		{"part of a request", without("network.interface") + `policy "more" { cells = "a", on = { ["network.interface"] = function(r)
			if r.ifname and r.ifname:glob("tap*") then return allow end return deny end } }`, `a: network.interface.setpriv where r.ifname:glob("tap*")`},
		{"many parts", without("network.interface") + `policy "more" { cells = "a", on = { ["network.interface"] = function(r)
			if r.uid == 1 and r.ifname == "a" or r.uid == 2 and r.ifname == "b" or r.uid == 3 and r.ifname == "c" or r.uid == 4 and r.ifname == "d" then return allow end return deny end } }`,
			`a: network.interface.setpriv where r.uid == 1 and r.ifname == "a"; or r.uid == 2 and r.ifname == "b"; or r.uid == 3 and r.ifname == "c"; or more`},
		{"raw sockets", without() + `policy "more" { cells = "b", deny = { "system", "machdep", "device", "network" }, allow = { "network.socket.open" } }`, `b: network.socket.open where r.type == "raw"`},
		// Devices: which numbers do harm is not known, but for whole disks.
		{"some devices", without("device") + `policy "more" { cells = "a", on = { device = function(r) if r.kind == "char" and r.major == 2 then return allow end return deny end } }`, ""},
		{"disks", without("device") + `policy "more" { cells = "a", on = { device = function(r) if r.kind == "char" then return deny end end } }`,
			`a: device.rawio_spec.write where r.kind == "block", device.rawio_spec.rw where r.kind == "block"`},
		{"one disk", without("device") + `policy "more" { cells = "a", on = { device = function(r) if r.kind == "char" or r.major ~= 3 then return deny end end } }`,
			`a: device.rawio_spec.write where r.kind == "block" and r.major == 3, device.rawio_spec.rw where r.kind == "block" and r.major == 3`},
		{"writing only together with reading", without("device") + `policy "more" { cells = "a", deny = { "device.rawio_spec.write" } }`, "a: device.rawio_spec.rw"},
		// What the kernel loads by itself is its own choice.
		{"autoload", without("system") + `policy "more" { cells = "a", default = "deny", on = { ["system.module"] = function(r) if r.autoload then return allow end return deny end } }`, ""},
		{"modload", without("system") + `policy "more" { cells = "a", deny = { "system.reboot", "system.filehandle" }, on = { ["system.module"] = function(r) if r.autoload then return deny end end } }`, "a: system.module where not r.autoload"},
		// Cells that are alike are told together, also if their programs differ.
		{"several cells", without("network.route") + strings.ReplaceAll(without("network.route"), `"closed" { cells = "a"`, `"other" { cells = "b", budget = { procs = 5 }`) +
			`policy "mine" { cells = "c", default = "deny" }`, "a b: network.route"},
	} {
		if got := leftText(leftIn(t, c.text)); got != c.want {
			t.Errorf("%s: left is\n%s\nmust be\n%s", c.name, got, c.want)
		}
	}
}
