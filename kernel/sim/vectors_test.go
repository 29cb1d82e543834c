package sim_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// vectorsFolder is where the records are: the folder that CELLSH_VECTORS names, or the project's copy. A relative name
// is looked for where the tests are started from, the top of the project, and then in this folder.
func vectorsFolder() string {
	dir := os.Getenv("CELLSH_VECTORS")
	if dir == "" {
		return filepath.Join("..", "testdata", "vectors")
	}
	if !filepath.IsAbs(dir) {
		if top := filepath.Join("..", "..", dir); isFolder(top) {
			return top
		}
	}
	return dir
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// vectors gives the folder, and its files whose names match the pattern.
func vectors(t *testing.T, pattern string) (folder string, files []string) {
	t.Helper()
	folder = vectorsFolder()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatalf("the folder of the records can't be read: %v", err)
	}
	for _, e := range entries {
		if match, err := filepath.Match(pattern, e.Name()); err != nil {
			t.Fatal(err)
		} else if match {
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	return folder, files
}

// textLines gives the lines of a file without the space around them: it may come from another system.
func textLines(file string) ([]string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, fmt.Errorf("%s can't be read: %w", filepath.Base(file), err)
	}
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("%s is no text in UTF-8", filepath.Base(file))
	}
	lines := strings.Split(strings.TrimPrefix(string(b), "\ufeff"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines, nil
}

// attempt runs a part of a replay. What would end the test, a panic included, is an error of this part alone.
func attempt(f func(testing.TB) (string, error)) (got string, err error) {
	defer func() {
		if r := recover(); r != nil {
			got, err = "", fmt.Errorf("the replay fails: %v", r)
		}
	}()
	return f(stopped{})
}

// stopped turns the end of a test into a panic for attempt. It has no other methods of testing.TB than those here.
type stopped struct{ testing.TB }

func (stopped) Helper()                         {}
func (stopped) Fatal(args ...any)               { panic(fmt.Sprint(args...)) }
func (stopped) Fatalf(form string, args ...any) { panic(fmt.Sprintf(form, args...)) }
func (stopped) Errorf(form string, args ...any) { panic(fmt.Sprintf(form, args...)) }

// A file that is not as it should be is named with its line, and what is sound in it counts.
func TestOddFiles(t *testing.T) {
	const sound = `{"revision": "current", "where": "host", "euid": 0, "call": "getuid", "result": "ok"}`
	for _, c := range []struct {
		name, text string
		agree, all int
		problems   []string
	}{
		{"sound", sound, 1, 1, nil},
		{"blank lines and the line ends of other systems", "\n\r\n  \t\r\n" + sound + "\r\n\r\n", 1, 1, nil},
		{"a byte order mark", "\ufeff" + sound, 1, 1, nil},
		{"no line at all", "", 0, 0, []string{"x.jsonl holds no records"}},
		{"blank lines alone", "\n\r\n", 0, 0, []string{"x.jsonl holds no records"}},
		{"no text", "\xff\xfe", 0, 0, []string{"x.jsonl is no text in UTF-8"}},
		{"an extra field", sound + "\n" + strings.Replace(sound, `"euid"`, `"pid": 7, "euid"`, 1), 1, 2, []string{`x.jsonl:2: the line is no record: json: unknown field "pid"`}},
		{"a missing field", strings.Replace(sound, `"euid": 0, `, "", 1), 0, 1, []string{"x.jsonl:1: the record has no euid"}},
		{"a missing result", strings.Replace(sound, `, "result": "ok"`, "", 1), 0, 1, []string{"x.jsonl:1: the record has no result"}},
		{"a field of another kind", strings.Replace(sound, `0`, `"root"`, 1), 0, 1, []string{"x.jsonl:1: the line is no record: json: cannot unmarshal"}},
		{"two records in a line", sound + sound, 0, 1, []string{"x.jsonl:1: the line goes on behind its record"}},
		{"a record cut short", sound[:40], 0, 1, []string{"x.jsonl:1: the line is no record: unexpected EOF"}},
		{"no JSON", "getuid ok", 0, 1, []string{"x.jsonl:1: the line is no record: invalid character"}},
		{"an unknown call", strings.Replace(sound, "getuid", "frob", 1), 0, 1, []string{`x.jsonl:1: current host euid 0: frob : the form of call "frob" with args "" is not known`}},
		{"an unknown argument", strings.Replace(sound, `"getuid"`, `"getuid", "args": "twice"`, 1), 0, 1, []string{`x.jsonl:1: current host euid 0: getuid twice: the form of call "getuid" with args "twice" is not known`}},
		{"an unknown place", strings.Replace(sound, "host", "moon", 1), 0, 1, []string{`there is no place "moon"`}},
		{"an unknown revision", strings.Replace(sound, "current", "may", 1), 0, 1, []string{`there is no revision "may"`}},
		{"another answer", strings.Replace(sound, `"ok"`, `"EPERM"`, 1), 0, 1, []string{"x.jsonl:1: current host euid 0: getuid  is ok, recorded EPERM"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.jsonl")
			must(t, os.WriteFile(file, []byte(c.text), 0o644))
			agree, all, problems := replayCalls(file)
			if agree != c.agree || all != c.all || len(problems) != len(c.problems) {
				t.Fatalf("%d of %d, %q", agree, all, problems)
			}
			for i, want := range c.problems {
				if !strings.Contains(problems[i], want) {
					t.Errorf("%q, want %q", problems[i], want)
				}
			}
		})
	}
	if _, _, problems := replayCalls(filepath.Join(t.TempDir(), "none.jsonl")); len(problems) != 1 || problems[0] != "none.jsonl can't be read: no such file or directory" {
		t.Errorf("%q", problems)
	}
}

// Records do not depend on each other, nor on the name of their file; sessions are recognised under any name.
func TestRecordsInAnyOrder(t *testing.T) {
	dir := t.TempDir()
	copyTo := func(from, name string, change func([]string)) string {
		lines, err := textLines(from)
		must(t, err)
		change(lines)
		file := filepath.Join(dir, name)
		must(t, os.WriteFile(file, []byte(strings.Join(lines, "\r\n")), 0o644))
		return file
	}
	t.Setenv("CELLSH_VECTORS", "")
	_, calls := vectors(t, "*.jsonl")
	for i, file := range calls {
		_, want, _ := replayCalls(file)
		shuffled := copyTo(file, fmt.Sprintf("calls-xyz%d.jsonl", i), func(lines []string) {
			rand.New(rand.NewPCG(1, 2)).Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		})
		if agree, all, problems := replayCalls(shuffled); agree != want || all != want || problems != nil {
			t.Errorf("%s: %d of %d, %q", file, agree, all, problems)
		}
	}
	_, sessions := vectors(t, "sysctl-*.txt")
	for i, file := range sessions {
		_, want, _ := replaySessionFile(file)
		other := copyTo(file, fmt.Sprintf("sysctl-abc%d.txt", i), func([]string) {})
		if agree, all, problems := replaySessionFile(other); agree != want || all != want || problems != nil {
			t.Errorf("%s: %d of %d, %q", file, agree, all, problems)
		}
		// A session in the wrong order ends nothing but its own lines.
		jumbled := copyTo(file, fmt.Sprintf("sysctl-jumbled%d.txt", i), func(lines []string) {
			rand.New(rand.NewPCG(3, 4)).Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		})
		if agree, all, problems := replaySessionFile(jumbled); agree == all || all != want || len(problems) != all-agree {
			t.Errorf("jumbled %s: %d of %d, and %d problems", file, agree, all, len(problems))
		}
	}
	empty := copyTo(sessions[0], "sysctl-empty.txt", func(lines []string) { clear(lines) })
	if _, _, problems := replaySessionFile(empty); len(problems) != 1 || problems[0] != "sysctl-empty.txt holds no lines" {
		t.Errorf("%q", problems)
	}
}

// A relative name of the folder counts from the top of the project, or from here.
func TestVectorsFolder(t *testing.T) {
	for _, c := range [][2]string{
		{"", filepath.Join("..", "testdata", "vectors")},
		{"kernel/testdata/vectors", filepath.Join("..", "..", "kernel", "testdata", "vectors")},
		{"../testdata/vectors", "../testdata/vectors"},
		{"/nowhere/vectors", "/nowhere/vectors"},
	} {
		t.Setenv("CELLSH_VECTORS", c[0])
		if got := vectorsFolder(); got != c[1] {
			t.Errorf("%q is %s, want %s", c[0], got, c[1])
		}
	}
}
