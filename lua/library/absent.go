package library

import "cellsh/lua/syntax"

// absent are names that plain Lua has and policies have not, and what to do instead.
var absent = map[string]string{
	"string.match": "use re.match, or string.find for plain text", "string.gmatch": "use re.find in a loop",
	"string.gsub": "use re.replace", "string.gfind": "use re.find in a loop", "string.dump": "",
	"io": "", "os": "", "package": "", "debug": "", "coroutine": "", "load": "", "loadstring": "", "loadfile": "",
	"dofile": "use require", "getfenv": "", "setfenv": "", "newproxy": "", "collectgarbage": "", "gcinfo": "", "module": "use require",
	"rawget": "", "rawset": "", "rawequal": "", "math.random": "a policy must give the same answer every time", "math.randomseed": "",
}

// AbsentHint says of a name that plain Lua has and policies have not that they have not, and what to do instead; "" for any
// other.
func AbsentHint(name string) string {
	instead, ok := absent[name]
	switch {
	case ok && instead == "":
		return "policies have no " + name
	case ok:
		return "policies have no " + name + ": " + instead
	}
	return ""
}

// AbsentIn is AbsentHint for what a call or an index of a source uses.
func AbsentIn(n syntax.Node) string {
	for {
		name := ""
		switch x := n.(type) {
		case *syntax.CallExpr:
			if s, ok := x.Func.(*syntax.ParenExpr); x.Method != nil && (!ok || isString(s.Inner)) {
				name = "string." + x.Method.Name
			}
			n = x.Func
		case *syntax.IndexExpr:
			object, ok := x.Object.(*syntax.NameExpr)
			if key, isName := x.Key.(*syntax.StringExpr); ok && isName && object.Local == nil {
				name = object.Name + "." + key.Value
			}
			n = x.Object
		case *syntax.NameExpr:
			if x.Local == nil {
				name = x.Name
			}
			n = nil
		default:
			return ""
		}
		if hint := AbsentHint(name); hint != "" {
			return hint
		}
	}
}

func isString(e syntax.Expr) bool {
	_, ok := e.(*syntax.StringExpr)
	return ok
}
