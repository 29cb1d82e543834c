package program

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

var update = flag.Bool("update", false, "write the vectors, the golden files and the tables of docs/format.md")

// vectorFile is a file of testdata/vectors: programs with requests and answers, for evaluators in any language.
type vectorFile struct {
	About   string   `json:"about"`
	Vectors []vector `json:"vectors"`
}

// vector is a program that must be refused, or one with requests.
type vector struct {
	Name string `json:"name"`
	// Program in hexadecimal digits.
	Program string `json:"program"`
	// Cut says that the program must be refused cut off at any byte.
	Cut      bool            `json:"cut,omitempty"`
	Requests []vectorRequest `json:"requests,omitempty"`
	// Refused is set for what must be refused.
	Refused *refusal `json:"refused,omitempty"`
}

// refusal says which rule of docs/format.md is broken, the number of the fault, and what this package says about it.
type refusal struct {
	Rule  int    `json:"rule"`
	Fault Fault  `json:"fault"`
	Error string `json:"error"`
}

// ruleOf is the rule of docs/format.md that a program with that fault breaks.
func ruleOf(f Fault) int {
	switch {
	case f < FaultRequestUnknown:
		return 1
	case f < FaultResult:
		return 2
	case f < FaultOperation:
		return 3
	case f < FaultRequestOrder:
		return 4
	case f == FaultNodeUnreached || f == FaultLeafUnreached:
		return 6
	case f == FaultForm:
		return 7
	}
	return 5
}

// vectorRequest is a request by name and number, with the fields that the program can look at: numbers, true and false
// as 1 and 0, texts, addresses as text ("" for none), groups as a list.
type vectorRequest struct {
	Request string         `json:"request"`
	Number  string         `json:"number"`
	Fields  map[string]any `json:"fields"`
	// Leaf that the evaluation ends at, -1 for a request that the program does not list.
	Leaf   int    `json:"leaf"`
	Result string `json:"result"`
	Reason string `json:"reason,omitempty"`
	Would  string `json:"would,omitempty"`
	Record bool   `json:"record,omitempty"`
}

// sample answers requests that are chosen so that every node is left by both ways, where requests can.
func sample(t *testing.T, name string, p *Program) vector {
	t.Helper()
	v := vector{Name: name, Program: hex.EncodeToString(p.Encode(netbsd))}
	rnd := rand.New(rand.NewPCG(7, 8))
	type edge struct {
		node Ref
		yes  bool
	}
	met := map[edge]bool{}
	add := func(q *policy.Request) {
		r := vectorRequest{Request: q.ID.String(), Fields: map[string]any{}, Leaf: -1}
		n, _ := netbsd.Number(q.ID)
		r.Number = fmt.Sprintf("%06x", n.Key())
		for _, f := range p.Mask(q.ID).Fields() {
			r.Fields[f.String()] = fieldValue(q, f)
		}
		fresh := false
		d := policy.Allowed
		if at, ok := p.Root(q.ID); ok {
			for at >= 0 {
				n := &p.Nodes()[at]
				test := n.Test()
				yes := test.Eval(q)
				fresh = fresh || !met[edge{at, yes}]
				met[edge{at, yes}] = true
				if at = n.No; yes {
					at = n.Yes
				}
			}
			r.Leaf, _ = at.Leaf()
			d = *p.Leaf(at)
		}
		r.Result, r.Reason, r.Would, r.Record = d.Result.String(), d.Reason, d.Would.Result.String(), d.Record
		if fresh || len(p.Nodes()) == 0 || r.Leaf < 0 {
			v.Requests = append(v.Requests, r)
		}
	}
	for _, root := range p.Roots() {
		for range 3000 {
			add(nearRequest(rnd, root.Request, p))
		}
		if len(p.Nodes()) == 0 {
			v.Requests = v.Requests[:len(v.Requests)/3000]
		}
	}
	add(randomRequest(rnd, request(t, "system.reboot")))
	return v
}

// nearRequest takes values at the operands of the program and beside them.
func nearRequest(c chooser, id kauth.RequestID, p *Program) *policy.Request {
	q := randomRequest(c, id)
	for range 4 {
		if len(p.nodes) == 0 {
			break
		}
		n := &p.nodes[c.IntN(len(p.nodes))]
		if !id.Info().Fields.Has(n.Field) {
			continue
		}
		lo, hi := id.Range(n.Field)
		near := func(v int64) int64 {
			return max(lo, min(v, hi-1)) + int64(c.IntN(2))
		}
		switch {
		case n.Op == InPrefix:
			a := n.Prefix.Addr
			if c.IntN(3) == 0 {
				a = n.Prefix.Last()
			}
			q.SetAddr(a)
		case n.Op == Member:
			q.SetInt(kauth.FieldEGID, n.K)
		case n.Field.Info().Kind == kauth.KindString:
			q.SetText(n.Field, strings.ReplaceAll(n.Text, "*", []string{"", "x", "xw0"}[c.IntN(3)]))
		case n.Op == Modulus:
			r := n.Set[c.IntN(len(n.Set))]
			q.SetInt(n.Field, near(n.K*int64(c.IntN(100))+[]int64{r.Lo, r.Hi, r.Lo - 1}[c.IntN(3)]))
		case n.Op == InSet:
			r := n.Set[c.IntN(len(n.Set))]
			q.SetInt(n.Field, near([]int64{r.Lo, r.Hi, r.Lo - 1}[c.IntN(3)]))
		case n.Op.twoFields():
			q.SetInt(n.Field, q.Int[n.Other])
		default:
			q.SetInt(n.Field, near(n.K))
		}
	}
	return q
}

func fieldValue(q *policy.Request, f kauth.Field) any {
	switch f.Info().Kind {
	case kauth.KindString:
		return q.Text(f)
	case kauth.KindAddr:
		if q.Addr.Version == 0 {
			return ""
		}
		return q.Addr.String()
	case kauth.KindGroups:
		return append([]uint32{}, q.Groups...)
	}
	return q.Int[f]
}

// constant answers requests without a look at them.
func constant(t *testing.T, d policy.Decision, names ...string) *Program {
	var roots []Root
	for _, name := range names {
		roots = append(roots, Root{request(t, name), LeafRef(0)})
	}
	slices.SortFunc(roots, func(a, b Root) int { return int(a.Request) - int(b.Request) })
	p, err := New(roots, nil, []policy.Decision{d})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// accepted are the vectors of sound programs.
func accepted(t *testing.T) vectorFile {
	empty, err := New(nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := vectorFile{About: "Programs that must be taken, with requests. Together they have every operation on every kind of field."}
	out.Vectors = append(out.Vectors, sample(t, "nothing", empty))
	for r := policy.Allow; r <= policy.Deny; r++ {
		d := policy.Decision{Answer: policy.Answer{Result: r, Reason: "kept", Record: true, Source: policy.Source{Policy: "p", File: "p.lua", Line: 1}}}
		out.Vectors = append(out.Vectors, sample(t, fmt.Sprintf("always %s, recorded", r), constant(t, d, "system.module", "device.rawio_passthru")))
		for would := policy.Pass; would <= policy.Deny; would++ {
			d := policy.Decision{Answer: policy.Answer{Result: r, Reason: "because", Source: policy.Source{Policy: "p", File: "p.lua", Line: 1}}}
			if would != policy.Pass {
				d.Would = policy.Answer{Result: would, Source: policy.Source{Policy: "q", File: "q.lua", Line: 2}}
			}
			out.Vectors = append(out.Vectors, sample(t, fmt.Sprintf("always %s, would %q", r, would), constant(t, d, "system.module", "device.rawio_passthru")))
		}
	}
	whole := sample(t, "every operation", everything(t))
	whole.Cut = true
	out.Vectors = append(out.Vectors, whole, sample(t, "a search by halves", ports(t, 33)))
	rnd := rand.New(rand.NewPCG(11, 12))
	for i := range 12 {
		out.Vectors = append(out.Vectors, sample(t, fmt.Sprintf("random %d", i+1), randomProgram(t, rnd, 24)))
	}
	return out
}

// refused are programs that break one rule each, made of a sound one by changing bytes; the checksum fits unless it is
// what is wrong.
func refused(t *testing.T) vectorFile {
	text := everything(t).Encode(netbsd)
	le := binary.LittleEndian
	count := func(at int) int { return int(le.Uint32(text[at:])) }
	roots := programHeader
	nodes := roots + rootSize*count(12)
	rangesAt := nodes + nodeSize*count(16)
	prefixes := rangesAt + rangeSize*count(20)
	leaves := prefixes + prefixSize*count(24)
	texts := leaves + leafSize*count(28)
	node := func(i, part int) int { return nodes + nodeSize*i + part }
	leaf := func(i, part int) int { return leaves + leafSize*i + part }
	key := func(name string) string {
		n, _ := netbsd.Number(request(t, name))
		return string(le.AppendUint32(nil, n.Key()))
	}
	out := vectorFile{About: "Programs that must be refused, and the rule of docs/format.md that each breaks."}
	met := map[Fault]bool{}
	defer func() {
		for _, f := range Faults() {
			if f >= FaultProgramMagic && !met[f] {
				t.Errorf("no vector has fault %d, %s", f, f)
			}
		}
	}()
	refusalOf := func(rule int, err error) *refusal {
		f, _ := FaultOf(err)
		if met[f] = true; ruleOf(f) != rule {
			t.Errorf("rule %d is meant, but this breaks rule %d: %v", rule, ruleOf(f), err)
		}
		return &refusal{rule, f, err.Error()}
	}
	add := func(rule int, name string, at int, put string) {
		damaged := bytes.Clone(text)
		copy(damaged[at:], put)
		if at != 8 {
			sealed(damaged, 8)
		}
		_, err := Decode(damaged, netbsd)
		if err == nil {
			t.Errorf("%s is taken", name)
			return
		}
		out.Vectors = append(out.Vectors, vector{Name: name, Program: hex.EncodeToString(damaged), Refused: refusalOf(rule, err)})
	}
	add(1, "magic", 0, "cshQ")
	add(1, "length", 4, "\x00\x00\x00\x00")
	add(1, "reserved field of the header", 36, "\x01")
	add(1, "very many nodes", 16, "\xff\xff\xff\xff")
	add(1, "counts that do not fill the length", 20, "\x01")
	add(1, "checksum", 8, "\x00\x00\x00\x00")
	add(2, "unknown request", roots, "\xff\xff\x01\x00")
	add(2, "unknown scope", roots, "\x01\x01\x09\x00")
	add(2, "request with a fourth byte", roots+3, "\x01")
	add(2, "ranges outside of their section", node(1, 16), "\x7f")
	add(2, "more ranges than there are", node(1, 12), "\x7f")
	add(2, "prefix outside of its section", node(2, 16), "\x7f")
	add(2, "text outside of its section", node(10, 16), "\xff\xff")
	add(2, "text that does not end in its section", texts, "\xff\xff")
	add(2, "reserved byte of a node", node(0, 3), "\x01")
	add(2, "other field of an operation without one", node(0, 2), "\x01")
	add(2, "count of an operation without ranges", node(0, 12), "\x01")
	add(2, "operand of an operation without one", node(7, 16), "\x01")
	add(2, "reserved bytes of a prefix", prefixes+2, "\x01")
	add(2, "unknown flag of a leaf", leaf(0, 2), "\x02")
	add(2, "reserved byte of a leaf", leaf(0, 3), "\x01")
	add(2, "what a number is divided by does not begin with 0", rangesAt+rangeSize*5, "\x01")
	add(2, "what a number is divided by has no ranges", node(16, 12), "\x00")
	add(2, "reserved end of a leaf", leaf(0, 36), "\x01")
	add(3, "result 0", leaf(0, 0), "\x00")
	add(3, "result 4", leaf(0, 0), "\x04")
	add(3, "would-result 4", leaf(0, 1), "\x04")
	add(3, "would-reason without a would-result", leaf(0, 32), "\x01")
	add(3, "line beyond 2^30", leaf(1, 16), "\x01\x00\x00\x40")
	add(3, "reason that is not UTF-8", texts+bytes.Index(text[texts:], []byte("ja, nat")), "\xff")
	add(4, "operation 12", node(0, 0), "\x0c")
	add(4, "field that does not exist", node(0, 1), "\x7f")
	add(4, "yes to an earlier node", node(5, 4), "\x04\x00\x00\x00")
	add(4, "no to the node itself", node(5, 8), "\x05\x00\x00\x00")
	add(4, "yes to a node that does not exist", node(5, 4), string(le.AppendUint32(nil, uint32(count(16)))))
	add(4, "no to a leaf that does not exist", node(5, 8), string(le.AppendUint32(nil, leafBit|uint32(count(28)))))
	add(4, "text that is not UTF-8", texts+bytes.Index(text[texts:], []byte("wm0")), "\xff")
	add(4, "ranges that overlap", rangesAt+rangeSize, "\x50\x00\x00\x00\x00\x00\x00\x00")
	add(4, "ranges that touch", rangesAt+rangeSize, "\x51\x00\x00\x00\x00\x00\x00\x00")
	add(4, "ranges out of order", rangesAt, "\xff\x7f\x00\x00\x00\x00\x00\x00\xff\x7f")
	add(4, "range that ends before it begins", rangesAt+8, "\x4f")
	add(4, "set without ranges", node(1, 12), "\x00")
	add(4, "prefix of version 5", prefixes, "\x05")
	add(4, "prefix with 33 bits", prefixes+1, "\x21")
	add(4, "prefix with bits behind it", prefixes+8, "\x01")
	add(4, "IPv4 prefix with a lower half", prefixes+16, "\x01")
	add(4, "group of more than 32 bits", node(15, 20), "\x01")
	add(4, "other field that does not exist", node(7, 2), "\x7f")
	add(4, "field compared with itself", node(7, 2), string([]byte{byte(kauth.FieldCur)}))
	add(4, "number compared with a name", node(7, 2), string([]byte{byte(kauth.FieldResource)}))
	add(4, "order of texts", node(13, 0), "\x01")
	add(4, "prefix of a number", node(2, 1), string([]byte{byte(kauth.FieldPort)}))
	add(4, "membership in a number", node(15, 1), string([]byte{byte(kauth.FieldGID)}))
	add(4, "mask of no bit", node(18, 16), "\x00")
	add(4, "mask of two bits", node(18, 16), "\x03")
	add(4, "mask of a bit that the field can't have", node(18, 16), "\x00\x00\x00\x00\x01")
	add(4, "mask of a field without flags", node(18, 1), string([]byte{byte(kauth.FieldPort)}))
	add(4, "number divided by 1", rangesAt+rangeSize*5+8, "\x00")
	add(4, "rest that is not less than what is divided by", rangesAt+rangeSize*5+8, "\x04")
	add(4, "only what a number is divided by", node(16, 12), "\x01")
	add(4, "flags that are divided", node(16, 1), string([]byte{byte(kauth.FieldBits)}))
	add(4, "pattern without a star", texts+bytes.Index(text[texts:], []byte("w*0"))+1, "m")
	add(4, "pattern with two stars together", texts+bytes.Index(text[texts:], []byte("w*0")), "*")
	add(4, "pattern of a number", node(17, 1), string([]byte{byte(kauth.FieldPort)}))
	add(5, "requests out of order", roots+rootSize, key("process.fork"))
	add(5, "request twice", roots+rootSize, key("process.rlimit.set"))
	add(5, "request under a spin lock", roots+rootSize, key("process.scheduler_setparam"))
	add(5, "start at a node that does not exist", roots+4, string(le.AppendUint32(nil, uint32(count(16)))))
	add(5, "start at a leaf that does not exist", roots+4, string(le.AppendUint32(nil, leafBit|uint32(count(28)))))
	add(5, "field that the request does not carry", roots+rootSize, key("process.setid"))
	add(5, "mask with a field too many", roots+8, "\xff")
	add(6, "node that no request reaches", roots+4, "\x06\x00\x00\x00")
	// In a program of one node, whose both ways then lead to one of the two leaves.
	one := ports(t, 2).Encode(netbsd)
	copy(one[programHeader+rootSize+8:], one[programHeader+rootSize+4:programHeader+rootSize+8])
	_, err := Decode(sealed(one, 8), netbsd)
	if err == nil {
		t.Fatal("a leaf that no request reaches is taken")
	}
	out.Vectors = append(out.Vectors, vector{Name: "leaf that no request reaches", Program: hex.EncodeToString(one), Refused: refusalOf(6, err)})
	add(7, "padding that is filled", len(text)-1, "\x01")
	return out
}

// The vectors are what the code makes of the programs above; -update writes them.
func TestVectorsAreUpToDate(t *testing.T) {
	for name, file := range map[string]vectorFile{"programs.json": accepted(t), "refused.json": refused(t)} {
		want, err := json.MarshalIndent(file, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join("testdata", "vectors", name), append(want, '\n'))
	}
}

func golden(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, want, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s differs; if the format has changed on purpose: go test ./policy/program -update, and a new ABIVersion", path)
	}
}

// Every vector in the folder holds, read from the files alone: for Decide and for an evaluator that works on bytes.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil || len(files) < 2 {
		t.Fatal("there must be vectors", err)
	}
	ops, rules := map[Op]bool{}, map[int]bool{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file vectorFile
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber() // the largest limit is no number of 53 bits
		if err := d.Decode(&file); err != nil {
			t.Fatal(err)
		}
		for _, v := range file.Vectors {
			t.Run(v.Name, func(t *testing.T) {
				code, err := hex.DecodeString(v.Program)
				if err != nil {
					t.Fatal(err)
				}
				p, err := Decode(code, netbsd)
				if v.Refused != nil {
					rules[v.Refused.Rule] = true
					if f, _ := FaultOf(err); err == nil || err.Error() != v.Refused.Error || f != v.Refused.Fault {
						t.Errorf("want %q, fault %d, got %v, fault %d", v.Refused.Error, v.Refused.Fault, err, f)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range p.Nodes() {
					ops[n.Op] = true
				}
				for n := range code {
					if _, err := Decode(code[:n], netbsd); v.Cut && err == nil {
						t.Errorf("cut to %d bytes it is taken", n)
					}
				}
				for _, r := range v.Requests {
					q, err := r.read()
					if err != nil {
						t.Fatal(err)
					}
					fromBytes, err := decideBytes(code, q)
					if err != nil {
						t.Fatal(err)
					}
					for name, d := range map[string]policy.Decision{"Decide": *p.Decide(q), "bytes": fromBytes} {
						if d.Result.String() != r.Result || d.Reason != r.Reason || d.Would.Result.String() != r.Would || d.Record != r.Record {
							t.Errorf("%s: %v gives %+v", name, r, d)
						}
						if r.Leaf >= 0 && d != p.Leaves()[r.Leaf] {
							t.Errorf("%s: %v does not end at the leaf", name, r)
						}
					}
				}
			})
		}
	}
	if len(ops) != numOps || len(rules) != 7 {
		t.Errorf("the vectors have operations %v, and break rules %v", ops, rules)
	}
}

func (r *vectorRequest) read() (*policy.Request, error) {
	id, ok := kauth.Find(r.Request)
	n, _ := netbsd.Number(id)
	if !ok || fmt.Sprintf("%06x", n.Key()) != r.Number {
		return nil, fmt.Errorf("request %s must have number %s", r.Request, r.Number)
	}
	q := &policy.Request{ID: id}
	for name, v := range r.Fields {
		f, ok := kauth.FindField(name)
		if !ok {
			return nil, errors.New("no field " + name)
		}
		switch v := v.(type) {
		case json.Number:
			n, err := v.Int64()
			if err != nil {
				return nil, err
			}
			q.SetInt(f, n)
		case string:
			if f != kauth.FieldAddr {
				q.SetText(f, v)
				break
			}
			a, err := policy.ParseAddr(v)
			if err != nil && v != "" {
				return nil, err
			}
			q.SetAddr(a)
		case []any:
			var gids []uint32
			for _, g := range v {
				n, err := g.(json.Number).Int64()
				if err != nil {
					return nil, err
				}
				gids = append(gids, uint32(n))
			}
			q.SetGroups(gids...)
		}
	}
	return q, nil
}

// The encodings of a program and of a bundle, described part by part: a change of the format shows here.
func TestGoldenFiles(t *testing.T) {
	var b strings.Builder
	text := everything(t).Encode(netbsd)
	parts, err := Describe(text, netbsd)
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for _, x := range parts {
		if x.Offset != at {
			t.Errorf("a part begins at %d, want %d", x.Offset, at)
		}
		at += len(x.Bytes)
		fmt.Fprintf(&b, "%04x  %-44x %s: %s: %s\n", x.Offset, x.Bytes, x.Section, x.Field, x.Value)
	}
	if at != len(text) {
		t.Errorf("the parts end at %d of %d", at, len(text))
	}
	golden(t, filepath.Join("testdata", "golden", "program.txt"), []byte(b.String()))
	golden(t, filepath.Join("testdata", "golden", "bundle.hex"), []byte(hex.Dump(testBundle(t).Encode())))
}
