package generate

import (
	"fmt"
	"testing"
)

func TestShow(t *testing.T) {
	g := New(3)
	for i := range 3 {
		c := g.Cell(fmt.Sprint("c", i), 2)
		for _, f := range c.Files {
			fmt.Println(f.Tree)
		}
		for _, q := range c.Requests {
			fmt.Println(q.JSON())
		}
	}
	fmt.Println(g.Script("s").Text(Print))
}
