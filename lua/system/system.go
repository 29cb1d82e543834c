package system

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"cellsh/lua/library"
	"cellsh/lua/value"
)

// Options for New. The zero value reads nothing and writes nowhere.
type Options struct {
	// In, Out and Err are the standard files; nil is an empty one, or one that discards.
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Zone is the time zone; nil is the system's.
	Zone *time.Location
	// Settle, if not nil, is called before a function tells anybody outside of the machine anything: before files are opened,
	// written, closed, removed or renamed, and before commands run. Its error is that of the function, which then does nothing.
	Settle func() error
	// Patience is how long a command may take; 0 is for ever. One that takes longer is killed with its process group, and the
	// function raises an error: os.execute itself, and for io.popen what reads, writes or closes its file. With it commands lead
	// process groups of their own.
	Patience time.Duration
	// Context kills commands once it is done, as if they had taken too long; nil is never. It counts if there is a Patience.
	Context context.Context
}

// telling are the functions that do, or can do, what others see.
var telling = []string{"os.execute", "os.remove", "os.rename", "os.tmpname", "io.open", "io.output", "io.input", "io.popen", "io.write", "io.close", "file.write", "file.close"}

// System is what the functions share: the files that are read and written where none is named, and the random numbers.
// It is not safe for concurrent use.
type System struct {
	options Options
	// Stdin, Stdout and Stderr are the standard files.
	Stdin, Stdout, Stderr *File
	// in and out are the files of io.read and io.write.
	in, out   *File
	random    *rand.Rand
	functions library.Set
}

// New makes the functions. Random numbers are the same every time until math.randomseed is called, as in C.
func New(o Options) *System {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	s := &System{options: o, functions: library.Clock(o.Now, o.Zone)}
	s.Stdin, s.Stdout, s.Stderr = input(o.In), output(o.Out), output(o.Err)
	s.in, s.out = s.Stdin, s.Stdout
	s.seed(1)
	for _, part := range []map[string]body{s.system(), s.numbers(), s.files(), methods} {
		for name, call := range part {
			s.functions[name] = call.function(name)
		}
	}
	if o.Settle != nil {
		for _, name := range telling {
			s.functions[name] = s.settled(s.functions[name])
		}
	}
	return s
}

// Functions are those of os, io and math that are here, by their names, and the methods of files as "file.read". They are
// not safe for concurrent use.
func (s *System) Functions() library.Set { return s.functions }

// body is a function that reads its arguments by Args: what they have as error counts after it.
type body func(a *library.Args, m library.Meter) []value.Value

func (b body) function(name string) *library.Function {
	return &library.Function{Name: name, Call: func(m library.Meter, args []value.Value) ([]value.Value, error) {
		a := library.NewArgs(name, m, args)
		results := b(a, m)
		if err := a.Err(); err != nil {
			return nil, err
		}
		return results, nil
	}}
}

// settled is a function that settles before it does anything.
func (s *System) settled(f *library.Function) *library.Function {
	with := *f
	with.Call = func(m library.Meter, args []value.Value) ([]value.Value, error) {
		if err := s.options.Settle(); err != nil {
			return nil, err
		}
		return f.Call(m, args)
	}
	return &with
}

func one(v value.Value) []value.Value { return []value.Value{v} }

var (
	none = one(value.Nil{})
	yes  = one(value.Bool(true))
)

// refused is nil, a text and a number: what Lua says of an error of the operating system. The name is that of the file, ""
// for none.
func refused(name string, err error) []value.Value {
	number := syscall.Errno(0)
	text := err.Error()
	if errors.As(err, &number) {
		text = number.Error()
	}
	if name != "" {
		text = name + ": " + text
	}
	return []value.Value{value.Nil{}, value.String(text), value.Number(number)}
}

func done(name string, err error) []value.Value {
	if err != nil {
		return refused(name, err)
	}
	return yes
}

// lateExit is how long it may take until what a killed command has opened is closed: others may have it.
const lateExit = time.Second

// command is a command of the shell with the standard files. Late gives an error once it was killed because it took too long; end
// must be called when it has ended.
func (s *System) command(text string) (cmd *exec.Cmd, late func() error, end func()) {
	if s.options.Patience == 0 {
		cmd = exec.Command("/bin/sh", "-c", text)
		late, end = func() error { return nil }, func() {}
	} else {
		ctx := s.options.Context
		if ctx == nil {
			ctx = context.Background()
		}
		ctx, cancel := context.WithTimeout(ctx, s.options.Patience)
		cmd = exec.CommandContext(ctx, "/bin/sh", "-c", text)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		var killed atomic.Bool
		cmd.Cancel = func() error {
			killed.Store(true)
			return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
		cmd.WaitDelay = lateExit
		late = func() error {
			if killed.Load() {
				return fmt.Errorf("a command must end within %s, but did not and was killed", s.options.Patience)
			}
			return nil
		}
		end = cancel
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.options.In, s.options.Out, s.options.Err
	return cmd, late, end
}

// locales are the categories of setlocale(3): Lua in cellsh is always in the locale C.
var locales = map[string]bool{"all": true, "collate": true, "ctype": true, "monetary": true, "numeric": true, "time": true}

func (s *System) system() map[string]body {
	return map[string]body{
		"os.clock": func(*library.Args, library.Meter) []value.Value {
			var usage syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
				return one(value.Number(-1))
			}
			return one(value.Number(time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()))
		},
		"os.execute": func(a *library.Args, _ library.Meter) []value.Value {
			if a.Absent(1) {
				return one(value.Number(1))
			}
			text := a.String(1)
			if a.Err() != nil {
				return nil
			}
			cmd, late, end := s.command(text)
			err := cmd.Run()
			end()
			if err := late(); err != nil {
				a.Fail("%s", err)
				return nil
			}
			if cmd.ProcessState == nil {
				return refused("", err)
			}
			status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if !ok {
				return one(value.Number(cmd.ProcessState.ExitCode() << 8))
			}
			return one(value.Number(status))
		},
		"os.getenv": func(a *library.Args, _ library.Meter) []value.Value {
			if v, ok := os.LookupEnv(a.String(1)); ok {
				return one(value.String(v))
			}
			return none
		},
		"os.remove": func(a *library.Args, _ library.Meter) []value.Value {
			name := a.String(1)
			if a.Err() != nil {
				return nil
			}
			return done(name, os.Remove(name))
		},
		"os.rename": func(a *library.Args, _ library.Meter) []value.Value {
			from, to := a.String(1), a.String(2)
			if a.Err() != nil {
				return nil
			}
			return done(from, os.Rename(from, to))
		},
		"os.setlocale": func(a *library.Args, _ library.Meter) []value.Value {
			name, of := a.OptString(1, "C"), a.OptString(2, "all")
			if !locales[of] {
				a.Wrong(2, "all, collate, ctype, monetary, numeric or time", "is "+fmt.Sprintf("%q", of))
			}
			switch name {
			case "", "C", "POSIX":
				return one(value.String("C"))
			}
			return none
		},
		"os.tmpname": func(a *library.Args, _ library.Meter) []value.Value {
			f, err := os.CreateTemp("", "lua_")
			if err == nil {
				err = f.Close()
			}
			if err != nil {
				a.Fail("os.tmpname must make a file, but can't: %s", err)
				return nil
			}
			return one(value.String(f.Name()))
		},
	}
}
