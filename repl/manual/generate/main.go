// Command generate writes the manual pages and the definitions for editors.
package main

import (
	"log"
	"os"
	"path/filepath"

	"cellsh/repl/manual"
)

func main() {
	for name, text := range manual.Files() {
		if err := os.WriteFile(filepath.Join("..", "..", "docs", name), []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
