package screen

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"cellsh/repl/screen/model"
	"cellsh/repl/screen/view"
)

// Options for Run and Dump.
type Options struct {
	// Display is the terminal; Dump has none.
	Display Display
	Model   *model.Model
	Backend Backend
	Skin    view.Skin
	// Asides gives what was written by itself since it was asked last, "" if nothing was; nil is never anything.
	Asides func() string
	// End is closed when the program is told to end.
	End <-chan struct{}
	// Now is the clock, and After gives a channel that is sent the time once, after the duration.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
}

// Errors of Run.
var (
	// ErrEnded says that the program was told to end.
	ErrEnded = errors.New("the screen must go on, but the program was told to end")
	// ErrGone says that the terminal is gone.
	ErrGone = errors.New("the terminal must be there, but is gone")
)

const (
	// rest is how often what is shown is read again, and pulse how often it is looked how far a job is.
	rest  = time.Second
	pulse = 200 * time.Millisecond
)

// back is said before a key is waited for.
const back = "-- a key goes back to the screen -- "

// Run shows the screen until somebody leaves it, and gives the terminal back. The error is that of a statement that has left the
// session, ErrEnded, or ErrGone. But for ErrEnded the backend is not used any more when it returns.
func Run(o Options) error {
	l := newLoop(o)
	defer o.Display.Close()
	err := l.run()
	if !errors.Is(err, ErrEnded) && !errors.Is(err, ErrGone) && o.Display.Suspend() == nil {
		o.Display.Again(o.Backend.Written())
	}
	o.Display.Close()
	l.end(!errors.Is(err, ErrEnded))
	return err
}

// Dump is the screen after some keys, of which each has been done before the next. Nothing waits for a terminal, and questions that
// are left open are answered with a no.
func Dump(o Options, width, height int, keys []model.Key) *view.Grid {
	o.Display = nowhere{width, height}
	l := newLoop(o)
	o.Model.Now = o.Now()
	o.Model.Resize(width, height)
	l.begin()
	l.settle()
	for _, k := range keys {
		l.do(o.Model.Press(k))
		l.settle()
		if l.left {
			break
		}
	}
	g := view.Draw(o.Model, o.Skin)
	l.end(true)
	return g
}

// nowhere is a display that shows nothing.
type nowhere struct{ width, height int }

func (nowhere) Events() <-chan []Event      { return nil }
func (d nowhere) Size() (width, height int) { return d.width, d.height }
func (nowhere) Draw(*view.Grid, string)     {}
func (nowhere) Redraw()                     {}
func (nowhere) Suspend() error              { return nil }
func (nowhere) Resume() error               { return nil }
func (nowhere) Again(string)                {}
func (nowhere) AwaitKey(text string) error  { return nil }
func (nowhere) Job()                        {}
func (nowhere) Close()                      {}

// task is an effect that the worker does, or in a zero one that the status is read.
type task struct{ effect model.Effect }

// running is a task that the worker does, until its context is done.
type running struct {
	task
	ctx  context.Context
	stop func()
}

// alone reports whether the task has the terminal.
func (t task) alone() bool {
	switch t.effect.(type) {
	case model.Statement, model.Edit:
		return true
	}
	return false
}

// reads reports whether the task changes nothing and can be done later.
func (t task) reads() bool {
	_, is := t.effect.(model.Read)
	return is || t.effect == nil
}

// result is what has come of a task: a model.Table, model.Status, model.Result, *model.Proposal, edited or nil.
type result struct {
	value any
	err   error
	// status is how things are after what may have changed them; nil if that is not known.
	status *model.Status
}

type edited struct {
	wrong string
	at    int
}

// question of a task, and where its answer goes.
type question struct {
	text   string
	answer chan<- bool
}

// loop is for one goroutine. The worker is another, which has the backend.
type loop struct {
	Options
	// orders wait for the worker, and reads until there are none; doing is what it does now, nil if nothing, and hurried says that it
	// was told to end because something else waits.
	orders, reads []task
	doing         *running
	hurried       bool
	tasks         chan *running
	results       chan result
	asked         chan question
	// answer is where that to the question of the job goes, nil if it has none.
	answer chan<- bool
	// quit is closed at the end, and gone when the worker is.
	quit, gone chan struct{}
	left       bool
	err        error
	grid       *view.Grid
}

func newLoop(o Options) *loop {
	l := &loop{Options: o, tasks: make(chan *running), results: make(chan result, 1), asked: make(chan question), quit: make(chan struct{}), gone: make(chan struct{})}
	go l.work()
	return l
}

// end tells the worker to end, and waits for that if it shall.
func (l *loop) end(waits bool) {
	close(l.quit)
	if l.doing != nil {
		l.doing.stop()
	}
	if waits {
		<-l.gone
	}
}

// work is what the worker does.
func (l *loop) work() {
	whole := false
	defer func() {
		if !whole {
			l.Display.Close() // of a panic the terminal must be told
		}
		close(l.gone)
	}()
	for {
		select {
		case t := <-l.tasks:
			r := l.perform(t)
			if !t.reads() {
				// Whoever leaves now must not be asked about what is done.
				if s, err := l.Backend.Status(t.ctx); err == nil {
					r.status = &s
				}
			}
			select {
			case l.results <- r:
			case <-l.quit:
			}
		case <-l.quit:
			whole = true
			return
		}
	}
}

// perform does a task.
func (l *loop) perform(t *running) result {
	b, ctx := l.Backend, t.ctx
	switch e := t.effect.(type) {
	case nil:
		s, err := b.Status(ctx)
		return result{value: s, err: err}
	case model.Read:
		table, err := b.Read(ctx, e.Place)
		return result{value: table, err: err}
	case model.Run:
		return result{value: b.Run(ctx, e.Words, l.ask)}
	case model.Learn:
		p, err := b.Learn(ctx, e)
		return result{value: p, err: err}
	case model.Rewrite:
		p, err := b.Rewrite(ctx, e)
		return result{value: p, err: err}
	case model.Review:
		p, err := b.Review(ctx, e)
		return result{value: p, err: err}
	case model.Write:
		return result{err: b.Write(ctx, e.Proposal)}
	case model.Statement:
		return result{err: b.Statement(e.Text)}
	case model.Edit:
		wrong, at, err := b.Edit(e.File, e.Line)
		return result{value: edited{wrong, at}, err: err}
	}
	return result{}
}

// ask is called by the worker. Where the screen ends the answer is no.
func (l *loop) ask(text string) bool {
	answer := make(chan bool, 1)
	select {
	case l.asked <- question{text, answer}:
	case <-l.quit:
		return false
	}
	select {
	case yes := <-answer:
		return yes
	case <-l.quit:
		return false
	}
}

// begin asks for what is shown first.
func (l *loop) begin() {
	l.do(l.Model.Begin())
	l.reads = append(l.reads, task{})
}

func (l *loop) run() error {
	l.Model.Now = l.Now()
	l.Model.Resize(l.Display.Size())
	l.begin()
	tick := l.After(pulse)
	for {
		l.next()
		if l.left {
			return l.err
		}
		l.draw()
		select {
		case <-l.End:
			return ErrEnded
		case batch := <-l.Display.Events():
			for _, e := range batch {
				l.event(e)
			}
		case r := <-l.results:
			l.finished(r)
		case q := <-l.asked:
			l.put(q)
		case now := <-tick:
			l.tick(now)
			tick = l.After(l.pause())
		}
	}
}

// settle does all that there is to do, up to a question.
func (l *loop) settle() {
	for {
		l.next()
		if l.doing == nil || l.answer != nil || l.left {
			return
		}
		select {
		case r := <-l.results:
			l.finished(r)
		case q := <-l.asked:
			l.put(q)
		}
	}
}

// away reports whether the terminal is somebody else's.
func (l *loop) away() bool { return l.doing != nil && l.doing.alone() }

func (l *loop) draw() {
	if l.away() {
		return
	}
	l.grid = view.Draw(l.Model, l.Skin)
	l.Display.Draw(l.grid, l.Model.Theme)
}

// pause is how long it is until something changes by itself.
func (l *loop) pause() time.Duration {
	if l.Model.Job != nil || l.doing != nil {
		return pulse
	}
	return rest
}

func (l *loop) tick(now time.Time) {
	if l.away() {
		return
	}
	l.do(l.Model.Tick(now))
	if l.Asides != nil {
		if text := strings.TrimSpace(l.Asides()); text != "" {
			l.Model.Say(model.Warning, "%s", text)
		}
	}
	if l.Model.Job != nil {
		l.Model.Progress(l.Backend.Where())
	}
	if !slices.Contains(l.reads, task{}) && (l.doing == nil || l.doing.effect != nil) {
		l.reads = append(l.reads, task{})
	}
}

// event takes what has come from the display.
func (l *loop) event(e Event) {
	m := l.Model
	switch e := e.(type) {
	case Pressed:
		l.do(m.Press(e.Key))
	case Clicked:
		if l.grid != nil {
			l.do(m.Click(l.grid.Spot(e.X, e.Y), e.Double))
		}
	case Wheeled:
		if l.grid != nil {
			m.Wheel(l.grid.Spot(e.X, e.Y), e.Rows)
		}
	case Resized:
		m.Resize(e.Width, e.Height)
		if e.Anew {
			l.Display.Redraw()
		}
	case Gone:
		l.leave(ErrGone)
	}
}

func (l *loop) leave(err error) {
	if !l.left {
		l.left, l.err = true, err
	}
}

// do begins what the model wants done.
func (l *loop) do(effects []model.Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case model.Read:
			l.reads = append(l.reads, task{e})
		case model.Answer:
			l.reply(e.Yes)
		case model.Stop:
			l.stop()
		case model.ShowOutput:
			l.elsewhere(func() error {
				l.Display.Again(l.Backend.Written())
				return l.await()
			})
		case model.Suspend:
			l.elsewhere(func() error { l.Display.Job(); return nil })
		case model.Redraw:
			l.Display.Redraw()
		case model.Leave:
			l.leave(nil)
		case model.Edit:
			if l.Model.Job != nil {
				l.Model.Say(model.Warning, "%s is not done yet: Ctrl-C stops it", l.Model.Job.Title)
				continue
			}
			l.orders = append(l.orders, task{e})
		default:
			l.orders = append(l.orders, task{e})
		}
	}
}

// elsewhere gives the terminal away for a while.
func (l *loop) elsewhere(do func() error) {
	err := l.Display.Suspend()
	if err == nil {
		err = do()
	}
	if err == nil {
		err = l.Display.Resume()
	}
	if err != nil {
		l.leave(ErrGone)
		return
	}
	l.Model.Resize(l.Display.Size())
}

// await waits for a key, or for the end of the program.
func (l *loop) await() error {
	pressed := make(chan error, 1)
	go func() { pressed <- l.Display.AwaitKey(back) }()
	select {
	case err := <-pressed:
		return err
	case <-l.End:
		l.leave(ErrEnded)
		return ErrEnded
	}
}

// put puts a question of the job.
func (l *loop) put(q question) {
	l.answer = q.answer
	l.Model.Asked(q.text)
}

func (l *loop) reply(yes bool) {
	if l.answer != nil {
		l.answer <- yes
		l.answer = nil
	}
}

// stop ends the job. One that has not begun yet never does.
func (l *loop) stop() {
	if l.doing != nil && !l.doing.reads() {
		l.doing.stop()
		l.reply(false)
		return
	}
	if len(l.orders) > 0 {
		t := l.orders[0]
		l.orders = l.orders[1:]
		l.tell(t, result{value: model.Result{Text: errStopped.Error(), Failed: true}, err: errStopped})
	}
}

// errStopped is the error of what has not begun.
var errStopped = errors.New("interrupted: nothing has changed")

// next gives the worker something to do, orders before what can wait.
func (l *loop) next() {
	if l.left {
		return
	}
	if l.doing != nil {
		if len(l.orders) > 0 && l.doing.reads() && !l.hurried {
			l.hurried = true
			l.doing.stop()
		}
		return
	}
	var t task
	switch {
	case len(l.orders) > 0:
		t, l.orders = l.orders[0], l.orders[1:]
	case len(l.reads) > 0:
		t, l.reads = l.reads[0], l.reads[1:]
	default:
		return
	}
	if t.alone() {
		if err := l.Display.Suspend(); err != nil {
			l.leave(ErrGone)
			return
		}
		l.Display.Again(l.Backend.Written())
	}
	ctx, stop := context.WithCancel(context.Background())
	l.doing, l.hurried = &running{t, ctx, stop}, false
	l.tasks <- l.doing
}

// finished takes what has come of what the worker did.
func (l *loop) finished(r result) {
	t := l.doing.task
	l.doing.stop()
	l.doing, l.answer = nil, nil
	if l.hurried && t.reads() && r.err != nil {
		l.reads = append(l.reads, t) // it is read again afterwards
		return
	}
	if !t.alone() {
		l.tell(t, r)
		return
	}
	if _, is := t.effect.(model.Statement); is {
		if r.err != nil {
			l.leave(r.err)
			return
		}
		if l.await() != nil {
			l.leave(ErrGone)
			return
		}
	}
	if l.Display.Resume() != nil {
		l.leave(ErrGone)
		return
	}
	l.Model.Resize(l.Display.Size())
	l.tell(t, r)
}

// tell tells the model what has come of a task.
func (l *loop) tell(t task, r result) {
	m, wrong := l.Model, ""
	if r.status != nil {
		m.Status = *r.status
	}
	if r.err != nil {
		wrong = r.err.Error()
	}
	switch e := t.effect.(type) {
	case nil:
		if s, is := r.value.(model.Status); is && r.err == nil {
			m.Status = s // else the panels tell why
		}
	case model.Read:
		table, _ := r.value.(model.Table)
		m.Filled(e.Place, table, wrong)
	case model.Run:
		l.do(m.Ran(r.value.(model.Result)))
	case model.Learn, model.Rewrite, model.Review:
		p, _ := r.value.(*model.Proposal)
		m.Learned(p, wrong)
	case model.Write:
		l.do(m.Wrote(e.Proposal, wrong))
	case model.Statement:
		l.do(m.Returned())
	case model.Edit:
		x, _ := r.value.(edited)
		if wrong == "" {
			wrong = x.wrong
		}
		l.do(m.Edited(e, wrong, x.at))
	}
}
