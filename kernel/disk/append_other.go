//go:build !unix

package disk

import (
	"errors"
	"os"
)

// Append opens a file to add to its end where the system can tell that it has one name, which this one can't.
func Append(string) (*os.File, error) { return nil, errors.ErrUnsupported }
