package kerneltest_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"cellsh/kernel"
	"cellsh/kernel/kerneltest"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/kauth"
)

// furnish is that of a simulated kernel.
func furnish(k *sim.Kernel) func(string) error {
	return func(root string) error {
		for _, folder := range []string{"/tmp", "/dev"} {
			if err := k.Mkdir(root + folder); err != nil {
				return err
			}
		}
		if e := k.Init().Mknod(root+"/dev/null", "chr", 0o666, 2, 2); e != 0 && e != kauth.EEXIST {
			return e
		}
		for path, mode := range map[string]int64{"/tmp": 0o777, "/dev/null": 0o666} {
			if _, e, err := k.Init().Call("chmod", map[string]any{"path": root + path, "mode": mode}); e != 0 || err != nil {
				return errors.Join(e, err)
			}
		}
		return nil
	}
}

// simulated makes the calls of probes in a simulated kernel.
func simulated(k *sim.Kernel) func(kernel.Cell, uint32, string) (kerneltest.Probed, error) {
	return func(c kernel.Cell, uid uint32, probe string) (kerneltest.Probed, error) {
		p, err := k.Spawn(sim.SpawnSpec{Cell: c.ID, UID: uid, GID: uid})
		if err != nil {
			return kerneltest.Probed{}, err
		}
		defer func() { p.Exit(0); k.Init().Wait() }()
		errno, err := simulatedCall(k, p, c, uid, probe)
		return kerneltest.Probed{Errno: errno, PID: p.PID()}, err
	}
}

func simulatedCall(k *sim.Kernel, p *sim.Process, c kernel.Cell, uid uint32, probe string) (kauth.Errno, error) {
	bind := func(domain, typ int, port int) (kauth.Errno, error) {
		fd, e := p.Socket(domain, typ, 0)
		if e != 0 {
			return e, nil
		}
		var addr policy.Addr
		if domain == 24 {
			addr.Version = 6
		}
		return p.Bind(fd, addr, port), nil
	}
	type call struct {
		name string
		args map[string]any
	}
	calls := map[string]call{
		"kill itself with signal 0":               {"kill", map[string]any{"pid": p, "signal": int64(0)}},
		"kill itself with SIGWINCH":               {"kill", map[string]any{"pid": p, "signal": int64(28)}},
		"setrlimit nofile 40 50":                  {"setrlimit", map[string]any{"resource": "nofile", "cur": int64(40), "max": int64(50)}},
		"setpriority 7":                           {"setpriority", map[string]any{"value": int64(7)}},
		"setuid 7":                                {"setuid", map[string]any{"uid": int64(7)}},
		"clock_gettime of its own processor time": {"clock_gettime", nil},
		"watch itself with kevent":                {"kevent_proc", map[string]any{"pid": p}},
		"sched_getparam":                          {"sched_getparam", nil},
		"sched_getaffinity":                       {"sched_getaffinity", nil},
		"read its own arguments":                  {"proc_args", map[string]any{"pid": p}},
		"read its own name for cores":             {"sysctl_read", map[string]any{"name": "proc.curproc.corename"}},
		"read its own environment":                {"proc_args", map[string]any{"pid": p, "what": "env"}},
		"write its own name for cores":            {"sysctl_write", map[string]any{"name": "proc.curproc.corename", "value": "probe.core"}},
		"read its own limit of files":             {"sysctl_read", map[string]any{"name": "proc.curproc.rlimit.descriptors.soft"}},
		"write its own stop at fork":              {"sysctl_write", map[string]any{"name": "proc.curproc.stopfork", "value": int64(0)}},
		"setgroups":                               {"setgroups", map[string]any{"groups": []int64{7}}},
		"setlogin":                                {"setlogin", map[string]any{"name": "probe"}},
		"sched_setaffinity":                       {"sched_setaffinity", map[string]any{"cpus": []int64{}}},
		"ktrace itself":                           {"ktrace", map[string]any{"pid": p}},
		"ktrace itself for good":                  {"ktrace", map[string]any{"pid": p}},
		"kill init with signal 0":                 {"kill", map[string]any{"pid": int64(1), "signal": int64(0)}},
		"setpriority 0 of init":                   {"setpriority", map[string]any{"who": int64(1), "value": int64(0)}},
		"watch init with kevent":                  {"kevent_proc", map[string]any{"pid": int64(1)}},
		"sched_getparam of init":                  {"sched_getparam", map[string]any{"pid": int64(1)}},
		"read the arguments of init":              {"proc_args", map[string]any{"pid": int64(1)}},
		"ptrace attach to init":                   {"ptrace", map[string]any{"op": int64(9), "pid": int64(1)}},
		"socket inet6 raw icmp6":                  {"socket", map[string]any{"domain": int64(24), "type": int64(3), "protocol": int64(58)}},
		"ntp_adjtime":                             {"ntp_adjtime", map[string]any{"modes": int64(0x4000)}},
		"mount getargs":                           {"mount", map[string]any{"type": "tmpfs", "path": "/", "flags": int64(0x400000)}},
		"unmount":                                 {"unmount", map[string]any{"path": "/tmp"}},
		"socket inet dgram":                       {"socket", map[string]any{"type": int64(2)}},
		"socket inet stream tcp":                  {"socket", map[string]any{"type": int64(1), "protocol": int64(6)}},
		"socket inet raw icmp":                    {"socket", map[string]any{"type": int64(3), "protocol": int64(1)}},
		"socket local stream":                     {"socket", map[string]any{"domain": int64(1), "type": int64(1)}},
		"set flags of lo0":                        {"ifconfig", map[string]any{"command": "SIOCSIFFLAGS", "ifname": "lo0"}},
		"chroot":                                  {"chroot", map[string]any{"path": "/"}},
		"getfh":                                   {"getfh", map[string]any{"path": "/"}},
		"acct":                                    {"acct", nil},
		"sethostname":                             {"sysctl_write", map[string]any{"name": "kern.hostname", "value": "probe"}},
		"read the size of the message buffer":     {"sysctl_read", map[string]any{"name": "kern.msgbufsize"}},
		"adjtime":                                 {"adjtime", nil},
		"modctl exists":                           {"modctl", map[string]any{"cmd": "exists", "name": "nosuch"}},
		"reboot":                                  {"reboot", nil},
		"swapctl":                                 {"swapctl", map[string]any{"cmd": "on", "path": "/swap"}},
		"settimeofday":                            {"settimeofday", map[string]any{"sec": int64(86400)}},
		"modctl unload":                           {"modctl", map[string]any{"cmd": "unload", "name": "nosuch"}},
		"pset_create":                             {"pset_create", nil},
		"mount":                                   {"mount", map[string]any{"type": "tmpfs", "path": "/tmp", "flags": int64(1)}},
		"iopl":                                    {"sysarch", map[string]any{"op": "iopl"}},
		"read mtrr":                               {"sysarch", map[string]any{"op": "mtrr_get"}},
		"open null rw":                            {"open", map[string]any{"path": "/dev/null", "mode": "rw"}},
		"open null w":                             {"open", map[string]any{"path": "/dev/null", "mode": "w"}},
		"open null r":                             {"open", map[string]any{"path": "/dev/null"}},
	}
	if call, ok := calls[probe]; ok {
		_, e, err := p.Call(call.name, call.args)
		return e, err
	}
	ofChild := map[string]call{
		"kill a child with signal 0": {"kill", map[string]any{"signal": int64(0)}},
		"setpriority 7 of a child":   {"setpriority", map[string]any{"value": int64(7)}},
		"watch a child with kevent":  {"kevent_proc", nil},
		"ptrace attach to a child":   {"ptrace", map[string]any{"op": int64(9)}},
	}
	if call, ok := ofChild[probe]; ok {
		child, e := p.Fork()
		if e != 0 {
			return 0, e
		}
		of := "pid"
		if call.name == "setpriority" {
			of = "who"
		}
		args := map[string]any{of: int64(child.PID())}
		maps.Copy(args, call.args)
		_, e, err := p.Call(call.name, args)
		child.Exit(0)
		p.Wait()
		return e, err
	}
	switch probe {
	case "fork beyond the limit":
		if _, e, err := p.Call("setrlimit", map[string]any{"resource": "nproc", "cur": int64(0), "max": int64(0)}); e != 0 || err != nil {
			return e, err
		}
		child, e := p.Fork()
		if e == 0 {
			child.Exit(0)
			_, _, e = p.Wait()
		}
		return e, nil
	case "sem_unlink", "mq_unlink":
		// What a denied call left is there already.
		if _, e, err := p.Call(strings.Replace(probe, "unlink", "open", 1), map[string]any{"name": fmt.Sprint("/probe", uid)}); e != 0 && e != kauth.EACCES || err != nil {
			return e, err
		}
		_, e, err := p.Call(probe, map[string]any{"name": fmt.Sprint("/probe", uid)})
		return e, err
	case "mknod":
		p.Call("unlink", map[string]any{"path": "/tmp/node"})
		return p.Mknod("/tmp/node", "chr", 0o600, 2, 2), nil
	case "fork":
		child, e := p.Fork()
		if e == 0 {
			child.Exit(0)
			_, _, e = p.Wait()
		}
		return e, nil
	case "bind udp 8081":
		return bind(2, 2, kerneltest.PortOfUsers)
	case "bind tcp 8081":
		return bind(2, 1, kerneltest.PortOfUsers)
	case "bind udp 81":
		return bind(2, 2, kerneltest.PortOfRoot)
	case "bind udp6 8081":
		return bind(24, 2, kerneltest.PortOfUsers)
	case "bind udp 0":
		return bind(2, 2, 0)
	case "bind udp6 81":
		return bind(24, 2, kerneltest.PortOfRoot)
	case "setsockopt bindany", "setsockopt recvhopopts":
		option := strings.TrimPrefix(probe, "setsockopt ")
		fd, e := p.Socket(map[string]int{"bindany": 2, "recvhopopts": 24}[option], 2, 0)
		if e != 0 {
			return e, nil
		}
		_, e, err := p.Call("setsockopt", map[string]any{"fd": int64(fd), "option": option})
		return e, err
	case "route add":
		fd, e := p.Socket(34, 3, 0)
		if e != 0 {
			return e, nil
		}
		_, e, err := p.Call("route", map[string]any{"fd": int64(fd), "message": "add"})
		return e, err
	case "fchroot":
		fd, e, err := p.Call("open", map[string]any{"path": "/"})
		if e != 0 || err != nil {
			return e, err
		}
		_, e, err = p.Call("fchroot", map[string]any{"fd": fd})
		return e, err
	}
	return 0, fmt.Errorf("the probe %q is not known here", probe)
}
