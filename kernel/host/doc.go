// Package host is the owner of a kernel: with the policies that are loaded there, and the generations that were. All
// that changes cells or policies goes through it.
//
//	h := host.New(kernel, notes, reader.Load, time.Now)
//	loaded, check, err := h.Load(policies, host.LoadOptions{})
//	id, err := h.Create(kernel.Spec{Name: "web-1", Root: "/cells/web-1"})
//
// It checks what must never be allowed before it changes anything, and undoes what it did if a later step fails.
//
// What it is not: it knows no Lua, and is given what reads policies from their sources. It has no flags and writes no
// text but in errors.
package host
