package command

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/progress"
	"cellsh/policy/report"
	"cellsh/policy/study"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func tryCommand() *Command {
	return &Command{
		Name: "try", Args: "[--policy PATH...] REQUEST [FIELD=VALUE...]", Short: "ask a fresh simulated kernel that has the policies",
		Long: `Starts a simulated kernel, loads the policies into it as load would, makes a
cell, and has a process there ask the request. It says what the kernel answers,
who decided, at which line, and with which error the system call fails. When it
has said that, the kernel is gone: nothing is loaded or changed anywhere.

REQUEST is a request, or an action or scope: then all of its requests are asked
that have the fields and values that are given, and that the kernel asks. Fields
are named as policies name them, port and target.pid, and values are those that
policies compare with, true or "kill". Without uid or euid the process is root.
What no field that is given tells, such as who owns a file, counts as not so;
where it would turn the answer that is said.

The kernel is built as the one of -k, whose policies are tried if there is no
--policy; with --policy and without -k it is the one that sim is.

Without --cell the request is asked in one cell for each glob of the policies,
as check does it. In a session policies that are pending are tried together with
those that are loaded.

explain works out the answer instead, for the kernel at hand, and says which
tests lead there and what is nearest; can says it for all values. try shows that
the kernel, with the programs that were pushed, gives it.

  cellsh try --policy web.lua network.bind port=81
  cellsh try --policy web.lua --cell web-7 process.signal signal=kill target.same_cell=false`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var o trying
			cellList(fs, &o.cells, "ask in a cell of that NAME; repeats")
			return o.run
		},
	}
}

// trying is the flags of try.
type trying struct {
	cells []string
}

func (flags *trying) run(inv *Invocation) error {
	if len(inv.Args) == 0 {
		return usage("a request must be given")
	}
	if inv.Session == nil && inv.Kernel == "" && inv.supposed() {
		inv.Kernel = "sim" // no other kernel has to do with it
	}
	p, err := inv.tried()
	if err != nil {
		return err
	}
	cells := flags.cells
	if len(cells) == 0 {
		for _, s := range p.Samples(nil, nil) {
			cells = append(cells, s.Name)
		}
	}
	list, err := questions(p.Vocabulary(), cells, inv.Args)
	if err != nil {
		return err
	}
	if !inv.target.Host.Evaluates() {
		inv.note("this kernel asks no programs: its own models answer, and the profile that the policies choose for the cell")
	}
	t, err := newTryout(inv.target, p)
	if err != nil {
		return err
	}
	inv.lap("load")
	var out []tried
	for len(list) > 0 {
		n := slices.IndexFunc(list, func(q *policy.Question) bool { return q.Cell != list[0].Cell })
		if n < 0 {
			n = len(list)
		}
		answers, err := t.ask(list[:n])
		if err != nil {
			return err
		}
		out = append(out, answers...)
		list = list[n:]
	}
	if inv.JSON {
		reports := []triedReport{}
		for i := range out {
			reports = append(reports, out[i].report())
		}
		return inv.json(struct {
			Answers []triedReport `json:"answers"`
		}{reports})
	}
	fmt.Fprint(inv.Stdout, triedText(out))
	return nil
}

// tried are the policies to be tried: those of --policy, or what is loaded, in a session with what is pending.
func (inv *Invocation) tried() (*study.Policies, error) {
	if inv.Session == nil || inv.supposed() {
		return inv.policies()
	}
	if d := inv.Session.Declared(); len(d.Policies)+len(d.Nevers) == 0 {
		return inv.policies()
	}
	if _, err := inv.open(); err != nil {
		return nil, err
	}
	p, err := inv.Session.Pending()
	if err != nil {
		return nil, err
	}
	return p.Policies, nil
}

// questions reads the words after the command, for each of the cells.
func questions(v *kauth.Vocabulary, cells, words []string) ([]*policy.Question, error) {
	pattern, err := study.ParsePattern(words[0])
	if err != nil {
		if _, request := kauth.FindPattern(slices.Concat(words, []string{"", ""})[1]); request && policy.CheckName(words[0]) == "" {
			return nil, usage("a request must come first, but %q does; a cell is named with --cell %s", words[0], words[0])
		}
		return nil, err
	}
	var ids []kauth.RequestID
	if id, single := kauth.Find(words[0]); single {
		ids = append(ids, id)
	} else {
		for id, hi := pattern.Range(); id < hi; id++ {
			if !v.Flags(id).Has(kauth.NeverRaised) {
				ids = append(ids, id)
			}
		}
	}
	var out []*policy.Question
	var wrong policy.Errors
	for i, id := range ids {
		var errs policy.Errors
		for _, cell := range cells {
			q, err := study.ParseWords(slices.Concat([]string{cell, id.String()}, words[1:]))
			if errs.Add(err); err != nil {
				break
			}
			out = append(out, q)
		}
		if i == 0 || len(errs) < len(wrong) {
			wrong = errs // of a request that the fields fit best
		}
	}
	if len(out) == 0 {
		return nil, wrong.Err()
	}
	slices.SortStableFunc(out, func(a, b *policy.Question) int { return slices.Index(cells, a.Cell) - slices.Index(cells, b.Cell) })
	return out, nil
}

// tryout is a kernel that is made to try policies.
type tryout struct {
	policies *study.Policies
	host     *host.Host
	kernel   *sim.Kernel
}

// newTryout makes a kernel as the one of the target is, and loads the policies into it; the error is a diag.List of all that is
// wrong with them.
func newTryout(t *Target, p *study.Policies) (*tryout, error) {
	k, err := sim.New(sim.Options{Revision: t.Info().Revision, Vocabulary: t.Info().Vocabulary, NoEvaluation: !t.Host.Evaluates()})
	if err != nil {
		return nil, err
	}
	out := &tryout{policies: p, kernel: k, host: host.New(k, &host.Memory{}, t.Reader.Load, t.Host.Now)}
	out.host.Work = t.Host.Work
	_, _, err = out.host.Load(p, host.LoadOptions{Yes: true})
	return out, err
}

// ask makes the cell of the questions, which have the same, and asks them there, each by a process of its own.
func (t *tryout) ask(list []*policy.Question) ([]tried, error) {
	cell := list[0].Cell
	t.host.Work.At(progress.Step{Doing: "asking", Of: cell})
	id, err := t.host.Create(kernel.Spec{Name: cell, Root: "/cells/" + cell})
	if err != nil {
		return nil, err
	}
	var out []tried
	var problems diag.List
	for _, q := range list {
		d, err := t.policies.Decide(q)
		if err != nil {
			for _, d := range diag.Of(missingHint(err)) {
				if !slices.ContainsFunc(problems, func(x diag.Diagnostic) bool { return x.Message == d.Message && x.Span == d.Span }) {
					problems = append(problems, d)
				}
			}
			continue
		}
		p, err := t.kernel.Spawn(asker(id, &q.Request))
		if err != nil {
			return nil, err
		}
		asked, errno := p.Ask(&q.Request)
		if errno != 0 {
			return nil, &kernel.Error{Op: "ask " + q.ID.String(), Errno: errno, Text: "the process must be there, but is gone"}
		}
		p.Exit(0)
		t.kernel.Init().Wait()
		out = append(out, tried{cell: cell, Question: asked, policies: d, root: !q.Given.Has(kauth.FieldUID) && !q.Given.Has(kauth.FieldEUID)})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return out, t.host.Destroy(cell)
}

// asker is a process with the credential of the request, as far as that is given: an effective id is also the real one unless that
// is given, and the other way round.
func asker(cell kernel.CellID, r *policy.Request) sim.SpawnSpec {
	spec := sim.SpawnSpec{Cell: cell, Name: "try"}
	ids := func(realID, effective kauth.Field) (uint32, *uint32) {
		if !r.Given.Has(realID) {
			return uint32(r.Int[effective]), nil
		}
		if !r.Given.Has(effective) {
			return uint32(r.Int[realID]), nil
		}
		e := uint32(r.Int[effective])
		return uint32(r.Int[realID]), &e
	}
	spec.UID, spec.EUID = ids(kauth.FieldUID, kauth.FieldEUID)
	spec.GID, spec.EGID = ids(kauth.FieldGID, kauth.FieldEGID)
	if r.Given.Has(kauth.FieldGroups) {
		spec.Groups = append([]uint32{}, r.Groups...)
	}
	return spec
}

// tried is what the kernel has answered.
type tried struct {
	cell string
	*sim.Question
	// policies is what they say of the request.
	policies *study.Decision
	// root says that the process was root because nobody has said who it is.
	root bool
}

// decider is the answer of a policy that decides, nil if none does. Where other models decide too it is the policy that people
// want to know.
func (t *tried) decider() *sim.Answer {
	decides := policy.Grant
	if t.Errno != 0 {
		decides = policy.Deny
	}
	if a := t.evaluation(); a != nil && a.Result == decides && a.Source.Policy != "" {
		return a
	}
	return nil
}

// triedText says what the kernel has answered, once of requests and of cells that are answered alike.
func triedText(list []tried) string {
	type answer struct {
		verb, why, body string
		cells           []string
		requests        []kauth.RequestID
	}
	var answers []answer
	root := false
	for begin := 0; begin < len(list); {
		var of []answer
		cell := list[begin].cell
		for ; begin < len(list) && list[begin].cell == cell; begin++ {
			t := &list[begin]
			root = root || t.root
			verb, why, body := t.text()
			at := slices.IndexFunc(of, func(a answer) bool { return a.verb == verb && a.why == why && a.body == body })
			if at < 0 {
				at = len(of)
				of = append(of, answer{verb: verb, why: why, body: body, cells: []string{cell}})
			}
			of[at].requests = append(of[at].requests, t.Request.ID)
		}
		for _, x := range of {
			at := slices.IndexFunc(answers, func(a answer) bool {
				return a.verb == x.verb && a.why == x.why && a.body == x.body && slices.Equal(a.requests, x.requests)
			})
			if at < 0 {
				answers = append(answers, x)
			} else {
				answers[at].cells = append(answers[at].cells, cell)
			}
		}
	}
	var b strings.Builder
	for _, a := range answers {
		b.WriteString(wrap(0, fmt.Sprintf("%s: the kernel %s %s%s", human.Cells(a.cells), a.verb, ids(a.requests), a.why)) + a.body)
	}
	if root {
		b.WriteString("asked by root; uid=UID asks as another user\n")
	}
	return b.String()
}

// text is what the kernel does, why after a colon if a policy says it, and what more there is to say.
func (t *tried) text() (verb, why, body string) {
	verb = "allows"
	if t.Errno != 0 {
		verb = "refuses"
	}
	var b strings.Builder
	if d := t.decider(); d != nil {
		why = because(d.Answer)
		b.WriteString(place(d.Answer))
	} else {
		b.WriteString(wrap(2, t.Why()))
		switch said := t.evaluation(); {
		case said != nil && said.Source.Policy != "":
			b.WriteString(wrap(2, "the policies say: "+answerText(said.Answer)))
		case t.policies.Note != "":
			b.WriteString(wrap(2, t.policies.Note))
		}
	}
	if t.Errno == 0 {
		// Of a refusal it was said what would allow it.
		b.WriteString(openText(t.Open))
	}
	switch info := t.Request.ID.Info(); {
	case t.policies.Probe && t.Errno != 0:
		b.WriteString("  it is a probe: a denial is no error, it only picks a behaviour\n")
	case t.Errno != 0 && info.DenyText != "":
		b.WriteString(wrap(2, "the system call fails with: "+info.DenyText))
	}
	b.WriteString(wouldText(t.policies))
	return verb, why, b.String()
}

// openText says what would have the kernel refuse, and how one could ask about it: a line for all that is told in the same way.
func openText(open []sim.Open) string {
	var b strings.Builder
	for len(open) > 0 {
		var alike []string
		fields := open[0].Fields
		open = slices.DeleteFunc(slices.Clone(open), func(o sim.Open) bool {
			if o.Fields == fields {
				alike = append(alike, o.If)
			}
			return o.Fields == fields
		})
		told := "no field tells"
		if fields != 0 {
			var names []string
			for _, f := range fields.Fields() {
				names = append(names, f.String())
			}
			told = strings.Join(names, " and ") + " would tell"
		}
		b.WriteString(wrap(2, fmt.Sprintf("it refuses it if %s, which %s", strings.Join(alike, ", or if "), told)))
	}
	return b.String()
}

// evaluation is what the evaluation model said, nil where the kernel has none.
func (t *tried) evaluation() *sim.Answer {
	for i := range t.Answers {
		if t.Answers[i].Model == "evaluation" {
			return &t.Answers[i]
		}
	}
	return nil
}

// triedReport is the report of what the kernel has answered.
type triedReport struct {
	Cell    string `json:"cell"`
	Request string `json:"request"`
	Allowed bool   `json:"allowed"`
	// Errno is what the system call usually fails with, absent where it succeeds or only behaves in another way.
	Errno string `json:"errno,omitempty"`
	Why   string `json:"why"`
	// Policy, File and Line are absent unless a policy decided.
	Policy string `json:"policy,omitempty"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	// Open is what would turn the answer, and no field that was given tells.
	Open []string `json:"open"`
	// UID and EUID that asked.
	UID     uint32        `json:"uid"`
	EUID    uint32        `json:"euid"`
	Answers []modelReport `json:"answers"`
}

// modelReport is what one model said.
type modelReport struct {
	Model    string `json:"model"`
	Listener string `json:"listener"`
	report.Answer
}

func (t *tried) report() triedReport {
	out := triedReport{Cell: t.cell, Request: t.Request.ID.String(), Allowed: t.Errno == 0, Why: t.Why(), Open: []string{}, UID: t.Subject.UID, EUID: t.Subject.EUID}
	if deny := t.Request.ID.Info().Deny; t.Errno != 0 && deny != 0 {
		out.Errno = deny.Name()
	}
	if d := t.decider(); d != nil {
		out.Why, out.Policy, out.File, out.Line = d.Why(), d.Source.Policy, d.Source.File, d.Source.Line
	}
	for _, o := range t.Open {
		out.Open = append(out.Open, o.If)
	}
	for _, a := range t.Answers {
		out.Answers = append(out.Answers, modelReport{a.Model, a.Listener, report.One(a.Answer)})
	}
	return out
}
