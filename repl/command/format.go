package command

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"cellsh/kernel/disk"
	"cellsh/lua/format"
	"cellsh/lua/loader"
	"cellsh/lua/syntax"
	"cellsh/policy/diag"
	"cellsh/policy/progress"
	"cellsh/policy/report"
	"cellsh/policy/rules"
	"cellsh/policy/study"
	"cellsh/repl/flags"
	"cellsh/repl/show"
)

func fmtCommand() *Command {
	return &Command{
		Name: "fmt", Args: "PATH...", Short: "write Lua in one style", Without: []string{"policy", "k", "readonly", "timings"},
		Long: `Gives policies, tests and scripts in one style: two spaces, one statement on a
line, lines of at most 100 characters where they can be broken, = and comments
in columns. Comments, single empty lines and the line breaks in tables and calls
stay, and what the Lua means does too: it is read again and compared. Of a
folder all *.lua are formatted; - is standard input.

Without a flag the text is written out. A file with errors is left alone, and
what is wrong with it is told, and -w leaves one with hard links alone; the exit
code is 1 then, and with -d where anything would change.

  cellsh fmt -d /etc/cellsh/policy.d
  cellsh fmt -w web.lua web_test.lua
  cellsh fmt - < web.lua`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var o formatting
			fs.Switch(&o.difference, "d", "show what would change, as diff -u does")
			fs.Switch(&o.write, "w", "write the files that change")
			return o.run
		},
	}
}

// formatting is the flags of fmt.
type formatting struct{ difference, write bool }

// stdin is the path of standard input.
const stdin = "-"

func (flags *formatting) run(inv *Invocation) error {
	if len(inv.Args) == 0 {
		return usage("a path must be given, or - for standard input")
	}
	if flags.write && slices.Contains(inv.Args, stdin) {
		return usage("-w writes files, but - is standard input")
	}
	sources, problems, err := inv.sources()
	if err != nil {
		return err
	}
	changed := []string{}
	for i, s := range sources {
		inv.Work.At(progress.Step{Doing: "formatting", Of: s.File, Done: i, Total: len(sources)})
		text, wrong := format.Source(s.File, s.Text)
		if wrong == nil && flags.write && text != s.Text {
			wrong = written(s.File, inv.rewrite(s.File, s.Text, text))
		}
		problems = append(problems, wrong...)
		if wrong != nil {
			continue
		}
		if text != s.Text {
			changed = append(changed, s.File)
		}
		switch {
		case inv.JSON:
		case flags.difference:
			fmt.Fprint(inv.Stdout, show.Difference(s.File, s.Text, text))
		case !flags.write:
			fmt.Fprint(inv.Stdout, text)
		}
	}
	if inv.JSON {
		if err := inv.json(map[string]any{"ok": !problems.Failed(), "changed": changed, "diagnostics": report.List(problems)}); err != nil {
			return err
		}
	} else {
		_ = inv.Style.Problems(inv.Stderr, problems)
	}
	if problems.Failed() || flags.difference && len(changed) > 0 {
		return quiet{Failed}
	}
	return nil
}

// rewrite writes a file anew, and is not stopped half-way.
func (inv *Invocation) rewrite(file, old, text string) error {
	return inv.Work.Firmly(func() error {
		err := disk.Rewrite(file, []byte(old), []byte(text))
		if err == nil {
			inv.Work.Changed(file + " is written")
			inv.Work.Saved()
		}
		return err
	})
}

// sources are the texts of the paths that were given. A file that several of them lead to is there once, by the first:
// written under one name, it would be another file than the one that was read under the next.
func (inv *Invocation) sources() ([]rules.Source, diag.List, error) {
	var all []rules.Source
	var problems diag.List
	seen := map[string]bool{}
	for _, path := range inv.Args {
		if path == stdin {
			text, err := io.ReadAll(io.LimitReader(inv.Stdin, syntax.MaxSource+1))
			if err != nil {
				return nil, nil, fmt.Errorf("standard input must be readable, but is not: %w", disk.Cause(err))
			}
			all = append(all, rules.Source{File: stdin, Text: string(text)})
			continue
		}
		sources, wrong := loader.ReadAll([]string{path})
		problems = append(problems, wrong...)
		for _, s := range sources {
			target, err := disk.Target(s.File)
			if err != nil {
				target = s.File // It was removed after it was read; writing it says so.
			}
			if !seen[target] {
				seen[target] = true
				all = append(all, s)
			}
		}
	}
	return all, problems, nil
}

// written says why a file could not be written, nil if it was.
func written(file string, err error) diag.List {
	if err == nil {
		return nil
	}
	d := diag.Diagnostic{Span: diag.Span{File: file}, Code: diag.Failed, Message: fmt.Sprintf("the file must be writable, but is not: %s", disk.Cause(err))}
	switch {
	case errors.Is(err, disk.ErrChanged):
		d.Message = "the file must be as it was read, but somebody else has changed it meanwhile"
	case errors.Is(err, disk.ErrLinked):
		d.Message = "the file must have one name to be written, but has hard links, which would keep the old text"
		d.Hint = "write it by hand: cellsh fmt " + study.QuoteWord(file)
	}
	return diag.List{d}
}
