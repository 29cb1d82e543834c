package editor

import "cellsh/repl/complete"

// Prompts stand before the lines of a text: First before the first one, Next before all others, as wide. They may have colours,
// as sequences of SGR.
type Prompts struct{ First, Next string }

// Language is what the editor is told of the texts that are written. What is nil is not known, and not done. Its functions are
// called with every key, or with Tab, and must run nothing.
type Language struct {
	// Complete gives what can follow up to a position in bytes.
	Complete func(text string, at int) []complete.Candidate
	// Unfinished reports whether more lines must follow, and whether that is so even after a blank one, because it is within a
	// string for example; else a blank line gives the text up.
	Unfinished func(text string) (more, evenBlank bool)
	// Indent gives the white space that the last line of the text should begin with, and that of a line after it.
	Indent func(text string) (own, next string)
	// Look says how parts of the text look, with the cursor at a place. Of spans that overlap the last one counts.
	Look func(text string, at int) []Span
}

func (l Language) unfinished(text string) (more, evenBlank bool) {
	if l.Unfinished == nil {
		return false, false
	}
	return l.Unfinished(text)
}
