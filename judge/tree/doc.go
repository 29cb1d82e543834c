// Package tree holds programs of Lua as trees, so that one that shows a difference can be made small.
//
// A [Node] is text with nodes in it. Its kind says what may stand in its place: a smaller expression of the same kind, or
// nothing. [Shrink] tries what is smaller, as long as the caller finds that the difference is still there.
//
// What it is not: a syntax tree. It knows nothing of Lua but which pieces can be left out, and most of what it tries is
// no better than what it had.
package tree
