package block

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"cellsh/repl/show"
)

// Block is a text of lines, separated by \n, and a place in it. The zero value is empty. It is not safe for concurrent use.
type Block struct {
	text string
	// at is where the next character goes, in bytes; never within a character.
	at int
	// goal is the column in which Up and Down stay, -1 where the place has been moved otherwise since.
	goal int
	cut  string
	past []state
	// future is what was undone, the last of it last, until something else is changed.
	future []state
	// typing says that the last change inserted a character, so that the next one belongs to it.
	typing bool
}

type state struct {
	text string
	at   int
}

// maxPast is how many changes can be undone.
const maxPast = 500

// Text is what it holds.
func (b *Block) Text() string { return b.text }

// At is the place in the text, in bytes.
func (b *Block) At() int { return b.at }

// Before is what stands before the place.
func (b *Block) Before() string { return b.text[:b.at] }

// After is what stands after the place.
func (b *Block) After() string { return b.text[b.at:] }

// Line is the line with the place in it.
func (b *Block) Line() string { return b.text[b.begin():b.end()] }

// begin and end of the line with the place in it.
func (b *Block) begin() int { return strings.LastIndexByte(b.Before(), '\n') + 1 }

func (b *Block) end() int {
	if i := strings.IndexByte(b.After(), '\n'); i >= 0 {
		return b.at + i
	}
	return len(b.text)
}

// First reports whether the place is in the first line.
func (b *Block) First() bool { return b.begin() == 0 }

// Last reports whether the place is in the last line.
func (b *Block) Last() bool { return b.end() == len(b.text) }

// Set puts another text in place of all, with the place in it, which is moved to the begin of the character that it is in.
func (b *Block) Set(text string, at int) {
	if text != b.text {
		b.keep(false)
	}
	b.text = text
	b.move(max(0, min(at, len(text))))
	for b.at > 0 && b.at < len(text) && !utf8.RuneStart(text[b.at]) {
		b.at--
	}
}

// Reset makes it empty, with nothing to undo. What was cut out stays.
func (b *Block) Reset() { *b = Block{cut: b.cut, goal: -1} }

func (b *Block) move(at int) { b.at, b.goal, b.typing = at, -1, false }

// keep notes what there is before it is changed.
func (b *Block) keep(typing bool) {
	b.future = nil
	if !typing || !b.typing {
		if len(b.past) == maxPast {
			b.past = append(b.past[:0], b.past[1:]...)
		}
		b.past = append(b.past, state{b.text, b.at})
	}
	b.typing = typing
}

// replace puts text in place of what stands from one place to another, and the place after it.
func (b *Block) replace(from, to int, text string) {
	if from == to && text == "" {
		return
	}
	b.keep(false)
	b.text = b.text[:from] + text + b.text[to:]
	b.move(from + len(text))
}

// Insert puts text in at the place, which is behind it then.
func (b *Block) Insert(text string) {
	if text == "" {
		return
	}
	typing := utf8.RuneCountInString(text) == 1 && text != "\n" && text != " "
	b.keep(typing)
	b.text = b.Before() + text + b.After()
	b.at += len(text)
	b.goal = -1
}

// Undo takes back the last change; false if there is none.
func (b *Block) Undo() bool {
	if len(b.past) == 0 {
		return false
	}
	b.past, b.future = b.turn(b.past, b.future)
	return true
}

// Redo does again what was undone last; false if there is nothing.
func (b *Block) Redo() bool {
	if len(b.future) == 0 {
		return false
	}
	b.future, b.past = b.turn(b.future, b.past)
	return true
}

// turn takes up the last state, and keeps the present one among others.
func (b *Block) turn(from, to []state) ([]state, []state) {
	to = append(to, state{b.text, b.at})
	last := from[len(from)-1]
	b.text = last.text
	b.move(last.at)
	return from[:len(from)-1], to
}

// previous and next are where the character before a place begins, and the one at it ends, with the marks that are
// combined with it.
func (b *Block) previous(at int) int {
	for at > 0 {
		r, n := utf8.DecodeLastRuneInString(b.text[:at])
		at -= n
		if !combines(r) {
			break
		}
	}
	return at
}

func (b *Block) next(at int) int {
	for first := true; at < len(b.text); first = false {
		r, n := utf8.DecodeRuneInString(b.text[at:])
		if !first && !combines(r) {
			break
		}
		at += n
	}
	return at
}

func combines(r rune) bool { return unicode.In(r, unicode.Mn, unicode.Me) }

// Left goes over one character, and from line to line.
func (b *Block) Left() { b.move(b.previous(b.at)) }

// Right goes over one character.
func (b *Block) Right() { b.move(b.next(b.at)) }

// Home goes to the begin of the line.
func (b *Block) Home() { b.move(b.begin()) }

// End goes to the end of the line.
func (b *Block) End() { b.move(b.end()) }

// Top goes to the begin of the text.
func (b *Block) Top() { b.move(0) }

// Bottom goes to the end of the text.
func (b *Block) Bottom() { b.move(len(b.text)) }

// A word is what names are made of: letters, digits and underscores.
func inWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || combines(r) }

func notInWord(r rune) bool { return !inWord(r) }

// wordLeft and wordRight are where the word before a place begins, and where the one after it ends.
func (b *Block) wordLeft() int {
	rest := strings.TrimRightFunc(b.Before(), notInWord)
	return len(strings.TrimRightFunc(rest, inWord))
}

func (b *Block) wordRight() int {
	rest := strings.TrimLeftFunc(b.After(), notInWord)
	return len(b.text) - len(strings.TrimLeftFunc(rest, inWord))
}

// WordLeft goes to the begin of a word.
func (b *Block) WordLeft() { b.move(b.wordLeft()) }

// WordRight goes to the end of a word.
func (b *Block) WordRight() { b.move(b.wordRight()) }

// Up goes to the line above, to the same column as far as it reaches; false if there is none.
func (b *Block) Up() bool {
	begin := b.begin()
	if begin == 0 {
		return false
	}
	b.vertical(strings.LastIndexByte(b.text[:begin-1], '\n') + 1)
	return true
}

// Down goes to the line below; false if there is none.
func (b *Block) Down() bool {
	end := b.end()
	if end == len(b.text) {
		return false
	}
	b.vertical(end + 1)
	return true
}

// vertical goes to the line that begins there.
func (b *Block) vertical(begin int) {
	goal := b.goal
	if goal < 0 {
		goal = show.Width(b.text[b.begin():b.at])
	}
	at, column := begin, 0
	for at < len(b.text) && b.text[at] != '\n' {
		next := b.next(at)
		column += show.Width(b.text[at:next])
		if column > goal {
			break
		}
		at = next
	}
	b.move(at)
	b.goal = goal
}

// Backspace takes out the character before the place.
func (b *Block) Backspace() { b.replace(b.previous(b.at), b.at, "") }

// Delete takes out the character after the place.
func (b *Block) Delete() {
	at := b.at
	b.replace(at, b.next(at), "")
}

// CutLine cuts out what follows in the line, or the end of the line where nothing does.
func (b *Block) CutLine() {
	to := b.end()
	if to == b.at {
		to = b.next(b.at)
	}
	b.cutOut(b.at, to)
}

// CutBefore cuts out what comes before in the line.
func (b *Block) CutBefore() { b.cutOut(b.begin(), b.at) }

// CutWord cuts out the word after the place.
func (b *Block) CutWord() { b.cutOut(b.at, b.wordRight()) }

// CutWordBefore cuts out the word before the place.
func (b *Block) CutWordBefore() { b.cutOut(b.wordLeft(), b.at) }

// CutArgument cuts out what comes before the place up to white space.
func (b *Block) CutArgument() {
	rest := strings.TrimRightFunc(b.Before(), unicode.IsSpace)
	b.cutOut(strings.LastIndexFunc(rest, unicode.IsSpace)+1, b.at)
}

func (b *Block) cutOut(from, to int) {
	if from == to {
		return
	}
	b.cut = b.text[from:to]
	b.replace(from, to, "")
}

// Paste puts in what was cut out last.
func (b *Block) Paste() { b.Insert(b.cut) }

// Transpose exchanges the characters around the place, or the last two at the end of a line.
func (b *Block) Transpose() {
	end := b.at
	if end < b.end() {
		end = b.next(end)
	}
	second := b.previous(end)
	first := b.previous(second)
	if first < b.begin() || second <= first || second >= end {
		return
	}
	b.replace(first, end, b.text[second:end]+b.text[first:second])
}

// SetIndentation gives the line with the place in it another indentation.
func (b *Block) SetIndentation(indentation string) {
	begin, line := b.begin(), b.Line()
	old := len(line) - len(strings.TrimLeft(line, " \t"))
	if line[:old] == indentation {
		return
	}
	at := max(begin+len(indentation), b.at+len(indentation)-old)
	b.replace(begin, begin+old, indentation)
	b.move(at)
}
