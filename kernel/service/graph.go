package service

import (
	"fmt"
	"slices"
)

// Graph is services in the order of their Requires and After. It does not change.
type Graph struct {
	byName map[string]*Definition
	// names in the order in which they are started, if all are.
	names []string
}

// UnknownError says that a service names one that is not declared.
type UnknownError struct {
	// Service that names Name.
	Service, Name string
	// Key that it does so by, requires or after.
	Key string
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("%s of service %s must name a service, but there is none called %s", e.Key, e.Service, e.Name)
}

// CycleError says that services wait for each other: each for the next, and the last for the first.
type CycleError struct{ Names []string }

func (e *CycleError) Error() string {
	s := "services must not wait for each other, but "
	for i, name := range e.Names {
		if i > 0 {
			s += ", "
		}
		s += name
		if i == 0 {
			s += " waits"
		}
		s += " for " + e.Names[(i+1)%len(e.Names)]
	}
	return s
}

// NewGraph orders the services, each of which must have a name of its own; where there is a choice, as they are given. The
// error is an *UnknownError or a *CycleError.
func NewGraph(defs []Definition) (*Graph, error) {
	g := &Graph{byName: map[string]*Definition{}}
	for i := range defs {
		g.byName[defs[i].Name] = &defs[i]
	}
	for i := range defs {
		for _, waits := range []struct {
			key  string
			list []string
		}{{"requires", defs[i].Requires}, {"after", defs[i].After}} {
			for _, name := range waits.list {
				if g.byName[name] == nil {
					return nil, &UnknownError{defs[i].Name, name, waits.key}
				}
			}
		}
	}
	done := map[string]bool{}
	var way []string
	var visit func(name string) error
	visit = func(name string) error {
		if at := slices.Index(way, name); at >= 0 {
			return &CycleError{slices.Clone(way[at:])}
		}
		if done[name] {
			return nil
		}
		way = append(way, name)
		for _, before := range g.Before(name) {
			if err := visit(before); err != nil {
				return err
			}
		}
		way = way[:len(way)-1]
		done[name] = true
		g.names = append(g.names, name)
		return nil
	}
	for i := range defs {
		if err := visit(defs[i].Name); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// Find gives a service by name, nil if there is none.
func (g *Graph) Find(name string) *Definition { return g.byName[name] }

// Names are all services, each after those that it is started after.
func (g *Graph) Names() []string { return slices.Clone(g.names) }

// Before are those that a service is started after, and stopped before.
func (g *Graph) Before(name string) []string {
	d := g.byName[name]
	if d == nil {
		return nil
	}
	return append(slices.Clone(d.Requires), d.After...)
}

// Start are the services and all that they require, in the order in which they are started.
func (g *Graph) Start(names ...string) []string {
	return g.closure(names, func(d *Definition) []string { return d.Requires })
}

// Stop are the services and all that require them, in the order in which they are stopped.
func (g *Graph) Stop(names ...string) []string {
	requiredBy := map[string][]string{}
	for name, d := range g.byName {
		for _, r := range d.Requires {
			requiredBy[r] = append(requiredBy[r], name)
		}
	}
	list := g.closure(names, func(d *Definition) []string { return requiredBy[d.Name] })
	slices.Reverse(list)
	return list
}

// closure is the services and all that next leads to from them, in the order of the graph.
func (g *Graph) closure(names []string, next func(*Definition) []string) []string {
	in := map[string]bool{}
	for todo := slices.Clone(names); len(todo) > 0; todo = todo[1:] {
		d := g.byName[todo[0]]
		if d == nil || in[d.Name] {
			continue
		}
		in[d.Name] = true
		todo = append(todo, next(d)...)
	}
	var list []string
	for _, name := range g.names {
		if in[name] {
			list = append(list, name)
		}
	}
	return list
}

// RequiredError says that a service was not started because one that it requires does not run.
type RequiredError struct{ Service, Required string }

func (e *RequiredError) Error() string {
	return fmt.Sprintf("service %s is not started: service %s, which it requires, does not run", e.Service, e.Required)
}

// Start does something for each of the services, many at once, each after those of them that it is started after. For one that
// requires another of them that failed it is not done: its error is a *RequiredError. Done is told how each went, in the order
// of the list.
func (g *Graph) StartEach(names []string, do func(name string) error, done func(name string, err error)) {
	g.each(names, g.Before, func(name string) []string {
		if d := g.Find(name); d != nil {
			return d.Requires
		}
		return nil
	}, do, done)
}

// StopEach is StartEach in the order in which services are stopped: each after those of them that are started after it, however
// that went.
func (g *Graph) StopEach(names []string, do func(name string) error, done func(name string, err error)) {
	after := map[string][]string{}
	for _, name := range names {
		for _, before := range g.Before(name) {
			after[before] = append(after[before], name)
		}
	}
	g.each(names, func(name string) []string { return after[name] }, func(string) []string { return nil }, do, done)
}

// atOnce is how many services are started or stopped at the same time.
const atOnce = 8

// each does something for each of the names, after those that come first, and only if none of those that it needs failed.
func (g *Graph) each(names []string, first, needs func(string) []string, do func(string) error, done func(string, error)) {
	type result struct {
		err   error
		ended chan struct{}
	}
	results := map[string]*result{}
	for _, name := range names {
		results[name] = &result{ended: make(chan struct{})}
	}
	slots := make(chan struct{}, atOnce)
	for name, r := range results {
		go func() {
			defer close(r.ended)
			for _, f := range first(name) {
				if results[f] != nil {
					<-results[f].ended
				}
			}
			for _, required := range needs(name) {
				if results[required] != nil && results[required].err != nil {
					r.err = &RequiredError{name, required}
					return
				}
			}
			slots <- struct{}{}
			r.err = do(name)
			<-slots
		}()
	}
	for _, name := range names {
		<-results[name].ended
		done(name, results[name].err)
	}
}
