package secmodel

// Profile is how much secmodel_cell itself denies to the members of a cell. It is given at create and can't be read back.
type Profile uint8

// The profiles; the numbers are the kernel's.
const (
	Low Profile = iota
	Medium
	High

	// NumProfiles is how many there are.
	NumProfiles = iota
)

// Profiles are all of them, in the order in which they are listed everywhere.
var Profiles = [NumProfiles]Profile{Low, Medium, High}

// MaxPorts is how many ports a cell can reserve (struct cell_create).
const MaxPorts = 32

// String is "low", "medium" or "high".
func (p Profile) String() string { return [...]string{"low", "medium", "high"}[p] }

// ParseProfile gives the profile of that name.
func ParseProfile(name string) (Profile, bool) {
	for _, p := range Profiles {
		if p.String() == name {
			return p, true
		}
	}
	return 0, false
}
