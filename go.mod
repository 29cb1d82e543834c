module cellsh

go 1.26.0

require pgregory.net/rapid v1.3.0

require golang.org/x/sys v0.49.0

require (
	github.com/chzyer/readline v1.5.1
	github.com/gdamore/tcell/v3 v3.6.0
	github.com/yuin/gopher-lua v1.1.2
	golang.org/x/term v0.47.0
)

require (
	github.com/clipperhouse/displaywidth v0.11.0 // indirect
	github.com/clipperhouse/uax29/v2 v2.7.0 // indirect
	github.com/gdamore/encoding v1.0.1 // indirect
	github.com/lucasb-eyer/go-colorful v1.4.1 // indirect
	golang.org/x/text v0.42.0 // indirect
)

require (
	github.com/rogpeppe/go-internal v1.16.0
	golang.org/x/tools v0.49.0 // indirect
)
