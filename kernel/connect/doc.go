// Package connect opens the kernel that a user names: the running NetBSD, or a simulated one whose state ends with the
// program or is kept in a file.
//
//	c, err := connect.Open(connect.Options{Target: "sim:cells.state", Now: time.Now})
//	defer c.Close()
//	id, err := c.Kernel.Create(spec)
//	err = c.Save()
//
// A state file is read whole or not at all, is written as a whole, and has one writer at a time.
//
// What it is not: it adds nothing to what a kernel can do. Package kernel says what that is.
package connect
