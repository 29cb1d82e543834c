package docs

import "testing"

// TestScreenTour: what the tour shows is what the screen shows.
func TestScreenTour(t *testing.T) { checkTranscripts(t, "screen.md") }
