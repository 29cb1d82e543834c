package library

import (
	"fmt"
	"math"
	"strings"
	"time"

	"cellsh/lua/value"
)

// times has the functions of time that need no clock.
var times = []definition{
	{name: "os.difftime", call: func(a *Args) []value.Value {
		later, earlier := a.Number(1), 0.0
		if !a.Absent(2) {
			earlier = a.Number(2)
		}
		return number(math.Trunc(later) - math.Trunc(earlier))
	}},
}

// Fields is what os.time sees of its table.
type Fields interface {
	value.Value
	// Lookup is the value of a key, with metamethods.
	Lookup(name string) (value.Value, error)
}

// Clock makes os.date and os.time with that clock and in that time zone. The table of os.date("*t") is a new
// *value.Table.
func Clock(now func() time.Time, zone *time.Location) Set {
	return newSet([]definition{
		{name: "os.date", change: true, call: func(a *Args) []value.Value { return date(a, now, zone) }},
		{name: "os.time", change: true, call: func(a *Args) []value.Value {
			if a.Absent(1) {
				return number(float64(now().Unix()))
			}
			return timeOf(a, zone)
		}},
	})
}

// The seconds between which the year is an int of C.
const (
	firstSecond = -67768040609740800
	lastSecond  = 67768036191676799
)

func date(a *Args, now func() time.Time, zone *time.Location) []value.Value {
	form := a.OptString(1, "%c")
	var t time.Time
	if a.Absent(2) {
		t = now()
	} else {
		seconds := castInt64(a.Number(2))
		if seconds < firstSecond || seconds > lastSecond {
			return none
		}
		t = time.Unix(seconds, 0)
	}
	t = t.In(zone)
	if utc, ok := strings.CutPrefix(form, "!"); ok {
		form = utc
		t = t.In(greenwich)
	}
	if a.err != nil {
		return nil
	}
	if form == "*t" {
		return one(dateTable(t))
	}
	a.look(len(form))
	out := output{a: a}
	for i := 0; i < len(form) && a.err == nil; i++ {
		part := form[i : i+1]
		if form[i] == '%' && i+1 < len(form) {
			i++
			part = dateConversion(t, form[i])
			a.work(1)
		}
		out.write(part)
	}
	return text(out.text.String())
}

// greenwich is UTC by the name that C gives to it.
var greenwich = time.FixedZone("GMT", 0)

func dateTable(t time.Time) *value.Table {
	table := &value.Table{}
	for _, f := range []struct {
		name string
		v    value.Value
	}{
		{"sec", value.Number(t.Second())},
		{"min", value.Number(t.Minute())},
		{"hour", value.Number(t.Hour())},
		{"day", value.Number(t.Day())},
		{"month", value.Number(t.Month())},
		{"year", value.Number(t.Year())},
		{"wday", value.Number(t.Weekday() + 1)},
		{"yday", value.Number(t.YearDay())},
		{"isdst", value.Bool(t.IsDST())},
	} {
		if err := table.Set(value.String(f.name), f.v); err != nil {
			panic(err) // a string is always a key
		}
	}
	return table
}

// dateConversion is what a conversion of strftime writes in the C locale. Letters that stand for none are kept.
func dateConversion(t time.Time, c byte) string {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	switch c {
	case 'a':
		return t.Weekday().String()[:3]
	case 'A':
		return t.Weekday().String()
	case 'b', 'h':
		return month.String()[:3]
	case 'B':
		return month.String()
	case 'c':
		return dateForm(t, "%a %b %e %H:%M:%S %Y")
	case 'C':
		return fmt.Sprint(floorDiv(year, 100))
	case 'd':
		return fmt.Sprintf("%02d", day)
	case 'D', 'x':
		return dateForm(t, "%m/%d/%y")
	case 'e':
		return fmt.Sprintf("%2d", day)
	case 'F':
		return dateForm(t, "%Y-%m-%d")
	case 'g':
		year, _ = t.ISOWeek()
		return fmt.Sprintf("%02d", year-100*floorDiv(year, 100))
	case 'G':
		year, _ = t.ISOWeek()
		return fmt.Sprint(year)
	case 'H':
		return fmt.Sprintf("%02d", hour)
	case 'I':
		return fmt.Sprintf("%02d", (hour+11)%12+1)
	case 'j':
		return fmt.Sprintf("%03d", t.YearDay())
	case 'k':
		return fmt.Sprintf("%2d", hour)
	case 'l':
		return fmt.Sprintf("%2d", (hour+11)%12+1)
	case 'm':
		return fmt.Sprintf("%02d", month)
	case 'M':
		return fmt.Sprintf("%02d", minute)
	case 'n':
		return "\n"
	case 'p':
		return halfOfDay(hour)
	case 'P':
		return strings.ToLower(halfOfDay(hour))
	case 'r':
		return dateForm(t, "%I:%M:%S %p")
	case 'R':
		return dateForm(t, "%H:%M")
	case 's':
		return fmt.Sprint(t.Unix())
	case 'S':
		return fmt.Sprintf("%02d", second)
	case 't':
		return "\t"
	case 'T', 'X':
		return dateForm(t, "%H:%M:%S")
	case 'u':
		return fmt.Sprint((int(t.Weekday())+6)%7 + 1)
	case 'U':
		return fmt.Sprintf("%02d", (t.YearDay()+6-int(t.Weekday()))/7)
	case 'V':
		_, week := t.ISOWeek()
		return fmt.Sprintf("%02d", week)
	case 'w':
		return fmt.Sprint(int(t.Weekday()))
	case 'W':
		return fmt.Sprintf("%02d", (t.YearDay()+6-(int(t.Weekday())+6)%7)/7)
	case 'y':
		return fmt.Sprintf("%02d", year-100*floorDiv(year, 100))
	case 'Y':
		return fmt.Sprint(year)
	case 'z':
		return t.Format("-0700")
	case 'Z':
		name, _ := t.Zone()
		return name
	case '%':
		return "%"
	}
	return "%" + string([]byte{c})
}

// dateForm is a form of several conversions.
func dateForm(t time.Time, form string) string {
	var b strings.Builder
	for i := 0; i < len(form); i++ {
		if form[i] == '%' {
			i++
			b.WriteString(dateConversion(t, form[i]))
		} else {
			b.WriteByte(form[i])
		}
	}
	return b.String()
}

func halfOfDay(hour int) string {
	if hour < 12 {
		return "AM"
	}
	return "PM"
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// timeOf is the time that a table tells, in seconds since 1970. Fields outside their range are carried over: the 32nd of
// January is the first of February.
func timeOf(a *Args, zone *time.Location) []value.Value {
	t, ok := a.Get(1).(Fields)
	if !ok {
		a.Must(1, "a table")
		return nil
	}
	field := func(name string, otherwise int64) int64 {
		if a.err != nil {
			return 0
		}
		v, err := t.Lookup(name)
		if a.err = err; err != nil {
			return 0
		}
		if (v == value.Nil{}) && otherwise >= 0 {
			return otherwise
		}
		n, ok := value.ToNumber(v)
		if !ok {
			a.Fail("the field %s of the table that os.time takes must be a number, but is %s", name, NewArgs("", nil, one(v)).describe(1))
		}
		return castInt64(float64(n))
	}
	const needed = -1
	second, minute, hour := field("sec", 0), field("min", 0), field("hour", 12)
	day, month, year := field("day", needed), field("month", needed), field("year", needed)
	if a.err != nil {
		return nil
	}
	summer, err := t.Lookup("isdst")
	if a.err = err; err != nil {
		return nil
	}
	for _, n := range []int64{second, minute, hour, day, month, year} {
		if n < math.MinInt32 || n > math.MaxInt32 {
			return none
		}
	}
	when := time.Date(int(year), time.Month(month), int(day), int(hour), int(minute), int(second), 0, zone)
	if (summer != value.Nil{}) && value.Truth(summer) != when.IsDST() {
		when = when.Add(otherOffset(when))
	}
	return number(float64(when.Unix()))
}

// transitions is how many changes of the clock around a time are looked at.
const transitions = 8

// otherOffset is what a time must be moved by so that it reads the same by the other of summer and winter time. Where the
// zone has only one, C takes an hour for the difference.
func otherOffset(t time.Time) time.Duration {
	_, offset := t.Zone()
	earlier, later := t, t
	for range transitions {
		if start, _ := earlier.ZoneBounds(); !start.IsZero() {
			earlier = start.Add(-time.Second)
		}
		if _, end := later.ZoneBounds(); !end.IsZero() {
			later = end
		}
		for _, other := range []time.Time{earlier, later} {
			if other.IsDST() != t.IsDST() {
				_, otherOffset := other.Zone()
				return time.Duration(offset-otherOffset) * time.Second
			}
		}
	}
	if t.IsDST() {
		return time.Hour
	}
	return -time.Hour
}
