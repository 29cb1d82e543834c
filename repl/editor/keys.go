package editor

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Key is something that was pressed, or pasted.
type Key struct {
	Name KeyName
	// Text is what a Text key types, and what was pasted: without control characters but tabs and newlines.
	Text string
	// Hurried says that other keys came with it, faster than people type: a text is pasted at a terminal that marks none.
	Hurried bool
}

// KeyName of a key.
type KeyName uint8

// The keys.
const (
	KeyText KeyName = iota
	KeyPaste
	// KeyTooLong is a pasted text that is longer than MaxLine.
	KeyTooLong
	KeyEnter
	KeyNewline // Alt-Enter
	KeyTab
	KeyBackTab
	KeyBackspace
	KeyDelete
	KeyEnd
	KeyHome
	KeyLeft
	KeyRight
	KeyUp
	KeyDown
	KeyTop
	KeyBottom
	KeyWordLeft
	KeyWordRight
	KeyInterrupt  // Ctrl-C
	KeyDeleteOrGo // Ctrl-D
	KeyCancel     // Ctrl-G
	KeyClear      // Ctrl-L
	KeySuspend    // Ctrl-Z
	KeySearch     // Ctrl-R
	KeySearchNext // Ctrl-S
	KeyTranspose
	KeyUndo
	KeyCutLine
	KeyCutBefore
	KeyCutWord
	KeyCutWordBefore
	KeyCutArgument
	KeyYank
	KeyScreen // F2
)

// controls are the keys that send one control character; all others mean nothing.
var controls = map[byte]KeyName{
	0x01: KeyHome, 0x02: KeyLeft, 0x03: KeyInterrupt, 0x04: KeyDeleteOrGo, 0x05: KeyEnd, 0x06: KeyRight, 0x07: KeyCancel, 0x08: KeyBackspace, '\t': KeyTab, '\n': KeyEnter,
	0x0b: KeyCutLine, 0x0c: KeyClear, '\r': KeyEnter, 0x0e: KeyDown, 0x10: KeyUp, 0x12: KeySearch, 0x13: KeySearchNext, 0x14: KeyTranspose, 0x15: KeyCutBefore,
	0x17: KeyCutArgument, 0x19: KeyYank, 0x1a: KeySuspend, 0x1f: KeyUndo, 0x7f: KeyBackspace,
}

// escaped are the keys that send ESC and a character, as Alt with a key does.
var escaped = map[byte]KeyName{
	'b': KeyWordLeft, 'f': KeyWordRight, 'd': KeyCutWord, 0x7f: KeyCutWordBefore, 0x08: KeyCutWordBefore, '\r': KeyNewline, '\n': KeyNewline, '<': KeyTop, '>': KeyBottom,
	'2': KeyScreen, // where a console has no function keys
}

// sequences are the keys by what follows ESC [ or ESC O.
var sequences = map[string]KeyName{
	"A": KeyUp, "B": KeyDown, "C": KeyRight, "D": KeyLeft, "H": KeyHome, "F": KeyEnd, "Z": KeyBackTab,
	"1~": KeyHome, "7~": KeyHome, "4~": KeyEnd, "8~": KeyEnd, "3~": KeyDelete,
	"1;5C": KeyWordRight, "1;3C": KeyWordRight, "5C": KeyWordRight, "1;5D": KeyWordLeft, "1;3D": KeyWordLeft, "5D": KeyWordLeft,
	"1;5H": KeyTop, "1;5F": KeyBottom,
	"Q": KeyScreen, "12~": KeyScreen, "[B": KeyScreen,
}

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
func (k *keys) feed(in []byte) []Key {
	in = append(k.held, in...)
	k.held = nil
	var out []Key
	for len(in) > 0 {
		if k.pasting {
			var pasted *Key
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
			out[i].Hurried = true
		}
	}
	return out
}

// key reads the first key: how many bytes it has, none if more must come, and which it is, if it is one.
func (k *keys) key(in []byte) (n int, _ Key, ok bool) {
	c := in[0]
	switch {
	case c == 0x1b:
		return k.escape(in)
	case c < ' ' || c == 0x7f:
		name, ok := controls[c]
		return 1, Key{Name: name}, ok
	case !utf8.FullRune(in):
		return 0, Key{}, false
	}
	r, n := utf8.DecodeRune(in)
	return n, Key{Text: string(r)}, visible(r)
}

// visible reports whether a character can be typed. Those for private use mean something else on each terminal.
func visible(r rune) bool {
	return r != utf8.RuneError && unicode.IsGraphic(r) && !unicode.Is(unicode.Co, r)
}

func (k *keys) escape(in []byte) (n int, _ Key, ok bool) {
	if len(in) == 1 {
		return 0, Key{}, false
	}
	switch in[1] {
	case '[', 'O':
	default:
		if name, ok := escaped[in[1]]; ok {
			return 2, Key{Name: name}, true
		}
		if in[1] < ' ' {
			return 1, Key{}, false
		}
		return 2, Key{}, false
	}
	end := 2
	for end < len(in) && ' ' <= in[end] && in[end] <= '?' {
		end++
	}
	switch {
	case end == len(in):
		return 0, Key{}, false
	case in[end] < ' ':
		return end, Key{}, false
	case in[end] == '[' && end == 2:
		// Function keys of the console of Linux.
		if end++; end == len(in) {
			return 0, Key{}, false
		}
	}
	end++
	if string(in[:end]) == pasteBegin {
		k.pasting = true
		return end, Key{}, false
	}
	name, ok := sequences[string(in[2:end])]
	return end, Key{Name: name}, ok
}

// paste reads pasted text up to its end, and gives what comes after it.
func (k *keys) paste(in []byte) (rest []byte, _ *Key) {
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
		return rest, &Key{Name: KeyTooLong}
	}
	return rest, &Key{Name: KeyPaste, Text: editable(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(pasted))}
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
