package change

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"cellsh/kernel/disk"
	"cellsh/lua/assist"
	"cellsh/lua/services"
	"cellsh/lua/syntax"
	"cellsh/policy/diag"
	"cellsh/policy/study"
)

// Check says what is wrong with a file of policies or of services, as the command check does, with the line of the first error in that
// file; "" and 0 if nothing is. An error that is in another file, a module, has no line here.
func (c *Changer) Check(file string) (wrong string, line int) {
	problems := c.check(file)
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

// check says what is wrong with a file of policies or of services. Of another only what keeps it from being read is.
func (c *Changer) check(file string) diag.List {
	text, err := os.ReadFile(file)
	if err != nil {
		return diag.List{{Span: diag.Span{File: file, Line: 1}, Code: diag.FileRead, Message: fmt.Sprintf("a file must be readable, but is not: %s", disk.Cause(err))}}
	}
	switch f := syntax.Read(file, string(text)); {
	case assist.Serves(f):
		_, problems := services.Read([]string{file}, services.Options{Output: c.Output})
		return problems
	case !assist.Declares(f):
		return f.Problems
	}
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
