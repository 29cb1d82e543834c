package tree

import (
	"strings"
	"testing"
)

func program() *Node {
	condition := New(Truth, "($ and $)", New(Truth, "a"), New(Truth, "not $", New(Truth, "bb")))
	inner := Sequence(New(Statement, "x = $", New(Number, "($ + $)", New(Number, "17"), New(Number, "y"))), New(Statement, "z()"))
	other := New(Optional, "else$", Sequence(New(Statement, "w()")))
	return Sequence(New(Statement, "local x"), New(Statement, "if $ then$$end", condition, inner, other), New(Statement, "return x"))
}

func TestText(t *testing.T) {
	want := "local x\nif (a and not bb) then\n  x = (17 + y)\n  z()\nelse\n  w()\nend\nreturn x\n"
	if got := program().String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := List(New(Number, "1"), New(Number, "2")).String() + List().String() + List(New(Number, "3")).String(); got != "1, 23" {
		t.Error(got)
	}
}

func TestShrink(t *testing.T) {
	for _, c := range []struct {
		needed []string
		want   string
	}{
		{nil, "\n"},
		{[]string{"17"}, "x = 17\n"},
		{[]string{"z()", "bb"}, "if bb then\n  z()\nend\n"},
		{[]string{"w()"}, "w()\n"},
		{[]string{"local x", "return x"}, "local x\nreturn x\n"},
		{[]string{"if", "else"}, "if true then\nelse\nend\n"},
	} {
		p := program()
		holds := func() bool {
			for _, text := range c.needed {
				if !strings.Contains(p.String(), text) {
					return false
				}
			}
			return true
		}
		asked := Shrink(p, 1000, holds)
		if got := p.String(); got != c.want || asked > 200 {
			t.Errorf("%q: asked %d times for\n%s", c.needed, asked, got)
		}
	}
	p := program()
	if asked := Shrink(p, 3, func() bool { return false }); asked != 3 || p.String() != program().String() {
		t.Errorf("asked %d times for\n%s", asked, p)
	}
}
