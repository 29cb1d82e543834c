package docs

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/kernel/sim"
	"cellsh/lua/loader"
	"cellsh/lua/lower"
	"cellsh/lua/symbolic"
	"cellsh/lua/syntax"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/rules"
	"cellsh/policy/stock"
	"cellsh/policy/study"
)

// The types that cross the packages on the way of a decision. A change of one of them does not compile here, and
// means a change of architecture.md.
var (
	_ func([]rules.Source, loader.Options) (*rules.Set, diag.List)                                      = loader.LoadSources
	_ func(name, text string) *syntax.File                                                              = syntax.Read
	_ func(*symbolic.Machine, *syntax.File) error                                                       = (*symbolic.Machine).Run
	_ func(*symbolic.Function, kauth.RequestID, string) *rules.Compiled                                 = (*symbolic.Function).Compile
	_ func(*syntax.File, lower.Options) (*lower.Lowered, error)                                         = lower.File
	_ func(*rules.Set, rules.Options) *rules.Compiler                                                   = rules.NewCompiler
	_ func(*graph.Diagrams[policy.Decision], []*rules.PolicyGraph) (graph.Ref, error)                   = rules.Combine
	_ func(*graph.Graph[policy.Decision], kauth.RequestID) (*graph.Graph[policy.Decision], graph.Stats) = graph.Optimize[policy.Decision]
	_ func([]program.Root, []program.Node, []policy.Decision) (*program.Program, error)                 = program.New
	_ func(*program.Program, *policy.Request) *policy.Decision                                          = (*program.Program).Decide
	_ func(*program.Bundle) []byte                                                                      = (*program.Bundle).Encode
	_ kernel.Kernel                                                                                     = (*sim.Kernel)(nil)
	_ kernel.Evaluator                                                                                  = (*sim.Kernel)(nil)
	_ func(loader.Reader, []rules.Source) *study.Policies                                               = loader.Reader.Load
	_ func(kernel.Kernel, host.Notebook, host.Load, func() time.Time) *host.Host                        = host.New
	_ func(*host.Host, host.Keeper, host.SessionOptions) *host.Session                                  = host.NewSession
	_ func(*host.Host, *study.Policies, host.LoadOptions) (*host.Loaded, *study.Check, error)           = (*host.Host).Load
)

// Example_way is the way of one decision, from the text of a policy to the answer of a kernel.
func Example_way() {
	text := `policy "web" { on = { ["network.bind"] = function(r) if r.port == 22 then return deny, "no ssh" end end } }`

	// The loader runs the text in the sandbox; what it declares are rules.
	set, problems := loader.LoadSources([]rules.Source{{File: "web.lua", Text: text}}, loader.Options{})
	fmt.Println(problems.Failed(), set.Policies[0].Name)

	// The compiler makes of them a program for each cell: package symbolic follows the function for every request,
	// the graphs of all policies are combined and optimised, and the verifier has seen the result.
	compiler := rules.NewCompiler(set, rules.Options{})
	p, err := compiler.Program("web-1")
	fmt.Println(compiler.Problems().Failed(), err)

	// A kernel takes programs as a bundle of bytes, which it verifies again.
	k, err := sim.New(sim.Options{})
	if err != nil {
		panic(err)
	}
	err = k.MakeRoot("/cells/web-1")
	fmt.Println(err)
	id, err := k.Create(kernel.Spec{Name: "web-1", Root: "/cells/web-1"})
	fmt.Println(id, err)
	bundle := &program.Bundle{Vocabulary: &kauth.NetBSD109912, Generation: 1, Fallback: stock.Fallback(),
		Programs: []*program.Program{p.Program}, Cells: []program.Cell{{ID: id, Name: "web-1", Program: 0}}}
	fmt.Println(k.Load(bundle.Encode(), 0))

	// From now on the kernel decides by itself.
	ask, _ := kauth.Find("network.bind.privport")
	q := policy.Request{ID: ask}
	q.SetCredential(0, 0, 0, 0)
	q.SetInt(kauth.FieldPort, 22)
	fmt.Println(p.Decide(&q).Result, p.Decide(&q).Reason)
	// Output:
	// false web
	// false <nil>
	// <nil>
	// 1 <nil>
	// <nil>
	// deny no ssh
}

const module = "cellsh/"

// layers are the folders of the module, the lowest first; a package imports only those of its own folder and of lower
// ones.
var layers = []string{"scripts", "policy", "kernel", "lua", "repl", "cmd"}

// free are packages without a place in the order: nothing imports them.
var free = []string{"docs"}

func layer(pkg string) int {
	return slices.Index(layers, strings.Split(strings.TrimPrefix(pkg, module), "/")[0])
}

// systems are those that the module is built for.
var systems = []string{"netbsd", "linux", "darwin", "freebsd"}

// packages are those of the module with what they import on any system, tests left out.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bench" || name == "judge" || name == "tools") {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		pkg := module + filepath.ToSlash(rel)
		for _, system := range systems {
			on := build.Default
			on.GOOS, on.CgoEnabled = system, false
			p, err := on.ImportDir(path, 0)
			if err != nil {
				continue // no Go here
			}
			out[pkg] = slices.Compact(slices.Sorted(slices.Values(append(out[pkg], p.Imports...))))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestArrowsPointDown(t *testing.T) {
	for pkg, imports := range packages(t) {
		for _, i := range imports {
			top := strings.Split(strings.TrimPrefix(pkg, module), "/")[0]
			if slices.Contains(free, top) || !strings.HasPrefix(i, module) {
				continue
			}
			if layer(i) < 0 || layer(i) > layer(pkg) {
				t.Errorf("%s must not import %s: arrows point down", pkg, i)
			}
		}
	}
}

// reserved are imports that belong to some packages only, those of the folders that are named. An import stands for
// all below it, too.
var reserved = map[string][]string{
	// Nothing here talks to a network, but for who asks for metrics. Addresses are data.
	"net":       {"repl/scrape"},
	"net/netip": {"policy", "repl/scrape"},
	"net/url":   {"repl/lsp"},
	// It blocks, and takes one level a connection; kernel/outlet speaks to syslogd itself.
	"log/syslog": nil,
	// Commands are started in cells, with what their credential needs; by scripts, with os.execute and io.popen; and by sessions.
	"os/exec": {"lua/system", "repl/shell"},
	// The system itself: who starts commands, keeps files, speaks to NetBSD and to syslogd, and waits for keys that may never come.
	"golang.org/x/sys": {"kernel/disk", "kernel/launch", "kernel/members", "kernel/monitor", "kernel/netbsd", "kernel/outlet", "kernel/process", "repl/screen/display"},
	"unsafe":           {"kernel/abi", "kernel/launch", "kernel/netbsd", "kernel/process"},
	// Numbers of signals and errors, where a terminal or a script hands them on.
	"syscall": {"kernel/connect", "kernel/disk", "kernel/launch", "kernel/members", "kernel/monitor", "kernel/netbsd", "kernel/output", "lua/system", "repl"},
	// Policies are data and functions of data; the simulated kernel is a value.
	"os":   {"cmd", "kernel/connect", "kernel/disk", "kernel/launch", "kernel/members", "kernel/monitor", "kernel/netbsd", "kernel/outlet", "kernel/output", "kernel/process", "lua/api", "lua/loader", "lua/system", "lua/trial", "lua/vm", "repl"},
	"time": {"kernel", "lua", "policy/progress", "repl"},
	// How a screen is brought to a terminal.
	"github.com/gdamore/tcell": {"repl/screen/display"},
	// Everything below Lua is used without it.
	"github.com/yuin/gopher-lua": {"lua", "repl"},
}

// TestReservedImports: what is outside of the program is reached from few places.
func TestReservedImports(t *testing.T) {
	within := func(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }
	met := map[string]bool{}
	for pkg, imports := range packages(t) {
		pkg = strings.TrimPrefix(pkg, module)
		if slices.Contains(free, strings.Split(pkg, "/")[0]) || strings.HasSuffix(pkg, "/gen") || strings.HasSuffix(pkg, "/generate") {
			continue // programs that write files of the module
		}
		for _, i := range imports {
			// The longest that it is within says who may.
			entry := ""
			for path := range reserved {
				if within(i, path) && len(path) > len(entry) {
					entry = path
				}
			}
			if entry == "" {
				continue
			}
			at := slices.IndexFunc(reserved[entry], func(folder string) bool { return within(pkg, folder) })
			if at < 0 {
				t.Errorf("%s must not import %s: only %s may", pkg, i, strings.Join(reserved[entry], ", "))
				continue
			}
			met[entry+" "+reserved[entry][at]] = true
		}
	}
	for entry, folders := range reserved {
		for _, folder := range folders {
			if !met[entry+" "+folder] {
				t.Errorf("%s need not be allowed to import %s", folder, entry)
			}
		}
	}
}

// TestTestsReachNoKernel: what tests run can't reach the kernel of the machine that they run on. Run by root on a NetBSD they
// would load into it.
func TestTestsReachNoKernel(t *testing.T) {
	fset := token.NewFileSet()
	checked := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok || lit.Type == nil {
				return true
			}
			switch name := typeName(file, lit.Type); name {
			case "repl.Env", "command.Env", "connect.Options":
				checked++
				if !names(lit, "Machine") && !(name == "connect.Options" && opensSimulator(lit)) {
					t.Errorf("%s: a %s of tests must name its Machine: without, it is the one that the tests run on", fset.Position(lit.Pos()), name)
				}
			case "connect.Machine":
				checked++
				if foreign, ok := field(lit, "Foreign").(*ast.BasicLit); ok && foreign.Value == `""` || !names(lit, "Foreign") && !names(lit, "System") {
					t.Errorf("%s: a machine of tests must be Foreign or have a System that stands for the running one", fset.Position(lit.Pos()))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 8 {
		t.Errorf("there must be tests that open kernels, but only %d were found", checked)
	}
}

// typeName is a type with the name of its package, in that package too.
func typeName(file *ast.File, e ast.Expr) string {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return x.Name + "." + e.Sel.Name
		}
	case *ast.Ident:
		return file.Name.Name + "." + e.Name
	}
	return ""
}

// field gives the value of a field that a literal names, nil if it does not.
func field(lit *ast.CompositeLit, name string) ast.Expr {
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok && key.Name == name {
				return kv.Value
			}
		}
	}
	return nil
}

func names(lit *ast.CompositeLit, name string) bool { return field(lit, name) != nil }

// opensSimulator reports whether the target is written as that of a simulated kernel.
func opensSimulator(options *ast.CompositeLit) bool {
	target := field(options, "Target")
	if sum, ok := target.(*ast.BinaryExpr); ok {
		target = sum.X
	}
	text, ok := target.(*ast.BasicLit)
	return ok && strings.HasPrefix(text.Value, `"sim`)
}

// eachSource parses the source of every package, without tests. Names are relative to the module.
func eachSource(t *testing.T, f func(fset *token.FileSet, name string, file *ast.File)) {
	t.Helper()
	for pkg := range packages(t) {
		files, err := filepath.Glob(filepath.Join("..", strings.TrimPrefix(pkg, module), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			f(fset, strings.TrimPrefix(filepath.ToSlash(name), "../"), file)
		}
	}
}

// TestMainEndsTheProgram: whoever ended it below would leave locks, terminals and generations behind.
func TestMainEndsTheProgram(t *testing.T) {
	eachSource(t, func(fset *token.FileSet, _ string, file *ast.File) {
		if file.Name.Name == "main" {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && (x.Name == "os" && n.Sel.Name == "Exit" || x.Name == "log" && strings.HasPrefix(n.Sel.Name, "Fatal")) {
					t.Errorf("%s: only main ends the program", fset.Position(n.Pos()))
				}
			case *ast.SelectStmt:
				if len(n.Body.List) == 0 {
					t.Errorf("%s: nothing waits for ever", fset.Position(n.Pos()))
				}
			}
			return true
		})
	})
}

// initialised are the files that set what another module keeps for the whole program, which has to be set before anything
// runs.
var initialised = []string{"lua/lower/lower.go", "lua/vm/vm.go"}

// TestNothingRunsBeforeMain: tables are written down, and what depends on what is seen where it is used.
func TestNothingRunsBeforeMain(t *testing.T) {
	var met []string
	eachSource(t, func(_ *token.FileSet, name string, file *ast.File) {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				met = append(met, name)
			}
		}
	})
	slices.Sort(met)
	if !slices.Equal(met, initialised) {
		t.Errorf("functions init must be in %v only, but are in %v", initialised, met)
	}
}

// TestNamesExist: what of the vocabulary is named in the program is looked up so that a misspelt name is no silent miss.
func TestNamesExist(t *testing.T) {
	lookups := []string{"Find", "FindPattern", "FindField", "FindBit", "FindErrno"}
	met := 0
	eachSource(t, func(fset *token.FileSet, _ string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := f.X.(*ast.Ident)
			name, constant := call.Args[0].(*ast.BasicLit)
			if !ok || x.Name != "kauth" || !constant {
				return true
			}
			if slices.Contains(lookups, f.Sel.Name) {
				t.Errorf("%s: what the program names must be a constant of package kauth, or kauth.MustFind, but %s is looked up", fset.Position(n.Pos()), name.Value)
			}
			if f.Sel.Name == "MustFind" {
				met++
				text, err := strconv.Unquote(name.Value)
				if err != nil {
					t.Fatal(err)
				}
				if _, ok := kauth.Find(text); !ok {
					t.Errorf("%s: there is no request %s", fset.Position(n.Pos()), text)
				}
			}
			return true
		})
	})
	if met < 100 {
		t.Errorf("the simulator names more than 100 requests, but %d were looked at", met)
	}
}

// TestArchitecture: the document names every package, says what it is as the package does, and shows the way of a
// decision as it compiles.
func TestArchitecture(t *testing.T) {
	var table strings.Builder
	all := packages(t)
	names := make([]string, 0, len(all))
	for pkg := range all {
		names = append(names, pkg)
	}
	slices.SortFunc(names, func(a, b string) int {
		if la, lb := layer(a), layer(b); la != lb {
			return lb - la
		}
		return strings.Compare(a, b)
	})
	table.WriteString("| package | what it is |\n| --- | --- |\n")
	for _, pkg := range names {
		dir := filepath.Join("..", strings.TrimPrefix(pkg, module))
		p, err := build.ImportDir(dir, build.ImportComment)
		if err != nil {
			t.Fatal(err)
		}
		if p.Doc == "" {
			t.Errorf("%s must say what it is", pkg)
		}
		says := strings.NewReplacer("|", "\\|", "[", "", "]", "").Replace(strings.TrimRight(p.Doc, ".:"))
		fmt.Fprintf(&table, "| `%s` | %s |\n", strings.TrimPrefix(pkg, module), says)
	}
	source, err := os.ReadFile("architecture_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, way, _ := bytes.Cut(source, []byte("func Example_way() {\n"))
	way, _, _ = bytes.Cut(way, []byte("\t// Output:"))
	code := "```go\n" + strings.TrimRight(strings.ReplaceAll("\n"+string(way), "\n\t", "\n"), "\n")[1:] + "\n```\n"
	checkGenerated(t, "architecture.md", map[string]string{"packages": table.String(), "way": code})
}
