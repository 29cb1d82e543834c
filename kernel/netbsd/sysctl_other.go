//go:build !netbsd

package netbsd

import "cellsh/kernel/abi"

// nativeSysctl is nil: this system is not NetBSD.
var nativeSysctl func(mib []int32, old, new []byte) (int, error)

// nativeEvaluation is nil, too.
var nativeEvaluation func(major uint32) (abi.Device, error)

// nativeLook is nil, too.
var nativeLook func(major uint32) error
