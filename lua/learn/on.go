package learn

import (
	"cellsh/kernel/host"
	"cellsh/lua/loader"
	"cellsh/policy/analysis"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// On are the options for a host: its cells, and what answers for them. The policies are those that are loaded there, or with
// supposed others, which the reader has read.
func On(h *host.Host, reader loader.Reader, supposed bool) (Options, error) {
	live, err := h.LiveNames()
	return Options{Live: live, Groups: reader.Groups,
		Read: func(sources []rules.Source) (*study.Policies, error) {
			if supposed {
				return reader.Load(sources), nil
			}
			texts := map[string]string{}
			for _, s := range sources {
				texts[s.File] = s.Text
			}
			return h.Rewritten(texts)
		},
		Answers: func(cell string, p *study.Policies) (analysis.Answerer, error) {
			s, err := h.StandingOf(cell, p, supposed)
			if err != nil {
				return analysis.Answerer{}, err
			}
			return s.Answerer, nil
		}}, err
}
