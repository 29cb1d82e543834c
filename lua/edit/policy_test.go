package edit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/lua/edit"
	"cellsh/lua/loader"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// policies reads a text as a load does.
func policies(text string) ([]*rules.Policy, diag.List) {
	set, problems := loader.LoadSources([]rules.Source{{File: "p.lua", Text: text}}, loader.Options{})
	return set.Policies, problems
}

// TestRewritePolicy: name and cells are changed where they are written, in the style of the text, and comments stay.
func TestRewritePolicy(t *testing.T) {
	for _, c := range []struct{ text, name, cells, want string }{
		{`policy "web" { cells = "web-*", deny = { "system" } }`, "shop", "", `policy "shop" { cells = "web-*", deny = { "system" } }`},
		{`policy('web', { cells = 'web-*', deny = { 'system' } }) -- so`, "shop", "a", `policy('shop', { cells = 'a', deny = { 'system' } }) -- so`},
		{"policy [[web]] {\n  cells = \"web-*\", -- the web\n  deny = { \"system\" },\n}\n", "shop", "a b", "policy \"shop\" {\n  cells = { \"a\", \"b\" }, -- the web\n  deny = { \"system\" },\n}\n"},
		{"policy \"web\" {\n  deny = { \"system\" }, -- all of it\n}\n", "", "a", "policy \"web\" {\n  deny  = { \"system\" }, -- all of it\n  cells = \"a\",\n}\n"},
		{"policy \"web\" {\n  cells = {\n    \"a\", -- first\n    \"b\", -- second\n  },\n  deny = { \"system\" },\n}\n", "", "b c",
			"policy \"web\" {\n  cells = {\n    -- first\n    \"b\", -- second\n    \"c\",\n  },\n  deny = { \"system\" },\n}\n"},
		{`policy "web" { cells = { "a", "b" }, deny = { "system" } }`, "x", "c", `policy "x" { cells = { "c" }, deny = { "system" } }`},
		{"local t = { cells = { \"a\" }, deny = { \"system\" } }\npolicy(\"web\", t)\n", "", "a b", "local t = { cells = { \"a\", \"b\" }, deny = { \"system\" } }\npolicy(\"web\", t)\n"},
	} {
		p, problems := policies(c.text)
		if problems.Failed() {
			t.Fatal(problems)
		}
		var cells []string
		if c.cells != "" {
			cells = strings.Fields(c.cells)
		}
		got, err := edit.RewritePolicy(edit.Read("p.lua", c.text), p[0].Span, c.name, cells)
		if err != nil || got != c.want {
			t.Errorf("%v: %q with %q and %q must be\n%s\nbut is\n%s", err, c.text, c.name, c.cells, c.want, got)
		}
	}
}

// TestRewriteRandom: whatever way cells are written in, they are those that were wanted afterwards, of that policy alone, and comments
// stay.
func TestRewriteRandom(t *testing.T) {
	names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c-*", "d", "e-1"}), 1, 4, rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		space := func() string {
			return rapid.SampledFrom([]string{" ", "\n  ", " --[[c]] ", " -- d\n"}).Draw(t, "space")
		}
		cells := func(list []string) string {
			if len(list) == 1 && rapid.Bool().Draw(t, "single") {
				return fmt.Sprintf("'%s'", list[0])
			}
			out := "{" + space()
			for i, c := range list {
				out += fmt.Sprintf("%q", c)
				if i < len(list)-1 || rapid.Bool().Draw(t, "comma") {
					out += rapid.SampledFrom([]string{",", ";"}).Draw(t, "separator")
				}
				out += space()
			}
			return out + "}"
		}
		one := func(name string) string {
			deny := "deny" + space() + "= { \"system.time\" },"
			if rapid.IntRange(0, 4).Draw(t, "all") == 0 {
				return "policy \"" + name + "\"" + space() + "{" + space() + deny + space() + "}\n"
			}
			return "policy \"" + name + "\"" + space() + "{ cells =" + space() + cells(names.Draw(t, "cells")) + "," + space() + deny + space() + "}\n"
		}
		text := one("one") + "-- between\n" + one("two")
		before, problems := policies(text)
		if problems.Failed() {
			t.Fatal(problems)
		}
		i := rapid.IntRange(0, 1).Draw(t, "which")
		want, name := names.Draw(t, "wanted"), rapid.SampledFrom([]string{"", "three"}).Draw(t, "name")
		got, err := edit.RewritePolicy(edit.Read("p.lua", text), before[i].Span, name, want)
		if err != nil {
			t.Fatal(err)
		}
		after, problems := policies(got)
		if problems.Failed() || len(after) != 2 {
			t.Fatalf("%v\n%s", problems, got)
		}
		p, q := after[i], after[1-i]
		if name == "" {
			name = before[i].Name
		}
		patterns := func(p *rules.Policy) (out []string) {
			for _, g := range p.Cells {
				out = append(out, g.Pattern)
			}
			return slices.Sorted(slices.Values(out))
		}
		if p.Name != name || !slices.Equal(patterns(p), slices.Sorted(slices.Values(want))) || q.Name != before[1-i].Name || !slices.Equal(patterns(q), patterns(before[1-i])) {
			t.Fatalf("wanted %s %v:\n%s\nbefore\n%s", name, want, got, text)
		}
		if was, now := edit.Comments("p.lua", text), edit.Comments("p.lua", got); !slices.Equal(was, now) {
			t.Fatalf("the comments were %q, and are %q:\n%s\nbefore\n%s", was, now, got, text)
		}
	})
}
