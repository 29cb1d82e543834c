package scale

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"cellsh/policy/rules"
)

func lines(req string, f func(i int) string) func(n int) []rules.Source {
	return func(n int) []rules.Source {
		return function(req, func(b *strings.Builder) {
			for i := range n {
				b.WriteString("      "+f(i)+"\n")
			}
		})
	}
}

func TestVariants(t *testing.T) {
	r := func(i int) string { return results[i%len(results)] }
	for name, f := range map[string]func(n int)[]rules.Source{
		"group": lines("network.bind.port", func(i int) string { return fmt.Sprintf("if r:in_group(%d) then return %s end", i+1, r(i)) }),
		"prefix": lines("network.bind.port", func(i int) string { return fmt.Sprintf("if r.addr:within('10.%d.%d.0/%d') then return %s end", i/250, i%250, 24+i%2, r(i)) }),
		"ifname": lines("network.interface.setpriv", func(i int) string { return fmt.Sprintf("if r.ifname == 'tap%d' then return %s end", i, r(i)) }),
		"conj": lines("network.bind.port", func(i int) string { return fmt.Sprintf("if r.uid == %d and r.port == %d then return %s end", (i*7)%5000, (i*13)%60000, r(i)) }),
		"alt": lines("network.bind.port", func(i int) string { return []string{fmt.Sprintf("if r.uid == %d then return %s end", i, r(i)), fmt.Sprintf("if r.port == %d then return %s end", i, r(i)) }[i%2] }),
		"descending": lines("network.bind.port", func(i int) string { return fmt.Sprintf("if r.port > %d then return %s end", 60000-5*i, r(i)) }),
		"ranges": lines("network.bind.port", func(i int) string { return fmt.Sprintf("if r.port >= %d and r.port <= %d then return %s end", (i*37)%60000, (i*37)%60000+i%1000, r(i)) }),
		"loopconj": func(n int) []rules.Source { return function("network.bind.port", func(b *strings.Builder) { fmt.Fprintf(b, "for i = 1, %d do if r.port == i * 5 and r.uid ~= i then return deny end end\n", n) })},
		"table": func(n int) []rules.Source { return function("network.bind.port", func(b *strings.Builder) { fmt.Fprintf(b, "local t = {} for i = 1, %d do t[i*5] = true end\n if t[r.port] then return deny end\n", n) })},
		"elseif": func(n int) []rules.Source { return function("network.bind.port", func(b *strings.Builder) { b.WriteString("if r.port == 0 then return nil\n"); for i := range n { fmt.Fprintf(b, "elseif r.port == %d then return %s\n", i*5+1, r(i)) }; b.WriteString("end\n") })},
		"allreq": lines("network", func(i int) string { return fmt.Sprintf("if r.uid == %d then return %s end", i*3, r(i)) }),
		"system": lines("process", func(i int) string { return fmt.Sprintf("if r.uid == %d then return %s end", i*3, r(i)) }),
		"two": lines("process.rlimit.set", func(i int) string { return fmt.Sprintf("if r.cur > %d and r.max < %d then return %s end", i*3,i*5, r(i)) }),
		"reasons": lines("network.bind.port", func(i int) string { return fmt.Sprintf("if r.port == %d then return deny, 'port %d' end", i*5+1, i) }),
	} {
		t.Run(name, func(t *testing.T) {
		var last time.Duration
		for _, n := range []int{1000, 10000} {
			start := time.Now()
			x, err := Run(f(n), []string{"a"})
			d := time.Since(start)
			s := fmt.Sprint(err)
			if len(s) > 200 { s = s[:200] }
			t.Log(n, d, float64(d)/float64(last), x, s)
			last = d
		}
		})
	}
}
