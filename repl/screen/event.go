package screen

import (
	"cellsh/repl/screen/model"
	"cellsh/repl/screen/view"
)

// Event is what comes from a display.
type Event interface{ event() }

type (
	// Pressed is a key.
	Pressed struct{ Key model.Key }
	// Clicked is a place that was clicked on with a mouse, Double twice; Wheeled is one at which the wheel was turned by so many
	// rows, less than 0 upwards.
	Clicked struct {
		X, Y   int
		Double bool
	}
	Wheeled struct{ X, Y, Rows int }
	// Resized tells how large the screen is now. Anew says that all of it is to be drawn again.
	Resized struct {
		Width, Height int
		Anew          bool
	}
	// Gone says that no keys can come any more.
	Gone struct{ Err error }
)

func (Pressed) event() {}
func (Clicked) event() {}
func (Wheeled) event() {}
func (Resized) event() {}
func (Gone) event()    {}

// Display is a terminal with a screen on it. Its methods are called by one goroutine, but for Close.
type Display interface {
	// Events gives what has come since the last time.
	Events() <-chan []Event
	Size() (width, height int)
	// Draw shows a grid in a theme, and writes no more than has changed; Redraw writes all of it again.
	Draw(g *view.Grid, theme string)
	Redraw()
	// Suspend gives the terminal to somebody else until Resume. Meanwhile Again writes what was written there before, unless the
	// terminal still shows it, AwaitKey writes a text and waits for a key, and Job stops this job until somebody continues it.
	Suspend() error
	Resume() error
	Again(text string)
	AwaitKey(text string) error
	Job()
	// Close gives the terminal back as it was. Any goroutine may call it, and it may be called again.
	Close()
}
