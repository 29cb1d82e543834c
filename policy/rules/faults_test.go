package rules

import (
	"errors"
	"slices"
	"testing"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

func request(t *testing.T, name string) kauth.RequestID {
	t.Helper()
	id, ok := kauth.Find(name)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	return id
}

func fault(line int, message string) *Fault {
	return &Fault{Diagnostic: diag.Diagnostic{Span: diag.Span{File: "f.lua", Line: line}, Code: diag.DecisionError, Message: message}}
}

// tested makes a graph that ends in the outcome for a range of ports, and else in no answer.
func tested(lo, hi int64, o Outcome) *graph.Graph[Outcome] {
	var b graph.Builder[Outcome]
	return b.Graph(b.Node(policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: interval.Between(lo, hi)}, b.Leaf(o), b.Leaf(Outcome{}), diag.Span{}))
}

func messages(l diag.List) []string {
	var out []string
	for _, d := range l {
		s := d.Span.String() + " " + d.Message
		if d.Hint != "" {
			s += " / " + d.Hint
		}
		out = append(out, s)
	}
	return out
}

func confirm(*policy.Request) error { return errors.New("it is raised") }

// A fault is told once, with the requests that meet it; one that none meets is not told.
func TestFaultsThatAreMet(t *testing.T) {
	port, low, any := request(t, "network.bind.port"), request(t, "network.bind.privport"), request(t, "network.bind.anyaddr")
	here, never := fault(3, "wrong"), fault(4, "never met")
	var l Faults
	l.Search(tested(5, 7, Outcome{Fault: here}), port, confirm)
	l.Search(tested(5, 7, Outcome{Fault: here}), port, confirm)
	l.Search(tested(5, 7, Outcome{Fault: fault(3, "wrong")}), low, confirm)
	l.Search(tested(70000, 80000, Outcome{Fault: never}), port, confirm)
	l.Search(graph.Constant(Outcome{Fault: fault(5, "always")}), any, confirm)
	want := []string{"f.lua:3 wrong (network.bind.port and 1 more where r.port in 5..7)", "f.lua:5 always (network.bind.anyaddr)"}
	if got := messages(l.List()); !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// What Lua does not raise although the graph says so is a fault of the compiler.
func TestFaultsAreConfirmed(t *testing.T) {
	raised := fault(3, "wrong")
	raised.Raised = true
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("no"), "f.lua:3 wrong (system.reboot)"},
		{nil, "f.lua:3 the compiler holds that Lua raises an error here, but Lua does not: wrong (system.reboot) / this is a fault of cellsh: please report it"},
	} {
		var l Faults
		l.Search(graph.Constant(Outcome{Fault: raised}), request(t, "system.reboot"), func(*policy.Request) error { return c.err })
		if got := messages(l.List()); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// What is behind a fault is told with it, each once, whatever leads there.
func TestFaultsBehind(t *testing.T) {
	last := fault(9, "last")
	second := fault(5, "second")
	second.Behind = []*Fault{last, fault(9, "last")}
	first, other := fault(3, "first"), fault(4, "other")
	first.Behind, other.Behind = []*Fault{second, last}, []*Fault{second}
	last.Behind = []*Fault{first} // in circles
	var l Faults
	l.Search(tested(5, 7, Outcome{Fault: first}), request(t, "network.bind.port"), confirm)
	l.Search(tested(5, 7, Outcome{Fault: other}), request(t, "network.bind.port"), confirm)
	want := []string{"f.lua:3 first (network.bind.port where r.port in 5..7)", "f.lua:4 other (network.bind.port where r.port in 5..7)",
		"f.lua:5 second (network.bind.port)", "f.lua:9 last (network.bind.port)"}
	if got := messages(l.List().Sort()); !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// A function that is too complex is told once, whatever it was allowed for each request.
func TestTooComplexOnce(t *testing.T) {
	more, less, other := fault(3, "within 20 instructions"), fault(3, "within 1 instruction"), fault(4, "within 1 instruction")
	more.Code, less.Code, other.Code = diag.DecisionBudget, diag.DecisionBudget, diag.DecisionBudget
	var l Faults
	l.Search(graph.Constant(Outcome{Fault: more}), request(t, "network.bind.port"), confirm)
	l.Search(graph.Constant(Outcome{Fault: less}), request(t, "network.bind.privport"), confirm)
	l.Search(graph.Constant(Outcome{Fault: other}), request(t, "network.bind.port"), confirm)
	want := []string{"f.lua:3 within 20 instructions (network.bind.port and 1 more)", "f.lua:4 within 1 instruction (network.bind.port)"}
	if got := messages(l.List()); !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// A missing field is told with the requests that lack it, and what to write.
func TestFaultsOfMissingFields(t *testing.T) {
	nothing := fault(3, "numbers must be compared with numbers, but r.port is nil")
	nothing.Lacks, nothing.Instead = "port", "if r.port and r.port < 1024"
	unknown := fault(4, "x")
	unknown.Lacks = "port"
	var l Faults
	any := request(t, "network.bind.anyaddr")
	l.Search(graph.Constant(Outcome{Fault: nothing}), any, confirm)
	l.Search(graph.Constant(Outcome{Fault: unknown}), any, confirm)
	l.Search(graph.Constant(Outcome{Fault: unknown}), request(t, "system.reboot"), confirm)
	want := []string{
		"f.lua:3 numbers must be compared with numbers, but r.port is nil (network.bind.anyaddr) / network.bind.anyaddr carries no port: write: if r.port and r.port < 1024",
		"f.lua:4 x (network.bind.anyaddr and 1 more) / network.bind.anyaddr and 1 more carry no port",
	}
	if got := messages(l.List()); !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// constant is a function that is one graph, whatever it is asked.
type constant struct{ g *graph.Graph[Outcome] }

func (f constant) Compile(kauth.RequestID, string) *Compiled {
	return &Compiled{Graph: f.g, Read: kauth.FieldSet(0).With(kauth.FieldPort)}
}
func (f constant) Ask(r *policy.Request, _ string) (policy.Answer, int64, error) {
	return f.g.Eval(r).Answer, 1, nil
}
func (f constant) Span() diag.Span { return diag.Span{File: "f.lua", Line: 1} }

// Of a function that was given up only that is told, and the rest of its graph is dropped.
func TestFunctionsThatAreGivenUp(t *testing.T) {
	stopped := fault(2, "too complex")
	stopped.Code = diag.DecisionBudget
	var b graph.Builder[Outcome]
	at := b.Leaf(Outcome{Fault: stopped})
	for i := range int64(100) {
		at = b.Node(policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: interval.Single(i)}, b.Leaf(Outcome{Fault: fault(3, "wrong")}), at, diag.Span{})
	}
	pattern, _ := kauth.FindPattern("network.bind.port")
	p := &Policy{Name: "p", Entries: []Entry{{Pattern: pattern, Function: constant{b.Graph(at)}}}}
	c := NewCompiler(&Set{Policies: []*Policy{p}}, Options{})
	if g := c.PolicyGraphs("a", request(t, "network.bind.port"))[0]; len(g.Graph.Nodes) != 0 || !g.Function {
		t.Errorf("%d nodes must be dropped", len(g.Graph.Nodes))
	}
	if got, want := messages(c.Problems()), []string{"f.lua:2 too complex (network.bind.port)"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if list := c.ProblemsOf("a"); len(list) != 1 {
		t.Errorf("%v", list)
	}
}
