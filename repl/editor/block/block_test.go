package block

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// at makes a block of a text in which | is the place.
func at(text string) *Block {
	b := &Block{}
	before, after, _ := strings.Cut(text, "|")
	b.Reset()
	b.Set(before+after, len(before))
	return b
}

func shown(b *Block) string { return b.Before() + "|" + b.After() }

func TestBlock(t *testing.T) {
	for _, c := range []struct {
		name, from string
		do         func(*Block)
		want       string
	}{
		{"insert", "a|c", func(b *Block) { b.Insert("b\n") }, "ab\n|c"},
		{"left over a mark that combines", "xe\u0301|y", (*Block).Left, "x|e\u0301y"},
		{"right over it", "x|e\u0301y", (*Block).Right, "xe\u0301|y"},
		{"left at the begin", "|a", (*Block).Left, "|a"},
		{"right at the end", "a|", (*Block).Right, "a|"},
		{"home", "a\nbc|d\ne", (*Block).Home, "a\n|bcd\ne"},
		{"end", "a\nb|cd\ne", (*Block).End, "a\nbcd|\ne"},
		{"word left", "foo.bar_2 |+", (*Block).WordLeft, "foo.|bar_2 +"},
		{"word left over a line", "foo\n  |", (*Block).WordLeft, "|foo\n  "},
		{"word right", "foo|.bar_2 +", (*Block).WordRight, "foo.bar_2| +"},
		{"up to a shorter line", "a\nbcd|e", func(b *Block) { b.Up() }, "a|\nbcde"},
		{"and down again to the same column", "a\nbcd|e", func(b *Block) { b.Up(); b.Down() }, "a\nbcd|e"},
		{"up over wide characters", "日本語\nabc|d", func(b *Block) { b.Up() }, "日|本語\nabcd"},
		{"up at the top", "a|b\n", func(b *Block) { b.Up() }, "a|b\n"},
		{"down", "a|b\ncd", func(b *Block) { b.Down() }, "ab\nc|d"},
		{"down at the bottom", "a\n|b", func(b *Block) { b.Down() }, "a\n|b"},
		{"backspace joins lines", "a\n|b", (*Block).Backspace, "a|b"},
		{"backspace takes the marks too", "e\u0301|", (*Block).Backspace, "|"},
		{"delete", "a|\nb", (*Block).Delete, "a|b"},
		{"cut the line", "a|bc\nd", (*Block).CutLine, "a|\nd"},
		{"cut the end of the line", "a|\nd", (*Block).CutLine, "a|d"},
		{"cut before", "x\na b|c", (*Block).CutBefore, "x\n|c"},
		{"cut a word", "|foo.bar", (*Block).CutWord, "|.bar"},
		{"cut the word before", "foo.bar|", (*Block).CutWordBefore, "foo.|"},
		{"cut the argument", "load a/b.lua |x", (*Block).CutArgument, "load |x"},
		{"paste", "a b|", func(b *Block) { b.CutArgument(); b.Home(); b.Paste() }, "b|a "},
		{"transpose", "a|bc", (*Block).Transpose, "ba|c"},
		{"transpose at the end", "abc|", (*Block).Transpose, "acb|"},
		{"transpose one character", "a|", (*Block).Transpose, "a|"},
		{"transpose stays in the line", "ab\n|c", (*Block).Transpose, "ab\n|c"},
		{"undo typing", "x|", func(b *Block) { b.Insert("a"); b.Insert("b"); b.Undo() }, "x|"},
		{"undo cutting", "ab|", func(b *Block) { b.Insert("c"); b.CutBefore(); b.Undo() }, "abc|"},
		{"undo moves back", "a|b", func(b *Block) { b.Insert("c"); b.Top(); b.Insert("d"); b.Undo() }, "|acb"},
		{"redo", "x|", func(b *Block) {
			b.Insert("a")
			b.CutBefore()
			b.Undo()
			b.Undo()
			b.Redo()
			b.Redo()
		}, "|"},
		{"redo what was undone first", "x|", func(b *Block) { b.Insert("a"); b.CutBefore(); b.Undo(); b.Undo(); b.Redo() }, "xa|"},
		{"undo what was done again", "x|", func(b *Block) { b.Insert("a"); b.Undo(); b.Redo(); b.Undo() }, "x|"},
		{"nothing to do again", "x|", func(b *Block) { b.Insert("a"); b.Undo(); b.Insert("b"); b.Redo() }, "xb|"},
		{"nothing to undo", "", func(b *Block) { b.Reset(); b.Undo() }, "|"},
		{"indentation", "x\n    en|d", func(b *Block) { b.SetIndentation("  ") }, "x\n  en|d"},
		{"indentation where the place is in it", "x\n  |  end", func(b *Block) { b.SetIndentation("") }, "x\n|end"},
		{"more indentation", "e|nd", func(b *Block) { b.SetIndentation("  ") }, "  e|nd"},
	} {
		b := at(c.from)
		if c.do(b); shown(b) != c.want {
			t.Errorf("%s: %q, want %q", c.name, shown(b), c.want)
		}
	}
}

// Whatever is done, the place is between characters, and all can be undone.
func TestAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &Block{}
		b.Reset()
		all := []func(){b.Left, b.Right, b.Home, b.End, b.Top, b.Bottom, b.WordLeft, b.WordRight, func() { b.Up() }, func() { b.Down() },
			b.Backspace, b.Delete, b.CutLine, b.CutBefore, b.CutWord, b.CutWordBefore, b.CutArgument, b.Paste, b.Transpose,
			func() { b.Undo() }, func() { b.SetIndentation("  ") }, func() { b.SetIndentation("") }}
		n := rapid.IntRange(0, 60).Draw(t, "steps")
		for range n {
			if rapid.Bool().Draw(t, "insert") {
				b.Insert(rapid.SampledFrom([]string{"a", "b", " ", "\n", "日", "e\u0301", "\u0301", "foo bar", "x\ny"}).Draw(t, "text"))
			} else {
				rapid.SampledFrom(all).Draw(t, "step")()
			}
			if !utf8.ValidString(b.Before()) || !utf8.ValidString(b.After()) {
				t.Fatalf("the place is within a character: %q", shown(b))
			}
			if got := b.Before() + b.After(); got != b.Text() || strings.Count(b.Line(), "\n") > 0 {
				t.Fatalf("%q in %q", b.Line(), b.Text())
			}
			if b.First() != !strings.Contains(b.Before(), "\n") || b.Last() != !strings.Contains(b.After(), "\n") {
				t.Fatalf("first or last line is not told right: %q", shown(b))
			}
		}
		for b.Undo() {
		}
		if b.Text() != "" {
			t.Fatalf("%q is left when all is undone", b.Text())
		}
	})
}
