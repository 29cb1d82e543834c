package syntax

import (
	"fmt"
	"strings"
	"testing"
)

func TestScan(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"#!/usr/bin/cellsh\nlocal x = 0x1F + 1e-3 .. 'a\\'b' --[[ two\nlines ]] y[ [==[ ]] ]==] ] ~= ... -- end\n\"open\nz",
			"1:1 #!/usr/bin/cellsh|2:1 local|2:7 x|2:9 =|2:11 0x1F|2:16 +|2:18 1e-3|2:23 ..|2:26 'a\\'b'|2:33 --[[ two\nlines ]]|3:10 y|3:11 [|3:13 [==[ ]] ]==]|3:26 ]|3:28 ~=|3:31 ...|3:35 -- end|4:1 \"open|5:1 z"},
		{"a\rb\r\nc\n\rd\n\ne", "1:1 a|2:1 b|3:1 c|4:1 d|6:1 e"},
		{"1..2 3x .5.6 0xe+1 1e+5", "1:1 1..2|1:6 3x|1:9 .5.6|1:14 0xe|1:17 +|1:18 1|1:20 1e+5"},
		{"a.b.. c...::d::=== ~", "1:1 a|1:2 .|1:3 b|1:4 ..|1:7 c|1:8 ...|1:11 ::|1:13 d|1:14 ::|1:16 ==|1:18 =|1:20 ~"},
		{"'\\\r\nx' '\\z' [=x --[=x\ny", "1:1 '\\\r\nx'|2:4 '\\z'|2:9 [=|2:11 x|2:13 --[=x|3:1 y"},
		{"größe “x” \xff\xfe!=", "1:1 gr|1:3 öß|1:7 e|1:9 “|1:12 x|1:13 ”|1:17 \xff\xfe|1:19 !|1:20 ="},
		{"-- a\rb --[[c", "1:1 -- a|2:1 b|2:3 --[[c"},
		{"", ""},
	} {
		var got []string
		for _, tok := range Scan(c.src) {
			got = append(got, fmt.Sprintf("%d:%d %s", tok.Line, tok.Column, tok.Text))
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%q\ngot  %q\nwant %q", c.src, s, c.want)
		}
	}
}

func TestKinds(t *testing.T) {
	for text, want := range map[string]Kind{"x": Name, "end": Keyword, "goto": Keyword, "1": Number, "'s'": String, "[[s]]": String, "==": Operator, "--c": Comment,
		"'s": Broken, "[[s": Broken, "--[[c": Broken, "[=": Broken, "$": Broken, "ö": Broken} {
		if all := Scan(text); len(all) != 1 || all[0].Kind != want {
			t.Errorf("%q must be of kind %d, but is %+v", text, want, all)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{"", "x", "--[[", "[==[", "'\\", "1..2", "#", "a\x00b", "é", "...", "\r\n\n\r"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		at := 0
		for _, tok := range Scan(src) {
			if tok.Offset < at || tok.Text == "" || src[tok.Offset:tok.End()] != tok.Text {
				t.Fatalf("token %q at %d after %d", tok.Text, tok.Offset, at)
			}
			if gap := src[at:tok.Offset]; strings.Trim(gap, " \t\n\r\v\f") != "" {
				t.Fatalf("%q is in no token", gap)
			}
			at = tok.End()
		}
	})
}
