package change

import (
	"slices"
	"strings"
	"testing"

	"cellsh/policy/diag"
	"cellsh/repl/screen/model"
)

// TestReview: what somebody has written is shown with what it changes, and loaded so that nothing else is.
func TestReview(t *testing.T) {
	d := sit(t, "sim", map[string]string{"web.lua": web + `never "web reboots nothing" { cells = "web-*", "system.reboot" }` + "\n", "base.lua": base, "new.lua": base}, "web-1")
	d.run(0, "load", d.path("web.lua"), d.path("base.lua"))
	review := func(name string) (*model.Proposal, error) {
		return d.try(func() (*model.Proposal, error) { return d.Review(model.Review{File: d.path(name)}) })
	}
	for _, name := range []string{"web.lua", "new.lua", "none.lua"} {
		if p, err := review(name); p != nil || err != nil {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	before := d.loaded()
	text := strings.Replace(d.read("web.lua"), "if r.port == 80 then", "if r.port == 80 or r.port == 8080 then", 1)
	d.write("web.lua", text)
	p, err := review("web.lua")
	if err != nil || len(p.Files) != 0 || !slices.Equal(p.Load, []string{"load", d.path("web.lua"), d.path("base.lua")}) || p.Back != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	for _, want := range []string{"F5 loads it: load ", "\n+      if r.port == 80 or r.port == 8080 then return allow end\n", "now allow", "2 changes, 2 now allowed", "cell web-1: 2 changes"} {
		if !strings.Contains(p.Text, want) {
			t.Errorf("it must tell %q, but tells\n%s", want, p.Text)
		}
	}
	// Another file has changed too: only this one is loaded.
	d.write("base.lua", base+"-- more\n")
	if p, err = review("web.lua"); err != nil || !slices.Equal(p.Load, []string{"load", "--only", "web", d.path("web.lua")}) {
		t.Fatalf("%+v, %v", p, err)
	}
	d.run(0, append(slices.Clone(p.Load), "--confirm", "60s")...)
	want := *p
	want.Files = []model.File{{Name: d.path("web.lua"), After: text}}
	d.shown(&want, before, true)
	if !d.bind("web-1", 80, 8080) || d.bind("web-1", 80, 8081) {
		t.Error("the port must be allowed")
	}
	d.run(0, "rollback", "1")
	// What must never be allowed is not.
	d.write("web.lua", strings.Replace(text, `return deny, "not yours"`, "return allow", 1))
	if p, err := review("web.lua"); err == nil || !strings.Contains(diag.Of(err)[0].Message, "web reboots nothing") {
		t.Errorf("%+v, %v", p, err)
	}
	d.write("web.lua", text)
	d.ReadOnly = true
	if p, err = review("web.lua"); err != nil || p.Held == "" || !strings.Contains(p.Text, "It can't be loaded: with --readonly") {
		t.Errorf("%+v, %v", p, err)
	}
}
