package host

import (
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// Rewritten are the policies that are loaded, whatever is audited just now, with other texts for some of their files: as they would be if these had been
// loaded. A file has the name that it has in the sources of [Host.Enforced]. Nothing is loaded.
func (h *Host) Rewritten(texts map[string]string) (*study.Policies, error) {
	base, _, err := h.current()
	if err != nil {
		return nil, err
	}
	for i := range base.sources {
		s := &base.sources[i]
		if text, ok := texts[s.File]; ok {
			s.Source = rules.Source{File: s.File, Text: text, Module: s.Module}
		}
	}
	p := h.compose(base.sources)
	if base.declared != nil {
		p = study.New(p.Set().With(base.declared), p.Loading, study.Options{Vocabulary: h.Kernel.Info().Vocabulary, Apart: true})
	}
	return p, nil
}
