package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/policy/diag"
)

// The form of the file: a line with the magic and the time of the kernel's start, then a line for each change. A line of a
// change begins with a checksum of itself and of all lines before it.
const (
	magic   = "cellsh state 2 "
	maxSize = 1 << 28
)

// record is a change: a cell is about to be made, was made, was not made after all, or is gone.
type record struct {
	Making *Entry        `json:"making,omitempty"`
	Made   *Entry        `json:"made,omitempty"`
	Unmade *Entry        `json:"unmade,omitempty"`
	Gone   kernel.CellID `json:"gone,omitempty"`
}

// about counts the cells that a record is about.
func (r *record) about() (n int) {
	for _, said := range []bool{r.Making != nil, r.Made != nil, r.Unmade != nil, r.Gone != 0} {
		if said {
			n++
		}
	}
	return n
}

// journal is what a file holds. The zero value is an empty file.
type journal struct {
	boot    time.Time
	entries map[kernel.CellID]Entry
	// making are cells that were about to be made, by name; their id is not known. Of several of one name at most one was made.
	making map[string][]Entry
	// records is how many lines there are, end where the last whole one ends, and sum its checksum.
	records int
	end     int64
	sum     uint32
}

// newJournal has a first line.
func newJournal(boot time.Time) journal {
	j := journal{boot: boot.UTC()}
	if why := j.follow(j.header()); why != "" {
		panic(why) // a time can be read as it was written
	}
	return j
}

// header is the first line.
func (j *journal) header() []byte {
	return fmt.Appendf(nil, "%s%s\n", magic, j.boot.Format(time.RFC3339Nano))
}

// wasteful reports whether most of the file is about what is gone.
func (j *journal) wasteful() bool {
	return j.records > 64 && j.records > 4*(len(j.entries)+len(j.making))
}

// add is the line of a change, which is noted.
func (j *journal) add(r record) ([]byte, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	line := fmt.Appendf(nil, "%08x %s\n", sum(j.sum, body), body)
	if why := j.follow(line); why != "" {
		return nil, fmt.Errorf("what is written must be readable, but %s", why)
	}
	return line, nil
}

// follow notes what a text holds that stands behind what was noted. A last line without its end is left out: its writer has
// died, or is at it. Otherwise it says why the text is not one of ours, "" if it is; what was noted before that was.
func (j *journal) follow(text []byte) (why string) {
	if j.end == 0 && bytes.IndexByte(text, '\n') < 0 {
		// The first line is written with the file.
		return notFirst(text)
	}
	for {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			return ""
		}
		if why := j.line(line); why != "" {
			return why
		}
		text = rest
		j.end += int64(len(line)) + 1
	}
}

func notFirst(line []byte) (why string) {
	return fmt.Sprintf("its first line must begin with %q, but is %q", strings.TrimSpace(magic), line[:min(len(line), 40)])
}

func (j *journal) line(line []byte) (why string) {
	if j.end == 0 {
		at, ok := strings.CutPrefix(string(line), magic)
		boot, err := time.Parse(time.RFC3339Nano, at)
		if !ok || err != nil {
			return notFirst(line)
		}
		j.boot, j.entries, j.making, j.sum = boot, map[kernel.CellID]Entry{}, map[string][]Entry{}, crc32.ChecksumIEEE(line)
		return ""
	}
	said, body, _ := bytes.Cut(line, []byte(" "))
	next := sum(j.sum, body)
	if want := fmt.Sprintf("%08x", next); string(said) != want {
		return fmt.Sprintf("line %d must begin with %s, but begins with %q", j.records+2, want, said[:min(len(said), 40)])
	}
	var r record
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return fmt.Sprintf("line %d must be a change of a cell, but: %s", j.records+2, diag.Malformed(err))
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Sprintf("line %d must be a change of a cell, but more follows", j.records+2)
	}
	e := r.Made
	for _, begun := range []*Entry{r.Making, r.Unmade} {
		if begun != nil {
			e = begun
		}
	}
	switch {
	case r.about() != 1:
		return fmt.Sprintf("line %d must be about one cell, but is about another number of them", j.records+2)
	case r.Gone != 0:
		delete(j.entries, r.Gone)
	case (e.Cell == 0) != (e != r.Made) || e.Name == "" || len(e.Ports) > kernel.MaxPorts || e.Profile != nil && *e.Profile > kernel.High:
		return fmt.Sprintf("an entry must be that of a cell, but is of cell %d, name %q, %d ports", e.Cell, e.Name, len(e.Ports))
	case e == r.Making:
		j.making[e.Name] = append(j.making[e.Name], *e)
	case e == r.Unmade:
		j.making[e.Name] = slices.DeleteFunc(j.making[e.Name], func(b Entry) bool { return b.From == e.From })
		if len(j.making[e.Name]) == 0 {
			delete(j.making, e.Name)
		}
	default:
		j.entries[e.Cell] = *e
		delete(j.making, e.Name)
	}
	j.sum = next
	j.records++
	return ""
}

// sum is the checksum of a line behind those with another checksum.
func sum(before uint32, body []byte) uint32 { return crc32.Update(before, crc32.IEEETable, body) }
