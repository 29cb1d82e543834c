// Package metrics writes what is measured of cells in the text format of Prometheus, as cellctl stats -P does and with more,
// and serves it.
//
//	s, err := metrics.Of(host)
//	text := s.Text()
//
// One table has every metric: its name, what it means, its labels, and where its samples come from. The text and the documents
// are made of it.
//
// What it is not: it keeps nothing from one time to the next, and changes nothing.
package metrics
