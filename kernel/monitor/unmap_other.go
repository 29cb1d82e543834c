//go:build !linux

package monitor

// unmapProgram does nothing: only of Linux it is measured that it helps.
func unmapProgram() {}
