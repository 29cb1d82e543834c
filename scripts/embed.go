package scripts

import "embed"

// FS holds the folder: the scripts, policy.d with its tests, and rc.d. The embedded files are readable and nothing else;
// rc.d/cellsh needs mode 0755 where it is installed.
//
//go:embed *.lua policy.d rc.d
var FS embed.FS
