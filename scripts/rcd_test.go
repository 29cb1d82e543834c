package scripts_test

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// rcScript is what rcorder(8) reads of a script.
type rcScript struct{ provide, require, before, keyword []string }

// readRC reads the first block of such lines in a script, in which no other line may stand: behind that nothing is read.
func readRC(text string) rcScript {
	var s rcScript
	begun := false
	for line := range strings.Lines(text) {
		into := map[string]*[]string{"# PROVIDE:": &s.provide, "# REQUIRE:": &s.require, "# BEFORE:": &s.before, "# KEYWORD:": &s.keyword}
		head, words, _ := strings.Cut(line, ":")
		list := into[head+":"]
		if list == nil {
			if begun {
				break
			}
			continue
		}
		begun = true
		*list = append(*list, strings.Fields(words)...)
	}
	return s
}

// netbsd are scripts of NetBSD's /etc/rc.d, as far as the order depends on them (securelevel 1.7, modules 1.2, zfs 1.1,
// mountcritlocal 1.13, CRITLOCALMOUNTED 1.1, clearcritlocal 1.2, npf 1.8, npf_boot 1.1, dhcpcd 1.6, mountcritremote 1.11, mountall
// 1.13, LOGIN 1.8; names that only older or third-party scripts provide are left out), and of what makes cells: cellman, celladm, and
// a script that celladm writes.
var netbsd = map[string]string{
	"fsck_root":        "# PROVIDE: fsck_root\n",
	"modules":          "# PROVIDE: modules\n# REQUIRE: fsck_root\n# BEFORE: root\n",
	"root":             "# PROVIDE: root\n# REQUIRE: fsck_root\n",
	"zfs":              "# PROVIDE: zfs\n# REQUIRE: root\n# BEFORE:  DISKS\n",
	"DISKS":            "# PROVIDE: DISKS\n",
	"swap1":            "# PROVIDE: localswap\n# REQUIRE: DISKS\n",
	"fsck":             "# PROVIDE: fsck\n# REQUIRE: localswap\n",
	"mountcritlocal":   "# PROVIDE: mountcritlocal\n# REQUIRE: fsck\n",
	"CRITLOCALMOUNTED": "# REQUIRE: mountcritlocal\n# PROVIDE: CRITLOCALMOUNTED\n",
	"clearcritlocal":   "# REQUIRE: mountcritlocal\n# BEFORE: CRITLOCALMOUNTED\n",
	"bootconf.sh":      "# PROVIDE: bootconf\n# REQUIRE: mountcritlocal\n# KEYWORD: interactive\n",
	"ttys":             "# PROVIDE: tty\n# REQUIRE: root bootconf\n",
	"sysctl":           "# PROVIDE: sysctl\n# REQUIRE: root\n# BEFORE: DAEMON\n",
	"npf_boot":         "# PROVIDE: npf_boot\n# REQUIRE: root bootconf mountcritlocal tty\n# BEFORE: network\n",
	"network":          "# PROVIDE: network\n# REQUIRE: mountcritlocal root tty sysctl\n",
	"npf":              "# PROVIDE: npf\n# REQUIRE: root bootconf CRITLOCALMOUNTED tty network\n# BEFORE: NETWORKING\n",
	"staticroute":      "# PROVIDE: staticroute\n# REQUIRE: network\n# BEFORE:  NETWORKING\n",
	"dhcpcd":           "# PROVIDE: dhcpcd\n# REQUIRE: network mountcritlocal\n# BEFORE:  NETWORKING\n",
	"NETWORKING":       "# PROVIDE: NETWORKING NETWORK\n# REQUIRE: network\n",
	"mountcritremote":  "# PROVIDE: mountcritremote\n# REQUIRE: NETWORKING root CRITLOCALMOUNTED\n",
	"mountall":         "# REQUIRE: mountcritremote\n# PROVIDE: mountall\n",
	"mountd":           "# PROVIDE: mountd\n# REQUIRE: mountall network\n",
	"securelevel":      "# PROVIDE: securelevel\n# REQUIRE: mountd\n# BEFORE:  DAEMON\n",
	"DAEMON":           "# PROVIDE: DAEMON\n# REQUIRE: network securelevel sysctl\n",
	"local":            "# REQUIRE: DAEMON\n# PROVIDE: local\n# BEFORE:  LOGIN\n# KEYWORD: shutdown\n",
	"LOGIN":            "# PROVIDE: LOGIN\n# REQUIRE: DAEMON\n",
	"cellman":          "# PROVIDE: cellman\n# REQUIRE: NETWORKING\n# KEYWORD: shutdown\n",
	"celladm":          "# PROVIDE: celladm\n# REQUIRE: NETWORKING\n",
	"cell_web":         "# PROVIDE: cell_web\n# REQUIRE: NETWORKING\n",
	"alone":            "# PROVIDE: alone\n",
}

// order says for scripts which of them run after one in every order that rcorder(8) may find, and what is wrong with them: what
// nobody provides, and rings.
func order(scripts map[string]string) (after map[string][]string, wrong []string) {
	read, providers := map[string]rcScript{}, map[string][]string{}
	for name, text := range scripts {
		s := readRC(text)
		read[name] = s
		for _, p := range s.provide {
			providers[p] = append(providers[p], name)
		}
	}
	next := map[string][]string{}
	for name, s := range read {
		for _, p := range s.require {
			if providers[p] == nil {
				wrong = append(wrong, "nobody provides "+p+", which "+name+" requires")
			}
			for _, first := range providers[p] {
				next[first] = append(next[first], name)
			}
		}
		for _, p := range s.before {
			next[name] = append(next[name], providers[p]...)
		}
	}
	after = map[string][]string{}
	for name := range read {
		seen := map[string]bool{}
		var walk func(string)
		walk = func(at string) {
			for _, n := range next[at] {
				if !seen[n] {
					seen[n] = true
					walk(n)
				}
			}
		}
		walk(name)
		for n := range seen {
			after[name] = append(after[name], n)
		}
		if seen[name] {
			wrong = append(wrong, name+" is in a ring")
		}
	}
	slices.Sort(wrong)
	return after, wrong
}

// At boot policies are loaded once there are the kernel's modules and the files, and before the network, anything that makes
// cells, and a higher securelevel.
func TestBootOrder(t *testing.T) {
	text, err := os.ReadFile("rc.d/cellsh")
	if err != nil {
		t.Fatal(err)
	}
	with := func(text string) map[string]string {
		all := map[string]string{"cellsh": text}
		for name, text := range netbsd {
			all[name] = text
		}
		return all
	}
	after, wrong := order(with(string(text)))
	if len(wrong) > 0 {
		t.Error(wrong)
	}
	for _, name := range []string{"fsck_root", "modules", "root", "fsck", "zfs", "mountcritlocal", "CRITLOCALMOUNTED", "clearcritlocal"} {
		if !slices.Contains(after[name], "cellsh") {
			t.Errorf("%s need not run before cellsh", name)
		}
	}
	for _, name := range []string{"network", "npf", "dhcpcd", "NETWORKING", "mountcritremote", "mountall", "securelevel", "DAEMON", "local", "LOGIN", "cellman", "celladm", "cell_web"} {
		if !slices.Contains(after["cellsh"], name) {
			t.Errorf("cellsh need not run before %s", name)
		}
	}
	if s := readRC(string(text)); len(s.keyword) > 0 || !slices.Equal(s.provide, []string{"cellsh"}) {
		t.Errorf("%+v", s)
	}
	// What the check finds, it finds.
	if slices.Contains(after["cellsh"], "alone") || slices.Contains(after["alone"], "cellsh") {
		t.Error("a script that says nothing has no place")
	}
	if _, wrong := order(with("# PROVIDE: cellsh\n# REQUIRE: NETWORKING usr\n# BEFORE: network\n")); len(wrong) < 2 || !slices.Contains(wrong, "cellsh is in a ring") || !slices.Contains(wrong, "nobody provides usr, which cellsh requires") {
		t.Error(wrong)
	}
	if s := readRC("#!/bin/sh\n# PROVIDE: a\n\n# REQUIRE: b\n"); s.require != nil || len(s.provide) != 1 {
		t.Errorf("behind the block nothing is read, but there is %+v", s)
	}
}
