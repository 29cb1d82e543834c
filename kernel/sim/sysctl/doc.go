// Package sysctl is the mechanism of sysctl(7): a tree of nodes, the way of a call through it, the lookup of values, and the
// questions that are asked on the way. It is the same for every node; what a node does is its handler's.
//
//	t := sysctl.New(1213, func(p *Process, id kauth.RequestID) kauth.Errno { return p.ask(id) })
//	t.Put("kern.ostype", sysctl.Node[*Process]{Type: sysctl.TypeString, Size: 256, Value: []byte("NetBSD\x00")})
//	node, errno := t.Access(p, []string{"kern", "ostype"}, &sysctl.Args{Old: memory, OldLen: &length})
//
// The type of the callers is a parameter: handlers get them back as they are.
//
// What it is not: it has no nodes of its own; those of the simulated kernel are in package sim.
package sysctl
