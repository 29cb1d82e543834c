package monitor

import (
	"encoding/json"
	"io"
	"os"
	"sync"
	"time"

	"cellsh/kernel/budget"
	"cellsh/kernel/monitor/rundir"
)

// request is what is asked of a monitor on its socket, one for a connection. It answers with the status, at once and whenever
// that changes, until either side closes.
type request struct {
	Ask verb `json:"ask"`
	// Budgets are to be watched from now on; nil for those that are.
	Budgets *[]budget.Rule `json:"budgets,omitempty"`
}

// these are budgets for a request, where none at all are some, too.
func these(list []budget.Rule) *[]budget.Rule {
	list = append([]budget.Rule{}, list...)
	return &list
}

type verb string

const (
	askStatus  verb = "status"
	askStart   verb = "start"
	askStop    verb = "stop"
	askRestart verb = "restart"
	// askBudgets only says what is to be watched.
	askBudgets verb = "budgets"
)

const (
	// answerTime is how long the other side may take to say or to take something.
	answerTime = 10 * time.Second
	// maxRequest is how long a request may be, in bytes.
	maxRequest = 1 << 16
	// maxConnections are served at the same time.
	maxConnections = 64
	// backlog is how many states may wait for one who reads slowly.
	backlog = 64
)

// subscriber is told each status, until the channel is closed.
type subscriber chan rundir.Status

// ask is a request that has come, with who is told what comes of it.
type ask struct {
	what    verb
	budgets *[]budget.Rule
	to      subscriber
}

// control serves the socket. What is asked goes to asks.
type control struct {
	socket *listener
	asks   chan<- ask
	end    chan struct{}
	open   sync.WaitGroup
}

func serve(l *listener, asks chan<- ask) *control {
	c := &control{socket: l, asks: asks, end: make(chan struct{})}
	go c.accept()
	return c
}

func (c *control) accept() {
	slots := make(chan struct{}, maxConnections)
	for {
		conn, err := c.socket.accept()
		if err != nil {
			return // it is closed
		}
		select {
		case slots <- struct{}{}:
		default:
			conn.Close() // whoever opens so many does not want to know
			continue
		}
		c.open.Add(1)
		go func() {
			c.answer(conn)
			conn.Close()
			<-slots
			c.open.Done()
		}()
	}
}

func (c *control) answer(conn *os.File) {
	if conn.SetDeadline(time.Now().Add(answerTime)) != nil {
		return
	}
	var r request
	if json.NewDecoder(io.LimitReader(conn, maxRequest)).Decode(&r) != nil {
		return
	}
	to := make(subscriber, backlog)
	select {
	case c.asks <- ask{r.Ask, r.Budgets, to}:
	case <-c.end:
		return
	}
	for s := range to {
		text, err := json.Marshal(s)
		if err == nil {
			err = conn.SetWriteDeadline(time.Now().Add(answerTime))
		}
		if err == nil {
			_, err = conn.Write(append(text, '\n'))
		}
		if err != nil {
			return // who leaves is dropped when the channel is full
		}
	}
}

// close stops serving, after what was told is written. The channels of all subscribers must be closed.
func (c *control) close() {
	close(c.end)
	c.socket.close()
	c.open.Wait()
}
