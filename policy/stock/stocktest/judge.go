package stocktest

import (
	"fmt"
	"slices"

	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/stock"
)

// Known is what is known about a question before anybody asks it: the host's settings, and as many fields of the
// request as are given. It implements [stock.Facts]; all other facts are stock.Unknown.
type Known struct {
	// Settings of the host; nil if they are unknown.
	Settings *stock.Settings
	// Request holds what is known of the request, in the fields that it has Given; nil if that is nothing.
	Request *policy.Request
	// Place of the caller.
	Place stock.Place
	// Ports that the caller's cell reserves.
	Ports []uint16
}

// Fact answers from the settings, the given fields and the place.
func (k *Known) Fact(f stock.Fact) stock.Truth {
	switch f.Origin() {
	case stock.NeverHolds:
		return stock.No
	case stock.FromHost:
		if k.Settings == nil {
			return stock.Unknown
		}
		return k.Settings.Fact(f)
	}
	if f == stock.CallerHostRoot {
		if k.Place != stock.Host {
			return stock.No
		}
		f = stock.CallerRoot
	}
	if k.Request == nil {
		return stock.Unknown
	}
	switch f {
	case stock.PortReservedByCaller, stock.PortReservedByOther:
		if !k.Request.Given.Has(kauth.FieldPort) {
			return stock.Unknown
		}
		port := k.Request.Int[kauth.FieldPort]
		own := slices.ContainsFunc(k.Ports, func(p uint16) bool { return int64(p) == port })
		switch {
		case f == stock.PortReservedByCaller:
			return stock.TruthOf(own)
		case own || port == 0:
			return stock.No
		}
		return stock.Unknown
	}
	if t, ok := f.Test(); ok && t.Needs()&^k.Request.Given == 0 {
		return stock.TruthOf(t.Eval(k.Request))
	}
	return stock.Unknown
}

// Verdict is what comes out of all listeners together.
type Verdict struct {
	// Allowed is Unknown if it depends on facts that are.
	Allowed stock.Truth
	// Answers are the rules that can matter, denials first. None are there if every listener defers, which the
	// kernel refuses because security models are registered.
	Answers []Answer
}

// Answer is a rule that may be the one that counts, and the listener that has it.
type Answer struct {
	Listener string
	Rule     stock.Rule
}

// String is the verdict with the answers, for the messages of tests.
func (v Verdict) String() string {
	text := v.Allowed.String()
	for _, a := range v.Answers {
		text += fmt.Sprintf("; %s: %s if %s", a.Listener, a.Rule.Answer, a.Rule.When)
	}
	return text
}

// Judge combines listeners as kern_auth.c does: every one is asked; a denial stands, else an allow, else the
// request is refused.
func Judge(listeners []stock.Listener, f stock.Facts) Verdict {
	var v Verdict
	mayDeny, denies, mayAllow, allows := false, false, false, false
	for _, answer := range [...]policy.Result{policy.Deny, policy.Grant} {
		for _, l := range listeners {
			may, must := reaches(l, answer, f, &v)
			if answer == policy.Deny {
				mayDeny, denies = mayDeny || may, denies || must
			} else {
				mayAllow, allows = mayAllow || may, allows || must
			}
		}
	}
	switch {
	case denies || !mayAllow:
		v.Allowed = stock.No
	case allows && !mayDeny:
		v.Allowed = stock.Yes
	}
	return v
}

// reaches reports whether the listener can give the answer, and whether it gives it whatever the unknown facts are.
func reaches(l stock.Listener, answer policy.Result, f stock.Facts, v *Verdict) (may, must bool) {
	others := false
	for _, r := range l.Rules {
		t := r.When.Truth(f)
		if t == stock.No {
			continue
		}
		if r.Answer == answer {
			may = true
			v.Answers = append(v.Answers, Answer{l.Name, r})
		} else {
			others = true
		}
		if t == stock.Yes {
			return may, may && !others
		}
	}
	return may, false
}

// Net is what the stock models together answer to the request, secmodel_cell left out.
func Net(id kauth.RequestID, f stock.Facts) Verdict { return Judge(stock.Listeners(id), f) }

// NetFor is Net for root (euid and uid 0) or for any other user, on a host with the settings and with nothing
// else known: the table of kauth.json.
func NetFor(id kauth.RequestID, root bool, s stock.Settings) Verdict {
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
