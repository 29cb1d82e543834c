package scrape

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"time"
)

// Source is what is answered with. Both functions are called by several goroutines at a time, with a context that is done once
// nobody waits for the answer any more.
type Source struct {
	// Text are the metrics, of the type ContentType.
	Text        func(context.Context) ([]byte, error)
	ContentType string
	// Health says why metrics can't be had, nil if they can.
	Health func(context.Context) error
}

// Limits of what a client may take: who reads slowly or says nothing keeps others waiting no longer.
const (
	maxConnections = 16
	maxHeader      = 8 << 10
	headerTimeout  = 5 * time.Second
	writeTimeout   = 30 * time.Second
	// endTimeout is how long answers may take that are under way at the end.
	endTimeout = 3 * time.Second
)

// RemoteError says that an address can be reached from other machines.
type RemoteError struct{ Address string }

func (e *RemoteError) Error() string {
	return fmt.Sprintf("be an address that only this machine reaches, as 127.0.0.1:9100 or [::1]:9100, but is %q; --allow-remote allows others", e.Address)
}

// Check says what is wrong with an address, in words that go on after the flag that names it; nil if nothing is. It is HOST:PORT,
// where HOST is an address or localhost, or is empty for all addresses of the machine. Unless remote is set it must be one of the
// loopback interface, whose packets come from this machine only.
func Check(address string, remote bool) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("be ADDRESS:PORT, as 127.0.0.1:9100, but is %q", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("have a port from 0 to 65535, but is %q", address)
	}
	if host == "localhost" {
		return nil
	}
	var ip netip.Addr
	if host != "" {
		if ip, err = netip.ParseAddr(host); err != nil {
			return fmt.Errorf("have an IP address or localhost before the port, but is %q", address)
		}
	}
	if !ip.IsLoopback() && !remote {
		return &RemoteError{address}
	}
	return nil
}

// Listener is an address at which requests can be made already.
type Listener struct{ l *limited }

// Listen takes the address, which must be right by Check. Port 0 is one that is free.
func Listen(address string) (*Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if host == "localhost" {
		host = "127.0.0.1" // whatever a file of names says
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		cause := err
		if op := (*net.OpError)(nil); errors.As(err, &op) {
			cause = op.Err
		}
		if call := (*os.SyscallError)(nil); errors.As(err, &call) {
			cause = call.Err
		}
		return nil, fmt.Errorf("%s must be an address to listen at, but is not: %w", address, cause)
	}
	return &Listener{newLimited(l)}, nil
}

// URL is where the metrics are.
func (l *Listener) URL() string { return "http://" + l.l.Addr().String() + "/metrics" }

// Close gives the address up; for who does not serve.
func (l *Listener) Close() error { return l.l.Close() }

// Serve answers until the context is done, and then finishes what is under way, for a few seconds at most. The address is given
// up.
func (l *Listener) Serve(ctx context.Context, s Source) error {
	// What goes wrong with a client is its own.
	server := &http.Server{Handler: handler(s), ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, WriteTimeout: writeTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: log.New(io.Discard, "", 0)}
	server.SetKeepAlivesEnabled(false) // no client keeps a place that it does not use
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l.l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("metrics must be served at %s, but are not: %w", l.l.Addr(), err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if server.Shutdown(last) != nil {
		return server.Close() // who is still reading has had its time
	}
	return nil
}

// handler answers GET and HEAD.
func handler(s Source) http.Handler {
	mux := http.NewServeMux()
	get := func(path string, answer func(http.ResponseWriter, *http.Request)) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			answer(w, r)
		})
	}
	get("/metrics", func(w http.ResponseWriter, r *http.Request) {
		text, err := s.Text(r.Context())
		if err != nil {
			unavailable(w, err)
			return
		}
		w.Header().Set("Content-Type", s.ContentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		w.Write(text)
	})
	get("/healthz", func(w http.ResponseWriter, r *http.Request) {
		if err := s.Health(r.Context()); err != nil {
			unavailable(w, err)
			return
		}
		io.WriteString(w, "ok\n")
	})
	get("/{$}", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "/metrics\n/healthz\n") })
	return mux
}

func unavailable(w http.ResponseWriter, err error) {
	http.Error(w, err.Error(), http.StatusServiceUnavailable)
}

// limited accepts only so many connections at a time; others wait in the kernel's queue.
type limited struct {
	net.Listener
	slots  chan struct{}
	closed chan struct{}
	once   sync.Once
}

func newLimited(l net.Listener) *limited {
	return &limited{Listener: l, slots: make(chan struct{}, maxConnections), closed: make(chan struct{})}
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &placed{Conn: c, slots: l.slots}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// placed is a connection that has one of the places until it is closed.
type placed struct {
	net.Conn
	slots chan struct{}
	once  sync.Once
}

func (c *placed) Close() error {
	c.once.Do(func() { <-c.slots })
	return c.Conn.Close()
}
