package sim

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/stock"
)

// question is one kauth(9) question while it is answered. It brings the facts that the rules of the stock models
// ask for; those about credentials and the target are worked out when a rule asks, the others are set by the
// system call that asks the question.
type question struct {
	k *Kernel
	// caller is the process in whose name the kernel runs, curproc.
	caller *Process
	// cred is the subject. Nearly always it is the caller's; a routing socket brings its creator's.
	cred *cred
	// target is the process in question, nil where there is none.
	target *Process
	// sock is the socket in question.
	sock *socket
	// r holds the request and the fields that the system call knows. Credential and target are added only where
	// somebody reads them.
	r policy.Request
	// facts about objects that the system call knows.
	facts [stock.NumFacts]bool
	// arg1 is what secmodel_cell writes into its log as the request of a process question.
	arg1 int64
	// candidate marks a question about a candidate for an automatic port. The kernel asks it with an address
	// that has no family, in which secmodel_cell finds no port.
	candidate bool
	// alone marks a question that no system call asks: see Process.Ask.
	alone bool
}

// ask begins a question of the caller. It must be ended with answer.
func (p *Process) ask(id kauth.RequestID) *question {
	return p.k.question(p, p.cred, id)
}

func (k *Kernel) question(caller *Process, c *cred, id kauth.RequestID) *question {
	var q *question
	if n := len(k.questions); n > 0 {
		q = k.questions[n-1]
		k.questions = k.questions[:n-1]
		*q = question{}
	} else {
		q = new(question)
	}
	q.k, q.caller, q.cred = k, caller, c
	q.r.ID = id
	return q
}

// about names the target process.
func (q *question) about(t *Process) *question {
	q.target = t
	return q
}

// with sets a field of the request.
func (q *question) with(f kauth.Field, v int64) *question {
	q.r.SetInt(f, v)
	return q
}

// text sets a field that holds text.
func (q *question) text(f kauth.Field, s string) *question {
	q.r.SetText(f, s)
	return q
}

// fact says whether a fact about an object holds.
func (q *question) fact(f stock.Fact, holds bool) *question {
	q.facts[f] = holds
	return q
}

// arg and code set what the log of secmodel_cell shows as the request of a process question: an argument, or the
// request's own code.
func (q *question) arg(v int64) *question {
	q.arg1 = v
	return q
}

func (q *question) code() *question {
	n, _ := q.k.opts.Vocabulary.Number(q.r.ID)
	return q.arg(int64(n.Req))
}

// Fact brings the facts to the rules: see [stock.Facts].
func (q *question) Fact(f stock.Fact) stock.Truth {
	switch f.Origin() {
	case stock.FromHost:
		return q.k.settings.Fact(f)
	case stock.NeverHolds:
		return stock.No
	}
	if q.alone && f.Origin() != stock.FromCaller {
		return q.told(f)
	}
	var t *cred
	if q.target != nil {
		t = q.target.cred
	}
	holds := q.facts[f]
	switch f {
	case stock.CallerRoot:
		holds = q.cred.euid == 0
	case stock.CallerRealRoot:
		holds = q.cred.uid == 0
	case stock.CallerHostRoot:
		holds = q.cred.hostRoot()
	case stock.OpSetsDebugRegisters:
		holds = q.r.Int[kauth.FieldOp] == ptSetDBRegs
	case stock.OpAccesses:
		holds = ptraceKind(q.r.Int[kauth.FieldOp]) == ptAccesses
	case stock.OpControls:
		holds = ptraceKind(q.r.Int[kauth.FieldOp]) == ptControls
	case stock.SignalContinues:
		holds = q.r.Int[kauth.FieldSignal] == sigCont
	case stock.Autoload:
		holds = q.r.Int[kauth.FieldAutoload] != 0
	case stock.BitsBeyondReadConf:
		holds = q.r.Int[kauth.FieldBits]&^passReadConf != 0
	case stock.TypeRaw:
		holds = q.r.Int[kauth.FieldType] == sockRaw
	case stock.DomainForAll:
		d := q.r.Int[kauth.FieldDomain]
		holds = d == afRoute || d == afOroute || d == afBluetooth || d == afCAN
	case stock.DomainRoute:
		d := q.r.Int[kauth.FieldDomain]
		holds = d == afRoute || d == afOroute
	case stock.TargetIsCaller:
		holds = q.target == q.caller
	case stock.TargetIsInit:
		holds = q.target == q.k.init
	case stock.TargetOtherCell:
		// Without a process to look at, the cell model has no objection.
		holds = t != nil && t.cell != q.cred.cell
	case stock.SameRealUID:
		holds = t != nil && q.cred.uid == t.uid
	case stock.AnyUIDMatches:
		holds = t != nil && q.cred.uidMatch(t)
	case stock.RealUIDIsTargets:
		holds = t != nil && q.cred.uid == t.uid && q.cred.uid == t.svuid
	case stock.OwnsTarget:
		holds = t != nil && q.cred.owns(t)
	case stock.TargetSUGID:
		holds = q.target != nil && q.target.sugid
	case stock.TargetKmem:
		holds = q.target != nil && q.target.kmem
	case stock.TargetTracePersistent:
		holds = q.target != nil && q.target.ktraceAll
	case stock.TraceIDsMatch:
		holds = t != nil && q.cred.euid == t.uid && q.cred.uid == t.svuid && q.cred.gid == t.gid && q.cred.gid == t.svgid
	case stock.NiceUIDMatches:
		holds = t != nil && (q.cred.euid == t.euid || q.cred.uid == t.euid)
	case stock.SameSession:
		holds = q.target != nil && q.caller != nil && q.caller.session() == q.target.session()
	case stock.SocketHasCreator:
		holds = q.sock != nil && q.sock.cred != nil
	case stock.SocketUIDMatches:
		holds = q.sock != nil && q.sock.cred != nil && q.cred.uidMatch(q.sock.cred)
	case stock.OwnsSocket:
		holds = q.sock != nil && q.sock.cred != nil && q.cred.owns(q.sock.cred)
	case stock.InterimIsLater:
		holds = true
	case stock.PortReservedByOther, stock.PortReservedByCaller:
		holds = q.reserved(f == stock.PortReservedByCaller)
	}
	return stock.TruthOf(holds)
}

// reserved reports whether the caller's cell reserves the port, or else whether another one does.
func (q *question) reserved(byCaller bool) bool {
	owner := q.k.cells.ports[uint16(q.r.Int[kauth.FieldPort])]
	return owner != nil && !q.candidate && (owner == q.cred.cell) == byCaller
}

// told is what the fields that are given tell of a fact, where there are no objects to look at.
func (q *question) told(f stock.Fact) stock.Truth {
	switch f {
	case stock.InterimIsLater:
		return stock.Yes
	case stock.PortReservedByOther, stock.PortReservedByCaller:
		if q.r.Given.Has(kauth.FieldPort) {
			return stock.TruthOf(q.reserved(f == stock.PortReservedByCaller))
		}
		return stock.Unknown
	}
	if t, ok := f.Test(); ok && t.Needs()&^q.r.Given == 0 {
		return stock.TruthOf(t.Eval(&q.r))
	}
	if q.r.Given.Has(kauth.FieldTargetIsSelf) && q.r.Int[kauth.FieldTargetIsSelf] != 0 {
		for _, l := range (stock.Literal{Fact: stock.TargetIsCaller}).Implies() {
			if l.Fact == f {
				return stock.TruthOf(!l.Not)
			}
		}
	}
	return stock.Unknown
}

// telling are the fields of the request that tell of a fact where there are no objects to look at; none if only those could.
func (q *question) telling(f stock.Fact) kauth.FieldSet {
	var fields kauth.FieldSet
	switch t, ok := f.Test(); {
	case f == stock.PortReservedByOther || f == stock.PortReservedByCaller:
		fields = fields.With(kauth.FieldPort)
	case ok:
		fields = t.Needs()
	}
	if fields&^q.r.ID.Info().Fields != 0 {
		return 0
	}
	return fields
}

// open is what could turn the answer to a question that is asked alone: conditions of rules that no field that is given tells.
func (q *question) open(denied, allowed bool) []Open {
	turns := policy.Grant
	switch {
	case denied:
		return nil
	case allowed:
		turns = policy.Deny
	}
	listeners := q.k.listeners[q.r.ID]
	if l := q.cellListener(); l != nil {
		listeners = append(slices.Clip(listeners), *l)
	}
	var out []Open
	for i := range listeners {
		for _, r := range listeners[i].Rules {
			truth := r.When.Truth(q)
			if truth == stock.Yes {
				break
			}
			if truth == stock.Unknown && r.Answer == turns {
				var untold stock.Condition
				var fields kauth.FieldSet
				objects := false
				for _, l := range r.When {
					if l.Truth(q) == stock.Unknown {
						untold = append(untold, l)
						tell := q.telling(l.Fact)
						fields |= tell &^ q.r.Given
						objects = objects || tell == 0
					}
				}
				if objects {
					fields = 0
				}
				if o := (Open{untold.String(), fields}); !slices.Contains(out, o) {
					out = append(out, o)
				}
			}
		}
	}
	return out
}

// Answer is what one model, or one listener of the kernel, said to a question.
type Answer struct {
	// Model is "suser", "extensions", "securelevel", "kernel", "cell" or "evaluation".
	Model string
	// Listener is the kernel's name of the listener.
	Listener string
	// Answer has the result policy.Deny, policy.Grant (KAUTH_RESULT_ALLOW) or policy.Allow (KAUTH_RESULT_DEFER). The
	// reason says why in words: the condition of the rule, or the reason that a policy gave; then there is a source.
	policy.Answer
}

// String says who answered what, and why: "cell (secmodel_cell) denies: always".
func (a Answer) String() string {
	s := a.Model + " (" + a.Listener + ") " + map[policy.Result]string{policy.Deny: "denies", policy.Grant: "allows", policy.Allow: "defers"}[a.Result]
	if a.Reason != "" {
		s += ": " + a.Reason
	}
	return s
}

// Open is something that is not known of a question that is asked alone.
type Open struct {
	// If is what it is in words: "the device is a disk".
	If string
	// Fields are those that were not given and tell whether it is so; none if no field can.
	Fields kauth.FieldSet
}

// Question is a question that was asked and answered, for observers.
type Question struct {
	// Request with all the fields that it carries.
	Request policy.Request
	// PID of the calling process, and the credential that was asked about.
	PID     int
	Subject Credential
	// Answers of all models, those that deferred too.
	Answers []Answer
	// Errno is 0 if the request was allowed, else EPERM. What the system call returns can be another number.
	Errno kauth.Errno
	// Open is what would turn the answer to a question that is asked alone if it were so. See [Process.Ask].
	Open []Open
}

// String is the request and what came out: "network.bind.privport: EPERM".
func (q *Question) String() string { return q.Request.ID.String() + ": " + q.Errno.Name() }

// Why says in words who decided, and why: "policy web: no raw sockets (web.lua:12)".
func (q *Question) Why() string {
	decided := policy.Deny
	if q.Errno == 0 {
		decided = policy.Grant
	}
	for _, a := range q.Answers {
		if a.Result == decided {
			return a.Why()
		}
	}
	var who []string
	for _, l := range stock.Listeners(q.Request.ID) {
		for _, r := range l.Rules {
			if r.Answer == policy.Grant {
				who = append(who, fmt.Sprintf("%s does if %s", l.Model, r.When))
			}
		}
	}
	if len(who) == 0 {
		return "no model allows it"
	}
	return "no model allows it; " + strings.Join(who, ", or ")
}

// Why says in words who said it, and why: "suser allows it if the caller's effective user id is 0".
func (a *Answer) Why() string {
	verb := "denies"
	if a.Result == policy.Grant {
		verb = "allows"
	}
	who := a.Model
	switch {
	case a.Source.Policy != "":
		s := "policy " + a.Source.Policy
		if a.Reason != "" {
			s += ": " + a.Reason
		}
		return s + " (" + a.Source.Span().String() + ")"
	case a.Model == "evaluation" && a.Reason != "":
		// A fallback, whose reason says so.
		return a.Reason
	case a.Model == stock.Cell.String():
		who = "secmodel_cell"
	case a.Model == stock.Kernel.String():
		who = "kernel (" + a.Listener + ")"
	}
	if a.Reason == "" || a.Reason == "always" {
		return who + " " + verb + " it"
	}
	return fmt.Sprintf("%s %s it if %s", who, verb, a.Reason)
}

// Observe has every question reported to the function, nil for nobody. It runs while the kernel is locked: it
// must not call methods of the kernel or of processes, nor change the Question's Request.Groups.
func (k *Kernel) Observe(f func(*Question)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.observer = f
}

// Trace runs the function and gives the questions that were asked meanwhile, by anybody. An observer still sees
// them too.
func (k *Kernel) Trace(f func()) []Question {
	var asked []Question
	k.mu.Lock()
	before := k.observer
	k.observer = func(q *Question) {
		asked = append(asked, *q)
		if before != nil {
			before(q)
		}
	}
	k.mu.Unlock()
	defer k.Observe(before)
	f()
	return asked
}

// answer asks all models and combines what they say as kern_auth.c does: every listener is asked, a denial
// stands, else an allow; if all defer the answer is EPERM, because security models are registered. It ends the
// question.
func (q *question) answer() kauth.Errno {
	k := q.k
	if k.observer != nil {
		return q.observed()
	}
	id := q.r.ID
	denied, allowed := false, false
	count := func(r policy.Result) {
		denied = denied || r == policy.Deny
		allowed = allowed || r == policy.Grant
	}
	listeners := k.listeners[id]
	for i := range listeners {
		r, _ := listeners[i].Answer(q)
		count(r)
	}
	r, _ := q.askCell()
	count(r)
	count(q.askEvaluation().Result)
	return q.end(denied, allowed)
}

func (q *question) end(denied, allowed bool) kauth.Errno {
	q.k.questions = append(q.k.questions, q)
	if denied || !allowed {
		return kauth.EPERM
	}
	return 0
}

// observed is answer with a report.
func (q *question) observed() kauth.Errno {
	k := q.k
	q.fill()
	out := &Question{Request: q.r, Subject: q.cred.export()}
	if q.caller != nil {
		out.PID = q.caller.pid
	}
	denied, allowed := false, false
	note := func(model, listener string, a policy.Answer) {
		denied = denied || a.Result == policy.Deny
		allowed = allowed || a.Result == policy.Grant
		out.Answers = append(out.Answers, Answer{model, listener, a})
	}
	words := func(r *stock.Rule) string {
		if r == nil {
			return ""
		}
		return r.When.String()
	}
	for i := range k.listeners[q.r.ID] {
		l := &k.listeners[q.r.ID][i]
		r, rule := l.Answer(q)
		note(l.Model.String(), l.Name, policy.Answer{Result: r, Reason: words(rule)})
	}
	r, rule := q.askCell()
	note(stock.Cell.String(), "secmodel_cell", policy.Answer{Result: r, Reason: words(rule)})
	if k.eval != nil {
		note("evaluation", "secmodel_celleval", *q.askEvaluation())
	}
	if q.alone {
		out.Open = q.open(denied, allowed)
	}
	errno := q.end(denied, allowed)
	out.Errno = errno
	k.observer(out)
	return errno
}

// Ask asks one request by itself, as nothing but its fields describe it, and gives the answers of all models. It is for who
// has a request and no system call that leads to it. The credential is the process's, and members is what the kernel
// counts unless it is given. Other fields that are not given must be such that no program depends on them. Of objects only
// what fields tell is known: what else models look at counts as not so, and Open says what of it would turn the answer.
// The error is ESRCH if the process is gone.
func (p *Process) Ask(r *policy.Request) (*Question, kauth.Errno) {
	var out *Question
	errno := p.call(func() kauth.Errno {
		q := p.ask(r.ID)
		q.r, q.alone = *r, true
		before := p.k.observer
		defer func() { p.k.observer = before }()
		p.k.observer = func(asked *Question) {
			out = asked
			if before != nil {
				before(asked)
			}
		}
		q.answer()
		return 0
	})
	return out, errno
}

// cellListener is secmodel_cell as it is for the caller, nil where it has no rules.
func (q *question) cellListener() *stock.Listener {
	place := stock.Host
	if c := q.cred.cell; c != nil {
		if !c.live {
			return nil
		}
		place = stock.In(c.profile)
	}
	if l := q.k.cellRules[place][q.r.ID]; len(l.Rules) > 0 {
		return l
	}
	return nil
}

// askCell asks secmodel_cell.
func (q *question) askCell() (policy.Result, *stock.Rule) {
	l := q.cellListener()
	if l == nil {
		return policy.Allow, nil
	}
	r, rule := l.Answer(q)
	if r == policy.Deny && q.k.rev.LogsDenials {
		q.k.logDenial(q)
	}
	return r, rule
}

// fill adds the fields that follow from credential and target, so that all fields of the request are given.
func (q *question) fill() {
	r, fields := &q.r, q.r.ID.Info().Fields
	r.SetInt(kauth.FieldUID, int64(q.cred.uid))
	r.SetInt(kauth.FieldEUID, int64(q.cred.euid))
	r.SetInt(kauth.FieldGID, int64(q.cred.gid))
	r.SetInt(kauth.FieldEGID, int64(q.cred.egid))
	r.SetGroups(q.cred.groups...)
	if t := q.target; t != nil && fields.Has(kauth.FieldTargetPID) {
		r.SetInt(kauth.FieldTargetPID, int64(t.pid))
		r.SetInt(kauth.FieldTargetIsSelf, truth(t == q.caller))
		r.SetInt(kauth.FieldTargetIsInit, truth(t == q.k.init))
		r.SetInt(kauth.FieldTargetSameCell, truth(t.cred.cell == q.cred.cell))
		if fields.Has(kauth.FieldTargetUID) {
			r.SetInt(kauth.FieldTargetUID, int64(t.cred.uid))
			r.SetInt(kauth.FieldTargetEUID, int64(t.cred.euid))
			r.SetText(kauth.FieldTargetCell, q.k.eval.nameOf(t.cred.cell))
		}
	}
	if s := q.sock; s != nil && fields.Has(kauth.FieldFamily) {
		r.SetInt(kauth.FieldFamily, int64(s.domain))
		r.SetInt(kauth.FieldType, int64(s.typ))
		r.SetInt(kauth.FieldProtocol, int64(s.protocol))
	}
	if fields.Has(kauth.FieldMembers) && !(q.alone && r.Given.Has(kauth.FieldMembers)) {
		members := 0
		if c := q.cred.cell; c != nil {
			members = len(c.members)
		}
		r.SetInt(kauth.FieldMembers, int64(members))
	}
	if lo, hi := q.r.ID.Range(kauth.FieldBits); lo == hi && fields.Has(kauth.FieldBits) {
		r.SetInt(kauth.FieldBits, lo)
	}
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

var _ kernel.Kernel = (*Kernel)(nil)
