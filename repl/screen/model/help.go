package model

import (
	"fmt"
	"strings"
)

// abouts say what is listed, by the kinds.
var abouts = [kinds]string{
	Cells: "The cells of the kernel, with what they use and how often they were denied. Enter shows the processes of one.",
	Members: "The processes in a cell, each below its parent, zombies too. Signals go to all of them at once: a number of a process may belong to " +
		"another one by the time that it is sent.",
	Services:  "The services that files declare or that run, and what each does. Enter shows what one has written.",
	Output:    "What a service has written to standard output and standard error, the newest last. While the cursor is at the last row it stays there.",
	Policies:  "The policies that are loaded or pending: scopes, actions and requests, with what is decided about them and the line that does. Enter and the arrows fold them.",
	Decisions: "The decisions that the kernel has kept, the newest last. While the cursor is at the last row it stays there.",
	Generations: "What was loaded, and when. One that was loaded with --confirm goes away by itself unless it is confirmed in time. A generation can be loaded " +
		"again, as a new one.",
}

// introduction is what help says first of the screen.
const introduction = `Two panels list cells, services, policies, decisions or generations. The function keys do something with what is under the cursor, or with all rows that are selected; the line of keys shows what they do now, and one without a word does nothing there. F2 lists all that can be done. What is typed goes to the line below, which is the session: Lua and commands.

Where a terminal has no function keys Escape and a digit is one, or Alt and a digit; Escape and 0 is F10. Escape and another key is Alt with that key. Changes are commands that could have been typed, and ask what these ask. One runs at a time, and the screen goes on meanwhile.

Before a row may stand marks: a * or a large dot if it is selected; then an ! or a cross for what is denied or has failed, a ~ or a triangle for what wants to be looked at, a + or a tick for what is well, and a dot for what does nothing. An arrow at the edge is the cursor.

With a mouse a click goes to a row, and a second one into it; on the title of a column it sorts by that, and on a function key in its line it is that key. The wheel scrolls.`

// helpWidth is how long the lines of help are at most.
const helpWidth = 78

// fold puts a text with a heading before it into lines.
func fold(head, text string, indent int) string {
	var b strings.Builder
	if len(head) >= indent && head != "" {
		b.WriteString(head + "\n")
		head = ""
	}
	for i, line := range broken(text, helpWidth-indent) {
		if i > 0 {
			head = ""
		}
		fmt.Fprintf(&b, "%-*s%s\n", indent, head, line)
	}
	return b.String()
}

// broken are the lines of a text of so many characters at most.
func broken(text string, width int) []string {
	var lines []string
	for _, w := range strings.Fields(text) {
		if last := len(lines) - 1; last >= 0 && len(lines[last])+1+len(w) <= width {
			lines[last] += " " + w
		} else {
			lines = append(lines, w)
		}
	}
	return lines
}

// keyNames are the names of keys, for a list.
func keyNames(keys []Key) string {
	var list []string
	for _, k := range keys {
		list = append(list, k.String())
	}
	return strings.Join(list, ", ")
}

// How far what keys do stands to the right of them: of function keys, and of others.
const (
	functionIndent = 14
	keyIndent      = 19
)

// actionHelp lists actions: those with a key, and those that the menu has. Where m is not nil it says which do nothing now.
func actionHelp(all []Action, m *Model) string {
	var b strings.Builder
	ready := map[string]bool{}
	if m != nil {
		for _, a := range all {
			if a.offer(m).do != nil {
				ready[fmt.Sprint(a.key, a.Name)] = true
			}
		}
	}
	listed := map[string]bool{}
	for _, a := range all {
		id := fmt.Sprint(a.key, a.Name)
		if listed[id] {
			continue // with another kind of row
		}
		listed[id] = true
		head := "  F2"
		if a.key > 0 {
			head = fmt.Sprintf("  %-4s%s", Key{Name: F1 + Name(a.key-1)}, a.Label)
		}
		text := a.Name
		if m != nil && !ready[id] {
			text += " (not here)"
		}
		b.WriteString(fold(head, text, functionIndent))
	}
	return b.String()
}

// kindHelp says what a kind of panel lists, and what the function keys do with it. With a model it is about its active panel.
func kindHelp(k Kind, m *Model) string {
	return strings.ToUpper(k.String()) + "\n" + fold("", abouts[k], 2) + "\n" + actionHelp(actions(k), m)
}

// panelHelp lists the keys of the panels and of the line.
func panelHelp() string {
	var b strings.Builder
	b.WriteString("EVERYWHERE\n")
	b.WriteString(actionHelp(everywhere(), nil))
	for _, typing := range []bool{false, true} {
		b.WriteString(map[bool]string{false: "\nWHILE NOTHING IS TYPED\n", true: "\nALSO WHILE SOMETHING IS TYPED\n"}[typing])
		for _, x := range panelKeys() {
			if x.typing == typing {
				b.WriteString(fold("  "+keyNames(x.keys), x.says, keyIndent))
			}
		}
	}
	b.WriteString(fold("  Ctrl-C", "stop what is being done", keyIndent))
	b.WriteString("\nTHE LINE FOR COMMANDS\n")
	for _, e := range lineKeys {
		if e.says != "" {
			b.WriteString(fold("  "+keyNames(e.keys), e.says, keyIndent))
		}
	}
	b.WriteString(fold("  Up, Down", "move in it if it has several lines, and else in the panel", keyIndent))
	return b.String()
}

// deed is what keys do in a dialog.
type deed struct{ keys, says string }

// dialogDeeds are what keys do in the dialogs.
func dialogDeeds(d Dialog) []deed {
	switch d.(type) {
	case *Page:
		return []deed{{"Up Down", "scroll by a line"}, {"PageUp PageDown", "scroll by a screen, as Space does"}, {"Home End", "to the begin, or the end"}, {"Left Right", "to the side"},
			{"F2", "break lines that are too long, or no more"}, {"F7 / Ctrl-S", "look for a text; Enter finds it"}, {"n N", "the next line that has it, or the one before"}, {"Esc F3 F10 q Ctrl-G", "close it"}}
	case *Form:
		return []deed{{"Tab BackTab", "to the next field, or the one before, as Down and Up do"}, {"Left Right", "move in a text; choose where there are choices, as Space and letters do"},
			{"Home End", "to the begin, or the end"}, {"Ctrl-U Ctrl-K", "cut what comes before, or what follows"}, {"Ctrl-W", "cut the word before"}, {"Ctrl-Y", "put in what was cut"}, {"Ctrl-_", "undo"},
			{"Enter", "do it; what is wrong is said at its field"}, {"Esc F10 Ctrl-G", "give it up"}}
	case *Menu:
		return []deed{{"Left Right", "to the next list, or the one before, as Tab does"}, {"Up Down", "to another item"}, {"Enter", "do it; so does its first letter if no other item begins so"}, {"Esc F9 F10 Ctrl-G", "close it"}}
	case *Question:
		return []deed{{"Left Right", "to another answer, as Tab does"}, {"Enter", "take it; so does its first letter, but where the question came by itself: there a letter only goes to it"}, {"Esc F10 Ctrl-G", "take none"}}
	case *Message:
		return []deed{{"Up Down", "scroll"}, {"Enter Space q Esc F10 Ctrl-G", "close it"}}
	}
	return nil
}

// dialogHelp lists the keys of a dialog.
func dialogHelp(d Dialog) string {
	var b strings.Builder
	if p, is := d.(*Page); is {
		for n := 1; n <= 10; n++ {
			if k, ok := p.Keys[n]; ok {
				b.WriteString(fold("  "+Key{Name: F1 + Name(n-1)}.String(), k.Label, keyIndent))
			}
		}
	}
	for _, x := range dialogDeeds(d) {
		b.WriteString(fold("  "+strings.ReplaceAll(x.keys, " ", ", "), x.says, keyIndent))
	}
	return b.String()
}

// dialogKeys are the labels of the function keys in a dialog, by their numbers.
func dialogKeys(d Dialog) map[int]string {
	switch d := d.(type) {
	case *Page:
		if d.search != nil {
			return map[int]string{10: "Cancel"}
		}
		keys := map[int]string{1: "Help", 2: "Wrap", 3: "Back", 7: "Search", 10: "Back"}
		if d.wrapped {
			keys[2] = "Unwrap"
		}
		for n, k := range d.Keys {
			keys[n] = k.Label
		}
		return keys
	case *Form:
		return map[int]string{1: "Help", 10: "Cancel"}
	case *Menu:
		return map[int]string{1: "Help", 9: "Close", 10: "Close"}
	case *Message:
		return map[int]string{10: "Close"}
	}
	return map[int]string{10: "Cancel"}
}

// About is all that there is to know about the screen, which does not depend on what it shows.
func About() string {
	var b strings.Builder
	for i, p := range strings.Split(introduction, "\n\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(fold("", p, 0))
	}
	b.WriteByte('\n')
	for k := range kinds {
		b.WriteString(kindHelp(k, nil) + "\n")
	}
	b.WriteString("F2 AND F9 ALSO HAVE\n")
	for _, a := range forSession() {
		b.WriteString(fold("", a.Name, 2))
	}
	b.WriteString("\n" + panelHelp())
	for _, d := range []struct {
		title  string
		dialog Dialog
	}{{"TEXTS", &Page{}}, {"FORMS", &Form{}}, {"MENUS", &Menu{}}, {"QUESTIONS", &Question{}}, {"MESSAGES", &Message{}}} {
		b.WriteString("\n" + d.title + "\n" + dialogHelp(d.dialog))
	}
	return b.String()
}

// helpPage is a page with help.
func helpPage(title, text string) *Page {
	return &Page{Title: "help: " + title, Lines: strings.Split(strings.TrimRight(text, "\n"), "\n")}
}

// keysPage is a page with what keys do in a dialog.
func keysPage(title string, d Dialog) *Page {
	p := helpPage(title, dialogHelp(d))
	p.keys = true
	return p
}

// help shows what is said of the place of the active panel, and what can be done with what is under the cursor.
func (m *Model) help() []Effect {
	k := m.Panel().Place.Kind
	m.Open(helpPage(k.String(), kindHelp(k, m)+"\n"+panelHelp()))
	return nil
}

// helpAll shows all that there is to know.
func (m *Model) helpAll() []Effect {
	m.Open(helpPage("screen", About()))
	return nil
}
