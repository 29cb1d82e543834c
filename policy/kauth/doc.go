// Package kauth is the vocabulary of NetBSD's kauth(9): scopes, actions and requests, the fields that a
// request carries, and the names of their values.
//
// A request is named scope.action or scope.action.req, as in network.bind.privport. Its identity in the
// program is a [RequestID], an index that is the same for every kernel; the numbers that a kernel uses
// belong to a [Vocabulary], because they move between releases.
//
//	id, ok := kauth.Find("network.bind.privport")
//	n, ok := kauth.NetBSD109912.Number(id)    // {Scope: network, Action: 2, Req: 14}
//	info := id.Info()                         // fields, errno of a denial
//	ok = kauth.NetBSD109912.Asks(id)          // whether that kernel asks policies about it
//
// The tables in tables.go are generated from kauth.json, which was measured on NetBSD 10.99.12, and from names.json, which
// has the names that its headers give to values. They are plain initialised data: the package does no work at program start, and every lookup by name or number
// takes constant time.
//
// What it is not: it knows no policy, no credential and no kernel. Only the five scopes in which policies
// can be written are here; [Outside] says why the other three are not.
package kauth

//go:generate go run ./internal/gen -in kauth.json -names names.json -out tables.go
