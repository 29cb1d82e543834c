module cellsh/judge

go 1.26.0

replace cellsh => ../

require (
	cellsh v0.0.0-00010101000000-000000000000
	github.com/arnodel/golua v0.1.0
)
