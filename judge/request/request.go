// Package request holds the requests that a judge and cellsh are both asked, in the words of each.
//
// What it is not: the vocabulary of cellsh. A request carries here what it was given, rightly or not.
package request

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Unlimited is the value of a limit that limits nothing.
const Unlimited = math.MaxInt64

// Request is a question that a kernel would ask.
type Request struct {
	// Cell is the name of the caller's cell, Name that of the request.
	Cell, Name string
	// Groups are those of the caller besides the effective one.
	Groups []int64
	// Values are the other fields, by names as in target.pid: int64, string, bool, or nil for one that has no value.
	Values map[string]any
}

// nested puts what belongs to the target into a map of its own.
func (r *Request) nested() map[string]any {
	all := map[string]any{}
	for name, value := range r.Values {
		if member, ok := strings.CutPrefix(name, "target."); ok {
			target, _ := all["target"].(map[string]any)
			if target == nil {
				target = map[string]any{}
				all["target"] = target
			}
			target[member] = value
		} else {
			all[name] = value
		}
	}
	return all
}

// JSON is a line for cellsh decide, without the end of the line.
func (r *Request) JSON() string {
	all := r.nested()
	all["cell"], all["request"] = r.Cell, r.Name
	all["groups"] = append([]int64{}, r.Groups...)
	text, err := json.Marshal(all)
	if err != nil {
		panic(err) // there is nothing in it that JSON lacks
	}
	return string(text)
}

// Lua is a table constructor with the same keys.
func (r *Request) Lua() string {
	all := r.nested()
	all["cell"], all["request"], all["groups"] = r.Cell, r.Name, r.Groups
	return literal(all)
}

func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case int64:
		if v == Unlimited {
			return "2^63"
		}
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case string:
		return strconv.Quote(v)
	case []int64:
		var parts []string
		for _, v := range v {
			parts = append(parts, literal(v))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, key+" = "+literal(v[key]))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	}
	panic(fmt.Sprintf("a request must hold numbers, strings and booleans, but holds a %T", v))
}
