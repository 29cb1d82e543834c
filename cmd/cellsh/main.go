// Command cellsh is the policy shell for NetBSD Cells.
package main

import "fmt"

var version = "unknown"

func main() { fmt.Println("cellsh", version) }
