//go:build !unix

package disk

import "errors"

// ReadFile refuses: who may change a file can't be seen.
func (t *Trust) ReadFile(path string) (string, error) { return "", errors.ErrUnsupported }

// ReadDir refuses, as ReadFile.
func (t *Trust) ReadDir(path string) (names []string, folder bool, err error) {
	return nil, false, errors.ErrUnsupported
}
