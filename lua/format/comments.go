package format

import "cellsh/lua/syntax"

// separate moves over a separator that was written already, or is left out.
func (b *builder) separate() {
	for b.skip && b.next < len(b.file.Tokens) {
		t := &b.file.Tokens[b.next]
		if t.Kind == syntax.Comment {
			return
		}
		b.skip = false
		if isSeparator(t) {
			b.take(t)
		}
	}
}

// here is the next token or comment, without a separator that was written already; nil at the end.
func (b *builder) here() *syntax.Token {
	b.separate()
	if b.next == len(b.file.Tokens) {
		return nil
	}
	return &b.file.Tokens[b.next]
}

// comment reports whether a comment is next.
func (b *builder) comment() bool {
	t := b.here()
	return t != nil && t.Kind == syntax.Comment
}

// newline reports whether the source has a new line before what is next, or must have one because of a comment.
func (b *builder) newline() bool {
	t := b.here()
	if t == nil || b.commented {
		return t != nil
	}
	if b.skip {
		// What follows the separator counts, and it stands behind comments.
		t = b.ahead()
	}
	return t != nil && t.Line > b.last
}

// trailing writes the comments that end the line of what was written last.
func (b *builder) trailing() {
	b.separate()
	for n := b.ending(); n > 0; n = b.ending() {
		for range n {
			t := b.here()
			b.take(t)
			if isLine(t.Text) {
				b.add(instruction{op: opTrailing, text: commentText(t.Text)})
			} else {
				b.add(instruction{op: opInline, text: commentText(t.Text)})
			}
		}
		b.commented = true
		b.separate()
	}
}

// ending is how many comments stand between what was written last and the end of its line, 0 if anything else does.
func (b *builder) ending() int {
	if b.commented || b.last == 0 {
		return 0
	}
	count, end, skip := 0, b.last, b.skip
	for i := b.next; i < len(b.file.Tokens); i++ {
		t := &b.file.Tokens[i]
		switch {
		case t.Line > end:
			return count
		case t.Kind == syntax.Comment:
			count++
		case skip && isSeparator(t):
			skip = false
		default:
			return 0
		}
		end = endLine(t)
	}
	return count
}

// leading writes all comments before the next token.
func (b *builder) leading() {
	b.trailing()
	for b.comment() {
		t := &b.file.Tokens[b.next]
		own := t.Line > b.last || b.commented
		blank := t.Line > b.last+1 && !b.first
		b.take(t)
		next := b.here()
		ends := isLine(t.Text) || next == nil || next.Line > b.last
		if own {
			after := next != nil && next.Line > b.last+1
			b.add(instruction{op: opOwn, text: commentText(t.Text), newline: ends, blank: blank, after: after})
		} else {
			b.add(instruction{op: opInline, text: commentText(t.Text), newline: ends})
		}
		b.first, b.commented = false, isLine(t.Text)
	}
}
