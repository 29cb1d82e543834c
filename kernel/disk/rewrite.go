package disk

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrChanged says that a file is no longer what it was when it was read.
var ErrChanged = errors.New("somebody else has changed it meanwhile")

// ErrLinked says that a file has other names, hard links, which would keep the old text.
var ErrLinked = errors.New("it has other names, which would keep the old text")

// Target is the file that a path leads to, past symbolic links. It is the same for every path to a file but for hard links.
func Target(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// Text is another text for a file that somebody keeps by hand: From is what it is believed to hold.
type Text struct {
	Path     string
	From, To []byte
}

// Unwritten is a file that could not be written, and why: [ErrChanged] if it does not hold what it is believed to, and [ErrLinked] if
// it has hard links, because only one of them could get the new text in one step.
type Unwritten struct {
	Path string
	Err  error
}

// Rewrite makes another text the content of a file that somebody keeps by hand, so that after a crash either the one is
// there or the other. The file keeps its mode and, where the caller may do that, its owner; a symbolic link stays one. The
// error is that of an [Unwritten].
func Rewrite(path string, from, to []byte) error {
	if wrong := RewriteAll([]Text{{path, from, to}}); wrong != nil {
		return wrong[0].Err
	}
	return nil
}

// RewriteAll is Rewrite for several files: nothing is changed unless all can be, and all problems are told. If one fails at the very
// last, when its text is there and only its name is to be given, those before it get their old texts again. A crash between two of
// them leaves the first changed and the second not.
func RewriteAll(texts []Text) (wrong []Unwritten) {
	staged := make([]staged, len(texts))
	for i, t := range texts {
		s, err := stage(t)
		if err != nil {
			wrong = append(wrong, Unwritten{t.Path, err})
		}
		staged[i] = s
	}
	for i := range staged {
		if wrong == nil {
			if err := staged[i].swap(); err != nil {
				wrong = append(wrong, Unwritten{texts[i].Path, err})
				for j := range i {
					if err := Rewrite(texts[j].Path, texts[j].To, texts[j].From); err != nil {
						wrong = append(wrong, Unwritten{texts[j].Path, err})
					}
				}
			}
		}
		staged[i].drop()
	}
	return wrong
}

// staged is a text in a file beside the one that it is for, which must hold what it is believed to.
type staged struct {
	temp, path string
	from       []byte
}

// same says whether the file holds what it is believed to.
func (s *staged) same() error {
	now, err := os.ReadFile(s.path)
	if err == nil && !bytes.Equal(now, s.from) {
		err = ErrChanged
	}
	return err
}

// stage writes a text beside its file, which is looked at.
func stage(t Text) (staged, error) {
	path, err := Target(t.Path)
	if err != nil {
		return staged{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return staged{}, err
	}
	if linked(info) {
		return staged{}, ErrLinked
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return staged{}, err
	}
	s := staged{temp.Name(), path, t.From}
	_, err = temp.Write(t.To)
	for _, finish := range []func() error{
		func() error { return chown(temp, info) },
		// After the owner, whose change takes away the bits that give rights.
		func() error {
			return temp.Chmod(info.Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky))
		},
		temp.Sync,
		s.same,
	} {
		if err == nil {
			err = finish()
		}
	}
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err != nil {
		s.drop()
		return staged{}, err
	}
	return s, nil
}

// swap gives the text the name of its file.
func (s *staged) swap() error {
	err := s.same()
	if err == nil {
		err = os.Rename(s.temp, s.path)
	}
	if err == nil {
		s.temp = ""
	}
	return err
}

// drop takes away what was not swapped.
func (s *staged) drop() {
	if s.temp != "" {
		os.Remove(s.temp)
		s.temp = ""
	}
}
