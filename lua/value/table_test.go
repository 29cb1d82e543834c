package value

import (
	"testing"

	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"
)

// gopher-lua's table is the other reading's: both must answer alike, whatever was done before.
func TestTableIsAsGopherLua(t *testing.T) {
	defer func(n int) { lua.MaxArrayIndex = n }(lua.MaxArrayIndex)
	lua.MaxArrayIndex = MaxArray
	key := rapid.OneOf(
		rapid.Map(rapid.IntRange(1, 12), func(i int) Value { return Number(i) }),
		rapid.Map(rapid.IntRange(1, 40), func(i int) Value { return Number(i) }),
		rapid.SampledFrom([]Value{String("a"), String("b"), String("c"), String("1"), Bool(true), Bool(false), Number(0), Number(-1), Number(1.5),
			Number(MaxArray), Number(MaxArray + 1), Number(1e300), Number(-1e300)}),
	)
	some := rapid.SampledFrom([]Value{Nil{}, Nil{}, Bool(false), Number(7), String("x")})
	rapid.Check(t, func(t *rapid.T) {
		var ours Table
		theirs := &lua.LTable{Metatable: lua.LNil}
		for range rapid.IntRange(0, 60).Draw(t, "operations") {
			k, v := key.Draw(t, "key"), some.Draw(t, "value")
			if err := ours.Set(k, v); err != nil {
				t.Fatal(err)
			}
			theirs.RawSet(toGopher(k), toGopher(v))
		}
		if ours.Len() != theirs.Len() {
			t.Fatalf("Len is %d, gopher-lua's is %d", ours.Len(), theirs.Len())
		}
		var pairs, seen []Value
		for k, v := range ours.Pairs {
			pairs = append(pairs, k, v)
		}
		k, other := Value(Nil{}), lua.LValue(lua.LNil)
		for {
			next, v, ok := ours.Next(k)
			if !ok {
				t.Fatalf("the key %v is not known", k)
			}
			theirNext, theirValue := theirs.Next(other)
			if toGopher(next) != theirNext || (next != Nil{}) && toGopher(v) != theirValue {
				t.Fatalf("after %v comes %v = %v, but in gopher-lua %v = %v", k, next, v, theirNext, theirValue)
			}
			if k, other = next, theirNext; (k == Nil{}) {
				break
			}
			seen = append(seen, k, v)
			if ours.Get(k) != v {
				t.Fatalf("Get(%v) = %v, but Next gives %v", k, ours.Get(k), v)
			}
			// A loop may take away what it is at.
			if rapid.IntRange(0, 3).Draw(t, "delete") == 0 {
				if err := ours.Set(k, Nil{}); err != nil {
					t.Fatal(err)
				}
				theirs.RawSet(toGopher(k), lua.LNil)
			}
		}
		if len(pairs) != len(seen) {
			t.Fatalf("Pairs gives %v, Next gives %v", pairs, seen)
		}
		for i := range pairs {
			if pairs[i] != seen[i] {
				t.Fatalf("Pairs gives %v, Next gives %v", pairs, seen)
			}
		}
		for range 20 {
			k := key.Draw(t, "read")
			if got, want := ours.Get(k), theirs.RawGet(toGopher(k)); toGopher(got) != want {
				t.Fatalf("Get(%v) = %v, but gopher-lua's is %v", k, got, want)
			}
		}
		if ours.Len() != theirs.Len() {
			t.Fatalf("after the loop, Len is %d, gopher-lua's is %d", ours.Len(), theirs.Len())
		}
	})
}

func toGopher(v Value) lua.LValue {
	switch x := v.(type) {
	case Bool:
		return lua.LBool(x)
	case Number:
		return lua.LNumber(x)
	case String:
		return lua.LString(x)
	}
	return lua.LNil
}

func TestTableKeys(t *testing.T) {
	var table Table
	if err := table.Set(Nil{}, Number(1)); err != ErrNilKey {
		t.Error(err)
	}
	nan := Number(0)
	nan /= nan
	if err := table.Set(nan, Number(1)); err != ErrNaNKey {
		t.Error(err)
	}
	if v := table.Get(nan); v != (Nil{}) {
		t.Error(v)
	}
	if _, _, ok := table.Next(String("never there")); ok {
		t.Error("a key that the table never had has no next")
	}
	if _, _, ok := table.Next(Number(3)); ok {
		t.Error("an index behind the array has no next")
	}
	if k, _, ok := table.Next(Nil{}); !ok || k != (Nil{}) {
		t.Error(k, ok)
	}
}

func TestMaxN(t *testing.T) {
	var table Table
	for _, k := range []Value{Number(3), Number(7.5), Number(-1), String("100"), Number(1e10)} {
		if err := table.Set(k, Bool(true)); err != nil {
			t.Fatal(err)
		}
	}
	if n := table.MaxN(); n != 1e10 {
		t.Error(n)
	}
	table.Set(Number(1e10), Nil{})
	if n := table.MaxN(); n != 7.5 {
		t.Error(n)
	}
	table.Set(Number(7.5), Nil{})
	if n := table.MaxN(); n != 3 {
		t.Error(n)
	}
	if n := (&Table{}).MaxN(); n != 0 {
		t.Error(n)
	}
}

// What an assignment adds is bounded by what Growth says before it.
func TestGrowth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table Table
		told := 0
		for range rapid.IntRange(0, 30).Draw(t, "operations") {
			k := Number(rapid.IntRange(-3, 300).Draw(t, "key"))
			told += table.Growth(k)
			if err := table.Set(k, Bool(true)); err != nil {
				t.Fatal(err)
			}
		}
		if has := 16*len(table.array) + 64*len(table.entries); told < has {
			t.Fatalf("the table has %d bytes, but Growth told of %d", has, told)
		}
	})
}
