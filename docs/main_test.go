package docs

import (
	"os"
	"testing"

	"cellsh/kernel/launch"
	"cellsh/kernel/monitor"
)

// TestMain makes the test program the monitors and helpers of the services that documents start.
func TestMain(m *testing.M) {
	switch {
	case launch.IsHelper(os.Args):
		os.Exit(launch.Helper(launch.NewSystem(nil)))
	case monitor.IsHelper(os.Args):
		os.Exit(monitor.Main(os.Args, monitor.Options{Sockets: []string{}}))
	}
	os.Exit(m.Run())
}
