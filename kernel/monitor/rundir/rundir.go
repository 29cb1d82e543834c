package rundir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"unicode/utf8"

	"cellsh/kernel"
	"cellsh/kernel/disk"
	"cellsh/kernel/process"
	"cellsh/kernel/service"
	"cellsh/policy"
)

// Dir is a run directory, by its path, which should be absolute.
type Dir string

// Default is the run directory of the running system.
const Default Dir = "/var/run/cellsh"

// services is the folder below which each service has one.
const services = "service"

// Folder is that of one service.
type Folder struct {
	dir  Dir
	Name string
}

// Service is the folder of a service of that name, which may not exist.
func (d Dir) Service(name string) Folder { return Folder{d, name} }

// Names are the services that have a folder, by name. A directory that does not exist has none.
func (d Dir) Names() ([]string, error) {
	names, folder, err := trust().ReadDir(filepath.Join(string(d), services))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, unusable(string(d), err)
	case !folder:
		return nil, unusable(string(d), errors.New("it has no folder service"))
	}
	var list []string
	for _, n := range names {
		if policy.CheckName(n) == "" {
			list = append(list, n)
		}
	}
	return list, nil
}

// Log is the folder for the output of services. For the running system it is /var/log/cellsh: what is in /var/run is gone after
// a boot, and with it the last words of a service.
func (d Dir) Log() string {
	if d == Default {
		return "/var/log/cellsh"
	}
	return filepath.Join(string(d), "log")
}

// watch is the file that is held by who watches.
const watch = "watch"

// ClaimWatch makes this process the one that watches what happens, until it calls release, as it must in the end, or dies. The
// directory is made if it does not exist. The error is a *disk.BusyError if there is one already.
func (d Dir) ClaimWatch() (release func(), err error) {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return nil, unusable(string(d), err)
	}
	if _, _, err := trust().ReadDir(string(d)); err != nil {
		return nil, unusable(string(d), err)
	}
	release, err = disk.Claim(filepath.Join(string(d), watch))
	if err != nil && !errors.As(err, new(*disk.BusyError)) {
		err = unusable(string(d), err)
	}
	return release, err
}

// Watcher is the process that has claimed to watch, as the kernel says; 0 if none has. That process itself must not ask.
func (d Dir) Watcher() (int, error) {
	pid, err := disk.Claimant(filepath.Join(string(d), watch))
	if err != nil {
		return 0, unusable(string(d), err)
	}
	return pid, nil
}

// maxFile is how long a file may be: a command may have as many arguments as execve(2) takes.
const maxFile = 4 << 20

// trust is in files that nobody else can have changed: they say which processes are signalled.
func trust() *disk.Trust { return &disk.Trust{Owners: []int{0, os.Geteuid()}, Limit: maxFile} }

func unusable(path string, err error) error {
	e := &kernel.Error{Op: "use the run directory " + path, Text: "it must be usable, but: " + disk.Cause(err).Error()}
	if errors.Is(err, fs.ErrPermission) {
		e.Text = "it must belong to the caller, but does not"
		if uid := os.Geteuid(); uid != 0 {
			e.Text = fmt.Sprintf("the caller must be root of the host, but is uid %d", uid)
		}
	}
	return e
}

// Path of the folder.
func (f Folder) Path() string { return filepath.Join(string(f.dir), services, f.Name) }

func (f Folder) file(name string) string { return filepath.Join(f.Path(), name) }

// Control is the path of the monitor's socket.
func (f Folder) Control() string { return f.file("control") }

// Make makes the folder, for the caller alone, and looks whether it can be trusted.
func (f Folder) Make() error {
	if text := policy.CheckName(f.Name); text != "" {
		return &kernel.Error{Op: "use service " + f.Name, Text: "the name " + text}
	}
	if err := os.MkdirAll(f.Path(), 0o700); err != nil {
		return unusable(string(f.dir), err)
	}
	if _, _, err := trust().ReadDir(f.Path()); err != nil {
		return unusable(string(f.dir), err)
	}
	return nil
}

// Remove takes the folder away with all that is in it. Nobody may have claimed it.
func (f Folder) Remove() error {
	if err := os.RemoveAll(f.Path()); err != nil {
		return unusable(string(f.dir), err)
	}
	return nil
}

// Claim makes this process the monitor of the service until it calls release, as it must in the end, or dies. The error is a
// *disk.BusyError if there is one.
func (f Folder) Claim() (release func(), err error) { return disk.Claim(f.file("claim")) }

// Monitor is the process that watches over the service, as the kernel says; 0 if none does. The monitor itself must not ask.
func (f Folder) Monitor() (int, error) {
	pid, err := disk.Claimant(f.file("claim"))
	if err != nil {
		return 0, unusable(string(f.dir), err)
	}
	return pid, nil
}

// read reads a file of the folder; false if there is none.
func (f Folder) read(name string) (text string, found bool, err error) {
	text, err = trust().ReadFile(f.file(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", false, nil
	case err != nil:
		return "", false, unusable(string(f.dir), err)
	case len(text) > maxFile:
		return "", false, unusable(string(f.dir), fmt.Errorf("%s is too large", f.file(name)))
	}
	return text, true, nil
}

func (f Folder) write(name string, v any) error {
	text, err := json.Marshal(v)
	if err == nil {
		err = disk.Swap(f.file(name), append(text, '\n'))
	}
	if err != nil {
		return unusable(string(f.dir), err)
	}
	return nil
}

// DamagedError says that a file is not what its writer has written.
type DamagedError struct{ Path string }

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s must be as it was written, but is damaged", e.Path)
}

// ReadStatus gives what was last told of the service; false if nothing was. The error may be a *DamagedError.
func (f Folder) ReadStatus() (s Status, found bool, err error) {
	text, found, err := f.read("status")
	if err != nil || !found {
		return s, found, err
	}
	if !utf8.ValidString(text) || json.Unmarshal([]byte(text), &s) != nil || s.Service != f.Name {
		return Status{}, true, &DamagedError{f.file("status")}
	}
	return s, true, nil
}

// Stamp tells one status from the next without reading either. The zero value is that of none.
type Stamp struct{ info fs.FileInfo }

// Stamp of the status as it is now.
func (f Folder) Stamp() Stamp {
	info, err := os.Stat(f.file("status"))
	if err != nil {
		return Stamp{}
	}
	return Stamp{info}
}

// Is reports whether nothing was told between the two.
func (s Stamp) Is(o Stamp) bool {
	if s.info == nil || o.info == nil {
		return s.info == nil && o.info == nil
	}
	return os.SameFile(s.info, o.info) && s.info.Size() == o.info.Size() && s.info.ModTime().Equal(o.info.ModTime())
}

// WriteStatus tells of the service. It is for who has claimed it.
func (f Folder) WriteStatus(s *Status) error { return f.write("status", s) }

// ClearStatus forgets what was told. It is for who has claimed the service.
func (f Folder) ClearStatus() error {
	if err := os.Remove(f.file("status")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unusable(string(f.dir), err)
	}
	return nil
}

// WriteSession notes the process that will lead the session of the command. It is for who has claimed the service.
func (f Folder) WriteSession(k process.Key) error { return f.write("session", k) }

// ReadSession gives that process; false if there is none. The error may be a *DamagedError.
func (f Folder) ReadSession() (k process.Key, found bool, err error) {
	text, found, err := f.read("session")
	if err != nil || !found {
		return k, found, err
	}
	if json.Unmarshal([]byte(text), &k) != nil || k.PID <= 1 || k.Born == "" {
		return process.Key{}, true, &DamagedError{f.file("session")}
	}
	return k, true, nil
}

// WriteWitnesses notes other processes of that session: as long as one of them lives the session is what it was, also when the
// one that began it is gone. It is for who has claimed the service.
func (f Folder) WriteWitnesses(list []process.Key) error { return f.write("witnesses", list) }

// ReadWitnesses gives them. What is damaged is none.
func (f Folder) ReadWitnesses() ([]process.Key, error) {
	text, _, err := f.read("witnesses")
	var list []process.Key
	if err != nil || json.Unmarshal([]byte(text), &list) != nil {
		return nil, err
	}
	return list, nil
}

// WriteTask keeps what the monitor was told to do. It is for who has claimed the service.
func (f Folder) WriteTask(task any) error { return f.write("command", task) }

// ReadTask gives it; false if there is none. The error may be a *DamagedError.
func (f Folder) ReadTask(task any) (found bool, err error) {
	text, found, err := f.read("command")
	if err != nil || !found {
		return found, err
	}
	if json.Unmarshal([]byte(text), task) != nil {
		return true, &DamagedError{f.file("command")}
	}
	return true, nil
}

// ClearSession says that no process is left of the session.
func (f Folder) ClearSession() error {
	for _, name := range []string{"witnesses", "session"} {
		if err := os.Remove(f.file(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return unusable(string(f.dir), err)
		}
	}
	return nil
}

// Look gives the status as it is true now: of a service whose monitor was killed the state is Lost, and one that nothing is known
// of is Stopped. The error is a *DamagedError if only the monitor, which is alive, can tell.
func (f Folder) Look() (Status, error) {
	for {
		monitor, err := f.Monitor()
		if err != nil {
			return Status{}, err
		}
		s, err := f.look(monitor)
		again, gone := f.Monitor()
		if gone != nil {
			return Status{}, gone
		}
		if again == monitor {
			return s, err
		}
		// What was read is partly of one monitor and partly of another one, or of none.
	}
}

func (f Folder) look(monitor int) (Status, error) {
	s, _, err := f.ReadStatus()
	damaged := errors.As(err, new(*DamagedError))
	s.Service, s.Monitor = f.Name, monitor
	if monitor != 0 || err != nil && !damaged {
		return s, err
	}
	// Nobody lives who could have more to say: what is damaged says nothing. A session is believed before a status.
	_, left, err := f.ReadSession()
	if err != nil && !errors.As(err, new(*DamagedError)) {
		return s, err
	}
	if left || !s.State.Final() {
		s.State, s.Why = service.Lost, "its monitor was killed"
	}
	return s, nil
}
