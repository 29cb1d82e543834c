package scripts_test

import (
	"maps"
	"os"
	"os/exec"
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
// 1.13, syslogd 1.12, LOGIN 1.8, sshd 1.37; names that only older or third-party scripts provide are left out), and of what makes cells: cellman, celladm, and
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
	"syslogd":          "# PROVIDE: syslogd\n# REQUIRE: mountcritremote\n# BEFORE:  SERVERS\n",
	"SERVERS":          "# PROVIDE: SERVERS\n# REQUIRE: syslogd\n",
	"mountd":           "# PROVIDE: mountd\n# REQUIRE: mountall network\n",
	"securelevel":      "# PROVIDE: securelevel\n# REQUIRE: mountd\n# BEFORE:  DAEMON\n",
	"DAEMON":           "# PROVIDE: DAEMON\n# REQUIRE: network securelevel sysctl\n",
	"local":            "# REQUIRE: DAEMON\n# PROVIDE: local\n# BEFORE:  LOGIN\n# KEYWORD: shutdown\n",
	"LOGIN":            "# PROVIDE: LOGIN\n# REQUIRE: DAEMON\n",
	"sshd":             "# PROVIDE: sshd\n# REQUIRE: LOGIN\n",
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

// all are NetBSD's scripts and these.
func all(texts map[string]string) map[string]string {
	list := maps.Clone(netbsd)
	maps.Copy(list, texts)
	return list
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Services are started once policies are loaded and there is all that daemons find, and after what watches them, and are stopped
// before that. One that does not come up keeps nobody from logging in. Each script is in order without the other.
func TestServiceOrder(t *testing.T) {
	scripts := map[string]string{}
	for _, name := range []string{"cellsh", "cellsh_watch", "cellsh_services"} {
		scripts[name] = readFile(t, "rc.d/"+name)
		s := readRC(scripts[name])
		if !slices.Equal(s.provide, []string{name}) {
			t.Errorf("%s provides %v", name, s.provide)
		}
		if shutdown := slices.Equal(s.keyword, []string{"shutdown"}); shutdown != (name != "cellsh") {
			t.Errorf("%s has the keywords %v", name, s.keyword)
		}
	}
	after, wrong := order(all(scripts))
	if len(wrong) > 0 {
		t.Error(wrong)
	}
	for _, pair := range [][2]string{{"cellsh", "cellsh_watch"}, {"cellsh_watch", "cellsh_services"}, {"cellsh", "cellsh_services"},
		{"sshd", "cellsh_services"}, {"DAEMON", "cellsh_services"}, {"local", "cellsh_services"}, {"cellsh_watch", "sshd"}} {
		if !slices.Contains(after[pair[0]], pair[1]) {
			t.Errorf("%s need not run before %s", pair[0], pair[1])
		}
	}
	for _, name := range []string{"NETWORKING", "npf", "mountcritremote", "mountall", "syslogd", "clearcritlocal"} {
		for _, later := range []string{"cellsh_watch", "cellsh_services"} {
			if !slices.Contains(after[name], later) {
				t.Errorf("%s need not run before %s", name, later)
			}
		}
	}
	for _, name := range []string{"cellsh_watch", "cellsh_services"} {
		alone := map[string]string{"cellsh": scripts["cellsh"], name: scripts[name]}
		if _, wrong := order(all(alone)); len(wrong) > 0 {
			t.Error(name, wrong)
		}
	}
}

// What make install installs are all scripts there are, and sh can read them.
func TestScriptsOfRC(t *testing.T) {
	makefile := readFile(t, "../Makefile")
	files, err := os.ReadDir("rc.d")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	sh, missing := exec.LookPath("sh")
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm()&0o111 == 0 {
			t.Errorf("%s must be executable: %v", f.Name(), err)
		}
		if !strings.Contains(makefile, "scripts/rc.d/"+f.Name()+" ") {
			t.Errorf("make install does not install %s", f.Name())
		}
		if missing != nil {
			continue
		}
		if out, err := exec.Command(sh, "-n", "rc.d/"+f.Name()).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", f.Name(), err, out)
		}
	}
}

// At boot policies are loaded once there are the kernel's modules and the files, and before the network, anything that makes
// cells, and a higher securelevel.
func TestBootOrder(t *testing.T) {
	text := readFile(t, "rc.d/cellsh")
	with := func(text string) map[string]string { return all(map[string]string{"cellsh": text}) }
	after, wrong := order(with(text))
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
	if s := readRC(text); len(s.keyword) > 0 || !slices.Equal(s.provide, []string{"cellsh"}) {
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
