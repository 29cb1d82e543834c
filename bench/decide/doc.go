// Package decide holds one policy against itself in many languages: a program of cellsh, a function in Go, the
// policy's own functions in gopher-lua, and the languages of other engines, all asked the same stream of requests.
//
//	for _, new := range decide.Contestants {
//		c, err := new(decide.Web, stream)
//		denied := c.Pass()          // one question for every request of the stream
//	}
//
// Every contestant may turn the requests into what it takes beforehand, so that a pass measures decisions alone.
// The answer is whether the request is denied, because that is what all of these languages can say.
//
// What it is not: it doesn't time anything. The report and the benchmark do.
package decide
