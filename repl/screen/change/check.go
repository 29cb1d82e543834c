package change

import (
	"os"
	"slices"
	"strings"

	"cellsh/lua/services"
	"cellsh/lua/syntax"
	"cellsh/policy/diag"
	"cellsh/policy/study"
)

// Check says what is wrong with a file of policies or of services, as the command check does, with the line of the first error in that
// file; "" and 0 if nothing is. An error that is in another file, a module, has no line here.
func (c *Changer) Check(file string) (wrong string, line int) {
	var problems diag.List
	if ofServices(file) {
		_, problems = services.Read([]string{file}, services.Options{})
	} else {
		problems = c.checkPolicies(file)
	}
	problems = slices.DeleteFunc(problems, func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
	var b strings.Builder
	_ = diag.Write(&b, problems)
	for _, d := range problems {
		if d.Span.File == file && line == 0 {
			line = max(d.Span.Line, 1)
		}
	}
	return b.String(), line
}

func (c *Changer) checkPolicies(file string) diag.List {
	p := c.Reader.Read([]string{file})
	if p.Loading.Failed() {
		return p.Loading
	}
	live, err := c.Host.LiveNames()
	if err != nil {
		return diag.Of(err)
	}
	check, err := p.Check(study.CheckOptions{Live: live, Unasked: !c.Host.Evaluates(), ErrorsOnly: true})
	if err != nil {
		return diag.Of(err)
	}
	return check.Problems
}

// ofServices reports whether a file is one of services: it has the word service, and none of those of policies.
func ofServices(file string) bool {
	text, err := os.ReadFile(file)
	if err != nil {
		return false // whoever reads it says so
	}
	has := map[string]bool{}
	for _, t := range syntax.Read(file, string(text)).Tokens {
		has[t.Text] = has[t.Text] || t.Kind == syntax.Name
	}
	return has["service"] && !has["policy"] && !has["never"]
}
