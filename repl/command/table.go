package command

import (
	"fmt"
	"strings"

	"cellsh/policy/diag"
	"cellsh/repl/flags"
)

// All lists the commands, by name.
func All() []*Command {
	return []*Command{
		aproposCommand(),
		attachCommand(),
		auditCommand(),
		canCommand(),
		checkCommand(),
		confirmCommand(),
		createCommand(),
		decideCommand(),
		destroyCommand(),
		diffCommand(),
		doctorCommand(),
		dumpCommand(),
		execCommand(),
		explainCommand(),
		fitCommand(),
		fmtCommand(),
		forgetCommand(),
		generationsCommand(),
		helpCommand(),
		initCommand(),
		killCommand(),
		learnCommand(),
		listCommand(),
		loadCommand(),
		logCommand(),
		lspCommand(),
		metricsCommand(),
		outputCommand(),
		policiesCommand(),
		proveCommand(),
		psCommand(),
		replayCommand(),
		restartCommand(),
		rollbackCommand(),
		screenCommand(),
		showCommand(),
		startCommand(),
		statsCommand(),
		statusCommand(),
		stopCommand(),
		superviseCommand(),
		testCommand(),
		unloadCommand(),
		versionCommand(),
		watchCommand(),
	}
}

// Find gives the command of that name, or nil.
func Find(name string) *Command {
	for _, c := range All() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Names lists the names of all commands.
func Names() []string {
	var names []string
	for _, c := range All() {
		names = append(names, c.Name)
	}
	return names
}

// Unknown says that there is no command of the name that the words begin with, and which one was meant.
func Unknown(words []string) string {
	name := words[0]
	text := "there is no command " + flags.Word(name)
	if line, ok := Instead(words); ok {
		return text + ", which is another tool's; here it is: cellsh " + line
	}
	if near := diag.Nearest(name, Names()); near != "" {
		text += "; did you mean " + near + "?"
	}
	return text
}

// overview is a line for each command.
func overview() string {
	var b strings.Builder
	for _, c := range All() {
		fmt.Fprintf(&b, "  %-12s %s\n", c.Name, c.Short)
	}
	return b.String()
}
