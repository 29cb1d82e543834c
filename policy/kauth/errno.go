package kauth

// Errno is an error number of NetBSD (sys/errno.h); 0 is none. It is a type of its own because the numbers
// differ from those of the system that cellsh may run on.
type Errno uint8

// The numbers that kauth(9) callers and the simulated kernel return.
const (
	EPERM           Errno = 1
	ENOENT          Errno = 2
	ESRCH           Errno = 3
	EINTR           Errno = 4
	EIO             Errno = 5
	ENXIO           Errno = 6
	E2BIG           Errno = 7
	ENOEXEC         Errno = 8
	EBADF           Errno = 9
	ECHILD          Errno = 10
	EDEADLK         Errno = 11
	ENOMEM          Errno = 12
	EACCES          Errno = 13
	EFAULT          Errno = 14
	ENOTBLK         Errno = 15
	EBUSY           Errno = 16
	EEXIST          Errno = 17
	EXDEV           Errno = 18
	ENODEV          Errno = 19
	ENOTDIR         Errno = 20
	EISDIR          Errno = 21
	EINVAL          Errno = 22
	ENFILE          Errno = 23
	EMFILE          Errno = 24
	ENOTTY          Errno = 25
	ETXTBSY         Errno = 26
	EFBIG           Errno = 27
	ENOSPC          Errno = 28
	EROFS           Errno = 30
	EPIPE           Errno = 32
	EDOM            Errno = 33
	ERANGE          Errno = 34
	EAGAIN          Errno = 35
	EINPROGRESS     Errno = 36
	ENOTSOCK        Errno = 38
	EDESTADDRREQ    Errno = 39
	EMSGSIZE        Errno = 40
	EPROTOTYPE      Errno = 41
	ENOPROTOOPT     Errno = 42
	EPROTONOSUPPORT Errno = 43
	ESOCKTNOSUPPORT Errno = 44
	EOPNOTSUPP      Errno = 45
	EPFNOSUPPORT    Errno = 46
	EAFNOSUPPORT    Errno = 47
	EADDRINUSE      Errno = 48
	EADDRNOTAVAIL   Errno = 49
	ENETUNREACH     Errno = 51
	ECONNRESET      Errno = 54
	ENOBUFS         Errno = 55
	EISCONN         Errno = 56
	ENOTCONN        Errno = 57
	ETIMEDOUT       Errno = 60
	ECONNREFUSED    Errno = 61
	ELOOP           Errno = 62
	ENAMETOOLONG    Errno = 63
	EHOSTUNREACH    Errno = 65
	ENOTEMPTY       Errno = 66
	EUSERS          Errno = 68
	EDQUOT          Errno = 69
	ESTALE          Errno = 70
	EPROGUNAVAIL    Errno = 74
	EPROGMISMATCH   Errno = 75
	ENOSYS          Errno = 78
	EFTYPE          Errno = 79
	EAUTH           Errno = 80
	ENEEDAUTH       Errno = 81
	EIDRM           Errno = 82
	ENOMSG          Errno = 83
	EOVERFLOW       Errno = 84
	ENOTSUP         Errno = 86
	ENOATTR         Errno = 93
)

var errnoNames = [...]struct{ name, text string }{
	EPERM:           {"EPERM", "operation not permitted"},
	ENOENT:          {"ENOENT", "no such file or directory"},
	ESRCH:           {"ESRCH", "no such process"},
	EINTR:           {"EINTR", "interrupted system call"},
	EIO:             {"EIO", "input/output error"},
	ENXIO:           {"ENXIO", "device not configured"},
	E2BIG:           {"E2BIG", "argument list too long"},
	ENOEXEC:         {"ENOEXEC", "exec format error"},
	EBADF:           {"EBADF", "bad file descriptor"},
	ECHILD:          {"ECHILD", "no child processes"},
	EDEADLK:         {"EDEADLK", "resource deadlock avoided"},
	ENOMEM:          {"ENOMEM", "cannot allocate memory"},
	EACCES:          {"EACCES", "permission denied"},
	EFAULT:          {"EFAULT", "bad address"},
	ENOTBLK:         {"ENOTBLK", "block device required"},
	EBUSY:           {"EBUSY", "device busy"},
	EEXIST:          {"EEXIST", "file exists"},
	EXDEV:           {"EXDEV", "cross-device link"},
	ENODEV:          {"ENODEV", "operation not supported by device"},
	ENOTDIR:         {"ENOTDIR", "not a directory"},
	EISDIR:          {"EISDIR", "is a directory"},
	EINVAL:          {"EINVAL", "invalid argument"},
	ENFILE:          {"ENFILE", "too many open files in system"},
	EMFILE:          {"EMFILE", "too many open files"},
	ENOTTY:          {"ENOTTY", "inappropriate ioctl for device"},
	ETXTBSY:         {"ETXTBSY", "text file busy"},
	EFBIG:           {"EFBIG", "file too large"},
	ENOSPC:          {"ENOSPC", "no space left on device"},
	EROFS:           {"EROFS", "read-only file system"},
	EPIPE:           {"EPIPE", "broken pipe"},
	EDOM:            {"EDOM", "numerical argument out of domain"},
	ERANGE:          {"ERANGE", "result too large or too small"},
	EAGAIN:          {"EAGAIN", "resource temporarily unavailable"},
	EINPROGRESS:     {"EINPROGRESS", "operation now in progress"},
	ENOTSOCK:        {"ENOTSOCK", "socket operation on non-socket"},
	EDESTADDRREQ:    {"EDESTADDRREQ", "destination address required"},
	EMSGSIZE:        {"EMSGSIZE", "message too long"},
	EPROTOTYPE:      {"EPROTOTYPE", "protocol wrong type for socket"},
	ENOPROTOOPT:     {"ENOPROTOOPT", "protocol option not available"},
	EPROTONOSUPPORT: {"EPROTONOSUPPORT", "protocol not supported"},
	ESOCKTNOSUPPORT: {"ESOCKTNOSUPPORT", "socket type not supported"},
	EOPNOTSUPP:      {"EOPNOTSUPP", "operation not supported"},
	EPFNOSUPPORT:    {"EPFNOSUPPORT", "protocol family not supported"},
	EAFNOSUPPORT:    {"EAFNOSUPPORT", "address family not supported by protocol family"},
	EADDRINUSE:      {"EADDRINUSE", "address already in use"},
	EADDRNOTAVAIL:   {"EADDRNOTAVAIL", "can't assign requested address"},
	ENETUNREACH:     {"ENETUNREACH", "network is unreachable"},
	ECONNRESET:      {"ECONNRESET", "connection reset by peer"},
	ENOBUFS:         {"ENOBUFS", "no buffer space available"},
	EISCONN:         {"EISCONN", "socket is already connected"},
	ENOTCONN:        {"ENOTCONN", "socket is not connected"},
	ETIMEDOUT:       {"ETIMEDOUT", "operation timed out"},
	ECONNREFUSED:    {"ECONNREFUSED", "connection refused"},
	ELOOP:           {"ELOOP", "too many levels of symbolic links"},
	ENAMETOOLONG:    {"ENAMETOOLONG", "file name too long"},
	EHOSTUNREACH:    {"EHOSTUNREACH", "no route to host"},
	ENOTEMPTY:       {"ENOTEMPTY", "directory not empty"},
	EUSERS:          {"EUSERS", "too many users"},
	EDQUOT:          {"EDQUOT", "disc quota exceeded"},
	ESTALE:          {"ESTALE", "stale NFS file handle"},
	EPROGUNAVAIL:    {"EPROGUNAVAIL", "RPC prog. not avail"},
	EPROGMISMATCH:   {"EPROGMISMATCH", "program version wrong"},
	ENOSYS:          {"ENOSYS", "function not implemented"},
	EFTYPE:          {"EFTYPE", "inappropriate file type or format"},
	EAUTH:           {"EAUTH", "authentication error"},
	ENEEDAUTH:       {"ENEEDAUTH", "need authenticator"},
	EIDRM:           {"EIDRM", "identifier removed"},
	ENOMSG:          {"ENOMSG", "no message of desired type"},
	EOVERFLOW:       {"EOVERFLOW", "value too large to be stored in data type"},
	ENOTSUP:         {"ENOTSUP", "not supported"},
	ENOATTR:         {"ENOATTR", "attribute not found"},
}

// Name is the symbol, "EPERM"; "ok" for 0.
func (e Errno) Name() string {
	switch {
	case e == 0:
		return "ok"
	case int(e) < len(errnoNames) && errnoNames[e].name != "":
		return errnoNames[e].name
	}
	return "E" + itoa(int64(e))
}

// Error is the text with its symbol, "operation not permitted (EPERM)".
func (e Errno) Error() string {
	if int(e) < len(errnoNames) && errnoNames[e].text != "" {
		return errnoNames[e].text + " (" + errnoNames[e].name + ")"
	}
	return e.Name()
}

// FindErrno gives the number of a symbol, "EPERM"; "ok" is 0.
func FindErrno(name string) (Errno, bool) {
	if name == "ok" {
		return 0, true
	}
	for i := range errnoNames {
		if name != "" && errnoNames[i].name == name {
			return Errno(i), true
		}
	}
	return 0, false
}
