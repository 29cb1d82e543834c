package diag

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
)

// refusal knows its code.
type refusal struct{ text string }

func (r refusal) Error() string { return r.text }
func (r refusal) Diagnostics() List {
	return List{{Code: KernelRefused, Message: r.text, Hint: "wait"}}
}

// both is two errors that are told as one.
type both struct{ refusal }

func (b both) Unwrap() []error { return []error{b.refusal, errors.New("inside")} }

func TestOf(t *testing.T) {
	refused := Diagnostic{Code: KernelRefused, Message: "no", Hint: "wait"}
	longer := refused
	longer.Message = "create: no"
	placed := Diagnostic{Span: Span{File: "a.lua", Line: 1}, Code: PolicyKey, Message: "bad"}
	failed := Diagnostic{Code: Failed, Message: "lost"}
	for _, c := range []struct {
		name string
		err  error
		want List
	}{
		{"nothing", nil, nil},
		{"plain", errors.New("lost"), List{failed}},
		{"diagnosed", refusal{"no"}, List{refused}},
		{"wrapped", fmt.Errorf("create: %w", refusal{"no"}), List{longer}},
		{"a list", List{placed}, List{placed}},
		{"a wrapped list", fmt.Errorf("load: %w", List{placed}), List{placed}},
		{"joined", errors.Join(List{placed}, errors.Join(refusal{"no"}, errors.New("lost"))), List{placed, refused, failed}},
		{"told as one", both{refusal{"no"}}, List{refused}},
	} {
		if got := Of(c.err); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
