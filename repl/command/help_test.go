package command

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"cellsh/kernel"
	"cellsh/lua/api"
	"cellsh/repl/flags"
)

// TestHelpFits: help is read on terminals of 80 columns. Commands to copy and requests of one line may be longer.
func TestHelpFits(t *testing.T) {
	for _, c := range All() {
		for line := range strings.SplitSeq(c.Help(), "\n") {
			if utf8.RuneCountInString(line) > width && !strings.HasPrefix(line, "  cellsh ") && !strings.HasPrefix(line, "  {") && !strings.HasPrefix(line, "   \"") && !strings.HasPrefix(line, "    local ") && !strings.HasPrefix(line, "usage: ") {
				t.Errorf("help %s: a line must have at most %d columns, but has %d: %s", c.Name, width, utf8.RuneCountInString(line), line)
			}
		}
		if c.Long == "" {
			t.Errorf("%s must have help", c.Name)
		}
	}
	for line := range strings.SplitSeq(Overview(), "\n") {
		if utf8.RuneCountInString(line) > width {
			t.Errorf("the overview must fit, but has: %s", line)
		}
	}
}

// TestTopics: topics are listed by name, have names of their own, and fit; what apropos finds is known to help, and is a line.
func TestTopics(t *testing.T) {
	if !slices.IsSortedFunc(topics, func(a, b topic) int { return strings.Compare(a.name, b.name) }) {
		t.Error("topics must be listed by name")
	}
	for _, x := range topics {
		for line := range strings.SplitSeq(topicHelp(x.name), "\n") {
			if utf8.RuneCountInString(line) > width {
				t.Errorf("help %s: a line is too long: %s", x.name, line)
			}
		}
		if Find(x.name) != nil {
			t.Errorf("topic %s has the name of a command", x.name)
		}
	}
	list := apropos([]string{"E"})
	if len(list) < 100 {
		t.Errorf("only %d are found", len(list))
	}
	for _, f := range list {
		_, err := api.About(f.Name)
		if strings.Contains(f.Short, "\n") || f.Short == "" || err != nil && Find(f.Name) == nil && topicHelp(f.Name) == "" {
			t.Errorf("%+v must be a line about something that help knows", f)
		}
	}
	if got := apropos([]string{"roll", "back"}); len(got) < 2 || got[0].Name != "rollback" {
		t.Errorf("%+v", got)
	}
}

// TestTable: commands are listed by name, and flags that a command does without are flags of every command.
func TestTable(t *testing.T) {
	names := Names()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("commands must be listed by name, each once, but are %q", names)
	}
	var common flags.Set
	new(Common).Declare(&common)
	for _, c := range All() {
		if Find(c.Name) == nil {
			t.Errorf("%s must be found", c.Name)
		}
		for _, name := range c.Without {
			if !common.Has(name) || c.AllFlags().Has(name) && !c.OwnFlags().Has(name) {
				t.Errorf("%s must do without a flag of every command, but does without %s", c.Name, name)
			}
		}
	}
	all := Common{Policy: []string{"x"}, Kernel: "sim", ReadOnly: true, JSON: true, Timings: true, NoColor: true}
	if got := all.given(); len(got) != len(common.All()) || slices.ContainsFunc(got, func(name string) bool { return !common.Has(name) }) {
		t.Errorf("every flag of every command must be seen where it is given before a command, but only %q are", got)
	}
}

// TestCreateTakesKeys: what a cell can be made with there is a flag for, and the flag sets that.
func TestCreateTakesKeys(t *testing.T) {
	var fs flags.Set
	createCommand().Setup(&fs)
	for _, key := range kernel.SpecKeys() {
		if key != "name" && !fs.Has(key) {
			t.Errorf("create must have the flag --%s", key)
		}
	}
	for _, f := range fs.All() {
		if _, err := fs.Read([]string{f.String(), "?"}, flags.Anywhere); err != nil && strings.Contains(err.Error(), "key") {
			t.Errorf("%s must set a key of a cell, but: %s", f, err)
		}
	}
}
