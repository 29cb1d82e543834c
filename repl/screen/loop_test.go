package screen

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cellsh/repl/editor"
	"cellsh/repl/screen/model"
	"cellsh/repl/screen/view"
)

// fakeDisplay has no terminal. Each Draw is sent to drawn, where the test takes it: the loop goes on only then.
type fakeDisplay struct {
	events chan []Event
	drawn  chan string
	// awaited is sent what is said before a key is waited for; pressed lets that end.
	awaited chan string
	pressed chan error

	mu     sync.Mutex
	calls  []string
	closed chan struct{}
	once   sync.Once
	width  int
	height int
}

func (d *fakeDisplay) note(call string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, call)
}

func (d *fakeDisplay) noted() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.calls, " ")
}

func (d *fakeDisplay) Events() <-chan []Event    { return d.events }
func (d *fakeDisplay) Size() (width, height int) { return d.width, d.height }
func (d *fakeDisplay) Redraw()                   { d.note("redraw") }
func (d *fakeDisplay) Suspend() error            { d.note("suspend"); return nil }
func (d *fakeDisplay) Resume() error             { d.note("resume"); return nil }
func (d *fakeDisplay) Again(text string)         { d.note("again:" + text) }
func (d *fakeDisplay) Job()                      { d.note("job") }
func (d *fakeDisplay) Close()                    { d.once.Do(func() { d.note("close"); close(d.closed) }) }
func (d *fakeDisplay) Draw(g *view.Grid, theme string) {
	select {
	case d.drawn <- g.Text():
	case <-d.closed:
	}
}

func (d *fakeDisplay) AwaitKey(text string) error {
	d.awaited <- text
	select {
	case err := <-d.pressed:
		return err
	case <-d.closed:
		return errors.New("closed")
	}
}

// fakeBackend does what its functions do; those that are nil do nothing.
type fakeBackend struct {
	read      func(context.Context, model.Place) (model.Table, error)
	run       func(ctx context.Context, words []string, ask func(string) bool) model.Result
	statement func(string) error
	edit      func(string, int) (string, int, error)
	where     string
	// waits says that a generation waits to be confirmed.
	waits atomic.Bool
}

func (b *fakeBackend) Read(ctx context.Context, p model.Place) (model.Table, error) {
	if b.read == nil {
		return model.Table{}, nil
	}
	return b.read(ctx, p)
}
func (b *fakeBackend) Status(context.Context) (model.Status, error) {
	s := model.Status{Kernel: "fake"}
	if b.waits.Load() {
		s.Generation, s.Confirm = 7, time.Date(2026, 6, 1, 12, 1, 0, 0, time.UTC)
	}
	return s, nil
}
func (b *fakeBackend) Run(ctx context.Context, words []string, ask func(string) bool) model.Result {
	return b.run(ctx, words, ask)
}
func (b *fakeBackend) Learn(context.Context, model.Learn) (*model.Proposal, error) {
	return nil, errors.New("nothing")
}
func (b *fakeBackend) Rewrite(context.Context, model.Rewrite) (*model.Proposal, error) {
	return nil, errors.New("nothing")
}
func (b *fakeBackend) Review(context.Context, model.Review) (*model.Proposal, error) {
	return nil, errors.New("it was looked at")
}
func (b *fakeBackend) Write(context.Context, *model.Proposal) error    { return nil }
func (b *fakeBackend) Statement(text string) error                     { return b.statement(text) }
func (b *fakeBackend) Edit(file string, line int) (string, int, error) { return b.edit(file, line) }
func (b *fakeBackend) Written() string                                 { return "what was written" }
func (b *fakeBackend) Where() string                                   { return b.where }

// stage is a screen that a test plays on.
type stage struct {
	t       *testing.T
	d       *fakeDisplay
	b       *fakeBackend
	m       *model.Model
	ticks   chan time.Time
	end     chan struct{}
	ended   chan error
	picture string
}

func play(t *testing.T, b *fakeBackend, before ...func(*model.Model)) *stage {
	t.Helper()
	s := &stage{t: t, b: b, ticks: make(chan time.Time), end: make(chan struct{}), ended: make(chan error, 1),
		d: &fakeDisplay{events: make(chan []Event), drawn: make(chan string), awaited: make(chan string, 1), pressed: make(chan error), closed: make(chan struct{}), width: 80, height: 24}}
	s.m = model.New(model.Options{Left: model.Place{Kind: model.Cells}, Right: model.Place{Kind: model.Decisions}, NewLine: func() *editor.Draft {
		return editor.NewDraft(editor.Language{}, editor.NewPalette(false, ""), editor.Prompts{First: "> "}, nil)
	}})
	for _, do := range before {
		do(s.m)
	}
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	go func() {
		s.ended <- Run(Options{Display: s.d, Model: s.m, Backend: b, Skin: view.ASCII, End: s.end, Now: func() time.Time { return now },
			After: func(time.Duration) <-chan time.Time { return s.ticks }})
	}()
	return s
}

// until takes pictures until one has a text.
func (s *stage) until(text string) {
	s.t.Helper()
	for !strings.Contains(s.picture, text) {
		s.next()
	}
}

// without takes pictures until one does not have a text.
func (s *stage) without(text string) {
	s.t.Helper()
	for strings.Contains(s.picture, text) {
		s.next()
	}
}

func (s *stage) next() {
	s.t.Helper()
	select {
	case s.picture = <-s.d.drawn:
	case err := <-s.ended:
		s.t.Fatalf("the screen has ended: %v\n%s", err, s.picture)
	}
}

// send gives events to the loop, which may draw before it takes them.
func (s *stage) send(events ...Event) {
	s.t.Helper()
	for {
		select {
		case s.d.events <- events:
			return
		case s.picture = <-s.d.drawn:
		case err := <-s.ended:
			s.t.Fatalf("the screen has ended: %v", err)
		}
	}
}

func (s *stage) press(words ...string) {
	s.t.Helper()
	var events []Event
	for _, k := range model.ParseKeys(words) {
		events = append(events, Pressed{k})
	}
	s.send(events...)
}

func (s *stage) tick() {
	s.t.Helper()
	for {
		select {
		case s.ticks <- time.Date(2026, 6, 1, 12, 0, 1, 0, time.UTC):
			return
		case s.picture = <-s.d.drawn:
		case err := <-s.ended:
			s.t.Fatalf("the screen has ended: %v", err)
		}
	}
}

// over waits for the end.
func (s *stage) over() error {
	for {
		select {
		case err := <-s.ended:
			return err
		case s.picture = <-s.d.drawn:
		}
	}
}

// wait waits for something that happens beside the screen.
func (s *stage) wait(happens <-chan struct{}) {
	s.t.Helper()
	for {
		select {
		case <-happens:
			return
		case s.picture = <-s.d.drawn:
		case err := <-s.ended:
			s.t.Fatalf("the screen has ended: %v", err)
		}
	}
}

// awaits waits until the screen waits for a key.
func (s *stage) awaits() {
	s.t.Helper()
	for {
		select {
		case <-s.d.awaited:
			return
		case s.picture = <-s.d.drawn:
		case err := <-s.ended:
			s.t.Fatalf("the screen has ended: %v", err)
		}
	}
}

func cells(names ...string) model.Table {
	t := model.Table{Columns: []model.Column{{Title: "name", Least: 8}}}
	for _, n := range names {
		t.Rows = append(t.Rows, model.Row{ID: n, Fields: []model.Field{{Text: n}}, Subject: model.Cell{Name: n}})
	}
	return t
}

// job begins a Run in the model, as a function key does.
func job(words ...string) func(*model.Model) {
	return func(m *model.Model) {
		m.Open(&model.Question{Title: "Do", Text: "do it?", Choices: []model.Choice{{Label: "Yes", Effects: []model.Effect{model.Run{Words: words, Title: words[0]}}}}})
	}
}

// TestLeave: what is read is shown, and F10 gives the terminal back.
func TestLeave(t *testing.T) {
	s := play(t, &fakeBackend{read: func(_ context.Context, p model.Place) (model.Table, error) {
		if p.Kind == model.Cells {
			return cells("web-1"), nil
		}
		return model.Table{}, errors.New("there is none")
	}})
	s.until("web-1")
	s.until("there is none")
	s.press("F10")
	if err := s.over(); err != nil {
		t.Errorf("leaving must be no error, but is %v", err)
	}
	if got := s.d.noted(); got != "suspend again:what was written close" {
		t.Errorf("the terminal must be given back once, but: %s", got)
	}
}

// TestHanging: a place that can't be read keeps no key from working, and what is to be done comes before it.
func TestHanging(t *testing.T) {
	b := &fakeBackend{}
	reads, hangs := 0, make(chan struct{})
	b.read = func(ctx context.Context, p model.Place) (model.Table, error) {
		if p.Kind == model.Decisions {
			return model.Table{Columns: []model.Column{{Title: "request", Least: 8}}, Rows: []model.Row{{ID: "1", Fields: []model.Field{{Text: "network.bind"}}, Subject: model.Decision{Cell: "web-1", Request: "network.bind", Denied: true}}}}, nil
		}
		if reads++; reads == 2 {
			hangs <- struct{}{}
			<-ctx.Done()
			return model.Table{}, errors.New("interrupted")
		}
		return cells("web-1", fmt.Sprintf("read-%d", reads)), nil
	}
	b.run = func(_ context.Context, words []string, _ func(string) bool) model.Result {
		return model.Result{Text: "done: " + strings.Join(words, " ")}
	}
	s := play(t, b)
	s.until("network.bind")
	s.tick()
	s.wait(hangs)
	s.press("abc")
	s.until("> abc")
	s.press("Ctrl-U")
	s.without("> abc")
	// A job has the read end, which is done again afterwards.
	s.press("Tab", "F3")
	s.until("done: explain --source web-1 network.bind")
	s.press("F10")
	s.until("read-3")
	if strings.Contains(s.picture, "interrupted") {
		t.Errorf("a read that gave way must not be told as a failure:\n%s", s.picture)
	}
	s.press("F10")
	if err := s.over(); err != nil {
		t.Error(err)
	}
}

// TestStop: Ctrl-C ends what runs, also while it asks.
func TestStop(t *testing.T) {
	for _, asks := range []bool{false, true} {
		b := &fakeBackend{where: "at the half"}
		b.run = func(ctx context.Context, words []string, ask func(string) bool) model.Result {
			if asks && ask("really?") {
				return model.Result{Text: "answered with a yes"}
			}
			<-ctx.Done()
			return model.Result{Text: "interrupted: nothing has changed", Failed: true}
		}
		s := play(t, b, job("load", "x.lua"))
		s.press("Enter")
		if asks {
			s.until("really?")
		} else {
			s.tick()
			s.until("at the half")
		}
		s.press("Ctrl-C")
		s.until("interrupted: nothing has changed")
		if strings.Contains(s.picture, "really?") {
			t.Errorf("the question of a job that has ended must be gone:\n%s", s.picture)
		}
		s.press("Enter", "F10")
		if err := s.over(); err != nil {
			t.Error(err)
		}
	}
}

// TestQuestions: a job is told the answers to what it asks.
func TestQuestions(t *testing.T) {
	answers := make(chan bool, 2)
	b := &fakeBackend{run: func(ctx context.Context, words []string, ask func(string) bool) model.Result {
		answers <- ask("first?")
		answers <- ask("second?")
		return model.Result{Text: "all is answered"}
	}}
	s := play(t, b, job("destroy"))
	s.press("Enter")
	s.until("first?")
	s.press("y", "Enter")
	s.until("second?")
	s.press("Esc")
	s.until("all is answered")
	if a, b := <-answers, <-answers; !a || b {
		t.Errorf("the answers must be yes and no, but are %v and %v", a, b)
	}
	s.press("F10")
	if err := s.over(); err != nil {
		t.Error(err)
	}
}

// TestStatusAfterAJob: what a job has changed is known once its result is, so that nobody is asked about what is done.
func TestStatusAfterAJob(t *testing.T) {
	b := &fakeBackend{}
	b.waits.Store(true)
	b.run = func(context.Context, []string, func(string) bool) model.Result {
		b.waits.Store(false)
		return model.Result{Text: "it is confirmed"}
	}
	s := play(t, b, job("confirm"))
	s.until("generation 7")
	s.press("Enter")
	s.until("it is confirmed")
	s.press("F10")
	if err := s.over(); err != nil {
		t.Error(err)
	}
}

// TestLeaveWithAJob: leaving asks, and what is stopped tells what it has done.
func TestLeaveWithAJob(t *testing.T) {
	b := &fakeBackend{run: func(ctx context.Context, _ []string, _ func(string) bool) model.Result {
		<-ctx.Done()
		return model.Result{Text: "interrupted", Failed: true}
	}}
	s := play(t, b, job("load"))
	s.press("Enter")
	s.press("F10")
	s.until("is not done yet")
	s.press("s")
	s.without("is not done yet")
	s.until("interrupted")
	s.press("Enter", "F10")
	if err := s.over(); err != nil {
		t.Error(err)
	}
}

// TestNotBegun: a job that waits for a read that does not end is given up without having begun.
func TestNotBegun(t *testing.T) {
	let := make(chan struct{})
	b := &fakeBackend{read: func(context.Context, model.Place) (model.Table, error) { <-let; return model.Table{}, nil },
		run: func(context.Context, []string, func(string) bool) model.Result {
			t.Error("it must not be run")
			return model.Result{}
		}}
	s := play(t, b, job("load"))
	s.press("Enter")
	s.press("Ctrl-C")
	s.until("nothing has changed")
	close(let)
	s.press("Enter", "F10")
	if err := s.over(); err != nil {
		t.Error(err)
	}
}

// TestStatement: a statement has the whole terminal, and a key leads back.
func TestStatement(t *testing.T) {
	entered := make(chan string, 1)
	left := errors.New("left")
	b := &fakeBackend{statement: func(text string) error {
		if text == "exit" {
			return left
		}
		entered <- text
		return nil
	}}
	s := play(t, b)
	s.press("x = 1", "Enter")
	s.awaits()
	if got := <-entered; got != "x = 1" {
		t.Errorf("entered: %q", got)
	}
	s.d.pressed <- nil
	s.press("Ctrl-O")
	s.awaits()
	s.d.pressed <- nil
	s.press("Ctrl-Z")
	s.press("Ctrl-L")
	s.press("exit", "Enter")
	if err := s.over(); !errors.Is(err, left) {
		t.Errorf("the statement must leave, but: %v", err)
	}
	if got := s.d.noted(); got != "suspend again:what was written resume suspend again:what was written resume suspend job resume redraw suspend again:what was written suspend again:what was written close" {
		t.Errorf("the terminal: %s", got)
	}
}

// TestEdit: an editor has the terminal, and what is wrong afterwards is asked about.
func TestEdit(t *testing.T) {
	var lines []int
	edited := make(chan struct{})
	b := &fakeBackend{edit: func(file string, line int) (string, int, error) {
		lines = append(lines, line)
		edited <- struct{}{}
		if len(lines) == 1 {
			return "web.lua:7:1: no", 7, nil
		}
		return "", 0, nil
	}}
	s := play(t, b, func(m *model.Model) {
		m.Open(&model.Question{Title: "Do", Text: "edit it?", Choices: []model.Choice{{Label: "Yes", Effects: []model.Effect{model.Edit{File: "web.lua", Line: 3}}}}})
	})
	s.press("Enter")
	s.wait(edited)
	s.until("web.lua:7:1: no")
	s.press("Enter")
	s.wait(edited)
	// What is right is looked at: who leaves before that is asked about it.
	s.until("it was looked at")
	s.press("Enter")
	s.press("F10")
	if err := s.over(); err != nil {
		t.Error(err)
	}
	if !slices.Equal(lines, []int{3, 7}) {
		t.Errorf("it must be edited at line 3 and then at 7, but is at %v", lines)
	}
}

// TestEnd: the program's end gives the terminal back at once, whatever hangs.
func TestEnd(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	hang := func() { <-never }
	begins := map[string][]func(*model.Model){"a job": {job("load")}, "a question": {job("ask")}}
	for what, reach := range map[string]func(s *stage){
		"reading":           func(s *stage) {},
		"a job":             func(s *stage) { s.press("Enter") },
		"a question":        func(s *stage) { s.press("Enter"); s.until("really?") },
		"a statement":       func(s *stage) { s.press("hang", "Enter") },
		"waiting for a key": func(s *stage) { s.press("Ctrl-O"); s.awaits() },
	} {
		b := &fakeBackend{statement: func(string) error { hang(); return nil }, run: func(ctx context.Context, words []string, ask func(string) bool) model.Result {
			if words[0] == "ask" {
				if ask("really?") {
					t.Error("nobody has said yes")
				}
				return model.Result{}
			}
			hang()
			return model.Result{}
		}}
		if what == "reading" {
			b.read = func(context.Context, model.Place) (model.Table, error) { hang(); return model.Table{}, nil }
		}
		s := play(t, b, begins[what]...)
		reach(s)
		close(s.end)
		if err := s.over(); !errors.Is(err, ErrEnded) {
			t.Errorf("%s: the end must be told, but: %v", what, err)
		}
		if got := s.d.noted(); !strings.HasSuffix(got, "close") {
			t.Errorf("%s: the terminal must be given back, but: %s", what, got)
		}
	}
}

// TestGone: without a terminal there is no screen.
func TestGone(t *testing.T) {
	s := play(t, &fakeBackend{})
	s.send(Gone{errors.New("EOF")})
	if err := s.over(); !errors.Is(err, ErrGone) {
		t.Errorf("the end of the terminal must be told, but: %v", err)
	}
}

// TestResize: every dialog is drawn at every size.
func TestResize(t *testing.T) {
	s := play(t, &fakeBackend{read: func(context.Context, model.Place) (model.Table, error) { return cells("a", "b", "c"), nil }})
	for _, dialog := range [][]string{nil, {"F1"}, {"F9"}, {"+"}, {"Ctrl-S"}} {
		s.press(dialog...)
		for _, size := range [][2]int{{80, 24}, {40, 10}, {1, 1}, {200, 60}, {20, 3}, {132, 43}} {
			s.send(Resized{Width: size[0], Height: size[1]})
			s.tick()
			s.next()
			lines := strings.Split(strings.TrimSuffix(s.picture, "\n"), "\n")
			if len(lines) != size[1] {
				t.Errorf("%v: at %v there must be as many lines, but are %d", dialog, size, len(lines))
			}
		}
		s.send(Resized{Width: 80, Height: 24})
		s.press("Esc", "Esc")
	}
	s.press("F10")
	if err := s.over(); err != nil {
		t.Error(err)
	}
}

// TestMouse: a click and the wheel move in the panel that they are in.
func TestMouse(t *testing.T) {
	s := play(t, &fakeBackend{read: func(context.Context, model.Place) (model.Table, error) { return cells("a", "b", "c"), nil }})
	s.until("c")
	s.send(Clicked{X: 50, Y: 3})
	s.press("F10")
	if err := s.over(); err != nil {
		t.Error(err)
	}
	if s.m.Active != 1 {
		t.Error("a click in the right panel must make it the active one")
	}
}

// TestBatch: many events are one picture.
func TestBatch(t *testing.T) {
	s := play(t, &fakeBackend{})
	s.press(strings.Repeat("x", 1000))
	s.next()
	pictures := 0
	for !strings.Contains(s.picture, "xxx") {
		pictures++
		s.next()
	}
	if pictures > 4 {
		t.Errorf("a batch of 1,000 keys must be drawn at once, but %d pictures came before the last", pictures)
	}
	s.press("Ctrl-U", "F10")
	if err := s.over(); err != nil {
		t.Error(err)
	}
}

// TestPanic: who panics beside the screen gives the terminal back first. It is tested on the worker's own function, since a panic
// of another goroutine ends the test.
func TestPanic(t *testing.T) {
	d := &fakeDisplay{closed: make(chan struct{})}
	l := &loop{Options: Options{Display: d, Backend: &fakeBackend{statement: func(string) error { panic("no") }}}, tasks: make(chan *running, 1), quit: make(chan struct{}), gone: make(chan struct{})}
	l.tasks <- &running{task: task{model.Statement{Text: "x"}}}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic must go on")
			}
		}()
		l.work()
	}()
	if d.noted() != "close" {
		t.Errorf("the terminal must be given back, but: %s", d.noted())
	}
}

// TestDump: keys have their effects one after the other, and a question waits for its answer among them.
func TestDump(t *testing.T) {
	names := []string{"a", "b"}
	b := &fakeBackend{read: func(_ context.Context, p model.Place) (model.Table, error) {
		if p.Kind == model.Cells {
			return cells(names...), nil
		}
		return model.Table{}, nil
	}, statement: func(text string) error { names = append(names, text); return nil }}
	m := model.New(model.Options{Left: model.Place{Kind: model.Cells}, Right: model.Place{Kind: model.Decisions}, NewLine: func() *editor.Draft {
		return editor.NewDraft(editor.Language{}, editor.NewPalette(false, ""), editor.Prompts{First: "> "}, nil)
	}})
	g := Dump(Options{Model: m, Backend: b, Skin: view.ASCII, Now: time.Now}, 60, 12, model.ParseKeys([]string{"new", "Enter", "typed"}))
	if text := g.Text(); !strings.Contains(text, "new") || !strings.Contains(text, "> typed") {
		t.Errorf("the screen:\n%s", text)
	}
}
