package display

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gdamore/tcell/v3"

	"cellsh/repl/screen/view"
)

// themes say how the roles look, by the names of model.Themes. A look is words: two colours with "on" between them, and bold, reverse and underline. A colour is
// one of the eight names of ECMA-48, or one of 256 with the name that stands for it where there are but eight, as "214:yellow".
// A role without a look has that of its parent.
var themes = map[string]map[view.Role]string{
	"mc": {
		view.Base: "white on blue", view.ActiveFrame: "15:white on blue", view.Head: "11:yellow on blue bold", view.Good: "10:green on blue bold", view.Warning: "11:yellow on blue bold",
		view.Bad: "15:white on red bold", view.Faint: "14:cyan on blue", view.Marked: "11:yellow on blue bold", view.Cursor: "black on cyan", view.MarkedCursor: "11:yellow on cyan bold",
		view.OtherCursor: "white on blue underline", view.Spark: "14:cyan on blue", view.Detail: "15:white on blue", view.Status: "white on black", view.StatusKernel: "15:white on black bold",
		view.StatusGood: "10:green on black", view.StatusWarning: "11:yellow on black bold", view.StatusBad: "15:white on red bold", view.Line: "white on black", view.KeyNumber: "white on black",
		view.Dialog: "black on white", view.DialogTitle: "blue on white bold", view.DialogGood: "green on white", view.DialogWarning: "black on yellow", view.DialogBad: "15:white on red bold",
		view.DialogFaint: "blue on white", view.Shadow: "8:white on black", view.Input: "black on cyan", view.ActiveInput: "15:white on black bold", view.MenuTitle: "15:white on black bold",
		view.MenuKey: "blue on white", view.Match: "black on yellow", view.Page: "white on blue",
	},
	"sysinst": {
		view.Base: "white on blue", view.Frame: "white on blue bold", view.Head: "white on blue bold", view.Warning: "11:yellow on blue bold", view.Bad: "15:white on red bold",
		view.Good: "white on blue", view.Faint: "white on blue", view.Marked: "11:yellow on blue bold", view.Cursor: "blue on white", view.MarkedCursor: "red on white bold",
		view.OtherCursor: "white on blue underline", view.Status: "white on blue bold", view.StatusBad: "15:white on red bold", view.StatusWarning: "11:yellow on blue bold", view.Line: "white on blue",
		view.KeyNumber: "white on blue", view.Dialog: "blue on white", view.DialogWarning: "black on yellow", view.DialogBad: "15:white on red bold", view.Shadow: "white on black",
		view.Input: "white on blue", view.ActiveInput: "15:white on blue bold", view.ActiveButton: "white on blue bold", view.MenuTitle: "white on blue bold", view.Match: "black on yellow",
	},
	"amber": {
		view.Base: "214:yellow on black", view.ActiveFrame: "220:yellow on black bold", view.Head: "220:yellow on black bold", view.Warning: "220:yellow on black bold", view.Bad: "black on 214:yellow bold",
		view.Faint: "130:yellow on black", view.Marked: "220:yellow on black bold", view.Cursor: "black on 214:yellow", view.MarkedCursor: "black on 214:yellow bold underline", view.OtherCursor: "214:yellow on black underline",
		view.StatusKernel: "220:yellow on black bold", view.StatusWarning: "220:yellow on black bold", view.StatusBad: "black on 214:yellow bold", view.Dialog: "214:yellow on black bold",
		view.DialogBad: "black on 214:yellow", view.Shadow: "130:yellow on black", view.Input: "214:yellow on black underline", view.ActiveInput: "black on 214:yellow", view.MenuTitle: "214:yellow on black bold",
		view.Match: "black on 214:yellow", view.Frame: "172:yellow on black",
	},
	"green": {
		view.Base: "40:green on black", view.ActiveFrame: "46:green on black bold", view.Head: "46:green on black bold", view.Warning: "46:green on black bold", view.Bad: "black on 46:green bold",
		view.Faint: "28:green on black", view.Marked: "46:green on black bold", view.Cursor: "black on 40:green", view.MarkedCursor: "black on 40:green bold underline", view.OtherCursor: "40:green on black underline",
		view.StatusKernel: "46:green on black bold", view.StatusWarning: "46:green on black bold", view.StatusBad: "black on 46:green bold", view.Dialog: "46:green on black bold", view.DialogBad: "black on 46:green",
		view.Shadow: "28:green on black", view.Input: "40:green on black underline", view.ActiveInput: "black on 40:green", view.MenuTitle: "46:green on black bold", view.Match: "black on 40:green", view.Frame: "34:green on black",
	},
	"mono": mono,
	"synthwave": {
		view.Base: "225:white on 17:black", view.Frame: "99:magenta on 17:black", view.ActiveFrame: "201:magenta on 17:black bold", view.Head: "51:cyan on 17:black bold", view.Good: "51:cyan on 17:black",
		view.Warning: "221:yellow on 17:black bold", view.Bad: "15:white on 161:red bold", view.Faint: "103:white on 17:black", view.Marked: "221:yellow on 17:black bold", view.Cursor: "17:black on 201:magenta",
		view.MarkedCursor: "221:yellow on 201:magenta bold", view.OtherCursor: "225:white on 17:black underline", view.Status: "51:cyan on 53:black", view.StatusKernel: "201:magenta on 53:black bold",
		view.StatusWarning: "221:yellow on 53:black bold", view.StatusBad: "15:white on 161:red bold", view.KeyNumber: "201:magenta on 17:black", view.KeyLabel: "17:black on 51:cyan", view.Dialog: "225:white on 53:magenta",
		view.DialogFrame: "201:cyan on 53:magenta bold", view.DialogWarning: "221:yellow on 53:magenta bold", view.DialogBad: "15:white on 161:red bold", view.DialogFaint: "51:cyan on 53:magenta", view.Shadow: "103:white on 16:black",
		view.Input: "225:white on 17:black", view.ActiveInput: "17:black on 51:cyan", view.ActiveButton: "17:black on 51:cyan", view.MenuBar: "17:black on 51:cyan", view.Match: "17:black on 221:yellow",
	},
}

// parents are the roles that others look like where a theme says nothing else. Those without one look like Base.
var parents = map[view.Role]view.Role{
	view.ActiveFrame: view.Frame, view.Title: view.Frame, view.ActiveTitle: view.Cursor, view.Count: view.Frame, view.MarkedCursor: view.Cursor, view.OtherCursor: view.Row,
	view.Spark: view.Good, view.Detail: view.Row, view.StatusKernel: view.Status, view.StatusGood: view.Status, view.StatusWarning: view.Status, view.StatusBad: view.Status,
	view.KeyLabel: view.Cursor, view.DialogFrame: view.Dialog, view.DialogTitle: view.DialogFrame, view.DialogGood: view.Dialog, view.DialogWarning: view.Dialog,
	view.DialogBad: view.Dialog, view.DialogFaint: view.Dialog, view.Shadow: view.Base, view.Input: view.Dialog, view.ActiveInput: view.Cursor, view.Button: view.Dialog,
	view.ActiveButton: view.Cursor, view.MenuBar: view.Cursor, view.MenuTitle: view.Dialog, view.MenuFrame: view.Dialog, view.MenuItem: view.Dialog, view.MenuKey: view.MenuItem,
	view.MenuChosen: view.ActiveButton, view.PageTitle: view.Cursor, view.Match: view.Marked, view.Added: view.Good, view.Removed: view.Bad, view.Hunk: view.Head,
}

// mono has no colours, and is that of terminals without.
var mono = map[view.Role]string{
	view.Base: "default on default", view.ActiveFrame: "default on default bold", view.ActiveTitle: "default on default reverse", view.Head: "default on default bold", view.Warning: "default on default bold",
	view.Bad: "default on default bold underline", view.Marked: "default on default bold", view.Cursor: "default on default reverse", view.MarkedCursor: "default on default reverse bold",
	view.OtherCursor: "default on default underline", view.Status: "default on default reverse", view.StatusWarning: "default on default reverse bold", view.StatusBad: "default on default reverse bold",
	view.DialogTitle: "default on default bold", view.DialogWarning: "default on default bold", view.DialogBad: "default on default bold", view.Input: "default on default underline",
	view.MenuTitle: "default on default bold", view.Match: "default on default reverse", view.Spark: "default on default",
}

// styles are those of all roles, for a terminal with so many colours.
func styles(name string, colours int) []tcell.Style {
	looks := themes[name]
	if colours == 0 {
		looks = mono
	}
	out := make([]tcell.Style, view.Roles)
	for r := range view.Roles {
		out[r] = style(lookOf(looks, r), colours)
	}
	return out
}

func lookOf(looks map[view.Role]string, r view.Role) string {
	for {
		if look, ok := looks[r]; ok {
			return look
		}
		r = parents[r] // Base has a look in every theme
	}
}

var names = map[string]int{"black": 0, "red": 1, "green": 2, "yellow": 3, "blue": 4, "magenta": 5, "cyan": 6, "white": 7}

// style reads a look.
func style(look string, colours int) tcell.Style {
	s := tcell.StyleDefault
	words := strings.Fields(look)
	s = s.Foreground(colour(words[0], colours)).Background(colour(words[2], colours))
	for _, w := range words[3:] {
		switch w {
		case "bold":
			s = s.Bold(true)
		case "reverse":
			s = s.Reverse(true)
		case "underline":
			s = s.Underline(true)
		default:
			panic(fmt.Sprintf("display: a look must have the words that there are, but is %q", look))
		}
	}
	return s
}

func colour(word string, colours int) tcell.Color {
	if word == "default" || colours == 0 {
		return tcell.ColorDefault
	}
	many, few, both := strings.Cut(word, ":")
	if both && colours >= 256 {
		n, err := strconv.Atoi(many)
		if err != nil || n < 0 || n > 255 {
			panic(fmt.Sprintf("display: a colour must be one of 256, but is %q", word))
		}
		return tcell.PaletteColor(n)
	}
	if !both {
		few = many
	}
	n, ok := names[few]
	if !ok {
		panic(fmt.Sprintf("display: a colour must have one of the eight names, but is %q", word))
	}
	return tcell.PaletteColor(n)
}

// graphic is a style with parameters of SGR (ECMA-48, 8.3.117) in place of its colour and its attributes; what stands behind it
// stays.
func graphic(s tcell.Style, parameters string, colours int) tcell.Style {
	s = tcell.StyleDefault.Foreground(s.GetForeground()).Background(s.GetBackground())
	for p := range strings.SplitSeq(parameters, ";") {
		n, err := strconv.Atoi(p)
		switch {
		case err != nil:
		case n == 1:
			s = s.Bold(true)
		case n == 4:
			s = s.Underline(true)
		case n == 7:
			s = s.Reverse(true)
		case colours == 0:
		case 30 <= n && n <= 37:
			s = s.Foreground(tcell.PaletteColor(n - 30))
		case 90 <= n && n <= 97 && colours >= 256:
			s = s.Foreground(tcell.PaletteColor(n - 90 + 8))
		case 90 <= n && n <= 97:
			s = s.Foreground(tcell.PaletteColor(n - 90)).Bold(true)
		}
	}
	return s
}
