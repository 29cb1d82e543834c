package command

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/disk"
	"cellsh/kernel/host"
	"cellsh/lua/syntax"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/study"
)

// bootFolder is where policies for boot lie.
const bootFolder = "/etc/cellsh/policy.d"

func init() {
	register(&Command{
		Name: "load", Args: "PATH...", Short: "check policies and push them into the kernel",
		Changes: true,
		Long: `Checks the policies of the files and folders and pushes their programs into the
kernel for the cells that exist. All or nothing: if anything is wrong with any
of them, nothing changes. What is loaded is kept as a generation, with its
sources: cells that are made later are compiled from it, and rollback goes back
to it.

  cellsh load /etc/cellsh/policy.d

With --confirm the generation before is loaded again after that time, unless
cellsh confirm N comes first: a policy that locks its author out goes away by
itself. The command waits, and goes on waiting when its terminal is gone. A
session does not wait: at its end it goes back if that is not confirmed.

A session that ends takes back what it has loaded and nobody has confirmed.

In a session load without a path loads what was declared there, together with
what is loaded.

A kernel without the evaluation model asks no programs. There the policies
choose profile, ports and limits of cells that are made from now on (cellsh fit
shows how); --strict refuses policies of which such a kernel enforces less.

With --boot the policies are those of /etc/cellsh/policy.d, if no path is
given. All files, and the folders above them, must belong to root (on a
simulated kernel to root or to the caller) and be writable by nobody else. If
the policies can't be loaded the last good generation is, and without one, with
--lockdown, a policy that denies everything to cells. The exit code then says
what is active: 1 the last good generation, 3 lockdown, 4 nothing.`,
		Setup: func(fs *flag.FlagSet) func(*Invocation) error {
			var l loading
			fs.DurationVar(&l.confirm, "confirm", 0, "roll back after `TIME`, such as 30s, unless confirmed")
			fs.BoolVar(&l.strict, "strict", false, "refuse policies that the kernel would enforce only in part")
			fs.BoolVar(&l.boot, "boot", false, "load as at boot")
			fs.BoolVar(&l.lockdown, "lockdown", false, "with --boot: if nothing else can be loaded, deny everything to cells")
			return l.run
		},
	})
}

type loading struct {
	confirm                time.Duration
	strict, boot, lockdown bool
}

func (l *loading) run(inv *Invocation) error {
	paths := append(inv.Args, inv.Policy...)
	switch {
	case l.confirm < 0:
		return usage("--confirm must be a time, such as 30s, but is %s", l.confirm)
	case l.lockdown && !l.boot:
		return usage("--lockdown goes with --boot")
	case l.boot && l.confirm != 0:
		return usage("--boot and --confirm can't be given together: nobody is there to confirm")
	case l.boot:
		return l.atBoot(inv, paths)
	case len(paths) == 0 && (inv.Session == nil || inv.Session.Pending == nil):
		return usage("a path must be given")
	}
	h, err := inv.host()
	if err != nil {
		return err
	}
	o := host.LoadOptions{Confirm: l.confirm, Strict: l.strict}
	var out *host.Loaded
	var check *study.Check
	if len(paths) == 0 {
		out, check, err = inv.Session.Pending(o)
	} else {
		out, check, err = h.Load(inv.target.Reader.Read(paths), o)
	}
	inv.lap("load")
	if err != nil {
		return err
	}
	inv.warnings(check.Problems)
	if err := inv.loaded(out); err != nil {
		return err
	}
	if l.confirm == 0 {
		return nil
	}
	inv.note("generation %d is rolled back in %s unless confirmed: %s %d", out.Generation, l.confirm, inv.line("confirm"), out.Generation)
	if inv.Session != nil {
		return nil
	}
	return l.wait(inv, out.Generation)
}

// line is how a command is given where this one was given.
func (inv *Invocation) line(name string) string {
	if inv.Session != nil {
		return name
	}
	line := "cellsh"
	if inv.Kernel != "" {
		line += " -k " + inv.Kernel
	}
	return line + " " + name
}

// loaded writes what a load did.
func (inv *Invocation) loaded(l *host.Loaded) error {
	if inv.JSON {
		return inv.json(l.Report())
	}
	if !l.Stock {
		fmt.Fprintf(inv.Stdout, "generation %d: %s for %s, %d bytes\n", l.Generation, plural(l.Programs, "program"), plural(len(l.Cells), "cell"), l.Bytes)
		return nil
	}
	fmt.Fprintf(inv.Stdout, "generation %d: this kernel asks no programs; cells made from now on get what fits the policies best\n", l.Generation)
	for _, f := range l.Fits {
		ports := ""
		if len(f.Ports) > 0 {
			ports = ", " + portsText(f.Ports)
		}
		fmt.Fprintf(inv.Stdout, "  %s: profile %s%s%s\n", f.Cell, f.Best().Profile, ports, laxText(f))
	}
	if len(l.Frozen) > 0 {
		fmt.Fprintf(inv.Stdout, "cells that live, and stay as they were made: %s\n", strings.Join(l.Frozen, ", "))
	}
	return nil
}

func laxText(f *analysis.StockFit) string {
	if !f.Lax() {
		return ""
	}
	return fmt.Sprintf("; laxer than the policies in %s", plural(analysis.Requests(f.Best().Laxer)+len(f.Unenforced), "point"))
}

// wait lets the kernel go, so that another program can confirm, and rolls back when the time is over. It outlives its
// terminal: a policy that cuts the line must still go away.
func (l *loading) wait(inv *Invocation, generation uint64) error {
	if inv.target.Ephemeral() {
		return &kernel.Error{Op: "wait for the confirmation", Text: "the kernel must be one that others can reach, but its state ends with this command", Hint: "give -k sim:FILE"}
	}
	signal.Ignore(syscall.SIGHUP)
	defer signal.Reset(syscall.SIGHUP)
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupted)
	if err := inv.close(); err != nil {
		return err
	}
	over, early := inv.after(l.confirm), false
	for waits, done := true, false; waits && !done; {
		select {
		case <-over:
			done = true
		case <-interrupted:
			done, early = true, true
		case <-inv.after(time.Second):
			// A state that is just being written is looked at the next time.
			if w, err := inv.waits(generation); err == nil {
				waits = w
			}
		}
	}
	// To open the kernel for a change is to roll back what was not confirmed in time.
	t, err := inv.open()
	for busy := new(disk.BusyError); errors.As(err, &busy); t, err = inv.open() {
		<-inv.after(time.Second)
	}
	if err != nil {
		return err
	}
	history, err := t.Host.History()
	if err != nil {
		return err
	}
	text := "was not confirmed in time"
	if u := history.Unconfirmed; u != nil && u.Generation == generation {
		if _, err := t.Host.Revert(); err != nil {
			return err
		}
		if early {
			text = "was interrupted before it was confirmed"
		}
	} else if a := history.Active(); a != nil && a.Number == generation {
		fmt.Fprintf(inv.Stderr, "generation %d is confirmed\n", generation)
		return nil
	}
	return &kernel.Error{Op: "load", Text: fmt.Sprintf("generation %d %s, and is not active any more", generation, text)}
}

// waits reports whether the generation waits to be confirmed.
func (inv *Invocation) waits(generation uint64) (bool, error) {
	t, err := inv.connect(true)
	if err != nil {
		return true, err
	}
	defer t.Close()
	history, err := t.Host.History()
	if err != nil {
		return true, err
	}
	return history.Unconfirmed != nil && history.Unconfirmed.Generation == generation, nil
}

func (l *loading) atBoot(inv *Invocation, paths []string) error {
	if len(paths) == 0 {
		paths = []string{bootFolder}
	}
	h, err := inv.host()
	if err != nil {
		inv.problems(diag.Of(err))
		return quiet{int(host.BootNothing)}
	}
	r := inv.target.Reader
	trust := &disk.Trust{Owners: []int{0}, Limit: syntax.MaxSource}
	if uid := os.Geteuid(); uid > 0 && h.Kernel.Info().Simulated {
		trust.Owners = append(trust.Owners, uid)
	}
	r.Files = trust
	booted, out, err := h.Boot(r.Read(paths), host.BootOptions{Lockdown: l.lockdown, Strict: l.strict})
	inv.lap("load")
	what := map[host.Booted]string{
		host.BootLastGood: "the policies could not be loaded: the last good generation is active",
		host.BootLockdown: "the policies could not be loaded, and no earlier generation: lockdown is active, cells are denied everything",
		host.BootNothing:  "the policies could not be loaded: nothing is active, and cells are answered by the kernel's own models",
	}
	if err == nil {
		return inv.loaded(out)
	}
	code := int(booted)
	if inv.JSON {
		report := map[string]any{"ok": false, "active": booted.String(), "diagnostics": nonNil(diag.Of(err))}
		if out != nil {
			report["loaded"] = out.Report()
		}
		if err := inv.json(report); err != nil {
			return err
		}
		return quiet{code}
	}
	inv.problems(diag.Of(err))
	fmt.Fprintf(inv.Stderr, "cellsh: %s\n", what[booted])
	if out != nil {
		if err := inv.loaded(out); err != nil {
			return err
		}
	}
	return quiet{code}
}
