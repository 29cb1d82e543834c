package command

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"cellsh/kernel/connect"
)

// inetd lets a command answer a request as inetd(8) does: standard input, output and error are the connection.
func inetd(t *testing.T, request string, c *Command, args ...string) (answer string, code int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	served, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	file, err := served.(*net.TCPConn).File()
	served.Close()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(client, request); err != nil {
		t.Fatal(err)
	}
	code = c.Run(args, Common{Kernel: "sim"}, Env{Stdin: file, Stdout: file, Stderr: file, Version: "1", Machine: connect.Machine{Foreign: "linux/amd64"}})
	file.Close()
	text, err := io.ReadAll(client)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), code
}

// TestStatsAnswers: what inetd(8) runs answers as a server does, whatever there is to say beside.
func TestStatsAnswers(t *testing.T) {
	const request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nUser-Agent: test\r\n\r\n"
	answer, code := inetd(t, request, statsCommand(), "-P", "-h")
	r, err := http.ReadResponse(bufioReader(answer), nil)
	if err != nil || code != OK {
		t.Fatalf("%v, code %d, %q", err, code, answer)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 || r.Header.Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" || int64(len(body)) != r.ContentLength {
		t.Errorf("%+v %v", r, err)
	}
	if !strings.Contains(string(body), "\ncellsh_build_info{version=\"1\"} 1\n# note: the simulated kernel's state ends with this command") {
		t.Errorf("%s", body)
	}
	answer, code = inetd(t, request, statsCommand(), "-P", "-h", "web")
	if r, err = http.ReadResponse(bufioReader(answer), nil); err != nil || r.StatusCode != 503 || code != Failed {
		t.Fatalf("%v, code %d, %q", err, code, answer)
	}
	if body, err = io.ReadAll(r.Body); err != nil || !strings.HasPrefix(string(body), "error: show cell web: the cell must exist") {
		t.Errorf("%v %s", err, body)
	}
}

func TestAwaitRequest(t *testing.T) {
	// What is no connection is not waited for.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	defer r.Close()
	awaitRequest(r)
	awaitRequest(nil)
	awaitRequest(strings.NewReader("x"))
	if _, err := w.Write([]byte("kept")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4)
	if _, err := r.Read(b); err != nil || !bytes.Equal(b, []byte("kept")) {
		t.Errorf("%q, %v", b, err)
	}
}

func bufioReader(text string) *bufio.Reader { return bufio.NewReader(strings.NewReader(text)) }
