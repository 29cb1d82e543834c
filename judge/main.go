// Command judge has random policies and scripts read by cellsh and by an implementation of Lua that cellsh has nothing to
// do with, and prints what they read differently. See the package cellsh/judge/compare.
//
//	go run . [-policies N] [-requests N] [-scripts N] [-seed N] [-shrink N] [-seconds N] [-cellsh PROGRAM] [-proof] [-examples]
//
// It is a module of its own, so that what it needs reaches nobody who uses cellsh.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"cellsh/judge/compare"
	"cellsh/judge/subject"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

func run() error {
	var o compare.Options
	flag.Uint64Var(&o.Seed, "seed", 1, "begin with this `number`")
	flag.IntVar(&o.Policies, "policies", 1000, "the `number` of policies")
	flag.IntVar(&o.Requests, "requests", 60, "the `number` of requests for each policy")
	flag.IntVar(&o.Scripts, "scripts", 1000, "the `number` of scripts")
	flag.IntVar(&o.Shrink, "shrink", 1500, "try a `number` of smaller programs for each that differs")
	seconds := flag.Int("seconds", 0, "stop after so many `seconds`; 0 is never")
	path := flag.String("cellsh", "", "judge this `program`; without it, one that is built")
	proof := flag.Bool("proof", false, "have cellsh prove what it compiles, too")
	examples := flag.Bool("examples", false, "show a program for each cause of a refusal")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("the arguments must be flags, but %q is none", flag.Arg(0))
	}
	program := subject.Program{Path: *path}
	if *path == "" {
		folder, err := os.MkdirTemp("", "judge")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		if program, err = subject.Build("..", folder); err != nil {
			return err
		}
	}
	program.Proof = *proof
	o.Progress = os.Stdout
	if *seconds > 0 {
		o.Until = time.Now().Add(time.Duration(*seconds) * time.Second)
	}
	result, err := compare.Run(program, o)
	if err != nil {
		return err
	}
	if *examples {
		for _, c := range result.Sorted() {
			fmt.Printf("REFUSED: %s: %s: %s\n%s:%s\n%s\n", c.Way, c.Code, c.Message, c.Name, c.Said, c.Example)
		}
	}
	fmt.Print(result)
	if n := len(result.Differences); n > 0 {
		return fmt.Errorf("%s read differently", strings.TrimSpace(fmt.Sprint(n, " programs are")))
	}
	return nil
}
