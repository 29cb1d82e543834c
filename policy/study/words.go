package study

import (
	"encoding/json"
	"fmt"
	"strings"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// ParseWords reads a question from the words of a command: a cell, a request, and FIELD=VALUE for each field, named as
// policies name it: target.pid. Lists of groups are separated by commas. The errors of all words are joined.
func ParseWords(words []string) (*policy.Question, error) {
	q := &policy.Question{}
	var errs policy.Errors
	for i, w := range words {
		switch i {
		case 0:
			errs.Add(q.Set("cell", w))
			continue
		case 1:
			errs.Add(q.Set("request", w))
			continue
		}
		key, text, ok := strings.Cut(w, "=")
		if !ok {
			errs.Add(fmt.Errorf("a field must be given as FIELD=VALUE, but is %q", w))
			continue
		}
		errs.Add(q.SetWord(key, wordValue(key, text)))
	}
	errs.Add(q.Done())
	return q, errs.Err()
}

// wordValue guesses what a word stands for: the kinds of fields leave no doubt.
func wordValue(key, text string) any {
	f, ok := kauth.FindField(key)
	if !ok {
		return text
	}
	switch f.Info().Kind {
	case kauth.KindGroups:
		list := []any{}
		for s := range strings.SplitSeq(text, ",") {
			if s != "" {
				list = append(list, number(s))
			}
		}
		return list
	case kauth.KindBool:
		switch text {
		case "true":
			return true
		case "false":
			return false
		}
	case kauth.KindString, kauth.KindAddr:
		if text == "nil" {
			return nil
		}
		return text
	}
	return number(text)
}

// number is the text as a number if it is one, else as it is.
func number(text string) any {
	n := json.Number(text)
	if _, err := n.Int64(); err == nil {
		return n
	}
	return text
}

// ExplainCommand is the command that explains how these policies answer a request, "" if the kernel does not ask that.
func (p *Policies) ExplainCommand(cell string, r *policy.Request) string {
	if !r.IsUsual() {
		return ""
	}
	words := "cellsh explain "
	for _, path := range p.paths {
		words += "--policy " + QuoteWord(path) + " "
	}
	return words + ExplainArgs(cell, r)
}

// ExplainArgs writes a request as the words that ParseWords reads, "" if the kernel does not ask that.
func ExplainArgs(cell string, r *policy.Request) string {
	if !r.IsUsual() {
		return ""
	}
	words := []string{cell, r.ID.String()}
	for _, f := range r.ID.Info().Fields.Fields() {
		if !r.Given.Has(f) {
			continue
		}
		var v string
		switch f.Info().Kind {
		case kauth.KindGroups:
			var gids []string
			for _, g := range r.Groups {
				gids = append(gids, fmt.Sprint(g))
			}
			v = strings.Join(gids, ",")
		case kauth.KindString:
			if v = r.Text(f); v == "" && f.Info().Nullable {
				v = "nil"
			}
		case kauth.KindAddr:
			if v = r.Addr.String(); r.Addr.Version == 0 {
				v = "nil"
			}
		default:
			v = strings.Trim(f.FormatValue(r.Int[f]), "\"")
		}
		words = append(words, f.String()+"="+v)
	}
	for i := range words {
		words[i] = QuoteWord(words[i])
	}
	return strings.Join(words, " ")
}

// QuoteWord quotes a word of a command that a shell would not take as it is.
func QuoteWord(w string) string {
	if w != "" && !strings.ContainsAny(w, " \t\n'\"\\$*?[]{}~#;&|<>()`!") {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
