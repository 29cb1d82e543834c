// Package lines measures how many lines a second go from a pipe to the system's log: as a service's output does, with its file
// beside it, and with logger(1).
//
//	r, err := lines.Start(100_000)
//	defer r.Close()
//	lost, err := r.Kept(true)
//	err = r.Logger()
//
// The system's log is a socket that a goroutine here reads as fast as it can. Logger needs one that takes the name of a socket:
// without it Logger gives [ErrNoLogger].
package lines

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"cellsh/kernel/output"
	"cellsh/kernel/service"
)

// ErrNoLogger says that there is no logger that can be measured.
var ErrNoLogger = errors.New("there is no logger(1) that sends to a socket of one's own (util-linux)")

// Race is a number of lines, and a socket.
type Race struct {
	number int
	text   []byte
	folder string
	socket *net.UnixConn
	// taken are the messages that came.
	taken atomic.Int64
}

// Start makes so many lines of 80 bytes.
func Start(number int) (*Race, error) {
	folder, err := os.MkdirTemp("", "lines")
	if err != nil {
		return nil, err
	}
	r := &Race{number: number, folder: folder, text: bytes.Repeat([]byte(strings.Repeat("x", 79)+"\n"), number)}
	if r.socket, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: r.path(), Net: "unixgram"}); err != nil {
		os.RemoveAll(folder)
		return nil, err
	}
	go func() {
		b := make([]byte, 8192)
		for {
			if _, err := r.socket.Read(b); err != nil {
				return
			}
			r.taken.Add(1)
		}
	}()
	return r, nil
}

func (r *Race) path() string { return filepath.Join(r.folder, "log") }

// Close ends the socket.
func (r *Race) Close() {
	r.socket.Close()
	os.RemoveAll(r.folder)
}

// Kept sends the lines through a service's output: all are in its file, and those are in the system's log that it takes. With
// system false only the file is written.
func (r *Race) Kept(system bool) (lost uint64, err error) {
	log := service.Defaults().Log
	log.File = output.File(r.folder, "web")
	if !system {
		log.Stdout, log.Stderr = -1, -1
	}
	out := output.Open(output.Options{Cell: "web", ID: 1, Log: log, Tell: func(string) {}, Sockets: []string{r.path()}})
	from, to, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	taking, err := out.Take(output.Stdout, from)
	if err != nil {
		return 0, err
	}
	_, err = to.Write(r.text)
	if closed := to.Close(); err == nil {
		err = closed
	}
	<-taking.Done()
	_ = out.Close(time.Minute) // it says what was lost, as Lost does
	l := out.Lost()
	if l.File > 0 {
		err = errors.Join(err, fmt.Errorf("%d lines are missing in the file", l.File))
	}
	return l.Syslog, errors.Join(err, taking.Err())
}

// Logger sends the lines with logger(1).
func (r *Race) Logger() error {
	path, err := exec.LookPath("logger")
	if err != nil {
		return ErrNoLogger
	}
	before := r.taken.Load()
	c := exec.Command(path, "-u", r.path(), "--socket-errors=on", "-t", "web")
	c.Stdin = bytes.NewReader(r.text)
	if out, err := c.CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("option")) {
			return ErrNoLogger
		}
		return fmt.Errorf("logger: %w: %s", err, out)
	}
	for end := time.Now().Add(time.Minute); r.taken.Load()-before < int64(r.number); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("logger sent %d lines, and %d came", r.number, r.taken.Load()-before)
		}
	}
	return nil
}
