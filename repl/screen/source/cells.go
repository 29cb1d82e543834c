package source

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/kernel/monitor"
	"cellsh/kernel/service"
	"cellsh/policy/analysis"
	"cellsh/policy/kauth"
	"cellsh/repl/human"
	"cellsh/repl/inventory"
	"cellsh/repl/natural"
	"cellsh/repl/screen/model"
)

// pause is how long after the last figures the next are taken: a place is also read when something was done.
const pause = 500 * time.Millisecond

// cells are what was read of cells before.
type cells struct {
	known map[kernel.CellID]*cell
	// order are those of the last look, by name if sorted is set.
	order  []*cell
	sorted bool
	// at is when figures were taken last.
	at time.Time
}

// cell is what is kept of one.
type cell struct {
	host.Usage
	services []*inventory.Service
	made     time.Time
	// denied is how many denials there had been when figures were taken last; counted says that this is known.
	denied  uint64
	counted bool
	// top is the most memory that was seen.
	top                  uint64
	cpu, memory, denials figures
	// row is what was shown last, and stale says that it is not so any more. seen says that the last look has found the cell.
	row   model.Row
	stale bool
	seen  bool
}

var cellColumns = []model.Column{{Title: "CELL", Least: 8, Grows: true}, {Title: "PROC", Right: true, Least: 4, Rank: 3}, {Title: "MEMORY", Right: true, Least: 6, Rank: 2},
	{Title: "CPU", Right: true, Least: 4, Rank: 1}, {Title: "DENIED", Right: true, Least: 6, Rank: 4}, {Title: "SERVICE", Least: 8, Rank: 5}, {Title: "ANSWERED BY", Least: 11, Grows: true, Rank: 6}}

func (s *Source) readCells(string) (model.Table, error) {
	t := model.Table{Columns: cellColumns}
	// Who may not look at services has none.
	services, missing, _ := s.inventory()
	usages, err := s.host.Usage()
	if err != nil {
		return t, err
	}
	in := map[string][]*inventory.Service{}
	for i := range services {
		x := &services[i]
		in[x.Cell] = append(in[x.Cell], x)
	}
	c, now := &s.cells, s.o.Now()
	passed := now.Sub(c.at)
	sample := c.at.IsZero() || passed >= pause || passed < 0
	if sample {
		c.at = now
	}
	if c.known == nil {
		c.known = make(map[kernel.CellID]*cell, len(usages))
	}
	for i := range usages {
		u := &usages[i]
		x := c.known[u.ID]
		if x == nil || x.Name != u.Name {
			x = &cell{Usage: host.Usage{Measure: host.Measure{Cell: u.Cell}}, made: now.Add(-u.Age).Round(time.Second), stale: true}
			c.known[u.ID] = x
			c.order, c.sorted = append(c.order, x), false
		}
		x.seen = true
		x.update(u, in[u.Name])
		if sample {
			x.sample(passed.Seconds())
		}
	}
	c.settle()
	t.Rows = make([]model.Row, len(c.order))
	for i, x := range c.order {
		if x.stale || x.Audit != nil {
			x.row, x.stale = x.show(now), false
		}
		t.Rows[i] = x.row
	}
	if len(t.Rows) == 0 {
		missing = append(missing, "there are no cells")
	}
	t.Note = strings.Join(missing, "; ")
	return t, nil
}

// settle forgets the cells that are gone, and puts new ones into their place.
func (c *cells) settle() {
	c.order = slices.DeleteFunc(c.order, func(x *cell) bool {
		if gone := !x.seen; gone {
			if c.known[x.ID] == x {
				delete(c.known, x.ID)
			}
			return true
		}
		x.seen = false
		return false
	})
	if !c.sorted {
		slices.SortFunc(c.order, func(a, b *cell) int { return cmp.Or(natural.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
		c.sorted = true
	}
}

// update takes what a look has found.
func (x *cell) update(u *host.Usage, services []*inventory.Service) {
	x.stale = x.stale || !sameUsage(&x.Usage, u) || !sameServices(x.services, services)
	x.Usage, x.services = *u, services
}

// sample takes figures, so many seconds after the last.
func (x *cell) sample(seconds float64) {
	add := func(f *figures, level uint8) {
		if f.add(level) {
			x.stale = true
		}
	}
	add(&x.cpu, percents.of(x.CPU1s))
	x.top = max(x.top, x.Memory)
	most := float64(x.top)
	for i := range x.Budgets {
		if b := &x.Budgets[i]; b.Name == analysis.BudgetMemory && b.Value > 0 {
			most = float64(b.Value)
		}
	}
	if most > 0 {
		add(&x.memory, parts.of(100*float64(x.Memory)/most))
	}
	if x.Counts == nil {
		x.counted = false
		return
	}
	// A model that was started anew counts from 0 again.
	if x.counted && x.Counts.Denied >= x.denied && seconds > 0 {
		add(&x.denials, rates.of(float64(x.Counts.Denied-x.denied)/seconds))
	}
	x.denied, x.counted = x.Counts.Denied, true
}

// sameUsage reports whether the same is to be said of a cell.
func sameUsage(a, b *host.Usage) bool {
	return a.Root == b.Root && a.References == b.References && a.Processes == b.Processes && a.Memory == b.Memory && a.CPU1s == b.CPU1s && a.CPU10s == b.CPU10s &&
		same(a.Nofile, b.Nofile) && same(a.AS, b.AS) && same(a.Core, b.Core) && same(a.Counts, b.Counts) &&
		slices.Equal(a.Policies, b.Policies) && (a.Policies == nil) == (b.Policies == nil) && a.Hidden == b.Hidden && slices.Equal(a.Budgets, b.Budgets) && slices.Equal(a.Over, b.Over) && maps.Equal(a.Watched, b.Watched) && a.Supervised == b.Supervised &&
		a.Answerer.Program == b.Answerer.Program && a.Answerer.Revision == b.Answerer.Revision && same(a.Answerer.Profile, b.Answerer.Profile) && slices.Equal(a.Answerer.Ports, b.Answerer.Ports) &&
		a.Behind == b.Behind && a.Unattached == b.Unattached && a.Audit == nil && b.Audit == nil
}

func same[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

func sameServices(a, b []*inventory.Service) bool {
	return slices.EqualFunc(a, b, func(a, b *inventory.Service) bool {
		return a.Service == b.Service && a.State == b.State && a.Restarts == b.Restarts && a.Since.Equal(b.Since) && monitor.Why(&a.Status) == monitor.Why(&b.Status)
	})
}

// show makes the row of the cell.
func (x *cell) show(now time.Time) model.Row {
	denied := model.Field{Text: "-"}
	if x.Counts != nil {
		denied = model.Field{Text: strconv.FormatUint(x.Counts.Denied, 10), Spark: x.denials.last(short)}
	}
	by := human.Answers(&x.Usage)
	if x.Audit != nil {
		by += "; audited"
	}
	return model.Row{
		ID:      x.Name + " " + strconv.FormatUint(uint64(x.ID), 10),
		Fields:  []model.Field{text(x.Name), text(human.Members(&x.Usage)), text(human.Size(x.Memory)), {Text: percent(x.CPU1s), Spark: x.cpu.last(short)}, denied, text(x.serviceText()), text(by)},
		Tone:    x.tone(),
		Subject: model.Cell{Name: x.Name, Members: x.References, Services: x.running(), Create: x.create()},
		Into:    &model.Place{Kind: model.Members, Of: x.Name},
		Detail:  x.detail(now),
	}
}

func percent(p float64) string { return strconv.FormatFloat(p, 'f', 0, 64) + "%" }

// running are the services of the cell that run.
func (x *cell) running() []string {
	var names []string
	for _, s := range x.services {
		if s.Runs() {
			names = append(names, s.Service)
		}
	}
	return names
}

// serviceText says what the services of the cell do: "web running", or "3 of 4 running".
func (x *cell) serviceText() string {
	switch len(x.services) {
	case 0:
		return "-"
	case 1:
		return x.services[0].Service + " " + x.services[0].State.String()
	}
	n := 0
	for _, s := range x.services {
		if s.State == service.Running {
			n++
		}
	}
	return fmt.Sprintf("%d of %d running", n, len(x.services))
}

// tone is the worst of what there is to say.
func (x *cell) tone() model.Tone {
	worst := model.Plain
	if x.Audit != nil || x.Unattached || x.Behind != 0 {
		worst = model.Warning // its policies do not hold as they are loaded
	}
	for i := range x.Budgets {
		if b := &x.Budgets[i]; b.Warn > 0 {
			if use, known := x.Use(b.Name); known && use >= float64(b.Value)/100*float64(b.Warn) {
				worst = model.Warning
			}
		}
	}
	for _, s := range x.services {
		if t := toneOf(s.State); t == model.Warning || t == model.Bad {
			worst = max(worst, t)
		}
	}
	if len(x.Over) > 0 {
		worst = model.Bad
	}
	return worst
}

// create are the flags that make such a cell, as far as it is known what it was made with.
func (x *cell) create() []string {
	out := []string{"--root", x.Root}
	if x.Root == "/" {
		out = append(out, "--yes")
	}
	if x.Answerer.Profile != nil {
		out = append(out, "--profile", x.Answerer.Profile.String())
	}
	if ports := x.Answerer.Ports; len(ports) > 0 {
		out = append(out, "--ports", portList(ports, ","))
	}
	for _, l := range x.limits() {
		if l.value != nil {
			out = append(out, "--"+l.flag, limitText(l.value, false))
		}
	}
	return out
}

// resource is a limit that what cellsh starts in a cell has.
type resource struct {
	flag, what string
	bytes      bool
	value      *uint64
}

func (x *cell) limits() [3]resource {
	return [3]resource{{"nofile", "open files", false, x.Nofile}, {"as", "address space", true, x.AS}, {"core", "core dumps", true, x.Core}}
}

// limitText is a limit as flags take it, or with a unit.
func limitText(v *uint64, bytes bool) string {
	switch {
	case *v == uint64(kauth.Unlimited):
		return "unlimited"
	case bytes:
		return human.Size(*v)
	}
	return strconv.FormatUint(*v, 10)
}

func portList(ports []uint16, between string) string {
	list := make([]string, len(ports))
	for i, p := range ports {
		list[i] = strconv.Itoa(int(p))
	}
	return strings.Join(list, between)
}

// detail is all that there is to say.
func (x *cell) detail(now time.Time) []model.Field {
	first := fmt.Sprintf("id %d, root %s", x.ID, x.Root)
	if x.Age > 0 || x.Created > 0 {
		first += ", made " + clock(x.made.In(now.Location()), now)
	}
	out := texts(first)
	by := "answered by " + human.Answers(&x.Usage)
	if p := x.Answerer.Profile; p != nil {
		by += "; made with profile " + p.String()
	}
	if ports := x.Answerer.Ports; len(ports) > 0 {
		by += "; reserves ports " + portList(ports, ", ")
	}
	out = append(out, text(by))
	if x.Audit != nil {
		out = append(out, text(fmt.Sprintf("audited for %s more: its policies refuse nothing", human.Left(x.Audit.Left(now)))))
	}
	var limits []string
	for _, l := range x.limits() {
		if l.value != nil {
			limits = append(limits, l.what+" "+limitText(l.value, l.bytes))
		}
	}
	if limits != nil {
		out = append(out, text("limits: "+strings.Join(limits, ", ")))
	}
	for _, s := range x.services {
		line := fmt.Sprintf("service %s is %s", s.Service, s.State)
		if why := monitor.Why(&s.Status); why != "" {
			line += ": " + why
		}
		out = append(out, text(line))
	}
	out = append(out, model.Field{Text: fmt.Sprintf("cpu %s, over 10 seconds %s", percent(x.CPU1s), percent(x.CPU10s)), Spark: x.cpu}, model.Field{Text: "memory " + human.Size(x.Memory), Spark: x.memory})
	if c := x.Counts; c != nil {
		line := fmt.Sprintf("%d of %d decisions denied, %d granted", c.Denied, c.Decisions, c.Granted)
		if c.WouldDeny > 0 {
			line += fmt.Sprintf(", %d would be denied", c.WouldDeny)
		}
		out = append(out, model.Field{Text: line, Spark: x.denials})
	}
	for i := range x.Budgets {
		out = append(out, text(x.budget(&x.Budgets[i])))
	}
	return out
}

// budget says what a policy has limited, and what of it is used.
func (x *cell) budget(b *analysis.Budget) string {
	line := fmt.Sprintf("budget of %s: ", b.Name)
	if use, known := x.Use(b.Name); known {
		line += b.Name.Format(int64(use)) + " of "
	}
	line += fmt.Sprintf("%s by policy %s", b.Name.Format(b.Value), b.Policy)
	if slices.ContainsFunc(x.Over, func(o host.Excess) bool { return o.Budget == string(b.Name) }) {
		line += ", exceeded"
	}
	return line
}
