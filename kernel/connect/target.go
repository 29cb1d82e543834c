package connect

import (
	"fmt"
	"strings"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy/stock"
)

// target is what Options.Target names.
type target struct {
	// system is "", "netbsd" or "sim".
	system string
	// For sim: how the kernel is built, and the file for its state, "" for none.
	build sim.Options
	file  string
	// words are those that say how it is built.
	words []string
}

// builds are the words that say how a simulated kernel is built.
var builds = map[string]func(*sim.Options){
	"april": func(o *sim.Options) { o.Revision = stock.April },
	"stock": func(o *sim.Options) { o.NoEvaluation = true },
}

func parseTarget(text string) (target, error) {
	bad := &kernel.Error{Op: "open a kernel", Text: fmt.Sprintf("the kernel must be sim, sim:FILE or netbsd, but is %q", text),
		Hint: "sim,april has the revision of April 2026 and sim,stock no evaluation model, as in sim,stock:FILE"}
	if text == "" || text == "netbsd" {
		return target{system: text}, nil
	}
	kind, file, named := strings.Cut(text, ":")
	words := strings.Split(kind, ",")
	t := target{system: words[0], words: words[1:], file: file}
	if t.system != "sim" || named && file == "" {
		return t, bad
	}
	for _, w := range t.words {
		if builds[w] == nil {
			return t, bad
		}
		builds[w](&t.build)
	}
	return t, nil
}

// agrees says what is different about a kernel that exists already, "" for nothing: what is not named may be as it is.
func (t *target) agrees(k *sim.Kernel) string {
	info := k.Info()
	for _, w := range t.words {
		_, evaluates := info.Capabilities[kernel.CapEvaluation]
		switch {
		case w == "april" && info.Revision != stock.April.String():
			return fmt.Sprintf("its kernel must have the revision april of secmodel_cell, as -k says, but has %s", info.Revision)
		case w == "stock" && evaluates:
			return "its kernel must be without the evaluation model, as -k says, but has it"
		}
	}
	return ""
}
