package report

import (
	"bytes"
	"testing"

	"cellsh/policy"
)

// An answer has one form, whoever tells it.
func TestAnswer(t *testing.T) {
	at := policy.Source{Policy: "web", File: "web.lua", Line: 3}
	for want, v := range map[string]any{
		`{"result":"allow","reason":""}`: Of(&policy.Decision{Answer: policy.Answer{Result: policy.Allow}}),
		`{"result":"deny","reason":"<no> & never","policy":"web","file":"web.lua","line":3,"record":true}`: Of(&policy.Decision{
			Answer: policy.Answer{Result: policy.Deny, Reason: "<no> & never", Record: true, Source: at}}),
		`{"result":"allow","reason":"","would_result":"deny","would_reason":"later","would_policy":"web","would_file":"web.lua","would_line":3}`: Of(&policy.Decision{
			Answer: policy.Answer{Result: policy.Allow}, Would: policy.Answer{Result: policy.Deny, Reason: "later", Source: at}}),
		`{"result":"","reason":"","policy":"web","file":"web.lua","line":3}`: One(policy.Answer{Source: at}),
		`[]`:  List[int](nil),
		`[1]`: List([]int{1}),
	} {
		var b bytes.Buffer
		if err := Write(&b, v); err != nil || b.String() != want+"\n" {
			t.Errorf("%swant\n%s\n%v", b.String(), want, err)
		}
	}
}
