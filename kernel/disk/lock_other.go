//go:build !unix

package disk

import (
	"errors"
	"os"
)

// lock refuses: without a lock two writers could lose what the other wrote.
func lock(string, bool) (*os.File, error) { return nil, errors.ErrUnsupported }
