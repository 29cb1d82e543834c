package change

import (
	"slices"
	"strings"
	"testing"

	"cellsh/policy/diag"
	"cellsh/repl/screen/model"
)

// TestRewrite: a policy gets another name and other cells in its file, and what that changes is shown before, cell by cell.
func TestRewrite(t *testing.T) {
	d := sit(t, "sim", map[string]string{"web.lua": web, "base.lua": base}, "web-1", "shop-1")
	d.run(0, "load", d.dir)
	before := d.loaded()
	p := d.propose(func() (*model.Proposal, error) {
		return d.Rewrite(model.Rewrite{Policy: "web", Name: "shop", Cells: "shop-*, extra"})
	})
	for _, want := range []string{"\n-policy \"web\" {\n", "\n+policy \"shop\" {\n", "\n+  cells = { \"shop-*\", \"extra\" },\n", "cell shop-1: gets policy shop", "cell web-1: loses policy web", "now denied", "F5 writes it, and loads it: load " + d.dir + "\n"} {
		if !strings.Contains(p.Text, want) {
			t.Errorf("it must tell %q, but tells\n%s", want, p.Text)
		}
	}
	if err := d.Write(p); err != nil {
		t.Fatal(err)
	}
	if got, want := d.read("web.lua"), strings.Replace(strings.Replace(web, `"web" {`, `"shop" {`, 1), `"web-*"`, `{ "shop-*", "extra" }`, 1); got != want {
		t.Errorf("%s", got)
	}
	d.run(0, append(slices.Clone(p.Load), "--confirm", "60s")...)
	d.shown(p, before, false)
	if d.reboot("shop-1") || !d.reboot("web-1") {
		t.Error("the policy must hold shop-1, and web-1 no more")
	}
	d.run(0, "rollback", "1")
	if !d.reboot("shop-1") || d.reboot("web-1") {
		t.Error("it must be as before")
	}
}

// TestRewriteOrder: the order of cells says nothing, and neither does one that is given twice; for all cells there are none.
func TestRewriteOrder(t *testing.T) {
	d := sit(t, "sim", map[string]string{"web.lua": strings.Replace(web, `"web-*"`, `{ "a", "b" }`, 1), "base.lua": base}, "web-1")
	d.run(0, "load", d.dir)
	for _, c := range []struct{ cells, want string }{{"c b a a", `{ "a", "b", "c" }`}, {"b a", ""}, {"b", `{ "b" }`}} {
		p, err := d.try(func() (*model.Proposal, error) { return d.Rewrite(model.Rewrite{Policy: "web", Cells: c.cells}) })
		if (err != nil) != (c.want == "") || err == nil && !strings.Contains(p.Files[0].After, "cells = "+c.want+",") {
			t.Errorf("%s: %+v, %v", c.cells, p, err)
		}
	}
	p := d.propose(func() (*model.Proposal, error) { return d.Rewrite(model.Rewrite{Policy: "base", Name: "all"}) })
	if p.Files[0].After != strings.Replace(base, `"base"`, `"all"`, 1) {
		t.Errorf("%s", p.Files[0].After)
	}
}

// TestRewriteRefused: what can't be meant, is not written there, or must never be allowed.
func TestRewriteRefused(t *testing.T) {
	const file = `local name = "calc" .. "ulated"
policy(name, { cells = "db-*", deny = { "system.reboot" } })
policy "listed" { cells = { "a", "b" .. "c" }, deny = { "system.reboot" } }
for _, n in ipairs{ "x", "y" } do policy(n, { cells = "n-*", deny = { "system.time" } }) end
policy "guard" { cells = "web-*", deny = { "system.mknod" } }
never "web makes no nodes" { cells = "web-*", "system.mknod" }
`
	d := sit(t, "sim", map[string]string{"web.lua": file, "base.lua": "policy \"base\" { deny = { \"system.chroot\" } }\n"}, "web-1")
	d.run(0, "load", d.dir)
	at := d.path("web.lua")
	for _, c := range []struct {
		r    model.Rewrite
		says string
	}{
		{model.Rewrite{Policy: "calculated", Name: "other"}, at + ":2:8: error: the name of a policy must be written as a string to be changed, but is calculated"},
		{model.Rewrite{Policy: "listed", Cells: "a"}, at + ":3:27: error: the cells of a policy must be written there as strings to be changed, but are calculated"},
		{model.Rewrite{Policy: "x", Cells: "m-*"}, "the change must be for policy x alone"},
		{model.Rewrite{Policy: "guard", Cells: "db-*"}, "web makes no nodes"},
		{model.Rewrite{Policy: "guard", Name: "base"}, "base"},
		{model.Rewrite{Policy: "guard", Name: "gu ard"}, "gu ard"},
		{model.Rewrite{Policy: "gurad", Name: "x2"}, "did you mean guard?"},
		{model.Rewrite{Policy: "guard", Name: "guard", Cells: "web-*"}, "would stay as it is"},
	} {
		_, err := d.try(func() (*model.Proposal, error) { return d.Rewrite(c.r) })
		if err == nil {
			t.Errorf("%+v must be refused", c.r)
			continue
		}
		var b strings.Builder
		if diag.Write(&b, diag.Of(err)); !strings.Contains(b.String(), c.says) {
			t.Errorf("%+v must be refused with %q, but is with\n%s", c.r, c.says, b.String())
		}
	}
	if d.read("web.lua") != file {
		t.Error("nothing must be written")
	}
}

// TestRewritePart: where a policy can't be renamed without more than that becoming different, it is not loaded.
func TestRewritePart(t *testing.T) {
	d := sit(t, "sim", map[string]string{"web.lua": web, "base.lua": base}, "web-1")
	d.run(0, "load", d.dir)
	d.write("base.lua", base+"-- more\n")
	p := d.propose(func() (*model.Proposal, error) { return d.Rewrite(model.Rewrite{Policy: "web", Name: "shop"}) })
	if p.Load != nil || !strings.Contains(p.Unloaded, "other policies or assertions would be loaded") || !strings.Contains(p.Text, "cells looked at") {
		t.Errorf("%v, %s\n%s", p.Load, p.Unloaded, p.Text)
	}
	p = d.propose(func() (*model.Proposal, error) { return d.Rewrite(model.Rewrite{Policy: "web", Cells: "web-1"}) })
	if !slices.Equal(p.Load, []string{"load", "--only", "web", d.path("web.lua")}) {
		t.Errorf("%v, %s", p.Load, p.Unloaded)
	}
}
