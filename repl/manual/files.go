package manual

import "cellsh/lua/api"

// Files are all that is generated, by their names below docs.
func Files() map[string]string {
	return map[string]string{"cellsh.1": Program(), "cellsh.3": Library(), "cellsh.lua": api.Stubs()}
}
