package compare

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"cellsh/judge/generate"
	"cellsh/judge/oracle"
	"cellsh/judge/request"
	"cellsh/judge/subject"
)

// way is how the values of scripts are had from cellsh by a policy.
type way struct {
	name string
	// text is the script in this way, with so many pieces of its values.
	text func(s *generate.Script, pieces int) string
}

// pieceLength is how much of the values a reason has.
const pieceLength = 200

// answering is what stands in a decision that gives the values: the user asks for a piece by its number.
const answering = `local text = table.concat(trace, " ")
for k = 0, %d do
  if r.uid == k then return deny, "|" .. text:sub(k * %d + 1, k * %d + %d) .. "|" end
end
return deny, "no more"
`

func answer(pieces int) string {
	return fmt.Sprintf(answering, pieces, pieceLength, pieceLength, pieceLength)
}

var ways = []way{
	{"file", func(s *generate.Script, pieces int) string {
		return s.Text(fmt.Sprintf("policy %q { cells = %q, on = { [\"system.reboot\"] = function(r)\n%send } }\n", s.Name, s.Name, answer(pieces)))
	}},
	{"decision", func(s *generate.Script, pieces int) string {
		return fmt.Sprintf("policy %q { cells = %q, on = { [\"system.reboot\"] = function(r)\n%send } }\n", s.Name, s.Name, s.Text(answer(pieces)))
	}},
}

// printed is what Lua says of a script.
func printed(s *generate.Script) (values, problem string) {
	values, problem = oracle.Run(oracle.File{Name: s.Name + ".lua", Text: s.Text(generate.Print)})
	return strings.TrimSuffix(values, "\n"), problem
}

// scripts judges scripts in all ways.
func (r *run) scripts(scripts []*generate.Script) error {
	values := map[string]string{}
	// small are scripts that were made smaller because they differ in another way already.
	small := map[string]*generate.Script{}
	var known []*generate.Script
	for _, s := range scripts {
		r.result.Scripts++
		want, problem := printed(s)
		if problem == "" {
			values[s.Name] = want
			known = append(known, s)
		}
		if other := r.script(s, want, problem); other != nil {
			small[s.Name] = other
		}
	}
	for _, w := range ways {
		var in []*generate.Script
		for _, s := range known {
			if w.name == "file" || !s.Outermost {
				in = append(in, s)
			}
		}
		r.inPolicies(w, in, values, small)
	}
	return nil
}

// runScript gives what cellsh says of a script.
func (r *run) runScript(program subject.Program, s *generate.Script) (values, problem string, err error) {
	folder, err := r.put(map[string]string{s.Name + ".lua": s.Text(generate.Print)})
	if err != nil {
		return "", "", err
	}
	defer os.RemoveAll(folder)
	values, problem, err = program.Script(filepath.Join(folder, s.Name+".lua"))
	return strings.TrimSuffix(values, "\n"), problem, err
}

// script judges one as a script. Where Lua raises an error cellsh must too. It gives a smaller one that differs, or nil.
func (r *run) script(s *generate.Script, want, problem string) *generate.Script {
	r.result.Ways++
	got, wrong, err := r.runScript(r.program, s)
	if err != nil {
		r.failed("script", s.Name, s.Text(generate.Print), err)
		return nil
	}
	if got == want && (wrong == "") == (problem == "") {
		return nil
	}
	// The other ways are judged with the script as it was.
	small := &generate.Script{Name: s.Name, Body: s.Body.Copy()}
	raises := problem != ""
	r.shrink(small.Body, func() (bool, error) {
		want, problem := printed(small)
		if (problem != "") != raises || strings.Contains(problem, "CPU limit") {
			return false, nil // or it may go on for ever
		}
		got, wrong, err := r.runScript(r.quick, small)
		return got != want || (wrong == "") != (problem == ""), err
	})
	want, problem = printed(small)
	if got, wrong, err = r.runScript(r.quick, small); err != nil {
		wrong = err.Error()
	}
	r.found(Difference{Way: "script", Name: s.Name, Text: small.Body.String(), Got: got + wrong, Want: want + problem})
	return small
}

// pieces cuts the values of a script. The last piece is empty.
func pieces(values string) []string {
	var all []string
	for len(values) > pieceLength {
		all, values = append(all, values[:pieceLength]), values[pieceLength:]
	}
	return append(all, values, "")
}

// inPolicies judges scripts as parts of policy files. Where cellsh fails as a whole the cause is looked for in halves.
func (r *run) inPolicies(w way, scripts []*generate.Script, values map[string]string, small map[string]*generate.Script) {
	if len(scripts) == 0 {
		return
	}
	got, refused, err := r.values(r.program, w, scripts, values)
	if err != nil && len(scripts) > 1 {
		half := len(scripts) / 2
		r.inPolicies(w, scripts[:half], values, small)
		r.inPolicies(w, scripts[half:], values, small)
		return
	}
	for _, s := range scripts {
		r.result.Ways++
		text := w.text(s, len(pieces(values[s.Name]))-1)
		if err != nil {
			r.failed(w.name, s.Name, text, err)
			continue
		}
		if d, ok := refused[s.Name]; ok {
			r.refuse(w.name, s.Name, text, d, nil)
			continue
		}
		if got[s.Name] == values[s.Name] {
			continue
		}
		again := func(s *generate.Script) (got, want string, differs bool, err error) {
			want, problem := printed(s)
			if problem != "" {
				return "", problem, false, nil
			}
			all, refused, err := r.values(r.quick, w, []*generate.Script{s}, map[string]string{s.Name: want})
			return all[s.Name], want, len(refused) == 0 && all[s.Name] != want, err
		}
		least := small[s.Name]
		if least != nil {
			if _, _, differs, err := again(least); !differs || err != nil {
				least = nil
			}
		}
		if least == nil {
			least = &generate.Script{Name: s.Name, Body: s.Body.Copy()}
			r.shrink(least.Body, func() (bool, error) {
				_, _, differs, err := again(least)
				return differs, err
			})
			small[s.Name] = least
		}
		said, want, _, _ := again(least)
		r.found(Difference{Way: w.name, Name: s.Name, Text: least.Body.String(), Got: said, Want: want})
	}
}

// values gives what cellsh says that scripts have written down, and which it refuses.
func (r *run) values(program subject.Program, w way, scripts []*generate.Script, values map[string]string) (got map[string]string, refused map[string]subject.Diagnostic, err error) {
	programs := map[string]string{}
	for _, s := range scripts {
		programs[s.Name+".lua"] = w.text(s, len(pieces(values[s.Name]))-1)
	}
	folder, err := r.put(programs)
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(folder)
	diagnostics, err := refusals(program, folder)
	if err != nil {
		return nil, nil, err
	}
	got, refused = map[string]string{}, map[string]subject.Diagnostic{}
	var left []*generate.Script
	var requests []request.Request
	for _, s := range scripts {
		name := s.Name + ".lua"
		if d, ok := diagnostics[name]; ok {
			refused[s.Name] = d
			if err := os.Remove(filepath.Join(folder, name)); err != nil {
				return nil, nil, err
			}
			continue
		}
		left = append(left, s)
		for k := range pieces(values[s.Name]) {
			requests = append(requests, request.Request{Cell: s.Name, Name: "system.reboot",
				Values: map[string]any{"uid": int64(k), "euid": int64(0), "gid": int64(0), "egid": int64(0)}})
		}
	}
	answers, err := program.Decide(folder, requests)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range left {
		var b strings.Builder
		for range pieces(values[s.Name]) {
			b.WriteString(strings.TrimSuffix(strings.TrimPrefix(answers[0].Reason, "|"), "|"))
			answers = answers[1:]
		}
		got[s.Name] = b.String()
	}
	return got, refused, nil
}
