package editor

import "strings"

// Look is how a part of a text is shown.
type Look uint8

// The looks of text. Where there are no colours all is plain.
const (
	Plain Look = iota
	Keyword
	String
	Number
	Comment
	Command
	// Matching is a bracket, or a word that opens or ends a block, with the place at its partner.
	Matching
	// Mistake is what keeps the text from being read.
	Mistake
	suggested
	chosen
	aside
	looks
)

// Span is a part of a text, from one place to another in bytes, and how it looks.
type Span struct {
	From, To int
	Look     Look
}

// Palette has the parameters of SGR (ECMA-48, 8.3.117) for each look. Only the eight colours are used that the console of
// NetBSD has (wscons, wsemul), but where the terminal is known to have more.
type Palette [looks]string

// colours reports whether it has any.
func (p Palette) colours() bool { return p[Keyword] != "" }

// NewPalette is for terminals of a name (TERM); without colours only what is chosen is shown in another way.
func NewPalette(colours bool, term string) Palette {
	if !colours {
		// Reverse video is no colour, and without it nobody could see what is chosen.
		return Palette{chosen: "7"}
	}
	p := Palette{Keyword: "35", String: "32", Number: "36", Comment: "34", Command: "1", Matching: "1;7", Mistake: "4;31", suggested: "1;30", chosen: "7", aside: "36"}
	if strings.Contains(term, "256color") {
		p[suggested] = "90"
	}
	return p
}
