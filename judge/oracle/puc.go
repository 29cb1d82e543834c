package oracle

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"cellsh/judge/request"
)

// asking runs files and answers requests, one a line, as the judge does.
const asking = `
local load, ask = (function()
%s
end)()
for _, name in ipairs({ %s }) do
  local f = assert(io.open(name, "rb"))
  local problem = load(f:read("*a"), name:match("[^/]*$"))
  if problem then io.write("problem\t", (problem:gsub("[\n\t]", " ")), "\n") os.exit(0) end
end
for _, q in ipairs({
%s}) do
  local answer, reason, said = ask(q)
  io.write(answer, "\t", (reason:gsub("[\n\t]", " ")), "\t", tostring(said), "\n")
end
`

// PUC is a second oracle: the Lua 5.1 of its authors, by the name or path of its program, as Debian's package lua5.1 has
// it. The programs must not use goto.
type PUC string

// Ask runs the files and gives the answers to the requests, or what went wrong in a file.
func (p PUC) Ask(files []File, requests []request.Request) (answers []Answer, problem string, err error) {
	folder, err := os.MkdirTemp("", "judge")
	if err != nil {
		return nil, "", err
	}
	defer os.RemoveAll(folder)
	var names, questions strings.Builder
	for _, f := range files {
		path := filepath.Join(folder, f.Name)
		if err := os.WriteFile(path, []byte(f.Text), 0o600); err != nil {
			return nil, "", err
		}
		fmt.Fprintf(&names, "%q, ", path)
	}
	for i := range requests {
		questions.WriteString(requests[i].Lua() + ",\n")
	}
	output, err := p.run(filepath.Join(folder, ".asking"), fmt.Sprintf(asking, meaning, names.String(), questions.String()))
	if err != nil {
		return nil, "", err
	}
	for line := range strings.Lines(output) {
		words := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		if words[0] == "problem" {
			return nil, words[1], nil
		}
		if len(words) < 3 {
			return nil, "", fmt.Errorf("an answer must have three parts, but is %q", line)
		}
		answers = append(answers, Answer{words[0], words[1], words[2] == "true"})
	}
	if len(answers) != len(requests) {
		return nil, "", fmt.Errorf("%d requests must be answered, but %d are", len(requests), len(answers))
	}
	return answers, "", nil
}

// Run runs a script, and gives what it printed.
func (p PUC) Run(f File) (output string, err error) {
	folder, err := os.MkdirTemp("", "judge")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	return p.run(filepath.Join(folder, f.Name), f.Text)
}

func (p PUC) run(path, text string) (string, error) {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", err
	}
	var stdout, stderr bytes.Buffer
	c := exec.Command(string(p), path)
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("%w: %s", err, stderr.String())
	}
	return stdout.String(), nil
}
