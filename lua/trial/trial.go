package trial

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/loader"
	"cellsh/lua/tables"
	"cellsh/lua/vm"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/progress"
	"cellsh/policy/study"
)

// Result is what became of one test.
type Result struct {
	File, Name string
	Took       time.Duration
	// Problem is nil for a test that passed.
	Problem *diag.Diagnostic
	// Explanation of the last decision of a test that failed.
	Explanation *study.Explanation
}

// Trial is what became of all tests.
type Trial struct {
	Results []Result
	// Problems of policies and test files: their tests did not run.
	Problems diag.List
	// Covered of Total points were met; Missing are the others.
	Covered, Total int
	Missing        []analysis.Point
}

// Passed and Failed count the tests.
func (r *Trial) Passed() int { return len(r.Results) - r.Failed() }

// Failed counts the tests that failed.
func (r *Trial) Failed() int {
	n := 0
	for _, t := range r.Results {
		if t.Problem != nil {
			n++
		}
	}
	return n
}

// OK reports whether all tests passed, of policies and test files without errors.
func (r *Trial) OK() bool { return r.Failed() == 0 && !r.Problems.Failed() }

// Percent is how much of what can be covered is; 100 if there is nothing.
func (r *Trial) Percent() float64 {
	if r.Total == 0 {
		return 100
	}
	return 100 * float64(r.Covered) / float64(r.Total)
}

// Options say which tests run and how.
type Options struct {
	// Reader reads the policies that are tested.
	Reader loader.Reader
	// Run selects tests by name; nil is all.
	Run *regexp.Regexp
	// Now is the clock that times tests; nil is the system's.
	Now func() time.Time
	// Finished, if not nil, is called after each test.
	Finished func(Result)
}

// Run runs the test files that the paths stand for: a folder's *_test.lua, a test file, or that of a policy file. A
// test file tests all policies of its folder together, as they are loaded at boot.
func Run(paths []string, o Options) *Trial {
	if o.Now == nil {
		o.Now = time.Now
	}
	report := &Trial{}
	files, problems := testFiles(paths)
	report.Problems = problems
	folders := map[string]*folder{}
	for _, file := range files {
		dir := filepath.Dir(file)
		f, ok := folders[dir]
		if !ok {
			f = &folder{Policies: o.Reader.Read([]string{dir}), coverage: analysis.NewCoverage(), asked: map[string]bool{}}
			report.Problems = append(report.Problems, f.Loading...)
			folders[dir] = f
		}
		if !f.Loading.Failed() {
			f.run(file, o, report)
			o.Reader.Work.Check() // what tests were stopped in has ended as if they had failed
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		f := folders[dir]
		// Lines that could be met in the cells that were asked about, and in one for each glob.
		cells := slices.Clone(f.cells)
		for _, s := range f.Samples(nil, nil) {
			if !f.asked[s.Name] {
				cells = append(cells, s.Name)
			}
		}
		covered, total, missing := f.coverage.Covered(f.Compiler, cells)
		report.Covered += covered
		report.Total += total
		report.Missing = append(report.Missing, missing...)
		report.Problems = append(report.Problems, f.Fill(f.Problems())...)
	}
	report.Problems = report.Problems.Sort().Fold()
	return report
}

// folder is the policies of one folder, and what tests met of them.
type folder struct {
	*study.Policies
	coverage *analysis.Coverage
	// cells that were asked about, and the same as a set.
	cells []string
	asked map[string]bool
}

func testFiles(paths []string) ([]string, diag.List) {
	var files []string
	var problems diag.List
	add := func(file string) {
		if !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			problems = append(problems, diag.Diagnostic{Span: diag.Span{File: path}, Code: diag.FileRead, Message: "a folder or file of tests must exist, but does not"})
		case info.IsDir():
			entries, err := os.ReadDir(path)
			found := slices.DeleteFunc(entries, func(e os.DirEntry) bool { return !loader.IsTest(e.Name()) || strings.HasPrefix(e.Name(), ".") })
			switch {
			case err != nil:
				problems = append(problems, diag.Diagnostic{Span: diag.Span{File: path}, Code: diag.FileRead, Message: "a folder of tests must be readable, but is not"})
			case len(found) == 0:
				problems = append(problems, diag.Diagnostic{Span: diag.Span{File: path}, Code: diag.FileRead, Message: "a folder of tests must hold files *_test.lua, but holds none"})
			}
			for _, f := range found {
				add(filepath.Join(path, f.Name()))
			}
		case loader.IsTest(path):
			add(path)
		default:
			test := strings.TrimSuffix(path, ".lua") + "_test.lua"
			if _, err := os.Stat(test); err != nil {
				problems = append(problems, diag.Diagnostic{Span: diag.Span{File: path}, Code: diag.FileRead, Message: fmt.Sprintf("the tests of a policy must lie beside it, but there is no %s", test)})
				continue
			}
			add(test)
		}
	}
	return files, problems
}

// namedTest is a test that a file has defined.
type namedTest struct {
	name string
	run  func() error
	line int
}

// testRun is the run of one test file.
type testRun struct {
	*folder
	file  string
	m     *vm.VM
	tests []namedTest
	// running says that the tests are run: no more can be defined.
	running bool
	last    *policy.Question
	// questions is how many were asked, away how long the machine's clock has stood still meanwhile.
	questions int
	away      time.Duration
}

// maxQuestions is how many questions the tests of a file may ask.
const maxQuestions = 1 << 18

// pause keeps what cellsh does for a test from counting as time of the test's own code. The result ends it.
func (t *testRun) pause() func() {
	start := time.Now()
	return func() { t.away += time.Since(start) }
}

// run defines the tests of a file, and then runs them. All of it shares one budget of instructions, memory and time.
func (f *folder) run(file string, o Options, report *Trial) {
	text, err := os.ReadFile(file)
	if err != nil {
		report.Problems = append(report.Problems, diag.Diagnostic{Span: diag.Span{File: file}, Code: diag.FileRead, Message: "a test file must be readable, but is not"})
		return
	}
	t := &testRun{folder: f, file: file}
	t.m = vm.New(vm.Options{Level: vm.Policy, Output: o.Reader.Output, Work: o.Reader.Work, Now: func() time.Time { return time.Now().Add(-t.away) }})
	defer t.m.Close()
	t.words()
	fn, err := t.m.Compile(file, string(text))
	if err == nil {
		all := t.m.Function(vm.Builtin{Name: file}, func(*lua.LState) int {
			if _, err = t.m.Call(fn); err == nil {
				t.all(o, report)
			}
			return 0
		})
		// Calls within a call share its budget. What goes wrong in them is told there.
		_, _ = t.m.Call(all)
	}
	if err != nil {
		report.Problems = append(report.Problems, diag.Of(err)...)
	}
}

// all runs the tests that are defined, until the budget of the file is used up.
func (t *testRun) all(o Options, report *Trial) {
	t.running = true
	var chosen []namedTest
	for _, test := range t.tests {
		if o.Run == nil || o.Run.MatchString(test.name) {
			chosen = append(chosen, test)
		}
	}
	for i, test := range chosen {
		o.Reader.Work.At(progress.Step{Doing: "testing", Of: t.file + " " + test.name, Done: i, Total: len(chosen)})
		t.last = nil
		start := o.Now()
		err := test.run()
		if o.Reader.Work.Stopped() {
			return
		}
		result := Result{File: t.file, Name: test.name, Took: o.Now().Sub(start)}
		if err != nil {
			d := diag.Of(err)[0]
			if d.File == "" {
				d.Span = diag.Span{File: t.file, Line: test.line}
				d.Excerpt = t.m.Files().Line(t.file, test.line)
			}
			result.Problem = &d
			if t.last != nil {
				done := t.pause()
				result.Explanation, _ = t.Explain(t.last)
				done()
			}
		}
		report.Results = append(report.Results, result)
		if o.Finished != nil {
			o.Finished(result)
		}
		if result.Problem == nil || i+1 == len(chosen) {
			continue
		}
		if code := result.Problem.Code; code == diag.Budget || code == diag.Memory || code == diag.Interrupted {
			report.Problems = append(report.Problems, diag.Diagnostic{Span: diag.Span{File: t.file}, Code: code,
				Message: fmt.Sprintf("all tests of a file must do with one budget, but of this one it is used up with %d left", len(chosen)-i-1), Hint: "divide the file"})
			return
		}
	}
}

// words defines test, cases, decide and the results.
func (t *testRun) words() {
	for r := policy.Allow; r <= policy.Deny; r++ {
		t.m.Define(r.String(), lua.LString(r.String()))
	}
	t.m.Define("unlimited", lua.LNumber(float64(1<<63)))
	define := func(name string, fn lua.LGFunction) { t.m.Define(name, t.m.Function(vm.Builtin{Name: name}, fn)) }
	define("decide", t.luaDecide)
	define("test", func(L *lua.LState) int {
		t.defines(L, "test")
		name, fn := L.CheckString(1), L.CheckFunction(2)
		t.tests = append(t.tests, namedTest{name, func() error {
			_, err := t.m.Call(fn)
			return err
		}, lineOf(t.m, L)})
		return 0
	})
	define("cases", t.luaCases)
	engine := t.m.L.NewTable()
	engine.RawSetString("decide", t.m.Function(vm.Builtin{Name: "engine.decide"}, t.luaDecide))
	t.m.Define("engine", t.m.Protect("engine", engine))
}

// lineOf is the line that the running Lua function is at, 0 if none is.
func lineOf(m *vm.VM, L *lua.LState) int {
	file, call := m.Site(L)
	if call == nil {
		return 0
	}
	line, _ := file.Place(call.Pos())
	return line
}

// ask decides a question and notes what it covers.
func (t *testRun) ask(q *policy.Question) (*study.Decision, error) {
	t.last = q
	if !t.asked[q.Cell] {
		t.asked[q.Cell] = true
		t.cells = append(t.cells, q.Cell)
	}
	if t.questions++; t.questions > maxQuestions {
		return nil, diag.List{{Code: diag.Budget, Message: fmt.Sprintf("the tests of a file must ask at most %d questions, but ask more", maxQuestions), Hint: "divide the file"}}
	}
	defer t.pause()()
	var d *study.Decision
	var err error
	if stopped := t.Work().Catch(func() {
		if d, err = t.Decide(q); err == nil {
			t.coverage.Add(t.Compiler, q.Cell, &q.Request)
		}
	}); stopped != nil {
		return nil, stopped
	}
	return d, err
}

func (t *testRun) luaDecide(L *lua.LState) int {
	q, err := tables.Question(L.CheckTable(1))
	if err != nil {
		L.RaiseError("%s", oneLine(err))
	}
	d, err := t.ask(q)
	if err != nil {
		L.RaiseError("%s", oneLine(err))
	}
	done := t.pause()
	answer, err := tables.Of(L, d.Report())
	done()
	if err != nil {
		L.RaiseError("%s", oneLine(err))
	}
	L.Push(answer)
	return 1
}

// defines refuses a word that defines tests where none would run any more.
func (t *testRun) defines(L *lua.LState, word string) {
	if t.running {
		L.RaiseError("%s must stand outside of tests, but is called in one, where it would test nothing", word)
	}
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// CaseKeys are the keys of a case that are not part of the question.
var CaseKeys = []string{"name", "expect", "reason", "would", "record"}

// luaCases defines a test for each row of a table. Keys of the table itself are the same for all rows.
func (t *testRun) luaCases(L *lua.LState) int {
	t.defines(L, "cases")
	title := ""
	at := 1
	if s, ok := L.Get(1).(lua.LString); ok {
		title, at = string(s)+": ", 2
	}
	table := L.CheckTable(at)
	line := lineOf(t.m, L)
	n := table.MaxN()
	// What is the same for all rows.
	type pair struct{ key, value lua.LValue }
	var shared []pair
	for k, v := table.Next(lua.LNil); k != lua.LNil; k, v = table.Next(k) {
		if _, named := k.(lua.LString); named {
			shared = append(shared, pair{k, v})
		}
	}
	if n == 0 {
		L.RaiseError("cases must hold at least one row, but holds none")
	}
	for i := 1; i <= n; i++ {
		row, ok := table.RawGetInt(i).(*lua.LTable)
		if !ok {
			L.RaiseError("a row of cases must be a table, but row %d is a %s", i, table.RawGetInt(i).Type())
		}
		merged := L.NewTable()
		for _, p := range shared {
			merged.RawSet(p.key, p.value)
		}
		for k, v := row.Next(lua.LNil); k != lua.LNil; k, v = row.Next(k) {
			merged.RawSet(k, v)
		}
		name := fmt.Sprintf("%srow %d", title, i)
		if s, ok := merged.RawGetString("name").(lua.LString); ok {
			name = title + string(s)
		}
		t.tests = append(t.tests, namedTest{name, func() error { return t.runCase(merged) }, line})
	}
	return 0
}

func (t *testRun) runCase(row *lua.LTable) error {
	expect := row.RawGetString("expect")
	want, ok := policy.ParseResult(expect.String())
	if !ok {
		return fmt.Errorf("expect must be allow, grant or deny, but is %s", expect)
	}
	q, err := tables.Question(row, CaseKeys...)
	if err != nil {
		return errors.New(oneLine(err))
	}
	d, err := t.ask(q)
	if err != nil {
		return err
	}
	got := d.Answer
	if got.Result != want {
		return fmt.Errorf("the answer to %s must be %s, but is %s", q.ID, want, describeWhy(d))
	}
	if reason, ok := row.RawGetString("reason").(lua.LString); ok && got.Reason != string(reason) {
		return fmt.Errorf("the reason must be %q, but is %q", string(reason), got.Reason)
	}
	if would := row.RawGetString("would"); would != lua.LNil && d.Would.Result.String() != would.String() {
		return fmt.Errorf("a policy in audit mode would have to say %q, but says %q", would, d.Would.Result)
	}
	switch record := row.RawGetString("record"); {
	case record == lua.LNil:
	case record.Type() != lua.LTBool:
		return fmt.Errorf("record must be true or false, but is %s", record)
	case d.Record != lua.LVAsBool(record):
		return fmt.Errorf("whether a policy wants it to be recorded must be %s, but is %t", record, d.Record)
	}
	return nil
}

func describeWhy(d *study.Decision) string {
	s := d.Result.String()
	switch {
	case d.Reason != "":
		s += fmt.Sprintf(" %q", d.Reason)
	case d.Note != "":
		s += ": " + d.Note
	}
	if d.Source.Line > 0 {
		s += " (" + d.Source.Span().String() + ")"
	}
	return s
}
