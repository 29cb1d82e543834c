package model

// Themes are the names of the themes, the usual one first: those of cellui.
func Themes() []string { return []string{"mc", "sysinst", "amber", "green", "mono", "synthwave"} }
