package loader

import (
	"errors"
	"io"

	"cellsh/lua/syntax"
)

// StandardInput is the path of standard input; ./- is a file of that name.
const StandardInput = "-"

// Standard is standard input as a policy file. It is read once, however often somebody asks for it, and where it is nil there
// is none to be had.
type Standard struct {
	from io.Reader
	read bool
	text string
	err  error
}

// NewStandard reads from there when it is asked for.
func NewStandard(from io.Reader) *Standard { return &Standard{from: from} }

// errNoStandard is why nothing can be read from standard input.
var errNoStandard = errors.New("standard input belongs to somebody else here; a file called - is ./-")

// file gives the text, or one that is longer than sources may be.
func (s *Standard) file() (string, error) {
	if s == nil {
		return "", errNoStandard
	}
	if !s.read {
		s.read = true
		var text []byte
		text, s.err = io.ReadAll(io.LimitReader(s.from, syntax.MaxSource+1))
		s.text = string(text)
	}
	return s.text, s.err
}

// withStandard reads files, and standard input.
type withStandard struct {
	Files
	standard *Standard
}

func (f withStandard) ReadDir(path string) (names []string, folder bool, err error) {
	if path == StandardInput {
		return nil, false, nil
	}
	return f.Files.ReadDir(path)
}

func (f withStandard) ReadFile(path string) (string, error) {
	if path == StandardInput {
		return f.standard.file()
	}
	return f.Files.ReadFile(path)
}
