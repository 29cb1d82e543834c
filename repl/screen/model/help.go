package model

import "strings"

// help shows what is said of the place of the active panel.
func (m *Model) help() []Effect {
	text := m.options.Help(m.Panel().Place.Kind.String())
	m.Open(&Page{Title: "help: " + m.Panel().Place.Kind.String(), Lines: strings.Split(strings.TrimRight(text, "\n"), "\n")})
	return nil
}
