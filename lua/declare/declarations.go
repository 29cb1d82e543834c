package declare

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/lua/value"
	"cellsh/lua/written"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Site is where a word is called.
type Site = written.Site

// Words are the functions that declare.
var Words = []string{"policy", "never"}

// ServiceWord is the word of files of services; package services has it.
const ServiceWord = "service"

// Constants are the other names that policy files know: the results, and unlimited.
func Constants() map[string]value.Value {
	c := map[string]value.Value{"record": value.String("record"), "unlimited": value.Number(kauth.Unlimited)}
	for r := policy.Allow; r <= policy.Deny; r++ {
		c[r.String()] = value.String(r.String())
	}
	return c
}

// Functions makes a decision function of a value of the type function that is no *value.Builtin. Those of a where give
// true or false, the others results. It gives nil for a function whose source nobody has.
type Functions func(f value.Value, where bool) rules.Function

// Declarations collects what the words declare. It is not safe for concurrent use.
type Declarations struct {
	*written.Findings
	functions Functions
	// vocabulary of the kernel that the policies are for.
	vocabulary *kauth.Vocabulary
	policies   []*rules.Policy
	nevers     []*rules.Never
	// running is the file that is run, "" outside of files.
	running string
	// calls of the words, by their names.
	calls written.Calls
	words map[string]*written.Word
	// skipping are the actions of which it was said that their rules skip requests.
	skipping map[kauth.Pattern]bool
}

// New is empty. Policies are for a kernel with the vocabulary; nil is kauth.Newest.
func New(f Functions, v *kauth.Vocabulary) *Declarations {
	if v == nil {
		v = kauth.Newest()
	}
	d := &Declarations{functions: f, vocabulary: v, Findings: written.NewFindings(diag.PolicyLimit), skipping: map[kauth.Pattern]bool{}}
	d.calls.Reader = written.Reader{Findings: d.Findings, Codes: written.Codes{Value: diag.PolicyValue, Key: diag.PolicyKey, Limit: diag.PolicyLimit},
		Names: []string{"allow", "deny", "grant", "unlimited"}}
	d.words = map[string]*written.Word{
		"policy": {Name: "policy", Title: "name", Form: `policy "name" { ... }`,
			Take: func(at *written.Declaration, t *value.Table) { (&context{at, d}).policy(t) }},
		"never": {Name: "never", Title: "title", Form: `never("title", { ... })`,
			Take: func(at *written.Declaration, t *value.Table) { (&context{at, d}).never(t) }},
	}
	return d
}

// Policies are those that were declared, in the order of the declarations, with all of a name.
func (d *Declarations) Policies() []*rules.Policy { return d.policies }

// Nevers are the assertions in the order of the declarations, without those that are wrong.
func (d *Declarations) Nevers() []*rules.Never { return d.nevers }

// Set is what was declared, sorted by name. Problems between policies are added to Problems.
func (d *Declarations) Set() *rules.Set {
	set := &rules.Set{Nevers: d.nevers}
	seen := map[string]*rules.Policy{}
	for _, p := range d.policies {
		if same, twice := seen[p.Name]; twice {
			first, hint := same.Span, ""
			if first == p.Span && same.File != p.File {
				hint = "a module is run for each file that needs it, and in a folder also by itself; declare policies elsewhere"
			}
			d.Report(diag.Diagnostic{Span: p.Span, Code: diag.PolicyDuplicate, Hint: hint,
				Message: fmt.Sprintf("a policy's name must be its own, but %s is used twice", written.Describe(value.String(p.Name))),
				Related: []diag.Related{{Span: first, Message: "the first is here"}}})
			continue
		}
		seen[p.Name] = p
		set.Policies = append(set.Policies, p)
	}
	slices.SortFunc(set.Policies, func(a, b *rules.Policy) int { return strings.Compare(a.Name, b.Name) })
	return set
}

// Clear forgets what was declared.
func (d *Declarations) Clear() {
	d.Findings.Clear()
	d.policies, d.nevers = nil, nil
	clear(d.skipping)
}

// maxDeclarations is how many policies, or assertions, a load can have.
const maxDeclarations = 10_000

// Begin says that a policy file is run from now on: that each declaration has its table is looked at in the end.
func (d *Declarations) Begin(file string) {
	d.calls.Begin()
	d.running = file
}

// End says that the file has ended, and whether by itself. Without an error the declarations that it began and did not
// finish are problems.
func (d *Declarations) End(failed bool) {
	d.calls.End(failed)
	d.running = ""
}

// Call is a call of a word. It gives what the word gives: a function that takes the table, or nil if the table was
// among the arguments.
func (d *Declarations) Call(word string, args []value.Value, at Site) func(args []value.Value, at Site) {
	return d.calls.Call(d.words[word], args, at)
}

// context is one declaration that is being made.
type context struct {
	*written.Declaration
	d *Declarations
}
