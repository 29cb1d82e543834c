package analysis

import (
	"math/bits"
	"slices"
	"strings"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

// scene is what the kernel's models other than the policies depend on and no request tells.
type scene struct {
	revision secmodel.Revision
	profile  secmodel.Profile
	settings *stock.Settings
	// ports that the caller's cell reserves. Unless owner is set this gives it no right to them, only peace from
	// other cells.
	ports []uint16
	owner bool
}

// maxScenes is how many scenes one diagram can speak of: the profiles, and one to compare them with.
const maxScenes = 4

// models is what the other models say to one request in some scenes. What fields of the request decide is split
// into tests; what nobody can know beforehand is left open, and every combination of it has an answer of its own.
type models struct {
	id        kauth.RequestID
	scenes    []scene
	listeners [][]stock.Listener
	splits    []split
	open      []stock.Fact
}

// split is a test on the request and what is known about facts either way.
type split struct {
	test    policy.Test
	yes, no []stock.Literal
}

// The answers of all models together, one for each combination of the open facts: bit i of the combination's number
// is whether open fact i holds.
const (
	saysDeny  = 'd'
	saysAllow = 'a'
	saysNone  = '-'
)

// reply is what comes out of all models for one class of callers in one scene. It is comparable.
type reply struct {
	// said has an answer for each combination.
	said string
	// denies and allows are sets of listeners, by index: whose answers those are.
	denies, allows uint32
}

// replies are those to callers whose effective user id is 0, and to all others, by scene.
type replies struct {
	root, user [maxScenes]reply
}

func newModels(id kauth.RequestID, scenes ...scene) *models {
	m := &models{id: id, scenes: scenes}
	asked := map[stock.Fact]bool{}
	var facts []stock.Fact
	for _, s := range scenes {
		list := stock.Everything(s.revision, stock.In(s.profile), id)
		m.listeners = append(m.listeners, list)
		for _, l := range list {
			for _, r := range l.Rules {
				for _, lit := range r.When {
					if !asked[lit.Fact] {
						asked[lit.Fact] = true
						facts = append(facts, lit.Fact)
					}
				}
			}
		}
	}
	slices.Sort(facts)
	// The ports are the same in all scenes.
	ports := portSet(scenes[0].ports)
	for _, f := range facts {
		t, told := f.Test()
		told = told && t.Needs()&^id.Info().Fields == 0
		switch {
		case f == stock.CallerRoot || f == stock.CallerHostRoot || f.Origin() == stock.FromHost || f.Origin() == stock.NeverHolds:
			// The class of the caller and the scene tell.
		case f == stock.PortReservedByCaller:
			m.portSplit(ports, f, true)
		case f == stock.PortReservedByOther:
			// Whose own port it is, and port 0, which no one can reserve.
			m.portSplit(ports.Union(interval.Single(0)), f, false)
			m.open = append(m.open, f)
		case told:
			m.splits = append(m.splits, split{t, []stock.Literal{{Fact: f}}, []stock.Literal{{Fact: f, Not: true}}})
		default:
			m.open = append(m.open, f)
		}
	}
	m.selfSplit(asked)
	slices.SortStableFunc(m.splits, func(a, b split) int { return a.rank() - b.rank() })
	return m
}

// rank orders splits so that there are few cases: first what settles most, and at last what matters least often.
func (s *split) rank() int {
	switch f := s.yes[0].Fact; {
	case f == stock.TargetOtherCell:
		return 0
	case f.Origin() == stock.FromCaller:
		return 2
	}
	return 1
}

// portSplit tells ports that are in the set from others. In the set the fact is as given; outside only a port that the
// caller reserves is known not to be one.
func (m *models) portSplit(ports interval.Set, f stock.Fact, holds bool) {
	s := split{test: policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: ports}, yes: []stock.Literal{{Fact: f, Not: !holds}}}
	if holds {
		s.no = []stock.Literal{{Fact: f, Not: true}}
	}
	m.splits = append(m.splits, s)
}

// selfSplit tells requests about the caller itself from others, where something follows from that.
func (m *models) selfSplit(asked map[stock.Fact]bool) {
	self := stock.Literal{Fact: stock.TargetIsCaller}
	t, _ := self.Fact.Test()
	if asked[self.Fact] || t.Needs()&^m.id.Info().Fields != 0 {
		return
	}
	if slices.ContainsFunc(self.Implies(), func(l stock.Literal) bool { return slices.Contains(m.open, l.Fact) }) {
		m.splits = append(m.splits, split{t, []stock.Literal{self}, []stock.Literal{{Fact: self.Fact, Not: true}}})
	}
}

func portSet(ports []uint16) interval.Set {
	var set interval.Set
	for _, p := range ports {
		set = set.Union(interval.Single(int64(p)))
	}
	return set
}

// facts is what is known about one question.
type facts [stock.NumFacts]stock.Truth

// Fact makes it stock.Facts.
func (k *facts) Fact(f stock.Fact) stock.Truth { return k[f] }

func (k *facts) learn(l stock.Literal) { k[l.Fact] = stock.TruthOf(!l.Not) }

// follow adds what follows from what is known. It reports false if that contradicts what is known.
func (k *facts) follow() bool {
	for f := range stock.Fact(stock.NumFacts) {
		if k[f] == stock.Unknown {
			continue
		}
		for _, l := range (stock.Literal{Fact: f, Not: k[f] == stock.No}).Implies() {
			if l.Truth(k) == stock.No {
				return false
			}
			k.learn(l)
		}
	}
	return true
}

// graph has a test for each split and the replies as leaves. What can't be, such as a caller that is not in its own
// cell, gets the replies of what can.
func (m *models) graph() *graph.Graph[replies] {
	var b graph.Builder[replies]
	var build func(i int, k facts) (at graph.Ref, possible bool)
	build = func(i int, k facts) (graph.Ref, bool) {
		if i == len(m.splits) {
			if !k.follow() {
				return 0, false
			}
			return b.Leaf(m.replies(k)), true
		}
		s := &m.splits[i]
		yes, no := k, k
		for _, l := range s.yes {
			yes.learn(l)
		}
		for _, l := range s.no {
			no.learn(l)
		}
		y, canYes := build(i+1, yes)
		n, canNo := build(i+1, no)
		switch {
		case !canYes || y == n || s.test.Kind == policy.In && s.test.Set.Empty():
			return n, canNo
		case !canNo:
			return y, true
		}
		return b.Node(s.test, y, n, diag.Span{}), true
	}
	root, _ := build(0, facts{})
	return b.Graph(root)
}

// replies works out what is said where the splits have told what they can.
func (m *models) replies(k facts) replies {
	var out replies
	for i := range m.scenes {
		out.root[i] = m.reply(i, k, true)
		out.user[i] = m.reply(i, k, false)
	}
	return out
}

func (m *models) reply(scene int, k facts, root bool) reply {
	s := &m.scenes[scene]
	for f := range stock.Fact(stock.NumFacts) {
		switch f.Origin() {
		case stock.FromHost:
			k[f] = s.settings.Fact(f)
		case stock.NeverHolds:
			k[f] = stock.No
		}
	}
	k[stock.CallerRoot] = stock.TruthOf(root)
	k[stock.CallerHostRoot] = stock.No
	if !s.owner {
		k[stock.PortReservedByCaller] = stock.No
	}
	said := make([]byte, 1<<len(m.open))
	denies, allows := make([]uint32, len(said)), make([]uint32, len(said))
	for c := range said {
		now := k
		for i, f := range m.open {
			if now[f] == stock.Unknown {
				now[f] = stock.TruthOf(c>>i&1 != 0)
			}
		}
		for i := range m.listeners[scene] {
			switch answer, _ := m.listeners[scene][i].Answer(&now); answer {
			case policy.Deny:
				denies[c] |= 1 << i
			case policy.Grant:
				allows[c] |= 1 << i
			}
		}
		switch {
		case denies[c] != 0:
			said[c], allows[c] = saysDeny, 0
		case allows[c] != 0:
			said[c] = saysAllow
		default:
			said[c] = saysNone
		}
	}
	// Of several listeners that would do one is named: the profile before others that deny, root's rights before others
	// that allow.
	d, always := who(denies)
	if always {
		d = 1 << (bits.Len32(d) - 1)
	}
	a, always := who(allows)
	if always {
		a &= -a
	}
	return reply{string(said), d, a}
}

// who gives the listeners that give an answer in every combination in which it is given at all, or else, with false,
// all that ever do.
func who(by []uint32) (listeners uint32, always bool) {
	every, ever := ^uint32(0), uint32(0)
	for _, set := range by {
		if set != 0 {
			every &= set
			ever |= set
		}
	}
	if every &= ever; every != 0 {
		return every, true
	}
	return ever, false
}

// names puts a set of a scene's listeners into words.
func (m *models) names(scene int, set uint32) []string {
	var out []string
	for i, l := range m.listeners[scene] {
		if set>>i&1 != 0 {
			out = append(out, modelName(&l))
		}
	}
	return out
}

func modelName(l *stock.Listener) string {
	switch l.Model {
	case stock.Kernel:
		return "kernel (" + l.Name + ")"
	case stock.Cell:
		return l.Name
	}
	return l.Model.String()
}

// judged is what finally happens to a request, for each combination of the open facts: whether it is allowed.
// The policies' result and the other models' reply are combined as kern_auth.c does: a denial by any stands, then an
// allow by any, else the request is refused because security models are registered.
func judged(result policy.Result, r reply) string {
	return strings.Map(func(said rune) rune {
		if result != policy.Deny && (said == saysAllow || said == saysNone && result == policy.Grant) {
			return allowed
		}
		return refused
	}, r.said)
}

const (
	allowed = 'y'
	refused = 'n'
)
