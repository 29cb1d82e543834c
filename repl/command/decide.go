package command

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"cellsh/kernel/disk"
	"cellsh/lua/loader"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/progress"
	"cellsh/policy/study"
	"cellsh/repl/flags"
)

func decideCommand() *Command {
	return &Command{
		Name: "decide", Args: "[--policy PATH...] < REQUESTS", Short: "answer many requests, one JSON object a line",
		Long: `Reads one request a line and writes one answer a line, in the same order. The
answers are those of the policies: what the kernel does, which may ask none,
is said by explain and can. The cell need not exist.

  {"cell":"web-1","request":"network.bind.port","uid":80,"euid":80,"gid":80,"egid":80,"groups":[80],
   "family":"inet","type":"stream","protocol":"tcp","addr":"10.0.0.1","port":8080}

(on one line) is answered with

  {"result":"allow","reason":"","policy":"web","file":"web.lua","line":15}

where policy, file and line are absent if nobody said it. Names are spelt as
policies spell them, "kill" and not "SIGKILL", or are numbers. The target of a
request is an object, "target":{"pid":7,"uid":80,"same_cell":true}, with cell ""
for the host. A field that is left out is an error only if the answer depends on
it; an unknown key is always one.

A line that can't be answered, an empty one too, gets {"error":...} in its
place, and the exit code is 1 at the end.`,
		Setup: func(*flags.Set) func(*Invocation) error { return runDecide },
	}
}

// maxLine bounds one request.
const maxLine = 1 << 20

func runDecide(inv *Invocation) error {
	if len(inv.Args) > 0 {
		return usage("requests are read from standard input, but %q is given", inv.Args[0])
	}
	if slices.Contains(inv.Policy, loader.StandardInput) {
		return usage("--policy - is standard input, but requests are read from there")
	}
	p, err := inv.policies()
	if err != nil {
		return err
	}
	if !inv.target.Host.Evaluates() {
		inv.note("this kernel asks no programs: the answers are those of the policies where they are asked, and cellsh can says what this kernel does")
	}
	in := bufio.NewReaderSize(inv.Stdin, 1<<16)
	out := bufio.NewWriterSize(inv.Stdout, 1<<16)
	failed := false
	for {
		if inv.Work.Stopped() {
			// What was answered is told, in whole lines.
			_ = out.Flush()
		}
		inv.Work.At(progress.Step{Doing: "answering"})
		line, tooLong, err := readLine(in)
		if err != nil {
			if err != io.EOF {
				return fmt.Errorf("standard input must be readable, but is not: %w", disk.Cause(err))
			}
			break
		}
		answer, ok := answerLine(p, line, tooLong)
		failed = failed || !ok
		out.Write(answer)
		// An answer is written before the next request is waited for.
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if failed {
		return quiet{Failed}
	}
	return nil
}

// readLine reads up to the end of a line; one that is too long is skipped.
func readLine(in *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			tooLong = true
		} else {
			line = append(line, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && (len(line) > 0 || tooLong):
			return line, tooLong, nil
		}
		return line, tooLong, err
	}
}

// answerLine gives the line of JSON for one line, and whether it could be answered.
func answerLine(p *study.Policies, line []byte, tooLong bool) ([]byte, bool) {
	if tooLong {
		return errorLine(fmt.Errorf("a line must have at most %d bytes, but has more", maxLine)), false
	}
	q, err := policy.ParseQuestion(line)
	if err != nil {
		return errorLine(err), false
	}
	d, err := p.Decide(q)
	if err != nil {
		return errorLine(err), false
	}
	return jsonLine(d.Report()), true
}

func errorLine(err error) []byte {
	text := err.Error()
	if l := diag.Of(err); len(l) > 1 || l[0].File != "" {
		var parts []string
		for _, d := range l {
			if d.Severity != diag.Error {
				continue
			}
			if d.File != "" {
				d.Message = d.Span.String() + ": " + d.Message
			}
			parts = append(parts, d.Message)
		}
		text = strings.Join(parts, "; ")
	}
	return jsonLine(map[string]string{"error": strings.ReplaceAll(text, "\n", "; ")})
}
