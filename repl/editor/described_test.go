package editor

import (
	"slices"
	"strings"
	"testing"
)

// Every key that does something is described, and those that are described do that.
func TestDescribedKeys(t *testing.T) {
	told := map[KeyName]bool{KeyText: true, KeyPaste: true, KeyTooLong: true}
	for _, d := range Keys() {
		for _, n := range d.names {
			told[n] = true
		}
		for _, k := range d.Keys {
			var sent string
			switch {
			case k == "Ctrl-X Ctrl-E":
				sent = "\x18\x05"
			case len(k) == len("Ctrl-A") && strings.HasPrefix(k, "Ctrl-"):
				sent = string(rune(k[len(k)-1] & 0x1f))
			case len(k) == len("Alt-A") && strings.HasPrefix(k, "Alt-"):
				sent = "\x1b" + strings.ToLower(k[len(k)-1:])
			default:
				continue // terminals differ in them
			}
			var in keys
			got := in.feed([]byte(sent))
			if len(got) != 1 || d.names != nil && !slices.Contains(d.names, got[0].Name) {
				t.Errorf("%s is not what is described as %q, but %v", k, d.Does, got)
			}
		}
	}
	check := func(sent string, n KeyName) {
		if !told[n] {
			t.Errorf("%q does something that is not described", sent)
		}
	}
	for c, n := range controls {
		check(string(rune(c)), n)
	}
	for c, n := range escaped {
		check("ESC "+string(rune(c)), n)
	}
	for c, n := range extended {
		check("Ctrl-X "+string(rune(c)), n)
	}
	for s, n := range sequences {
		check("ESC ["+s, n)
	}
}
