//go:build !(linux || netbsd || freebsd || openbsd || dragonfly || darwin)

package launch

import (
	"context"
	"os"
)

type child struct {
	paths, args, env []string
	dir              string
	extra            []*os.File
}

// session refuses: there are no sessions and no terminals to relay on this system.
func (Options) session(context.Context, child, Files, func(int) error) (Status, error) {
	return Status{}, foreign()
}

func (Options) term(Files) string { return "" }

func execute(string, []string, []string, int) error { return foreign() }
