package outlet

import (
	"errors"
	"fmt"
	"io/fs"
	"log/syslog"
	"os"

	"cellsh/kernel/disk"
)

// Place takes whole lines.
type Place interface {
	// Put keeps a line, which ends with a newline, whole or not at all as far as that can be had.
	Put(line []byte) error
	// Close gives the place up.
	Close() error
	// String is the place in messages.
	String() string
}

// file is a file that grows. Each line is one write(2) at its end, so that several programs can share it.
type file struct {
	path string
	f    *os.File
	// torn says that the file does not end with a newline: somebody was stopped, or the disk was full, within a line.
	torn bool
}

// File opens a file to which lines are added; it is made for the user alone if it does not exist. Before each line the name is
// looked at: where it leads to another file than before, or to none, that is opened, or made. So a file that is renamed, as
// newsyslog(8) does, gets no more lines after that, and no signal is needed; one that is emptied gets the next line at its
// beginning.
func File(path string) (Place, error) {
	p := &file{path: path}
	return p, p.open()
}

func (p *file) String() string { return p.path }

func (p *file) open() error {
	if p.f != nil {
		p.f.Close() // there is nothing in it that is not written
		p.f = nil
	}
	f, err := os.OpenFile(p.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	p.f, p.torn = f, false
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, info.Size()-1); err != nil {
		return err
	}
	p.torn = last[0] != '\n'
	return nil
}

// moved reports whether the name leads to another file than the one that is open.
func (p *file) moved() (bool, error) {
	if p.f == nil {
		return true, nil
	}
	now, err := os.Stat(p.path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	mine, err := p.f.Stat()
	return err == nil && !os.SameFile(now, mine), err
}

func (p *file) Put(line []byte) error {
	moved, err := p.moved()
	if err == nil && moved {
		err = p.open()
	}
	if err != nil {
		return err
	}
	if p.torn {
		// What is there of a line stays alone on its own.
		line = append([]byte{'\n'}, line...)
	}
	n, err := p.f.Write(line)
	switch {
	case err == nil:
		p.torn = false
	case n > 0:
		p.torn = !p.torn || n > 1
	}
	return err
}

func (p *file) Close() error {
	if p.f == nil {
		return nil
	}
	return p.f.Close()
}

// system is the system's log.
type system struct{ w *syslog.Writer }

// Syslog gives lines to syslogd(8), with the facility authpriv, the priority notice and the tag cellsh. Syslogd may cut lines
// that are longer than 1,024 bytes (RFC 3164), and says nothing about those that it drops. The error says that there is none.
func Syslog() (Place, error) {
	return dial(func() (*syslog.Writer, error) { return syslog.New(syslog.LOG_AUTHPRIV|syslog.LOG_NOTICE, "cellsh") })
}

func dial(open func() (*syslog.Writer, error)) (Place, error) {
	w, err := open()
	if err != nil {
		return nil, errors.New("nobody takes messages at /dev/log, /var/run/syslog or /var/run/log: syslogd(8) is not running")
	}
	return &system{w}, nil
}

func (*system) String() string          { return "syslog" }
func (s *system) Put(line []byte) error { _, err := s.w.Write(line); return err }
func (s *system) Close() error          { return s.w.Close() }

// Options of New.
type Options struct {
	// Tell is told, in a sentence without a full stop, that lines can't be kept, once for each reason in a row; and how many were
	// not once they can be again.
	Tell func(string)
	// Gap is the line that stands for so many that could not be kept, and why.
	Gap func(lost uint64, why string) []byte
}

// Lines writes to a place, and counts what it does not take. It is not safe for concurrent use.
type Lines struct {
	place Place
	o     Options
	// lost and why are those since the place last took a line; why is "" while it takes lines. Total are all decisions that could
	// not be written.
	lost, total uint64
	why         string
}

// New writes to the place, which Close closes.
func New(p Place, o Options) *Lines { return &Lines{place: p, o: o} }

// Write keeps the line of a decision, or counts it.
func (l *Lines) Write(line []byte) {
	if !l.keep(line) {
		l.lost++
		l.total++
	}
}

// Note keeps a line that stands for so many decisions which were lost before. If it can't, they are in the next gap.
func (l *Lines) Note(line []byte, lost uint64) {
	if !l.keep(line) {
		l.lost += lost
	}
}

// keep keeps a line, after one for what was lost before it.
func (l *Lines) keep(line []byte) bool {
	if l.why != "" {
		if !l.put(l.o.Gap(l.lost, l.why)) {
			return false
		}
		l.o.Tell(fmt.Sprintf("%s takes decisions again; %d were not written", l.place, l.lost))
		l.lost, l.why = 0, ""
	}
	return l.put(line)
}

func (l *Lines) put(line []byte) bool {
	err := l.place.Put(line)
	if err == nil {
		return true
	}
	if why := disk.Cause(err).Error(); why != l.why {
		l.why = why
		l.o.Tell(fmt.Sprintf("%s can't be written: %s; decisions that are missing there are counted", l.place, why))
	}
	return false
}

// Close gives the place up. It is an error if lines were not kept.
func (l *Lines) Close() error {
	err := l.place.Close()
	if l.total > 0 {
		text := fmt.Sprintf("all decisions must be written to %s, but %d were not", l.place, l.total)
		if l.why != "" {
			text += ": " + l.why
		}
		return errors.New(text)
	}
	return err
}
