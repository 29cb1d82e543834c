package stock

// implied are facts that follow from another one being so. Only what holds for every request is here: a process
// that asks about itself has its own real and effective user ids, but its saved ones may differ.
var implied = map[Literal][]Literal{
	is(TargetIsCaller): {is(SameRealUID), is(AnyUIDMatches), is(NiceUIDMatches), is(SameSession), not(TargetOtherCell)},
}

// Implies gives what follows from the literal.
func (l Literal) Implies() []Literal { return implied[l] }
