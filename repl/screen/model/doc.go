// Package model is what the screen shows, and what a key does to it. It knows no terminal, and does nothing itself.
//
//	m := model.New(model.Options{Left: model.Place{Kind: model.Cells}, Right: model.Place{Kind: model.Decisions}})
//	m.Resize(80, 24)
//	effects := m.Press(model.Key{Name: model.Tab})
//	effects = append(effects, m.Tick(now)...)
//
// A [Model] has two panels, the line for commands, dialogs on top of them, and a job that runs beside. A panel lists a [Place]:
// its rows are a [Table], which somebody else reads, and each row has a [Subject], which the keys are for. What the function keys do
// is a table for each kind of place ([Model.Keys]).
//
// What is to be done is told as effects: have a place read ([Read]), run a command of cellsh ([Run]), enter a statement in the
// session ([Statement]), and so on. Everything that changes cells or policies is a command that could have been typed. What comes of
// an effect is told with [Model.Filled], [Model.Ran] and the like. So nothing here waits, and what a key does is a table in the tests.
//
// The files: key.go has keys and their names, place.go what panels list, panel.go a panel and order.go how it is sorted, keys.go what
// keys do, actions.go what function keys and menus do, with cell.go, service.go, policy.go and generation.go for what they do it with,
// why.go the way from a denial to a change, dialog.go, form.go, menu.go and help.go what can be on top, wrap.go how texts are broken, effect.go what is asked of
// others, layout.go where everything is, mouse.go what a mouse does.
//
// What it is not: it draws nothing (package view), and knows neither kernel nor files (package source).
package model
