package compare

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"cellsh/judge/generate"
	"cellsh/judge/oracle"
	"cellsh/judge/request"
	"cellsh/judge/subject"
	"cellsh/judge/tree"
)

// Options say what is judged.
type Options struct {
	Seed uint64
	// Policies is the number of policy files, Requests the number of requests for each, Scripts the number of scripts.
	Policies, Requests, Scripts int
	// Shrink is how many smaller programs are tried for each that differs; 0 leaves them as they are.
	Shrink int
	// Progress is told each difference when it is found, and may be nil.
	Progress io.Writer
	// Until is when to stop although there is more to do; the zero time is never.
	Until time.Time
}

// batchSize is the number of cells or scripts that cellsh is given at once.
const batchSize = 25

// Difference is a program that cellsh and the oracle read differently.
type Difference struct {
	// Way in which it was judged: policy, script, file or decision.
	Way string
	// Name of the program, which tells its place in the order of the seed.
	Name string
	// Text of the program, or of its files.
	Text string
	// Request that is answered differently, as JSON, where there is one.
	Request string
	// Got is what cellsh says, Want what the oracle says.
	Got, Want string
}

func (d Difference) String() string {
	where := ""
	if d.Request != "" {
		where = "\n" + d.Request
	}
	return fmt.Sprintf("DIFFERS: %s %s%s\ncellsh: %s\nLua:    %s\n%s", d.Way, d.Name, where, d.Got, d.Want, d.Text)
}

// run is what is going on.
type run struct {
	Options
	program subject.Program
	// quick is the program where what it is given is small, or wrong.
	quick  subject.Program
	g      *generate.Generator
	folder string
	result *Result
}

// Run judges, and gives what came of it. An error is that programs could not be written to disk.
func Run(program subject.Program, o Options) (*Result, error) {
	folder, err := os.MkdirTemp("", "judge")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	r := &run{Options: o, program: program, g: generate.New(o.Seed), folder: folder, result: newResult()}
	r.quick = program
	r.quick.Timeout = 3 * time.Second
	r.result.Seen = r.g.Seen
	for i := 0; r.result.Policies < o.Policies && !r.late(); {
		var cells []*generate.Cell
		for files := 0; len(cells) < batchSize && r.result.Policies+files < o.Policies; i++ {
			c := r.g.Cell(fmt.Sprint("c", i), o.Requests)
			cells = append(cells, c)
			files += len(c.Files)
		}
		if err := r.cells(cells); err != nil {
			return nil, err
		}
	}
	for i := 0; i < o.Scripts && !r.late(); i += batchSize {
		var scripts []*generate.Script
		for j := range min(batchSize, o.Scripts-i) {
			scripts = append(scripts, r.g.Script(fmt.Sprint("s", i+j)))
		}
		if err := r.scripts(scripts); err != nil {
			return nil, err
		}
	}
	return r.result, nil
}

func (r *run) late() bool { return !r.Until.IsZero() && time.Now().After(r.Until) }

// put writes programs into a folder of their own.
func (r *run) put(programs map[string]string) (string, error) {
	folder, err := os.MkdirTemp(r.folder, "batch")
	if err != nil {
		return "", err
	}
	for name, text := range programs {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	return folder, nil
}

func (r *run) found(d Difference) {
	r.result.Differences = append(r.result.Differences, d)
	if r.Progress != nil {
		fmt.Fprintln(r.Progress, d)
	}
}

// refusals gives the first error of each file of a folder.
func refusals(program subject.Program, folder string) (map[string]subject.Diagnostic, error) {
	all, err := program.Check(folder)
	if err != nil {
		return nil, err
	}
	first := map[string]subject.Diagnostic{}
	for _, d := range all {
		name := filepath.Base(d.File)
		if _, ok := first[name]; !ok && d.Severity == "error" {
			first[name] = d
		}
	}
	return first, nil
}

// cells judges policies. Where cellsh fails as a whole the cause is looked for in halves.
func (r *run) cells(cells []*generate.Cell) error {
	programs := map[string]string{}
	for _, c := range cells {
		for _, f := range c.Files {
			programs[f.Name] = f.Tree.String()
		}
	}
	folder, err := r.put(programs)
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	refused, err := refusals(r.program, folder)
	var left []*generate.Cell
	var requests []request.Request
	var answers []subject.Answer
	if err == nil {
		for _, c := range cells {
			if accepted(c, refused) {
				left = append(left, c)
				requests = append(requests, c.Requests...)
				continue
			}
			for _, f := range c.Files {
				if err := os.Remove(filepath.Join(folder, f.Name)); err != nil {
					return err
				}
			}
		}
		answers, err = r.program.Decide(folder, requests)
	}
	switch {
	case err != nil && len(cells) > 1:
		half := len(cells) / 2
		if err := r.cells(cells[:half]); err != nil {
			return err
		}
		return r.cells(cells[half:])
	case err != nil:
		r.result.Policies += len(cells[0].Files)
		r.failed("policy", cells[0].Name, text(cells[0]), err)
		return nil
	}
	for _, c := range cells {
		r.result.Policies += len(c.Files)
		for _, f := range c.Files {
			if d, ok := refused[f.Name]; ok {
				r.refuse("policy", f.Name, f.Tree.String(), d, func() bool { return r.raises(c, f) })
			} else {
				r.result.Accepted++
			}
		}
	}
	for _, c := range left {
		r.result.Requests += len(c.Requests)
		r.judge(c, answers[:len(c.Requests)])
		answers = answers[len(c.Requests):]
	}
	return nil
}

func accepted(c *generate.Cell, refused map[string]subject.Diagnostic) bool {
	for _, f := range c.Files {
		if _, ok := refused[f.Name]; ok {
			return false
		}
	}
	return true
}

// failed counts a program that cellsh could not deal with.
func (r *run) failed(way, name, text string, err error) {
	if errors.Is(err, subject.ErrTimeout) {
		r.refuse(way, name, text, subject.Diagnostic{Code: "no answer in time"}, nil)
		return
	}
	r.found(Difference{Way: way, Name: name, Text: text, Got: err.Error(), Want: "an answer"})
}

func text(c *generate.Cell) string {
	var b strings.Builder
	for _, f := range c.Files {
		b.WriteString("-- " + f.Name + "\n" + f.Tree.String())
	}
	return b.String()
}

func files(c *generate.Cell) []oracle.File {
	var all []oracle.File
	for _, f := range c.Files {
		all = append(all, oracle.File{Name: f.Name, Text: f.Tree.String()})
	}
	return all
}

// raises reports whether Lua raises an error in a file or for one of its requests.
func (r *run) raises(c *generate.Cell, f *generate.File) bool {
	m, problem := oracle.Open([]oracle.File{{Name: f.Name, Text: f.Tree.String()}})
	if problem != "" {
		return true
	}
	// A generator of its own, so that what is refused today does not change what is written next.
	for _, q := range generate.New(r.Seed).Wide(c.Name, f, 600) {
		if m.Ask(&q).Result == "error" {
			return true
		}
	}
	return false
}

// judge compares the answers for a cell with those of Lua; the first difference of a cell is told.
func (r *run) judge(c *generate.Cell, answers []subject.Answer) {
	m, problem := oracle.Open(files(c))
	if problem != "" {
		r.found(Difference{Way: "policy", Name: c.Name, Text: text(c), Got: "the files are accepted", Want: problem})
		return
	}
	for i := range c.Requests {
		want := m.Ask(&c.Requests[i])
		if !differ(answers[i], want) {
			continue
		}
		q, got := c.Requests[i], answers[i]
		if again, _, differs, _ := r.askAgain(c, q); differs {
			r.shrinkCell(c, q)
			got, want, _, _ = r.askAgain(c, q)
		} else {
			got.Reason += fmt.Sprintf(" (but %v when it is asked alone)", again)
		}
		r.found(Difference{Way: "policy", Name: c.Name, Text: text(c), Request: q.JSON(), Got: fmt.Sprint(got), Want: fmt.Sprint(want)})
		return
	}
}

// differ compares an answer with that of Lua. The reason counts where a policy gave the answer.
func differ(got subject.Answer, want oracle.Answer) bool {
	return got.Result != want.Result || want.Result != "error" && want.Said && got.Reason != want.Reason
}

// askAgain asks both about a cell alone, and says whether they differ although cellsh accepts the policies.
func (r *run) askAgain(c *generate.Cell, q request.Request) (got subject.Answer, want oracle.Answer, differs bool, err error) {
	m, problem := oracle.Open(files(c))
	if problem != "" {
		return got, oracle.Answer{Result: "error", Reason: problem}, false, nil
	}
	want = m.Ask(&q)
	programs := map[string]string{}
	for _, f := range c.Files {
		programs[f.Name] = f.Tree.String()
	}
	folder, err := r.put(programs)
	if err != nil {
		return got, want, false, err
	}
	defer os.RemoveAll(folder)
	refused, err := refusals(r.quick, folder)
	if err != nil || len(refused) > 0 {
		return subject.Answer{Result: "refused"}, want, false, err
	}
	answers, err := r.quick.Decide(folder, []request.Request{q})
	if err != nil {
		return got, want, false, err
	}
	return answers[0], want, differ(answers[0], want), nil
}

// shrink makes a program smaller as long as differs is true of it. It gives up where cellsh often does not end.
func (r *run) shrink(n *tree.Node, differs func() (bool, error)) {
	slow := 0
	tree.Shrink(n, r.Shrink, func() bool {
		if slow >= 5 {
			return false
		}
		differs, err := differs()
		if errors.Is(err, subject.ErrTimeout) {
			slow++
		}
		return differs && err == nil
	})
}

// shrinkCell makes the policies of a cell smaller, as long as the answers to the request differ. An error of Lua is no
// difference unless it was one at first.
func (r *run) shrinkCell(c *generate.Cell, q request.Request) {
	_, first, _, _ := r.askAgain(c, q)
	for _, f := range c.Files {
		r.shrink(f.Tree, func() (bool, error) {
			_, want, differs, err := r.askAgain(c, q)
			return differs && (want.Result == "error") == (first.Result == "error"), err
		})
	}
}

var (
	fields  = regexp.MustCompile(`\br\.[\w.]+( [-+*%] -?\d+)*`)
	numbers = regexp.MustCompile(`-?\d+(\.\d+)?`)
	quoted  = regexp.MustCompile(`"[^"]*"`)
	named   = regexp.MustCompile(`\b[a-z]\d+\b`)
)

// general is a message without what differs from policy to policy.
func general(message string) string {
	message, _, _ = strings.Cut(message, " (")
	message = fields.ReplaceAllString(message, "FIELD")
	message = quoted.ReplaceAllString(message, "TEXT")
	message = named.ReplaceAllString(message, "NAME")
	return numbers.ReplaceAllString(message, "N")
}
