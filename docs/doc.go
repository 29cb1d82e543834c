// Package docs holds the documents, and the tests that keep them true.
//
// A document may show files and what commands say about them. A block whose first line names a file is written to a
// folder of its section (the text below a heading ##); a block called console is run there, line by line:
//
//	```lua web.lua
//	policy "web" { deny = { "system.reboot" } }
//	```
//
//	```console
//	$ cellsh check --no-proof web.lua
//	1 policy, 0 errors, 0 warnings
//	```
//
// What it is not: there is nothing here for other packages. go test -update writes what the commands say, and the tables
// that are made of package kauth.
package docs
