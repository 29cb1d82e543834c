package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cellsh/kernel/disk"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/repl/flags"
	"cellsh/repl/starter"
)

func initCommand() *Command {
	return &Command{
		Name: "init", Args: "DIR", Short: "write policies to begin with", Without: []string{"policy", "k", "readonly", "timings"},
		Long: `Writes a folder to begin with: a base policy that refuses to every cell what no
service needs, the host's network and administration among it; a policy for a
service, which refuses all that it does not name; tests of both; and a Makefile
that checks, compares and loads them, and installs them for boot. A file that is
there already is never written over.

  cellsh init cells --service web
  cellsh check cells/policy.d
  cellsh test cells/policy.d
  cellsh try --policy cells/policy.d network.bind port=80`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			i := initiation{service: "web"}
			fs.Text(&i.service, "service", "NAME", "what the service is called, and its cells with it; web without it")
			return i.run
		},
	}
}

type initiation struct{ service string }

func (i *initiation) run(inv *Invocation) error {
	if len(inv.Args) != 1 {
		return usage("one folder must be given, but %d are", len(inv.Args))
	}
	if problem := policy.CheckName(i.service); problem != "" {
		return usage("--service %s", problem)
	}
	dir := inv.Args[0]
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return diag.List{{Span: diag.Span{File: dir}, Code: diag.Failed, Message: "it must be a folder, but is none"}}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return diag.List{{Span: diag.Span{File: dir}, Code: diag.Failed, Message: fmt.Sprintf("it must be a folder that can be made, but can't be: %s", disk.Cause(err))}}
	}
	files := starter.Files(i.service)
	var problems diag.List
	seen := map[string]bool{}
	for _, f := range files {
		path := filepath.Join(dir, f.Path)
		switch _, err := os.Lstat(path); {
		case seen[f.Path] || strings.ContainsAny(i.service[:1], ".-"):
			return usage("--service must be a name that a file of its own can have, but is %q", i.service)
		case err == nil:
			problems = append(problems, diag.Diagnostic{Span: diag.Span{File: path}, Code: diag.Failed, Message: "the file must not exist, but does", Hint: "init writes over nothing: give another folder, or remove it"})
		case !errors.Is(err, fs.ErrNotExist):
			problems = append(problems, diag.Diagnostic{Span: diag.Span{File: path}, Code: diag.Failed, Message: fmt.Sprintf("the file must be one that can be made, but can't be: %s", disk.Cause(err))})
		}
		seen[f.Path] = true
	}
	if len(problems) > 0 {
		return problems
	}
	var written []string
	for _, f := range files {
		path := filepath.Join(dir, f.Path)
		err := inv.Work.Firmly(func() error {
			err := write(path, f.Text)
			if err == nil {
				inv.Work.Changed(path + " is written")
				inv.Work.Saved()
			}
			return err
		})
		if err != nil {
			return diag.List{{Span: diag.Span{File: path}, Code: diag.Failed, Message: fmt.Sprintf("the file must be written, but is not: %s", disk.Cause(err))}}
		}
		if !inv.JSON {
			fmt.Fprintln(inv.Stdout, path)
		}
		written = append(written, path)
	}
	if inv.JSON {
		return inv.json(map[string]any{"written": written})
	}
	policies := shellWords([]string{filepath.Join(dir, "policy.d")})
	fmt.Fprintf(inv.Stdout, "next: cellsh check %s, cellsh test %s; then change %s and its test\n", policies, policies, shellWords([]string{filepath.Join(dir, "policy.d", i.service+".lua")}))
	fmt.Fprintf(inv.Stdout, "what a kernel answers that has them: cellsh try --policy %s network.bind port=80\n", policies)
	return nil
}

// write makes a file that does not exist, and the folders above it. Policies that others may write are not loaded at boot.
func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
