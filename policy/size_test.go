package policy

import "testing"

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{"0": 0, "1": 1, "1K": 1 << 10, "512M": 512 << 20, "2G": 2 << 30, "3T": 3 << 40, "9007199254740991": 1<<53 - 1, "8388607T": 8388607 << 40} {
		if got, ok := ParseSize(s); !ok || got != want {
			t.Errorf("%q must be %d, but is %d, %v", s, want, got, ok)
		}
	}
	for _, s := range []string{"", "K", "-1", "+1", "1.5G", "1g", "1 G", "1GB", "0x10", "1_000", "8388608T", "9007199254740992", "18446744073709551616", "1KK"} {
		if got, ok := ParseSize(s); ok {
			t.Errorf("%q must be no size, but is %d", s, got)
		}
	}
}
