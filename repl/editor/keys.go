package editor

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// key is something that was pressed, or pasted.
type key struct {
	name name
	// text is what a text key types, and what was pasted: without control characters but tabs and newlines.
	text string
	// hurried says that other keys came with it, faster than people type: a text is pasted at a terminal that marks none.
	hurried bool
}

// name of a key.
type name uint8

const (
	keyText name = iota
	keyPaste
	// keyTooLong is a pasted text that is longer than MaxLine.
	keyTooLong
	keyEnter
	keyNewline // Alt-Enter
	keyTab
	keyBackTab
	keyBackspace
	keyDelete
	keyEnd
	keyHome
	keyLeft
	keyRight
	keyUp
	keyDown
	keyTop
	keyBottom
	keyWordLeft
	keyWordRight
	keyInterrupt  // Ctrl-C
	keyDeleteOrGo // Ctrl-D
	keyCancel     // Ctrl-G
	keyClear      // Ctrl-L
	keySuspend    // Ctrl-Z
	keySearch     // Ctrl-R
	keySearchNext // Ctrl-S
	keyTranspose
	keyUndo
	keyCutLine
	keyCutBefore
	keyCutWord
	keyCutWordBefore
	keyCutArgument
	keyYank
	keyRedo
	keyLastWord
	keyPageUp
	keyPageDown
	keyEdit
)

// controls are the keys that send one control character; all others mean nothing.
var controls = map[byte]name{
	0x01: keyHome, 0x02: keyLeft, 0x03: keyInterrupt, 0x04: keyDeleteOrGo, 0x05: keyEnd, 0x06: keyRight, 0x07: keyCancel, 0x08: keyBackspace, '\t': keyTab, '\n': keyEnter,
	0x0b: keyCutLine, 0x0c: keyClear, '\r': keyEnter, 0x0e: keyDown, 0x10: keyUp, 0x12: keySearch, 0x13: keySearchNext, 0x14: keyTranspose, 0x15: keyCutBefore,
	0x17: keyCutArgument, 0x19: keyYank, 0x1a: keySuspend, 0x1f: keyUndo, 0x7f: keyBackspace,
}

// escaped are the keys that send ESC and a character, as Alt with a key does.
var escaped = map[byte]name{
	'.': keyLastWord, '_': keyLastWord, '/': keyRedo, 'e': keyEdit,
	'b': keyWordLeft, 'f': keyWordRight, 'd': keyCutWord, 0x7f: keyCutWordBefore, 0x08: keyCutWordBefore, '\r': keyNewline, '\n': keyNewline, '<': keyTop, '>': keyBottom,
}

// sequences are the keys by what follows ESC [ or ESC O.
var sequences = map[string]name{
	"A": keyUp, "B": keyDown, "C": keyRight, "D": keyLeft, "H": keyHome, "F": keyEnd, "Z": keyBackTab,
	"1~": keyHome, "7~": keyHome, "4~": keyEnd, "8~": keyEnd, "3~": keyDelete,
	"5~": keyPageUp, "6~": keyPageDown, "1;5H": keyTop, "1;5F": keyBottom, "3;5~": keyCutWord, "3;3~": keyCutWord,
	// With Ctrl, Alt or both, as xterm and its likes, rxvt and others have it.
	"1;5C": keyWordRight, "1;3C": keyWordRight, "1;7C": keyWordRight, "1;9C": keyWordRight, "5C": keyWordRight, "c": keyWordRight,
	"1;5D": keyWordLeft, "1;3D": keyWordLeft, "1;7D": keyWordLeft, "1;9D": keyWordLeft, "5D": keyWordLeft, "d": keyWordLeft,
	"1;5A": keyUp, "1;3A": keyUp, "1;5B": keyDown, "1;3B": keyDown,
	// With Shift, which selects nothing here.
	"1;2A": keyUp, "1;2B": keyDown, "1;2C": keyRight, "1;2D": keyLeft, "1;2H": keyHome, "1;2F": keyEnd,
}

// extended are the keys that send Ctrl-X and a control character.
var extended = map[byte]name{0x05: keyEdit, 0x15: keyUndo}

const extend = 0x18

const (
	pasteBegin = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
)

// keys turns what a terminal sends into keys, whatever pieces it comes in. The zero value is ready.
type keys struct {
	// held is the begin of a sequence of which more must come.
	held    []byte
	pasting bool
	pasted  []byte
}

// feed takes bytes of the terminal and gives the keys that they are.
func (k *keys) feed(in []byte) []key {
	in = append(k.held, in...)
	k.held = nil
	var out []key
	for len(in) > 0 {
		if k.pasting {
			var pasted *key
			if in, pasted = k.paste(in); pasted != nil {
				out = append(out, *pasted)
			}
			continue
		}
		n, key, ok := k.key(in)
		if n == 0 {
			k.held = bytes.Clone(in)
			break
		}
		in = in[n:]
		if ok {
			out = append(out, key)
		}
	}
	if len(out) > 1 {
		for i := range out {
			out[i].hurried = true
		}
	}
	return out
}

// key reads the first key: how many bytes it has, none if more must come, and which it is, if it is one.
func (k *keys) key(in []byte) (n int, _ key, ok bool) {
	c := in[0]
	switch {
	case c == 0x1b:
		return k.escape(in)
	case c == extend && len(in) == 1:
		return 0, key{}, false
	case c == extend:
		if name, ok := extended[in[1]]; ok {
			return 2, key{name: name}, true
		}
		return 1, key{}, false
	case c < ' ' || c == 0x7f:
		name, ok := controls[c]
		return 1, key{name: name}, ok
	case !utf8.FullRune(in):
		return 0, key{}, false
	}
	r, n := utf8.DecodeRune(in)
	return n, key{text: string(r)}, visible(r)
}

// visible reports whether a character can be typed. Those for private use mean something else on each terminal.
func visible(r rune) bool {
	return r != utf8.RuneError && unicode.IsGraphic(r) && !unicode.Is(unicode.Co, r)
}

func (k *keys) escape(in []byte) (n int, _ key, ok bool) {
	if len(in) == 1 {
		return 0, key{}, false
	}
	switch in[1] {
	case '[', 'O':
	default:
		if name, ok := escaped[in[1]]; ok {
			return 2, key{name: name}, true
		}
		if in[1] < ' ' {
			return 1, key{}, false
		}
		return 2, key{}, false
	}
	end := 2
	for end < len(in) && ' ' <= in[end] && in[end] <= '?' {
		end++
	}
	switch {
	case end == len(in):
		return 0, key{}, false
	case in[end] < ' ':
		return end, key{}, false
	}
	end++
	if string(in[:end]) == pasteBegin {
		k.pasting = true
		return end, key{}, false
	}
	name, ok := sequences[string(in[2:end])]
	return end, key{name: name}, ok
}

// paste reads pasted text up to its end, and gives what comes after it.
func (k *keys) paste(in []byte) (rest []byte, _ *key) {
	i := bytes.Index(in, []byte(pasteEnd))
	if i < 0 {
		// The end may be cut in two.
		keep := min(len(in), len(pasteEnd)-1)
		k.collect(in[:len(in)-keep])
		k.held = bytes.Clone(in[len(in)-keep:])
		return nil, nil
	}
	k.collect(in[:i])
	pasted, rest := string(k.pasted), in[i+len(pasteEnd):]
	k.pasting, k.pasted = false, nil
	if len(pasted) > MaxLine {
		return rest, &key{name: keyTooLong}
	}
	return rest, &key{name: keyPaste, text: editable(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(pasted))}
}

func (k *keys) collect(text []byte) {
	k.pasted = append(k.pasted, text[:min(len(text), MaxLine+1-len(k.pasted))]...)
}

// editable drops what can't be typed but tabs and newlines.
func editable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || visible(r) {
			return r
		}
		return -1
	}, s)
}
