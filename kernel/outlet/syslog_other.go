//go:build !unix

package outlet

import (
	"errors"
	"time"
)

// socket is nothing on systems without syslogd(8).
type socket int

const closed socket = -1

func dial(string) (socket, error) { return closed, errors.ErrUnsupported }

func (socket) send([]byte) error { return errors.ErrUnsupported }

func (socket) ready(time.Duration) {}

func (socket) close() error { return nil }
