// Package columns is how text fits a screen: how many columns it takes, and how it is divided into lines.
//
//	columns.Width("日本") // 4
//	columns.Wrap("an error that is long", 12, 3) // "an error\n   that is\n   long"
//
// What it is not: it makes no text safe for a terminal, and knows no colours.
package columns
