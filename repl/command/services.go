package command

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"cellsh/kernel/disk"
	"cellsh/kernel/monitor/rundir"
	"cellsh/lua/services"
	"cellsh/lua/syntax"
	"cellsh/policy/diag"
	"cellsh/repl/flags"
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

// read gives the services, from files that only those can have changed who may start anything: root, and the caller. Where no
// path is given and there is no folder there are none.
func (f *serviceFlags) read(inv *Invocation) (*services.Set, diag.List) {
	trust := &disk.Trust{Owners: []int{0, os.Geteuid()}, Limit: syntax.MaxSource}
	paths := f.paths
	if len(paths) == 0 {
		folder := filepath.Join(filepath.Dir(inv.Machine.BootFolder()), filepath.Base(services.Folder))
		if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
			paths = []string{folder}
		}
	}
	return services.Read(paths, services.Options{Files: trust, Output: inv.Stderr})
}
