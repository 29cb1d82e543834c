package shell

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	for _, c := range []struct{ text, out, err string }{
		{"cat; echo b >&2", "in", ""},
		{"exit 3", "", `the command "exit 3" ended with 3`},
		{"kill -9 $$", "", `the command "kill -9 $$" died of signal 9`},
	} {
		var out, errs bytes.Buffer
		err := Run(c.text, strings.NewReader("in"), &out, &errs)
		if out.String() != c.out || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%s: %q, %v", c.text, out.String(), err)
		}
	}
}

func TestEdit(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/it's")
	if err := os.Mkdir(os.Getenv("TMPDIR"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ command, text, want, err string }{
		{"echo more >>", "x", "x\nmore\n", ""},
		{"echo more >>", "", "more\n", ""},
		{"true", "x = 'é'", "x = 'é'\n", ""},
		{"exit 3;", "x", "", "ended with 3"},
		{"rm", "x", "", "no such file"},
	} {
		got, err := Edit(c.command, c.text, ".lua", strings.NewReader(""), io.Discard, io.Discard)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v", c.command, got, err)
		}
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("what is left: %v, %v", left, err)
	}
}

func TestPipe(t *testing.T) {
	var out bytes.Buffer
	to, wait, err := Pipe("tr a-z A-Z; exit 2", &out, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(to, "text"); err != nil {
		t.Error(err)
	}
	to.Close()
	var failed *FailedError
	if err := wait(); !errors.As(err, &failed) || failed.Code != 2 || out.String() != "TEXT" {
		t.Errorf("%v, %q", err, out.String())
	}
}
