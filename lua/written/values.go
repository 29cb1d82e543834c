package written

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"cellsh/lua/value"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
)

// isUnlimited is whether a value stands for no limit.
func isUnlimited(v value.Value) bool {
	return v == value.Number(kauth.Unlimited) || v == value.String("unlimited")
}

// whole is a number as an integer, if it is one of at most 2^53.
func whole(n value.Number) (int64, bool) {
	if !(math.Abs(float64(n)) <= 1<<53) || n != value.Number(math.Trunc(float64(n))) {
		return 0, false
	}
	return int64(n), true
}

func unlimited() *int64 {
	u := int64(kauth.Unlimited)
	return &u
}

// Count reads a whole number, or "unlimited" where that makes sense.
func (r *Reader) Count(lo, hi int64, orUnlimited bool) func(string, value.Value, diag.Span) *int64 {
	return func(key string, v value.Value, at diag.Span) *int64 {
		or := ""
		if orUnlimited {
			or = " or unlimited"
			if isUnlimited(v) {
				return unlimited()
			}
		}
		if n, ok := v.(value.Number); ok {
			if i, ok := whole(n); ok && i >= lo && i <= hi {
				return &i
			}
		}
		r.Wrong(at, "", "%s must be a whole number from %d to %d%s, but is %s", key, lo, hi, or, Describe(v))
		return nil
	}
}

// Size reads a number of bytes: a number, or a string with a unit. M is 2^20.
func (r *Reader) Size(orUnlimited bool) func(string, value.Value, diag.Span) *int64 {
	return func(key string, v value.Value, at diag.Span) *int64 {
		or := ""
		if orUnlimited {
			or = ", or unlimited"
			if isUnlimited(v) {
				return unlimited()
			}
		}
		hint := "M is 1048576 bytes"
		switch x := v.(type) {
		case value.Number:
			if i, ok := whole(x); ok && i >= 0 {
				return &i
			}
		case value.String:
			if n, ok := policy.ParseSize(string(x)); ok {
				return &n
			}
			// 512MB, 512m and 512 M are clear enough.
			meant := strings.ToUpper(strings.ReplaceAll(string(x), " ", ""))
			if meant = strings.TrimSuffix(strings.TrimSuffix(meant, "B"), "I"); meant != "" {
				if _, ok := policy.ParseSize(meant); ok {
					hint = fmt.Sprintf("write: %q", meant)
				}
			}
		}
		r.Wrong(at, hint, "%s must be a number of bytes, or one with the unit K, M, G or T like \"512M\"%s, but is %s", key, or, Describe(v))
		return nil
	}
}

// Duration reads a duration like "10s", of at least so much.
func (r *Reader) Duration(key string, v value.Value, at diag.Span, least time.Duration) (time.Duration, bool) {
	hint := "write: \"10s\"; the units are ms, s, m, h and d"
	switch x := v.(type) {
	case value.String:
		d, err := time.ParseDuration(string(x))
		if days, ok := strings.CutSuffix(string(x), "d"); ok {
			var n uint64
			n, err = strconv.ParseUint(days, 10, 16)
			d = time.Duration(n) * 24 * time.Hour
		}
		if err == nil && d >= least {
			return d, true
		}
		if err == nil {
			r.Wrong(at, "", "%s must be at least %s, but is %s", key, least, Describe(v))
			return 0, false
		}
	case value.Number:
		if n, ok := whole(x); ok && n >= 0 {
			hint = fmt.Sprintf("write: \"%ds\"", n)
		}
	}
	r.Wrong(at, hint, "%s must be a duration like \"10s\", but is %s", key, Describe(v))
	return 0, false
}

// Describe says what a value is, for messages.
func Describe(v value.Value) string {
	switch x := v.(type) {
	case value.String:
		return fmt.Sprintf("%q", diag.Short(string(x)))
	case value.Number:
		switch {
		case x == value.Number(kauth.Unlimited):
			return "unlimited"
		case x == value.Number(math.Trunc(float64(x))) && math.Abs(float64(x)) < 1<<63:
			return strconv.FormatInt(int64(x), 10)
		}
		return value.Format(x)
	case value.Bool:
		return strconv.FormatBool(bool(x))
	case value.Nil:
		return "nil"
	}
	return "a " + v.Type().String()
}
