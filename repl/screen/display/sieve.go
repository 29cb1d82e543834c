package display

import "strings"

// sieve leaves out of what is written whatever a terminal does not know. It is given whole sequences.
type sieve struct{ Terminal }

// pass gives what the terminal is to get.
func (s sieve) pass(text string) string {
	from := strings.IndexByte(text, esc)
	if from < 0 {
		return text
	}
	var b strings.Builder
	for text != "" {
		if from = strings.IndexByte(text, esc); from != 0 {
			if from < 0 {
				from = len(text)
			}
			b.WriteString(text[:from])
			text = text[from:]
			continue
		}
		n := sequence(text)
		if s.knows(text[:n]) {
			b.WriteString(text[:n])
		}
		text = text[n:]
	}
	return b.String()
}

const esc = 0x1b

// sequence is how long the sequence is that a text begins with (ECMA-48, 5.4 and 5.6).
func sequence(text string) int {
	if len(text) < 2 {
		return len(text)
	}
	switch text[1] {
	case '[':
		for i := 2; i < len(text); i++ {
			if text[i] >= '@' {
				return i + 1
			}
		}
		return len(text)
	case ']', 'P', '_', '^':
		for i := 2; i < len(text); i++ {
			if text[i] == '\a' {
				return i + 1
			}
			if text[i] == esc && i+1 < len(text) {
				return i + 2
			}
		}
		return len(text)
	}
	i := 1
	for i < len(text) && ' ' <= text[i] && text[i] <= '/' {
		i++
	}
	return min(i+1, len(text))
}

// modes are what is set and reset of what only windows have: another screen, marks around what is pasted, and a mouse that tells of
// its buttons, in decimal numbers.
var modes = map[string]bool{"?1049": true, "?2004": true, "?1000": true, "?1006": true}

// knows reports whether the terminal knows a sequence.
func (s sieve) knows(sequence string) bool {
	body, is := strings.CutPrefix(sequence, "\x1b[")
	if !is || body == "" {
		return false
	}
	parameters, final := body[:len(body)-1], body[len(body)-1]
	switch {
	case strings.Trim(parameters, "0123456789;") != "":
		if final != 'h' && final != 'l' {
			return false
		}
		switch {
		case parameters == "?25":
			return s.HidesCursor
		case parameters == "?7": // DECAWM
			return true
		}
		return s.Window && modes[parameters]
	case final == 'm':
		return s.Colours == 256 || !strings.Contains(";"+parameters, ";38;") && !strings.Contains(";"+parameters, ";48;")
	}
	return strings.IndexByte("HJK", final) >= 0
}
