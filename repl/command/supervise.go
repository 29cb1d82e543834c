package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"cellsh/kernel"
	"cellsh/kernel/monitor"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/outlet"
	"cellsh/kernel/service"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/report"
	"cellsh/repl/flags"
)

func superviseCommand() *Command {
	return &Command{
		Name: "supervise", Args: "CELL [--] COMMAND [ARGUMENT...]", Short: "run a command in a cell as a service", Changes: true, Verbatim: true, Without: []string{"policy"},
		Long: `Runs the command in the cell as a service that no file declares: it is started
again whenever it ends, after 1, 2, 4, 8 and then 10 seconds, and after 1 again
once it has run for 30. After 10 ends in a row that came earlier it is given up.
What it writes goes to the system's log and to a file, which cellsh output
shows. It has the name of its cell; status, stop and restart take that.

Flags and their meaning are those of cellctl supervise: -f, -o, -e and -t for
the log, -U with -G, and -g with both, for numbers of users and groups. The
command is in no groups but those that are given.

  cellsh -k sim:cells.state supervise --user www web-1 -- httpd -f`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			s := &supervising{d: service.Defaults()}
			s.declare(fs)
			return s.run
		},
	}
}

type supervising struct {
	dir        string
	d          service.Definition
	uid, gid   string
	groups     bool
	name       string
	foreground bool
	logs       bool
}

func (s *supervising) declare(fs *flags.Set) {
	fs.Text(&s.dir, "run-dir", "DIR", "its state is in DIR instead of "+string(rundir.Default))
	fs.Func("f", "FACILITY", "the FACILITY of the system's log, daemon without it", func(text string) string {
		n, ok := outlet.Facility(text)
		if !ok {
			return flags.Must("be one of "+strings.Join(outlet.Facilities(), ", "), text)
		}
		s.d.Log.Facility, s.logs = n, true
		return ""
	})
	for _, l := range []struct {
		flag, what, without string
		to                  *int
	}{{"o", "standard output", "notice", &s.d.Log.Stdout}, {"e", "standard error", "err", &s.d.Log.Stderr}} {
		fs.Func(l.flag, "LEVEL", "the LEVEL of lines of "+l.what+", by name or from 0 to 7; "+l.without+" without it", func(text string) string {
			n, ok := outlet.Level(text)
			if !ok {
				return flags.Must("be one of "+strings.Join(outlet.Levels(), ", ")+", or a number from 0 to 7", text)
			}
			*l.to, s.logs = n, true
			return ""
		})
	}
	fs.Func("t", "TAG", "the TAG of lines in the system's log, cellctl without it", func(text string) string {
		if text == "" || len(text) > service.MaxTag {
			return flags.Must(fmt.Sprintf("have from 1 to %d bytes", service.MaxTag), text)
		}
		s.d.Log.Tag, s.logs = text, true
		return ""
	})
	fs.Func("U", "UID", "run as the user with the number UID; needs -G", func(text string) string { return id(&s.uid, text) })
	fs.Func("G", "GID", "run in the group with the number GID; needs -U", func(text string) string { return id(&s.gid, text) })
	fs.Func("g", "GIDS", "be in the groups with the numbers GIDS too, separated by commas; needs -U and -G", func(text string) string {
		s.groups = true
		for one := range strings.SplitSeq(text, ",") {
			var g string
			if problem := id(&g, one); problem != "" {
				return problem
			}
			n, _ := strconv.ParseUint(g, 10, 32)
			s.d.Groups = append(s.d.Groups, uint32(n))
		}
		return ""
	})
	fs.Text(&s.d.User, "user", "USER", "run as USER or USER:GROUP of the cell, names or numbers; root without it")
	fs.List(&s.d.Env, "env", "NAME=VALUE", "set NAME=VALUE; repeats")
	fs.Func("restart", "WHEN", "start it again always, on-failure or never; always without it", func(text string) string {
		r, ok := service.ParseRestart(text)
		if !ok {
			return flags.Must("be always, on-failure or never", text)
		}
		s.d.Restart = r
		return ""
	})
	fs.Words("restart", []string{"always", "on-failure", "never"})
	fs.Func("name", "NAME", "call the service NAME instead of as its cell", func(text string) string {
		s.name = text
		return policy.CheckName(text)
	})
	fs.Switch(&s.foreground, "foreground", "stay until it ends, with its output here, and exit as it does")
}

// id takes a number of a user or a group.
func id(to *string, text string) string {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 1<<32-1 {
		return flags.Must("be a number from 0 to 4294967294", text)
	}
	*to = strconv.FormatUint(n, 10)
	return ""
}

// check says what of the flags does not go together.
func (s *supervising) check(inv *Invocation) error {
	switch {
	case len(inv.Args) == 0:
		return usage("a cell must be given")
	case len(inv.Args) == 1:
		return usage("a command must be given")
	case (s.uid == "") != (s.gid == ""):
		return usage("-U and -G must be given together")
	case s.groups && s.uid == "":
		return usage("-g needs -U and -G")
	case s.uid != "" && s.d.User != "":
		return usage("--user and -U say the same: give one of them")
	case s.foreground && s.logs:
		return usage("-f, -o, -e and -t are for the system's log, and with --foreground nothing is written there")
	case s.foreground && inv.Session != nil:
		return usage("--foreground can't be given in a session: exec runs a command here")
	}
	return nil
}

func (s *supervising) run(inv *Invocation) error {
	if err := s.check(inv); err != nil {
		return err
	}
	d := s.d
	d.Cell.Name, d.Command = inv.Args[0], inv.Args[1:]
	if d.Name = s.name; d.Name == "" {
		d.Name = d.Cell.Name
	}
	if s.uid != "" {
		d.User = s.uid + ":" + s.gid
	}
	op := "supervise in cell " + d.Cell.Name
	h, err := inv.host()
	if err != nil {
		return err
	}
	c, err := h.Cell(op, d.Cell.Name)
	if err != nil {
		return err
	}
	if problems := d.Check(); len(problems) > 0 {
		return usage("%s", problems[0])
	}
	if err := inv.canRun(op); err != nil {
		return err
	}
	dir, err := (&serviceFlags{run: s.dir}).dir(inv)
	if err != nil {
		return err
	}
	m := &monitor.Manager{Dir: dir}
	task := inv.task(d, c, true)
	if s.foreground {
		return s.stay(inv, m, task)
	}
	if old, err := m.Status(context.Background(), d.Name); err == nil && !old.State.Final() {
		return &kernel.Error{Op: op, Text: fmt.Sprintf("service %s must not run yet, but is %s in cell %s", d.Name, old.State, old.Cell),
			Hint: "stop it, or give this one another name with --name"}
	}
	ctx, end := interruptible()
	defer end()
	var status rundir.Status
	var started error
	if err := inv.rest(func() { status, started = m.Start(ctx, task) }); err != nil {
		return errors.Join(err, started)
	}
	if inv.JSON && status.Service != "" {
		out := map[string]any{"services": []rundir.Status{status}}
		if started != nil {
			out["ok"], out["diagnostics"] = false, report.List(diag.Of(started))
		}
		if err := inv.json(out); err != nil {
			return err
		}
		if started != nil {
			return quiet{Failed}
		}
		return nil
	}
	if started == nil && !inv.JSON {
		fmt.Fprintf(inv.Stdout, "service %s runs in cell %s\n", d.Name, c.Name)
	}
	return started
}

// stay runs the service as a part of this program.
func (s *supervising) stay(inv *Invocation, m *monitor.Manager, task monitor.Task) error {
	files, err := inv.files()
	if err != nil {
		return err
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(told)
	stop := make(chan struct{})
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-told:
			close(stop)
		case <-ended:
		}
	}()
	var code int
	if rested := inv.rest(func() { code, err = m.Foreground(task, files.Out, files.Err, stop, func(rundir.Status) {}) }); rested != nil {
		return errors.Join(rested, err)
	}
	if err != nil {
		inv.problems(diag.Of(err))
	}
	if code != 0 {
		return quiet{code}
	}
	return nil
}
