/*
 * celleval: evaluates and verifies what cellsh compiles. docs/format.md describes the bytes.
 *
 *	celleval_measure(bytes, length, &needs);               how much memory verifying takes: allocate it
 *	fault = celleval_verify(bytes, length, programs, needs.programs, scratch, needs.scratch, &bundle, &error);
 *
 * From then on bytes and programs must stay as they are, for as long as the bundle is used; scratch may be freed. The bundle
 * can be read by any number of processors at once. For each question of the kernel:
 *
 *	question = celleval_question(CELLEVAL_SCOPE_NETWORK, action, request);
 *	program  = celleval_find_cell(&bundle, id, &entry) ? entry.program : NULL;
 *	if (!celleval_find(program, question, &root))
 *		the program has nothing to say: KAUTH_RESULT_DEFER
 *	celleval_clear(&request);
 *	celleval_set_number(&request, CELLEVAL_FIELD_PORT, port);     for each field in root.mask
 *	decision = celleval_run(program, &root, &request);
 *
 * Nothing here allocates, sleeps, locks, recurs, or can fail for a bundle that was verified. A decision takes as many steps
 * as the longest way through the program; a step is constant but for a set of ranges (the logarithm of their number), a
 * text to compare (its length), a pattern (at most 127 times the length of the text) and a group (a call of is_member).
 *
 * It is freestanding C11, and knows no kernel: it is compiled and tested on any machine (kernel/module/celltest).
 */

#ifndef CELLEVAL_H
#define CELLEVAL_H

#ifdef _KERNEL
#include <sys/types.h>
#include <sys/null.h>
#include <sys/stdint.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

#include "celleval_vocabulary.h"

/* Version of the format, and the longest bundle in bytes. */
#define CELLEVAL_ABI_VERSION	2
#define CELLEVAL_MAX_BUNDLE	268435456u

/* The longest text in bytes, and the limits of one program. */
#define CELLEVAL_MAX_TEXT	4096u
#define CELLEVAL_MAX_NODES	1048576u
#define CELLEVAL_MAX_LEAVES	1048576u

/* ---- Verifying ---- */

/* What is wrong with a bundle. The numbers never change; docs/format.md says what each means. */
enum celleval_fault {
	CELLEVAL_SOUND = 0,

	/* of a bundle */
	CELLEVAL_FAULT_MAGIC = 1,
	CELLEVAL_FAULT_VERSION = 2,
	CELLEVAL_FAULT_LENGTH = 3,
	CELLEVAL_FAULT_CHECKSUM = 4,
	CELLEVAL_FAULT_VOCABULARY = 5,
	CELLEVAL_FAULT_FALLBACK_SCOPE = 6,
	CELLEVAL_FAULT_RESERVED = 7,
	CELLEVAL_FAULT_COUNTS = 8,
	CELLEVAL_FAULT_PROGRAM_START = 9,
	CELLEVAL_FAULT_PROGRAM_END = 10,
	CELLEVAL_FAULT_CELLS_START = 11,
	CELLEVAL_FAULT_CELL_NAME = 12,
	CELLEVAL_FAULT_CELL_ORDER = 13,
	CELLEVAL_FAULT_CELL_PROGRAM = 14,
	CELLEVAL_FAULT_PROGRAM_UNUSED = 15,

	/* of a program: its header */
	CELLEVAL_FAULT_PROGRAM_MAGIC = 16,
	CELLEVAL_FAULT_PROGRAM_LENGTH = 17,
	CELLEVAL_FAULT_PROGRAM_RESERVED = 18,
	CELLEVAL_FAULT_PROGRAM_COUNTS = 19,
	CELLEVAL_FAULT_PROGRAM_CHECKSUM = 20,

	/* its sections */
	CELLEVAL_FAULT_REQUEST_UNKNOWN = 21,
	CELLEVAL_FAULT_PREFIX_RESERVED = 22,
	CELLEVAL_FAULT_TEXT_OUTSIDE = 23,
	CELLEVAL_FAULT_LEAF_RESERVED = 24,
	CELLEVAL_FAULT_RANGES_OUTSIDE = 25,
	CELLEVAL_FAULT_DIVISOR_RANGE = 26,
	CELLEVAL_FAULT_PREFIX_OUTSIDE = 27,
	CELLEVAL_FAULT_NODE_RESERVED = 28,

	/* its leaves */
	CELLEVAL_FAULT_RESULT = 29,
	CELLEVAL_FAULT_WOULD = 30,
	CELLEVAL_FAULT_LEAF_TEXT = 31,
	CELLEVAL_FAULT_LINE = 32,

	/* its nodes */
	CELLEVAL_FAULT_OPERATION = 33,
	CELLEVAL_FAULT_FIELD = 34,
	CELLEVAL_FAULT_WAY = 35,
	CELLEVAL_FAULT_NODE_TEXT = 36,
	CELLEVAL_FAULT_RANGES = 37,
	CELLEVAL_FAULT_PREFIX = 38,
	CELLEVAL_FAULT_GROUP = 39,
	CELLEVAL_FAULT_OTHER_FIELD = 40,
	CELLEVAL_FAULT_BIT = 41,
	CELLEVAL_FAULT_DIVISOR = 42,
	CELLEVAL_FAULT_REST = 43,
	CELLEVAL_FAULT_PATTERN = 44,
	CELLEVAL_FAULT_TEST = 45,

	/* its requests */
	CELLEVAL_FAULT_REQUEST_ORDER = 46,
	CELLEVAL_FAULT_REQUEST_NEVER_ASKED = 47,
	CELLEVAL_FAULT_START = 48,
	CELLEVAL_FAULT_NOT_CARRIED = 49,
	CELLEVAL_FAULT_NODE_UNREACHED = 50,
	CELLEVAL_FAULT_LEAF_UNREACHED = 51,
	CELLEVAL_FAULT_MASK = 52,
	CELLEVAL_FAULT_FORM = 53,

	/* of the caller: less memory was given than celleval_measure said */
	CELLEVAL_FAULT_MEMORY = 64
};

/* Where a fault is. */
struct celleval_error {
	enum celleval_fault	fault;
	/* the program: 0 for the fallback, i + 1 for program i; 0 for faults of the bundle itself */
	uint32_t		program;
	/* the request, node, leaf, prefix or cell, by its index among its kind; 0 where the fault is of none */
	uint32_t		index;
};

/* A short text that says what a fault means, "the checksum is wrong". Never NULL. */
const char *celleval_fault_text(enum celleval_fault);

/* A program that was verified. It refers to the bytes of its bundle. */
struct celleval_program {
	const uint8_t	*requests;
	const uint8_t	*nodes;
	const uint8_t	*ranges;
	const uint8_t	*prefixes;
	const uint8_t	*leaves;
	const uint8_t	*texts;
	uint32_t	nleaves;
	/*
	 * How far processes of the cell need to be counted for the field members: all counts of at least this are
	 * decided alike, so counting stops here. 0 if no test looks at the field.
	 */
	uint32_t	members;
	/* by question: 1 + its index among the requests, 0 if it is not there */
	uint8_t		request_of[CELLEVAL_NQUESTIONS];
};

/* A bundle that was verified. Read it, and change nothing. */
struct celleval_bundle {
	const uint8_t			*bytes;
	size_t				length;
	/* each load has a higher pair (generation, attachment) than those before; the kernel checks that */
	uint64_t			generation;
	uint32_t			attachment;
	/* the fallback answers for all cells without a program, and not only for those of profile low */
	bool				fallback_for_all;
	/* the fallback, and nprograms others behind it */
	const struct celleval_program	*fallback;
	uint32_t			nprograms;
	const uint8_t			*cells;
	uint32_t			ncells;
};

/* Memory that verifying needs, both in elements: struct celleval_program, and uint64_t. */
struct celleval_needs {
	size_t	programs;
	size_t	scratch;
};

/*
 * How much memory celleval_verify needs for these bytes. Any bytes may come: what is no bundle needs next to nothing, and is
 * refused by celleval_verify. It is bounded by the length: at most one program for 40 bytes, and less than 2 bytes
 * of scratch for a byte and 9 KB.
 */
void celleval_measure(const void *bytes, size_t length, struct celleval_needs *needs);

/*
 * Verifies a bundle whole, as docs/format.md says, and gives the first fault, or 0. The bundle must not be used unless it
 * is 0. Takes time linear in length, but for the sorting of texts and prefixes. What it does not know, a kernel checks: that generation and attachment
 * are higher than what it has, and that cells exist and have these names. error may be NULL.
 */
enum celleval_fault celleval_verify(const void *bytes, size_t length,
    struct celleval_program *programs, size_t nprograms, uint64_t *scratch, size_t nscratch,
    struct celleval_bundle *bundle, struct celleval_error *error);

/* The same for a single program, as there are some in each bundle. The scratch it needs, in elements. */
size_t celleval_measure_program(const void *bytes, size_t length);
enum celleval_fault celleval_verify_program(const void *bytes, size_t length,
    uint64_t *scratch, size_t nscratch, struct celleval_program *program, struct celleval_error *error);

/* ---- Cells ---- */

/* Bytes that lie in a bundle or belong to the caller, without a zero at the end. */
struct celleval_text {
	const uint8_t	*bytes;
	size_t		length;
};

/* What a bundle says of a cell. */
struct celleval_entry {
	uint32_t			id;
	/* NULL: the bundle only tells the name, and the fallback answers */
	const struct celleval_program	*program;
	struct celleval_text		name;
};

/* Finds a cell by the kernel's id, by halves; false if the bundle does not list it. */
bool celleval_find_cell(const struct celleval_bundle *, uint32_t id, struct celleval_entry *);

/* The bytes of the fallback: the same program has the same. */
struct celleval_text celleval_fallback_bytes(const struct celleval_bundle *);

/* The cell with an index below ncells; cells are in the order of their ids. */
void celleval_cell_at(const struct celleval_bundle *, uint32_t index, struct celleval_entry *);

/* The value of field target.cell for a cell: "" for the host (0), "?" for one that the bundle does not list. */
struct celleval_text celleval_cell_name(const struct celleval_bundle *, uint32_t id);

/* ---- Asking ---- */

/*
 * The question with the numbers of kauth(9), an enum celleval_question, or CELLEVAL_NO_QUESTION for one that the vocabulary
 * does not have. A request code that is a bit mask and has a value without a name is the action alone.
 */
#define CELLEVAL_NO_QUESTION	0xffu
unsigned celleval_question(enum celleval_scope, uint64_t action, uint64_t request);

/*
 * Whether programs are asked the question at all. Others are never raised, or raised under a spin lock, where the id of
 * a cell can't be read: defer at once. False for CELLEVAL_NO_QUESTION.
 */
bool celleval_asked(unsigned question);

/* The question's number in bundles, scope << 16 | action << 8 | request; 0 for CELLEVAL_NO_QUESTION. */
uint32_t celleval_number(unsigned question);

/* The fields that the question carries, a bit for each. No program looks at others. */
uint64_t celleval_carried(unsigned question);

/* Where the evaluation of a question starts, and the fields that it can look at, a bit for each. */
struct celleval_root {
	uint64_t	mask;
	uint32_t	start;
};

#define CELLEVAL_BIT(field)	(UINT64_C(1) << (field))

/* Finds the question; false if the program does not list it: then it is allowed, with no leaf. */
bool celleval_find(const struct celleval_program *, unsigned question, struct celleval_root *);

/* The fields of text have places of their own: target.cell, ifname, fstype. */
enum { CELLEVAL_NTEXTS = 3 };

static inline unsigned
celleval_text_place(unsigned field)
{
	return field == CELLEVAL_FIELD_TARGET_CELL ? 0 : field == CELLEVAL_FIELD_IFNAME ? 1 : 2;
}

/*
 * The values of a request's fields. Set them with the functions below, which say in given what is there: what is not given
 * is never looked at.
 */
struct celleval_request {
	uint64_t		given;
	/* by field; truth is 0 or 1 */
	int64_t			number[CELLEVAL_NFIELDS];
	struct celleval_text	text[CELLEVAL_NTEXTS];
	/* field addr: version 4, 6, or 0 for none; in network order, IPv4 in the first four bytes, the rest zero */
	uint8_t			version;
	uint8_t			address[16];
	/* field groups: tells whether a group is among the supplementary ones; called with cookie */
	bool			(*is_member)(void *cookie, uint32_t gid);
	void			*cookie;
};

/* Forgets all values. It need not be called between questions of which all fields are set anew. */
static inline void
celleval_clear(struct celleval_request *r)
{
	r->given = 0;
}

/* A number, name or truth. */
static inline void
celleval_set_number(struct celleval_request *r, enum celleval_field f, int64_t value)
{
	r->number[f] = value;
	r->given |= CELLEVAL_BIT(f);
}

/* target.cell, ifname or fstype. The bytes belong to the caller, and stay until the decision is made. */
static inline void
celleval_set_text(struct celleval_request *r, enum celleval_field f, const void *bytes, size_t length)
{
	unsigned at = celleval_text_place(f);

	r->text[at].bytes = bytes;
	r->text[at].length = length;
	r->given |= CELLEVAL_BIT(f);
}

/* addr: of IP version 4 with 4 bytes, 6 with 16, in network order, or 0 with NULL. */
static inline void
celleval_set_address(struct celleval_request *r, unsigned ip, const uint8_t *bytes)
{
	unsigned i, n = ip == 4 ? 4 : ip == 6 ? 16 : 0;

	r->version = (uint8_t)ip;
	for (i = 0; i < 16; i++)
		r->address[i] = i < n ? bytes[i] : 0;
	r->given |= CELLEVAL_BIT(CELLEVAL_FIELD_ADDR);
}

/* groups: the supplementary ones; the effective one is field egid, and may be among them or not. */
static inline void
celleval_set_groups(struct celleval_request *r, bool (*is_member)(void *, uint32_t), void *cookie)
{
	r->is_member = is_member;
	r->cookie = cookie;
	r->given |= CELLEVAL_BIT(CELLEVAL_FIELD_GROUPS);
}

/* What is decided, and what policies in audit mode would have: see docs/format.md. */
enum celleval_result {
	CELLEVAL_NONE = 0,	/* of would: nothing. Of result: a field is missing */
	CELLEVAL_ALLOW = 1,	/* KAUTH_RESULT_DEFER */
	CELLEVAL_GRANT = 2,	/* KAUTH_RESULT_ALLOW */
	CELLEVAL_DENY = 3	/* KAUTH_RESULT_DENY */
};

struct celleval_decision {
	/* the leaf that says it: with the program, its name in events; of a missing field undefined */
	uint32_t	leaf;
	uint8_t		result;		/* enum celleval_result */
	uint8_t		would;		/* enum celleval_result */
	uint8_t		record;		/* 1: keep it in the ring even where it would not be; else 0 */
	uint8_t		missing;	/* if result is CELLEVAL_NONE: the field that must be given first */
};

/*
 * Decides. If all of root->mask is given the result is never CELLEVAL_NONE. Otherwise it is as soon as a test needs what is
 * not given: give that field and ask again. So what is dear to gather, as members, is gathered only where it is needed.
 */
struct celleval_decision celleval_run(const struct celleval_program *, const struct celleval_root *, const struct celleval_request *);

/* All that a leaf says. */
struct celleval_verdict {
	uint8_t			result;		/* enum celleval_result */
	uint32_t		line;		/* of file, from 1; 0 for none */
	struct celleval_text	reason;
	struct celleval_text	policy;
	struct celleval_text	file;
};

struct celleval_leaf {
	struct celleval_verdict	decided;
	struct celleval_verdict	would;
	bool			record;
};

/* The leaf with that index; false if the program has none, as when an event is older than the program. */
bool celleval_leaf(const struct celleval_program *, uint32_t index, struct celleval_leaf *);

#endif
