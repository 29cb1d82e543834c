package command

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"cellsh/lua/assist"
	"cellsh/lua/loader"
	"cellsh/lua/services"
	"cellsh/lua/syntax"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/policy/study"
	"cellsh/repl/flags"
	"cellsh/repl/lsp"
)

func lspCommand() *Command {
	return &Command{
		Name: "lsp", Short: "serve an editor", Without: []string{"policy", "readonly", "json", "timings"},
		Long: `Speaks the Language Server Protocol with an editor on standard input and output.
While policies, services, tests and scripts are written it tells what is wrong
with them, as check does, and it completes names of requests, the fields that
the request of a function carries, names of values and keys; it says what names
mean, finds where they are declared, renames locals, and formats as fmt does.
Policies are checked without the proof; scripts and tests are read and not run.

docs/editors.md has the lines for vim, neovim, emacs and VS Code. The exit code
is 0 if the editor ended it as the protocol says.

  cellsh lsp < messages`,
		Setup: func(*flags.Set) func(*Invocation) error { return serve },
	}
}

func serve(inv *Invocation) error {
	if len(inv.Args) > 0 {
		return usage("lsp takes no arguments, but is given %s", flags.Word(inv.Args[0]))
	}
	if inv.Session != nil {
		return usage("an editor must start the server, but a session does")
	}
	reader, err := inv.reader()
	if err != nil {
		return err
	}
	cells, err := inv.live()
	if err != nil {
		return err
	}
	code := lsp.Serve(lsp.Options{In: inv.Stdin, Out: inv.Stdout, Files: loader.Disk(), Cells: cells, After: inv.After, Version: inv.Version,
		Analyse: func(sources []rules.Source, files loader.Files) diag.List {
			return analyse(reader, cells, sources, files)
		}})
	if code != OK {
		return quiet{code}
	}
	return nil
}

// analyse gives the problems of a document.
func analyse(reader loader.Reader, cells []string, sources []rules.Source, files loader.Files) diag.List {
	if len(sources) == 1 && assist.Serves(syntax.Read(sources[0].File, sources[0].Text)) {
		return analyseServices(sources[0], files)
	}
	// Standard output belongs to the protocol.
	reader.Files, reader.Output = files, io.Discard
	check, err := reader.Load(sources).Check(study.CheckOptions{Live: cells, NoProof: true})
	if err != nil {
		return diag.Of(err)
	}
	return check.Problems
}

// analyseServices gives what is wrong with a file of services, which may name those of the files beside it.
func analyseServices(source rules.Source, files loader.Files) diag.List {
	sources := []rules.Source{source}
	if filepath.IsAbs(source.File) {
		// What can't be read of the others is no problem of this one.
		others, _ := loader.ReadServices([]string{filepath.Dir(source.File)}, files)
		for _, o := range others {
			if o.File != source.File && assist.Serves(syntax.Read(o.File, o.Text)) {
				sources = append(sources, o)
			}
		}
		slices.SortFunc(sources, func(a, b rules.Source) int { return strings.Compare(a.File, b.File) })
	}
	_, problems := services.Load(sources, services.Options{Files: files})
	return slices.DeleteFunc(problems, func(d diag.Diagnostic) bool { return d.File != source.File && d.File != "" })
}
