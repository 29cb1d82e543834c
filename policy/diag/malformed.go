package diag

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Malformed says what package encoding/json found wrong with a text, in words that name members of the text and not types
// of the program: "it ends too early", `unknown field "x"`.
func Malformed(err error) string {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax) && syntax.Error() == "unexpected end of JSON input":
		return "it ends too early"
	case errors.As(err, &kind) && kind.Field == "":
		return "it must be of another kind, but is " + article(kind.Value)
	case errors.As(err, &kind):
		return fmt.Sprintf("%s must be of another kind, but is %s", kind.Field, article(kind.Value))
	case errors.As(err, &syntax):
		return "it is no JSON: " + syntax.Error()
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

func article(value string) string {
	if strings.IndexByte("aeiou", value[0]) >= 0 {
		return "an " + value
	}
	return "a " + value
}
