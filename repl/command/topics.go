package command

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/lua/api"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/repl/flags"
	"cellsh/repl/human"
	"cellsh/repl/screen/model"
)

// topic is something to know that is neither a command nor Lua.
type topic struct {
	name, short, long string
	// made makes the text where that is not written down, but comes from what it is about; else nil.
	made func() string
}

// text is what is to know.
func (t *topic) text() string {
	if t.made != nil {
		return t.made()
	}
	return t.long
}

// topics are listed by name.
var topics = []topic{
	{name: "exit-codes", short: "what the exit code of a command says", long: `0 is success, 1 a failure, and 2 a command that was called wrongly. 5 says that
something would change, with --exit-code. load --boot has codes of its own: see
help load. exec exits as its command does. 128 and the number of a signal is a
command that a signal has ended: 130 for Ctrl-C, 143 for SIGTERM.`},
	{name: "keys", short: "what keys do on the screen", made: func() string { return strings.TrimRight(model.About(), "\n") }},
	{name: "session", short: "commands and Lua at the prompt", long: `A line is a command or Lua; Lua that is not finished goes on in the next line.
Commands are those of the program, without the word cellsh, and work on the
session's kernel, as Lua does; their flags are the same. A value that Lua gives
is shown. Ctrl-C gives up the line, or ends what runs; exit or Ctrl-D leaves.
F2 shows cells, policies and decisions on the whole screen, where the line below
is the same session: see screen, and the topic keys.

Policies that are declared at the prompt decide nothing until load without a
path loads them, together with what is loaded. What a session has loaded with
--confirm is rolled back at its end, unless somebody has confirmed it.`},
	{name: "waiting", short: "what takes long, and how it is ended", long: `After a second a line at the terminal says what a command is doing, and how far
it is. The line is gone before anything else is written. Ctrl-C and SIGTERM end
the command; what it changes is not ended half-way, and if something has changed
before it says what. In a session Ctrl-C ends what runs, and not the session.`},
}

// topicHelp is the text about a topic, or about requests of a name, "" if there is neither.
func topicHelp(name string) string {
	for _, t := range topics {
		if t.name == name {
			return t.name + ": " + t.short + "\n\n" + t.text() + "\n"
		}
	}
	p, ok := kauth.FindPattern(name)
	if !ok {
		return ""
	}
	var b strings.Builder
	lo, hi := p.Range()
	if what := human.Plural(int(hi-lo), "request"); int(hi-lo) > 1 || p.String() != lo.String() {
		fmt.Fprintf(&b, "%s stands for %s:\n\n", p, what)
	}
	for id := lo; id < hi; id++ {
		b.WriteString(wrap(0, requestText(id)))
	}
	b.WriteString("\nEvery request carries who asks too: r.uid, r.euid, r.gid, r.egid, r.groups, and\nthe cell, r.cell. See help kauth.request.\n")
	return b.String()
}

// requestText says which fields a request carries, beside who asks.
func requestText(id kauth.RequestID) string {
	var names []string
	for _, f := range (id.Info().Fields &^ kauth.Credential).Fields() {
		names = append(names, "r."+f.String())
	}
	text := id.String() + " carries nothing else"
	if len(names) > 0 {
		text = id.String() + " carries " + strings.Join(names, ", ")
	}
	if !kauth.Newest().Asks(id) {
		text += "; policies are not asked"
	}
	return text
}

// found is something that apropos has found.
type found struct {
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	Short string `json:"short"`
}

func aproposCommand() *Command {
	return &Command{
		Name: "apropos", Args: "WORD...", Short: "what there is about a word", Without: []string{"policy", "k", "readonly", "timings"},
		Long: `Lists the commands, functions of Lua, requests and topics in whose name or help
all of the words are. help tells more of each.

  cellsh apropos roll back`,
		Setup: func(*flags.Set) func(*Invocation) error { return runApropos },
	}
}

func runApropos(inv *Invocation) error {
	if len(inv.Args) == 0 {
		return usage("a word must be given")
	}
	list := apropos(inv.Args)
	if inv.JSON {
		return inv.json(list)
	}
	if len(list) == 0 {
		return diag.List{{Code: diag.Failed, Message: fmt.Sprintf("something must be about %s, but nothing is", flags.Word(strings.Join(inv.Args, " "))), Hint: "run: " + inv.called("help")}}
	}
	var b strings.Builder
	for _, f := range list {
		b.WriteString(wrap(0, fmt.Sprintf("%s (%s): %s", f.Name, f.Kind, f.Short)))
	}
	return inv.page(b.String())
}

// apropos finds what has all of the words in its name or help: first what has them in its name.
func apropos(words []string) []found {
	named, told := []found{}, []found{}
	note := func(f found, text string) {
		in := func(s string) bool {
			s = strings.ToLower(s)
			return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(s, strings.ToLower(w)) })
		}
		switch {
		case in(f.Name):
			named = append(named, f)
		case in(f.Name + " " + f.Short + " " + text):
			told = append(told, f)
		}
	}
	for _, c := range All() {
		note(found{"command", c.Name, c.Short}, c.Help())
	}
	for _, t := range topics {
		note(found{"topic", t.name, t.short}, t.text())
	}
	for _, e := range api.Entries() {
		first, _, _ := strings.Cut(e.Doc, ". ")
		note(found{"Lua", e.Name, strings.TrimSuffix(strings.Join(strings.Fields(first), " "), ".")}, e.Doc)
	}
	for id := range kauth.RequestID(kauth.NumRequests) {
		_, text, _ := strings.Cut(requestText(id), " ")
		note(found{"request", id.String(), text}, "")
	}
	return append(named, told...)
}
