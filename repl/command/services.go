package command

import (
	"cmp"
	"path/filepath"

	"cellsh/kernel/monitor/rundir"
	"cellsh/lua/services"
	"cellsh/policy/diag"
	"cellsh/repl/flags"
	"cellsh/repl/inventory"
)

// serviceFlags are those of commands about services: where they are declared, and where their state is.
type serviceFlags struct {
	paths []string
	run   string
}

func (f *serviceFlags) declare(fs *flags.Set) {
	fs.List(&f.paths, "services", "PATH", "the services are those of PATH, a file or folder, instead of "+services.Folder+"; repeats")
	fs.Text(&f.run, "run-dir", "DIR", "their state is in DIR instead of "+string(rundir.Default))
}

// dir is the run directory.
func (f *serviceFlags) dir(inv *Invocation) (rundir.Dir, error) {
	// Monitors do not work where their starter does.
	path, err := filepath.Abs(cmp.Or(f.run, string(inv.Machine.RunDir())))
	return rundir.Dir(path), err
}

// read gives the services that are declared.
func (f *serviceFlags) read(inv *Invocation) (*services.Set, diag.List) {
	return inventory.Read(f.paths, &inv.Machine, inv.Stderr)
}
