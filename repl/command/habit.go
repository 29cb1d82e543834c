package command

import (
	"strings"
)

// habits are commands of other tools, and of FreeBSD's for jails, by their first words: what to type here, made of the words that
// follow. The flags are those of cellctl(8).
var habits = map[string]func(words []string) string{
	"jls":                always("list"),
	"jexec":              execHabit,
	"jail":               always("create NAME --root DIR"),
	"cellctl create":     createHabit,
	"cellctl destroy":    asIs("destroy"),
	"cellctl exec":       execHabit,
	"cellctl list":       always("list"),
	"cellctl stats":      always("stats"),
	"cellman cell list":  always("list"),
	"cellman list":       always("list"),
	"cellman shell":      execHabit,
	"cellman cell shell": execHabit,
	"celladm list":       always("list"),
}

// always is one command whatever follows.
func always(line string) func([]string) string { return func([]string) string { return line } }

// asIs is a command with the words behind it that are there.
func asIs(name string) func([]string) string {
	return func(words []string) string { return strings.TrimSpace(name + " " + shellWords(words)) }
}

func execHabit(words []string) string {
	switch {
	case len(words) == 0:
		return "exec CELL"
	case len(words) == 1:
		return "exec " + shellWords(words)
	}
	return "exec " + shellWords(words[:1]) + " -- " + shellWords(words[1:])
}

// createHabit is cellctl create [-l PROFILE] [-r PORTS] [-N NOFILE] [-A BYTES] [-C BYTES] -n NAME ROOT.
func createHabit(words []string) string {
	flags := map[string]string{"-l": "--profile", "-r": "--ports", "-N": "--nofile", "-A": "--as", "-C": "--core"}
	name, root := "NAME", "DIR"
	var more []string
	for i := 0; i < len(words); i++ {
		w := words[i]
		value := ""
		if len(w) > 1 && w[0] == '-' {
			if value = w[2:]; value == "" && i+1 < len(words) {
				i++
				value = words[i]
			}
			w = w[:2]
		}
		switch flag := flags[w]; {
		case w == "-n":
			name = value
		case flag != "":
			more = append(more, flag, value)
		case w[0] != '-':
			root = w
		}
	}
	return "create " + shellWords(append([]string{name, "--root", root}, more...))
}

// Instead gives the command to type for one of another tool; false if it is none that is known.
func Instead(words []string) (string, bool) {
	for n := min(len(words), 3); n > 0; n-- {
		if habit, ok := habits[strings.Join(words[:n], " ")]; ok {
			return habit(words[n:]), true
		}
	}
	if len(words) > 0 && (words[0] == "cellctl" || words[0] == "cellman" || words[0] == "celladm") {
		return "help", true
	}
	return "", false
}
