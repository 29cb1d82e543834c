// Package scrape answers HTTP requests for metrics, and for whether they can be had.
//
//	l, err := scrape.Listen("127.0.0.1:9100", false)
//	err = l.Serve(ctx, scrape.Source{Text: text, Health: health})
//
// What it is not: it does not know what is measured, and answers nothing that has effects.
package scrape
