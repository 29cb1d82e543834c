package services

import (
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/members"
	"cellsh/kernel/outlet"
	"cellsh/kernel/service"
	"cellsh/lua/value"
	"cellsh/lua/written"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/secmodel"
)

// declared is a service as it was read, with what can be looked at only once all are known.
type declared struct {
	service.Definition
	// check is what is said of its health, in whatever order.
	check service.Health
	// places of the keys that are given, and those whose values are wrong: none of a service that is right.
	places map[string]diag.Span
	wrong  map[string]bool
	// borrows says that its cell is declared elsewhere, or exists.
	borrows bool
	waits   []wait
}

// whole stands among the keys that are wrong for the declaration itself.
const whole = ""

// right reports whether nothing is wrong.
func (d *declared) right() bool {
	for _, wrong := range d.wrong {
		if wrong {
			return false
		}
	}
	return true
}

// wait is a service that one is started after, by the key that names it.
type wait struct {
	key, name string
	at        diag.Span
}

// given is the value of a key.
type given struct {
	key   string
	value value.Value
	at    diag.Span
}

// reading is a table of a declaration that is being read.
type reading struct {
	*written.Reader
	table *value.Table
	keys  []Key
	to    *declared
}

// declare reads the table of a service.
func (l *loading) declare(d *written.Declaration, t *value.Table) {
	if len(l.services) >= maxServices {
		d.Problem(diag.ServiceLimit, d.Whole, "", "there must be at most %d services, but there are more", maxServices)
		return
	}
	if d.TooLong(t, d.Whole, "a service") {
		return
	}
	to := &declared{Definition: service.Defaults(), check: service.DefaultHealth(), places: map[string]diag.Span{}, wrong: map[string]bool{}}
	to.Name, to.At, to.Cell.Name = d.Name, d.Title, d.Name
	if text := policy.CheckName(d.Name); text != "" {
		to.wrong["name"], to.wrong["cell"] = true, true
		d.Wrong(d.Title, "", "the name of a service %s", text)
	}
	d.Meant = meant
	before := l.findings.Number()
	in := &reading{&d.Reader, t, keys, to}
	in.each("a service", "write: cmd = { \"/usr/sbin/httpd\", \"-f\" }")
	in.finish()
	// Also what is wrong with no key that there is may mean one: without it the command would run as root, say.
	to.wrong[whole] = to.wrong[whole] || l.findings.Number() > before
	l.services = append(l.services, to)
}

// each reads the keys of the table.
func (in *reading) each(what, hint string) {
	in.EachKey(in.table, names(in.keys), what, hint)
	in.Unset(in.Written, in.table)
	for _, k := range in.keys {
		v := given{k.Name, in.table.Field(k.Name), in.Key(k.Name)}
		before := in.Findings.Number()
		switch {
		case v.value != (value.Nil{}):
			in.to.places[k.Name] = v.at
			k.read(in, v)
		case !k.Optional && !in.unset(k.Name) && !in.misnamed(k.Name):
			in.Wrong(in.Whole, k.Name+": "+k.Doc, "%s must have the key %s, but has not", what, k.Name)
		}
		if in.Findings.Number() > before || v.value == (value.Nil{}) && !k.Optional {
			in.to.wrong[k.Name] = true
		}
	}
}

// unset reports whether a key is written though it has no value: that is told already.
func (in *reading) unset(key string) bool { return in.Written.Value(key) != nil }

// foreign are keys that other tools have for a key, or people write.
var foreign = map[string][]string{
	"cmd":      {"command", "exec", "run", "program", "supervise_cmd", "argv", "args"},
	"requires": {"depends_on", "require", "depends", "needs"},
	"user":     {"run_as", "run_uid", "uid"},
	"env":      {"environment"},
	"health":   {"healthcheck", "health_cmd"},
	"restart":  {"respawn"},
}

// meant is what somebody means by a key of a service that there is not.
func meant(name string) string {
	for key, others := range foreign {
		if slices.Contains(others, name) {
			return "did you mean " + key + "?"
		}
	}
	for _, k := range keys {
		if slices.Contains(names(k.Keys), name) {
			return fmt.Sprintf("it is a key of %s: %s = { %s = ... }", k.Name, k.Name, name)
		}
	}
	return ""
}

// misnamed reports whether a key is given under another name: that is told already.
func (in *reading) misnamed(key string) bool {
	known := names(in.keys)
	for k := range in.table.Pairs {
		name, _ := k.(value.String)
		if !slices.Contains(known, string(name)) && (slices.Contains(foreign[key], string(name)) || diag.Nearest(string(name), known) == key) {
			return true
		}
	}
	return false
}

// below reads the table that is the value of a key.
func (in *reading) below(v given) {
	t, ok := v.value.(*value.Table)
	if !ok {
		hint := ""
		if s, text := v.value.(value.String); text && v.key == "log" && path.IsAbs(string(s)) {
			hint = fmt.Sprintf("write: log = { file = %q }", diag.Short(string(s)))
		}
		in.Wrong(v.at, hint, "%s must be a table, but is %s", v.key, written.Describe(v.value))
		return
	}
	r := in.Below(v.key)
	r.Meant = nil
	what := "the table " + v.key
	if r.TooLong(t, v.at, what) {
		return
	}
	(&reading{r, t, find(in.keys, v.key).Keys, in.to}).each(what, "")
}

// finish looks at what belongs together.
func (in *reading) finish() {
	to := in.to
	if to.places["health"] != (diag.Span{}) {
		to.Health = &to.check
	} else {
		for _, k := range []string{"health_every", "health_timeout", "health_failures", "start_timeout"} {
			if at, ok := to.places[k]; ok {
				in.Wrong(at, "write: health = { \"/usr/bin/true\" }", "%s must come with health, but that is missing", k)
			}
		}
	}
	if root := path.Clean(to.Cell.Root); !to.wrong["log"] && to.Log.File != "" && path.IsAbs(root) && root != "/" && (to.Log.File == root || strings.HasPrefix(to.Log.File, root+"/")) {
		in.Wrong(to.places["log"], "who is in the cell could lead what is written there anywhere", "the file of log must lie outside of the cell's root %s, but is %s", root, to.Log.File)
		to.wrong["log"] = true
	}
	for _, p := range to.Check() {
		if !to.wrong[p.Key] {
			to.wrong[p.Key] = true
			in.Wrong(in.at(p.Key), "", "%s", p.Error())
		}
	}
	if to.wrong["cell"] || to.borrows {
		return
	}
	in.check(&to.Cell, in.at("cell"))
}

// at is the place of a key, or of the service if it is not given.
func (in *reading) at(key string) diag.Span {
	if at, ok := in.to.places[key]; ok {
		return at
	}
	return in.to.At
}

// cell reads what the cell is made with, or its name.
func (in *reading) cell(v given) {
	if name, ok := v.value.(value.String); ok {
		in.to.Cell, in.to.borrows = kernel.Spec{Name: string(name)}, true
		return
	}
	in.below(v)
}

// spec reads a key of a cell.
func (in *reading) spec(v given) {
	var plain any
	switch x := v.value.(type) {
	case value.String:
		plain = string(x)
	case value.Number:
		plain = float64(x)
	case value.Bool:
		plain = bool(x)
	case *value.Table:
		list := []any{}
		for i := 1; i <= x.Len(); i++ {
			switch e := x.At(i).(type) {
			case value.String:
				list = append(list, string(e))
			case value.Number:
				list = append(list, float64(e))
			default:
				list = append(list, nil)
			}
		}
		n := 0
		for range x.Pairs {
			n++
		}
		if n != len(list) {
			in.Wrong(v.at, "", "%s must be a list of ports, but has other keys", v.key)
			return
		}
		plain = list
	default:
		plain = struct{}{}
	}
	err := in.to.Cell.Set(v.key, plain)
	if wrong := new(policy.KeyError); errors.As(err, &wrong) {
		in.Wrong(v.at, wrong.Hint, "%s %s", wrong.Key, wrong.Text)
		return
	}
	// The kernel's check of the whole tells one thing at a time.
	alone := kernel.Spec{Name: "x", Root: "/"}
	switch v.key {
	case "name":
		alone.Name = in.to.Cell.Name
	case "root":
		alone.Root = in.to.Cell.Root
	default:
		return
	}
	in.check(&alone, v.at)
}

// check looks at what a cell is made with.
func (in *reading) check(s *kernel.Spec, at diag.Span) {
	if err := s.Check(secmodel.Current); err != nil {
		text, hint := err.Error(), ""
		if known := new(kernel.Error); errors.As(err, &known) {
			text, hint = known.Text, known.Hint
		}
		in.Wrong(at, hint, "%s", text)
		in.to.wrong["cell"] = true
	}
}

// words reads a command.
func (in *reading) words(v given) (list []string) {
	s, text := v.value.(value.String)
	if text && strings.ContainsAny(string(s), " \t\n") {
		parts := strings.Fields(string(s))
		for i := range parts {
			parts[i] = fmt.Sprintf("%q", parts[i])
		}
		in.Wrong(v.at, "write: { "+strings.Join(parts, ", ")+" }, or { \"/bin/sh\", \"-c\", \"...\" } for what a shell must read",
			"%s must be a list of the program and its arguments, but is %s", v.key, written.Describe(v.value))
		return nil
	}
	for _, e := range in.Strings(numbered(in.table, v.key), v.key, "strings") {
		list = append(list, e.Text)
	}
	return list
}

// numbered is a table with the list of a key alone, in which numbers are written out: { "-p", port }.
func numbered(t *value.Table, key string) *value.Table {
	list, ok := t.Field(key).(*value.Table)
	if !ok {
		return t
	}
	texts, out := &value.Table{Meta: list.Meta}, &value.Table{}
	n := 0
	for k, v := range list.Pairs {
		if x, ok := v.(value.Number); ok {
			v = value.String(value.Format(x))
		}
		// The keys of a table are keys. More is refused.
		_ = texts.Set(k, v)
		if n++; n > written.MaxElements {
			break
		}
	}
	_ = out.Set(value.String(key), texts)
	return out
}

func (in *reading) command(v given) { in.to.Command = in.words(v) }

func (in *reading) health(v given) { in.to.check.Command = in.words(v) }

// text reads a string that is not empty.
func (in *reading) text(v given) (string, bool) {
	s, ok := v.value.(value.String)
	if !ok || s == "" {
		in.Wrong(v.at, "", "%s must be a string that is not empty, but is %s", v.key, written.Describe(v.value))
		return "", false
	}
	return string(s), true
}

func (in *reading) user(v given) {
	s, ok := in.text(v)
	user, group, two := strings.Cut(s, ":")
	if ok && (user == "" || two && group == "" || strings.ContainsAny(s, " \t\n\x00/") || strings.Contains(group, ":")) {
		in.Wrong(v.at, "", "user must be USER or USER:GROUP, but is %q", diag.Short(s))
	}
	in.to.User = s
}

func (in *reading) groups(v given) {
	t, ok := v.value.(*value.Table)
	if !ok {
		in.Wrong(v.at, "write: groups = { 80 }", "groups must be a list of ids, but is %s", written.Describe(v.value))
		return
	}
	r := in.Below(v.key)
	if r.TooLong(t, v.at, v.key) {
		return
	}
	for k, id := range t.Pairs {
		if _, ok := k.(value.Number); !ok {
			in.Wrong(r.Written.Key(k, v.at), "", "groups must be a list of ids, but has the key %s", written.Describe(k))
			continue
		}
		if n := r.Count(0, math.MaxUint32, false)("an id of groups", id, r.Written.Element(k, v.at)); n != nil {
			in.to.Groups = append(in.to.Groups, uint32(*n))
		}
	}
}

func (in *reading) env(v given) {
	t, ok := v.value.(*value.Table)
	if !ok {
		in.Wrong(v.at, "write: env = { LANG = \"C\" }", "env must be a table of variables, but is %s", written.Describe(v.value))
		return
	}
	r := in.Below(v.key)
	r.Plain(t, v.at, v.key)
	if r.TooLong(t, v.at, v.key) {
		return
	}
	r.Unset(r.Written, t)
	for k, x := range t.Pairs {
		at := r.Written.Key(k, v.at)
		name, ok := k.(value.String)
		if !ok {
			hint := "write: NAME = \"VALUE\""
			if s, text := x.(value.String); text {
				if name, is, ok := strings.Cut(string(s), "="); ok {
					hint = fmt.Sprintf("write: %s = %q", name, is)
				}
			}
			in.Wrong(at, hint, "env must have the names of variables as keys, but has the key %s", written.Describe(k))
			continue
		}
		if name == "" || strings.ContainsAny(string(name), "=\x00") {
			in.Wrong(at, "", "the name of a variable must have no = in it, but is %s", written.Describe(name))
			continue
		}
		var is string
		switch x := x.(type) {
		case value.String:
			is = string(x)
		case value.Number:
			is = value.Format(x)
		default:
			in.Wrong(at, "", "%s of env must be a string, but is %s", diag.Short(string(name)), written.Describe(x))
			continue
		}
		if strings.ContainsRune(is, 0) {
			in.Wrong(at, "", "%s of env must have no zero byte, but has one", diag.Short(string(name)))
			continue
		}
		in.to.Env = append(in.to.Env, string(name)+"="+is)
	}
	slices.Sort(in.to.Env)
}

func (in *reading) restart(v given) {
	s, _ := v.value.(value.String)
	r, ok := service.ParseRestart(string(s))
	if !ok {
		hint := diag.DidYouMean(string(s), []string{"always", "on-failure", "never"})
		if b, ok := v.value.(value.Bool); ok {
			hint = "write: restart = \"never\""
			if b {
				hint = "write: restart = \"always\""
			}
		}
		in.Wrong(v.at, hint, "restart must be \"always\", \"on-failure\" or \"never\", but is %s", written.Describe(v.value))
		return
	}
	in.to.Restart = r
}

func (in *reading) backoff(v given) { in.below(v) }

// duration reads a duration of at least so much.
func (in *reading) duration(v given, least time.Duration, to *time.Duration) {
	if d, ok := in.Duration(v.key, v.value, v.at, least); ok {
		*to = d
	}
}

func (in *reading) first(v given)         { in.duration(v, time.Millisecond, &in.to.Backoff.First) }
func (in *reading) limit(v given)         { in.duration(v, time.Millisecond, &in.to.Backoff.Limit) }
func (in *reading) reset(v given)         { in.duration(v, 0, &in.to.Backoff.Reset) }
func (in *reading) stopTimeout(v given)   { in.duration(v, 0, &in.to.Stop.Timeout) }
func (in *reading) healthEvery(v given)   { in.duration(v, time.Millisecond, &in.to.check.Every) }
func (in *reading) healthTimeout(v given) { in.duration(v, time.Millisecond, &in.to.check.Timeout) }
func (in *reading) startTimeout(v given)  { in.duration(v, time.Millisecond, &in.to.check.StartTimeout) }

// count reads a whole number.
func (in *reading) count(v given, least, most int64, to *int) {
	if n := in.Count(least, most, false)(v.key, v.value, v.at); n != nil {
		*to = int(*n)
	}
}

func (in *reading) crashes(v given)        { in.count(v, 0, 1_000_000, &in.to.Backoff.Crashes) }
func (in *reading) healthFailures(v given) { in.count(v, 1, 1_000_000, &in.to.check.Failures) }
func (in *reading) keep(v given)           { in.count(v, 0, 1000, &in.to.Log.Keep) }

func (in *reading) signal(v given) {
	text := ""
	switch x := v.value.(type) {
	case value.String:
		text = string(x)
	case value.Number:
		text = value.Format(x)
	}
	s, ok := members.ParseSignal(text)
	if !ok {
		in.Wrong(v.at, diag.DidYouMean(strings.TrimPrefix(strings.ToUpper(text), "SIG"), []string{"TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"}),
			"stop_signal must be a signal like \"TERM\", but is %s", written.Describe(v.value))
		return
	}
	in.to.Stop.Signal = int(s)
}

func (in *reading) log(v given) { in.below(v) }

func (in *reading) facility(v given) {
	s, _ := v.value.(value.String)
	n, ok := outlet.Facility(string(s))
	if !ok {
		hint := diag.DidYouMean(string(s), outlet.Facilities())
		if hint == "" {
			hint = "they are " + strings.Join(outlet.Facilities(), ", ")
		}
		in.Wrong(v.at, hint, "facility must be one of syslog's, but is %s", written.Describe(v.value))
		return
	}
	in.to.Log.Facility = n
}

// level reads a level of syslog, or none.
func (in *reading) level(v given, to *int) {
	text := ""
	switch x := v.value.(type) {
	case value.String:
		text = string(x)
	case value.Number:
		text = value.Format(x)
	}
	if text == "none" {
		*to = -1
		return
	}
	n, ok := outlet.Level(text)
	if !ok {
		known := append(outlet.Levels(), "none")
		hint := diag.DidYouMean(text, known)
		if hint == "" {
			hint = "they are " + strings.Join(known, ", ")
		}
		in.Wrong(v.at, hint, "%s must be a level of syslog, or none, but is %s", v.key, written.Describe(v.value))
		return
	}
	*to = n
}

func (in *reading) stdout(v given) { in.level(v, &in.to.Log.Stdout) }
func (in *reading) stderr(v given) { in.level(v, &in.to.Log.Stderr) }

func (in *reading) tag(v given) {
	s, ok := in.text(v)
	if ok && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("[]:", r) }) >= 0 {
		in.Wrong(v.at, "", "tag must be a word without [, ] and :, but is %q", diag.Short(s))
		return
	}
	in.to.Log.Tag = s
}

func (in *reading) file(v given) {
	s, ok := in.text(v)
	if ok && (!path.IsAbs(s) || strings.ContainsRune(s, 0)) {
		in.Wrong(v.at, "", "file must be an absolute path, but is %q", diag.Short(s))
		return
	}
	in.to.Log.File = path.Clean(s)
}

func (in *reading) size(v given) {
	if n := in.Size(false)(v.key, v.value, v.at); n != nil {
		in.to.Log.Size = *n
	}
}

// waitsFor reads the names of services.
func (in *reading) waitsFor(v given) (list []string) {
	for _, e := range in.Strings(in.table, v.key, "names of services") {
		if slices.Contains(list, e.Text) {
			in.Problem(diag.ServiceDuplicate, e.At, "", "%s must name a service once, but names %q twice", v.key, diag.Short(e.Text))
			continue
		}
		list = append(list, e.Text)
		in.to.waits = append(in.to.waits, wait{v.key, e.Text, e.At})
	}
	return list
}

func (in *reading) requires(v given) { in.to.Requires = in.waitsFor(v) }
func (in *reading) after(v given)    { in.to.After = in.waitsFor(v) }

func (in *reading) autostart(v given) {
	b, ok := v.value.(value.Bool)
	if !ok {
		in.Wrong(v.at, "", "autostart must be true or false, but is %s", written.Describe(v.value))
		return
	}
	in.to.Autostart = bool(b)
}
