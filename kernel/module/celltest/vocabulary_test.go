package celltest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellsh/policy/kauth"
)

var update = flag.Bool("update", false, "write the generated C headers of kernel/module")

// The vocabulary that the module is built for.
var vocabulary = &kauth.NetBSD109912

const generated = "/* Generated from package kauth: go test ./kernel/module/celltest -update. Do not edit. */\n\n"

// macro is a name as C has it: TARGET_PID.
func macro(name string) string { return strings.ToUpper(strings.ReplaceAll(name, ".", "_")) }

// numbersHeader is celleval_vocabulary.h: what callers name fields and requests by.
func numbersHeader() []byte {
	var b bytes.Buffer
	b.WriteString(generated + `/*
 * Fields and requests by number, as docs/format.md has them. The number of a field never changes; the number of a request
 * is its place in this vocabulary, and has no meaning outside of the module.
 */

#ifndef CELLEVAL_VOCABULARY_H
#define CELLEVAL_VOCABULARY_H

`)
	fmt.Fprintf(&b, "/* The vocabulary of NetBSD %s, as bundles name it. */\n#define CELLEVAL_VOCABULARY UINT64_C(%#016x)\n\n", vocabulary.Version, vocabulary.ID)
	b.WriteString("enum celleval_field {\n")
	for f := range kauth.Field(kauth.NumFields) {
		fmt.Fprintf(&b, "\tCELLEVAL_FIELD_%s = %d,\n", macro(f.String()), f)
	}
	fmt.Fprintf(&b, "};\n\n#define CELLEVAL_NFIELDS %d\n\n", kauth.NumFields)
	b.WriteString("/* The scopes, as bundles number them; actions and requests are numbered as in sys/kauth.h. */\nenum celleval_scope {\n")
	for s := kauth.System; s <= kauth.Device; s++ {
		fmt.Fprintf(&b, "\tCELLEVAL_SCOPE_%s = %d,\n", macro(s.String()), s)
	}
	b.WriteString("};\n\nenum celleval_question {\n")
	for id := range kauth.RequestID(kauth.NumRequests) {
		fmt.Fprintf(&b, "\tCELLEVAL_%s = %d,\n", macro(id.String()), id)
	}
	fmt.Fprintf(&b, "};\n\n#define CELLEVAL_NQUESTIONS %d\n\n#endif\n", kauth.NumRequests)
	return b.Bytes()
}

// tablesHeader is celleval_tables.h: what the verifier and the search for questions know of each.
func tablesHeader() []byte {
	var b bytes.Buffer
	b.WriteString(generated + "/* Part of celleval.c. */\n\nstatic const struct field fields[CELLEVAL_NFIELDS] = {\n")
	kinds := map[kauth.Kind]string{kauth.KindInt: "KIND_NUMBER", kauth.KindNamed: "KIND_NAME", kauth.KindBool: "KIND_TRUTH",
		kauth.KindString: "KIND_TEXT", kauth.KindAddr: "KIND_ADDRESS", kauth.KindGroups: "KIND_GROUPS"}
	for f := range kauth.Field(kauth.NumFields) {
		in := f.Info()
		fmt.Fprintf(&b, "\t[CELLEVAL_FIELD_%s] = { INT64_C(%d), %s, %t, %t },\n", macro(f.String()), in.Max, kinds[in.Kind], in.Flags, f.Divisible())
	}
	b.WriteString("};\n\nstatic const struct question questions[CELLEVAL_NQUESTIONS] = {\n")
	for id := range kauth.RequestID(kauth.NumRequests) {
		n, _ := vocabulary.Number(id)
		fmt.Fprintf(&b, "\t[CELLEVAL_%s] = { UINT64_C(%#x), %#06x, %t },\n", macro(id.String()), uint64(id.Info().Fields), n.Key(), vocabulary.Asks(id))
	}
	// Questions of an action are found by their request from the lowest to the highest that has a number.
	type action struct{ scope, action, first, low, count int }
	var actions []action
	var places []string
	for id := range kauth.RequestID(kauth.NumRequests) {
		n, _ := vocabulary.Number(id)
		if last := len(actions) - 1; last < 0 || actions[last].scope != int(n.Scope) || actions[last].action != int(n.Action) {
			actions = append(actions, action{int(n.Scope), int(n.Action), len(places), int(n.Req), 0})
		}
		a := &actions[len(actions)-1]
		for ; a.count <= int(n.Req)-a.low; a.count++ {
			places = append(places, "0xff")
		}
		places[len(places)-1] = fmt.Sprint(int(id))
	}
	b.WriteString("};\n\nstatic const struct action actions[] = {\n")
	starts := map[int]int{}
	for i, a := range actions {
		if _, ok := starts[a.scope]; !ok {
			starts[a.scope] = i
		}
		if want := i - starts[a.scope] + 1; a.action != want {
			panic(fmt.Sprintf("action %d of scope %d must follow %d", a.action, a.scope, want-1))
		}
		bits := false
		for id := range kauth.RequestID(kauth.NumRequests) {
			n, _ := vocabulary.Number(id)
			if int(n.Scope) == a.scope && int(n.Action) == a.action && n.Req == 0 {
				bits = vocabulary.Flags(id).Has(kauth.Bare) && id.Info().Fields.Has(kauth.FieldBits)
			}
		}
		fmt.Fprintf(&b, "\t{ %d, %d, %d, %t },\n", a.first, a.low, a.count, bits)
	}
	b.WriteString("};\n\n/* Where the actions of a scope begin. The first action of each scope is 1. */\nstatic const uint8_t scopes[] = {\n")
	for s := kauth.System; s <= kauth.Device; s++ {
		fmt.Fprintf(&b, "\t[CELLEVAL_SCOPE_%s] = %d,\n", macro(s.String()), starts[int(s)])
	}
	fmt.Fprintf(&b, "\t[CELLEVAL_SCOPE_%s + 1] = %d,\n};\n\nstatic const uint8_t places[] = {", macro(kauth.Device.String()), len(actions))
	for i, p := range places {
		if i%16 == 0 {
			b.WriteString("\n\t")
		} else {
			b.WriteString(" ")
		}
		b.WriteString(p + ",")
	}
	b.WriteString("\n};\n")
	return b.Bytes()
}

// The headers that are generated are what the vocabulary makes of them; -update writes them.
func TestHeadersAreUpToDate(t *testing.T) {
	for name, want := range map[string][]byte{"celleval_vocabulary.h": numbersHeader(), "celleval_tables.h": tablesHeader()} {
		path := filepath.Join("..", name)
		if *update {
			if err := os.WriteFile(path, want, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("%s differs; go test ./kernel/module/celltest -update writes it", path)
		}
	}
}
