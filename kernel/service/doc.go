// Package service says what a service in a cell is, and decides what is done for it: when its command is started, started
// again and ended.
//
//	m := service.NewMachine(d)
//	for _, do := range m.Step(now, service.AskedStart{}) {
//		// service.Launch: start the command, and tell m by service.Began or service.NotBegun
//	}
//
// A [Definition] is whole and right by itself once Check has nothing to say of it, wherever it comes from: a file of services
// (lua/services), or the arguments of supervise. A [Machine] does nothing itself. It is told what happened, and gives what is
// to be done, both as data, so that every order of events can be tried without a process and without waiting. Package monitor
// carries it out. A [Graph] is the order in which services are started and stopped.
//
// What it is not: it starts nothing, and knows no process.
package service
