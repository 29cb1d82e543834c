package docs

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"cellsh/policy/analysis"
	"cellsh/policy/kauth"
)

func TestPolicies(t *testing.T) {
	checkGenerated(t, "policies.md", map[string]string{"fields": fieldsTable(), "names": namesTable(), "flags": flagsTable(), "requests": requestsTable(), "needs": needsTable()})
	checkTranscripts(t, "policies.md")
}

// checkGenerated compares what stands between <!-- NAME --> and <!-- end --> with what it is made of.
func checkGenerated(t *testing.T, file string, parts map[string]string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for name, part := range parts {
		begin, end := "<!-- "+name+" -->\n", "<!-- end -->"
		before, rest, found := strings.Cut(text, begin)
		old, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			t.Fatalf("%s has no place for %s", file, name)
		}
		if old != part && !*update {
			t.Errorf("the part %s is out of date; go test -update writes it", name)
		}
		text = before + begin + part + end + after
	}
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// readable are the fields that policies can read: members is what a budget is compared with.
func readable(set kauth.FieldSet) []kauth.Field {
	var list []kauth.Field
	for _, f := range set.Fields() {
		if f != kauth.FieldMembers {
			list = append(list, f)
		}
	}
	return list
}

func needsTable() string {
	var out strings.Builder
	out.WriteString("| request | a service needs it to |\n|---|---|\n")
	for _, n := range analysis.ServiceNeeds {
		fmt.Fprintf(&out, "| `%s` | %s |\n", n.Pattern, n.What)
	}
	return out.String()
}

func fieldsTable() string {
	var out strings.Builder
	out.WriteString("| field | kind | values | what it is |\n|---|---|---|---|\n")
	for _, f := range readable(kauth.FieldSet(1<<kauth.NumFields - 1)) {
		in := f.Info()
		values := ""
		if in.Kind == kauth.KindInt {
			values = bound(in.Min) + " to " + bound(in.Max)
		}
		kind := in.Kind.What()
		if in.Flags {
			kind += " of flags"
		}
		name := "`r." + in.Name + "`"
		if in.Kind == kauth.KindGroups {
			name = "`r:in_group()`"
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", name, kind, values, in.Doc)
	}
	return out.String()
}

func bound(n int64) string {
	switch n {
	case math.MaxInt64:
		return "2^63-1"
	case math.MinInt64:
		return "-2^63"
	}
	return fmt.Sprint(n)
}

func namesTable() string {
	var out strings.Builder
	out.WriteString("| fields | names |\n|---|---|\n")
	seen := map[*kauth.Names]bool{}
	for f := range kauth.Field(kauth.NumFields) {
		names := f.Info().Names
		if names == nil || seen[names] {
			continue
		}
		seen[names] = true
		var fields []string
		for g := f; g < kauth.NumFields; g++ {
			if g.Info().Names == names {
				fields = append(fields, "`r."+g.String()+"`")
			}
		}
		fmt.Fprintf(&out, "| %s | %s |\n", strings.Join(fields, ", "), strings.Join(names.All(), " "))
	}
	return out.String()
}

func flagsTable() string {
	var out strings.Builder
	out.WriteString("| field | names |\n|---|---|\n")
	for f := range kauth.Field(kauth.NumFields) {
		var bits []int64
		names := map[int64][]string{}
		for _, name := range f.BitNames() {
			_, bit, _ := kauth.FindBit(name)
			if names[bit] == nil {
				bits = append(bits, bit)
			}
			names[bit] = append(names[bit], name)
		}
		slices.Sort(bits)
		var list []string
		for _, bit := range bits {
			s := strings.Join(names[bit], " ")
			if len(names[bit]) > 1 {
				s = "(" + s + ")"
			}
			list = append(list, s)
		}
		if len(list) > 0 {
			fmt.Fprintf(&out, "| `r.%s` | %s |\n", f, strings.Join(list, " "))
		}
	}
	return out.String()
}

func requestsTable() string {
	var out strings.Builder
	var scope kauth.Scope
	for id := range kauth.RequestID(kauth.NumRequests) {
		in, flags := id.Info(), kauth.Newest().Flags(id)
		if in.Scope != scope {
			scope = in.Scope
			fmt.Fprintf(&out, "\n### %s\n\n| request | fields | denied | |\n|---|---|---|---|\n", scope)
		}
		var fields, remarks []string
		for _, f := range readable(in.Fields) {
			if !kauth.Credential.Has(f) {
				fields = append(fields, f.String())
			}
		}
		for _, r := range []struct {
			flag kauth.Flags
			text string
		}{{kauth.NeverRaised, "never asked"}, {kauth.Spin, "asked under a spin lock: no rule"}, {kauth.Probe, "a probe"}, {kauth.Bare, "asked without a req"}} {
			if flags.Has(r.flag) {
				remarks = append(remarks, r.text)
			}
		}
		if in.OnlyIn != "" {
			remarks = append(remarks, "only in "+in.OnlyIn)
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", in.Name, strings.Join(fields, " "), cell(in.DenyText), cell(strings.Join(remarks, "; ")))
	}
	return out.String() + "\n"
}

// cell keeps a text from ending the cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
