package monitor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"cellsh/kernel/launch"
	"cellsh/kernel/output"
	"cellsh/kernel/service"
)

// maxSaid is how much of what a health command says is kept.
const maxSaid = 4 << 10

// lastWords is how long it is waited for them after its end.
const lastWords = 100 * time.Millisecond

// checkup is what a health check said, by its number: one that was given up may still have something to say.
type checkup struct {
	number int
	said   service.Checked
}

// checkHealth runs the health command in a goroutine, until it ends, its time is over, or m.check is called.
func (m *monitor) checkHealth() {
	h := m.task.Service.Health
	ctx, cancel := context.WithTimeout(context.Background(), h.Timeout)
	m.check = cancel
	m.checks++
	number := m.checks
	go func() {
		said, err := m.runHealth(ctx, h.Command)
		c := service.Checked{OK: err == nil}
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			c.Why = fmt.Sprintf("its health command must end within %s, but does not", h.Timeout)
		case err != nil:
			c.Why = err.Error()
			if said != "" {
				c.Why += ": " + said
			}
		}
		m.events <- checkup{number, c}
	}()
}

// runHealth gives the last line that the command says; the error says what is wrong.
func (m *monitor) runHealth(ctx context.Context, args []string) (said string, err error) {
	in, err := os.Open(os.DevNull)
	if err != nil {
		return "", err
	}
	defer in.Close()
	from, to, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer from.Close()
	text := make(chan []byte, 1)
	go func() {
		b, _ := io.ReadAll(io.LimitReader(from, maxSaid))
		text <- b
		io.Copy(io.Discard, from) // a command that says more need not wait
	}()
	status, err := m.launcher(launch.Options{}).Run(ctx, m.command(args), launch.Files{In: in, Out: to, Err: to})
	to.Close()
	if err != nil {
		return "", err
	}
	if exit := (service.Exit{Code: status.Code, Signal: status.Signal}); !exit.OK() {
		// Whoever it has left behind may hold the pipe.
		from.SetReadDeadline(time.Now().Add(lastWords))
		lines := bytes.Split(bytes.TrimSpace(<-text), []byte("\n"))
		return output.Visible(string(lines[len(lines)-1])), fmt.Errorf("its health command %s", ExitText(exit))
	}
	return "", nil
}
