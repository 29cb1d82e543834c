//go:build !netbsd

package netbsd

// nativeSysctl is nil: this system is not NetBSD.
var nativeSysctl func(mib []int32, old, new []byte) (int, error)
