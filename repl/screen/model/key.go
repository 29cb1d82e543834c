package model

import (
	"strings"
	"unicode/utf8"
)

// Key is a key that was pressed.
type Key struct {
	Name Name
	// Text is what a Text key types, what was pasted, and the character of Control and Alt.
	Text string
}

// Name says which key it is.
type Name uint8

// The keys. F1 to F10 follow each other.
const (
	Text Name = iota
	Paste
	Control
	Alt
	Enter
	AltEnter
	Tab
	BackTab
	Backspace
	Delete
	Insert
	Home
	End
	PageUp
	PageDown
	Up
	Down
	Left
	Right
	Escape
	F1
	F2
	F3
	F4
	F5
	F6
	F7
	F8
	F9
	F10
)

// names of keys that have one word.
var names = map[Name]string{Enter: "Enter", AltEnter: "Alt-Enter", Tab: "Tab", BackTab: "BackTab", Backspace: "Backspace", Delete: "Delete", Insert: "Insert",
	Home: "Home", End: "End", PageUp: "PageUp", PageDown: "PageDown", Up: "Up", Down: "Down", Left: "Left", Right: "Right", Escape: "Esc",
	F1: "F1", F2: "F2", F3: "F3", F4: "F4", F5: "F5", F6: "F6", F7: "F7", F8: "F8", F9: "F9", F10: "F10"}

// space is the name of the key that types one.
const space = "Space"

// String is the key's name, as ParseKeys takes it, or what it types.
func (k Key) String() string {
	switch k.Name {
	case Text, Paste:
		if k.Text == " " {
			return space
		}
		return k.Text
	case Control:
		return "Ctrl-" + strings.ToUpper(k.Text)
	case Alt:
		return "Alt-" + k.Text
	}
	return names[k.Name]
}

// Function is the number of a function key, 0 for others.
func (k Key) Function() int {
	if F1 <= k.Name && k.Name <= F10 {
		return int(k.Name-F1) + 1
	}
	return 0
}

// ParseKeys gives the keys of words: a key for one that is the name of a key, and those that type it for any other.
func ParseKeys(words []string) []Key {
	var keys []Key
	for _, w := range words {
		if k, ok := parseKey(w); ok {
			keys = append(keys, k)
			continue
		}
		for _, r := range w {
			keys = append(keys, Key{Text, string(r)})
		}
	}
	return keys
}

func parseKey(word string) (Key, bool) {
	if word == space {
		return Key{Text, " "}, true
	}
	for n, name := range names {
		if word == name {
			return Key{Name: n}, true
		}
	}
	for prefix, name := range map[string]Name{"Ctrl-": Control, "Alt-": Alt} {
		if rest, ok := strings.CutPrefix(word, prefix); ok && utf8.RuneCountInString(rest) == 1 {
			return Key{name, strings.ToLower(rest)}, true
		}
	}
	return Key{}, false
}
