package editor

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/repl/complete"
	"cellsh/repl/editor/block"
	"cellsh/repl/show"
)

// Draft is a text that is being written, with all that is shown around it. It knows no terminal: keys change it, and a view
// shows it.
type Draft struct {
	language Language
	palette  Palette
	prompts  Prompts
	// statement says that it is one, and no answer.
	statement bool
	block     block.Block
	// entries are the history, oldest first. place is the one that the text is, or their number; before that is what was typed
	// until then, of which the entries that Up finds begin with.
	entries []string
	place   int
	typed   string
	search  *search
	menu    *menu
	// top is the first row that is shown of a text that is higher than the screen.
	top int
}

// search in the history. What is found is the text while it lasts.
type search struct {
	query string
	// at is the entry that was found, or where the search begins.
	at      int
	missing bool
	// before is what the text was.
	before block.Block
}

// menu of what can follow.
type menu struct {
	candidates []complete.Candidate
	// chosen is one of them, whose text is put in, or -1.
	chosen int
	// before is the text without it.
	before block.Block
}

// Outcome is what a key asks of whoever has the draft.
type Outcome uint8

// The outcomes.
const (
	// GoesOn says that the draft has done what there was to do.
	GoesOn Outcome = iota
	// Accepted is a text that is finished.
	Accepted
	// Interrupted gives the text up, and Ended means that no other is wanted.
	Interrupted
	Ended
	// Cleared wants an empty screen, and Suspended the terminal for another job.
	Cleared
	Suspended
	// Away wants the screen: the statement is written on later.
	Away
	// TooLong says that a pasted text was longer than MaxLine, and is dropped.
	TooLong
)

// NewDraft is an empty text, which can be recalled from entries, the oldest first.
func NewDraft(l Language, p Palette, prompts Prompts, entries []string) *Draft {
	d := &Draft{language: l, palette: p, prompts: prompts, entries: entries, place: len(entries)}
	d.block.Reset()
	return d
}

// Text is what is written.
func (d *Draft) Text() string { return d.block.Text() }

// Press does what a key means.
func (d *Draft) Press(k Key) Outcome {
	if d.search != nil && d.searching(k) {
		return GoesOn
	}
	if d.menu != nil && d.choosing(k) {
		return GoesOn
	}
	b := &d.block
	switch k.Name {
	case KeyText:
		b.Insert(k.Text)
	case KeyPaste:
		return d.paste(k.Text)
	case KeyTooLong:
		return TooLong
	case KeyEnter:
		return d.enter(k)
	case KeyNewline:
		d.newline(k.Hurried)
	case KeyTab:
		d.tab(k)
	case KeyInterrupt:
		return Interrupted
	case KeyDeleteOrGo:
		if b.Text() == "" {
			return Ended
		}
		b.Delete()
	case KeyClear:
		return Cleared
	case KeySuspend:
		return Suspended
	case KeyScreen:
		if d.statement {
			return Away
		}
	case KeySearch, KeySearchNext:
		d.beginSearch()
	case KeyUp:
		if !b.Up() {
			d.older()
		}
	case KeyDown:
		if !b.Down() {
			d.newer()
		}
	case KeyRight, KeyEnd:
		if s := d.suggestion(); s != "" {
			b.Insert(s)
			break
		}
		motions[k.Name](b)
	case KeyWordRight:
		if s := d.suggestion(); s != "" {
			var ahead block.Block
			ahead.Set(b.Text()+s, b.At())
			ahead.WordRight()
			b.Insert(ahead.Text()[b.At():ahead.At()])
			break
		}
		b.WordRight()
	default:
		if f, ok := motions[k.Name]; ok {
			f(b)
		}
	}
	return GoesOn
}

// motions are the keys that do one thing with the text.
var motions = map[KeyName]func(*block.Block){
	KeyBackspace: (*block.Block).Backspace, KeyDelete: (*block.Block).Delete, KeyHome: (*block.Block).Home, KeyEnd: (*block.Block).End,
	KeyLeft: (*block.Block).Left, KeyRight: (*block.Block).Right, KeyTop: (*block.Block).Top, KeyBottom: (*block.Block).Bottom, KeyWordLeft: (*block.Block).WordLeft,
	KeyTranspose: (*block.Block).Transpose, KeyUndo: func(b *block.Block) { b.Undo() }, KeyCutLine: (*block.Block).CutLine, KeyCutBefore: (*block.Block).CutBefore,
	KeyCutWord: (*block.Block).CutWord, KeyCutWordBefore: (*block.Block).CutWordBefore, KeyCutArgument: (*block.Block).CutArgument, KeyYank: (*block.Block).Paste,
}

// paste puts text in. One that ends a line enters what is complete then, as if it had been typed.
func (d *Draft) paste(text string) Outcome {
	whole, ends := strings.CutSuffix(text, "\n")
	if !ends || d.block.After() != "" {
		d.block.Insert(text)
		return GoesOn
	}
	d.block.Insert(whole)
	return d.enter(Key{Name: KeyEnter, Hurried: true})
}

// enter ends the text, or begins another line in it where more must come. A line without text gives up, so that nobody is
// caught in a statement that can't be finished.
func (d *Draft) enter(k Key) Outcome {
	more, evenBlank := d.language.unfinished(d.block.Text())
	blank := strings.TrimSpace(d.block.Line()) == "" && d.block.Last() && !d.block.First()
	if more && (!blank || evenBlank || k.Hurried) {
		d.newline(k.Hurried)
		return GoesOn
	}
	if !k.Hurried {
		d.indent()
	}
	return Accepted
}

func (d *Draft) newline(hurried bool) {
	next := ""
	if !hurried {
		next = d.indent()
	}
	d.block.Insert("\n" + next)
}

// indent moves the line back if it closes what earlier ones have opened, and gives the white space for a line after it.
func (d *Draft) indent() (next string) {
	if d.language.Indent == nil {
		return ""
	}
	own, next := d.language.Indent(d.block.Before())
	if line := d.block.Line(); strings.TrimSpace(line) != "" && len(own) < indentation(line) {
		d.block.SetIndentation(own)
	}
	return next
}

func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

// older shows the entry before the one that is shown which begins with what was typed; the place is in its first line, so that
// Up goes on to the next.
func (d *Draft) older() {
	if d.place == len(d.entries) {
		d.typed = d.block.Text()
	}
	for i := d.place - 1; i >= 0; i-- {
		if e := d.entries[i]; strings.HasPrefix(e, d.typed) && e != d.block.Text() {
			d.place = i
			first, _, _ := strings.Cut(e, "\n")
			d.block.Set(e, len(first))
			return
		}
	}
}

// newer goes the other way, to what was typed in the end.
func (d *Draft) newer() {
	if d.place == len(d.entries) {
		return
	}
	for d.place++; d.place < len(d.entries); d.place++ {
		if e := d.entries[d.place]; strings.HasPrefix(e, d.typed) && e != d.block.Text() {
			d.block.Set(e, len(e))
			return
		}
	}
	d.block.Set(d.typed, len(d.typed))
}

// suggestion is how the newest entry goes on that begins with the text, where the place is at its end; shown only where its
// colour tells it from what is typed.
func (d *Draft) suggestion() string {
	text := d.block.Text()
	if d.palette[suggested] == "" || text == "" || d.block.After() != "" || d.place < len(d.entries) || d.search != nil || d.menu != nil {
		return ""
	}
	for i := len(d.entries) - 1; i >= 0; i-- {
		if rest, ok := strings.CutPrefix(d.entries[i], text); ok && rest != "" {
			return rest
		}
	}
	return ""
}

func (d *Draft) beginSearch() {
	d.search = &search{at: len(d.entries), before: d.block}
	d.menu = nil
}

// searching is what a key means while the history is searched; false if it ends the search and means what it always does.
func (d *Draft) searching(k Key) bool {
	s := d.search
	switch k.Name {
	case KeyText, KeyPaste:
		s.query += strings.NewReplacer("\n", " ", "\t", " ").Replace(k.Text)
		d.find(min(s.at, len(d.entries)-1), -1)
	case KeyBackspace:
		var q block.Block
		q.Set(s.query, len(s.query))
		q.Backspace()
		s.query, s.at = q.Text(), len(d.entries)
		d.find(s.at-1, -1)
	case KeySearch:
		d.find(s.at-1, -1)
	case KeySearchNext:
		d.find(s.at+1, 1)
	case KeyCancel:
		d.block, d.search = s.before, nil
	default:
		d.search = nil
		if !s.missing && s.at < len(d.entries) {
			d.place, d.typed = s.at, ""
		}
		return false
	}
	return true
}

// find looks for the query in the entries from one on, and shows the one that has it.
func (d *Draft) find(from, step int) {
	s := d.search
	if s.query == "" {
		s.missing = false
		d.block = s.before
		return
	}
	for i := from; 0 <= i && i < len(d.entries); i += step {
		if at := strings.Index(d.entries[i], s.query); at >= 0 {
			s.at, s.missing = i, false
			d.block.Set(d.entries[i], at)
			return
		}
	}
	s.missing = true
}

// tab puts in what must follow, or lists what can. At the begin of a further line it indents, and where it is pasted there it
// stays.
func (d *Draft) tab(k Key) {
	b := &d.block
	before := b.Before()[strings.LastIndexByte(b.Before(), '\n')+1:]
	if !b.First() && strings.TrimSpace(before) == "" && d.language.Indent != nil {
		if k.Hurried {
			b.Insert("\t")
			return
		}
		if _, next := d.language.Indent(strings.TrimRight(b.Before(), " \t\n")); len(next) > len(before) {
			b.SetIndentation(next)
			return
		}
	}
	if d.language.Complete == nil {
		return
	}
	candidates := d.language.Complete(b.Text(), b.At())
	if len(candidates) == 0 {
		return
	}
	common := candidates[0].Insert
	for _, c := range candidates[1:] {
		n := 0
		for n < len(common) && n < len(c.Insert) && common[n] == c.Insert[n] {
			n++
		}
		common = strings.ToValidUTF8(common[:n], "")
	}
	if common != "" {
		b.Insert(common)
		return
	}
	if len(candidates) > 1 {
		d.menu = &menu{candidates: candidates, chosen: -1, before: *b}
	}
}

// choosing is what a key means while a menu is shown; false if it closes the menu and means what it always does.
func (d *Draft) choosing(k Key) bool {
	m := d.menu
	n := len(m.candidates)
	switch {
	case k.Name == KeyTab, m.chosen >= 0 && (k.Name == KeyDown || k.Name == KeyRight):
		m.chosen = (m.chosen + 1) % n
	case k.Name == KeyBackTab, m.chosen >= 0 && (k.Name == KeyUp || k.Name == KeyLeft):
		m.chosen = (max(m.chosen, 0) + n - 1) % n
	case k.Name == KeyCancel:
		d.block, d.menu = m.before, nil
		return true
	default:
		d.menu = nil
		return k.Name == KeyEnter && m.chosen >= 0
	}
	d.block = m.before
	d.block.Insert(m.candidates[m.chosen].Insert)
	return true
}

// View is what is to be seen, on a screen of so many columns and rows.
func (d *Draft) View(columns, rows int) Frame {
	s := newSheet(columns - 1)
	var f Frame
	text := d.block.Text()
	looks := d.looks(text)
	s.prompt(d.prompts.First)
	from := s.column
	for i, r := range text {
		if i == d.block.At() {
			f.Row, f.Column = s.cursor()
		}
		if r == '\n' {
			s.newline()
			s.prompt(d.prompts.Next)
			from = s.column
			continue
		}
		look := Plain
		if i < len(looks) {
			look = looks[i]
		}
		s.rune(r, d.palette[look], from)
	}
	if d.block.At() == len(text) {
		f.Row, f.Column = s.cursor()
	}
	for _, r := range d.suggestion() {
		if r == '\n' {
			s.newline()
			s.prompt(d.prompts.Next)
			from = s.column
			continue
		}
		s.rune(r, d.palette[suggested], from)
	}
	f.Rows = s.rows
	// What is below takes the screen's lower half at most, as far as the text needs the rest.
	var below [][]Cell
	switch {
	case d.search != nil:
		below = d.search.view(columns, d.palette)
	case d.menu != nil:
		below = d.menu.view(columns, max(rows/2, rows-len(f.Rows)-1), d.palette)
	}
	below = below[:min(len(below), max(rows-1, 0))]
	f, d.top = f.cut(rows-len(below), d.top)
	f.Rows = append(slices.Clip(f.Rows), below...)
	return f
}

// cursor is where the next cell goes: a full row is left for the next one only when something is put there.
func (s *sheet) cursor() (row, column int) { return len(s.rows) - 1, s.column }

// maxLooked is up to which length in bytes a text is looked at anew with every key.
const maxLooked = 1 << 16

// looks says for each byte of the text how it is shown; nil for all plainly.
func (d *Draft) looks(text string) []Look {
	if d.language.Look == nil || !d.palette.colours() || len(text) > maxLooked {
		return nil
	}
	looks := make([]Look, len(text))
	for _, s := range d.language.Look(text, d.block.At()) {
		for i := max(s.From, 0); i < min(s.To, len(text)); i++ {
			looks[i] = s.Look
		}
	}
	return looks
}

func (s *search) view(columns int, p Palette) [][]Cell {
	sheet := newSheet(columns - 1)
	label := "search: "
	if s.missing {
		label = "nothing has: "
	}
	sheet.text(label, p[aside])
	sheet.text(show.Text(s.query), "")
	return sheet.rows
}

// view lists the candidates, in columns, or each with what is said of it on a row of its own.
func (m *menu) view(columns, rows int, p Palette) [][]Cell {
	words := make([]string, len(m.candidates))
	widest, told := 0, false
	for i, c := range m.candidates {
		words[i] = strings.ReplaceAll(show.Text(c.Text), "\n", " ")
		widest = max(widest, show.Width(words[i])+2)
		told = told || c.Doc != ""
	}
	// A word that ends at the edge of the screen would begin a line.
	across := max((columns-1)/widest, 1)
	if told {
		across = 1
	}
	rows = max(rows, 2)
	height := (len(words) + across - 1) / across
	first, shown := 0, height
	if height > rows {
		shown = rows - 1
		if m.chosen >= 0 {
			first = max(0, min(m.chosen%height-shown/2, height-shown))
		}
	}
	var out [][]Cell
	listed := 0
	for row := first; row < first+shown; row++ {
		s := newSheet(columns - 1)
		for i := row; i < len(words); i += height {
			look := ""
			if i == m.chosen {
				look = p[chosen]
			}
			s.text(words[i], look)
			listed++
			switch doc := m.candidates[i].Doc; {
			case told && doc != "":
				s.text(strings.Repeat(" ", widest-show.Width(words[i])), "")
				s.text(strings.ReplaceAll(show.Text(doc), "\n", " "), p[aside])
			case i+height < len(words):
				s.text(strings.Repeat(" ", widest-show.Width(words[i])), "")
			}
		}
		out = append(out, s.rows[0])
	}
	if more := len(words) - listed; more > 0 {
		s := newSheet(columns - 1)
		s.text(fmt.Sprintf("... %d more", more), p[aside])
		out = append(out, s.rows[0])
	}
	return out
}

// Choosing reports whether the draft shows something that the next key may be for: what can follow, or a search.
func (d *Draft) Choosing() bool { return d.menu != nil || d.search != nil }
