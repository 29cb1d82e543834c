package assist

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/lua/api"
	"cellsh/lua/syntax"
	"cellsh/policy/kauth"
)

// Hover says what stands at an offset of a file, and from where to where it does; false if there is nothing to say. The
// text is plain, of lines that may be wrapped.
func Hover(f *syntax.File, offset int) (text string, from, to int, ok bool) {
	path := pathTo(f, offset)
	n := above(path, 0)
	if n == nil {
		return "", 0, 0, false
	}
	text = about(f, path, n)
	return text, n.Pos(), n.End(), text != ""
}

func about(f *syntax.File, path []syntax.Node, n syntax.Node) string {
	switch n := n.(type) {
	case *syntax.StringExpr:
		return aboutString(f, path, n)
	case *syntax.NameExpr:
		if n.Local == nil {
			if e := api.Find(n.Name); e != nil {
				return e.Text()
			}
			return aboutTestWord(n.Name)
		}
		return aboutLocal(f, n.Local)
	case *syntax.Local:
		return aboutLocal(f, n)
	case *syntax.Ident:
		call, ok := above(path, 1).(*syntax.CallExpr)
		if !ok {
			return ""
		}
		if name, ok := call.Func.(*syntax.NameExpr); ok && name.Local != nil {
			if r := asked(f, name.Local); r != nil && n.Name == "in_group" {
				return "in_group(GID or \"name\"): " + kauth.FieldGroups.Info().Doc
			}
			if e := api.Find(typeOf(f, name.Local) + ":" + n.Name); e != nil {
				return e.Text()
			}
		}
		if field, _, ok := fieldOf(f, call.Func); ok && field.Info().Kind == kauth.KindAddr && n.Name == "within" {
			return "within(\"10.0.0.0/8\"): whether the address lies in a network, or in a range: \"10.0.0.5-10.0.0.9\""
		}
		if e := method(n.Name); e != nil {
			return e.Text()
		}
	}
	return ""
}

func aboutTestWord(name string) string {
	for _, w := range testWords {
		if w.name == name {
			return name + "\n" + w.doc
		}
	}
	return ""
}

// aboutString says what a string means where it stands, or the name of a field or key.
func aboutString(f *syntax.File, path []syntax.Node, s *syntax.StringExpr) string {
	switch up := above(path, 1).(type) {
	case *syntax.IndexExpr:
		if up.Key != syntax.Expr(s) {
			break
		}
		if field, r, ok := fieldOf(f, up); ok {
			return fieldText(field, r)
		}
		if e := api.Find(syntax.Spelling(up)); e != nil {
			return e.Text()
		}
		if name, ok := up.Object.(*syntax.NameExpr); ok && name.Local != nil {
			if r := asked(f, name.Local); r != nil {
				switch s.Value {
				case "target":
					return "target: the process that the request is about"
				case "cell":
					return "cell: the caller's cell, of which policies know the name"
				}
			}
			if e := api.Find(typeOf(f, name.Local) + "." + s.Value); e != nil {
				return e.Text()
			}
		}
		return ""
	case *syntax.BinaryExpr:
		other := up.Left
		if other == syntax.Expr(s) {
			other = up.Right
		}
		if field, _, ok := fieldOf(f, other); ok {
			return valueText(field, s.Value)
		}
	case *syntax.TableField:
		at := tableAbove(path, len(path)-2)
		if at < 0 {
			break
		}
		shape := shapeOf(path, at)
		if shape == nil {
			break
		}
		if up.Key == syntax.Expr(s) {
			if k := shape.key(s.Value); k != nil {
				return keyText(k)
			}
		} else if k, ok := up.Key.(*syntax.StringExpr); ok {
			if field, ok := kauth.FindField(k.Value); ok && shape.key(k.Value) != nil {
				return valueText(field, s.Value)
			}
		}
	}
	if field, bit, ok := kauth.FindBit(s.Value); ok {
		return fmt.Sprintf("%s: %#x of r.%s, %s", s.Value, bit, field, field.Info().Doc)
	}
	if p, ok := kauth.FindPattern(s.Value); ok {
		return patternText(p)
	}
	return ""
}

func keyText(k *key) string {
	text := k.name
	if k.kind != "" {
		text += ": " + k.kind
	}
	text += "\n" + k.doc
	if len(k.values) > 0 && len(k.values) <= 12 {
		text += "\nvalues: " + strings.Join(k.values, ", ")
	}
	return text
}

func aboutLocal(f *syntax.File, l *syntax.Local) string {
	if r := asked(f, l); r != nil {
		return fmt.Sprintf("%s: the request that is asked\n%s\nfields: %s", l.Name, namesOf(r), strings.Join(fieldNames(r.fields()), ", "))
	}
	line, _ := f.Place(l.Pos())
	switch {
	case l.Implicit:
		return ""
	case slices.Contains(l.Function.Params, l):
		return fmt.Sprintf("%s: a parameter, of line %d", l.Name, line)
	}
	if t := typeOf(f, l); t != "" {
		return fmt.Sprintf("%s: a local, %s, of line %d", l.Name, t, line)
	}
	return fmt.Sprintf("%s: a local, of line %d", l.Name, line)
}

func fieldNames(set kauth.FieldSet) []string {
	var names []string
	for _, f := range set.Fields() {
		names = append(names, f.String())
	}
	return names
}

// mostNames is how many requests are named one by one.
const mostNames = 6

// namesOf lists requests.
func namesOf(r requests) string {
	if len(r) == kauth.NumRequests {
		return "which request is not known here: it may be any"
	}
	var names []string
	for id := range kauth.RequestID(kauth.NumRequests) {
		if r[id] {
			names = append(names, id.String())
		}
	}
	if len(names) > mostNames {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNames-1], ", "), len(names)-mostNames+1)
	}
	return strings.Join(names, ", ")
}

// patternText is what the vocabulary says about a scope, an action or a request.
func patternText(p kauth.Pattern) string {
	lo, hi := p.Range()
	var b strings.Builder
	fmt.Fprintf(&b, "%s: a kauth(9) %s", p, p.Level())
	if hi-lo > 1 {
		all := requests{}
		all.add(p)
		fmt.Fprintf(&b, " of %d requests\n%s\nfields: %s", hi-lo, namesOf(all), strings.Join(fieldNames(all.fields()), ", "))
		return b.String()
	}
	info := lo.Info()
	if fields := fieldNames(requests{lo: true}.fields()); len(fields) > 0 {
		fmt.Fprintf(&b, "\nfields: %s", strings.Join(fields, ", "))
	}
	for _, line := range []struct{ what, text string }{
		{"denied, the system call fails with: ", info.DenyText},
		{"without policies root is answered: ", info.StockRoot},
		{"without policies users are answered: ", info.StockUser},
		{"asked only in ", info.OnlyIn},
	} {
		if line.text != "" {
			b.WriteString("\n" + line.what + line.text)
		}
	}
	for _, flag := range []struct {
		flag kauth.Flags
		text string
	}{
		{kauth.NeverRaised, "the kernel never asks it"}, {kauth.Spin, "asked while a spin lock is held: no rule is possible"},
		{kauth.Probe, "a denial only picks a behaviour"}, {kauth.Bare, "the action itself, asked without a request code"},
	} {
		if kauth.Newest().Flags(lo).Has(flag.flag) {
			b.WriteString("\n" + flag.text)
		}
	}
	return b.String()
}

// fieldText is what the vocabulary says about a field of requests.
func fieldText(f kauth.Field, r requests) string {
	info := f.Info()
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", info.Name, info.Kind.What())
	if info.Kind == kauth.KindInt {
		fmt.Fprintf(&b, ", %d to %d", info.Min, info.Max)
	}
	b.WriteString("\n" + info.Doc)
	if info.Names != nil {
		b.WriteString("\nnames: " + strings.Join(info.Names.All(), ", "))
	}
	if names := f.BitNames(); len(names) > 0 {
		b.WriteString("\nflags: " + strings.Join(names, ", "))
	}
	carried := requests{}
	for id := range r {
		if id.Info().Fields.Has(f) {
			carried[id] = true
		}
	}
	if len(carried) < len(r) && len(r) < kauth.NumRequests {
		b.WriteString("\nnil but in " + namesOf(carried))
	}
	if info.Nullable {
		b.WriteString("\nnil in some questions")
	}
	return b.String()
}

// valueText says which value of a field a name stands for.
func valueText(f kauth.Field, name string) string {
	info := f.Info()
	if info.Names == nil {
		return ""
	}
	v, ok := info.Names.Value(name)
	if !ok {
		return fmt.Sprintf("%q is not the name of %s", name, info.Names.What())
	}
	return fmt.Sprintf("%s: %s, the number %d", name, info.Names.What(), v)
}
