package change

import (
	"os"
	"slices"

	"cellsh/lua/learn"
	"cellsh/policy/rules"
	"cellsh/repl/screen/model"
	"cellsh/repl/show"
)

// Review says what a file that somebody has edited would change if it was loaded as it is now: nil if it is none of those that are loaded,
// or has the text that is. The error is a diag.List of what keeps it from being loaded.
func (c *Changer) Review(r model.Review) (*model.Proposal, error) {
	base, err := c.Host.Enforced()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(base.Set().Sources, func(s rules.Source) bool { return s.File == r.File })
	if i < 0 {
		return nil, nil
	}
	before := base.Set().Sources[i].Text
	text, err := os.ReadFile(r.File)
	if err != nil || string(text) == before {
		return nil, nil // who checks it has told what is wrong
	}
	after := string(text)
	now, err := c.Host.Rewritten(map[string]string{r.File: after})
	if err != nil {
		return nil, err
	}
	check, err := c.Host.Check(now)
	if err != nil {
		return nil, err
	}
	if check.Problems.Failed() {
		return nil, check.Problems
	}
	p := &model.Proposal{Title: "what " + r.File + " changes now"}
	return c.propose(p, []learn.File{{Name: r.File, Before: before, After: after}}, now, true, true, "", show.Difference(r.File, before, after))
}
