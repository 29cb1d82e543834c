// Package source reads what the panels of the screen list, from the kernel of a session and what is kept beside it.
//
//	s := source.New(source.Options{Target: target, Machine: machine, Now: time.Now})
//	table, err := s.Read(model.Place{Kind: model.Cells})
//	status, err := s.Status()
//
// What it says of cells, policies and services is what the commands say, in the same words (package human), and comes from the same
// places: package host, package inventory. It is asked again and again, once a second as a rule: what has not changed since is not
// worked out again, and of figures that change the last ones are kept, for the lines that are drawn of them.
//
// The files: cells.go, members.go, services.go, output.go, policies.go, decisions.go and generations.go have a kind of place each.
//
// What it is not: it changes nothing, whatever it reads, and lays nothing out.
package source
