package policy

import (
	"strconv"
	"strings"
)

// ParseSize reads a size like 512M: K is 2^10, M 2^20, G 2^30, T 2^40.
func ParseSize(s string) (int64, bool) {
	shift := 0
	if s != "" {
		if i := strings.IndexByte("KMGT", s[len(s)-1]); i >= 0 {
			shift, s = 10*(i+1), s[:len(s)-1]
		}
	}
	n, err := strconv.ParseUint(s, 10, 53)
	if err != nil || strings.HasPrefix(s, "+") || n>>(63-shift) != 0 {
		return 0, false
	}
	return int64(n) << shift, true
}
