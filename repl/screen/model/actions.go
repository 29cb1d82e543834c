package model

// actions are what the function keys do for what a panel lists, by their numbers.
var actions = [kinds]map[int]Action{
	Cells:    {2: {"Why", (*Model).denials}},
	Members:  {2: {"Why", (*Model).denials}},
	Services: {2: {"Why", (*Model).denials}},
	Policies: {2: {"Why", (*Model).denials}},
	Decisions: {
		3: {"Why", (*Model).why},
		5: {"Learn", (*Model).learn},
	},
}
