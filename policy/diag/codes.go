package diag

// Code is the stable name of a kind of problem. Codes are never reused for something else.
type Code string

// The codes of sources, whatever they say. docs/diagnostics.md explains all codes.
const (
	// Syntax: the source is not Lua.
	Syntax Code = "source.syntax"
	// SourceSize: the source, or a part of it, is too large.
	SourceSize Code = "source.size"
	// SourceDepth: the source is nested too deeply.
	SourceDepth Code = "source.depth"
	// SourceBinary: the source is no text.
	SourceBinary Code = "source.binary"
)

// CommandLine: a command of a session can't be divided into words.
const CommandLine Code = "command.line"

// The codes of running Lua.
const (
	// Runtime: Lua raised an error.
	Runtime Code = "lua.runtime"
	// Budget: the code took too many instructions.
	Budget Code = "lua.budget"
	// Memory: the code took too much memory.
	Memory Code = "lua.memory"
	// Interrupted: somebody stopped the code.
	Interrupted Code = "lua.interrupted"
)

// The codes of decision functions, found when they are compiled.
const (
	// DecisionError: Lua would raise an error for some request.
	DecisionError Code = "decision.error"
	// DecisionType: a field is compared with something that it can never be.
	DecisionType Code = "decision.type"
	// DecisionField: a field that does not exist, or can't be known.
	DecisionField Code = "decision.field"
	// DecisionConstant: a number that a field can't be compared with exactly.
	DecisionConstant Code = "decision.constant"
	// DecisionArithmetic: arithmetic that leaves the integers.
	DecisionArithmetic Code = "decision.arithmetic"
	// DecisionText: text that depends on the request.
	DecisionText Code = "decision.text"
	// DecisionLoop: a loop whose length depends on the request.
	DecisionLoop Code = "decision.loop"
	// DecisionWrite: an assignment to something that outlives the decision.
	DecisionWrite Code = "decision.write"
	// DecisionCall: a call that has no meaning in a kernel.
	DecisionCall Code = "decision.call"
	// DecisionResult: a decision must return a result and a reason.
	DecisionResult Code = "decision.result"
	// DecisionBudget: the decision is too complex.
	DecisionBudget Code = "decision.budget"
	// DecisionGlobal: a global that nobody defined.
	DecisionGlobal Code = "decision.global"
	// DecisionOpen: what is decided depends on something that Lua leaves open.
	DecisionOpen Code = "decision.open"
	// DecisionAbsent: a field that no request of the entry carries.
	DecisionAbsent Code = "decision.absent"
	// DecisionSilent: a function that never answers.
	DecisionSilent Code = "decision.silent"
	// DecisionUnsupported: something else that can't be compiled.
	DecisionUnsupported Code = "decision.unsupported"
)

// The codes of declarations.
const (
	// PolicyName: a name that should stand for something and does not.
	PolicyName Code = "policy.name"
)

// The codes of declarations, and of the files that they are in.
const (
	// FileRead: a file can't be read.
	FileRead Code = "file.read"
	// FileForeign: a file of another tool.
	FileForeign Code = "file.foreign"
	// FileTrust: somebody could have changed a file who must not.
	FileTrust Code = "file.trust"
	// PolicyKey: a key that a declaration does not have.
	PolicyKey Code = "policy.key"
	// PolicyValue: a value of the wrong kind.
	PolicyValue Code = "policy.value"
	// PolicyUnknown: there is no policy of that name.
	PolicyUnknown Code = "policy.unknown"
	// PolicyDuplicate: two things that must be one.
	PolicyDuplicate Code = "policy.duplicate"
	// PolicyLimit: more of something than can be taken.
	PolicyLimit Code = "policy.limit"
	// PolicyRequest: a request, action or scope that does not exist.
	PolicyRequest Code = "policy.request"
	// PolicyScope: a scope in which no policy can be written.
	PolicyScope Code = "policy.scope"
	// PolicySpin: a request that is asked under a spin lock.
	PolicySpin Code = "policy.spin"
	// PolicyNever: a rule that can only match what is never asked.
	PolicyNever Code = "policy.never_raised"
)

// The codes of services.
const (
	// ServiceKey: a key that a service does not have.
	ServiceKey Code = "service.key"
	// ServiceValue: a value of the wrong kind, or one that is missing.
	ServiceValue Code = "service.value"
	// ServiceDuplicate: two things that must be one.
	ServiceDuplicate Code = "service.duplicate"
	// ServiceUnknown: there is no service of that name.
	ServiceUnknown Code = "service.unknown"
	// ServiceCycle: services that wait for each other.
	ServiceCycle Code = "service.cycle"
	// ServiceLimit: more of something than can be taken.
	ServiceLimit Code = "service.limit"
)

// The codes of analysis.
const (
	// LintConstant: a test that always has the same answer.
	LintConstant Code = "lint.constant_test"
	// LintShadowed: an entry that is never asked.
	LintShadowed Code = "lint.shadowed_entry"
	// LintHiddenDenial: a list that keeps a function from denying.
	LintHiddenDenial Code = "lint.hidden_denial"
	// LintUnknownCell: a denial that a cell whose name the kernel does not know escapes.
	LintUnknownCell Code = "lint.unknown_cell"
	// LintUselessGrant: a grant that the kernel refuses all the same.
	LintUselessGrant Code = "lint.useless_grant"
	// LintEmptyNever: an assertion that is about no request.
	LintEmptyNever Code = "lint.empty_never"
	// NeverBroken: a request that must never be allowed is not denied.
	NeverBroken Code = "never.broken"
	// GlobNoCell: a glob that matches no live cell.
	GlobNoCell Code = "policy.no_cell"
	// ProofDiffers: a program is wrong.
	ProofDiffers Code = "proof.differs"
	// ReadingDiffers: two readings of the same source disagree.
	ReadingDiffers Code = "reading.differs"
	// ReadingPartial: two readings were compared only in part.
	ReadingPartial Code = "reading.partial"
	// TooLarge: a decision has too many cases to be worked out.
	TooLarge Code = "analysis.too_large"
)

// The codes of work with a kernel.
const (
	// KernelRefused: the kernel did not do it, or was not asked because it would not.
	KernelRefused Code = "kernel.refused"
	// KernelUnsupported: the kernel can't do it.
	KernelUnsupported Code = "kernel.unsupported"
	// FitLax: a kernel without the evaluation model allows what policies refuse.
	FitLax Code = "fit.lax"
	// LoadLoses: live cells would lose policies.
	LoadLoses Code = "load.loses"
	// AuditOpens: nothing would be refused in live cells.
	AuditOpens Code = "audit.opens"
	// HookDropped: a hook failed, and is not called any more.
	HookDropped Code = "hook.dropped"
	// HookFailed: a hook of cellsh watch failed, and is called again the next time.
	HookFailed Code = "hook.failed"
	// EventsLost: something happened that hooks were not told of.
	EventsLost Code = "events.lost"
)

// Failed: something else did not work.
const Failed Code = "failed"
