package command

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"

	"cellsh/lua/trial"
	"cellsh/policy/diag"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func testCommand() *Command {
	return &Command{
		Name: "test", Args: "PATH...", Short: "run the tests of policies", Without: []string{"policy"},
		Long: `Runs the *_test.lua files of folders, test files, or those beside policy files.
The policies of a test file's folder are tested together. A test file says

  test("web servers bind their ports", function()
    local answer = decide{ cell = "web-1", request = "network.bind.privport", port = 80 }
    assert(answer.result == "grant", answer.reason)
  end)

  cases("sockets", { cell = "web-1", request = "network.socket.open",
    { type = "stream", expect = allow },
    { type = "raw", expect = deny, reason = "no raw sockets" },
  })

and fails with an explanation of what was decided. Coverage counts the outcomes
of tests in policies, and their answers, not lines; --threshold makes less than
so many percent a failure, and lists what is missing.`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var o trials
			fs.Text(&o.pattern, "run", "REGEXP", "run the tests whose name matches REGEXP")
			fs.Switch(&o.verbose, "v", "show every test, and what coverage misses")
			fs.Percent(&o.threshold, "threshold", "PERCENT", "fail if less than PERCENT is covered")
			return o.run
		},
	}
}

// trials is the flags of test.
type trials struct {
	pattern   string
	verbose   bool
	threshold float64
}

func (flags *trials) run(inv *Invocation) error {
	if len(inv.Args) == 0 {
		return usage("a path must be given")
	}
	reader, err := inv.reader()
	if err != nil {
		return err
	}
	o := trial.Options{Reader: reader, Now: inv.Now}
	if flags.pattern != "" {
		re, err := regexp.Compile(flags.pattern)
		var malformed *syntax.Error
		if errors.As(err, &malformed) {
			return usage("--run must be a regular expression, but is %q: %s `%s`", flags.pattern, malformed.Code, malformed.Expr)
		}
		o.Run = re
	}
	if !inv.JSON {
		o.Finished = func(r trial.Result) { fmt.Fprint(inv.Stdout, resultText(r, flags.verbose)) }
	}
	report := trial.Run(inv.Args, o)
	percent := report.Percent()
	short := percent < flags.threshold
	if inv.JSON {
		if err := inv.json(report.Report()); err != nil {
			return err
		}
	} else {
		diag.Write(inv.Stderr, report.Problems)
		fmt.Fprintf(inv.Stdout, "%s passed, %d failed\n", human.Plural(report.Passed(), "test"), report.Failed())
		if o.Run == nil && report.Total > 0 {
			fmt.Fprintf(inv.Stdout, "coverage: %.1f%%, %d of %d outcomes\n", percent, report.Covered, report.Total)
			if flags.verbose || short {
				for _, p := range report.Missing {
					fmt.Fprintf(inv.Stdout, "  missing: %s: policy %s: %s\n", p.Span, p.Policy, p)
				}
			}
		}
		if short {
			fmt.Fprintf(inv.Stderr, "coverage must be at least %g%%, but is %.1f%%\n", flags.threshold, percent)
		}
	}
	if !report.OK() || short {
		return quiet{Failed}
	}
	if len(report.Results) == 0 {
		if !inv.JSON {
			fmt.Fprintln(inv.Stderr, "no test was run")
		}
		return quiet{Failed}
	}
	return nil
}

func resultText(r trial.Result, verbose bool) string {
	var b strings.Builder
	if r.Problem == nil {
		if verbose {
			fmt.Fprintf(&b, "ok    %s: %s (%s)\n", r.File, r.Name, r.Took.Round(time.Microsecond))
		}
		return b.String()
	}
	fmt.Fprintf(&b, "FAIL  %s: %s (%s)\n", r.File, r.Name, r.Took.Round(time.Microsecond))
	diag.Write(&b, diag.List{*r.Problem})
	if e := r.Explanation; e != nil {
		text := explainText(e, nil, false)
		b.WriteString("  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n")
	}
	return b.String()
}
