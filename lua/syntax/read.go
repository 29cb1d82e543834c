package syntax

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/policy/diag"
)

// Read reads a source. The file has a tree whatever the text is; see File.Problems.
func Read(name, text string) *File { return read(name, text, false) }

// ReadExpressions reads a list of expressions, at least one, as a file that returns them. A # at its begin is an
// operator.
func ReadExpressions(name, text string) *File { return read(name, text, true) }

func read(name, text string, expressions bool) *File {
	f := &File{Name: name, Text: text, lines: []int{0}}
	f.Main = emptyMain(f)
	if len(text) > MaxSource {
		f.refuse(diag.SourceSize, diag.Span{File: name}, "divide it into several files",
			fmt.Sprintf("the source must be at most %d bytes, but is %d", MaxSource, len(text)))
		return f
	}
	l := newLexer(text)
	l.middle = expressions
	f.Tokens = make([]Token, 0, len(text)/4+1)
	for l.next() {
		f.Tokens = append(f.Tokens, l.token)
	}
	f.lines = l.lines
	if at, what := notText(text); at >= 0 {
		f.refuse(diag.SourceBinary, f.SpanOf(at, at+1), "give the source as text", "the source must be text, but "+what)
		return f
	}
	told := &problems{file: f}
	told.step()
	items := scanItems(told, expressions)
	plain, better := plans(f, items)
	if deep := better.deep; deep >= 0 {
		it := items[deep]
		f.refuse(diag.SourceDepth, f.SpanOf(int(it.from), int(it.to)), "give inner parts names of their own",
			fmt.Sprintf("brackets and blocks must lie at most %d deep, but lie deeper here", MaxNesting))
		return f
	}
	incomplete := false
	if plain != better {
		// It could be that the source only ends too early, and a session reads on then; but how lines are indented says
		// where in it an end is missing, which is what to tell.
		incomplete = f.attempt(plain, told, items, expressions).told.onlyEnd()
	}
	p := f.attempt(better, told, items, expressions)
	if n := p.told.count; better.ways&guessed == 0 && n > told.count && n < maxCareful {
		if guess := guessing(f, items); guess != nil && guess.deep < 0 {
			main := f.Main
			if q := f.attempt(guess, told, items, expressions); q.told.count <= n {
				p = q
			} else {
				f.Main = main
			}
		}
	}
	told = p.told
	f.Incomplete = incomplete || told.onlyEnd()
	if len(p.items) > MaxChain {
		p.measure()
	}
	if p.deep {
		f.Main = emptyMain(f)
	}
	told.finish()
	return f
}

// attempt reads what a plan makes of the items, into a new tree. What it tells comes behind what was told before.
func (f *File) attempt(pl *plan, before *problems, items []item, expressions bool) *parser {
	told := *before
	told.list = slices.Clip(before.list)
	f.Main = emptyMain(f)
	p := newParser(f, &told, pl.apply(&told, items))
	p.read(expressions)
	return p
}

func emptyMain(f *File) *FunctionExpr {
	size := int32(min(len(f.Text), MaxSource))
	return &FunctionExpr{extent: extent{0, size}, File: f, Vararg: true, Body: &Block{extent: extent{0, size}}}
}

// refuse tells the one problem of a source that is not read.
func (f *File) refuse(c diag.Code, at diag.Span, hint, message string) {
	f.Problems = diag.List{{Span: at, Code: c, Message: message, Hint: hint, Excerpt: f.Line(at.Line)}}
}

// notText finds what no text holds: a zero byte, or the begin of a program that was compiled.
func notText(text string) (at int, what string) {
	for _, magic := range [...]struct{ begin, what string }{
		{"\x1bLua", "is compiled Lua"}, {"\x7fELF", "is a program for a machine"}, {"\x1bLJ", "is compiled Lua"}, {"\x1f\x8b", "is compressed"},
	} {
		if strings.HasPrefix(text, magic.begin) {
			return 0, magic.what
		}
	}
	return strings.IndexByte(text, 0), "holds a zero byte"
}

// parser makes the tree of a file.
type parser struct {
	file  *File
	told  *problems
	items []item
	// at is the item that is looked at. The last one is the end.
	at int
	// lost says that a problem was told and the place is not found again at which reading goes on.
	lost bool
	// level is how many calls of operation lie within each other; deep says that they, or the tree, are too many.
	level int
	deep  bool
	// asking is how many conditions are being read.
	asking int
	scopes
}

func newParser(f *File, told *problems, items []item) *parser {
	p := &parser{file: f, told: told, items: items}
	p.names = map[string]*Local{}
	return p
}

// read reads the whole file.
func (p *parser) read(expressions bool) {
	p.told.step()
	p.enter(p.file.Main)
	if expressions {
		p.expressions()
	} else {
		p.main()
	}
	p.leave()
}

func (p *parser) main() {
	p.open()
	b := &Block{}
	for {
		p.statements(b)
		if p.code() == codeEnd {
			break
		}
		// A word that ends a block that is not open; what closes nothing was left out, but else is no closing word.
		p.unexpected()
		p.lost = false
		p.skip()
	}
	b.extent = extent{0, int32(len(p.file.Text))}
	p.close(b, false)
	p.file.Main.Body = b
}

func (p *parser) expressions() {
	p.open()
	r := &ReturnStmt{Exprs: p.exprs()}
	r.extent = extent{min(p.items[0].from, p.last()), p.last()}
	if p.code() != codeEnd {
		p.unexpected()
	}
	b := &Block{extent{0, int32(len(p.file.Text))}, []Stmt{r}}
	p.close(b, false)
	p.file.Main.Body = b
}

// code is the item that is looked at.
func (p *parser) code() code { return p.items[p.at].code }

// ahead is an item after it.
func (p *parser) ahead(n int) code {
	if p.at+n < len(p.items) {
		return p.items[p.at+n].code
	}
	return codeEnd
}

// touches reports whether nothing stands between the item and the next.
func (p *parser) touches() bool {
	return p.at+1 < len(p.items) && p.items[p.at].to == p.items[p.at+1].from
}

// begins reports whether the item is the first on its line.
func (p *parser) begins() bool { return p.items[p.at].flags&begins != 0 }

// textAt is how an item stands in the source.
func (p *parser) textAt(i int) string { return p.file.Text[p.items[i].from:p.items[i].to] }

// from is where the item that is looked at begins, last where the one before it ends.
func (p *parser) from() int32 { return p.items[p.at].from }

func (p *parser) last() int32 {
	if p.at == 0 {
		return 0
	}
	return p.items[p.at-1].to
}

// nowhere is the place of what is missing: behind the item before.
func (p *parser) nowhere() extent { return extent{p.last(), p.last()} }

// skip moves to the next item.
func (p *parser) skip() {
	if p.at < len(p.items)-1 {
		p.at++
	}
}

// accept moves over an item if it is the one that is asked for.
func (p *parser) accept(c code) bool {
	if p.lost || p.code() != c {
		return false
	}
	p.skip()
	return true
}

// expect moves over an item that must be there.
func (p *parser) expect(c code) bool {
	if p.lost {
		return false
	}
	if p.code() != c {
		p.missing(fmt.Sprintf("%q", c))
		return false
	}
	p.skip()
	return true
}

// isName reports whether an item can be a name: goto is one wherever it is not a statement.
func isName(c code) bool { return c == codeName || c == codeGoto }

// name reads a name.
func (p *parser) name() Ident {
	if !p.lost && isName(p.code()) {
		id := Ident{extent{p.from(), p.items[p.at].to}, p.textAt(p.at)}
		p.skip()
		return id
	}
	p.missing("a name")
	return Ident{extent: p.nowhere()}
}
