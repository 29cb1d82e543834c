package jsonrpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for _, test := range []struct {
		text, want string
		err        error
	}{
		{"Content-Length: 2\r\n\r\n{}", "{}", nil},
		{"content-length:2\n\n{}rest", "{}", nil},
		{"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}", "{}", nil},
		{"Content-Length: 0\r\n\r\n", "", nil},
		{"", "", io.EOF},
		{"Content-Length: 2\r\n", "", io.ErrUnexpectedEOF},
		{"Content-Length: 2\r\n\r\n{", "", io.ErrUnexpectedEOF},
		{"\r\n\r\n{}", "", ErrHeader},
		{"{}\r\n\r\n", "", ErrHeader},
		{"Content-Length: x\r\n\r\n", "", ErrHeader},
		{"Content-Length: -1\r\n\r\n", "", ErrHeader},
		{"Content-Length: 99999999999999999999\r\n\r\n", "", ErrHeader},
		{"Content-Length: 1073741824\r\n\r\n", "", ErrHeader},
		{strings.Repeat("X: y\r\n", maxHeader), "", ErrHeader},
		{strings.Repeat("x", 10*maxHeader), "", ErrHeader},
	} {
		got, err := NewReader(strings.NewReader(test.text)).Read()
		if string(got) != test.want || !errors.Is(err, test.err) {
			t.Errorf("%.50q gives %q, %v", test.text, got, err)
		}
	}
}

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		body   string
		id     ID
		method string
		code   int
	}{
		{`{"jsonrpc":"2.0","id":1,"method":"a"}`, "1", "a", 0},
		{`{"jsonrpc":"2.0","id":"x","method":"a"}`, `"x"`, "a", 0},
		{`{"jsonrpc":"2.0","method":"a","params":{}}`, "", "a", 0},
		{`{"jsonrpc":"2.0","id":null,"method":"a"}`, "", "a", 0},
		{`{"jsonrpc":"2.0","id":1,"result":null}`, "1", "", 0},
		{`{`, "", "", ParseError},
		{``, "", "", ParseError},
		{`[{"jsonrpc":"2.0","id":1,"method":"a"}]`, "", "", InvalidRequest},
		{`"x"`, "", "", InvalidRequest},
		{`{"jsonrpc":"1.0","id":1,"method":"a"}`, "1", "", InvalidRequest},
		{`{"jsonrpc":"2.0","id":{},"method":"a"}`, "", "", InvalidRequest},
		{`{"jsonrpc":"2.0","id":1,"method":""}`, "1", "", InvalidRequest},
		{`{"jsonrpc":"2.0","id":1,"method":2}`, "", "", InvalidRequest},
	} {
		m, err := Decode([]byte(test.body))
		code := 0
		if err != nil {
			code = err.Code
		}
		if m.ID != test.id || m.Method != test.method || code != test.code {
			t.Errorf("%s gives %+v, %v", test.body, m, err)
		}
	}
}

func TestWrite(t *testing.T) {
	var b bytes.Buffer
	for _, m := range []any{Response("1", nil), Response(`"a"`, 2), Failure("", &Error{ParseError, "x"}), Notification("n", struct{}{})} {
		if err := Write(&b, m); err != nil {
			t.Fatal(err)
		}
	}
	r := NewReader(&b)
	for _, want := range []string{`{"jsonrpc":"2.0","id":1,"result":null}`, `{"jsonrpc":"2.0","id":"a","result":2}`, `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}`, `{"jsonrpc":"2.0","method":"n","params":{}}`} {
		if got, err := r.Read(); string(got) != want || err != nil {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
}

// FuzzRead: whatever comes, what is read is no more than came, and what is understood can be answered.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"Content-Length: 2\r\n\r\n{}", "Content-Length: 38\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}", "X:\n\n", "Content-Length: 1\n\n{Content-Length: 5\n\n", "Content-Length: 60000000\n\n{"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := NewReader(bytes.NewReader(stream))
		total := 0
		for {
			body, err := r.Read()
			if err != nil {
				return
			}
			if total += len(body); total > len(stream) {
				t.Fatalf("%d bytes of %d", total, len(stream))
			}
			m, problem := Decode(body)
			var answer any = Response(m.ID, nil)
			if problem != nil {
				answer = Failure(m.ID, problem)
			}
			if text, err := json.Marshal(answer); err != nil || !json.Valid(text) {
				t.Fatalf("%q is answered with %q, %v", body, text, err)
			}
			var params struct{ X []int }
			m.Bind(&params)
		}
	})
}
