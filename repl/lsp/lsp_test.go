package lsp

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cellsh/lua/loader"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/policy/study"
	"cellsh/repl/lsp/jsonrpc"
)

var update = flag.Bool("update", false, "write golden files")

// noFiles is a disk with one module.
type noFiles struct{}

func (noFiles) ReadDir(string) ([]string, bool, error) { return nil, false, fs.ErrNotExist }

func (noFiles) ReadFile(path string) (string, error) {
	if path == "/policy.d/service.lua" {
		return "local service = {}\n\nfunction service.refuse(why)\n  return function() return deny, why end\nend\n\nreturn service\n", nil
	}
	return "", fs.ErrNotExist
}

func analyse(sources []rules.Source, files loader.Files) diag.List {
	check, err := loader.Reader{Files: files}.Load(sources).Check(study.CheckOptions{NoProof: true})
	if err != nil {
		return diag.Of(err)
	}
	return check.Problems
}

// client is the editor's end of a server.
type client struct {
	t   testing.TB
	in  *io.PipeWriter
	out *jsonrpc.Reader
	// code is sent the exit code.
	code chan int

	lock   sync.Mutex
	timers map[time.Duration]chan time.Time
}

func start(t testing.TB, analyse func([]rules.Source, loader.Files) diag.List) *client {
	inRead, in := io.Pipe()
	outRead, out := io.Pipe()
	c := &client{t: t, in: in, out: jsonrpc.NewReader(outRead), code: make(chan int, 1), timers: map[time.Duration]chan time.Time{}}
	go func() {
		code := Serve(Options{In: inRead, Out: out, Analyse: analyse, Files: noFiles{}, Cells: []string{"web-1"}, After: c.after, Version: "1.0"})
		out.Close()
		inRead.Close()
		c.code <- code
	}()
	t.Cleanup(func() { in.Close() })
	return c
}

func (c *client) after(d time.Duration) <-chan time.Time {
	c.lock.Lock()
	defer c.lock.Unlock()
	timer := make(chan time.Time, 1)
	c.timers[d] = timer
	return timer
}

// tick is when a time is over.
func (c *client) tick(d time.Duration) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.timers[d] == nil {
		c.t.Fatalf("nobody waits %v", d)
	}
	c.timers[d] <- time.Time{}
	c.timers[d] = nil
}

func (c *client) raw(text string) {
	if _, err := io.WriteString(c.in, text); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) send(body string) {
	c.raw(fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body))
}

// read gives the next message, "" at the end.
func (c *client) read() string {
	body, err := c.out.Read()
	if err != nil {
		return ""
	}
	return string(body)
}

// barrier gives the messages that come before the server has looked at all that it was sent.
func (c *client) barrier() []string {
	c.send(`{"jsonrpc":"2.0","id":"barrier","method":"barrier"}`)
	var list []string
	for {
		switch m := c.read(); {
		case m == "" || strings.Contains(m, `"id":"barrier"`):
			return list
		default:
			list = append(list, m)
		}
	}
}

// TestTranscripts: what editors send and what they are sent. A line that begins with > is sent as a message, one with !
// as it is, for "\r\n" a new line; tick N ends the pause in typing and waits for N messages; close ends the stream, and
// what follows < was sent.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := transcript(t, string(b))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(b) {
				t.Errorf("it is\n%s", got)
			}
		})
	}
}

func transcript(t *testing.T, text string) string {
	c := start(t, analyse)
	var out strings.Builder
	show := func(list ...string) {
		for _, m := range list {
			out.WriteString("< " + m + "\n")
		}
	}
	for line := range strings.SplitAfterSeq(text, "\n") {
		if strings.HasPrefix(line, "< ") || line == "" {
			continue
		}
		out.WriteString(line)
		line = strings.TrimSuffix(line, "\n")
		message, isMessage := strings.CutPrefix(line, "> ")
		raw, isRaw := strings.CutPrefix(line, "! ")
		count, isTick := strings.CutPrefix(line, "tick ")
		switch {
		case isMessage:
			c.send(`{"jsonrpc":"2.0",` + message[1:])
			if strings.Contains(message, `"exit"`) {
				out.WriteString(fmt.Sprintf("< exit code %d\n", <-c.code))
				continue
			}
			show(c.barrier()...)
		case isRaw:
			text, err := strconv.Unquote(raw)
			if err != nil {
				t.Fatal(err)
			}
			c.raw(text)
			show(c.barrier()...)
		case isTick:
			n, err := strconv.Atoi(count)
			if err != nil {
				t.Fatal(err)
			}
			c.tick(pause)
			for range n {
				show(c.read())
			}
			show(c.barrier()...)
		case line == "close":
			c.in.Close()
			for m := c.read(); m != ""; m = c.read() {
				show(m)
			}
			out.WriteString(fmt.Sprintf("< exit code %d\n", <-c.code))
		case line == "broken":
			// No header: nobody knows what comes next.
			c.raw("{}\r\n\r\n")
			show(c.read())
			out.WriteString(fmt.Sprintf("< exit code %d\n", <-c.code))
		case line != "" && line[0] != '#':
			t.Fatalf("%q", line)
		}
	}
	return out.String()
}

// opened sends what begins a conversation.
func (c *client) opened(uri, text string) {
	quoted, err := json.Marshal(text)
	if err != nil {
		c.t.Fatal(err)
	}
	c.send(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}`)
	c.send(fmt.Sprintf(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":%q,"version":1,"text":%s}}}`, uri, quoted))
	c.barrier()
}

const aPolicy = `policy "web" { deny = { "network.bind" } }`

// TestSlow: an analysis that takes long keeps nobody waiting, is given up, and two of them are the most.
func TestSlow(t *testing.T) {
	let := make(chan diag.List)
	began := make(chan string, 10)
	c := start(t, func(s []rules.Source, _ loader.Files) diag.List {
		began <- s[0].Text
		return <-let
	})
	c.opened("file:///a.lua", aPolicy)
	c.tick(pause)
	<-began
	// Completion is answered meanwhile.
	c.send(`{"jsonrpc":"2.0","id":2,"method":"textDocument/completion","params":{"textDocument":{"uri":"file:///a.lua"},"position":{"line":0,"character":15}}}`)
	if got := c.barrier(); len(got) != 1 || !strings.Contains(got[0], `"label":"budget"`) {
		t.Errorf("%q", got)
	}
	change := func(text string) {
		c.send(fmt.Sprintf(`{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"file:///a.lua","version":2},"contentChanges":[{"text":%q}]}}`, text))
		c.barrier()
		c.tick(pause)
		c.barrier()
	}
	change(aPolicy + " --2")
	if len(began) != 0 {
		t.Error("two analyses run at once")
	}
	c.tick(patience)
	if m := c.read(); !strings.Contains(m, "must end within 20s") {
		t.Errorf("%s", m)
	}
	if text := <-began; text != aPolicy+" --2" {
		t.Errorf("%q", text)
	}
	c.tick(patience)
	if m := c.read(); !strings.Contains(m, "must end within 20s") {
		t.Errorf("%s", m)
	}
	change(aPolicy + " --3")
	if len(began) != 0 {
		t.Error("three analyses run at once")
	}
	// One of them ends: what it found is old, and the newest text is next.
	let <- nil
	if text := <-began; text != aPolicy+" --3" {
		t.Errorf("%q", text)
	}
	let <- nil
	let <- nil
	if m := c.read(); !strings.Contains(m, `"diagnostics":[]`) {
		t.Errorf("%s", m)
	}
}

// TestFault: an analysis that fails takes nothing with it.
func TestFault(t *testing.T) {
	c := start(t, func([]rules.Source, loader.Files) diag.List { panic("oh") })
	c.opened("file:///a.lua", aPolicy)
	c.tick(pause)
	if m := c.read(); !strings.Contains(m, "this is a fault of cellsh; please report it: oh") {
		t.Errorf("%s", m)
	}
	if got := c.barrier(); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// TestCancelled: a request that is cancelled while it waits is not answered with a result.
func TestCancelled(t *testing.T) {
	var out bytes.Buffer
	s := &server{Options: Options{Out: &out}, state: open, documents: map[string]*document{}, cancelled: map[jsonrpc.ID]bool{}}
	incoming := make(chan received, 2)
	incoming <- decoded([]byte(`{"jsonrpc":"2.0","id":2,"method":"textDocument/hover","params":{}}`), nil)
	incoming <- decoded([]byte(`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":2}}`), nil)
	s.receive(decoded([]byte(`{"jsonrpc":"2.0","id":1,"method":"shutdown"}`), nil), incoming)
	r := jsonrpc.NewReader(&out)
	if first, err := r.Read(); err != nil || string(first) != `{"jsonrpc":"2.0","id":1,"result":null}` {
		t.Errorf("%s, %v", first, err)
	}
	if second, err := r.Read(); err != nil || string(second) != `{"jsonrpc":"2.0","id":2,"error":{"code":-32800,"message":"the request was cancelled"}}` {
		t.Errorf("%s, %v", second, err)
	}
}

// TestPositions: both ways of counting characters, and places that are none.
func TestPositions(t *testing.T) {
	const content = "a\r\nüx😀y\rlast\n"
	for _, test := range []struct {
		wide   bool
		at     position
		offset int
	}{
		{true, position{0, 0}, 0}, {true, position{0, 9}, 1}, {true, position{1, 0}, 3}, {true, position{1, 1}, 5}, {true, position{1, 2}, 6},
		{true, position{1, 4}, 10}, {true, position{1, 5}, 11}, {true, position{1, 3}, 6}, {true, position{2, 4}, 16}, {true, position{3, 0}, 17}, {true, position{9, 9}, 17},
		{true, position{-1, 0}, 0}, {true, position{0, -4}, 0},
		{false, position{1, 2}, 5}, {false, position{1, 1}, 3}, {false, position{1, 7}, 10}, {false, position{1, 99}, 11}, {false, position{1, -1}, 3},
	} {
		if got := newText(content, test.wide).offset(test.at); got != test.offset {
			t.Errorf("wide %v %v is %d, want %d", test.wide, test.at, got, test.offset)
		}
	}
	for _, wide := range []bool{true, false} {
		x := newText(content, wide)
		for offset := range content {
			if x.content[offset] == '\n' {
				continue
			}
			if got := x.offset(x.position(offset)); got != offset {
				t.Errorf("wide %v: %d becomes %v becomes %d", wide, offset, x.position(offset), got)
			}
		}
	}
}

// TestLarge: a document that is too large for Lua is one all the same.
func TestLarge(t *testing.T) {
	c := start(t, analyse)
	c.opened("file:///a.lua", strings.Repeat("x = 1 -- much text\n", 1<<19))
	c.tick(pause)
	if m := c.read(); !strings.Contains(m, "the source must be at most 1048576 bytes") {
		t.Errorf("%.300s", m)
	}
	for _, method := range []string{"completion", "hover", "definition", "formatting", "documentSymbol"} {
		c.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":2,"method":"textDocument/%s","params":{"textDocument":{"uri":"file:///a.lua"},"position":{"line":1,"character":1}}}`, method))
		if got := c.barrier(); len(got) != 1 {
			t.Errorf("%s: %q", method, got)
		}
	}
}

// FuzzServe: whatever comes, the server answers or ends.
func FuzzServe(f *testing.F) {
	f.Add(`{"jsonrpc":"2.0","id":1,"method":"textDocument/completion","params":{"textDocument":{"uri":"file:///a.lua"},"position":{"line":0,"character":20}}}`, 3)
	f.Add(`{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"file:///a.lua"},"contentChanges":[{"range":{"start":{"line":0,"character":4},"end":{"line":9,"character":1}},"text":"x"}]}}`, 0)
	f.Add(`{"jsonrpc":"2.0","id":1,"method":"textDocument/rename","params":{"textDocument":{"uri":"file:///a.lua"},"position":{"line":1,"character":2},"newName":"y"}}`, 1)
	f.Add("[]", 0)
	f.Fuzz(func(t *testing.T, body string, method int) {
		o := Options{In: strings.NewReader(""), Out: io.Discard, Files: noFiles{}, After: func(time.Duration) <-chan time.Time { return nil },
			Analyse: func([]rules.Source, loader.Files) diag.List { return nil }}
		var in strings.Builder
		for _, m := range []string{`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}`,
			`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///a.lua","text":"policy 'x' { on = { network = function(r) return r.port end } }"}}}`,
			body, `{"jsonrpc":"2.0","id":9,"method":"textDocument/formatting","params":{"textDocument":{"uri":"file:///a.lua"}}}`, `{"jsonrpc":"2.0","id":2,"method":"shutdown"}`, `{"jsonrpc":"2.0","method":"exit"}`} {
			fmt.Fprintf(&in, "Content-Length: %d\r\n\r\n%s", len(m), m)
		}
		o.In = strings.NewReader(in.String())
		if code := Serve(o); code != exitOK && !strings.Contains(body, "exit") {
			t.Errorf("exit code %d", code)
		}
	})
}
