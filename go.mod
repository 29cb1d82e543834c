module cellsh

go 1.26.0

require pgregory.net/rapid v1.3.0

require golang.org/x/sys v0.49.0

require (
	github.com/chzyer/readline v1.5.1
	github.com/yuin/gopher-lua v1.1.2
	golang.org/x/term v0.47.0
)

require (
	github.com/rogpeppe/go-internal v1.16.0
	golang.org/x/tools v0.26.0 // indirect
)
