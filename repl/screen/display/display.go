package display

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/gdamore/tcell/v3"

	"cellsh/repl/screen"
	"cellsh/repl/screen/model"
	"cellsh/repl/screen/view"
)

// Options for Open.
type Options struct {
	// In and Out are the terminal.
	In, Out *os.File
	// Terminal is what it can.
	Terminal Terminal
}

var _ screen.Display = (*Display)(nil)

// Display is a terminal with a screen on it. Its methods are for one goroutine, but for Close, and Events, whose channel may be
// read by another.
type Display struct {
	options Options
	tty     *tty
	screen  tcell.Screen
	events  chan []screen.Event
	// changes are events that come from within.
	changes chan screen.Event
	signals chan os.Signal
	theme   string
	styles  []tcell.Style
	drawn   *view.Grid
	// engaged says that the terminal is the screen's, and closed that the display was given up.
	mu      sync.Mutex
	engaged bool
	closed  bool
	pump    sync.WaitGroup
}

// Open takes the terminal. Close gives it back.
func Open(o Options) (*Display, error) {
	t, err := newTTY(o.In, o.Out, o.Terminal)
	if err != nil {
		return nil, err
	}
	// A locale with a character set that is not known here gives ASCII.
	tcell.SetEncodingFallback(tcell.EncodingFallbackASCII)
	s, err := tcell.NewTerminfoScreenFromTty(t, tcell.OptNegotiation(false), tcell.OptColors(o.Terminal.Colours), tcell.OptAltScreen(o.Terminal.Window),
		tcell.OptKeyboardProtocol(tcell.LegacyKeyboard))
	if err == nil {
		err = s.Init()
	}
	if err != nil {
		t.Close()
		return nil, fmt.Errorf("the terminal must be readable and writable, but is not: %w", err)
	}
	d := &Display{options: o, tty: t, screen: s, events: make(chan []screen.Event), changes: make(chan screen.Event, 1), signals: make(chan os.Signal, 1), engaged: true}
	if o.Terminal.Window {
		s.EnableMouse(tcell.MouseButtonEvents)
		s.EnablePaste()
	}
	signal.Notify(d.signals, syscall.SIGCONT)
	d.pump.Go(d.watch)
	go d.relay(s.EventQ())
	return d, nil
}

// Events gives what has come since the last time.
func (d *Display) Events() <-chan []screen.Event { return d.events }

// Size is how large the screen is.
func (d *Display) Size() (width, height int) {
	size, _ := d.tty.WindowSize()
	return size.Width, size.Height
}

// relay takes events as they come, whether or not somebody reads them: the terminal can be given away only once what was typed
// is taken.
func (d *Display) relay(from <-chan tcell.Event) {
	var batch []screen.Event
	keys := translator{}
	for from != nil || len(batch) > 0 {
		var to chan<- []screen.Event
		if len(batch) > 0 {
			to = d.events
		}
		select {
		case e, open := <-from:
			if !open {
				return
			}
			if x := keys.event(e); x != nil {
				batch = append(batch, x)
			}
		case x := <-d.changes:
			batch = append(batch, x)
		case to <- batch:
			batch = nil
		}
	}
}

// watch hears of being continued after a stop that came from outside: somebody else had the terminal meanwhile, and a shell gives it
// back with its modes and with nothing else.
func (d *Display) watch() {
	for range d.signals {
		d.mu.Lock()
		if d.engaged && !d.closed {
			_ = d.screen.Suspend()
			if d.screen.Resume() == nil {
				d.drawn = nil
				width, height := d.Size()
				select {
				case d.changes <- screen.Resized{Width: width, Height: height, Anew: true}:
				default: // the same is told already
				}
			}
		}
		d.mu.Unlock()
	}
}

// Draw shows a grid in a theme. What is to be seen already is not written.
func (d *Display) Draw(g *view.Grid, theme string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.engaged || d.closed {
		return
	}
	if d.styles == nil || theme != d.theme {
		d.theme, d.styles, d.drawn = theme, styles(theme, d.options.Terminal.Colours), nil
	}
	old := d.drawn
	if old != nil && (old.Width != g.Width || old.Height != g.Height) {
		old = nil
	}
	same := old != nil && old.Cursor == g.Cursor && old.X == g.X && old.Y == g.Y
	for y := range g.Height {
		row := g.Row(y)
		if old != nil && slices.Equal(old.Row(y), row) {
			continue
		}
		same = false
		for x, c := range row {
			if c.Width == 0 {
				continue
			}
			d.screen.Put(x, y, c.Text, d.style(c))
		}
	}
	if same {
		return
	}
	d.drawn = g
	if g.Cursor {
		d.screen.ShowCursor(g.X, g.Y)
	} else {
		d.screen.HideCursor()
	}
	d.screen.Show()
}

// style is how a cell looks.
func (d *Display) style(c view.Cell) tcell.Style {
	s := d.styles[c.Role]
	if c.SGR != "" {
		s = graphic(s, c.SGR, d.options.Terminal.Colours)
	}
	return s
}

// Redraw has all be written anew: something else has written there.
func (d *Display) Redraw() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.engaged && !d.closed {
		d.screen.Sync()
	}
}

// Suspend gives the terminal to somebody else, until Resume.
func (d *Display) Suspend() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.engaged || d.closed {
		return nil
	}
	d.engaged = false
	err := d.screen.Suspend()
	if !d.options.Terminal.Window {
		// There is no other screen to go back to: what comes now has this one.
		fmt.Fprint(d.options.Out, empty)
	}
	return err
}

// Resume takes the terminal again.
func (d *Display) Resume() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.engaged || d.closed {
		return nil
	}
	if err := d.screen.Resume(); err != nil {
		return fmt.Errorf("the terminal must be readable and writable, but is not: %w", err)
	}
	d.engaged, d.drawn = true, nil
	return nil
}

// empty makes a screen empty.
const empty = "\x1b[H\x1b[J"

// Again writes what was written to the terminal before, where that has no other screen on which it still is.
func (d *Display) Again(text string) {
	if !d.options.Terminal.Window {
		fmt.Fprint(d.options.Out, empty+text)
	}
}

// AwaitKey writes a text and waits for a key, while the terminal is somebody else's.
func (d *Display) AwaitKey(text string) error {
	if _, err := fmt.Fprint(d.options.Out, text); err != nil {
		return err
	}
	if err := d.keys(); err != nil {
		return err
	}
	// One read takes the sequence of a key as a whole.
	_, err := d.tty.ReadKey(make([]byte, 64))
	d.release()
	fmt.Fprint(d.options.Out, "\r\x1b[K")
	return err
}

// keys has keys read as they come, if the terminal is not given back for good.
func (d *Display) keys() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return io.EOF
	}
	return d.tty.raw()
}

// release gives the terminal its modes back, from whoever waits for a key.
func (d *Display) release() {
	_ = d.tty.Drain()
	_ = d.tty.Stop()
}

// stops is how long it takes at most until a job is stopped that was told to.
const stops = 100 * time.Millisecond

// Job stops this job, as Ctrl-Z does where nobody has the terminal, and goes on once it is continued. Where nobody could continue it,
// it is not stopped at all.
func (d *Display) Job() {
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	if syscall.Kill(0, syscall.SIGTSTP) == nil {
		// Another thread may be given the signal, a moment later.
		select {
		case <-continued:
		case <-time.After(stops):
		}
	}
}

// Close gives the terminal back as it was. Any goroutine may call it, and it may be called again.
func (d *Display) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.closed = true
	if !d.engaged {
		d.release()
	}
	signal.Stop(d.signals)
	close(d.signals)
	if !d.options.Terminal.Window && d.engaged {
		defer fmt.Fprint(d.options.Out, empty)
	}
	d.screen.Fini()
}

// translator makes events of those of tcell. What is pasted comes in pieces.
type translator struct {
	pasting bool
	pasted  []byte
	// pressed is what was clicked last and when; down says that the button still is.
	x, y int
	when time.Time
	down bool
}

// twice is within which time two clicks at one place are a double one.
const twice = 400 * time.Millisecond

// maxPasted is how much is kept of what is pasted; what is longer is refused by who gets it.
const maxPasted = 1<<20 + 1

// event is nil for what means nothing here.
func (t *translator) event(e tcell.Event) screen.Event {
	switch e := e.(type) {
	case *tcell.EventResize:
		width, height := e.Size()
		return screen.Resized{Width: width, Height: height}
	case *tcell.EventError:
		return screen.Gone{Err: e}
	case *tcell.EventPaste:
		if e.Start() {
			t.pasting, t.pasted = true, nil
			return nil
		}
		t.pasting = false
		return screen.Pressed{Key: model.Key{Name: model.Paste, Text: string(t.pasted)}}
	case *tcell.EventMouse:
		return t.mouse(e)
	case *tcell.EventKey:
		k, ok := key(e)
		switch {
		case !ok:
			return nil
		case t.pasting:
			text := map[model.Name]string{model.Text: k.Text, model.Enter: "\n", model.Tab: "\t"}[k.Name]
			if len(t.pasted)+len(text) <= maxPasted {
				t.pasted = append(t.pasted, text...)
			}
			return nil
		}
		return screen.Pressed{Key: k}
	}
	return nil
}

// wheel is how many rows it moves.
const wheel = 3

func (t *translator) mouse(e *tcell.EventMouse) screen.Event {
	x, y := e.Position()
	switch b := e.Buttons(); {
	case b&tcell.WheelUp != 0:
		return screen.Wheeled{X: x, Y: y, Rows: -wheel}
	case b&tcell.WheelDown != 0:
		return screen.Wheeled{X: x, Y: y, Rows: wheel}
	case b&tcell.Button1 == 0:
		t.down = false
	case !t.down:
		t.down = true
		double := x == t.x && y == t.y && e.When().Sub(t.when) < twice
		t.x, t.y, t.when = x, y, e.When()
		if double {
			t.when = time.Time{} // a third is a first
		}
		return screen.Clicked{X: x, Y: y, Double: double}
	}
	return nil
}

// named are the keys that have a name in both.
var named = map[tcell.Key]model.Name{
	tcell.KeyEnter: model.Enter, tcell.KeyTab: model.Tab, tcell.KeyBacktab: model.BackTab, tcell.KeyBackspace: model.Backspace, tcell.KeyDelete: model.Delete,
	tcell.KeyInsert: model.Insert, tcell.KeyHome: model.Home, tcell.KeyEnd: model.End, tcell.KeyPgUp: model.PageUp, tcell.KeyPgDn: model.PageDown,
	tcell.KeyUp: model.Up, tcell.KeyDown: model.Down, tcell.KeyLeft: model.Left, tcell.KeyRight: model.Right, tcell.KeyEscape: model.Escape,
	tcell.KeyF1: model.F1, tcell.KeyF2: model.F2, tcell.KeyF3: model.F3, tcell.KeyF4: model.F4, tcell.KeyF5: model.F5, tcell.KeyF6: model.F6, tcell.KeyF7: model.F7,
	tcell.KeyF8: model.F8, tcell.KeyF9: model.F9, tcell.KeyF10: model.F10,
}

// key is false for one that the model does not have.
func key(e *tcell.EventKey) (model.Key, bool) {
	k, mod := e.Key(), e.Modifiers()
	name, is := named[k]
	alt, control := mod&(tcell.ModAlt|tcell.ModMeta) != 0, mod&tcell.ModCtrl != 0
	switch {
	case is && name == model.Enter && alt:
		return model.Key{Name: model.AltEnter}, true
	case is && name == model.Backspace && alt:
		return model.Key{Name: model.Control, Text: "w"}, true
	case is && (alt || control) && name == model.Left:
		return model.Key{Name: model.Alt, Text: "b"}, true
	case is && (alt || control) && name == model.Right:
		return model.Key{Name: model.Alt, Text: "f"}, true
	case is:
		return model.Key{Name: name}, true
	case k == tcell.KeyCtrlJ:
		return model.Key{Name: model.Enter}, true
	case tcell.KeyCtrlA <= k && k <= tcell.KeyCtrlZ:
		return model.Key{Name: model.Control, Text: string(rune('a' + k - tcell.KeyCtrlA))}, true
	case k != tcell.KeyRune || e.Str() == "":
		return model.Key{}, false
	case alt && control:
		// Escape and a control character: that of Enter is one.
		return model.Key{Name: model.AltEnter}, e.Str() == "m" || e.Str() == "j"
	case alt:
		return model.Key{Name: model.Alt, Text: e.Str()}, true
	case control:
		return model.Key{Name: model.Control, Text: e.Str()}, true
	}
	return model.Key{Text: e.Str()}, true
}
