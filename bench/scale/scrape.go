package scale

import (
	"fmt"
	"time"

	"cellsh/kernel/host"
	"cellsh/repl/metrics"
)

// Scraped is what a scrape of the metrics of all cells takes of the processors, and its size.
type Scraped struct {
	// First is that of the first scrape after policies were loaded, Later that of another.
	First, Later time.Duration
	Bytes        int
}

// Scrape asks a host, whose policies are loaded, for the metrics of all cells, once after the load and then so many times, of
// which the best counts.
func Scrape(h *host.Host, times int) (Scraped, error) {
	var out Scraped
	for i := range times + 1 {
		start := processorTime()
		s, err := metrics.Of(h)
		if err != nil {
			return out, err
		}
		out.Bytes = len(s.Text())
		took := processorTime() - start
		switch {
		case i == 0:
			out.First = took
		case i == 1 || took < out.Later:
			out.Later = took
		}
	}
	return out, nil
}

// String is the scrape in words.
func (s Scraped) String() string {
	return fmt.Sprintf("first %v, later %v: %d bytes", s.First, s.Later, s.Bytes)
}
