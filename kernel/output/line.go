package output

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxLine is how many bytes of a line are kept in one piece.
const MaxLine = 8192

// Stream is where a line comes from.
type Stream uint8

// The streams of a service, and what is noted about it.
const (
	Stdout Stream = iota
	Stderr
	Service
)

var streams = [...]string{"stdout", "stderr", "service"}

func (s Stream) String() string { return streams[s] }

// Record is a line of a file.
type Record struct {
	Time   time.Time
	Stream Stream
	// More says that the line goes on with the next record of the stream.
	More bool
	// Text without a newline, and with visible characters only.
	Text string
	// Foreign says that the line is none that was written here, and that nothing is known of it but its text.
	Foreign bool
}

// timeForm has the same length for all times, so that lines sort by it.
const timeForm = "2006-01-02T15:04:05.000000Z"

// head is what stands before the text of a record: in a file the stream, and in the system's log the stream behind the cell.
func (s Stream) head(more bool) string {
	if more {
		return s.String() + "+: "
	}
	return s.String() + ": "
}

// appendLine adds a line as the file has it; text is visible.
func appendLine(b []byte, at time.Time, s Stream, more bool, text []byte) []byte {
	b = at.UTC().AppendFormat(b, timeForm)
	b = append(b, ' ')
	b = append(b, s.head(more)...)
	b = append(b, text...)
	return append(b, '\n')
}

// Parse reads a line of a file, without its newline.
func Parse(line string) Record {
	head, text, ok := strings.Cut(line, ": ")
	at, stream, also := strings.Cut(head, " ")
	t, err := time.Parse(timeForm, at)
	stream, more := strings.CutSuffix(stream, "+")
	if ok && also && err == nil && len(at) == len(timeForm) {
		for s, name := range streams {
			if name == stream {
				return Record{Time: t, Stream: Stream(s), More: more, Text: Visible(text)}
			}
		}
	}
	return Record{Text: Visible(line), Foreign: true}
}

// Visible writes what is no character, or does something else than to be seen, in a way that can be: controls, what turns the
// direction of text around, and bytes that are no UTF-8. Tabs stay. Text without such characters stays as it is.
func Visible(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' && s[i] != '\t' || s[i] >= 0x7f {
			return string(appendVisible(make([]byte, 0, len(s)+16), []byte(s)))
		}
	}
	return s
}

// appendVisible adds text to b as Visible gives it.
func appendVisible(b, text []byte) []byte {
	for i := 0; i < len(text); {
		// What is plain is most of it.
		from := i
		for i < len(text) && (text[i] >= ' ' && text[i] < 0x7f || text[i] == '\t') {
			i++
		}
		b = append(b, text[from:i]...)
		if i == len(text) {
			break
		}
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1 || text[i] < 0x80:
			b = fmt.Appendf(b, `\x%02x`, text[i])
		case !unicode.IsGraphic(r):
			b = fmt.Appendf(b, `\u{%x}`, r)
		default:
			b = append(b, text[i:i+size]...)
		}
		i += size
	}
	return b
}

// cutter makes lines of bytes as they come. It holds at most MaxLine bytes, however long a line is.
type cutter struct {
	// emit is given each line without its newline, or a part of one, behind which there is more of it. It does not keep text.
	emit func(text []byte, more bool)
	held []byte
}

// write takes bytes. How they are divided makes no difference to the lines.
func (c *cutter) write(p []byte) {
	for len(p) > 0 {
		n := newline(p, MaxLine-len(c.held)+1)
		switch {
		case n >= 0 && len(c.held) == 0:
			c.emit(p[:n], false)
			p = p[n+1:]
		case n >= 0:
			c.held = append(c.held, p[:n]...)
			c.emit(c.held, false)
			c.held, p = c.held[:0], p[n+1:]
		case len(c.held)+len(p) <= MaxLine:
			c.held = append(c.held, p...)
			return
		default:
			// There is a byte more than a part can have, and it is no newline.
			fits := MaxLine - len(c.held)
			c.held = append(c.held, p[:fits]...)
			cut := runeEnd(c.held)
			c.emit(c.held[:cut], true)
			c.held = append(c.held[:0], c.held[cut:]...)
			p = p[fits:]
		}
	}
}

// end emits what is left of a line without a newline.
func (c *cutter) end() {
	if len(c.held) > 0 {
		c.emit(c.held, false)
		c.held = c.held[:0]
	}
}

// newline is where the first newline is among so many bytes, -1 without one.
func newline(p []byte, within int) int { return bytes.IndexByte(p[:min(len(p), within)], '\n') }

// runeEnd is the length of b without the beginning of a character that it ends in.
func runeEnd(b []byte) int {
	for back := 1; back < utf8.UTFMax && back <= len(b); back++ {
		if from := len(b) - back; utf8.RuneStart(b[from]) {
			if utf8.FullRune(b[from:]) {
				break
			}
			return from
		}
	}
	return len(b)
}
