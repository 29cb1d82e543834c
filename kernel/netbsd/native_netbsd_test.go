package netbsd

import (
	"errors"
	"os"
	"testing"

	"cellsh/kernel"
)

// TestNative looks at the running kernel and, as root of a host with cells, makes one and removes it.
func TestNative(t *testing.T) {
	k, err := Open(Options{Warn: func(err error) { t.Error(err) }})
	var unsupported *kernel.UnsupportedError
	if errors.As(err, &unsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", k.Info())
	must[[]kernel.Cell](t)(k.List())
	if os.Geteuid() != 0 {
		t.Skip("only root can make a cell")
	}
	id := must[kernel.CellID](t)(k.Create(kernel.Spec{Name: "cellsh-test", Root: t.TempDir()}))
	if c, ok, err := kernel.Find(k, "cellsh-test"); !ok || c.ID != id || err != nil {
		t.Errorf("created %d, listed %+v, %v, %v", id, c, ok, err)
	}
	if err := k.Destroy(id); err != nil {
		t.Error(err)
	}
}
