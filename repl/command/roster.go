package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"cellsh/kernel/host"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/repl/flags"
	"cellsh/repl/natural"
)

// column is something that is told of each T of a table.
type column[T any] struct {
	heading
	// cell is what a row has, and compare how two are sorted.
	cell    func(*T) string
	compare func(a, b *T) int
	// known reports whether a T has a value, nil if all have; those that have none are sorted last.
	known func(*T) bool
}

// name is the column as flags have it: "CPU 1S" is cpu-1s.
func (c *column[T]) name() string { return columnName(c.text) }

func columnName(head string) string { return strings.ReplaceAll(strings.ToLower(head), " ", "-") }

// words is a column of text, which is sorted as people sort names.
func words[T any](head string, cell func(*T) string) column[T] {
	return column[T]{heading: heading{text: head}, cell: cell, compare: func(a, b *T) int { return natural.Compare(cell(a), cell(b)) }}
}

// number is a column of numbers.
func number[T any, N cmp.Ordered](head string, of func(*T) N, text func(N) string) column[T] {
	return column[T]{heading: heading{head, true}, cell: func(t *T) string { return text(of(t)) }, compare: func(a, b *T) int { return cmp.Compare(of(a), of(b)) }}
}

// roster is the flags of a command that lists things of T.
type roster[T any] struct {
	// all are the columns that there are, usual those that are shown without --columns.
	all   []column[T]
	usual []string

	columns []string
	sort    string
	every   time.Duration
}

// declare declares the flags.
func (l *roster[T]) declare(fs *flags.Set) {
	var names []string
	for i := range l.all {
		names = append(names, l.all[i].name())
	}
	fs.Func("columns", "COLUMN,...", "show these columns, in this order: "+strings.Join(names, ", "), func(text string) string {
		l.columns = strings.Split(text, ",")
		var bad []string
		for i, name := range l.columns {
			l.columns[i] = columnName(name)
			if !slices.Contains(names, l.columns[i]) {
				bad = append(bad, strangeColumn(l.columns[i], names))
			}
		}
		if bad != nil {
			return fmt.Sprintf("must be some of %s, but has %s", strings.Join(names, ", "), strings.Join(bad, " and "))
		}
		return ""
	})
	fs.Func("sort", "COLUMN", "sort by COLUMN, the smallest first; by -COLUMN the greatest", func(text string) string {
		l.sort = columnName(text)
		if name := strings.TrimPrefix(l.sort, "-"); !slices.Contains(names, name) {
			return fmt.Sprintf("must be one of %s, but is %s", strings.Join(names, ", "), strangeColumn(name, names))
		}
		return ""
	})
	fs.Words("columns", names)
	fs.Words("sort", names)
	fs.Func("w", "SECONDS", "again and again, every so many SECONDS, until Ctrl-C", func(text string) string {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil || n < 1 || n > longestPause {
			return flags.Must(fmt.Sprintf("be a whole number from 1 to %d", longestPause), text)
		}
		l.every = time.Duration(n) * time.Second
		return ""
	})
}

// longestPause is a day in seconds.
const longestPause = 24 * 60 * 60

// strangeColumn is a name that is none of the columns, and which one was meant.
func strangeColumn(name string, names []string) string {
	if near := diag.Nearest(name, names); near != "" {
		return fmt.Sprintf("%q (did you mean %s?)", name, near)
	}
	return strconv.Quote(name)
}

// given is the first of the flags that is set, "" if none is.
func (l *roster[T]) given() string {
	switch {
	case l.columns != nil:
		return "--columns"
	case l.sort != "":
		return "--sort"
	case l.every != 0:
		return "-w"
	}
	return ""
}

// sorted sorts as --sort has it. What is alike stays in its order.
func (l *roster[T]) sorted(list []T) {
	if l.sort == "" {
		return
	}
	name, descending := strings.CutPrefix(l.sort, "-")
	c := l.column(name)
	slices.SortStableFunc(list, func(a, b T) int {
		if c.known != nil && c.known(&a) != c.known(&b) {
			if c.known(&a) {
				return -1
			}
			return 1
		}
		if descending {
			return c.compare(&b, &a)
		}
		return c.compare(&a, &b)
	})
}

func (l *roster[T]) column(name string) *column[T] {
	return &l.all[slices.IndexFunc(l.all, func(c column[T]) bool { return c.name() == name })]
}

// sheet is the table of a list.
func (l *roster[T]) sheet(list []T) *sheet {
	names := l.usual
	if l.columns != nil {
		names = l.columns
	}
	var heads []heading
	rows := make([][]string, len(list))
	for _, name := range names {
		c := l.column(name)
		heads = append(heads, c.heading)
		for i := range list {
			rows[i] = append(rows[i], c.cell(&list[i]))
		}
	}
	return newSheet(heads, rows)
}

// view is what a command has seen: for people, its report, and what is to be noted beside.
type view struct {
	sheet  *sheet
	report any
	notes  []string
}

// again shows what look sees, once, or every so often until Ctrl-C or SIGTERM, which is a good end.
func (inv *Invocation) again(every time.Duration, look func(*host.Host) (view, error)) error {
	h, err := inv.host()
	if err != nil {
		return err
	}
	if every == 0 {
		v, err := look(h)
		if err != nil {
			return err
		}
		return inv.put(v)
	}
	ctx, stop := inv.untilStopped("waiting to look again")
	defer stop()
	if inv.Screen != nil {
		inv.Line.Hide() // it would stand in the middle of what is drawn
	}
	t := inv.target
	for first := true; ; first = false {
		var v view
		see := func() (err error) { v, err = look(t.Host); return err }
		if t != inv.target {
			err = t.Steps.Step(see) // its clock goes on
		} else {
			err = see()
		}
		switch {
		case err != nil:
		case inv.JSON:
			err = inv.put(v)
		case inv.Screen != nil && !inv.Screen.Plain:
			// What is said beside would be written over.
			v.sheet.below = append(v.sheet.below, v.notes...)
			err = inv.draw(v.sheet, first)
		case first:
			err = inv.put(v)
		default:
			if _, err = fmt.Fprintln(inv.Stdout); err == nil {
				err = inv.put(v)
			}
		}
		if err != nil {
			return err
		}
		ended := false
		err = inv.steps().Rest(func() { ended = inv.pause(ctx, every) })
		if ended || errors.Is(err, host.ErrEnded) {
			if inv.Screen != nil && !inv.Screen.Plain {
				// The terminal has shown the Ctrl-C.
				_, err = io.WriteString(inv.Stdout, "\r"+clearLine)
				return err
			}
			return nil
		}
		if err == nil {
			t, err = inv.current(t)
		}
		if err != nil {
			return err
		}
	}
}

// pause waits, and reports whether the context was done before.
func (inv *Invocation) pause(ctx context.Context, d time.Duration) (ended bool) {
	select {
	case <-ctx.Done():
		return true
	default:
	}
	select {
	case <-inv.After(d):
		return false
	case <-ctx.Done():
		return true
	}
}

// put writes a view once.
func (inv *Invocation) put(v view) error {
	for _, text := range v.notes {
		inv.noteOnce(text)
	}
	if inv.JSON {
		return inv.json(v.report)
	}
	return inv.write(v.sheet)
}

// choice is which cells are meant, by names and globs; all without any.
type choice struct {
	names []string
	globs []rules.Glob
}

func (c *choice) all() bool { return c.names == nil && c.globs == nil }

// cells reads the arguments. All that are wrong are told.
func (inv *Invocation) cells() (choice, error) {
	var c choice
	var problems []string
	for _, arg := range inv.Args {
		if !strings.Contains(arg, "*") && !strings.ContainsAny(arg, "?[]{}") {
			c.names = append(c.names, arg)
			continue
		}
		if problem, hint := rules.CheckGlob(arg); problem != "" {
			if hint != "" {
				problem += "; " + hint
			}
			problems = append(problems, fmt.Sprintf("the glob %s %s", flags.Word(arg), problem))
		}
		c.globs = append(c.globs, rules.Glob{Pattern: arg})
	}
	if problems != nil {
		return c, usage("%s", strings.Join(problems, "; "))
	}
	return c, nil
}

// exist says which of the names are those of no cell.
func (c *choice) exist(h *host.Host) error {
	var errs []error
	for i, name := range c.names {
		if slices.Contains(c.names[:i], name) {
			continue
		}
		if _, err := h.Cell("show cell "+name, name); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// chosen are those of a list that are meant, and notes say which globs stand for none of them.
func chosen[T any](c *choice, list []T, name func(*T) string) (out []T, notes []string) {
	if c.all() {
		return list, nil
	}
	matched := make([]bool, len(c.globs))
	out = slices.DeleteFunc(list, func(x T) bool {
		n := name(&x)
		is := slices.Contains(c.names, n)
		for i, g := range c.globs {
			if g.Match(n) {
				matched[i], is = true, true
			}
		}
		return !is
	})
	for i, g := range c.globs {
		if !matched[i] {
			notes = append(notes, "no cell matches "+g.Pattern)
		}
	}
	return out, notes
}
