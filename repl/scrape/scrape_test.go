package scrape

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		address string
		remote  bool
		want    string
	}{
		{"127.0.0.1:9100", false, ""},
		{"127.9.9.9:0", false, ""},
		{"[::1]:9100", false, ""},
		{"localhost:9100", false, ""},
		{"10.0.0.1:9100", true, ""},
		{":9100", true, ""},
		{"0.0.0.0:9100", false, `be an address that only this machine reaches, as 127.0.0.1:9100 or [::1]:9100, but is "0.0.0.0:9100"; --allow-remote allows others`},
		{":9100", false, `be an address that only this machine reaches, as 127.0.0.1:9100 or [::1]:9100, but is ":9100"; --allow-remote allows others`},
		{"[::]:9100", false, `be an address that only this machine reaches, as 127.0.0.1:9100 or [::1]:9100, but is "[::]:9100"; --allow-remote allows others`},
		{"[fe80::1%lo0]:9100", false, `be an address that only this machine reaches, as 127.0.0.1:9100 or [::1]:9100, but is "[fe80::1%lo0]:9100"; --allow-remote allows others`},
		{"9100", false, `be ADDRESS:PORT, as 127.0.0.1:9100, but is "9100"`},
		{"::1", false, `be ADDRESS:PORT, as 127.0.0.1:9100, but is "::1"`},
		{"127.0.0.1:http", false, `have a port from 0 to 65535, but is "127.0.0.1:http"`},
		{"127.0.0.1:65536", false, `have a port from 0 to 65535, but is "127.0.0.1:65536"`},
		{"localhost.example.org:1", true, `have an IP address or localhost before the port, but is "localhost.example.org:1"`},
		{"127.1:1", false, `have an IP address or localhost before the port, but is "127.1:1"`},
	} {
		got := ""
		if err := Check(test.address, test.remote); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: %s", test.address, got)
		}
	}
}

// serving serves a source until the test ends or stop is called, which gives what Serve gives.
func serving(t *testing.T, s Source) (at *Listener, stop func() error) {
	t.Helper()
	l, err := Listen("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- l.Serve(ctx, s) }()
	stop = func() error {
		cancel()
		err := <-served
		served <- err
		return err
	}
	t.Cleanup(func() { stop() })
	return l, stop
}

// ask makes one request, and gives the answer on a line.
func ask(t *testing.T, method, url string) string {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return err.Error()
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s %q", a.StatusCode, a.Header.Get("Content-Type"), text)
}

func TestServe(t *testing.T) {
	var sick error
	calls := 0
	l, stop := serving(t, Source{ContentType: "text/x-test", Text: func(context.Context) ([]byte, error) { calls++; return []byte("a 1\n"), sick }, Health: func(context.Context) error { return sick }})
	base := strings.TrimSuffix(l.URL(), "/metrics")
	for _, test := range []struct{ method, path, want string }{
		{"GET", "/metrics", `200 text/x-test "a 1\n"`},
		{"GET", "/metrics?x=1", `200 text/x-test "a 1\n"`},
		{"HEAD", "/metrics", `200 text/x-test ""`},
		{"GET", "/healthz", `200 text/plain; charset=utf-8 "ok\n"`},
		{"GET", "/", `200 text/plain; charset=utf-8 "/metrics\n/healthz\n"`},
		{"GET", "/other", `404 text/plain; charset=utf-8 "404 page not found\n"`},
		{"POST", "/metrics", `405 text/plain; charset=utf-8 "Method Not Allowed\n"`},
		{"DELETE", "/healthz", `405 text/plain; charset=utf-8 "Method Not Allowed\n"`},
	} {
		if got := ask(t, test.method, base+test.path); got != test.want {
			t.Errorf("%s %s: %s", test.method, test.path, got)
		}
	}
	if calls != 3 {
		t.Errorf("%d answers were worked out", calls)
	}
	sick = errors.New("the kernel is gone")
	for _, path := range []string{"/metrics", "/healthz"} {
		if got, want := ask(t, "GET", base+path), `503 text/plain; charset=utf-8 "the kernel is gone\n"`; got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	if _, err := Listen(l.l.Addr().String()); err == nil || err.Error() != l.l.Addr().String()+" must be an address to listen at, but is not: address already in use" {
		t.Error(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if got := ask(t, "GET", l.URL()); !strings.Contains(got, "refused") {
		t.Error(got)
	}
}

// TestServeEnds: what is under way at the end gets its answer.
func TestServeEnds(t *testing.T) {
	asked, proceed := make(chan bool), make(chan bool)
	l, stop := serving(t, Source{Text: func(context.Context) ([]byte, error) { asked <- true; <-proceed; return []byte("late"), nil }})
	answered := make(chan string)
	go func() { answered <- ask(t, "GET", l.URL()) }()
	<-asked
	stopped := make(chan error)
	go func() { stopped <- stop() }()
	close(proceed)
	if got := <-answered; !strings.Contains(got, `"late"`) {
		t.Error(got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// TestServeLimits: who holds connections keeps others waiting, and takes no more memory; once one is given up the next is answered.
func TestServeLimits(t *testing.T) {
	l, _ := serving(t, Source{Text: func(context.Context) ([]byte, error) { return []byte("a 1\n"), nil }})
	dial := func() net.Conn {
		c, err := net.Dial("tcp", l.l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	var idle []net.Conn
	for range maxConnections {
		idle = append(idle, dial())
	}
	// Those are accepted in their order, so the next is behind them all.
	waiting := dial()
	fmt.Fprint(waiting, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
	for len(l.l.slots) < maxConnections {
		runtime.Gosched()
	}
	answered := make(chan string)
	go func() {
		line, _ := bufio.NewReader(waiting).ReadString('\n')
		answered <- line
	}()
	select {
	case line := <-answered:
		t.Errorf("one too many is answered: %q", line)
	default:
	}
	idle[0].Close()
	if line := <-answered; line != "HTTP/1.1 200 OK\r\n" {
		t.Errorf("%q", line)
	}
}

// TestPrometheus: a real one scrapes what is served, and finds nothing wrong with it.
func TestPrometheus(t *testing.T) {
	prometheus, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("it needs prometheus, of Debian's package of that name")
	}
	scraped := make(chan bool, 100)
	text := []byte("# HELP cell_denials_total Denials.\n# TYPE cell_denials_total counter\ncell_denials_total{name=\"a\\\"b\\\\\\n\"} 7\n")
	l, _ := serving(t, Source{ContentType: "text/plain; version=0.0.4; charset=utf-8", Text: func(context.Context) ([]byte, error) {
		scraped <- true
		return text, nil
	}})
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	api := free.Addr().String()
	free.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, "global: { scrape_interval: 100ms, scrape_timeout: 100ms }\nscrape_configs: [ { job_name: cells, static_configs: [ { targets: [ %q ] } ] } ]\n", l.l.Addr()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(prometheus, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+api)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	// Once it asks for the second time it has taken the first answer in, or not.
	<-scraped
	<-scraped
	var targets struct {
		Data struct {
			ActiveTargets []struct{ Health, LastError string }
		}
	}
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  []any
			}
		}
	}
	for url, into := range map[string]any{"/api/v1/targets": &targets, "/api/v1/query?query=cell_denials_total": &answer} {
		a, err := http.Get("http://" + api + url)
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(a.Body).Decode(into)
		a.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	if a := targets.Data.ActiveTargets; len(a) != 1 || a[0].Health != "up" || a[0].LastError != "" {
		t.Errorf("%+v", a)
	}
	if r := answer.Data.Result; len(r) != 1 || r[0].Metric["name"] != "a\"b\\\n" || r[0].Value[1] != "7" {
		t.Errorf("%+v", r)
	}
}
