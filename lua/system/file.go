package system

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"cellsh/lua/library"
	"cellsh/lua/value"
)

// File is a file of Lua. It is not safe for concurrent use.
type File struct {
	// Handle is what a machine knows the file by; New leaves it to the machine.
	Handle any

	reader   *bufio.Reader
	writer   io.Writer
	seeker   io.Seeker
	closer   io.Closer
	standard bool
	closed   bool
	// command is what the file is a pipe to, nil for other files; late says that it took too long, and end follows its end.
	command *exec.Cmd
	late    func() error
	end     func()
}

// lateNow makes the error that the command took too long, if it did.
func (f *File) lateNow(a *library.Args) {
	if f.late == nil {
		return
	}
	if err := f.late(); err != nil {
		a.Fail("%s", err)
	}
}

// Type is UserdataType.
func (*File) Type() value.Type { return value.UserdataType }

// Text is what tostring gives.
func (f *File) Text() (string, error) {
	if f.closed {
		return "file (closed)", nil
	}
	return fmt.Sprintf("file (%p)", f), nil
}

// input and output are standard files.
func input(r io.Reader) *File {
	if r == nil {
		r = strings.NewReader("")
	}
	return &File{reader: bufio.NewReader(r), standard: true}
}

func output(w io.Writer) *File {
	if w == nil {
		w = io.Discard
	}
	return &File{writer: w, standard: true}
}

// modes of io.open, as open(2) has them.
var modes = map[string]int{
	"r": os.O_RDONLY, "r+": os.O_RDWR, "w": os.O_WRONLY | os.O_CREATE | os.O_TRUNC, "w+": os.O_RDWR | os.O_CREATE | os.O_TRUNC,
	"a": os.O_WRONLY | os.O_CREATE | os.O_APPEND, "a+": os.O_RDWR | os.O_CREATE | os.O_APPEND,
}

func open(name, mode string) (*File, error) {
	flags, ok := modes[strings.Replace(mode, "b", "", 1)]
	if !ok || strings.HasPrefix(mode, "b") {
		return nil, errMode
	}
	file, err := os.OpenFile(name, flags, 0o666)
	if err != nil {
		return nil, err
	}
	return fileOf(file, flags), nil
}

var errMode = errors.New("a mode must be r, w or a, with + and b behind it or not, but is another")

func fileOf(file *os.File, flags int) *File {
	f := &File{seeker: file, closer: file}
	if flags&os.O_WRONLY == 0 {
		f.reader = bufio.NewReader(file)
	}
	if flags&(os.O_WRONLY|os.O_RDWR) != 0 {
		f.writer = file
	}
	return f
}

// pipe is a file that is a command's output, or its input.
func (s *System) pipe(text, mode string) (*File, error) {
	cmd, late, end := s.command(text)
	f := &File{command: cmd, late: late, end: end}
	switch mode {
	case "r":
		cmd.Stdout = nil
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		f.reader, f.closer = bufio.NewReader(out), out
	case "w":
		cmd.Stdin = nil
		in, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		f.writer, f.closer = in, in
	default:
		return nil, errMode
	}
	if err := cmd.Start(); err != nil {
		end()
		return nil, err
	}
	return f, nil
}

// closeTold is close that makes an error of a command that took too long.
func (f *File) closeTold(a *library.Args) []value.Value {
	defer f.lateNow(a)
	return f.close()
}

func (f *File) close() []value.Value {
	if f.standard {
		return []value.Value{value.Nil{}, value.String("a standard file can't be closed")}
	}
	f.closed = true
	err := f.closer.Close()
	if f.command != nil {
		// How it ended is not told.
		_ = f.command.Wait()
		f.end()
		err = nil
	}
	return done("", err)
}

// settle brings the position of the file to where reading is, before it is written to.
func (f *File) settle() error {
	if f.reader == nil || f.seeker == nil || f.reader.Buffered() == 0 {
		return nil
	}
	_, err := f.seeker.Seek(int64(-f.reader.Buffered()), io.SeekCurrent)
	f.forget()
	return err
}

// forget throws away what was read ahead.
func (f *File) forget() {
	if f.reader != nil && f.seeker != nil {
		f.reader.Reset(f.seeker.(io.Reader))
	}
}

func (f *File) write(a *library.Args, m library.Meter, from int) []value.Value {
	if f.writer == nil {
		return refused("", errWriting)
	}
	if err := f.settle(); err != nil {
		return refused("", err)
	}
	for i := from; i <= a.Len(); i++ {
		s := a.String(i)
		if a.Err() != nil {
			return nil
		}
		if err := work(m, len(s)); err != nil {
			a.Stop(err)
			return nil
		}
		if _, err := io.WriteString(f.writer, s); err != nil {
			f.lateNow(a)
			return refused("", err)
		}
	}
	return yes
}

var (
	errWriting = errors.New("a file that is written to must be open for writing, but is not")
	errReading = errors.New("a file that is read must be open for reading, but is not")
)

// work counts bytes that are read or written.
func work(m library.Meter, size int) error { return m.Work(1 + size/64) }

// read reads by the formats that are the arguments from one on, a line where there are none: up to the first that fails.
func (f *File) read(a *library.Args, m library.Meter, from int) []value.Value {
	if f.reader == nil {
		return refused("", errReading)
	}
	defer f.lateNow(a)
	if a.Len() < from {
		return f.one(a, m, format{line: true})
	}
	var results []value.Value
	for i := from; i <= a.Len(); i++ {
		form := formatOf(a, i)
		if a.Err() != nil {
			return nil
		}
		got := f.one(a, m, form)
		if results = append(results, got...); a.Err() != nil || len(got) != 1 || (got[0] == value.Nil{}) {
			break
		}
	}
	return results
}

// format is what is read: a number, a line, all, or so many bytes.
type format struct {
	number, line, all bool
	bytes             int
}

func formatOf(a *library.Args, i int) format {
	if _, ok := a.Get(i).(value.Number); ok {
		return format{bytes: max(a.Integer(i), 0)}
	}
	switch s := a.String(i); {
	case strings.HasPrefix(s, "*n"):
		return format{number: true}
	case strings.HasPrefix(s, "*l"):
		return format{line: true}
	case strings.HasPrefix(s, "*a"):
		return format{all: true}
	}
	a.Must(i, `a number of bytes, "*n", "*l" or "*a"`)
	return format{}
}

// one reads one format: nil at the end of the file, or nil, a text and a number for an error.
func (f *File) one(a *library.Args, m library.Meter, form format) []value.Value {
	var text string
	var err error
	switch {
	case form.number:
		n, ok, err := f.number()
		if err != nil {
			return refused("", err)
		}
		if !ok {
			return none
		}
		return one(n)
	case form.line:
		text, err = f.until(m, '\n', -1)
		if err == io.EOF && text == "" {
			return none
		}
		text = strings.TrimSuffix(text, "\n")
	case form.all:
		text, err = f.until(m, -1, -1)
	case form.bytes == 0:
		if _, err := f.reader.Peek(1); err == io.EOF {
			return none
		} else if err != nil {
			return refused("", err)
		}
	default:
		text, err = f.until(m, -1, form.bytes)
		if err == io.EOF && text == "" {
			return none
		}
	}
	var stopped stopError
	switch {
	case errors.As(err, &stopped):
		a.Stop(stopped.error)
		return nil
	case err != nil && err != io.EOF:
		return refused("", err)
	}
	return one(value.String(text))
}

// stopError is an error of the meter.
type stopError struct{ error }

// All is the rest of the file.
func (f *File) All() (string, error) {
	if f.reader == nil {
		return "", errReading
	}
	b, err := io.ReadAll(f.reader)
	return string(b), err
}

// until reads up to a byte and with it, to a number of bytes, or to the end, -1 for none of them. The error is io.EOF at the
// end, or a stopError.
func (f *File) until(m library.Meter, end, most int) (string, error) {
	var b strings.Builder
	told := 0
	for most < 0 || b.Len() < most {
		if _, err := f.reader.Peek(1); err != nil {
			return b.String(), err
		}
		part, _ := f.reader.Peek(f.reader.Buffered())
		if most >= 0 {
			part = part[:min(len(part), most-b.Len())]
		}
		ended := false
		if end >= 0 {
			if i := bytes.IndexByte(part, byte(end)); i >= 0 {
				part, ended = part[:i+1], true
			}
		}
		if b.Len()+len(part) > told {
			told = max(2*told, b.Len()+len(part))
			if err := m.Grow("what is read from a file", told); err != nil {
				return "", stopError{err}
			}
		}
		if err := work(m, len(part)); err != nil {
			return "", stopError{err}
		}
		b.Write(part)
		if _, err := f.reader.Discard(len(part)); err != nil {
			return b.String(), err
		}
		if ended {
			break
		}
	}
	return b.String(), nil
}

// longestNumeral is how much text of a number is read.
const longestNumeral = 200

// number reads a number as scanf(3) does: white space, and then as much as can begin a numeral.
func (f *File) number() (value.Number, bool, error) {
	peek := func() byte {
		b, err := f.reader.Peek(1)
		if err != nil {
			return 0
		}
		return b[0]
	}
	var text []byte
	take := func(set string) bool {
		c := peek()
		if c == 0 || strings.IndexByte(set, c) < 0 || len(text) >= longestNumeral {
			return false
		}
		_, _ = f.reader.ReadByte()
		text = append(text, c)
		return true
	}
	for c := peek(); c == ' ' || '\t' <= c && c <= '\r'; c = peek() {
		_, _ = f.reader.ReadByte()
	}
	if _, err := f.reader.Peek(1); err != nil && err != io.EOF {
		return 0, false, err
	}
	take("+-")
	digits, exponent := "0123456789", "eE"
	if take("0") && take("xX") {
		digits, exponent = "0123456789abcdefABCDEF", "pP"
	}
	for take(digits) {
	}
	if take(".") {
		for take(digits) {
		}
	}
	if len(text) > 0 && take(exponent) {
		take("+-")
		for take("0123456789") {
		}
	}
	n, ok := value.ParseNumber(string(text))
	return n, ok, nil
}

// seek is the method of that name.
func (f *File) seek(a *library.Args) []value.Value {
	from, ok := map[string]int{"set": io.SeekStart, "cur": io.SeekCurrent, "end": io.SeekEnd}[a.OptString(2, "cur")]
	if !ok {
		a.Must(2, `"set", "cur" or "end"`)
	}
	offset := a.OptInteger(3, 0)
	if a.Err() != nil {
		return nil
	}
	if f.seeker == nil {
		return refused("", errSeeking)
	}
	if err := f.settle(); err != nil {
		return refused("", err)
	}
	at, err := f.seeker.Seek(int64(offset), from)
	if err != nil {
		return refused("", err)
	}
	f.forget()
	return one(value.Number(at))
}

var errSeeking = errors.New("a file must have positions to seek in, but has none")

// Lines are the lines of a file, one after the other.
type Lines struct {
	file *File
	name string
	own  bool
}

// Next is the next line, nil at the end. Errors are those of the meter, or texts for the user.
func (l *Lines) Next(m library.Meter) (value.Value, error) {
	if l.file.closed {
		return nil, errors.New("the file whose lines are read must be open, but is closed")
	}
	a := library.NewArgs(l.name, m, nil)
	got := l.file.read(a, m, 1)
	if err := a.Err(); err != nil {
		return nil, err
	}
	if len(got) > 1 {
		return nil, fmt.Errorf("%s", got[1].(value.String))
	}
	if (got[0] == value.Nil{}) && l.own {
		l.file.close()
	}
	return got[0], nil
}

// Lines is io.lines, and the method lines: the file whose lines are read. method says which.
func (s *System) Lines(m library.Meter, args []value.Value, method bool) (*Lines, error) {
	if method {
		a := library.NewArgs("file.lines", m, args)
		f := fileArg(a, 1)
		return &Lines{file: f, name: "file.lines"}, a.Err()
	}
	a := library.NewArgs("io.lines", m, args)
	if a.Absent(1) {
		return &Lines{file: s.in, name: "io.lines"}, nil
	}
	name := a.String(1)
	if err := a.Err(); err != nil {
		return nil, err
	}
	f, err := open(name, "r")
	if err != nil {
		a.Fail("a file whose lines are read must be open, but is not: %s", refused(name, err)[1].(value.String))
		return nil, a.Err()
	}
	return &Lines{file: f, name: "io.lines", own: true}, nil
}
