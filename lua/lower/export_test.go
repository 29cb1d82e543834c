package lower

// Shrink makes everything that is done for large sources happen to small ones. It gives back what undoes that.
func Shrink() func() {
	before := threshold
	threshold = thresholds{constants: 2, fields: 2, arithmetic: 2, chain: 1, elements: 2, run: 2, locals: 2, names: 2, parts: 2}
	return func() { threshold = before }
}
