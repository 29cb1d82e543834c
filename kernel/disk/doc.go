// Package disk keeps what others do at the same time, or did before, from spoiling files: it writes them as a whole or not
// at all, by one writer at a time, and reads those that only trusted users can have changed.
//
//	unlock, err := disk.Lock("/var/db/cellsh/cells.lock")
//	defer unlock()
//	err = disk.Replace("/var/db/cellsh/cells", text)
//
//	trust := &disk.Trust{Owners: []int{0}, Limit: 1 << 20}
//	text, err := trust.ReadFile("/etc/cellsh/policy.d/web.lua")
//
// A file that is replaced can't be locked itself: who waited would hold the lock of a file that is gone. So locks are
// files of their own.
//
// What it is not: it knows nothing about what is in a file.
package disk
