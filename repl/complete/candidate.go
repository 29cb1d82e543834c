package complete

// Candidate is something that can follow.
type Candidate struct {
	// Text is the whole word, as lists show it.
	Text string
	// Insert is what has to be typed after the cursor.
	Insert string
	// Doc says in a few words what it is; "" if nothing is known.
	Doc string
}
