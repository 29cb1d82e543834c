package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cellsh/policy/diag"
	"cellsh/policy/kauth"
)

// Question is a request with the cell that asks it, as people write it: one object of JSON, a table of Lua, or
// FIELD=VALUE words.
type Question struct {
	// Cell is the name of the caller's cell.
	Cell string
	Request
	// named says that the request has been named: fields are checked against it. asked and placed say that a request
	// and a cell were given, rightly or not.
	named, asked, placed bool
	// said are the fields that were given by somebody.
	said kauth.FieldSet
	// fields that were given before the request was named.
	early []earlyField
}

type earlyField struct {
	key   string
	value any
}

// KeyError says what is wrong with one key of a question.
type KeyError struct {
	Key string
	// Text is "must be ..., but is ...", or another end of a sentence that begins with the key.
	Text string
	Hint string
}

func (e *KeyError) Error() string {
	s := e.Key + " " + e.Text
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Set gives one key of a question its value: a string, a bool, nil, a json.Number or float64, or for groups a list
// and for target a map of these. Names are those that policies compare with, as they write them. The errors are
// *KeyError, several joined. The order of keys does not matter: call [Question.Done] after the last.
func (q *Question) Set(key string, value any) error {
	if member, ok := strings.CutPrefix(key, targetPrefix); ok {
		return &KeyError{diag.Short(key), "must be a member of target, but is a key of its own", fmt.Sprintf("give target with its member %s", diag.Short(member))}
	}
	return q.set(key, value)
}

// SetWord is Set for words of the form FIELD=VALUE: they name the members of target one by one, as policies do.
func (q *Question) SetWord(field string, value any) error {
	if field == "target" {
		return &KeyError{field, "must be given by its members, but is given as a whole", "give " + strings.Join(targetMembers(targetPrefix), ", ")}
	}
	return q.set(field, value)
}

// targetPrefix is how the names of the fields of a target begin.
const targetPrefix = "target."

// targetMembers are the names of the fields of a target, each after the prefix.
func targetMembers(prefix string) []string {
	var out []string
	for f := range kauth.Field(kauth.NumFields) {
		if member, ok := strings.CutPrefix(f.String(), targetPrefix); ok {
			out = append(out, prefix+member)
		}
	}
	return out
}

// set gives a key or a field its value; the fields of a target are named as policies do.
func (q *Question) set(key string, value any) error {
	switch key {
	case "cell":
		q.placed = true
		name, ok := value.(string)
		if !ok || name == "" {
			return wrong(key, "the name of a cell", value)
		}
		if problem := CheckName(name); problem != "" {
			return &KeyError{"the name of a cell", problem, ""}
		}
		q.Cell = name
		return nil
	case "request":
		return q.setRequest(value)
	}
	if !q.named {
		q.early = append(q.early, earlyField{key, value})
		return nil
	}
	return q.setField(key, value)
}

// Done checks that a cell and a request were given.
func (q *Question) Done() error {
	var errs []error
	if !q.placed {
		errs = append(errs, &KeyError{"cell", "must be given, but is missing", ""})
	}
	if !q.asked {
		errs = append(errs, &KeyError{"request", "must be given, but is missing", ""})
	}
	return errors.Join(errs...)
}

func (q *Question) setRequest(value any) error {
	q.asked = true
	name, ok := value.(string)
	if !ok {
		return wrong("request", "the name of a request", value)
	}
	id, ok := kauth.Find(name)
	if !ok {
		return &KeyError{"request", fmt.Sprintf("must be one that the kernel asks, but is %s", describeValue(name)), RequestHint(name)}
	}
	q.ID, q.named = id, true
	for f := range kauth.Field(kauth.NumFields) {
		// Where only one value is possible it need not be said.
		if lo, hi := id.Range(f); lo == hi && id.Info().Fields.Has(f) && f.Info().Kind == kauth.KindInt {
			q.SetInt(f, lo)
		}
	}
	var errs []error
	for _, e := range q.early {
		errs = append(errs, q.setField(e.key, e.value))
	}
	q.early = nil
	return errors.Join(errs...)
}

func (q *Question) setField(key string, value any) error {
	if key == "target" {
		if !q.ID.Info().Fields.Has(kauth.FieldTargetPID) {
			return &KeyError{key, fmt.Sprintf("must be a field of the request, but %s does not carry it", q.ID), ""}
		}
		return q.setTarget(value)
	}
	f, ok := kauth.FindField(key)
	if !ok || strings.HasPrefix(key, targetPrefix) && !q.ID.Info().Fields.Has(kauth.FieldTargetPID) {
		return &KeyError{diag.Short(key), "must be the name of a field, but there is none of that name", diag.DidYouMean(key, questionKeys(q.ID))}
	}
	if q.said.Has(f) {
		return &KeyError{key, "must be given once, but is given twice", ""}
	}
	q.said = q.said.With(f)
	if !q.ID.Info().Fields.Has(f) {
		// What the kernel may not look at there can still be said of a target, because questions describe targets
		// always in the same way.
		if !strings.HasPrefix(key, targetPrefix) {
			if value == nil {
				return nil // it reads nil there
			}
			return &KeyError{key, fmt.Sprintf("must be a field of the request, but %s does not carry it", q.ID), ""}
		}
		scratch := Question{Request: Request{ID: q.ID}}
		return scratch.assign(f, value)
	}
	return q.assign(f, value)
}

func (q *Question) setTarget(value any) error {
	members, ok := value.(map[string]any)
	if !ok {
		return wrong("target", "an object with "+strings.Join(targetMembers(""), ", "), value)
	}
	keys := make([]string, 0, len(members))
	for k := range members {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var errs []error
	for _, k := range keys {
		errs = append(errs, q.setField(targetPrefix+k, members[k]))
	}
	return errors.Join(errs...)
}

// questionKeys are the keys that a question with the request can have.
func questionKeys(id kauth.RequestID) []string {
	keys := []string{"cell", "request"}
	if id.Info().Fields.Has(kauth.FieldTargetPID) {
		keys = append(keys, "target")
	}
	for _, f := range id.Info().Fields.Fields() {
		keys = append(keys, f.String())
	}
	return keys
}

// assign gives a field its value, which must be one that the kernel can give.
func (q *Question) assign(f kauth.Field, value any) error {
	info := f.Info()
	name := f.String()
	switch info.Kind {
	case kauth.KindString:
		switch v := value.(type) {
		case nil:
			if info.Nullable {
				q.SetText(f, "")
				return nil
			}
		case string:
			if len(v) > info.Longest {
				return &KeyError{name, fmt.Sprintf("must have at most %d bytes, but has %d", info.Longest, len(v)), ""}
			}
			q.SetText(f, v)
			return nil
		}
		e := wrong(name, "a string", value)
		if n, isNumber := integer(value); f == kauth.FieldTargetCell && (value == nil || isNumber && n == 0) {
			e.Hint = `the host is ""`
		}
		return e
	case kauth.KindAddr:
		if value == nil {
			q.SetAddr(Addr{})
			return nil
		}
		s, ok := value.(string)
		if !ok {
			return wrong(name, "an address", value)
		}
		a, problem := parseAddr(s)
		if problem != "" {
			return &KeyError{name, problem, ""}
		}
		q.SetAddr(a)
		return nil
	case kauth.KindGroups:
		list, ok := value.([]any)
		if !ok {
			return wrong(name, "a list of group ids", value)
		}
		gids := make([]uint32, len(list))
		for i, v := range list {
			n, ok := integer(v)
			if !ok || n < 0 || n > math.MaxUint32 {
				return wrong(name, "a list of group ids, each from 0 to 4294967295", v)
			}
			gids[i] = uint32(n)
		}
		q.SetGroups(gids...)
		return nil
	case kauth.KindBool:
		v, ok := value.(bool)
		if !ok {
			return wrong(name, "true or false", value)
		}
		n := int64(0)
		if v {
			n = 1
		}
		q.SetInt(f, n)
		return nil
	case kauth.KindNamed:
		if s, ok := value.(string); ok {
			n, ok := info.Names.Value(s)
			if !ok {
				return &KeyError{name, fmt.Sprintf("must be the name of %s or a number, but is %s", info.Names.What(), describeValue(s)), nameHint(info.Names, s)}
			}
			return q.assignNumber(f, n, value)
		}
	}
	if s, ok := value.(string); ok && info.Flags {
		n, err := parseFlags(f, s)
		if err != nil {
			return err
		}
		return q.assignNumber(f, n, value)
	}
	n, ok := integer(value)
	if s, isString := value.(string); isString && s == "unlimited" && (f == kauth.FieldCur || f == kauth.FieldMax) {
		n, ok = kauth.Unlimited, true
	}
	if !ok {
		return wrong(name, "a whole number", value)
	}
	return q.assignNumber(f, n, value)
}

// nameHint says what was meant by a name that there is not: policies have one spelling for each value.
func nameHint(names *kauth.Names, s string) string {
	if n, ok := names.Meant(s); ok {
		name, _ := names.Name(n)
		return "write " + name
	}
	return diag.DidYouMean(s, names.All())
}

// parseFlags reads flags by their names, with | or a comma between them, MNT_RDONLY|MNT_NOSUID; some may be numbers as C
// writes them.
func parseFlags(f kauth.Field, s string) (int64, error) {
	all := int64(0)
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == '|' || r == ',' }) {
		word = strings.TrimSpace(word)
		if n, err := strconv.ParseInt(word, 0, 64); err == nil && n >= 0 {
			all |= n
			continue
		}
		of, bit, ok := kauth.FindBit(word)
		if !ok || of != f {
			hint := diag.DidYouMean(word, f.BitNames())
			if meant := f.MeantBit(word); meant != "" {
				hint = "write " + meant
			}
			return 0, &KeyError{f.String(), fmt.Sprintf("must be a number, or names of its flags with | between them, but has %s", describeValue(word)), hint}
		}
		all |= bit
	}
	return all, nil
}

func (q *Question) assignNumber(f kauth.Field, n int64, value any) error {
	switch lo, hi := q.ID.Range(f); {
	case n >= lo && n <= hi:
	case f.Info().Kind == kauth.KindNamed && hi-lo == 1:
		return wrong(f.String(), f.FormatValue(lo)+" or "+f.FormatValue(hi), value)
	case lo == hi:
		return wrong(f.String(), f.FormatValue(lo), value)
	default:
		return wrong(f.String(), fmt.Sprintf("from %d to %s", lo, f.FormatValue(hi)), value)
	}
	if !q.ID.IsUsual(f, n) {
		return q.unusual(f, n)
	}
	q.SetInt(f, n)
	return nil
}

// unusual says with which values the kernel asks the request, and which request it asks with the one that was given.
func (q *Question) unusual(f kauth.Field, n int64) error {
	var ranges []string
	for _, b := range q.ID.Usual(f) {
		if b.Lo == b.Hi {
			ranges = append(ranges, fmt.Sprint(b.Lo))
		} else {
			ranges = append(ranges, fmt.Sprintf("from %d to %d", b.Lo, b.Hi))
		}
	}
	e := &KeyError{Key: f.String(), Text: fmt.Sprintf("must be %s in %s, but is %d", strings.Join(ranges, " or "), q.ID, n)}
	lo, hi := q.ID.Chain()[1].Range() // the action
	for id := lo; id < hi; id++ {
		if id != q.ID && id.Info().Fields.Has(f) && id.IsUsual(f, n) {
			e.Hint = fmt.Sprintf("with that %s the kernel asks %s", f, id)
		}
	}
	return e
}

// integer is the value as a whole number.
func integer(value any) (int64, bool) {
	switch n := value.(type) {
	case json.Number:
		v, err := strconv.ParseInt(n.String(), 10, 64)
		if err == nil {
			return v, true
		}
		f, err := n.Float64()
		return int64(f), err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53
	case float64:
		if n == float64(kauth.Unlimited) {
			return kauth.Unlimited, true
		}
		return int64(n), n == math.Trunc(n) && math.Abs(n) <= 1<<53
	case int64:
		return n, true
	}
	return 0, false
}

func wrong(key, must string, value any) *KeyError {
	return &KeyError{key, fmt.Sprintf("must be %s, but is %s", must, describeValue(value)), ""}
}

func describeValue(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return strconv.Quote(diag.Short(v))
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return diag.Short(fmt.Sprint(value))
}

// ParseQuestion reads a question from one line of JSON. An unknown key, a key given twice and a value of the wrong
// kind are errors, all of them joined.
func ParseQuestion(line []byte) (*Question, error) {
	if !utf8.Valid(line) {
		return nil, errors.New("a line must be UTF-8, but is not")
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return nil, errors.New("a line must hold an object of JSON, but is empty")
	}
	q := &Question{}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var errs []error
	err := object(d, "", func(key string, value any) {
		errs = append(errs, q.Set(key, value))
	})
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("a line must hold one object, but goes on after it")
	}
	errs = append(errs, q.Done())
	return q, errors.Join(errs...)
}

// object reads an object and calls f for each of its members. encoding/json would let a key that comes twice pass.
func object(d *json.Decoder, in string, f func(key string, value any)) error {
	t, err := d.Token()
	if err != nil {
		return malformed(err)
	}
	if t != json.Delim('{') {
		return fmt.Errorf("a line must hold an object of JSON, but holds %s", describeToken(t))
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return malformed(err)
		}
		key := t.(string)
		if seen[key] {
			return fmt.Errorf("%s%s must be given once, but is given twice", in, diag.Short(key))
		}
		seen[key] = true
		value, err := jsonValue(d, in+key+".")
		if err != nil {
			return err
		}
		f(key, value)
	}
	if _, err := d.Token(); err != nil {
		return malformed(err)
	}
	return nil
}

func jsonValue(d *json.Decoder, in string) (any, error) {
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return nil, malformed(err)
	}
	if len(raw) > 0 && raw[0] == '{' {
		inner := json.NewDecoder(bytes.NewReader(raw))
		inner.UseNumber()
		members := map[string]any{}
		err := object(inner, in, func(key string, value any) { members[key] = value })
		return members, err
	}
	inner := json.NewDecoder(bytes.NewReader(raw))
	inner.UseNumber()
	var v any
	err := inner.Decode(&v)
	return v, malformed(err)
}

func malformed(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("a line must hold an object of JSON, but ends too early")
	}
	return fmt.Errorf("a line must hold an object of JSON, but is malformed: %w", err)
}

func describeToken(t json.Token) string {
	switch v := t.(type) {
	case json.Delim:
		return "a list"
	case nil:
		return "null"
	case string:
		return strconv.Quote(diag.Short(v))
	}
	return diag.Short(fmt.Sprint(t))
}
