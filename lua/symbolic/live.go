package symbolic

import (
	lua "github.com/yuin/gopher-lua"
)

// Instructions of gopher-lua: opcode in the upper 6 bits, then A of 8, C of 9 and B of 9 bits, or B and C as one
// number of 18 bits, with sign where it is a jump.
type instruction uint32

func (i instruction) op() int  { return int(i >> 26) }
func (i instruction) a() int   { return int(i>>18) & 0xff }
func (i instruction) b() int   { return int(i & 0x1ff) }
func (i instruction) c() int   { return int(i>>9) & 0x1ff }
func (i instruction) bx() int  { return int(i & 0x3ffff) }
func (i instruction) sbx() int { return i.bx() - 0x3ffff>>1 }

// constantBit marks an operand that is a constant and not a register.
const constantBit = 1 << 8

// registers is a set of registers.
type registers [4]uint64

func (r *registers) add(i int) {
	if i < 256 {
		r[i>>6] |= 1 << (i & 63)
	}
}

func (r *registers) addRange(from, to int) {
	for i := from; i < to; i++ {
		r.add(i)
	}
}

func (r *registers) has(i int) bool { return i < 256 && r[i>>6]>>(i&63)&1 != 0 }

// proto is what is worked out once about a function.
type proto struct {
	*lua.FunctionProto
	id int
	// live has for each instruction the registers that matter before it.
	live []registers
}

// effects of one instruction on registers, and where it can go on.
type effects struct {
	uses, defs registers
	// next are up to two instructions, -1 for none.
	next [2]int32
}

func effectsOf(p *lua.FunctionProto, pc int) (e effects) {
	i := instruction(p.Code[pc])
	a, b, c := i.a(), i.b(), i.c()
	use := func(operand int) {
		if operand&constantBit == 0 {
			e.uses.add(operand)
		}
	}
	goes := func(ways ...int) {
		e.next = [2]int32{-1, -1}
		for i, to := range ways {
			e.next[i] = int32(to)
		}
	}
	goes(pc + 1)
	switch i.op() {
	case lua.OP_MOVE, lua.OP_MOVEN:
		// The moves that follow a MOVEN are instructions of their own here.
		e.uses.add(b)
		e.defs.add(a)
	case lua.OP_LOADK, lua.OP_GETUPVAL, lua.OP_GETGLOBAL, lua.OP_NEWTABLE:
		e.defs.add(a)
	case lua.OP_LOADBOOL:
		e.defs.add(a)
		if c != 0 {
			goes(pc + 2)
		}
	case lua.OP_LOADNIL:
		e.defs.addRange(a, b+1)
	case lua.OP_GETTABLE, lua.OP_GETTABLEKS:
		e.uses.add(b)
		use(c)
		e.defs.add(a)
	case lua.OP_SETGLOBAL, lua.OP_SETUPVAL:
		e.uses.add(a)
	case lua.OP_SETTABLE, lua.OP_SETTABLEKS:
		e.uses.add(a)
		use(b)
		use(c)
	case lua.OP_SELF:
		e.uses.add(b)
		use(c)
		e.defs.addRange(a, a+2)
	case lua.OP_ADD, lua.OP_SUB, lua.OP_MUL, lua.OP_DIV, lua.OP_MOD, lua.OP_POW:
		use(b)
		use(c)
		e.defs.add(a)
	case lua.OP_UNM, lua.OP_NOT, lua.OP_LEN:
		use(b)
		e.defs.add(a)
	case lua.OP_CONCAT:
		e.uses.addRange(b, c+1)
		e.defs.add(a)
	case lua.OP_JMP:
		goes(pc + 1 + i.sbx())
	case lua.OP_EQ, lua.OP_LT, lua.OP_LE:
		use(b)
		use(c)
		goes(pc+1, pc+2)
	case lua.OP_TEST:
		e.uses.add(a)
		goes(pc+1, pc+2)
	case lua.OP_TESTSET:
		e.uses.add(b)
		goes(pc+1, pc+2)
	case lua.OP_CALL:
		e.uses.addRange(a, openEnd(a+b, b == 0))
		e.defs.addRange(a, openEnd(a+c-1, c == 0))
	case lua.OP_TAILCALL:
		e.uses.addRange(a, openEnd(a+b, b == 0))
		goes()
	case lua.OP_RETURN:
		e.uses.addRange(a, openEnd(a+b-1, b == 0))
		goes()
	case lua.OP_FORLOOP:
		e.uses.addRange(a, a+3)
		e.defs.add(a)
		goes(pc+1, pc+1+i.sbx())
	case lua.OP_FORPREP:
		e.uses.add(a)
		e.uses.add(a + 2)
		e.defs.add(a)
		goes(pc + 1 + i.sbx())
	case lua.OP_TFORLOOP:
		e.uses.addRange(a, a+3)
		e.defs.addRange(a+3, a+3+max(c, 3))
		// The jump to the body follows.
		goes(pc+2, pc+2+instruction(p.Code[pc+1]).sbx())
	case lua.OP_SETLIST:
		e.uses.add(a)
		e.uses.addRange(a+1, openEnd(a+1+b, b == 0))
	case lua.OP_CLOSURE:
		n := int(p.FunctionPrototypes[i.bx()].NumUpvalues)
		for k := 1; k <= n; k++ {
			if up := instruction(p.Code[pc+k]); up.op() == lua.OP_MOVE {
				e.uses.add(up.b())
			}
		}
		e.defs.add(a)
		goes(pc + 1 + n)
	case lua.OP_VARARG:
		e.defs.addRange(a, openEnd(a+b-1, b == 0))
	}
	return e
}

// openEnd is the end of a range of registers that may reach to the top.
func openEnd(end int, open bool) int {
	if open {
		return 256
	}
	return end
}

// liveness works backwards until nothing changes: a register matters before an instruction if the instruction
// uses it, or if it matters after and is not overwritten. Values in other registers are forgotten when states are
// compared, so that leftovers do not keep equal states apart.
func liveness(p *lua.FunctionProto) []registers {
	n := len(p.Code)
	all := make([]effects, n)
	for pc := 0; pc < n; pc++ {
		all[pc] = effectsOf(p, pc)
		if i := instruction(p.Code[pc]); i.op() == lua.OP_CLOSURE {
			// What follows says which variables are captured; it is not executed.
			for skip := int(p.FunctionPrototypes[i.bx()].NumUpvalues); skip > 0; skip-- {
				pc++
			}
		}
	}
	live := make([]registers, n+2)
	for changed := true; changed; {
		changed = false
		for pc := n - 1; pc >= 0; pc-- {
			e := &all[pc]
			var in registers
			for _, next := range e.next {
				if next >= 0 && int(next) < n {
					for w := range in {
						in[w] |= live[next][w]
					}
				}
			}
			for w := range in {
				in[w] = in[w]&^e.defs[w] | e.uses[w]
			}
			if in != live[pc] {
				live[pc] = in
				changed = true
			}
		}
	}
	return live
}
