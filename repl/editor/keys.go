package editor

import (
	"bytes"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

// Characters of the private use area that stand for what the line editor can't show in a line.
const (
	newlineMark = '\ue000'
	tabMark     = '\ue001'
	// The marks from firstPaste on stand for pasted texts.
	firstPaste = '\ue100'
	lastPaste  = '\uf8ff'
)

// maxInline is how much pasted text without a newline is put into the line. The line editor writes the whole line
// with every character, so longer ones become marks.
const maxInline = 1000

const (
	pasteBegin = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
)

// keys turns what a terminal sends into what the line editor understands, whatever pieces it comes in: it collects
// pasted texts, translates keys that the line editor does not know, and drops what would confuse it, as a zero byte
// that it would take for the end.
type keys struct {
	// held is the begin of a sequence of which more must come.
	held    []byte
	pasting bool
	pasted  []byte
	suspend func()
	// deleteKey says that what feed gave ends with the key Delete, which the line editor takes for Ctrl-D on an empty
	// line.
	deleteKey atomic.Bool

	mu    sync.Mutex
	next  rune
	texts map[rune]string
}

func newKeys(suspend func()) *keys {
	return &keys{suspend: suspend, next: firstPaste, texts: map[rune]string{}}
}

// Keys of the keyboard, by what follows ESC [ or ESC O.
var sequences = map[string]string{
	"A": "\x10", "B": "\x0e", "C": "\x06", "D": "\x02", "H": "\x01", "F": "\x05",
	"1~": "\x01", "7~": "\x01", "4~": "\x05", "8~": "\x05", "3~": "\x1b[3~",
	"1;5C": "\x1bf", "1;3C": "\x1bf", "5C": "\x1bf", "1;5D": "\x1bb", "1;3D": "\x1bb", "5D": "\x1bb",
}

// control are the control characters that mean something to the line editor. Ctrl-T is not among them: in a line of one
// character it moves the cursor out of the line, and the next key ends the program.
const control = "\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x10\x12\x13\x15\x17\x19\x7f"

// feed takes bytes of the terminal and gives those for the line editor, and the bytes that must be fed again once
// these are read: nothing may follow Delete and Ctrl-D, so that it is known which of them the line editor saw last.
func (k *keys) feed(in []byte) (out, rest []byte) {
	in = append(k.held, in...)
	k.held = nil
	k.deleteKey.Store(false)
	for len(in) > 0 {
		if k.pasting {
			var text []byte
			in, text = k.paste(in)
			out = append(out, text...)
			continue
		}
		n, text, complete := k.key(in)
		if !complete {
			k.held = bytes.Clone(in)
			return out, nil
		}
		in = in[n:]
		out = append(out, text...)
		if text == "\x04" || text == sequences["3~"] {
			k.deleteKey.Store(text != "\x04")
			return out, in
		}
	}
	return out, nil
}

// key reads the first key: how many bytes it has and what it means.
func (k *keys) key(in []byte) (n int, text string, complete bool) {
	c := in[0]
	switch {
	case c == 0x1b:
		return k.escape(in)
	case c == 0x1a:
		k.suspend()
		return 1, "", true
	case c < ' ' || c == 0x7f:
		if strings.IndexByte(control, c) < 0 {
			return 1, "", true
		}
		return 1, string(c), true
	case c < utf8.RuneSelf:
		return 1, string(c), true
	case !utf8.FullRune(in):
		return 0, "", false
	}
	r, n := utf8.DecodeRune(in)
	if r == utf8.RuneError || !unicode.IsGraphic(r) {
		return n, "", true
	}
	return n, string(r), true
}

func (k *keys) escape(in []byte) (n int, text string, complete bool) {
	if len(in) == 1 {
		return 0, "", false
	}
	switch in[1] {
	case '[', 'O':
	case 'b', 'f', 'd', 0x7f:
		return 2, string(in[:2]), true
	default:
		if in[1] < ' ' {
			return 1, "", true
		}
		return 2, "", true
	}
	end := 2
	for end < len(in) && ' ' <= in[end] && in[end] <= '?' {
		end++
	}
	switch {
	case end == len(in):
		return 0, "", false
	case in[end] < ' ':
		return end, "", true
	}
	end++
	if string(in[:end]) == pasteBegin {
		k.pasting = true
		return end, "", true
	}
	return end, sequences[string(in[2:end])], true
}

// paste reads pasted text up to its end, and gives what comes after it.
func (k *keys) paste(in []byte) (rest, out []byte) {
	i := bytes.Index(in, []byte(pasteEnd))
	if i < 0 {
		// The end may be cut in two.
		keep := min(len(in), len(pasteEnd)-1)
		k.collect(in[:len(in)-keep])
		k.held = bytes.Clone(in[len(in)-keep:])
		return nil, nil
	}
	k.collect(in[:i])
	pasted := string(k.pasted)
	k.pasting, k.pasted = false, nil
	if len(pasted) > MaxLine {
		return in[i+len(pasteEnd):], []byte(string(k.mark(tooLong)) + "\r")
	}
	text := printable(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(pasted, "")))
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		// What ends lines is entered.
		out = append(out, string(k.mark(text[:i]))+"\r"...)
		text = text[i+1:]
	}
	if len(text) > maxInline {
		out = append(out, string(k.mark(text))...)
	} else {
		out = append(out, toMarks(text)...)
	}
	return in[i+len(pasteEnd):], out
}

func (k *keys) collect(text []byte) {
	k.pasted = append(k.pasted, text[:min(len(text), MaxLine+1-len(k.pasted))]...)
}

// tooLong stands for a pasted text that is longer than MaxLine; no other text holds a zero byte.
const tooLong = "\x00"

// mark keeps a pasted text and gives the character that stands for it.
func (k *keys) mark(text string) rune {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.next
	k.texts[r] = text
	if k.next++; k.next > lastPaste {
		k.next = firstPaste
	}
	return r
}

// text is what a line of the line editor means, and the pasted texts in it.
func (k *keys) text(line []rune) (text string, pasted []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var b strings.Builder
	for _, r := range line {
		switch {
		case r == newlineMark:
			b.WriteByte('\n')
		case r == tabMark:
			b.WriteByte('\t')
		case firstPaste <= r && r <= lastPaste:
			b.WriteString(k.texts[r])
			pasted = append(pasted, k.texts[r])
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), pasted
}

// forget drops the pasted texts.
func (k *keys) forget(line []rune) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range line {
		delete(k.texts, r)
	}
}

// toMarks writes text as the line editor can hold it. Other characters of the private use area are dropped.
func toMarks(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return newlineMark
		case r == '\t':
			return tabMark
		case unicode.Is(unicode.Co, r) || !unicode.IsGraphic(r):
			return -1
		}
		return r
	}, text)
}

// paint is how a line is shown: as wide as it is, in plain characters but for marks in reverse video.
func paint(line []rune) []rune {
	out := make([]rune, 0, len(line))
	for _, r := range line {
		switch {
		case r == newlineMark:
			out = append(out, []rune("\x1b[7m|\x1b[0m")...)
		case r == tabMark:
			out = append(out, ' ')
		case firstPaste <= r && r <= lastPaste:
			out = append(out, []rune("\x1b[7m+\x1b[0m")...)
		case r != '\n' && !unicode.IsGraphic(r):
			out = append(out, '?')
		default:
			out = append(out, r)
		}
	}
	return out
}
