package human

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cellsh/kernel/host"
	"cellsh/policy"
)

// Members counts the processes of a cell.
func Members(u *host.Usage) string {
	if zombies := u.References - u.Processes; zombies > 0 {
		return fmt.Sprintf("%d, %s", u.Processes, Plural(zombies, "zombie"))
	}
	return strconv.Itoa(u.Processes)
}

// Answers says what answers for a cell.
func Answers(u *host.Usage) string {
	switch {
	case u.Covered() && u.Behind != 0:
		return fmt.Sprintf("policies of generation %d", u.Behind)
	case u.Covered() && u.Hidden:
		return "policies that only root of the host may read"
	case u.Covered() && u.Policies == nil:
		return "policies that are not known any more"
	case u.Covered():
		return strings.Join(u.Policies, ", ")
	case u.Unattached:
		return u.Answerer.String() + "; attach gives it its program"
	}
	return u.Answerer.String()
}

// Generation says what a generation is, and how it stands among the others.
func Generation(h *host.History, g *host.Generation) string {
	return strings.Join(append([]string{Origin(g)}, phases(h, g)...), "; ")
}

// Phase says how a generation stands among the others, "" if there is nothing to say.
func Phase(h *host.History, g *host.Generation) string { return strings.Join(phases(h, g), "; ") }

// Origin says what a generation is made of.
func Origin(g *host.Generation) string {
	var parts []string
	switch {
	case g.Lockdown:
		parts = append(parts, "lockdown: cells are denied everything")
	case g.Audit != nil:
		parts = append(parts, "audit of "+Cells(g.Audit))
	case g.Of != 0:
		parts = append(parts, fmt.Sprintf("generation %d again", g.Of))
	}
	var files []string
	for i := range g.Sources {
		if s := &g.Sources[i]; !s.Module {
			files = append(files, s.String())
		}
	}
	if len(files) > 0 {
		const most = 3
		text := strings.Join(files[:min(most, len(files))], ", ")
		if len(files) > most {
			text += fmt.Sprintf(" and %d more", len(files)-most)
		}
		parts = append(parts, text)
	} else if !g.Session {
		parts = append(parts, "no policies")
	}
	if g.Session {
		parts = append(parts, "a session")
	}
	return strings.Join(parts, "; ")
}

func phases(h *host.History, g *host.Generation) (parts []string) {
	if a := h.Active(); a != nil && g.Number == a.Number {
		switch instead, differs := h.Instead(); {
		case !differs:
			parts = append(parts, "active")
		case instead == 0:
			parts = append(parts, "loaded last, but the kernel has none")
		default:
			parts = append(parts, fmt.Sprintf("loaded last, but the kernel has generation %d", instead))
		}
	}
	if d := h.Deadline; d != nil && d.Generation == g.Number {
		until := d.Until.UTC().Format(time.TimeOnly)
		switch o := h.Overdue(); {
		case g.Audit != nil && o != nil && o.Restarted:
			parts = append(parts, "over since the kernel was started again")
		case o != nil && o.Restarted:
			parts = append(parts, "waited when the kernel was started again, and not rolled back yet")
		case g.Audit != nil && o == nil:
			parts = append(parts, "until "+until)
		case g.Audit != nil && o.GoneBack:
			parts = append(parts, "over at "+until+", and the kernel has gone back")
		case g.Audit != nil:
			parts = append(parts, "over at "+until+", and not rolled back yet")
		case o == nil:
			parts = append(parts, "rolled back at "+until+" unless confirmed")
		case o.GoneBack:
			parts = append(parts, "not confirmed by "+until+", and the kernel has gone back")
		default:
			parts = append(parts, "not confirmed by "+until+", and not rolled back yet")
		}
	} else if g.Tentative != 0 && g.Audit == nil {
		parts = append(parts, "never confirmed")
	}
	return parts
}

// Gap stands for decisions that are not told. Lost is 0 where it is not known how many.
type Gap struct {
	Lost uint64
	Why  string
}

// String says it in a sentence without a full stop.
func (g Gap) String() string {
	if g.Lost > 0 {
		return AreMany(int(g.Lost), "earlier decision") + " not kept any more"
	}
	return g.Why
}

// Gaps are what is missing before a batch.
func Gaps(b *host.Batch) []Gap {
	var out []Gap
	if b.Anew {
		out = append(out, Gap{0, "the evaluation model was started anew, and numbers its decisions from 1 again"})
	}
	if b.Lost > 0 {
		out = append(out, Gap{b.Lost, "the kernel keeps only so many decisions"})
	}
	if b.Gap {
		out = append(out, Gap{0, "the kernel's log was written faster than it was read: denials by secmodel_cell may be missing"})
	}
	return out
}

// Silence says which decisions a kernel does not tell of, "" if it tells of all.
func Silence(b *host.Batch) string {
	if b.Silent == nil {
		return ""
	}
	return "not all decisions can be shown: " + b.Silent.Error()
}

// Caller is who has asked what was decided: the name of a cell, "the host", or that the cell is gone.
func Caller(r *host.Recorded) string {
	switch {
	case r.Cell() == 0:
		return "the host"
	case r.Name == "":
		return fmt.Sprintf("a cell that is gone, id %d", r.Cell())
	}
	return r.Name
}

// Asked is what was asked: for some decisions it is not known which of several requests it was.
func Asked(r *host.Recorded) string {
	var names []string
	for _, id := range r.Requests() {
		names = append(names, id.String())
	}
	if len(names) == 0 {
		return "a request without a name"
	}
	return strings.Join(names, " or ")
}

// Result is what was decided: "deny", or "allow, would deny" where policies in audit mode would have.
func Result(r *host.Recorded) string {
	e := r.Event
	if e == nil {
		return policy.Deny.String()
	}
	text := e.Result.String()
	if a := Told(r); a == &e.Would {
		text += ", would " + a.Result.String()
	}
	if e.Probe {
		text += " (a probe)"
	}
	return text
}

// Told is the answer that there is something to tell of: that of policies in audit mode where they object to what is allowed. Of a
// denial by secmodel_cell itself nothing is known but that.
func Told(r *host.Recorded) *policy.Answer {
	e := r.Event
	switch {
	case e == nil:
		return &policy.Answer{Result: policy.Deny}
	case e.Result == policy.Allow && e.Would.Result != policy.Pass:
		return &e.Would
	}
	return &e.Answer
}
