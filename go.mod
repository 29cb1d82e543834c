module cellsh

go 1.26

require pgregory.net/rapid v1.3.0

require github.com/yuin/gopher-lua v1.1.2
