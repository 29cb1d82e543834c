package connect

import (
	"fmt"
	"strings"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy/secmodel"
)

// target is what Options.Target names.
type target struct {
	// system is "", "netbsd" or "sim".
	system string
	// For sim: how the kernel is built, as far as that is named, and the file for its state, "" for none.
	build sim.Options
	file  string
}

// isNetBSD reports whether the running NetBSD is meant.
func (t *target) isNetBSD(m *Machine) bool {
	return t.system == "netbsd" || t.system == "" && m.isNetBSD()
}

// name takes a word that says how a simulated kernel is built: a revision of secmodel_cell, or stock. False if it is
// neither, or there is another revision already.
func (t *target) name(word string) bool {
	if word == "stock" {
		t.build.NoEvaluation = true
		return true
	}
	rev, ok := secmodel.ParseRevision(word)
	if !ok || t.build.Revision != 0 && t.build.Revision != rev {
		return false
	}
	t.build.Revision = rev
	return true
}

// CheckTarget says what is wrong with the name of a kernel, see Options.Target; nil if there may be one.
func CheckTarget(name string) error {
	_, err := parseTarget(name)
	return err
}

func parseTarget(text string) (target, error) {
	bad := &kernel.Error{Op: "open a kernel", Text: fmt.Sprintf("the kernel must be sim, sim:FILE or netbsd, but is %q", text),
		Hint: "sim,april has the revision of April 2026 (others are early, interim and current) and sim,stock no evaluation model, as in sim,stock:FILE"}
	if text == "" || text == "netbsd" {
		return target{system: text}, nil
	}
	kind, file, named := strings.Cut(text, ":")
	words := strings.Split(kind, ",")
	t := target{system: words[0], file: file}
	if t.system != "sim" || named && file == "" {
		return t, bad
	}
	for _, w := range words[1:] {
		if !t.name(w) {
			return t, bad
		}
	}
	return t, nil
}

// agrees says what is different about a kernel that exists already, "" for nothing: what is not named may be as it is.
func (t *target) agrees(k *sim.Kernel) string {
	info := k.Info()
	_, evaluates := info.Capabilities[kernel.CapEvaluation]
	switch {
	case t.build.Revision != 0 && info.Revision != t.build.Revision:
		return fmt.Sprintf("its kernel must have the revision %s of secmodel_cell, as -k says, but has %s", t.build.Revision, info.Revision)
	case t.build.NoEvaluation && evaluates:
		return "its kernel must be without the evaluation model, as -k says, but has it"
	}
	return ""
}
