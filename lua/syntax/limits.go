package syntax

// The bounds of a source.
const (
	// MaxSource is the size of a file in bytes.
	MaxSource = 1 << 20
	// MaxNesting is how deep brackets and blocks may lie within each other.
	MaxNesting = 200
	// MaxChain is how deep the tree may be where no brackets make it so: operators and indices that follow each other.
	MaxChain = 20000
	// MaxLocals is how many locals can be in scope in a function. A for loop takes the room of three more than it names,
	// and varargs that of arg.
	MaxLocals = 200
	// MaxUpvalues is how many locals of functions around it a function can use.
	MaxUpvalues = 255
)
