//go:build !unix

package disk

import (
	"errors"
	"os"
)

func claim(string) (*os.File, error) { return nil, errors.ErrUnsupported }
func claimant(string) (int, error)   { return 0, errors.ErrUnsupported }
