package docs

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cellsh/kernel/connect"
	"cellsh/repl"
)

var update = flag.Bool("update", false, "write what the commands say into the documents")

// section is the text below a heading of the second level.
type section struct {
	title string
	lines []string
}

// sections divides a document; what is before the first heading has no title.
func sections(text string) []*section {
	list := []*section{{}}
	fenced := false
	for line := range strings.SplitAfterSeq(text, "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if !fenced && strings.HasPrefix(line, "## ") {
			list = append(list, &section{title: strings.TrimSpace(line[3:])})
		}
		s := list[len(list)-1]
		s.lines = append(s.lines, line)
	}
	return list
}

// run writes the files of a section into a folder and runs its commands there. It gives the section with what they say.
func (s *section) run(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	t.Chdir(t.TempDir())
	for i := 0; i < len(s.lines); i++ {
		line := s.lines[i]
		out.WriteString(line)
		info, fence := strings.CutPrefix(line, "```")
		if !fence {
			continue
		}
		end := i + 1
		for end < len(s.lines) && !strings.HasPrefix(s.lines[end], "```") {
			end++
		}
		if end == len(s.lines) {
			t.Fatalf("a block must end, but does not: %s", line)
		}
		block := s.lines[i+1 : end]
		words := strings.Fields(info)
		switch {
		case len(words) == 1 && words[0] == "console":
			out.WriteString(console(t, block))
		default:
			if len(words) == 2 {
				write(t, words[1], strings.Join(block, ""))
			}
			out.WriteString(strings.Join(block, ""))
		}
		out.WriteString(s.lines[end])
		i = end
	}
	return out.String()
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if dir := filepath.Dir(file); dir != "." {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// console runs the commands of a block, each a line "$ [NAME=VALUE] cellsh ARGS [< FILE]". Arguments may be in single quotes.
func console(t *testing.T, block []string) string {
	t.Helper()
	var out strings.Builder
	ran := false
	for _, line := range block {
		text, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		ran = true
		out.WriteString(line)
		args := arguments(strings.TrimSpace(text))
		variable, value, set := strings.Cut(args[0], "=")
		if set {
			args = args[1:]
		} else {
			variable = ""
		}
		if len(args) == 0 || args[0] != "cellsh" {
			t.Fatalf("a command must be one of cellsh, but is %s", line)
		}
		stdin := ""
		if n := len(args); n > 2 && args[n-2] == "<" {
			b, err := os.ReadFile(args[n-1])
			if err != nil {
				t.Fatal(err)
			}
			stdin, args = string(b), args[:n-2]
		}
		out.WriteString(cellsh(t, args[1:], stdin, func(name string) string {
			if name == variable {
				return value
			}
			return ""
		}))
	}
	if !ran {
		t.Fatalf("a console must have commands, but has none:\n%s", strings.Join(block, ""))
	}
	return out.String()
}

// cellsh runs the program and gives what it says, on both outputs, as on a terminal.
func cellsh(t *testing.T, args []string, stdin string, getenv func(string) string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in"), stdin)
	in, err := os.Open(filepath.Join(dir, "in"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	said, err := os.Create(filepath.Join(dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	repl.Main(args, repl.Env{Stdin: in, Stdout: said, Stderr: said, Getenv: getenv, Now: func() time.Time { return now }, Version: "test",
		Machine: connect.Machine{Foreign: "linux/amd64"}})
	text, err := os.ReadFile(said.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func arguments(line string) []string {
	var args []string
	quoted := false
	word := ""
	for _, c := range line + " " {
		switch {
		case c == '\'':
			quoted = !quoted
		case c == ' ' && !quoted:
			if word != "" {
				args = append(args, word)
			}
			word = ""
		default:
			word += string(c)
		}
	}
	return args
}

// checkTranscripts runs the commands of a document and compares what they say.
func checkTranscripts(t *testing.T, file string) []*section {
	t.Helper()
	file, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	list := sections(string(b))
	var all strings.Builder
	for _, s := range list {
		t.Run(s.title, func(t *testing.T) {
			want := strings.Join(s.lines, "")
			got := s.run(t)
			if got != want && !*update {
				t.Errorf("the section says\n%s\nbut it is\n%s", want, got)
			}
			s.lines = strings.SplitAfter(got, "\n")
		})
		all.WriteString(strings.Join(s.lines, ""))
	}
	if *update {
		if err := os.WriteFile(file, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return list
}
