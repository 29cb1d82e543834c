package kerneltest_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"cellsh/kernel"
	"cellsh/kernel/kerneltest"
	"cellsh/kernel/launch"
	"cellsh/policy/kauth"
)

// The test program is in the root of the cell, and makes the call there. It says how the call ended, and who it is.
const probeProgram, probeWord = "/probe", "make-the-call-of-the-probe"

var running = runningKernel{furnish: furnishRunning, probe: probeRunning, helper: func() {
	if len(os.Args) != 3 || os.Args[1] != probeWord {
		return
	}
	runtime.LockOSThread()
	errno, err := realCall(os.Args[2])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(int(errno), os.Getpid())
	os.Exit(0)
}}

func furnishRunning(root string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	for _, folder := range []string{"tmp", "dev"} {
		if err := os.Mkdir(filepath.Join(root, folder), 0o777); err != nil {
			return err
		}
	}
	null := filepath.Join(root, "dev/null")
	if err := unix.Mknod(null, unix.S_IFCHR|0o666, int(unix.Mkdev(2, 2))); err != nil {
		return err
	}
	for path, mode := range map[string]os.FileMode{null: 0o666, filepath.Join(root, "tmp"): 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			return err
		}
	}
	return os.WriteFile(root+probeProgram, text, 0o755)
}

func probeRunning(c kernel.Cell, uid uint32, probe string) (kerneltest.Probed, error) {
	var got kerneltest.Probed
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return got, err
	}
	defer null.Close()
	in, out, err := os.Pipe()
	if err != nil {
		return got, err
	}
	defer in.Close()
	id := strconv.Itoa(int(uid))
	status, err := new(launch.Cells).Run(context.Background(), launch.Command{Cell: c, User: id + ":" + id, Args: []string{probeProgram, probeWord, probe}},
		launch.Files{In: null, Out: out, Err: out})
	out.Close()
	if err != nil {
		return got, err
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(in); err != nil {
		return got, err
	}
	var errno int
	if _, err := fmt.Sscan(text.String(), &errno, &got.PID); err != nil {
		if strings.HasPrefix(text.String(), kerneltest.ErrNoProbe.Error()) {
			return got, kerneltest.ErrNoProbe
		}
		return got, fmt.Errorf("the probe ended with %v and said %q", status, text.String())
	}
	got.Errno = kauth.Errno(errno)
	return got, nil
}

// realCall makes the call of a probe in this process.
func realCall(probe string) (kauth.Errno, error) {
	errno := func(err error) (kauth.Errno, error) {
		if err == nil {
			return 0, nil
		}
		if e, ok := err.(syscall.Errno); ok {
			return kauth.Errno(e), nil
		}
		return 0, err
	}
	raw := func(number, a, b, c uintptr) (kauth.Errno, error) {
		_, _, e := unix.Syscall(number, a, b, c)
		return kauth.Errno(e), nil
	}
	text := func(s string) uintptr {
		p, err := unix.BytePtrFromString(s)
		if err != nil {
			panic(err)
		}
		kept = append(kept, p)
		return uintptr(unsafe.Pointer(p))
	}
	socket := func(domain, typ, protocol int) (kauth.Errno, error) {
		_, err := unix.Socket(domain, typ, protocol)
		return errno(err)
	}
	bind := func(domain, typ, port int) (kauth.Errno, error) {
		fd, err := unix.Socket(domain, typ, 0)
		if err != nil {
			return 0, kerneltest.ErrNoProbe
		}
		var at unix.Sockaddr = &unix.SockaddrInet4{Port: port}
		if domain == unix.AF_INET6 {
			at = &unix.SockaddrInet6{Port: port}
		}
		return errno(unix.Bind(fd, at))
	}
	option := func(domain, level, option int) (kauth.Errno, error) {
		fd, err := unix.Socket(domain, unix.SOCK_DGRAM, 0)
		if err != nil {
			return 0, kerneltest.ErrNoProbe
		}
		return errno(unix.SetsockoptInt(fd, level, option, 1))
	}
	// ofChild makes a call on a child that waits until it ends.
	ofChild := func(call func(pid int) (kauth.Errno, error)) (kauth.Errno, error) {
		var ends [2]int
		if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
			return 0, err
		}
		var got byte
		into := uintptr(unsafe.Pointer(&got))
		pid, _, e := syscall.RawSyscall(unix.SYS_FORK, 0, 0, 0)
		if e == 0 && pid == 0 {
			syscall.RawSyscall(unix.SYS_CLOSE, uintptr(ends[1]), 0, 0)
			syscall.RawSyscall(unix.SYS_READ, uintptr(ends[0]), into, 1)
			syscall.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
		}
		if e != 0 {
			return 0, e
		}
		result, err := call(int(pid))
		unix.Close(ends[1])
		var status unix.WaitStatus
		if _, err := unix.Wait4(int(pid), &status, 0, nil); err != nil {
			return 0, err
		}
		return result, err
	}
	watch := func(pid int) (kauth.Errno, error) {
		queue, err := unix.Kqueue()
		if err != nil {
			return 0, err
		}
		change := make([]unix.Kevent_t, 1)
		unix.SetKevent(&change[0], pid, unix.EVFILT_PROC, unix.EV_ADD)
		change[0].Fflags = unix.NOTE_EXIT
		_, err = unix.Kevent(queue, change, nil, nil)
		return errno(err)
	}
	attach := func(pid int) (kauth.Errno, error) {
		_, _, e := unix.Syscall6(unix.SYS_PTRACE, 9, uintptr(pid), 0, 0, 0, 0)
		return kauth.Errno(e), nil
	}
	fork := func() (kauth.Errno, error) {
		pid, _, e := syscall.RawSyscall(unix.SYS_FORK, 0, 0, 0)
		if e == 0 && pid == 0 {
			syscall.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
		}
		if e == 0 {
			var status unix.WaitStatus
			if _, err := unix.Wait4(int(pid), &status, 0, nil); err != nil {
				return 0, err
			}
		}
		return kauth.Errno(e), nil
	}
	var space [256]byte
	buffer := uintptr(unsafe.Pointer(&space))
	switch probe {
	case "kill itself with signal 0":
		return errno(unix.Kill(os.Getpid(), 0))
	case "kill itself with SIGWINCH":
		return errno(unix.Kill(os.Getpid(), unix.SIGWINCH))
	case "fork":
		return fork()
	case "setrlimit nofile 40 50":
		limit := [2]uint64{40, 50}
		return raw(unix.SYS_SETRLIMIT, 8, uintptr(unsafe.Pointer(&limit)), 0)
	case "setpriority 7":
		return errno(unix.Setpriority(unix.PRIO_PROCESS, 0, 7))
	case "setuid 7":
		return errno(unix.Setuid(7))
	case "clock_gettime of its own processor time":
		const processCPUTime = 0x40000000 // CLOCK_PROCESS_CPUTIME_ID (sys/time.h)
		return raw(unix.SYS_CLOCK_GETTIME, processCPUTime, buffer, 0)
	case "watch itself with kevent":
		return watch(os.Getpid())
	case "sched_getparam":
		var policy uint32
		_, _, e := unix.Syscall6(unix.SYS__SCHED_GETPARAM, 0, 0, uintptr(unsafe.Pointer(&policy)), buffer, 0, 0)
		return kauth.Errno(e), nil
	case "sched_getaffinity":
		thread, _, _ := unix.Syscall(unix.SYS__LWP_SELF, 0, 0, 0)
		_, _, e := unix.Syscall6(unix.SYS__SCHED_GETAFFINITY, 0, thread, 32, buffer, 0, 0)
		return kauth.Errno(e), nil
	case "read its own arguments":
		return sysctlNumbers(1, 48, int32(os.Getpid()), 1) // kern.proc_args.PID.argv
	case "read its own name for cores":
		return sysctlNumbers(10, 0x7fffffff, 1) // proc.curproc.corename
	case "read its own environment":
		return sysctlNumbers(1, 48, int32(os.Getpid()), 3) // kern.proc_args.PID.env
	case "read its own limit of files":
		return sysctlNumbers(10, 0x7fffffff, 2, 9, 1) // proc.curproc.rlimit.descriptors.soft
	case "write its own name for cores":
		return sysctlWrite([]byte("probe.core\x00"), 10, 0x7fffffff, 1)
	case "write its own stop at fork":
		return sysctlWrite(make([]byte, 4), 10, 0x7fffffff, 3) // proc.curproc.stopfork
	case "fork beyond the limit":
		limit := [2]uint64{0, 0}
		if e, _ := raw(unix.SYS_SETRLIMIT, 7, uintptr(unsafe.Pointer(&limit)), 0); e != 0 {
			return 0, e
		}
		return fork()
	case "setgroups":
		return errno(unix.Setgroups([]int{7}))
	case "setlogin":
		return raw(unix.SYS___SETLOGIN, text("probe"), 0, 0)
	case "sched_setaffinity":
		// The empty set frees a thread.
		thread, _, _ := unix.Syscall(unix.SYS__LWP_SELF, 0, 0, 0)
		_, _, e := unix.Syscall6(unix.SYS__SCHED_SETAFFINITY, 0, thread, 32, buffer, 0, 0)
		return kauth.Errno(e), nil
	case "ktrace itself", "ktrace itself for good":
		fd, err := unix.Open("/dev/null", unix.O_RDWR, 0)
		if err != nil {
			return 0, err
		}
		const set, syscalls = 0, 2<<28 | 1<<1 // KTROP_SET, KTRFACv2 and KTRFAC_SYSCALL (sys/ktrace.h)
		_, _, e := unix.Syscall6(unix.SYS_FKTRACE, uintptr(fd), set, syscalls, uintptr(os.Getpid()), 0, 0)
		return kauth.Errno(e), nil
	case "kill a child with signal 0":
		return ofChild(func(pid int) (kauth.Errno, error) { return errno(unix.Kill(pid, 0)) })
	case "setpriority 7 of a child":
		return ofChild(func(pid int) (kauth.Errno, error) { return errno(unix.Setpriority(unix.PRIO_PROCESS, pid, 7)) })
	case "watch a child with kevent":
		return ofChild(watch)
	case "ptrace attach to a child":
		return ofChild(attach)
	case "kill init with signal 0":
		return errno(unix.Kill(1, 0))
	case "setpriority 0 of init":
		return errno(unix.Setpriority(unix.PRIO_PROCESS, 1, 0))
	case "watch init with kevent":
		return watch(1)
	case "sched_getparam of init":
		var policy uint32
		_, _, e := unix.Syscall6(unix.SYS__SCHED_GETPARAM, 1, 0, uintptr(unsafe.Pointer(&policy)), buffer, 0, 0)
		return kauth.Errno(e), nil
	case "read the arguments of init":
		return sysctlNumbers(1, 48, 1, 1)
	case "ptrace attach to init":
		return attach(1)
	case "bind udp 0":
		return bind(unix.AF_INET, unix.SOCK_DGRAM, 0)
	case "bind udp6 81":
		return bind(unix.AF_INET6, unix.SOCK_DGRAM, kerneltest.PortOfRoot)
	case "socket inet6 raw icmp6":
		return socket(unix.AF_INET6, unix.SOCK_RAW, unix.IPPROTO_ICMPV6)
	case "ntp_adjtime":
		// MOD_CLKB, which the kernel's own clock has no part for (sys/timex.h): nothing changes.
		*(*uint32)(unsafe.Pointer(&space)) = 0x4000
		return raw(unix.SYS_NTP_ADJTIME, buffer, 0, 0)
	case "sem_unlink", "mq_unlink":
		numbers := map[string][2]uintptr{"sem_unlink": {248, 249}, "mq_unlink": {257, 259}}[probe] // SYS__ksem_open, SYS_mq_open... (sys/syscall.h)
		name := text("/probe" + strconv.Itoa(os.Getuid()))
		var last uintptr
		if probe == "sem_unlink" {
			last = buffer
		}
		_, _, e := unix.Syscall6(numbers[0], name, unix.O_CREAT|unix.O_RDWR, 0o600, 0, last, 0)
		switch {
		case e == unix.ENOSYS:
			return 0, kerneltest.ErrNoProbe
		case e != 0 && e != unix.EACCES:
			return 0, e
		}
		return raw(numbers[1], name, 0, 0)
	case "mount getargs":
		const getargs = 0x400000 // MNT_GETARGS (sys/fstypes.h)
		_, _, e := unix.Syscall6(unix.SYS_MOUNT, text("ffs"), text("/"), getargs, buffer, uintptr(len(space)), 0)
		return kauth.Errno(e), nil
	case "unmount":
		return errno(unix.Unmount("/tmp", 0))
	case "socket inet dgram":
		return socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	case "socket inet stream tcp":
		return socket(unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_TCP)
	case "socket inet raw icmp":
		return socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	case "socket local stream":
		return socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	case "bind udp 8081":
		return bind(unix.AF_INET, unix.SOCK_DGRAM, kerneltest.PortOfUsers)
	case "bind tcp 8081":
		return bind(unix.AF_INET, unix.SOCK_STREAM, kerneltest.PortOfUsers)
	case "bind udp 81":
		return bind(unix.AF_INET, unix.SOCK_DGRAM, kerneltest.PortOfRoot)
	case "bind udp6 8081":
		return bind(unix.AF_INET6, unix.SOCK_DGRAM, kerneltest.PortOfUsers)
	case "setsockopt bindany":
		return option(unix.AF_INET, unix.IPPROTO_IP, 27) // IP_BINDANY (netinet/in.h)
	case "setsockopt recvhopopts":
		return option(unix.AF_INET6, unix.IPPROTO_IPV6, unix.IPV6_RECVHOPOPTS)
	case "route add":
		fd, err := unix.Socket(unix.AF_ROUTE, unix.SOCK_RAW, 0)
		if err != nil {
			return 0, kerneltest.ErrNoProbe
		}
		// A message with an address of no family, which can't be added.
		var message [unix.SizeofRtMsghdr + 16]byte
		header := (*unix.RtMsghdr)(unsafe.Pointer(&message))
		header.Msglen, header.Version, header.Type, header.Addrs = uint16(len(message)), unix.RTM_VERSION, unix.RTM_ADD, unix.RTA_DST
		message[unix.SizeofRtMsghdr] = 16
		_, err = unix.Write(fd, message[:])
		return errno(err)
	case "set flags of lo0":
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
		if err != nil {
			return 0, kerneltest.ErrNoProbe
		}
		const get, set = 0xc0906911, 0x80906910 // SIOCGIFFLAGS, SIOCSIFFLAGS with a struct ifreq of 144 bytes
		copy(space[:], "lo0")
		if e, _ := raw(unix.SYS_IOCTL, uintptr(fd), get, buffer); e != 0 {
			return 0, kerneltest.ErrNoProbe
		}
		return raw(unix.SYS_IOCTL, uintptr(fd), set, buffer)
	case "mknod":
		unix.Unlink("/tmp/node")
		return errno(unix.Mknod("/tmp/node", unix.S_IFCHR|0o600, int(unix.Mkdev(2, 2))))
	case "chroot":
		return errno(unix.Chroot("/"))
	case "fchroot":
		fd, err := unix.Open("/", unix.O_RDONLY, 0)
		if err != nil {
			return 0, err
		}
		return raw(unix.SYS_FCHROOT, uintptr(fd), 0, 0)
	case "getfh":
		size := uintptr(len(space))
		return raw(unix.SYS_GETFH, text("/"), buffer, uintptr(unsafe.Pointer(&size)))
	case "acct":
		return raw(51, 0, 0, 0) // SYS_acct (sys/syscall.h)
	case "sethostname":
		return sysctlWrite([]byte("probe"), 1, 10) // kern.hostname
	case "read the size of the message buffer":
		return sysctlNumbers(1, 31) // kern.msgbufsize
	case "adjtime":
		return raw(unix.SYS_ADJTIME, buffer, 0, 0)
	case "modctl exists":
		const exists = 3 // MODCTL_EXISTS (sys/module.h); how 0 asks for a load by name
		return raw(unix.SYS_MODCTL, exists, 0, 0)
	case "modctl unload":
		return raw(unix.SYS_MODCTL, 1, text("nosuch"), 0)
	case "reboot":
		return raw(unix.SYS_REBOOT, 0, 0, 0)
	case "swapctl":
		_, _, e := unix.Syscall(unix.SYS_SWAPCTL, 1, text("/nosuch"), 0)
		return kauth.Errno(e), nil
	case "settimeofday":
		time := [2]int64{86400, 0}
		return raw(unix.SYS_SETTIMEOFDAY, uintptr(unsafe.Pointer(&time)), 0, 0)
	case "pset_create":
		return raw(unix.SYS_PSET_CREATE, buffer, 0, 0)
	case "mount":
		_, _, e := unix.Syscall6(unix.SYS_MOUNT, text("ffs"), text("/tmp"), unix.MNT_RDONLY, buffer, 8, 0)
		return kauth.Errno(e), nil
	case "iopl":
		level := int32(3)
		return raw(unix.SYS_SYSARCH, 2, uintptr(unsafe.Pointer(&level)), 0) // X86_IOPL (x86/sysarch.h)
	case "read mtrr":
		count := int32(0)
		arguments := struct{ list, count uintptr }{buffer, uintptr(unsafe.Pointer(&count))}
		return raw(unix.SYS_SYSARCH, 11, uintptr(unsafe.Pointer(&arguments)), 0) // X86_GET_MTRR
	case "open null rw":
		_, err := unix.Open("/dev/null", unix.O_RDWR, 0)
		return errno(err)
	case "open null w":
		_, err := unix.Open("/dev/null", unix.O_WRONLY, 0)
		return errno(err)
	case "open null r":
		_, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
		return errno(err)
	}
	return 0, fmt.Errorf("the probe %q is not known here", probe)
}

// kept are texts that a system call may look at.
var kept []*byte

func sysctlNumbers(mib ...int32) (kauth.Errno, error) {
	var out [512]byte
	size := uintptr(len(out))
	_, _, e := unix.Syscall6(unix.SYS___SYSCTL, uintptr(unsafe.Pointer(&mib[0])), uintptr(len(mib)), uintptr(unsafe.Pointer(&out)), uintptr(unsafe.Pointer(&size)), 0, 0)
	return kauth.Errno(e), nil
}

func sysctlWrite(value []byte, mib ...int32) (kauth.Errno, error) {
	_, _, e := unix.Syscall6(unix.SYS___SYSCTL, uintptr(unsafe.Pointer(&mib[0])), uintptr(len(mib)), 0, 0, uintptr(unsafe.Pointer(&value[0])), uintptr(len(value)))
	return kauth.Errno(e), nil
}
