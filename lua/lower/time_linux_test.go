package lower_test

import (
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"cellsh/lua/lower"
	"cellsh/lua/syntax"
)

// threadTime is the processor time that this thread has taken: other work on the machine does not count.
func threadTime(t *testing.T) time.Duration {
	const thread = 1 // RUSAGE_THREAD
	var u syscall.Rusage
	if err := syscall.Getrusage(thread, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// The time it takes is linear in the size of the source.
func TestTime(t *testing.T) {
	for name, make := range map[string]func(n int) string{
		"rules": func(n int) string {
			return "return function(r) " + repeat(n, "if r.port == %[1]d then return deny, 'rule %[1]d' end\n") + "end"
		},
		"elseif": func(n int) string {
			return "return function(r) if r.port == 0 then return 1 " + repeat(n, "elseif r.port == %[1]d then return deny, 'rule %[1]d' \n") + "end end"
		},
		"elseif that goes on": func(n int) string {
			return "local x if x then x = 1 " + repeat(n, "elseif x == %[1]d then x = %[1]d \n") + "end"
		},
		"or": func(n int) string {
			return "return function(r) return r.port == 0" + repeat(n, " or r.port == %d") + " end"
		},
		"a table":    func(n int) string { return "local t = {" + repeat(n*10, "%d, ") + "}" },
		"a set":      func(n int) string { return "local t = {" + repeat(n*5, "[%d] = true, ") + "}" },
		"calls":      func(n int) string { return "local t = {" + repeat(n*5, "f(%d), ") + "}" },
		"a sum":      func(n int) string { return "local x = 1 x = x" + repeat(n, " + x * %d") },
		"statements": func(n int) string { return repeat(n, "x = y + %[1]d f(x, 'text %[1]d')\n") },
		"loops": func(n int) string {
			return repeat(n, "for i = 1, %d do if i > x then break end local y = i f(function() return y end) end\n")
		},
		"many locals": func(n int) string {
			return "local function f() " + repeat(150, "local x%d = 1\n") + repeat(n, "do local x = x150 + %d f(x, function() return x end) end\n") + " end"
		},
		"blocks":    func(n int) string { return repeat(n, "do local x = %d f(x) end\n") },
		"locals":    func(n int) string { return "local x " + repeat(n, "x = %d\n") },
		"functions": func(n int) string { return repeat(n, "f(function(a, b) return a + b + %d end)\n") },
		"an index":  func(n int) string { return "local x = t" + strings.Repeat(".x", n) },
		"a call":    func(n int) string { return "f" + strings.Repeat("()", n) },
		"signs":     func(n int) string { return "local x = 1 x = " + strings.Repeat("- ", n/2) + "x" },
		"nots":      func(n int) string { return "local x = 1 x = " + strings.Repeat("not ", n/2) + "x" },
		"powers":    func(n int) string { return "local x = 1 x = x" + strings.Repeat(" ^ x", n/2) },
	} {
		runtime.LockOSThread()
		took := func(n int) time.Duration {
			text := make(n)
			f := syntax.Read("p.lua", text)
			began := threadTime(t)
			l, err := lower.File(f, lower.Options{Guard: true})
			if err == nil {
				_, err = l.Compile()
			}
			if err != nil && !strings.Contains(err.Error(), "registers") {
				t.Errorf("%s: %.200v", name, err)
			}
			return threadTime(t) - began
		}
		took(100)
		// Ten times as much takes ten times as long; what is quadratic takes a hundred times.
		small, large := min(took(800), took(800), took(800), took(800)), min(took(8000), took(8000))
		runtime.UnlockOSThread()
		t.Logf("%-20s %6d %6d microseconds", name, small.Microseconds(), large.Microseconds())
		if large > 40*small+100*time.Millisecond {
			t.Errorf("%s: 800 take %s, 8000 take %s", name, small, large)
		}
	}
}
