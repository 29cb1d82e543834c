package lower

// Rule is one way in which lowered code differs from the source.
type Rule struct {
	Name string
	// Issue is the number of gopher-lua's issue, 0 where there is none.
	Issue int
	// Reason is what happens without the rule.
	Reason string
}

// Rules are all rules. testdata has programs for each, with the answers of PUC Lua 5.1.
var Rules = []Rule{
	{"names", 0, "every local has a name of its own: the compiler takes local f = function for local function f"},
	{"boxes", 448, "a local that functions share and that is assigned to lives in a table: an error that pcall catches, and goto, cut functions off their variables"},
	{"targets", 355, "and, or, calls, constructors and ... go to a new local and are moved from there: into one that exists they are written too early, or over its neighbours"},
	{"assignments", 440, "the values of an assignment of several are all worked out before the first is assigned: later ones would read what earlier ones wrote"},
	{"landings", 540, "what a loop or goto jumps back to begins with an instruction that does nothing: a jump there would be taken for one whose target is not set yet"},
	{"constants", 540, "conditions that the source decides are decided here: they are jumps without a test"},
	{"repeat", 0, "repeat is a loop that is left by break: its variables stay in reach of its condition, and there is only one kind of loop to get right"},
	{"breaks", 0, "break out of a loop with shared variables is a goto, which parts the functions from the variables: break forgets those of inner blocks"},
	{"iterators", 0, "a generic loop gets all of its three values: the compiler keeps what was there before for those that are missing, and drops a call that is one of them"},
	{"constructors", 514, "long constructors are put together from parts: beyond 511 batches of 50 values, and where a key or an open call follows a full batch, values are stored at wrong places"},
	{"numbers", 0, "numbers have their exact value: 1e400 and 0xffffffffffffffff are NaN, 010 is 8"},
	{"pages", 0, "the constants of a function with very many lie in tables: the compiler looks through all of them for each"},
	{"operators", 0, "arithmetic, #, .. and the bounds of numeric loops are calls: gopher-lua's own lose the sign of zero, ask no metamethod that is a callable table, and differ from Lua 5.1 in other results"},
	{"chains", 0, "long elseif chains are put beside each other, long arithmetic is worked out in parts: the compiler takes quadratic time, and more registers than there are"},
	{"objects", 0, "what is assigned into is never a constant: the compiler mistakes its number for a register"},
	{"arg", 0, "the local arg of old varargs is made where it is used: a tail call loses it"},
	{"methods", 0, "function a:b() is an assignment: its own way through the compiler has the bugs of others again"},
	{"order", 0, "an operand that is a local is read when the operation is made, as PUC Lua does: boxes are read too early"},
	{"frames", 0, "of very many locals those that come last live in a table of the function, and statements with very many names work in one: otherwise there are no registers left to work with"},
	{"sizes", 0, "a function that is too large for jumps, registers or upvalues is refused: the compiler cuts the numbers off"},
}
