package model

// actions are what the function keys do for what a panel lists, by their numbers.
var actions = [kinds]map[int]Action{
	Decisions: {
		3: {"Why", (*Model).why},
		5: {"Learn", (*Model).learn},
	},
}
