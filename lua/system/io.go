package system

import (
	"os"

	"cellsh/lua/library"
	"cellsh/lua/value"
)

// anyFile is an argument that must be a file, open or not.
func anyFile(a *library.Args, i int) *File {
	f, ok := a.Get(i).(*File)
	if !ok {
		a.Must(i, "a file")
		return &File{closed: true}
	}
	return f
}

// fileArg is an argument that must be an open file.
func fileArg(a *library.Args, i int) *File {
	f := anyFile(a, i)
	if a.Err() == nil && f.closed {
		a.Wrong(i, "an open file", "is closed")
	}
	return f
}

// method is a function of an open file, which is the first argument.
func method(call func(f *File, a *library.Args, m library.Meter) []value.Value) body {
	return func(a *library.Args, m library.Meter) []value.Value {
		f := fileArg(a, 1)
		if a.Err() != nil {
			return nil
		}
		return call(f, a, m)
	}
}

// methods of files. The file is the first argument.
var methods = map[string]body{
	"file.close": method(func(f *File, a *library.Args, _ library.Meter) []value.Value { return f.closeTold(a) }),
	"file.flush": func(a *library.Args, _ library.Meter) []value.Value {
		fileArg(a, 1)
		return yes
	},
	"file.read": method(func(f *File, a *library.Args, m library.Meter) []value.Value { return f.read(a, m, 2) }),
	"file.seek": method(func(f *File, a *library.Args, _ library.Meter) []value.Value { return f.seek(a) }),
	"file.setvbuf": func(a *library.Args, _ library.Meter) []value.Value {
		fileArg(a, 1)
		switch a.String(2) {
		case "no", "full", "line":
		default:
			a.Must(2, `"no", "full" or "line"`)
		}
		a.OptInteger(3, 0)
		return yes
	},
	"file.write": method(func(f *File, a *library.Args, m library.Meter) []value.Value { return f.write(a, m, 2) }),
	"file.__tostring": func(a *library.Args, _ library.Meter) []value.Value {
		text, _ := anyFile(a, 1).Text()
		return one(value.String(text))
	},
}

// opened is a file, or nil, a text and a number.
func opened(name string, f *File, err error) []value.Value {
	if err != nil {
		return refused(name, err)
	}
	return one(f)
}

func (s *System) files() map[string]body {
	// standard is io.input and io.output: it sets the file, opening it if it is given by name, and gives it.
	standard := func(file **File, mode string) body {
		return func(a *library.Args, _ library.Meter) []value.Value {
			if a.Absent(1) {
				return one(*file)
			}
			if f, ok := a.Get(1).(*File); ok {
				*file = f
				return one(f)
			}
			name := a.String(1)
			if a.Err() != nil {
				return nil
			}
			f, err := open(name, mode)
			if err != nil {
				a.Fail("%s", refused(name, err)[1].(value.String))
				return nil
			}
			*file = f
			return one(f)
		}
	}
	// current is the file of io.read and io.write, which must be open.
	current := func(a *library.Args, f *File) *File {
		if f.closed {
			a.Fail("the file must be open, but is closed: name another with io.input or io.output")
		}
		return f
	}
	return map[string]body{
		"io.close": func(a *library.Args, _ library.Meter) []value.Value {
			f := s.out
			if a.Len() > 0 {
				f = fileArg(a, 1)
			} else {
				current(a, f)
			}
			if a.Err() != nil {
				return nil
			}
			return f.closeTold(a)
		},
		"io.flush": func(a *library.Args, _ library.Meter) []value.Value {
			current(a, s.out)
			return yes
		},
		"io.input":  standard(&s.in, "r"),
		"io.output": standard(&s.out, "w"),
		"io.open": func(a *library.Args, _ library.Meter) []value.Value {
			name, mode := a.String(1), a.OptString(2, "r")
			if a.Err() != nil {
				return nil
			}
			f, err := open(name, mode)
			return opened(name, f, err)
		},
		"io.popen": func(a *library.Args, _ library.Meter) []value.Value {
			text, mode := a.String(1), a.OptString(2, "r")
			if a.Err() != nil {
				return nil
			}
			f, err := s.pipe(text, mode)
			return opened(text, f, err)
		},
		"io.read": func(a *library.Args, m library.Meter) []value.Value {
			if f := current(a, s.in); a.Err() == nil {
				return f.read(a, m, 1)
			}
			return nil
		},
		"io.tmpfile": func(*library.Args, library.Meter) []value.Value {
			file, err := os.CreateTemp("", "lua_")
			if err != nil {
				return refused("", err)
			}
			// The file lives on until it is closed.
			if err := os.Remove(file.Name()); err != nil {
				return refused("", err)
			}
			return one(fileOf(file, os.O_RDWR))
		},
		"io.type": func(a *library.Args, _ library.Meter) []value.Value {
			f, ok := a.Any(1).(*File)
			switch {
			case !ok:
				return none
			case f.closed:
				return one(value.String("closed file"))
			}
			return one(value.String("file"))
		},
		"io.write": func(a *library.Args, m library.Meter) []value.Value {
			if f := current(a, s.out); a.Err() == nil {
				return f.write(a, m, 1)
			}
			return nil
		},
	}
}
