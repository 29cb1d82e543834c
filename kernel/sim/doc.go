// Package sim is a simulated NetBSD with secmodel_cell and the evaluation model, for machines that have neither
// and for tests.
//
// A [Kernel] has cells, processes with credentials, a small tree of files and devices, sockets, and a clock that
// moves only when told. Simulated system calls ask the kauth(9) questions that the real ones ask, in their order
// and with their arguments; the models answer as package policy/stock says, secmodel_cell in the revision that was
// chosen, and the programs of the loaded bundle; and the calls fail with the error numbers of the real ones.
//
//	k, err := sim.New(sim.Options{})
//	err = k.MakeRoot("/cells/web")
//	id, err := k.Create(kernel.Spec{Name: "web", Root: "/cells/web", Ports: []uint16{443}})
//	p, err := k.Spawn(sim.SpawnSpec{Cell: id, UID: 80, GID: 80, Name: "httpd"})
//	fd, errno := p.Socket(2, 1, 0)
//	errno = p.Bind(fd, policy.Addr{}, 443)            // kauth.EACCES: only root binds ports below 1024
//
// [Calls] is the table of all system calls with their parameters: scripts call them by name ([Process.Call]), and
// the documentation is made of it. [Kernel.Trace] shows which questions were asked and who answered what.
// [Kernel.Marshal] and [Restore] keep a kernel's state.
//
// What it is not: nothing happens on the machine that it runs on, files have no contents, programs do not run,
// and no time passes. docs/simulator.md says what is simulated, what is left out, and which oddities of the kernel
// are kept on purpose.
package sim
