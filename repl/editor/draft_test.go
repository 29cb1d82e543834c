package editor

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"cellsh/repl/complete"
)

// toy is a language in which { and } must match, and words are completed.
func toy() Language {
	depth := func(text string) int { return strings.Count(text, "{") - strings.Count(text, "}") }
	return Language{
		Complete: func(text string, at int) (out []complete.Candidate) {
			from := strings.LastIndexFunc(text[:at], func(r rune) bool { return !unicode.IsLetter(r) && r != '.' }) + 1
			for _, w := range []string{"cell.create makes one", "cell.get finds one", "cell.list", "only", "été", "étage"} {
				word, doc, _ := strings.Cut(w, " ")
				if rest, ok := strings.CutPrefix(word, text[from:at]); ok {
					out = append(out, complete.Candidate{Text: word, Insert: rest, Doc: doc})
				}
			}
			return out
		},
		Unfinished: func(text string) (bool, bool) { return depth(text) > 0, strings.Contains(text, "[[") },
		Indent: func(text string) (string, string) {
			line := text[strings.LastIndexByte(text, '\n')+1:]
			own := depth(text[:len(text)-len(line)])
			if strings.HasPrefix(strings.TrimSpace(line), "}") {
				own--
			}
			return strings.Repeat("  ", max(own, 0)), strings.Repeat("  ", max(depth(text), 0))
		},
		Look: func(text string, at int) (out []Span) {
			for i, r := range text {
				if r == '{' || r == '}' {
					out = append(out, Span{i, i + 1, Keyword})
				}
			}
			if at > 0 && text[at-1] == '}' {
				out = append(out, Span{at - 1, at, Matching})
			}
			return out
		},
	}
}

// typing turns "ab<enter>" into keys, each pressed by itself; <<text>> is pasted.
func typing(t fails, s string) (all []Key) {
	for s != "" {
		if rest, ok := strings.CutPrefix(s, "<<"); ok {
			text, after, _ := strings.Cut(rest, ">>")
			all, s = append(all, Key{Name: KeyPaste, Text: text}), after
			continue
		}
		if rest, ok := strings.CutPrefix(s, "<"); ok {
			word, after, _ := strings.Cut(rest, ">")
			name, ok := words[word]
			if !ok {
				t.Fatalf("there is no key %q", word)
			}
			all, s = append(all, Key{Name: name}), after
			continue
		}
		for _, r := range s {
			all, s = append(all, Key{Text: string(r)}), s[len(string(r)):]
			break
		}
	}
	return all
}

var past = []string{"cell.get(1)", "policy {\n  a,\n}", "load web.lua", "list"}

func TestDraft(t *testing.T) {
	for _, c := range []struct {
		name, keys, want string
		outcome          Outcome
	}{
		{"a line is entered", "ab<enter>", "> ab|", Accepted},
		{"wherever the place is in it", "ab<home><enter>", "> |ab", Accepted},
		{"what is unfinished goes on, indented", "f {<enter>a<enter>}", "> f {\n:   a\n:   }|", GoesOn},
		{"what closes goes back", "f {<enter>a {<enter>b<enter>}<enter>}<enter>", "> f {\n:   a {\n:     b\n:   }\n: }|", Accepted},
		{"a blank line gives up", "f {<enter><enter>", "> f {\n:   |", Accepted},
		{"but not within a string", "f {[[<enter><enter>x", "> f {[[\n:\n:   x|", GoesOn},
		{"a blank line in the middle does not", "f {<enter>a<up><end><enter><enter>", "> f {\n:\n:   |\n:   a", GoesOn},
		{"a new line on purpose", "ab<left><newline>c<enter>", "> a\n: c|b", Accepted},
		{"up and down move within", "f {<enter>abc<up>x<down>y", "> f {x\n:   aby|c", GoesOn},
		{"a pasted line is entered", "<<list\n>>", "> list|", Accepted},
		{"pasted lines stay as they are", "<<f {\n\ta\n\n>>", "> f {\n:     a\n:\n: |", GoesOn},
		{"what is pasted within a text is not entered", "ab<left><<c\n>>", "> ac\n: |b", GoesOn},
		{"Ctrl-C", "ab<^C>", "> ab|", Interrupted},
		{"Ctrl-D on nothing", "<^D>", "> |", Ended},
		{"Ctrl-D on something", "ab<home><^D>", "> |b", GoesOn},
		{"Delete on nothing", "<delete>", "> |", GoesOn},

		{"up finds the last entry", "<up>", "> list|", GoesOn},
		{"and the one before", "<up><up>", "> load web.lua|", GoesOn},
		{"an entry of lines comes back as its lines", "<up><up><up>", "> policy {|\n:   a,\n: }", GoesOn},
		{"and up goes on from there", "<up><up><up><up>", "> cell.get(1)|", GoesOn},
		{"to the first", "<up><up><up><up><up><up>", "> cell.get(1)|", GoesOn},
		{"down goes through an entry", "<up><up><up><down>", "> policy {\n:   a,|\n: }", GoesOn},
		{"and back to what was typed", "lo<up><down>", "> lo|", GoesOn},
		{"what was typed narrows it", "l<up><up>", "> load web.lua|", GoesOn},
		{"entries can be changed", "<up>x<enter>", "> listx|", Accepted},
		{"nothing is newer", "ab<down>", "> ab|", GoesOn},

		{"search", "<^R>a,", "> policy {\n:   |a,\n: }\nsearch: a,", GoesOn},
		{"search again", "<^R>l<^R><^R>", "> po|licy {\n:   a,\n: }\nsearch: l", GoesOn},
		{"and back", "<^R>l<^R><^R><^S>", "> |load web.lua\nsearch: l", GoesOn},
		{"search is taken back", "x<^R>zzz", "> x|\nnothing has: zzz", GoesOn},
		{"and with a shorter word again", "<^R>lox<backspace>", "> |load web.lua\nsearch: lo", GoesOn},
		{"pasted into a search", "<^R><<x\n\ty>>", "> |\nnothing has: x  y", GoesOn},
		{"search that is given up", "x<^R>lo<^G>", "> x|", GoesOn},
		{"search that is taken", "<^R>lo<end>!", "> load web.lua!|", GoesOn},
		{"search that is entered", "<^R>lo<enter>", "> |load web.lua", Accepted},
		{"up goes on from what was found", "<^R>lo<home><up>", "> policy {|\n:   a,\n: }", GoesOn},
		{"Ctrl-C in a search", "<^R>lo<^C>", "> |load web.lua", Interrupted},

		{"the only candidate", "on<tab>", "> only|", GoesOn},
		{"what candidates have in common", "ce<tab>", "> cell.|", GoesOn},
		{"in whole characters", "é<tab>", "> ét|", GoesOn},
		{"no candidate", "zz<tab>", "> zz|", GoesOn},
		{"a menu", "cell.<tab>", "> cell.|\ncell.create  makes one\ncell.get     finds one\ncell.list", GoesOn},
		{"a choice", "cell.<tab><tab><tab>", "> cell.get|\ncell.create  makes one\n«7:cell.get»     finds one\ncell.list", GoesOn},
		{"backwards", "cell.<tab><backtab>", "> cell.list|\ncell.create  makes one\ncell.get     finds one\n«7:cell.list»", GoesOn},
		{"a choice is taken", "cell.<tab><tab><enter>(", "> cell.create(|", GoesOn},
		{"a choice is taken by what follows", "cell.<tab><tab>(", "> cell.create(|", GoesOn},
		{"no choice is taken", "cell.<tab><tab><^G>", "> cell.|", GoesOn},
		{"Enter without a choice enters", "cell.<tab><enter>", "> cell.|", Accepted},
		{"columns where nothing is said", "ét<tab>", "> ét|\nété    étage", GoesOn},
		{"Tab indents", "f {<enter><^U><tab>x", "> f {\n:   x|", GoesOn},
		{"a second time it completes", "f {<enter><^U><tab>on<tab>", "> f {\n:   only|", GoesOn},
	} {
		d := NewDraft(toy(), NewPalette(false, ""), Prompts{"> ", ": "}, past)
		var got Outcome
		for _, k := range typing(t, c.keys) {
			got = d.Press(k)
		}
		if shown := draw(t, d, 40, 12); shown != c.want || got != c.outcome {
			t.Errorf("%s: after %s there is\n%s\nand %d; want\n%s\nand %d", c.name, c.keys, shown, got, c.want, c.outcome)
		}
	}
}

func TestColours(t *testing.T) {
	for _, c := range []struct{ name, keys, want string }{
		{"looks", "f {}<left>", "> f «35:{»|«35:}»"},
		{"matching", "{}", "> «35:{»«1;7:}»|"},
		{"a suggestion", "lo", "> lo|«1;30:ad web.lua»"},
		{"of lines", "pol", "> pol|«1;30:icy {»\n: «1;30:  a,»\n: «1;30:}»"},
		{"is taken", "lo<right>", "> load web.lua|"},
		{"by a word", "lo<word right><word right>", "> load web|«1;30:.lua»"},
		{"not from within the text", "lo<left>", "> l|o"},
		{"not for an entry of the history", "<up>", "> list|"},
	} {
		d := NewDraft(toy(), NewPalette(true, "wsvt25"), Prompts{"> ", ": "}, past)
		for _, k := range typing(t, c.keys) {
			d.Press(k)
		}
		if shown := draw(t, d, 40, 12); shown != c.want {
			t.Errorf("%s: after %s there is\n%s\nwant\n%s", c.name, c.keys, shown, c.want)
		}
	}
}

func TestSmallScreens(t *testing.T) {
	for _, c := range []struct {
		name, keys    string
		columns, rows int
		want          string
	}{
		{"a long line", "0123456789", 6, 5, "> 012\n34567\n89|"},
		{"a line as long as the screen", "012", 6, 5, "> 012|"},
		{"wide characters do not fit", "0日本", 5, 5, "> 0\n日本|"},
		{"a text that is too high", "a<newline>b<newline>c<newline>d", 10, 2, ": c\n: d|"},
		{"seen from its begin", "a<newline>b<newline>c<newline>d<top>", 10, 2, "> |a\n: b"},
		{"a menu that is too high", "cell.<tab>", 24, 3, "> cell.|\ncell.create  makes one\n... 2 more"},
		{"a menu goes with the choice", "cell.<tab><tab><tab><tab>", 24, 3, "> cell.list|\n«7:cell.list»\n... 2 more"},
		{"one row", "cell.<tab>", 24, 1, "> cell.|"},
		{"one column", "ab", 1, 3, "|"},
	} {
		d := NewDraft(toy(), NewPalette(false, ""), Prompts{"> ", ": "}, nil)
		for _, k := range typing(t, c.keys) {
			d.Press(k)
		}
		if c.columns == 1 {
			continue
		}
		if shown := draw(t, d, c.columns, c.rows); shown != c.want {
			t.Errorf("%s: after %s there is\n%s\nwant\n%s", c.name, c.keys, shown, c.want)
		}
	}
}

// What is drawn step by step is what is drawn at once, whatever is pressed, and the screen above it stays.
func TestDrawing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns, rows := rapid.IntRange(2, 30).Draw(t, "columns"), rapid.IntRange(1, 8).Draw(t, "rows")
		g := newGlass(t, columns, rows+2)
		g.write("$\r\n")
		d := NewDraft(toy(), NewPalette(rapid.Bool().Draw(t, "colours"), ""), Prompts{"> ", ": "}, past)
		var c canvas
		all := []string{"f", "{", "}", "日", "e\u0301", " ", "cell.", "<enter>", "<newline>", "<tab>", "<backtab>", "<up>", "<down>", "<left>", "<right>", "<backspace>", "<^U>", "<^W>", "<^R>", "<^G>", "<top>", "<<x\n\ty\n>>", "<undo>"}
		for range rapid.IntRange(1, 40).Draw(t, "keys") {
			for _, k := range typing(t, rapid.SampledFrom(all).Draw(t, "key")) {
				if d.Press(k) == Accepted {
					d.block.Reset()
				}
			}
			f := d.View(columns, rows)
			top := d.top
			g.write(c.draw(f))
			d.top = top
			// The same frame on a new screen.
			want := newGlass(t, columns, rows+2)
			want.write("$\r\n")
			var fresh canvas
			want.write(fresh.draw(f))
			if g.shown() != want.shown() && len(g.scrolled) == 0 {
				t.Fatalf("step by step there is\n%s\nat once\n%s", g, want)
			}
			if len(g.scrolled) > 1 || len(g.scrolled) == 1 && g.scrolled[0] != "$" {
				t.Fatalf("the screen is scrolled: %q", g.scrolled)
			}
		}
	})
}

// TestAway: F2 leads away from a statement, and from nothing else that is asked for.
func TestAway(t *testing.T) {
	d := NewDraft(Language{}, Palette{}, Prompts{}, nil)
	if got := d.Press(Key{Name: KeyScreen}); got != GoesOn {
		t.Errorf("a question must stay, but F2 gives %d", got)
	}
	d.statement = true
	if got := d.Press(Key{Name: KeyScreen}); got != Away {
		t.Errorf("F2 must lead away from a statement, but gives %d", got)
	}
}
