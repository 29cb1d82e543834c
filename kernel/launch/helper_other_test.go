//go:build freebsd || openbsd || dragonfly || darwin

package launch

func testHelper() int { return Helper(NewSystem(nil)) }
