package compare

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"cellsh/judge/subject"
)

// wrong is the path of cellsh where the test itself is to be a cellsh that answers wrongly: what is denied with a reason
// that has an a in it is allowed.
const wrong = "JUDGE_WRONG"

func TestMain(m *testing.M) {
	path := os.Getenv(wrong)
	if path == "" {
		os.Exit(m.Run())
	}
	c := exec.Command(path, os.Args[1:]...)
	c.Stdin, c.Stderr = os.Stdin, os.Stderr
	output, err := c.Output()
	if len(os.Args) > 1 && os.Args[1] == "decide" {
		var b bytes.Buffer
		for line := range bytes.Lines(output) {
			if _, reason, ok := bytes.Cut(line, []byte(`"reason":"`)); ok && bytes.ContainsRune(reason[:bytes.IndexByte(reason, '"')], 'a') {
				line = bytes.Replace(line, []byte(`"deny"`), []byte(`"allow"`), 1)
			}
			b.Write(line)
		}
		output = b.Bytes()
	}
	os.Stdout.Write(output)
	if err != nil {
		os.Exit(max(c.ProcessState.ExitCode(), 1))
	}
}

func build(t *testing.T) subject.Program {
	program, err := subject.Build("../..", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// What random policies and scripts mean is what Lua says.
func TestAgreesWithLua(t *testing.T) {
	o := Options{Seed: 1, Policies: 200, Requests: 60, Scripts: 200, Shrink: 300}
	if testing.Short() {
		o.Policies, o.Scripts = 20, 20
	}
	result, err := Run(build(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(result)
	for _, d := range result.Differences {
		t.Error(d)
	}
	// A judge of programs that are refused judges nothing.
	if good := result.Accepted + result.Raised(); good*10 < result.Policies*9 {
		t.Errorf("of %d policies at least 9 of 10 must be accepted, or raise an error of Lua, but %d are", result.Policies, good)
	}
	if result.Policies < o.Policies || result.Requests == 0 || result.Ways < o.Scripts {
		t.Errorf("%d policies, %d requests and %d ways were judged", result.Policies, result.Requests, result.Ways)
	}
	for _, construct := range []string{"several assignments", "and or not into existing", "constant condition at the start of a loop", "function", "varargs", "recursion", "repeat", "numeric for of fractions", "goto back"} {
		if result.Seen["statement: "+construct] == 0 && !testing.Short() {
			t.Errorf("%s must be written, but is not", construct)
		}
	}
}

// A program that answers wrongly is found out, and the policy that shows it is made small.
func TestDifferenceIsFound(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(wrong, build(t).Path)
	result, err := Run(subject.Program{Path: self}, Options{Seed: 5, Policies: 30, Requests: 20, Shrink: 200})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Differences) == 0 {
		t.Fatal("no difference is found")
	}
	for _, d := range result.Differences {
		if !strings.HasPrefix(d.Got, "{allow ") || !strings.HasPrefix(d.Want, "{deny ") || d.Request == "" || !strings.Contains(d.Text, "policy") {
			t.Error(d)
		}
		if lines := strings.Count(fmt.Sprint(d.Text), "\n"); lines > 60 {
			t.Errorf("a difference of %d lines is left:\n%s", lines, d.Text)
		}
	}
}
