package secmodel

import "testing"

// TestRevisions checks the table: every revision has a name of its own, and keeps what earlier ones of the same model have.
func TestRevisions(t *testing.T) {
	names := map[string]bool{}
	for r := Revision(1); r <= numRevisions; r++ {
		p := r.Properties()
		if p.Name == "" || p.Source == "" || names[p.Name] {
			t.Errorf("revision %d: %+v", r, p)
		}
		names[p.Name] = true
		if p.Supported != (r >= Early) {
			t.Errorf("%s: supported is %v", r, p.Supported)
		}
		if found, ok := ParseRevision(p.Name); ok != p.Supported || ok && found != r {
			t.Errorf("%s is found as %v, %v", p.Name, found, ok)
		}
		before := (r - 1).Properties()
		for what, kept := range map[string][2]bool{
			"supported": {before.Supported, p.Supported}, "limits": {before.Limits, p.Limits}, "full reply": {before.FullReply, p.FullReply},
			"checks text": {before.ChecksText, p.ChecksText}, "logs denials": {before.LogsDenials, p.LogsDenials},
			"holds root": {before.HoldsRoot, p.HoldsRoot}, "exact destroy": {before.ExactDestroy, p.ExactDestroy},
			"hides unfinished": {before.HidesUnfinished, p.HidesUnfinished},
		} {
			if kept[0] && !kept[1] {
				t.Errorf("%s lacks what %s has: %s", r, r-1, what)
			}
		}
	}
	if _, ok := ParseRevision("may"); ok {
		t.Error("may is a revision")
	}
	if got := RevisionNames(); got != "early, april, interim or current" {
		t.Errorf("the names are %q", got)
	}
	if none := Revision(0); none.String() != "unknown" || none.Properties() != (Properties{}) {
		t.Errorf("no revision is %s, %+v", none, none.Properties())
	}
}

func TestProfiles(t *testing.T) {
	for _, p := range Profiles {
		if found, ok := ParseProfile(p.String()); !ok || found != p {
			t.Errorf("%s is found as %v, %v", p, found, ok)
		}
	}
	if _, ok := ParseProfile("host"); ok {
		t.Error("host is a profile")
	}
}
