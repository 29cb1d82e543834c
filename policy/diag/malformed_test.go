package diag

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestMalformed(t *testing.T) {
	for text, want := range map[string]string{
		``:                        "it ends too early",
		`{"host":`:                "it ends too early",
		`[]`:                      "it must be of another kind, but is an array",
		`{"host":{"next":"x"}}`:   "host.next must be of another kind, but is a string",
		`{"host":{"next":1.5}}`:   "host.next must be of another kind, but is a number 1.5",
		`{"host":{"other":true}}`: `unknown field "other"`,
		`{"host"=1}`:              "it is no JSON: invalid character '=' after object key",
	} {
		var v struct {
			Host struct {
				Next int `json:"next"`
			} `json:"host"`
		}
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&v); err == nil || Malformed(err) != want {
			t.Errorf("%s: %v, %q, want %q", text, err, Malformed(err), want)
		}
	}
	var list []int
	if err := json.Unmarshal([]byte("[1"), &list); err == nil || Malformed(err) != "it ends too early" {
		t.Errorf("a list cut short: %v", err)
	}
}
