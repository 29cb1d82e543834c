//go:build !unix

package state

import "errors"

// lock refuses: without a lock two writers could lose an entry.
func lock(string) (func(), error) { return nil, errors.ErrUnsupported }
