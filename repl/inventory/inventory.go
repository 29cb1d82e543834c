package inventory

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"cellsh/kernel"
	"cellsh/kernel/budget"
	"cellsh/kernel/connect"
	"cellsh/kernel/disk"
	"cellsh/kernel/monitor"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/output"
	"cellsh/kernel/service"
	"cellsh/lua/services"
	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

// Paths are where services are declared: those that are given, or without any the folder of the machine, if there is one.
func Paths(given []string, m *connect.Machine) []string {
	if len(given) > 0 {
		return given
	}
	folder := filepath.Join(filepath.Dir(m.BootFolder()), filepath.Base(services.Folder))
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return []string{folder}
}

// Read reads the services of paths, see [Paths], from files that only those can have changed who may start anything: root, and the
// caller. What print writes there goes to output.
func Read(paths []string, m *connect.Machine, output io.Writer) (*services.Set, diag.List) {
	trust := &disk.Trust{Owners: []int{0, os.Geteuid()}, Limit: syntax.MaxSource}
	return services.Read(Paths(paths, m), services.Options{Files: trust, Output: output})
}

// Names are those that are declared or have a folder in the run directory, by name.
func Names(set *services.Set, dir rundir.Dir) ([]string, error) {
	run, err := dir.Names()
	if err != nil {
		return nil, err
	}
	return together(set, run), nil
}

func together(set *services.Set, run []string) []string {
	known := slices.Concat(set.Graph.Names(), run)
	slices.Sort(known)
	return slices.Compact(known)
}

// Service is what there is to say of one.
type Service struct {
	rundir.Status
	// Declared says that a file declares it, Autostart that it is started with the machine.
	Declared  bool `json:"declared"`
	Autostart bool `json:"autostart"`
	// At is where it is declared.
	At diag.Span `json:"-"`
}

// Of is a service with what is declared of it. One that nothing is known of but that has the cell and the command that it would be
// started with.
func Of(set *services.Set, s rundir.Status) Service {
	out := Service{Status: s}
	if d := set.Graph.Find(s.Service); d != nil {
		out.Declared, out.Autostart, out.At = true, d.Autostart, d.At
		if s.Cell == "" {
			out.Cell, out.Command = d.Cell.Name, d.Command
		}
	}
	return out
}

// Runs reports whether something is left of it that can be stopped.
func (s *Service) Runs() bool { return s.Monitor != 0 || !s.State.Final() }

// Listed reports whether a list of the services of a kernel has it, by the place of that, "" for any: it is declared, or not stopped, and
// runs in no other kernel.
func (s *Service) Listed(place string) bool {
	elsewhere := place != "" && s.Kernel != "" && s.Kernel != place
	return !elsewhere && (s.Declared || s.State != service.Stopped)
}

// Watched tells of the cells of a kernel with services whose monitors watch them what they use of budgets, and which they exceed; the
// kernel is given by its place.
func Watched(list []*rundir.Status, place string) map[kernel.CellID]budget.Watched {
	out := map[kernel.CellID]budget.Watched{}
	for _, s := range list {
		if s.Monitor == 0 || s.Kernel != place || s.Unwatched != "" {
			continue
		}
		w := out[s.CellID]
		w.Over = append(w.Over, s.Over...)
		for name, use := range s.Uses {
			if w.Uses == nil {
				w.Uses = budget.Uses{}
			}
			w.Uses[name] += use
		}
		out[s.CellID] = w
	}
	return out
}

// Log is where the output of a service goes: as its monitor was told when it was started last, whatever is declared now; else as it
// is declared. One of Size 0 is kept in no file.
func Log(set *services.Set, dir rundir.Dir, name string) (service.Log, error) {
	log := service.Log{Size: 1}
	if d := set.Graph.Find(name); d != nil {
		log = d.Log
	}
	task, told, err := (&monitor.Manager{Dir: dir}).Task(name)
	if err != nil {
		return log, err
	}
	if told {
		log = task.Service.Log
	}
	if log.File == "" {
		log.File = output.File(dir.Log(), name)
	}
	return log, nil
}
