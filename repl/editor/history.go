package editor

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"cellsh/kernel/disk"
)

// MaxHistory is how many statements the history keeps.
const MaxHistory = 10000

// history is the statements of this session and of earlier ones, the oldest first, each once, where it was entered last. In the file
// each is a line, with \n for a newline and \\ for a backslash, as often as it was entered.
type history struct {
	entries []string
	// path of the file, "" for none.
	path string
	warn func(string)
}

// openHistory reads the file. What is wrong with it is a warning.
func openHistory(path string, warn func(string)) *history {
	h := &history{path: path, warn: warn}
	if path == "" {
		return h
	}
	if err := inSafeHands(path); err != nil {
		h.give(err)
		return h
	}
	damaged, total, err := h.load()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.give(err)
		return h
	}
	if damaged > 0 {
		warn(fmt.Sprintf("the history must consist of lines of text, but %s has %d of something else, left out here", path, damaged))
	}
	// Others may append at this moment, and lose a line: not worth to be done each time.
	if total > MaxHistory+MaxHistory/10 {
		var text bytes.Buffer
		for _, e := range h.entries {
			text.WriteString(encode(e))
		}
		if err := disk.Replace(path, text.Bytes()); err != nil {
			h.give(err)
		}
	}
	return h
}

// Entries are the statements that a history file has, the newest last, each once. What is wrong with it is a warning; "" has none.
func Entries(path string, warn func(string)) []string { return openHistory(path, warn).entries }

// inSafeHands refuses a history in a folder of somebody else, where HOME is still theirs after su(1) for example: they
// could have put a link to any file of the caller in its place.
func inSafeHands(path string) error {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	for errors.Is(err, fs.ErrNotExist) && dir != "/" {
		dir = filepath.Dir(dir)
		info, err = os.Stat(dir)
	}
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s must belong to the caller or to root, but belongs to user %d", dir, st.Uid)
	}
	return nil
}

// give says why the file is not used, and uses it no more.
func (h *history) give(err error) {
	h.path = ""
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = fmt.Errorf("%s: %w", pathError.Path, pathError.Err)
	}
	h.warn(fmt.Sprintf("the history is kept only until the session ends: %s", err))
}

func (h *history) load() (damaged, total int, err error) {
	f, err := open(h.path, os.O_RDONLY)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	for {
		line, err := readBounded(in)
		if len(line) > 0 {
			total++
			if e, ok := decode(line); ok {
				h.entries = append(h.entries, e)
			} else {
				damaged++
			}
		}
		if err == io.EOF {
			h.entries = newest(h.entries)
			return damaged, total, nil
		}
		if err != nil {
			return damaged, total, err
		}
	}
}

// readBounded reads a line of which it keeps only as much as shows that it is too long.
func readBounded(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if len(line) <= 2*MaxLine {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// open opens the file, which may also be a device like /dev/null. It waits for nobody at the other end of a pipe.
func open(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeCharDevice == 0 {
		err = fmt.Errorf("%s must be a file, but is none", path)
	}
	if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		// Only the owner may read what was typed.
		err = f.Chmod(0o600)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func encode(entry string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(entry) + "\n"
}

// decode reads a line of the file; false if it is damaged, cut short for example.
func decode(line []byte) (string, bool) {
	line, ended := bytes.CutSuffix(line, []byte("\n"))
	if !ended || len(line) == 0 || len(line) > 2*MaxLine || !utf8.Valid(line) {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c < ' ' && c != '\t' || c == 0x7f:
			return "", false
		case c != '\\':
			b.WriteByte(c)
			continue
		}
		i++
		switch {
		case i < len(line) && line[i] == 'n':
			b.WriteByte('\n')
		case i < len(line) && line[i] == '\\':
			b.WriteByte('\\')
		default:
			return "", false
		}
	}
	return b.String(), true
}

// newest gives the last MaxHistory entries, each where it is the last time.
func newest(entries []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, e := range slices.Backward(entries) {
		if !seen[e] && len(out) < MaxHistory {
			seen[e] = true
			out = append(out, e)
		}
	}
	slices.Reverse(out)
	return out
}

// add keeps an entry in memory, in place of an earlier one that is the same; false if it is the last one already.
func (h *history) add(entry string) bool {
	if n := len(h.entries); n > 0 && h.entries[n-1] == entry {
		return false
	}
	if at := slices.Index(h.entries, entry); at >= 0 {
		h.entries = slices.Delete(h.entries, at, at+1)
	}
	h.entries = append(h.entries, entry)
	if len(h.entries) > MaxHistory {
		h.entries = slices.Delete(h.entries, 0, len(h.entries)-MaxHistory)
	}
	return true
}

// remember keeps a statement, in the file at once.
func (h *history) remember(statement string) {
	statement = strings.TrimRight(printable(statement), " \t\n")
	if statement == "" || statement[0] == ' ' || len(statement) > MaxLine || !h.add(statement) || h.path == "" {
		return
	}
	if err := h.append(statement); err != nil {
		h.give(err)
	}
}

// append opens the file anew, because another session may have replaced it.
func (h *history) append(entry string) error {
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return err
	}
	f, err := open(h.path, os.O_RDWR|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return err
	}
	defer f.Close()
	text := encode(entry)
	// A line that was cut short must not take this one with it.
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			text = "\n" + text
		}
	}
	_, err = f.WriteString(text)
	return err
}

// printable drops control characters but tabs and newlines, and what is no UTF-8.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' || 0x7f <= r && r < 0xa0 || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
}
