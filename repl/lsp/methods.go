package lsp

import (
	"path/filepath"
	"slices"

	"cellsh/lua/assist"
	"cellsh/lua/format"
	"cellsh/policy/diag"
	"cellsh/repl/lsp/jsonrpc"
	"cellsh/repl/show"
)

// question answers what an editor asks, and notice takes what it tells.
type (
	question func(*server, *jsonrpc.Message) (any, *jsonrpc.Error)
	notice   func(*server, *jsonrpc.Message)
)

// questionOf gives what answers a method, nil if there is none.
func questionOf(method string) question {
	switch method {
	case "initialize":
		return (*server).initialize
	case "shutdown":
		return (*server).shutdown
	case "textDocument/completion":
		return about((*server).completion)
	case "textDocument/hover":
		return about((*server).hover)
	case "textDocument/definition":
		return about((*server).definition)
	case "textDocument/references":
		return about((*server).references)
	case "textDocument/prepareRename":
		return about((*server).prepareRename)
	case "textDocument/rename":
		return about((*server).rename)
	case "textDocument/formatting":
		return about((*server).formatting)
	case "textDocument/documentSymbol":
		return about((*server).symbols)
	}
	return nil
}

// noticeOf gives what takes a method, nil if nothing does.
func noticeOf(method string) notice {
	switch method {
	case "textDocument/didOpen":
		return (*server).didOpen
	case "textDocument/didChange":
		return (*server).didChange
	case "textDocument/didClose":
		return (*server).didClose
	}
	return nil
}

func (s *server) didOpen(m *jsonrpc.Message) {
	var p didOpenParams
	if m.Bind(&p) == nil {
		s.change(&document{uri: p.TextDocument.URI, version: p.TextDocument.Version, text: newText(p.TextDocument.Text, s.wide)})
	}
}

func (s *server) didChange(m *jsonrpc.Message) {
	var p didChangeParams
	if m.Bind(&p) != nil {
		return
	}
	d := s.documents[p.TextDocument.URI]
	if d == nil {
		return
	}
	t := d.text
	for _, c := range p.ContentChanges {
		if c.Range == nil {
			t = newText(c.Text, s.wide)
		} else {
			t = t.replace(*c.Range, c.Text)
		}
	}
	s.change(&document{uri: d.uri, version: p.TextDocument.Version, text: t})
}

func (s *server) didClose(m *jsonrpc.Message) {
	var p documentParams
	if m.Bind(&p) != nil || s.documents[p.TextDocument.URI] == nil {
		return
	}
	delete(s.documents, p.TextDocument.URI)
	s.forget(p.TextDocument.URI)
	s.send(jsonrpc.Notification("textDocument/publishDiagnostics", publishParams{URI: p.TextDocument.URI, Diagnostics: []diagnostic{}}))
}

// about is a request about a document. One that is not open is a mistake of the editor's.
func about[P any, PP interface {
	*P
	uri() string
}](answer func(*server, *document, PP) (any, *jsonrpc.Error)) func(*server, *jsonrpc.Message) (any, *jsonrpc.Error) {
	return func(s *server, m *jsonrpc.Message) (any, *jsonrpc.Error) {
		p := PP(new(P))
		if problem := m.Bind(p); problem != nil {
			return nil, problem
		}
		d := s.documents[p.uri()]
		if d == nil {
			return nil, &jsonrpc.Error{Code: jsonrpc.InvalidParams, Message: "a document must be open, but " + p.uri() + " is not"}
		}
		return answer(s, d, p)
	}
}

func (p *documentParams) uri() string { return p.TextDocument.URI }

// kinds are the protocol's CompletionItemKind of what can be written.
var kinds = map[assist.Kind]int{assist.Method: 2, assist.Function: 3, assist.Field: 5, assist.Variable: 6, assist.Library: 9,
	assist.Key: 10, assist.Value: 12, assist.Word: 14}

func (s *server) completion(d *document, p *placeParams) (any, *jsonrpc.Error) {
	list := completionList{Items: []completionItem{}}
	for _, c := range assist.Complete(d.source(s.Cells), d.offset(p.Position)) {
		list.Items = append(list.Items, completionItem{Label: c.Label, Kind: kinds[c.Kind], Detail: c.Detail, Documentation: c.Doc,
			TextEdit: textEdit{d.span(c.From, c.To), c.Insert}})
	}
	return list, nil
}

func (s *server) hover(d *document, p *placeParams) (any, *jsonrpc.Error) {
	text, from, to, ok := assist.Hover(d.tree(), d.offset(p.Position))
	if !ok {
		return nil, nil
	}
	return hover{markup{"plaintext", text}, d.span(from, to)}, nil
}

func (s *server) definition(d *document, p *placeParams) (any, *jsonrpc.Error) {
	offset := d.offset(p.Position)
	if r, ok := assist.Definition(d.tree(), offset); ok {
		return location{d.uri, d.span(r.From, r.To)}, nil
	}
	module, name, ok := assist.Required(d.tree(), offset)
	if !ok || !d.onDisk() {
		return nil, nil
	}
	other := s.module(filepath.Dir(d.name()), module)
	if other == nil {
		return nil, nil
	}
	if r, ok := assist.Exported(other.tree(), name); ok {
		return location{other.uri, other.span(r.From, r.To)}, nil
	}
	return nil, nil
}

func (s *server) references(d *document, p *referencesParams) (any, *jsonrpc.Error) {
	list := []location{}
	for i, r := range assist.References(d.tree(), d.offset(p.Position)) {
		if i > 0 || p.Context.IncludeDeclaration {
			list = append(list, location{d.uri, d.span(r.From, r.To)})
		}
	}
	return list, nil
}

func (s *server) prepareRename(d *document, p *placeParams) (any, *jsonrpc.Error) {
	offset := d.offset(p.Position)
	for _, r := range assist.References(d.tree(), offset) {
		if r.From <= offset && offset <= r.To {
			return d.span(r.From, r.To), nil
		}
	}
	return nil, nil
}

func (s *server) rename(d *document, p *renameParams) (any, *jsonrpc.Error) {
	places, why := assist.Rename(d.tree(), d.offset(p.Position), p.NewName)
	if why != "" {
		return nil, &jsonrpc.Error{Code: jsonrpc.RequestFailed, Message: why}
	}
	edits := []textEdit{}
	for _, r := range places {
		edits = append(edits, textEdit{d.span(r.From, r.To), p.NewName})
	}
	return workspaceEdit{map[string][]textEdit{d.uri: edits}}, nil
}

// formatting changes only the lines that are others: marks and the cursor stay where they are.
func (s *server) formatting(d *document, p *documentParams) (any, *jsonrpc.Error) {
	after, problems := format.Source(d.name(), d.content)
	if i := slices.IndexFunc(problems, func(p diag.Diagnostic) bool { return p.Severity == diag.Error }); i >= 0 {
		return nil, &jsonrpc.Error{Code: jsonrpc.RequestFailed, Message: "not formatted: " + problems[i].Error()}
	}
	edits := []textEdit{}
	for _, c := range show.Changes(d.content, after) {
		edits = append(edits, textEdit{d.span(c.From, c.To), c.Text})
	}
	return edits, nil
}

// symbolKinds are the protocol's SymbolKind of functions and, as an object, of what is declared by a word.
const (
	symbolFunction = 12
	symbolObject   = 19
)

func (s *server) symbols(d *document, p *documentParams) (any, *jsonrpc.Error) {
	nested, flat := []documentSymbol{}, []symbolInformation{}
	for _, x := range assist.Symbols(d.tree()) {
		kind := symbolFunction
		if x.Policy {
			kind = symbolObject
		}
		whole := d.span(x.Whole.From, x.Whole.To)
		nested = append(nested, documentSymbol{x.Name, kind, whole, d.span(x.At.From, x.At.To)})
		flat = append(flat, symbolInformation{x.Name, kind, location{d.uri, whole}})
	}
	if s.nested {
		return nested, nil
	}
	return flat, nil
}
