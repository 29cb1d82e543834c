package celltest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
)

var le = binary.LittleEndian

func appendText(b []byte, s string) []byte {
	return append(le.AppendUint16(b, uint16(len(s))), s...)
}

// members is how far members of a cell must be counted for a program: from there on no test on them has another answer.
func members(p *program.Program) uint32 {
	most := int64(0)
	limit := kauth.FieldMembers.Info().Max
	for i := range p.Nodes() {
		t := p.Nodes()[i].Test()
		if !t.Needs().Has(kauth.FieldMembers) {
			continue
		}
		if t.Kind != policy.In {
			return math.MaxUint32
		}
		// Where a range begins, and behind its end, the answer changes; if a number of members stands on either side.
		change := func(at int64) {
			if 0 < at && at <= limit {
				most = max(most, at)
			}
		}
		for _, r := range t.Set {
			if change(r.Lo); r.Hi < math.MaxInt64 {
				change(r.Hi + 1)
			}
		}
	}
	return uint32(most)
}

// describe is what the driver must say of a program.
func describe(b []byte, p *program.Program) []byte {
	b = le.AppendUint32(b, members(p))
	for id := range kauth.RequestID(kauth.NumRequests) {
		if _, ok := p.Root(id); !ok {
			b = append(b, 0)
			continue
		}
		b = le.AppendUint64(append(b, 1), uint64(p.Mask(id)))
	}
	b = le.AppendUint32(b, uint32(len(p.Leaves())))
	for _, d := range p.Leaves() {
		b = append(b, 0)
		if d.Record {
			b[len(b)-1] = 1
		}
		for _, a := range []policy.Answer{d.Answer, d.Would} {
			b = append(b, byte(a.Result))
			b = appendText(appendText(appendText(b, a.Reason), a.Source.Policy), a.Source.File)
			b = le.AppendUint32(b, uint32(a.Source.Line))
		}
	}
	return b
}

// describeBundle is what the driver must say of a bundle.
func describeBundle(x *program.Bundle) []byte {
	b := make([]byte, 9)
	b = le.AppendUint64(b, x.Generation)
	b = le.AppendUint32(b, x.Attachment)
	b = append(b, byte(x.FallbackScope))
	b = le.AppendUint32(b, uint32(len(x.Programs)))
	b = describe(b, x.Fallback)
	for _, p := range x.Programs {
		b = describe(b, p)
	}
	b = le.AppendUint32(b, uint32(len(x.Cells)))
	for _, c := range x.Cells {
		b = le.AppendUint32(b, uint32(c.ID))
		b = le.AppendUint32(b, uint32(c.Program))
		b = appendText(b, c.Name)
	}
	b = appendText(b, x.Name(0))
	return appendText(b, x.Name(77777777))
}

// refusedAlike holds what C says of what is refused against the error of package program.
func refusedAlike(err error, answer []byte) error {
	want, ok := program.FaultOf(err)
	if !ok {
		return fmt.Errorf("an error without a fault: %w", err)
	}
	if len(answer) != 9 || program.Fault(answer[0]) != want {
		return fmt.Errorf("C says fault %d, %s, but Go %d: %w", answer[0], program.Fault(answer[0]), want, err)
	}
	// Which node cannot carry a field depends on the way through the nodes; C names the request.
	var verify *program.VerifyError
	if index := le.Uint32(answer[5:]); errors.As(err, &verify) && want != program.FaultNotCarried && index != uint32(verify.Index) {
		return fmt.Errorf("C says index %d, but Go %d: %w", index, verify.Index, err)
	}
	return nil
}

// verdict asks C about a bundle and compares; the bundle is nil if both refuse it.
func verdict(t testing.TB, d *driver, text []byte) (*program.Bundle, program.Fault) {
	t.Helper()
	answer := d.ask(t, 'B', text)
	b, err := program.DecodeBundle(text)
	if err != nil {
		if err := refusedAlike(err, answer); err != nil {
			t.Fatalf("%v\n%x", err, text)
		}
		return nil, program.Fault(answer[0])
	}
	if want := describeBundle(b); !bytes.Equal(answer, want) {
		t.Fatalf("C says of a sound bundle\n%x, but Go\n%x\n%x", answer, want, text)
	}
	return b, 0
}

// decision is what the driver must answer to a request: where a test looks at a field that is not given it says which.
func decision(p *program.Program, q *policy.Request) [8]byte {
	var out [8]byte
	at, ok := p.Root(q.ID)
	if !ok {
		le.PutUint32(out[:], math.MaxUint32)
		out[4] = byte(policy.Allow)
		return out
	}
	for at >= 0 {
		n := &p.Nodes()[at]
		t := n.Test()
		if missing := t.Needs() &^ q.Given; missing != 0 {
			out[7] = byte(missing.Fields()[0])
			return out
		}
		if at = n.No; t.Eval(q) {
			at = n.Yes
		}
	}
	leaf, _ := at.Leaf()
	d := p.Leaf(at)
	le.PutUint32(out[:], uint32(leaf))
	out[4], out[5] = byte(d.Result), byte(d.Would.Result)
	if d.Record {
		out[6] = 1
	}
	return out
}

// decisions asks both n requests of each cell of a bundle, and one of a cell that it does not list; now and then with fields
// missing. It gives how many were compared.
func decisions(t testing.TB, d *driver, r random, b *program.Bundle, text []byte, n int) int {
	t.Helper()
	cells := []program.CellID{0, 77777777}
	for _, c := range b.Cells {
		cells = append(cells, c.ID)
	}
	for _, cell := range cells {
		p := b.Find(cell)
		if p == nil {
			p = b.Fallback
		}
		frame := le.AppendUint32(nil, uint32(cell))
		var requests []*policy.Request
		for range n {
			q := r.request(p)
			if r.IntN(4) == 0 {
				q.Given &^= kauth.FieldSet(r.Uint64() & r.Uint64())
			}
			requests = append(requests, q)
			frame = AppendRequest(frame, vocabulary, q)
		}
		answer := d.ask(t, 'R', frame)
		if len(answer) != 8*n {
			t.Fatalf("%d bytes of answers to %d requests", len(answer), n)
		}
		for i, q := range requests {
			want := decision(p, q)
			if got := [8]byte(answer[8*i:]); got != want {
				t.Fatalf("C says %v, but Go %v for %+v of\n%x", got, want, q, text)
			}
			// Where nothing is missing, Decide says it too.
			if q.Given == q.ID.Info().Fields {
				if x := p.Decide(q); x.Result != policy.Result(want[4]) || x.Would.Result != policy.Result(want[5]) || x.Record != (want[6] == 1) {
					t.Fatalf("Decide says %+v, but the nodes %v", x, want)
				}
			}
		}
	}
	return n * len(cells)
}

// tally counts what a differential test has met.
type tally struct {
	compared, refused, taken int
	faults                   map[program.Fault]int
}

// differ compares until there are so many comparisons: random bundles, what they decide, and damaged ones.
func differ(t testing.TB, d *driver, seed uint64, comparisons int) tally {
	t.Helper()
	r := newRandom(seed)
	sum := tally{faults: map[program.Fault]int{}}
	var other []byte
	for sum.compared < comparisons {
		b := r.bundle(t, pick(r, []int{2, 8, 40}))
		text := b.Encode()
		decoded, _ := verdict(t, d, text)
		if decoded == nil {
			t.Fatalf("a sound bundle is refused:\n%x", text)
		}
		sum.compared += 1 + decisions(t, d, r, decoded, text, 40)
		for range 60 {
			bad := r.damaged(text, other)
			b, fault := verdict(t, d, bad)
			sum.compared++
			if b == nil {
				sum.refused++
				sum.faults[fault]++
				continue
			}
			sum.taken++
			sum.compared += decisions(t, d, r, b, bad, 4)
		}
		other = text
	}
	return sum
}

// The same verdict on every bundle, and the same decision on every request. CELLTEST_COMPARISONS says how many; without it
// 100,000 with the first compiler, and fewer with the others.
func TestDifferential(t *testing.T) {
	forEach(t, func(t *testing.T, d *driver, number int) {
		n := 10_000
		if number == 0 && !testing.Short() {
			n = 100_000
		}
		if text := os.Getenv("CELLTEST_COMPARISONS"); text != "" {
			var err error
			if n, err = strconv.Atoi(text); err != nil {
				t.Fatalf("CELLTEST_COMPARISONS must be a number: %v", err)
			}
		}
		sum := differ(t, d, uint64(n+number), n)
		t.Logf("%d comparisons: %d damaged bundles were refused with %d kinds of fault, %d were taken", sum.compared, sum.refused, len(sum.faults), sum.taken)
		if sum.taken == 0 || sum.refused == 0 {
			t.Error("damage never mattered, or always")
		}
	})
}

// Whatever the bytes, both say the same.
func FuzzDifferential(f *testing.F) {
	r := newRandom(1)
	for range 20 {
		f.Add(r.bundle(f, 8).Encode(), uint64(1))
	}
	d := start(f, targets[0])
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		for _, fit := range []bool{false, true} {
			if fit {
				// Past the checksums, to where the fuzzer would hardly get by itself.
				text = bytes.Clone(text)
				seal(text)
			}
			if b, _ := verdict(t, d, text); b != nil && len(b.Cells) < 100 {
				decisions(t, d, newRandom(seed), b, text, 4)
			}
		}
	})
}
