package command

import (
	"fmt"
	"strings"

	"cellsh/lua/api"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/repl/editor"
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
	{name: "keys", short: "what keys do where a statement is typed", made: keysText},
	{name: "prompt", short: "what the prompt tells, and how to have another", long: `The prompt tells the kernel, the generation that is loaded, and what waits:

  SIM 3, confirm 52s, 2 pending>

A global function prompt makes another one, in ~/.config/cellsh/init.lua for
every session. It is called before each statement, with a table that tells how
things are, and gives a string, in which colours are sequences of SGR:

  function prompt(s)
    return s.kernel .. (s.confirm and " CONFIRM" or "") .. "> "
  end

  kernel      what the kernel is called, "SIM" if it is simulated
  simulated   whether it is
  readonly    whether nothing may be changed
  pending     how many policies and assertions are declared and not loaded
  generation  the number of the one that is loaded; nil if none is
  confirm     seconds until what was loaded is rolled back; nil if it is not
  audit       seconds until an audit ends; nil if there is none

One that fails, takes too long or gives no string is told once and called no
more; prompt = nil takes it away.`},
	{name: "screen-keys", short: "what keys do on the screen", made: func() string { return strings.TrimRight(model.About(), "\n") }},
	{name: "session", short: "commands and Lua at the prompt", long: `A line is a command or Lua; Lua that is not finished goes on in the next line.
Commands are those of the program, without the word cellsh, and work on the
session's kernel, as Lua does; their flags are the same. A value that Lua gives
is shown, and the variable _ has the last one. Ctrl-C gives up the line, or ends
what runs; exit or Ctrl-D leaves. For what other keys do see help keys. F2 shows
cells, policies and decisions on the whole screen, where the line below is the
same session: see help screen.

Several commands on a line have ; between them. > FILE writes what a command
says to a file, >> FILE adds it to one, and | gives it to a command of this
machine, which is all that follows. !COMMAND runs one.

  explain web-1 network.bind.privport port=80 > why; !cat why
  list | grep web

Policies that are declared at the prompt decide nothing until load without a
path loads them, together with what is loaded; try asks a kernel of its own that
has them. policies lists them, and forget drops one. What a session has loaded
with --confirm is rolled back at its end, unless somebody has confirmed it.

At a terminal Tab completes, with what is known of each word. A statement is
edited as a block of lines: Alt-Enter begins a new one, and Enter ends it if it
is whole. Up and Down, and Ctrl-R, find what was typed before; Right takes what
is suggested in grey.

A session at a terminal begins with ~/.config/cellsh/init.lua, unless it is
given --norc, or somebody else than the user and root could write that. For a
prompt of one's own see help prompt.

There are no colours with --no-color, where NO_COLOR is set in the environment,
and at a terminal that has none (TERM=dumb).`},
	{name: "waiting", short: "what takes long, and how it is ended", long: `After a second a line at the terminal says what a command is doing, and how far
it is. The line is gone before anything else is written. Ctrl-C and SIGTERM end
the command; what it changes is not ended half-way, and if something has changed
before it says what. In a session Ctrl-C ends what runs, and not the session.`},
}

// keysText is a table of keys.
func keysText() string {
	var b strings.Builder
	for _, k := range editor.Keys() {
		names := strings.Join(k.Keys, ", ")
		const column = 21
		if len(names) < column-2 {
			b.WriteString(fmt.Sprintf("%-*s", column, names) + strings.TrimLeft(wrap(column, k.Does), " "))
		} else {
			b.WriteString(names + "\n" + wrap(column, k.Does))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
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

// Named is something that has a name, with a line about it.
type Named struct {
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
func apropos(words []string) []Named {
	named, told := []Named{}, []Named{}
	note := func(f Named, text string) {
		in := func(s string) bool { return hasAll(s, words) }
		switch {
		case in(f.Name):
			named = append(named, f)
		case in(f.Name + " " + f.Short + " " + text):
			told = append(told, f)
		}
	}
	for _, c := range All() {
		note(Named{"command", c.Name, c.Short}, c.Help())
	}
	for _, t := range topics {
		note(Named{"topic", t.name, t.short}, t.text())
	}
	for _, e := range api.Entries() {
		first, _, _ := strings.Cut(e.Doc, ". ")
		note(Named{"Lua", e.Name, strings.TrimSuffix(strings.Join(strings.Fields(first), " "), ".")}, e.Doc)
	}
	for id := range kauth.RequestID(kauth.NumRequests) {
		_, text, _ := strings.Cut(requestText(id), " ")
		note(Named{"request", id.String(), text}, "")
	}
	return append(named, told...)
}
