//go:build !netbsd

package netbsd

// nativeSysctl is nil: this system is not NetBSD.
func nativeSysctl() Sysctl { return nil }
