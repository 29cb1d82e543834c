package incell

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"cellsh/bench/decide"
	"cellsh/kernel/module/celltest"
	"cellsh/policy"
	"cellsh/policy/kauth"
)

//go:embed testdata/race.c
var raceSource []byte

//go:embed testdata/written.c
var writtenSource []byte

// ErrNoCompiler says that this machine has no C compiler.
var ErrNoCompiler = errors.New("there is no cc here")

// Race is the two contestants, compiled and with a stream to answer.
type Race struct {
	folder string
	input  []byte
	// requests is the length of the stream.
	requests int
}

// Times are what one decision takes, in nanoseconds.
type Times struct{ Program, Written float64 }

// moduleFolder finds kernel/module above the current folder.
func moduleFolder() (string, error) {
	at, err := os.Getwd()
	for ; err == nil; at = filepath.Dir(at) {
		folder := filepath.Join(at, "kernel", "module")
		if _, err := os.Stat(filepath.Join(folder, "celleval.c")); err == nil {
			return folder, nil
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	return "", errors.New("kernel/module must be in a folder above this one, but is not")
}

// Start compiles the contestants for a case, and holds their answers to the stream against those of the Go switch. The caller
// calls Close.
func Start(c decide.Case, stream []policy.Request) (*Race, error) {
	if _, err := exec.LookPath("cc"); err != nil {
		return nil, ErrNoCompiler
	}
	module, err := moduleFolder()
	if err != nil {
		return nil, err
	}
	p, err := decide.Program(c)
	if err != nil {
		return nil, err
	}
	r := &Race{requests: len(stream)}
	if r.folder, err = os.MkdirTemp("", "incell"); err != nil {
		return nil, err
	}
	text := p.Encode(&kauth.NetBSD109912)
	r.input = binary.LittleEndian.AppendUint32(nil, uint32(len(text)))
	r.input = append(r.input, text...)
	r.input = binary.LittleEndian.AppendUint32(r.input, uint32(len(stream)))
	for i := range stream {
		r.input = celltest.AppendRequest(r.input, &kauth.NetBSD109912, &stream[i])
	}
	if err := r.build(c, module); err != nil {
		r.Close()
		return nil, err
	}
	written, err := decide.Go(c, stream)
	if err == nil {
		err = r.check(written)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Close removes what was compiled.
func (r *Race) Close() { os.RemoveAll(r.folder) }

func (r *Race) build(c decide.Case, module string) error {
	var tenants strings.Builder
	for _, t := range c.Tenants {
		fmt.Fprintf(&tenants, "case %d: return uid != %d;\n", t.Port, t.UID)
	}
	for name, text := range map[string][]byte{"race.c": raceSource, "written.c": writtenSource, "tenants.h": []byte(tenants.String())} {
		if err := os.WriteFile(filepath.Join(r.folder, name), text, 0o666); err != nil {
			return err
		}
	}
	cmd := exec.Command("cc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-I"+module, "-I"+filepath.Join(module, "celltest", "testdata"),
		"race.c", "written.c", filepath.Join(module, "celleval.c"), "-o", "race")
	cmd.Dir = r.folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return nil
}

func (r *Race) run(args ...string) ([]byte, error) {
	cmd := exec.Command(filepath.Join(r.folder, "race"), args...)
	cmd.Stdin = bytes.NewReader(r.input)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("the race must run, but: %w\n%s", err, errs.String())
	}
	return out, nil
}

// check compares what both answer with what the Go switch does.
func (r *Race) check(want *decide.Contestant) error {
	out, err := r.run("answers")
	if err != nil {
		return err
	}
	if len(out) != 2*r.requests {
		return fmt.Errorf("there must be two answers to each of %d requests, but are %d", r.requests, len(out))
	}
	for i := range r.requests {
		for k, who := range []string{"the program", "the switch in C"} {
			if got := out[2*i+k] == '1'; got != want.Denies(i) {
				return fmt.Errorf("%s must answer request %d as the Go switch does, %v, but says %v", who, i, want.Denies(i), got)
			}
		}
	}
	return nil
}

// Run measures rounds of both in turn, each of at least so much processor time, and gives the fastest. Short rounds are
// disturbed least: of many some are not at all.
func (r *Race) Run(rounds int, each time.Duration) (Times, error) {
	out, err := r.run("times", strconv.Itoa(rounds), strconv.FormatInt(each.Nanoseconds(), 10))
	if err != nil {
		return Times{}, err
	}
	var t Times
	if _, err := fmt.Sscan(string(out), &t.Program, &t.Written); err != nil {
		return Times{}, fmt.Errorf("the race must give two numbers, but gives %q: %w", out, err)
	}
	return t, nil
}
