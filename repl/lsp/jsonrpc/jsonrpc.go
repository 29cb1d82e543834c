package jsonrpc

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	// MaxBody is the size of a message in bytes: a large document, written with escapes.
	MaxBody = 64 << 20
	// maxHeader is the size of all header fields of a message.
	maxHeader = 8 << 10
)

// Reader reads messages. It is not safe for concurrent use.
type Reader struct{ r *bufio.Reader }

// NewReader reads from a stream.
func NewReader(r io.Reader) *Reader { return &Reader{bufio.NewReader(r)} }

// ErrHeader says that what stands before a message is no header, so that nobody knows where the next one begins.
var ErrHeader = errors.New("a message must have a header with its Content-Length")

// Read gives the next message: its bytes, which are JSON if the sender keeps to it. The error is io.EOF at the end of the
// stream between two messages, [ErrHeader] for what is no header, and otherwise that of the stream.
func (r *Reader) Read() ([]byte, error) {
	length, size := -1, 0
	for {
		line, err := r.r.ReadSlice('\n')
		size += len(line)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) || size > maxHeader:
			return nil, fmt.Errorf("%w, but has one of more than %d bytes", ErrHeader, maxHeader)
		case errors.Is(err, io.EOF) && size > 0:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		field := strings.TrimRight(string(line), "\r\n")
		if field == "" && length >= 0 {
			break
		}
		name, value, ok := strings.Cut(field, ":")
		if !ok {
			return nil, fmt.Errorf("%w, but has %q", ErrHeader, cut(field))
		}
		if !strings.EqualFold(name, "Content-Length") {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 31)
		if err != nil || n > MaxBody {
			return nil, fmt.Errorf("%w of at most %d, but has %q", ErrHeader, MaxBody, cut(field))
		}
		length = int(n)
	}
	// What is claimed is not believed before it comes.
	var body bytes.Buffer
	if _, err := io.CopyN(&body, r.r, int64(length)); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return body.Bytes(), nil
}

// cut is a text for a message.
func cut(s string) string {
	const most = 40
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

// Write writes a message.
func Write(w io.Writer, m any) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = w.Write(append(fmt.Appendf(nil, "Content-Length: %d\r\n\r\n", len(body)), body...))
	return err
}

// The codes of errors that JSON-RPC and the Language Server Protocol have.
const (
	ParseError           = -32700
	InvalidRequest       = -32600
	MethodNotFound       = -32601
	InvalidParams        = -32602
	InternalError        = -32603
	ServerNotInitialized = -32002
	RequestCancelled     = -32800
	RequestFailed        = -32803
)

// Error is an answer that something failed.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// ID of a request: a number or a string, as JSON. The zero ID is that of a notification, which has none.
type ID string

// MarshalJSON gives the number or string; null for the zero ID.
func (id ID) MarshalJSON() ([]byte, error) {
	if id == "" {
		return []byte("null"), nil
	}
	return []byte(id), nil
}

// Message is a request or, without an ID, a notification. One without a method is a response to a request of ours.
type Message struct {
	ID     ID
	Method string
	Params json.RawMessage
}

// Decode reads a message. The error is what to answer, to the ID that the message has if that could be read.
func Decode(body []byte) (Message, *Error) {
	var in struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Method  *string         `json:"method"`
		Params  json.RawMessage `json:"params"`
	}
	if !json.Valid(body) {
		return Message{}, &Error{ParseError, "a message must be JSON, but is not"}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return Message{}, &Error{InvalidRequest, "a message must be an object with jsonrpc, method and params, but is not"}
	}
	m := Message{Params: in.Params}
	if len(in.ID) > 0 && string(in.ID) != "null" {
		if c := in.ID[0]; c != '"' && c != '-' && (c < '0' || c > '9') {
			return Message{}, &Error{InvalidRequest, "an id must be a number or a string, but is something else"}
		}
		m.ID = ID(in.ID)
	}
	if in.Version != "2.0" {
		return m, &Error{InvalidRequest, "jsonrpc must be \"2.0\", but is not"}
	}
	if in.Method != nil {
		m.Method = *in.Method
		if m.Method == "" {
			return m, &Error{InvalidRequest, "a method must have a name, but has none"}
		}
	}
	return m, nil
}

// Bind reads parameters into a structure.
func (m *Message) Bind(to any) *Error {
	if len(m.Params) == 0 {
		return &Error{InvalidParams, m.Method + " must have parameters, but has none"}
	}
	if err := json.Unmarshal(m.Params, to); err != nil {
		message := "the parameters of " + m.Method + " must be those of the protocol, but are not"
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) && wrong.Field != "" {
			message += ": " + wrong.Field + " is a " + wrong.Value
		}
		return &Error{InvalidParams, message}
	}
	return nil
}

// Response is what answers a request with a result.
func Response(id ID, result any) any {
	return struct {
		Version string `json:"jsonrpc"`
		ID      ID     `json:"id"`
		Result  any    `json:"result"`
	}{"2.0", id, result}
}

// Failure is what answers a request with an error.
func Failure(id ID, err *Error) any {
	return struct {
		Version string `json:"jsonrpc"`
		ID      ID     `json:"id"`
		Error   *Error `json:"error"`
	}{"2.0", id, err}
}

// Notification is a message that nobody answers.
func Notification(method string, params any) any {
	return struct {
		Version string `json:"jsonrpc"`
		Method  string `json:"method"`
		Params  any    `json:"params"`
	}{"2.0", method, params}
}
