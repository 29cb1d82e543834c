package display

import (
	"fmt"
	"strings"
)

// Terminal is what one can.
type Terminal struct {
	// Colours is how many it has: 0, 8 or 256.
	Colours int
	// Window says that it is one of those that have another screen to draw on, a mouse, and marks around what is pasted.
	Window bool
	// HidesCursor says that its cursor can be hidden (DECTCEM).
	HidesCursor bool
	// UTF8 says that characters beyond ASCII are understood.
	UTF8 bool
}

// kinds are terminals by the begins of their names; the first that fits counts.
var kinds = []struct {
	begin string
	Terminal
}{
	{"xterm", window}, {"screen", window}, {"tmux", window}, {"rxvt", window}, {"st-", window}, {"foot", window}, {"alacritty", window}, {"kitty", window},
	{"wezterm", window}, {"konsole", window}, {"gnome", window}, {"vte", window}, {"iterm", window}, {"ghostty", window}, {"contour", window}, {"mintty", window},
	{"Eterm", window},
	{"wsvt25m", Terminal{HidesCursor: true}}, {"wsvt", console}, {"linux", console}, {"cons25", console}, {"pcvt", console}, {"teken", console},
	{"vt100", Terminal{}}, {"vt102", Terminal{}},
}

var (
	window  = Terminal{Colours: 8, Window: true, HidesCursor: true}
	console = Terminal{Colours: 8, HidesCursor: true}
)

// Choose finds out what the terminal can, from TERM, the locale (LC_ALL, LC_CTYPE, LANG) and NO_COLOR. One that no cursor can be
// moved on is refused, in a sentence. Of a name that is not known no more is taken for granted than a VT220 could.
func Choose(getenv func(string) string) (Terminal, error) {
	name := getenv("TERM")
	switch name {
	case "", "dumb", "unknown", "network", "dialup":
		if name == "" {
			return Terminal{}, fmt.Errorf("the screen must have a terminal whose cursor can be moved, but TERM is not set")
		}
		return Terminal{}, fmt.Errorf("the screen must have a terminal whose cursor can be moved, but TERM is %s", name)
	}
	t := Terminal{HidesCursor: true}
	for _, k := range kinds {
		if strings.HasPrefix(name, k.begin) || name == "st" && k.begin == "st-" {
			t = k.Terminal
			break
		}
	}
	if t.Window && (strings.Contains(name, "256color") || strings.Contains(name, "direct") || windowsWithMore[name]) {
		t.Colours = 256
	}
	if strings.HasSuffix(name, "-mono") || strings.HasSuffix(name, "-m") || getenv("NO_COLOR") != "" {
		t.Colours = 0
	}
	t.UTF8 = UTF8(getenv)
	return t, nil
}

// windowsWithMore are terminals with 256 colours whose names do not say so.
var windowsWithMore = map[string]bool{"foot": true, "alacritty": true, "kitty": true, "xterm-kitty": true, "wezterm": true, "xterm-ghostty": true, "ghostty": true, "contour": true}

// UTF8 reports whether the locale says that text is UTF-8. Where none is set it does not: that is how NetBSD's console comes up,
// which has eight bits.
func UTF8(getenv func(string) string) bool {
	locale := ""
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale = getenv(name); locale != "" {
			break
		}
	}
	_, charset, _ := strings.Cut(locale, ".")
	charset, _, _ = strings.Cut(strings.ToLower(charset), "@")
	return charset == "utf-8" || charset == "utf8"
}
