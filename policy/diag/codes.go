package diag

// Code is the stable name of a kind of problem. Codes are never reused for something else.
type Code string
