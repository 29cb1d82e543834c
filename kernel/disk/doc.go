// Package disk writes files that must survive: as a whole or not at all, and by one writer at a time.
//
//	unlock, err := disk.Lock("/var/db/cellsh/cells.lock")
//	defer unlock()
//	err = disk.Replace("/var/db/cellsh/cells", text)
//
// A file that is replaced can't be locked itself: who waited would hold the lock of a file that is gone. So locks are
// files of their own.
//
// What it is not: it knows nothing about what is in a file.
package disk
