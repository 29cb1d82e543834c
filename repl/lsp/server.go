package lsp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"cellsh/lua/loader"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/repl/lsp/jsonrpc"
)

// Options of a server.
type Options struct {
	In  io.Reader
	Out io.Writer
	// Analyse says what is wrong with policies, and reads the modules that they require from the files. Goroutines call
	// it, two at most at the same time.
	Analyse func(sources []rules.Source, files loader.Files) diag.List
	// Files are those on the disk.
	Files loader.Files
	// Cells are the names of cells that exist.
	Cells []string
	// After gives a channel that is sent the time once, after the duration.
	After func(time.Duration) <-chan time.Time
	// Version of the program.
	Version string
}

const (
	// pause is how long nobody must have typed before it is told what is wrong.
	pause = 150 * time.Millisecond
	// patience is how long an analysis may take before another one begins beside it.
	patience = 20 * time.Second
	// queued is how many messages are read ahead, so that it is seen which of them are cancelled.
	queued = 256
)

// The exit codes that the protocol has.
const (
	exitOK     = 0
	exitFailed = 1
)

// Serve answers an editor until it says that it ends, and gives the exit code: 0 if it said so in the right order.
func Serve(o Options) int {
	s := &server{Options: o, documents: map[string]*document{}, cancelled: map[jsonrpc.ID]bool{}, wide: true, analyses: analyses{results: make(chan result, maxRunning)}}
	incoming := make(chan received, queued)
	quit := make(chan struct{})
	defer close(quit)
	go receive(jsonrpc.NewReader(o.In), incoming, quit)
	for !s.exited {
		select {
		case r := <-incoming:
			s.receive(r, incoming)
		case <-s.typed:
			s.typed = nil
			s.settled()
		case r := <-s.results:
			s.finished(r)
		case <-s.patience:
			s.patience = nil
			s.abandon()
		}
	}
	return s.code
}

// received is a message, or what is wrong with it, or why none comes any more.
type received struct {
	message jsonrpc.Message
	problem *jsonrpc.Error
	err     error
}

// decoded is what a reader has read.
func decoded(body []byte, err error) received {
	if err != nil {
		return received{err: err}
	}
	m, problem := jsonrpc.Decode(body)
	return received{message: m, problem: problem}
}

// receive reads messages until that fails.
func receive(r *jsonrpc.Reader, to chan<- received, quit <-chan struct{}) {
	for {
		in := decoded(r.Read())
		select {
		case to <- in:
		case <-quit:
			return
		}
		if in.err != nil {
			return
		}
	}
}

// server is the state of Serve. One goroutine has it.
type server struct {
	Options
	state     state
	documents map[string]*document
	// cancelled are requests that need no answer any more. They wait behind the message that is looked at.
	cancelled map[jsonrpc.ID]bool
	// pending are messages that were read ahead.
	pending []received
	// wide, related, versions and nested are what the editor can do: count in UTF-16, and take places beside the problem,
	// versions, and symbols with two ranges.
	wide, related, versions, nested bool
	analyses
	exited bool
	code   int
}

// state of the conversation.
type state uint8

const (
	fresh state = iota
	open
	down
)

// receive looks at a message, and at those that have come meanwhile, for what is cancelled among them.
func (s *server) receive(first received, incoming <-chan received) {
	s.pending = append(s.pending, first)
	for len(s.pending) > 0 && !s.exited {
		for more := true; more; {
			select {
			case r := <-incoming:
				s.pending = append(s.pending, r)
				s.noteCancelled(r)
			default:
				more = false
			}
		}
		r := s.pending[0]
		s.pending = s.pending[1:]
		s.message(r)
	}
	clear(s.cancelled)
}

// noteCancelled remembers which request a message cancels.
func (s *server) noteCancelled(r received) {
	if r.err == nil && r.problem == nil && r.message.Method == "$/cancelRequest" {
		var p struct {
			ID json.RawMessage `json:"id"`
		}
		if r.message.Bind(&p) == nil {
			s.cancelled[jsonrpc.ID(p.ID)] = true
		}
	}
}

func (s *server) message(r received) {
	if r.err != nil {
		// The editor is gone, or nobody knows where its next message begins.
		if errors.Is(r.err, jsonrpc.ErrHeader) {
			s.send(jsonrpc.Failure("", &jsonrpc.Error{Code: jsonrpc.ParseError, Message: r.err.Error()}))
		}
		s.exit(exitFailed)
		return
	}
	m := &r.message
	if r.problem != nil {
		s.send(jsonrpc.Failure(m.ID, r.problem))
		return
	}
	switch {
	case m.Method == "exit":
		code := exitFailed
		if s.state == down {
			code = exitOK
		}
		s.exit(code)
	case m.Method == "":
		// It answers a request, and none was made.
	case m.ID == "":
		if notify := noticeOf(m.Method); notify != nil && s.state == open {
			s.notified(notify, m)
		}
	default:
		s.answer(m)
	}
}

// notified takes what the editor tells.
func (s *server) notified(notify notice, m *jsonrpc.Message) {
	defer func() {
		if p := recover(); p != nil {
			s.tell(fmt.Sprintf("this is a fault of cellsh; please report it: %s: %v", m.Method, p))
		}
	}()
	notify(s, m)
}

// answer answers a request.
func (s *server) answer(m *jsonrpc.Message) {
	result, problem := s.request(m)
	if problem != nil {
		s.send(jsonrpc.Failure(m.ID, problem))
		return
	}
	s.send(jsonrpc.Response(m.ID, result))
}

func (s *server) request(m *jsonrpc.Message) (result any, problem *jsonrpc.Error) {
	defer func() {
		if p := recover(); p != nil {
			problem = &jsonrpc.Error{Code: jsonrpc.InternalError, Message: fmt.Sprintf("this is a fault of cellsh; please report it: %s: %v", m.Method, p)}
		}
	}()
	method := questionOf(m.Method)
	switch {
	case s.cancelled[m.ID]:
		return nil, &jsonrpc.Error{Code: jsonrpc.RequestCancelled, Message: "the request was cancelled"}
	case s.state == down:
		return nil, &jsonrpc.Error{Code: jsonrpc.InvalidRequest, Message: "nothing must be asked after shutdown, but " + m.Method + " is"}
	case m.Method == "initialize" && s.state == open:
		return nil, &jsonrpc.Error{Code: jsonrpc.InvalidRequest, Message: "initialize must be asked once, but is again"}
	case m.Method != "initialize" && s.state == fresh:
		return nil, &jsonrpc.Error{Code: jsonrpc.ServerNotInitialized, Message: "initialize must be asked first, but " + m.Method + " is"}
	case method == nil:
		return nil, &jsonrpc.Error{Code: jsonrpc.MethodNotFound, Message: "there is no method " + m.Method}
	}
	return method(s, m)
}

func (s *server) exit(code int) {
	s.exited, s.code = true, code
}

// send writes a message. Where nobody reads any more there is nothing left to do.
func (s *server) send(m any) {
	if err := jsonrpc.Write(s.Out, m); err != nil {
		s.exit(exitFailed)
	}
}

// initialize begins the conversation.
func (s *server) initialize(m *jsonrpc.Message) (any, *jsonrpc.Error) {
	var p initializeParams
	if problem := m.Bind(&p); problem != nil {
		return nil, problem
	}
	s.state = open
	encoding := "utf-16"
	if slices.Contains(p.Capabilities.General.PositionEncodings, "utf-8") {
		encoding, s.wide = "utf-8", false
	}
	s.related = p.Capabilities.TextDocument.PublishDiagnostics.RelatedInformation
	s.versions = p.Capabilities.TextDocument.PublishDiagnostics.VersionSupport
	s.nested = p.Capabilities.TextDocument.DocumentSymbol.Hierarchical
	return initializeResult{
		Capabilities: capabilities{
			PositionEncoding:   encoding,
			TextDocumentSync:   syncOptions{OpenClose: true, Change: incremental},
			CompletionProvider: completionOptions{TriggerCharacters: []string{".", ":", "\"", "'", "{"}},
			HoverProvider:      true, DefinitionProvider: true, ReferencesProvider: true,
			RenameProvider:     renameOptions{PrepareProvider: true},
			FormattingProvider: true, SymbolProvider: true,
		},
		ServerInfo: serverInfo{Name: "cellsh", Version: s.Version},
	}, nil
}

func (s *server) shutdown(*jsonrpc.Message) (any, *jsonrpc.Error) {
	s.state = down
	return nil, nil
}
