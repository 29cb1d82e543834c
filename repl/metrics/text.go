package metrics

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ContentType is that of the text: version 0.0.4 of the text format.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Kind is what a metric is.
type Kind string

// The kinds.
const (
	// Gauge goes up and down.
	Gauge Kind = "gauge"
	// Counter goes up only, or begins again at 0.
	Counter Kind = "counter"
)

// Metric is one metric: a family of samples of one meaning.
type Metric struct {
	Name string
	Kind Kind
	Help string
	// Labels that its samples have, in their order.
	Labels []string

	samples func(*Snapshot, *sampler)
}

// Text is the snapshot in the text format: the samples of a metric behind each other, below its HELP and TYPE. Of a metric
// without samples there is nothing.
func (s *Snapshot) Text() []byte { return s.Append(nil) }

// Append adds the text to b.
func (s *Snapshot) Append(b []byte) []byte {
	w := &sampler{ofCells: cellLabels(s.Cells)}
	w.text = slices.Grow(b, s.size(w.ofCells))
	for i := range metrics {
		m := &metrics[i]
		before := len(w.text)
		w.metric = m
		w.text = append(w.text, "# HELP "...)
		w.text = append(w.text, m.Name...)
		w.text = append(w.text, ' ')
		w.text = append(w.text, helpEscapes.Replace(m.Help)...)
		w.text = append(w.text, "\n# TYPE "...)
		w.text = append(w.text, m.Name...)
		w.text = append(w.text, ' ')
		w.text = append(w.text, m.Kind...)
		w.text = append(w.text, '\n')
		head := len(w.text)
		if m.samples(s, w); len(w.text) == head {
			w.text = w.text[:before]
		}
	}
	return w.text
}

// size is about how long the text is: most of it are names and labels of cells. Growing it bit by bit takes as long as to write it.
func (s *Snapshot) size(cells []labels) int {
	const head, value = 256, 16
	n := 0
	for i := range metrics {
		n += len(metrics[i].Name) + head
		if m := &metrics[i]; len(m.Labels) > 0 && m.Labels[0] == cellLabelled[0] {
			n += len(cells) * (len(m.Name) + value)
		}
	}
	for i := range cells {
		n += 6*len(cells[i].rooted) + (len(metrics)/2)*cells[i].plain
	}
	return n
}

// sampler writes the samples of one metric after the other.
type sampler struct {
	text   []byte
	metric *Metric
	// ofCells are the labels of each cell. They are most of the text, and written by every metric.
	ofCells []labels
}

// labels are those of a cell without braces: cid and name, and with its root.
type labels struct {
	rooted []byte
	// plain is how much of rooted is cid and name.
	plain int
}

func cellLabels(cells []Cell) []labels {
	out := make([]labels, len(cells))
	var all []byte
	for i := range cells {
		c := &cells[i]
		at := len(all)
		all = append(all, `cid="`...)
		all = strconv.AppendUint(all, uint64(c.ID), 10)
		all = append(all, `",name="`...)
		all = appendLabel(all, c.Name)
		all = append(all, '"')
		plain := len(all) - at
		all = append(all, `,root="`...)
		all = appendLabel(all, c.Root)
		all = append(all, '"')
		out[i] = labels{all[at:len(all):len(all)], plain}
	}
	return out
}

// begin writes a sample up to its value, with labels that are written already.
func (w *sampler) begin(known []byte) {
	w.text = append(w.text, w.metric.Name...)
	w.text = append(w.text, '{')
	w.text = append(w.text, known...)
}

// more adds a label behind others.
func (w *sampler) more(name, value string) {
	w.text = append(w.text, ',')
	w.label(name, value)
}

func (w *sampler) label(name, value string) {
	w.text = append(w.text, name...)
	w.text = append(w.text, '=', '"')
	w.text = appendLabel(w.text, value)
	w.text = append(w.text, '"')
}

// end writes the value of a sample with labels.
func (w *sampler) end(v float64) {
	w.text = append(w.text, '}')
	w.value(v)
}

func (w *sampler) value(v float64) {
	w.text = append(w.text, ' ')
	w.text = appendValue(w.text, v)
	w.text = append(w.text, '\n')
}

// count is end for a whole number, which is written with all its digits.
func (w *sampler) count(n uint64) {
	w.text = append(w.text, '}', ' ')
	w.text = strconv.AppendUint(w.text, n, 10)
	w.text = append(w.text, '\n')
}

// sample writes a sample with labels of the metric, in their order.
func (w *sampler) sample(v float64, values ...string) {
	w.text = append(w.text, w.metric.Name...)
	if len(values) == 0 {
		w.value(v)
		return
	}
	w.text = append(w.text, '{')
	for i, value := range values {
		if i > 0 {
			w.text = append(w.text, ',')
		}
		w.label(w.metric.Labels[i], value)
	}
	w.end(v)
}

func appendValue(b []byte, v float64) []byte {
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return strconv.AppendInt(b, int64(v), 10)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64) // infinities and NaN are written as the format has them
}

// appendLabel writes the value of a label. The format has text in UTF-8 without NUL, and whoever reads it drops all of it for one
// label that is not; roots of cells can have any byte but these of a path.
func appendLabel(b []byte, s string) []byte {
	if plain(s) {
		return append(b, s...)
	}
	return append(b, labelEscapes.Replace(strings.ToValidUTF8(s, string(utf8.RuneError)))...)
}

// plain reports whether a text stands for itself.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

var (
	labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\x00", string(utf8.RuneError))
	helpEscapes  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
)
