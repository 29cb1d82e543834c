package stock

import (
	"slices"
	"strings"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// Settings are what an administrator can change on the host and a stock model looks at.
type Settings struct {
	// Securelevel is -1 to 2 (kern.securelevel).
	Securelevel int
	// Curtain hides processes and sockets of others (security.models.extensions.curtain).
	Curtain bool
	// Usermount lets users mount on their own directories (vfs.generic.usermount).
	Usermount bool
	// UserSetCPUAffinity and UserSetDBRegs are of security.models.extensions.
	UserSetCPUAffinity, UserSetDBRegs bool
	// ExposeAddress is who may see kernel addresses: nobody 0, who opened /dev/kmem 1, all 2 (kern.expose_address).
	ExposeAddress int
	// UserLDT lets everybody set segment descriptors (machdep.user_ldt).
	UserLDT bool
	// PF and IPF are attached firewalls. npf, which is always there, adds no listener.
	PF, IPF bool
	// Veriexec is kern.veriexec.strict: learning 0, IDS 1, IPS 2, lockdown 3.
	Veriexec int
}

// DefaultSettings are those of the GENERIC kernel for amd64, which is built with option INSECURE.
func DefaultSettings() Settings { return Settings{Securelevel: -1, ExposeAddress: 1} }

// Fact answers the facts about the host's settings; Unknown for all others but those that never hold.
func (s *Settings) Fact(f Fact) Truth {
	switch f {
	case Securelevel0:
		return TruthOf(s.Securelevel >= 0)
	case Securelevel1:
		return TruthOf(s.Securelevel >= 1)
	case Securelevel2:
		return TruthOf(s.Securelevel >= 2)
	case Curtain:
		return TruthOf(s.Curtain)
	case Usermount:
		return TruthOf(s.Usermount)
	case UserSetCPUAffinity:
		return TruthOf(s.UserSetCPUAffinity)
	case UserSetDBRegs:
		return TruthOf(s.UserSetDBRegs)
	case AddressesForKmem:
		return TruthOf(s.ExposeAddress == 1)
	case AddressesForAll:
		return TruthOf(s.ExposeAddress == 2)
	case UserLDT:
		return TruthOf(s.UserLDT)
	case PFAttached:
		return TruthOf(s.PF)
	case IPFAttached:
		return TruthOf(s.IPF)
	case VeriexecStrict:
		return TruthOf(s.Veriexec > 0)
	case VeriexecIPS:
		return TruthOf(s.Veriexec >= 2)
	case ClockFromDevice, InterfaceIsRequestCode:
		return No
	}
	return Unknown
}

// Known is what can be known about a question that nobody has asked yet: the host's settings, and as many fields
// of the request as are given. It implements [Facts]; all other facts are Unknown.
type Known struct {
	// Settings of the host; nil if they are unknown.
	Settings *Settings
	// Request holds what is known of the request, in the fields that it has Given; nil if that is nothing.
	Request *policy.Request
	// Place of the caller.
	Place Place
	// Ports that the caller's cell reserves.
	Ports []uint16
}

// Fact answers from the settings, the given fields and the place.
func (k *Known) Fact(f Fact) Truth {
	switch f.Origin() {
	case NeverHolds:
		return No
	case FromHost:
		if k.Settings == nil {
			return Unknown
		}
		return k.Settings.Fact(f)
	}
	if f == CallerHostRoot {
		if k.Place != Host {
			return No
		}
		f = CallerRoot
	}
	if k.Request == nil {
		return Unknown
	}
	switch f {
	case PortReservedByCaller, PortReservedByOther:
		if !k.Request.Given.Has(kauth.FieldPort) {
			return Unknown
		}
		port := k.Request.Int[kauth.FieldPort]
		own := slices.ContainsFunc(k.Ports, func(p uint16) bool { return int64(p) == port })
		switch {
		case f == PortReservedByCaller:
			return TruthOf(own)
		case own || port == 0:
			return No
		}
		return Unknown
	}
	if t, ok := f.Test(); ok && t.Needs()&^k.Request.Given == 0 {
		return TruthOf(t.Eval(k.Request))
	}
	return Unknown
}

// Reason is a listener's answer that counts, and the condition under which it is given; the literals that are
// unknown are in Open.
type Reason struct {
	Model    Model
	Listener string
	Answer   policy.Result
	When     Condition
	Open     []Literal
}

// String says who answers what, and when: "kernel (socket_listener) allows if the socket is not raw".
func (r Reason) String() string {
	verb := "allows"
	if r.Answer == policy.Deny {
		verb = "denies"
	}
	who := r.Model.String()
	if r.Model == Kernel {
		who += " (" + r.Listener + ")"
	}
	if len(r.Open) == 0 {
		return who + " " + verb
	}
	parts := make([]string, len(r.Open))
	for i, l := range r.Open {
		parts[i] = l.String()
	}
	return who + " " + verb + " if " + strings.Join(parts, ", and ")
}

// Verdict is what comes out of all listeners together.
type Verdict struct {
	// Allowed is Unknown if it depends on the literals that the reasons leave open.
	Allowed Truth
	// Reasons are the answers that can matter, denials first. None are there if every listener defers, which
	// the kernel refuses because security models are registered.
	Reasons []Reason
}

// String is one line for people: "yes: suser allows", "depends: kernel (signal_listener) allows if ...".
func (v Verdict) String() string {
	if len(v.Reasons) == 0 {
		return v.Allowed.String() + ": nobody allows it"
	}
	parts := make([]string, len(v.Reasons))
	for i, r := range v.Reasons {
		parts[i] = r.String()
	}
	return v.Allowed.String() + ": " + strings.Join(parts, "; ")
}

// Judge combines listeners as kern_auth.c does: every one is asked; a denial stands, else an allow, else the
// request is refused.
func Judge(listeners []Listener, f Facts) Verdict {
	var v Verdict
	mayDeny, denies, mayAllow, allows := false, false, false, false
	for _, answer := range [...]policy.Result{policy.Deny, policy.Grant} {
		for i := range listeners {
			l := &listeners[i]
			possible, _ := l.Possible(f)
			if !possible.Has(answer) {
				continue
			}
			if answer == policy.Deny {
				mayDeny, denies = true, denies || possible.Only(answer)
			} else {
				mayAllow, allows = true, allows || possible.Only(answer)
			}
			for _, r := range l.Rules {
				t := r.When.Truth(f)
				if r.Answer == answer && t != No {
					v.Reasons = append(v.Reasons, Reason{l.Model, l.Name, answer, r.When, open(r.When, f)})
				}
				if t == Yes {
					break
				}
			}
		}
	}
	switch {
	case denies || !mayAllow:
		v.Allowed = No
	case allows && !mayDeny:
		v.Allowed = Yes
	}
	return v
}

func open(c Condition, f Facts) []Literal {
	var out []Literal
	for _, l := range c {
		if l.Truth(f) == Unknown {
			out = append(out, l)
		}
	}
	return out
}

// Net is what the stock models together answer to the request, secmodel_cell left out.
func Net(id kauth.RequestID, f Facts) Verdict { return Judge(Listeners(id), f) }

// NetFor is Net for root (euid and uid 0) or for any other user, on a host with the settings and with nothing
// else known: the table of kauth.json.
func NetFor(id kauth.RequestID, root bool, s Settings) Verdict {
	k := Known{Settings: &s, Request: &policy.Request{ID: id}}
	uid := uint32(0)
	if !root {
		uid = 1000
	}
	k.Request.SetInt(kauth.FieldUID, int64(uid))
	k.Request.SetInt(kauth.FieldEUID, int64(uid))
	if lo, hi := id.Range(kauth.FieldBits); lo == hi && id.Info().Fields.Has(kauth.FieldBits) {
		k.Request.SetInt(kauth.FieldBits, lo)
	}
	return Net(id, &k)
}
