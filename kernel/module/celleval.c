/*
 * The verifier and the evaluator of bundles. celleval.h says what each function does, docs/format.md what each byte means.
 *
 * The verifier goes through the rules of docs/format.md in the order in which they stand there, and does so like package
 * program: both name the same fault for the same bytes (kernel/module/celltest). Everything is read byte by byte, so
 * neither alignment nor byte order of the machine matter.
 */

#include "celleval.h"

/* The bytes of the format. */
#define BUNDLE_HEADER	64u
#define CELL_SIZE	72u
#define NAME_AT		8u
#define NAME_SIZE	64u
#define PROGRAM_HEADER	40u
#define REQUEST_SIZE	16u
#define NODE_SIZE	24u
#define RANGE_SIZE	16u
#define PREFIX_SIZE	24u
#define LEAF_SIZE	40u
#define ANSWER_SIZE	16u	/* reason, policy, file and line, within a leaf */

#define LEAF_BIT	0x80000000u
#define NAME_ONLY	0xffffffffu
#define MAX_LINE	0x40000000u
#define MAX_GLOB	127u
#define MAX_DIVISOR	INT64_C(9007199254740992)

enum operation {
	OP_EQ, OP_LT, OP_LE, OP_IN, OP_PREFIX, OP_MEMBER, OP_FIELD_EQ, OP_FIELD_LT, OP_FIELD_LE, OP_MASK, OP_MODULUS, OP_GLOB,
	NOPERATIONS
};

enum kind { KIND_NUMBER, KIND_NAME, KIND_TRUTH, KIND_TEXT, KIND_ADDRESS, KIND_GROUPS };

struct field {
	int64_t	max;		/* the greatest value of a number, name, truth or group */
	uint8_t	kind;
	bool	flags;		/* its bits have meanings of their own: OP_MASK */
	bool	divisible;	/* OP_MODULUS */
};

struct question {
	uint64_t	fields;
	uint32_t	number;
	bool		asked;
};

/* The questions of an action lie in places from first on, for the requests from low on, count of them. */
struct action {
	uint16_t	first;
	uint8_t		low;
	uint8_t		count;
	bool		bits;	/* the request is a bit mask; values without a name are the action itself */
};

#include "celleval_tables.h"

_Static_assert(CELLEVAL_NQUESTIONS < CELLEVAL_NO_QUESTION, "questions are kept in a byte");
_Static_assert(CELLEVAL_NFIELDS <= 64, "fields are kept in a mask");

#define TEXT_FIELDS	(CELLEVAL_BIT(CELLEVAL_FIELD_TARGET_CELL) | CELLEVAL_BIT(CELLEVAL_FIELD_IFNAME) | CELLEVAL_BIT(CELLEVAL_FIELD_FSTYPE))

/* What is rare stays out of the way of what is not. */
#ifdef __GNUC__
#define NOINLINE	__attribute__((__noinline__))
#else
#define NOINLINE
#endif

static inline uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t
get64(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
	    (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

/* Eight bytes in network order. */
static inline uint64_t
get64_network(const uint8_t *p)
{
	return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 |
	    (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 | (uint64_t)p[6] << 8 | (uint64_t)p[7];
}

static inline int64_t
get_signed(const uint8_t *p)
{
	return (int64_t)get64(p);
}

static bool
same_bytes(const uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static bool
all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* The text at an offset that was verified. */
static inline struct celleval_text
text_at(const uint8_t *texts, uint64_t at)
{
	struct celleval_text t;

	t.bytes = texts + (size_t)at + 2;
	t.length = get16(texts + (size_t)at);
	return t;
}

static bool
same_text(struct celleval_text a, struct celleval_text b)
{
	return a.length == b.length && same_bytes(a.bytes, b.bytes, a.length);
}

/* The bits of the first and the last 64 of an address that a prefix of that length fixes. */
static inline void
prefix_mask(unsigned bits, uint64_t *upper, uint64_t *lower)
{
	*upper = bits == 0 ? 0 : bits >= 64 ? UINT64_MAX : UINT64_MAX << (64 - bits);
	*lower = bits <= 64 ? 0 : bits >= 128 ? UINT64_MAX : UINT64_MAX << (128 - bits);
}

/* ---- Questions ---- */

unsigned
celleval_question(enum celleval_scope scope, uint64_t action, uint64_t request)
{
	const struct action *a;
	unsigned found;

	if (scope < CELLEVAL_SCOPE_SYSTEM || scope > CELLEVAL_SCOPE_DEVICE || action == 0 ||
	    action > (uint64_t)(scopes[scope + 1] - scopes[scope]))
		return CELLEVAL_NO_QUESTION;
	a = &actions[scopes[scope] + action - 1];
	found = CELLEVAL_NO_QUESTION;
	if (request >= a->low && request - a->low < a->count)
		found = places[a->first + (request - a->low)];
	if (found == CELLEVAL_NO_QUESTION && a->bits)
		found = places[a->first];
	return found;
}

bool
celleval_asked(unsigned question)
{
	return question < CELLEVAL_NQUESTIONS && questions[question].asked;
}

uint32_t
celleval_number(unsigned question)
{
	return question < CELLEVAL_NQUESTIONS ? questions[question].number : 0;
}

uint64_t
celleval_carried(unsigned question)
{
	return question < CELLEVAL_NQUESTIONS ? questions[question].fields : 0;
}

bool
celleval_find(const struct celleval_program *p, unsigned question, struct celleval_root *root)
{
	const uint8_t *entry;
	unsigned at;

	if (question >= CELLEVAL_NQUESTIONS || (at = p->request_of[question]) == 0)
		return false;
	entry = p->requests + (size_t)(at - 1) * REQUEST_SIZE;
	root->start = get32(entry + 4);
	root->mask = get64(entry + 8);
	return true;
}

/* ---- Evaluating ---- */

static inline struct celleval_text
request_text(const struct celleval_request *r, unsigned field)
{
	return r->text[celleval_text_place(field)];
}

/* A search by halves among ranges that ascend. */
static bool
in_ranges(const uint8_t *ranges, uint32_t n, int64_t v)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (get_signed(ranges + (size_t)mid * RANGE_SIZE + 8) < v)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && get_signed(ranges + (size_t)lo * RANGE_SIZE) <= v;
}

/* What is left of v when it is divided by d, which is positive: from 0 to d - 1. */
static int64_t
rest(int64_t v, int64_t d)
{
	int64_t left = v % d;

	return left < 0 ? left + d : left;
}

/*
 * Goes through both from the left; where they part it goes back to the last star, which then takes one more byte. Going
 * back to an earlier star is never needed: what lies between two stars is best found as early as possible.
 */
static bool
glob(struct celleval_text pattern, struct celleval_text s)
{
	size_t p = 0, i = 0, star = 0, from = 0;
	bool starred = false;

	while (i < s.length) {
		if (p < pattern.length && pattern.bytes[p] == '*') {
			star = ++p;
			from = i;
			starred = true;
		} else if (p < pattern.length && pattern.bytes[p] == s.bytes[i]) {
			p++;
			i++;
		} else if (starred) {
			p = star;
			i = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.length && pattern.bytes[p] == '*')
		p++;
	return p == pattern.length;
}

static bool
in_prefix(const uint8_t *prefix, const struct celleval_request *r)
{
	uint64_t upper, lower;

	prefix_mask(prefix[1], &upper, &lower);
	return prefix[0] == r->version &&
	    (get64_network(r->address) & upper) == get64(prefix + 8) &&
	    (get64_network(r->address + 8) & lower) == get64(prefix + 16);
}

/* The outcome of a node's test. */
static NOINLINE bool
test(const struct celleval_program *p, const uint8_t *node, const struct celleval_request *r)
{
	unsigned field = node[1], other = node[2];
	uint32_t count = get32(node + 12);
	uint64_t operand = get64(node + 16);
	const uint8_t *ranges;

	switch ((enum operation)node[0]) {
	case OP_EQ:
		if (TEXT_FIELDS >> field & 1)
			return same_text(request_text(r, field), text_at(p->texts, operand));
		return r->number[field] == (int64_t)operand;
	case OP_LT:
		return r->number[field] < (int64_t)operand;
	case OP_LE:
		return r->number[field] <= (int64_t)operand;
	case OP_IN:
		return in_ranges(p->ranges + (size_t)operand * RANGE_SIZE, count, r->number[field]);
	case OP_PREFIX:
		return in_prefix(p->prefixes + (size_t)operand * PREFIX_SIZE, r);
	case OP_MEMBER:
		return r->number[CELLEVAL_FIELD_EGID] == (int64_t)operand || r->is_member(r->cookie, (uint32_t)operand);
	case OP_FIELD_EQ:
		return r->number[field] == r->number[other];
	case OP_FIELD_LT:
		return r->number[field] < r->number[other];
	case OP_FIELD_LE:
		return r->number[field] <= r->number[other];
	case OP_MASK:
		return ((uint64_t)r->number[field] & operand) != 0;
	case OP_MODULUS:
		/* the first range says what is divided by */
		ranges = p->ranges + (size_t)operand * RANGE_SIZE;
		return in_ranges(ranges + RANGE_SIZE, count - 1, rest(r->number[field], get_signed(ranges + 8) + 1));
	case OP_GLOB:
		return glob(text_at(p->texts, operand), request_text(r, field));
	case NOPERATIONS:
		break;
	}
	return false;
}

/* The fields that a node's test looks at. */
static uint64_t
looks_at(const uint8_t *node)
{
	switch ((enum operation)node[0]) {
	case OP_MEMBER:
		return CELLEVAL_BIT(CELLEVAL_FIELD_GROUPS) | CELLEVAL_BIT(CELLEVAL_FIELD_EGID);
	case OP_FIELD_EQ:
	case OP_FIELD_LT:
	case OP_FIELD_LE:
		return CELLEVAL_BIT(node[1]) | CELLEVAL_BIT(node[2]);
	default:
		return CELLEVAL_BIT(node[1]);
	}
}

/* The lowest field of a set that is not empty. */
static uint8_t
lowest(uint64_t set)
{
	uint8_t f = 0;

	while ((set >> f & 1) == 0)
		f++;
	return f;
}

static inline const uint8_t *
node_at(const struct celleval_program *p, uint32_t at)
{
	return p->nodes + (size_t)at * NODE_SIZE;
}

/*
 * Where a node leads to. KEEP has the compiler make it a jump, and no selection of one of two values: from a jump that is foreseen
 * the processor goes on at once, while a selection waits for the test and what it loads.
 */
#ifdef __GNUC__
#define KEEP(v)	__asm__ volatile("" : "+r"(v))
#else
#define KEEP(v)	((void)0)
#endif

static inline uint32_t
way(const uint8_t *node, bool yes)
{
	uint32_t to;

	if (yes) {
		to = get32(node + 4);
		KEEP(to);
	} else {
		to = get32(node + 8);
		KEEP(to);
	}
	return to;
}

/* What a leaf says. */
static inline struct celleval_decision
decide(const struct celleval_program *p, uint32_t ref)
{
	struct celleval_decision d;
	const uint8_t *leaf;

	d.leaf = ref & ~LEAF_BIT;
	leaf = p->leaves + (size_t)d.leaf * LEAF_SIZE;
	d.result = leaf[0];
	d.would = leaf[1];
	d.record = leaf[2];
	d.missing = 0;
	return d;
}

/* The same as celleval_run, where a field that can matter is not given. */
static struct celleval_decision
run_carefully(const struct celleval_program *p, uint32_t at, const struct celleval_request *r)
{
	struct celleval_decision d = { 0, CELLEVAL_NONE, CELLEVAL_NONE, 0, 0 };

	while ((at & LEAF_BIT) == 0) {
		const uint8_t *node = node_at(p, at);
		uint64_t missing = looks_at(node) & ~r->given;

		if (missing != 0) {
			d.missing = lowest(missing);
			return d;
		}
		at = way(node, test(p, node, r));
	}
	return decide(p, at);
}

struct celleval_decision
celleval_run(const struct celleval_program *p, const struct celleval_root *root, const struct celleval_request *r)
{
	uint32_t at = root->start;

	if ((root->mask & ~r->given) != 0)
		return run_carefully(p, at, r);
	while ((at & LEAF_BIT) == 0) {
		const uint8_t *node = node_at(p, at);
		unsigned field = node[1];

		if (node[0] == OP_LE) {
			/* a number is mostly searched for by halves, in node after node */
			int64_t v = r->number[field];

			do
				at = way(node, v <= get_signed(node + 16));
			while ((at & LEAF_BIT) == 0 && (node = node_at(p, at))[0] == OP_LE && node[1] == field);
		} else {
			bool is;

			if (node[0] == OP_EQ && (TEXT_FIELDS >> field & 1) == 0)
				is = r->number[field] == get_signed(node + 16);
			else
				is = test(p, node, r);
			at = way(node, is);
		}
	}
	return decide(p, at);
}

static void
read_answer(const struct celleval_program *p, uint8_t result, const uint8_t *from, struct celleval_verdict *a)
{
	a->result = result;
	a->reason = text_at(p->texts, get32(from));
	a->policy = text_at(p->texts, get32(from + 4));
	a->file = text_at(p->texts, get32(from + 8));
	a->line = get32(from + 12);
}

bool
celleval_leaf(const struct celleval_program *p, uint32_t index, struct celleval_leaf *out)
{
	const uint8_t *leaf;

	if (index >= p->nleaves)
		return false;
	leaf = p->leaves + (size_t)index * LEAF_SIZE;
	read_answer(p, leaf[0], leaf + 4, &out->decided);
	read_answer(p, leaf[1], leaf + 4 + ANSWER_SIZE, &out->would);
	out->record = leaf[2] != 0;
	return true;
}

struct celleval_text
celleval_fallback_bytes(const struct celleval_bundle *b)
{
	struct celleval_text t;

	/* the first program, which says its length itself */
	t.bytes = b->bytes + BUNDLE_HEADER;
	t.length = get32(t.bytes + 4);
	return t;
}

/* ---- Cells ---- */

static struct celleval_text
cell_name(const uint8_t *cell)
{
	struct celleval_text t;

	t.bytes = cell + NAME_AT;
	for (t.length = 0; t.length < NAME_SIZE && t.bytes[t.length] != 0; t.length++)
		;
	return t;
}

void
celleval_cell_at(const struct celleval_bundle *b, uint32_t index, struct celleval_entry *out)
{
	const uint8_t *cell = b->cells + (size_t)index * CELL_SIZE;
	uint32_t program = get32(cell + 4);

	out->id = get32(cell);
	out->program = program == NAME_ONLY ? NULL : b->fallback + 1 + program;
	out->name = cell_name(cell);
}

bool
celleval_find_cell(const struct celleval_bundle *b, uint32_t id, struct celleval_entry *out)
{
	uint32_t lo = 0, hi = b->ncells;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (get32(b->cells + (size_t)mid * CELL_SIZE) < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == b->ncells || get32(b->cells + (size_t)lo * CELL_SIZE) != id)
		return false;
	celleval_cell_at(b, lo, out);
	return true;
}

struct celleval_text
celleval_cell_name(const struct celleval_bundle *b, uint32_t id)
{
	static const uint8_t unknown[] = "?";
	struct celleval_text none = { unknown, 0 };
	struct celleval_entry cell;

	if (id == 0)
		return none;
	if (celleval_find_cell(b, id, &cell))
		return cell.name;
	none.length = 1;
	return none;
}

/* ---- Scratch: what the verifier keeps while it works ---- */

/* A set of small numbers, a bit for each. */
static size_t
bit_words(size_t n)
{
	return n / 64 + (n % 64 != 0);
}

static void
clear(uint64_t *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		words[i] = 0;
}

static bool
has_bit(const uint64_t *set, size_t i)
{
	return (set[i / 64] >> (i % 64) & 1) != 0;
}

static void
set_bit(uint64_t *set, size_t i)
{
	set[i / 64] |= UINT64_C(1) << (i % 64);
}

/* An array of 32-bit numbers, two in a word. */
static size_t
half_words(size_t n)
{
	return n / 2 + n % 2;
}

static uint32_t
half(const uint64_t *array, size_t i)
{
	return (uint32_t)(array[i / 2] >> (i % 2 * 32));
}

static void
set_half(uint64_t *array, size_t i, uint32_t v)
{
	unsigned shift = (unsigned)(i % 2) * 32;

	array[i / 2] = (array[i / 2] & ~((uint64_t)UINT32_MAX << shift)) | (uint64_t)v << shift;
}

/*
 * CRC-32 of IEEE 802.3, four bytes at a time. The tables are made when they are needed: that takes as long as reading some
 * thousand bytes, and keeps the module small.
 */
#define CRC_WORDS	1024u

static void
crc_tables(uint64_t *tables)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
		tables[i] = c;
	}
	for (uint32_t i = 256; i < CRC_WORDS; i++)
		tables[i] = tables[i - 256] >> 8 ^ tables[tables[i - 256] & 0xff];
}

static uint32_t
crc(const uint64_t *tables, uint32_t sum, const uint8_t *p, size_t n)
{
	for (; n >= 4; n -= 4, p += 4) {
		sum ^= get32(p);
		sum = (uint32_t)(tables[768 + (sum & 0xff)] ^ tables[512 + (sum >> 8 & 0xff)] ^
		    tables[256 + (sum >> 16 & 0xff)] ^ tables[sum >> 24]);
	}
	for (; n > 0; n--, p++)
		sum = (uint32_t)(sum >> 8 ^ tables[(sum ^ *p) & 0xff]);
	return sum;
}

/* The checksum of bytes with the four at an offset taken as zero. */
static uint32_t
checksum(const uint64_t *tables, const uint8_t *bytes, size_t length, size_t at)
{
	static const uint8_t zero[4];
	uint32_t sum = UINT32_MAX;

	sum = crc(tables, sum, bytes, at);
	sum = crc(tables, sum, zero, sizeof(zero));
	return ~crc(tables, sum, bytes + at + 4, length - at - 4);
}

/*
 * Sorting by halves of a heap: in place, without recursion, and never worse than n log n. An order says whether a comes
 * before b; both are elements of the array.
 */
typedef bool order(const uint8_t *section, uint32_t a, uint32_t b);

static void
sift(uint64_t *array, size_t at, size_t n, order *less, const uint8_t *section)
{
	uint32_t v = half(array, at);

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= n)
			break;
		if (child + 1 < n && less(section, half(array, child), half(array, child + 1)))
			child++;
		if (!less(section, v, half(array, child)))
			break;
		set_half(array, at, half(array, child));
		at = child;
	}
	set_half(array, at, v);
}

/* Whether no two elements are equal; the array is sorted afterwards. */
static bool
all_differ(uint64_t *array, size_t n, order *less, const uint8_t *section)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(array, i, n, less, section);
	for (size_t i = n; i-- > 1;) {
		uint32_t first = half(array, 0);

		set_half(array, 0, half(array, i));
		set_half(array, i, first);
		sift(array, 0, i, less, section);
	}
	for (size_t i = 1; i < n; i++)
		if (!less(section, half(array, i - 1), half(array, i)))
			return false;
	return true;
}

static bool
text_before(const uint8_t *texts, uint32_t a, uint32_t b)
{
	struct celleval_text x = text_at(texts, a), y = text_at(texts, b);

	if (x.length != y.length)
		return x.length < y.length;
	for (size_t i = 0; i < x.length; i++)
		if (x.bytes[i] != y.bytes[i])
			return x.bytes[i] < y.bytes[i];
	return false;
}

static bool
prefix_before(const uint8_t *prefixes, uint32_t a, uint32_t b)
{
	const uint8_t *x = prefixes + (size_t)a * PREFIX_SIZE, *y = prefixes + (size_t)b * PREFIX_SIZE;

	for (size_t i = 0; i < PREFIX_SIZE; i++)
		if (x[i] != y[i])
			return x[i] < y[i];
	return false;
}

/* Whether bytes are UTF-8: no more bytes for a character than it needs, no surrogates, nothing above U+10FFFF. */
static bool
is_utf8(const uint8_t *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		uint8_t b = p[i++], low = 0x80, high = 0xbf;
		size_t more;

		if (b < 0x80)
			continue;
		if (b < 0xc2 || b > 0xf4)
			return false;
		more = b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
		if (b == 0xe0)
			low = 0xa0;
		else if (b == 0xed)
			high = 0x9f;
		else if (b == 0xf0)
			low = 0x90;
		else if (b == 0xf4)
			high = 0x8f;
		if (n - i < more)
			return false;
		/* only the first of those that follow has bounds of its own */
		for (; more > 0; more--, i++) {
			if (p[i] < low || p[i] > high)
				return false;
			low = 0x80;
			high = 0xbf;
		}
	}
	return true;
}

/* ---- Verifying a program ---- */

/* A program while it is verified. */
struct draft {
	const uint8_t	*bytes;
	size_t		length;
	const uint8_t	*requests, *nodes, *ranges, *prefixes, *leaves, *texts;
	uint32_t	nrequests, nnodes, nranges, nprefixes, nleaves, ntext;
	/* texts that were found to be UTF-8 and not too long, a bit for each offset */
	uint64_t	*sound;
	/* the rest of the scratch, used by one rule after the other */
	uint64_t	*scratch;
	/*
	 * How many bytes of texts and how many ranges may still be looked at. Texts and ranges of one form do not overlap,
	 * so they never come near this; what does is refused without naming what else is wrong, so that the time is linear.
	 */
	uint64_t	text_budget, range_budget;
	/* where the fault is */
	uint32_t	index;
};

#define SLACK	(UINT64_C(1) << 20)

/* The header but for the checksum; makes the sections. */
static enum celleval_fault
read_header(struct draft *d, const uint8_t *bytes, size_t length)
{
	uint64_t filled;

	d->bytes = bytes;
	d->length = length;
	d->index = 0;
	if (length < PROGRAM_HEADER || bytes[0] != 'c' || bytes[1] != 's' || bytes[2] != 'h' || bytes[3] != 'P')
		return CELLEVAL_FAULT_PROGRAM_MAGIC;
	if (get32(bytes + 4) != length)
		return CELLEVAL_FAULT_PROGRAM_LENGTH;
	if (get32(bytes + 36) != 0)
		return CELLEVAL_FAULT_PROGRAM_RESERVED;
	d->nrequests = get32(bytes + 12);
	d->nnodes = get32(bytes + 16);
	d->nranges = get32(bytes + 20);
	d->nprefixes = get32(bytes + 24);
	d->nleaves = get32(bytes + 28);
	d->ntext = get32(bytes + 32);
	if (d->nrequests > CELLEVAL_NQUESTIONS || d->nnodes > CELLEVAL_MAX_NODES || d->nleaves > CELLEVAL_MAX_LEAVES)
		return CELLEVAL_FAULT_PROGRAM_COUNTS;
	filled = PROGRAM_HEADER + (uint64_t)d->nrequests * REQUEST_SIZE + (uint64_t)d->nnodes * NODE_SIZE +
	    (uint64_t)d->nranges * RANGE_SIZE + (uint64_t)d->nprefixes * PREFIX_SIZE + (uint64_t)d->nleaves * LEAF_SIZE + d->ntext;
	if (filled != length)
		return CELLEVAL_FAULT_PROGRAM_COUNTS;
	d->requests = bytes + PROGRAM_HEADER;
	d->nodes = d->requests + (size_t)d->nrequests * REQUEST_SIZE;
	d->ranges = d->nodes + (size_t)d->nnodes * NODE_SIZE;
	d->prefixes = d->ranges + (size_t)d->nranges * RANGE_SIZE;
	d->leaves = d->prefixes + (size_t)d->nprefixes * PREFIX_SIZE;
	d->texts = d->leaves + (size_t)d->nleaves * LEAF_SIZE;
	return CELLEVAL_SOUND;
}

/* The texts that there can be: each but the empty one has a byte at least, and is used by a node or a leaf. */
static size_t
most_texts(const struct draft *d)
{
	size_t by_length = d->ntext / 3, by_use = (size_t)d->nnodes + 6 * (size_t)d->nleaves;

	return by_length < by_use ? by_length : by_use;
}

/* The scratch of a program whose header is right, in words: what is kept, and the most that a rule takes. */
static size_t
program_words(const struct draft *d)
{
	size_t reach = d->nnodes + bit_words(d->nnodes) + bit_words(d->nleaves);
	size_t form = bit_words(d->ntext) + half_words(most_texts(d));
	size_t most = half_words(d->nprefixes);

	if (most < reach)
		most = reach;
	if (most < form)
		most = form;
	return bit_words(d->ntext) + most;
}

static bool
is_operation_of_ranges(unsigned op)
{
	return op == OP_IN || op == OP_MODULUS;
}

static bool
is_operation_of_two_fields(unsigned op)
{
	return op >= OP_FIELD_EQ && op <= OP_FIELD_LE;
}

/* Whether the operand of a node is a text. */
static bool
has_text(const uint8_t *node)
{
	return node[0] == OP_GLOB || (node[0] == OP_EQ && node[1] < CELLEVAL_NFIELDS && fields[node[1]].kind == KIND_TEXT);
}

static bool
text_lies_within(const struct draft *d, uint64_t at)
{
	return d->ntext >= 2 && at <= d->ntext - 2 && get16(d->texts + (size_t)at) <= d->ntext - 2 - at;
}

/* The question of a request, CELLEVAL_NO_QUESTION if there is none. */
static unsigned
question_of(const struct draft *d, uint32_t i)
{
	uint32_t number = get32(d->requests + (size_t)i * REQUEST_SIZE);

	return celleval_question((enum celleval_scope)(number >> 16), number >> 8 & 0xff, number & 0xff);
}

/* Rule 2: what is referred to lies within its section, and what is not used is zero. */

static enum celleval_fault
check_requests(struct draft *d)
{
	for (uint32_t i = 0; i < d->nrequests; i++) {
		unsigned q = question_of(d, i);

		/* a mask without a name is found as its action, but is no other way to write it */
		if (q == CELLEVAL_NO_QUESTION || questions[q].number != get32(d->requests + (size_t)i * REQUEST_SIZE)) {
			d->index = i;
			return CELLEVAL_FAULT_REQUEST_UNKNOWN;
		}
	}
	return CELLEVAL_SOUND;
}

static enum celleval_fault
check_prefixes(struct draft *d)
{
	for (uint32_t i = 0; i < d->nprefixes; i++)
		if (!all_zero(d->prefixes + (size_t)i * PREFIX_SIZE + 2, 6)) {
			d->index = i;
			return CELLEVAL_FAULT_PREFIX_RESERVED;
		}
	return CELLEVAL_SOUND;
}

static enum celleval_fault
check_leaves(struct draft *d)
{
	for (uint32_t i = 0; i < d->nleaves; i++) {
		const uint8_t *leaf = d->leaves + (size_t)i * LEAF_SIZE;

		d->index = i;
		for (unsigned a = 0; a < 2; a++)
			for (unsigned t = 0; t < 3; t++)
				if (!text_lies_within(d, get32(leaf + 4 + a * ANSWER_SIZE + t * 4)))
					return CELLEVAL_FAULT_TEXT_OUTSIDE;
		if (leaf[2] > 1 || leaf[3] != 0 || get32(leaf + 36) != 0)
			return CELLEVAL_FAULT_LEAF_RESERVED;
	}
	return CELLEVAL_SOUND;
}

static enum celleval_fault
check_nodes(struct draft *d)
{
	for (uint32_t i = 0; i < d->nnodes; i++) {
		const uint8_t *node = d->nodes + (size_t)i * NODE_SIZE;
		unsigned op = node[0];
		uint32_t count = get32(node + 12);
		uint64_t operand = get64(node + 16);

		d->index = i;
		if (is_operation_of_ranges(op)) {
			if (operand > d->nranges || count > d->nranges - operand)
				return CELLEVAL_FAULT_RANGES_OUTSIDE;
			if (op == OP_MODULUS) {
				const uint8_t *first = d->ranges + (size_t)operand * RANGE_SIZE;

				if (count == 0 || get_signed(first) != 0 || get_signed(first + 8) < 0 ||
				    get_signed(first + 8) >= MAX_DIVISOR)
					return CELLEVAL_FAULT_DIVISOR_RANGE;
			}
			count = 0;
		} else if (op == OP_PREFIX) {
			if (operand >= d->nprefixes)
				return CELLEVAL_FAULT_PREFIX_OUTSIDE;
		} else if (has_text(node)) {
			if (!text_lies_within(d, operand))
				return CELLEVAL_FAULT_TEXT_OUTSIDE;
		}
		if (node[3] != 0)
			return CELLEVAL_FAULT_NODE_RESERVED;
		if (op < NOPERATIONS) {
			if (count != 0)
				return CELLEVAL_FAULT_NODE_RESERVED;
			if (is_operation_of_two_fields(op) ? operand != 0 : node[2] != 0)
				return CELLEVAL_FAULT_NODE_RESERVED;
		}
	}
	return CELLEVAL_SOUND;
}

/* Whether the text at an offset within its section is UTF-8 and not too long. Each is looked at once. */
static enum celleval_fault
check_text(struct draft *d, uint32_t at, enum celleval_fault fault)
{
	struct celleval_text t = text_at(d->texts, at);

	if (has_bit(d->sound, at))
		return CELLEVAL_SOUND;
	if (t.length > d->text_budget)
		return CELLEVAL_FAULT_FORM;
	d->text_budget -= t.length;
	if (t.length > CELLEVAL_MAX_TEXT || !is_utf8(t.bytes, t.length))
		return fault;
	set_bit(d->sound, at);
	return CELLEVAL_SOUND;
}

/* Rule 3. */
static enum celleval_fault
verify_leaves(struct draft *d)
{
	enum celleval_fault fault;

	for (uint32_t i = 0; i < d->nleaves; i++) {
		const uint8_t *leaf = d->leaves + (size_t)i * LEAF_SIZE;

		d->index = i;
		if (leaf[0] < CELLEVAL_ALLOW || leaf[0] > CELLEVAL_DENY)
			return CELLEVAL_FAULT_RESULT;
		if (leaf[1] > CELLEVAL_DENY)
			return CELLEVAL_FAULT_WOULD;
		if (leaf[1] == CELLEVAL_NONE) {
			const uint8_t *would = leaf + 4 + ANSWER_SIZE;

			if (text_at(d->texts, get32(would)).length != 0 || text_at(d->texts, get32(would + 4)).length != 0 ||
			    text_at(d->texts, get32(would + 8)).length != 0 || get32(would + 12) != 0)
				return CELLEVAL_FAULT_WOULD;
		}
		for (unsigned a = 0; a < 2; a++) {
			const uint8_t *answer = leaf + 4 + a * ANSWER_SIZE;

			for (unsigned t = 0; t < 3; t++)
				if ((fault = check_text(d, get32(answer + t * 4), CELLEVAL_FAULT_LEAF_TEXT)) != CELLEVAL_SOUND)
					return fault;
			if (get32(answer + 12) > MAX_LINE)
				return CELLEVAL_FAULT_LINE;
		}
	}
	return CELLEVAL_SOUND;
}

/* Whether a reference of node i leads to a later node or to a leaf. Of a request i is -1. */
static bool
leads_on(const struct draft *d, int64_t i, uint32_t ref)
{
	if (ref & LEAF_BIT)
		return (ref & ~LEAF_BIT) < d->nleaves;
	return ref > i && ref < d->nnodes;
}

/* Whether ranges ascend, apart from each other, and there is one. */
static enum celleval_fault
verify_ranges(struct draft *d, const uint8_t *ranges, uint32_t n)
{
	if (n > d->range_budget)
		return CELLEVAL_FAULT_FORM;
	d->range_budget -= n;
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *r = ranges + (size_t)i * RANGE_SIZE;
		int64_t lo = get_signed(r), last;

		if (lo > get_signed(r + 8))
			return CELLEVAL_FAULT_RANGES;
		if (i == 0)
			continue;
		last = get_signed(r - 8);
		if (last >= lo || last + 1 == lo)
			return CELLEVAL_FAULT_RANGES;
	}
	return n == 0 ? CELLEVAL_FAULT_RANGES : CELLEVAL_SOUND;
}

static bool
is_prefix(const uint8_t *p)
{
	unsigned ip = p[0], bits = p[1];
	uint64_t upper = get64(p + 8), lower = get64(p + 16), upper_mask, lower_mask;

	if ((ip != 4 && ip != 6) || bits > (ip == 4 ? 32 : 128))
		return false;
	/* what is behind the prefix is zero: of IPv4 all but the upper 32 bits, too */
	prefix_mask(bits, &upper_mask, &lower_mask);
	return (upper & ~upper_mask) == 0 && (lower & ~lower_mask) == 0;
}

static bool
is_pattern(struct celleval_text t)
{
	bool star = false;

	if (t.length > MAX_GLOB || !is_utf8(t.bytes, t.length))
		return false;
	for (size_t i = 0; i < t.length; i++) {
		if (t.bytes[i] == 0)
			return false;
		if (t.bytes[i] != '*')
			continue;
		if (i > 0 && t.bytes[i - 1] == '*')
			return false;
		star = true;
	}
	return star;
}

/* Rule 4, for one node. */
static enum celleval_fault
verify_node(struct draft *d, uint32_t i)
{
	const uint8_t *node = d->nodes + (size_t)i * NODE_SIZE, *ranges;
	unsigned op = node[0], other = node[2];
	uint32_t count = get32(node + 12);
	uint64_t operand = get64(node + 16);
	const struct field *f;
	enum celleval_fault fault;
	bool number, fits = false;

	if (op >= NOPERATIONS)
		return CELLEVAL_FAULT_OPERATION;
	if (node[1] >= CELLEVAL_NFIELDS)
		return CELLEVAL_FAULT_FIELD;
	if (!leads_on(d, i, get32(node + 4)) || !leads_on(d, i, get32(node + 8)))
		return CELLEVAL_FAULT_WAY;
	f = &fields[node[1]];
	number = f->kind == KIND_NUMBER || f->kind == KIND_NAME || f->kind == KIND_TRUTH;
	switch ((enum operation)op) {
	case OP_EQ:
		fits = number || f->kind == KIND_TEXT;
		if (f->kind == KIND_TEXT && (fault = check_text(d, (uint32_t)operand, CELLEVAL_FAULT_NODE_TEXT)) != CELLEVAL_SOUND)
			return fault;
		break;
	case OP_LT:
	case OP_LE:
		fits = number;
		break;
	case OP_IN:
		fits = number;
		fault = verify_ranges(d, d->ranges + (size_t)operand * RANGE_SIZE, count);
		if (fault != CELLEVAL_SOUND)
			return fault;
		break;
	case OP_PREFIX:
		fits = f->kind == KIND_ADDRESS;
		if (!is_prefix(d->prefixes + (size_t)operand * PREFIX_SIZE))
			return CELLEVAL_FAULT_PREFIX;
		break;
	case OP_MEMBER:
		fits = f->kind == KIND_GROUPS;
		if ((int64_t)operand < 0 || (int64_t)operand > f->max)
			return CELLEVAL_FAULT_GROUP;
		break;
	case OP_FIELD_EQ:
	case OP_FIELD_LT:
	case OP_FIELD_LE:
		if (other >= CELLEVAL_NFIELDS)
			return CELLEVAL_FAULT_OTHER_FIELD;
		fits = (f->kind == KIND_NUMBER || f->kind == KIND_NAME) && fields[other].kind == f->kind && other != node[1];
		break;
	case OP_MASK:
		fits = f->flags;
		if (fits && ((int64_t)operand <= 0 || (operand & (operand - 1)) != 0 || (int64_t)operand > f->max))
			return CELLEVAL_FAULT_BIT;
		break;
	case OP_MODULUS:
		fits = f->divisible;
		ranges = d->ranges + (size_t)operand * RANGE_SIZE;
		if (get_signed(ranges + 8) + 1 < 2)
			return CELLEVAL_FAULT_DIVISOR;
		fault = verify_ranges(d, ranges + RANGE_SIZE, count - 1);
		if (fault != CELLEVAL_SOUND)
			return fault;
		if (get_signed(ranges + RANGE_SIZE) < 0 ||
		    get_signed(ranges + (size_t)(count - 1) * RANGE_SIZE + 8) > get_signed(ranges + 8))
			return CELLEVAL_FAULT_REST;
		break;
	case OP_GLOB:
		fits = f->kind == KIND_TEXT;
		if (!is_pattern(text_at(d->texts, operand)))
			return CELLEVAL_FAULT_PATTERN;
		break;
	case NOPERATIONS:
		break;
	}
	return fits ? CELLEVAL_SOUND : CELLEVAL_FAULT_TEST;
}

static enum celleval_fault
verify_nodes(struct draft *d)
{
	for (uint32_t i = 0; i < d->nnodes; i++) {
		enum celleval_fault fault = verify_node(d, i);

		if (fault != CELLEVAL_SOUND) {
			d->index = i;
			return fault;
		}
	}
	return CELLEVAL_SOUND;
}

/*
 * Rules 5 and 6. Children have higher indices than their parents, so one walk from the end gives for each node what can be
 * looked at from there on, and one from the start what is reached.
 */
static enum celleval_fault
verify_requests(struct draft *d)
{
	uint64_t *below = d->scratch, *reached = below + d->nnodes, *said = reached + bit_words(d->nnodes);

	for (uint32_t i = d->nnodes; i-- > 0;) {
		const uint8_t *node = d->nodes + (size_t)i * NODE_SIZE;
		uint32_t yes = get32(node + 4), no = get32(node + 8);

		below[i] = looks_at(node);
		if ((yes & LEAF_BIT) == 0)
			below[i] |= below[yes];
		if ((no & LEAF_BIT) == 0)
			below[i] |= below[no];
	}
	clear(reached, bit_words(d->nnodes));
	clear(said, bit_words(d->nleaves));
	for (uint32_t i = 0; i < d->nrequests; i++) {
		const uint8_t *entry = d->requests + (size_t)i * REQUEST_SIZE;
		uint32_t start = get32(entry + 4);
		const struct question *q = &questions[question_of(d, i)];

		d->index = i;
		if (i > 0 && get32(entry - REQUEST_SIZE) >= q->number)
			return CELLEVAL_FAULT_REQUEST_ORDER;
		if (!q->asked)
			return CELLEVAL_FAULT_REQUEST_NEVER_ASKED;
		if (!leads_on(d, -1, start))
			return CELLEVAL_FAULT_START;
		if (start & LEAF_BIT) {
			set_bit(said, start & ~LEAF_BIT);
			continue;
		}
		if ((below[start] & ~q->fields) != 0)
			return CELLEVAL_FAULT_NOT_CARRIED;
		set_bit(reached, start);
	}
	for (uint32_t i = 0; i < d->nnodes; i++) {
		const uint8_t *node = d->nodes + (size_t)i * NODE_SIZE;

		d->index = i;
		if (!has_bit(reached, i))
			return CELLEVAL_FAULT_NODE_UNREACHED;
		for (unsigned way = 4; way <= 8; way += 4) {
			uint32_t to = get32(node + way);

			if (to & LEAF_BIT)
				set_bit(said, to & ~LEAF_BIT);
			else
				set_bit(reached, to);
		}
	}
	for (uint32_t i = 0; i < d->nleaves; i++)
		if (!has_bit(said, i)) {
			d->index = i;
			return CELLEVAL_FAULT_LEAF_UNREACHED;
		}
	for (uint32_t i = 0; i < d->nrequests; i++) {
		const uint8_t *entry = d->requests + (size_t)i * REQUEST_SIZE;
		uint32_t start = get32(entry + 4);

		if (get64(entry + 8) != (start & LEAF_BIT ? 0 : below[start])) {
			d->index = i;
			return CELLEVAL_FAULT_MASK;
		}
	}
	return CELLEVAL_SOUND;
}

/* The texts of a program in the order in which they are used. */
struct reading {
	uint64_t	*starts;	/* a bit for each offset at which a text begins that was used */
	uint64_t	*list;		/* the same as an array, but for the empty text */
	size_t		n;
	uint32_t	next;		/* where the next text must begin */
};

/* Whether the use of a text is one that its form allows: of the next, or of one that was used before. */
static bool
use_text(const struct draft *d, struct reading *r, uint32_t at)
{
	uint32_t length;

	if (at < r->next)
		return has_bit(r->starts, at);
	length = get16(d->texts + at);
	if (at != r->next || length == 0)
		return false;
	set_bit(r->starts, at);
	set_half(r->list, r->n++, at);
	r->next = at + 2 + length;
	return true;
}

/* Rule 7, all of it. */
static bool
is_in_one_form(struct draft *d)
{
	uint32_t ranges = 0, prefixes = 0, padded;
	struct reading r;

	/* the empty text comes first, used or not */
	if (d->ntext < 2 || get16(d->texts) != 0)
		return false;
	r.starts = d->scratch;
	r.list = r.starts + bit_words(d->ntext);
	r.n = 0;
	r.next = 2;
	clear(r.starts, bit_words(d->ntext));
	set_bit(r.starts, 0);
	for (uint32_t i = 0; i < d->nnodes; i++) {
		const uint8_t *node = d->nodes + (size_t)i * NODE_SIZE;
		uint64_t operand = get64(node + 16);

		if (is_operation_of_ranges(node[0])) {
			if (operand != ranges)
				return false;
			ranges += get32(node + 12);
		} else if (node[0] == OP_PREFIX) {
			if (operand > prefixes)
				return false;
			prefixes += operand == prefixes;
		} else if (has_text(node)) {
			if (!use_text(d, &r, (uint32_t)operand))
				return false;
		}
	}
	for (uint32_t i = 0; i < d->nleaves; i++) {
		const uint8_t *leaf = d->leaves + (size_t)i * LEAF_SIZE;

		for (unsigned a = 0; a < 2; a++)
			for (unsigned t = 0; t < 3; t++)
				if (!use_text(d, &r, get32(leaf + 4 + a * ANSWER_SIZE + t * 4)))
					return false;
	}
	padded = r.next + (8 - r.next % 8) % 8;
	if (ranges != d->nranges || prefixes != d->nprefixes || padded != d->ntext ||
	    !all_zero(d->texts + r.next, d->ntext - r.next))
		return false;
	if (!all_differ(r.list, r.n, text_before, d->texts))
		return false;
	for (uint32_t i = 0; i < prefixes; i++)
		set_half(d->scratch, i, i);
	return all_differ(d->scratch, prefixes, prefix_before, d->prefixes);
}

/* A number from which on the answer of a test is another, if there are so many members: the highest of all is kept. */
static void
change(int64_t at, uint32_t *most)
{
	if (at > *most && at <= fields[CELLEVAL_FIELD_MEMBERS].max)
		*most = (uint32_t)at;
}

/* From which number of members on all are decided alike. */
static uint32_t
members_needed(const struct draft *d)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < d->nnodes; i++) {
		const uint8_t *node = d->nodes + (size_t)i * NODE_SIZE, *ranges;
		int64_t operand = get_signed(node + 16);

		if ((looks_at(node) & CELLEVAL_BIT(CELLEVAL_FIELD_MEMBERS)) == 0)
			continue;
		switch ((enum operation)node[0]) {
		case OP_EQ:
			change(operand, &most);
			if (operand < INT64_MAX)
				change(operand + 1, &most);
			break;
		case OP_LT:
			change(operand, &most);
			break;
		case OP_LE:
			if (operand < INT64_MAX)
				change(operand + 1, &most);
			break;
		case OP_IN:
			/* where a range begins, and behind its end */
			ranges = d->ranges + (size_t)operand * RANGE_SIZE;
			for (uint32_t r = 0; r < get32(node + 12); r++, ranges += RANGE_SIZE) {
				change(get_signed(ranges), &most);
				if (get_signed(ranges + 8) < INT64_MAX)
					change(get_signed(ranges + 8) + 1, &most);
			}
			break;
		default:
			/* another field, or a rest: they are never all alike */
			return UINT32_MAX;
		}
	}
	return most;
}

/* Verifies what read_header made a draft of. The tables are for the checksum. */
static enum celleval_fault
verify_draft(struct draft *d, const uint64_t *tables, uint64_t *scratch)
{
	enum celleval_fault fault;

	d->sound = scratch;
	d->scratch = scratch + bit_words(d->ntext);
	d->text_budget = d->ntext + SLACK;
	d->range_budget = d->nranges + SLACK;
	if (checksum(tables, d->bytes, d->length, 8) != get32(d->bytes + 8))
		return CELLEVAL_FAULT_PROGRAM_CHECKSUM;
	clear(d->sound, bit_words(d->ntext));
	if ((fault = check_requests(d)) != CELLEVAL_SOUND || (fault = check_prefixes(d)) != CELLEVAL_SOUND ||
	    (fault = check_leaves(d)) != CELLEVAL_SOUND || (fault = check_nodes(d)) != CELLEVAL_SOUND ||
	    (fault = verify_leaves(d)) != CELLEVAL_SOUND || (fault = verify_nodes(d)) != CELLEVAL_SOUND ||
	    (fault = verify_requests(d)) != CELLEVAL_SOUND)
		return fault;
	d->index = 0;
	return is_in_one_form(d) ? CELLEVAL_SOUND : CELLEVAL_FAULT_FORM;
}

static void
publish(const struct draft *d, struct celleval_program *p)
{
	p->requests = d->requests;
	p->nodes = d->nodes;
	p->ranges = d->ranges;
	p->prefixes = d->prefixes;
	p->leaves = d->leaves;
	p->texts = d->texts;
	p->nleaves = d->nleaves;
	p->members = members_needed(d);
	for (unsigned q = 0; q < CELLEVAL_NQUESTIONS; q++)
		p->request_of[q] = 0;
	for (uint32_t i = 0; i < d->nrequests; i++)
		p->request_of[question_of(d, i)] = (uint8_t)(i + 1);
}

/* Writes down where a fault is, and gives it back. */
static enum celleval_fault
refuse(struct celleval_error *error, enum celleval_fault fault, uint32_t program, uint32_t index)
{
	if (error != NULL) {
		error->fault = fault;
		error->program = program;
		error->index = index;
	}
	return fault;
}

size_t
celleval_measure_program(const void *bytes, size_t length)
{
	struct draft d;

	if (read_header(&d, bytes, length) != CELLEVAL_SOUND)
		return CRC_WORDS;
	return CRC_WORDS + program_words(&d);
}

enum celleval_fault
celleval_verify_program(const void *bytes, size_t length, uint64_t *scratch, size_t nscratch,
    struct celleval_program *program, struct celleval_error *error)
{
	enum celleval_fault fault;
	struct draft d;

	if ((fault = read_header(&d, bytes, length)) != CELLEVAL_SOUND)
		return refuse(error, fault, 0, 0);
	if (nscratch < CRC_WORDS || nscratch - CRC_WORDS < program_words(&d))
		return refuse(error, CELLEVAL_FAULT_MEMORY, 0, 0);
	crc_tables(scratch);
	if ((fault = verify_draft(&d, scratch, scratch + CRC_WORDS)) != CELLEVAL_SOUND)
		return refuse(error, fault, 0, d.index);
	publish(&d, program);
	return refuse(error, CELLEVAL_SOUND, 0, 0);
}

/* ---- Verifying a bundle ---- */

/* The first fields of the header. */
static enum celleval_fault
read_bundle(const uint8_t *bytes, size_t length)
{
	static const uint8_t magic[8] = { 'c', 'e', 'l', 'l', 's', 'h', 'B', 0 };

	if (length < BUNDLE_HEADER || !same_bytes(bytes, magic, sizeof(magic)))
		return CELLEVAL_FAULT_MAGIC;
	if (get32(bytes + 8) != CELLEVAL_ABI_VERSION)
		return CELLEVAL_FAULT_VERSION;
	if (length > CELLEVAL_MAX_BUNDLE || get32(bytes + 12) != length)
		return CELLEVAL_FAULT_LENGTH;
	return CELLEVAL_SOUND;
}

/* Whether the counts of a bundle fit its length. */
static bool
counts_fit(const uint8_t *bytes, size_t length)
{
	return (uint64_t)get32(bytes + 44) * PROGRAM_HEADER + (uint64_t)get32(bytes + 48) * CELL_SIZE <= length;
}

void
celleval_measure(const void *from, size_t length, struct celleval_needs *needs)
{
	const uint8_t *bytes = from;
	size_t at = BUNDLE_HEADER, most = 0, words;
	uint32_t nprograms;

	needs->programs = 1;
	needs->scratch = CRC_WORDS;
	if (read_bundle(bytes, length) != CELLEVAL_SOUND || !counts_fit(bytes, length))
		return;
	nprograms = get32(bytes + 44);
	needs->programs = (size_t)nprograms + 1;
	for (uint32_t i = 0; i <= nprograms && length - at >= PROGRAM_HEADER; i++) {
		size_t n = get32(bytes + at + 4);
		struct draft d;

		/* the verifier comes no further than this either */
		if (n > length - at || read_header(&d, bytes + at, n) != CELLEVAL_SOUND)
			break;
		if ((words = program_words(&d)) > most)
			most = words;
		at += n;
	}
	needs->scratch = CRC_WORDS + bit_words(nprograms) + most;
}

/* The cells, behind the programs. */
static enum celleval_fault
verify_cells(const uint8_t *cells, uint32_t n, uint32_t nprograms, uint64_t *used, uint32_t *index)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *cell = cells + (size_t)i * CELL_SIZE;
		uint32_t id = get32(cell), program = get32(cell + 4);
		size_t end = cell_name(cell).length;

		*index = i;
		if (end == 0 || end == NAME_SIZE || !all_zero(cell + NAME_AT + end, NAME_SIZE - end))
			return CELLEVAL_FAULT_CELL_NAME;
		if (id == 0 || (i > 0 && get32(cell - CELL_SIZE) >= id))
			return CELLEVAL_FAULT_CELL_ORDER;
		if (program == NAME_ONLY)
			continue;
		if (program >= nprograms)
			return CELLEVAL_FAULT_CELL_PROGRAM;
		set_bit(used, program);
	}
	for (uint32_t i = 0; i < nprograms; i++)
		if (!has_bit(used, i)) {
			*index = i;
			return CELLEVAL_FAULT_PROGRAM_UNUSED;
		}
	return CELLEVAL_SOUND;
}

enum celleval_fault
celleval_verify(const void *from, size_t length, struct celleval_program *programs, size_t room,
    uint64_t *scratch, size_t nscratch, struct celleval_bundle *bundle, struct celleval_error *error)
{
	const uint8_t *bytes = from;
	uint64_t *used = scratch + CRC_WORDS;
	size_t at = BUNDLE_HEADER, end, kept;
	uint32_t nprograms, ncells, index = 0;
	enum celleval_fault fault;

	if ((fault = read_bundle(bytes, length)) != CELLEVAL_SOUND)
		return refuse(error, fault, 0, 0);
	if (nscratch < CRC_WORDS)
		return refuse(error, CELLEVAL_FAULT_MEMORY, 0, 0);
	crc_tables(scratch);
	if (checksum(scratch, bytes, length, 36) != get32(bytes + 36))
		return refuse(error, CELLEVAL_FAULT_CHECKSUM, 0, 0);
	if (get64(bytes + 16) != CELLEVAL_VOCABULARY)
		return refuse(error, CELLEVAL_FAULT_VOCABULARY, 0, 0);
	if (get32(bytes + 40) > 1)
		return refuse(error, CELLEVAL_FAULT_FALLBACK_SCOPE, 0, 0);
	if (!all_zero(bytes + 52, BUNDLE_HEADER - 52))
		return refuse(error, CELLEVAL_FAULT_RESERVED, 0, 0);
	if (!counts_fit(bytes, length))
		return refuse(error, CELLEVAL_FAULT_COUNTS, 0, 0);
	nprograms = get32(bytes + 44);
	ncells = get32(bytes + 48);
	kept = CRC_WORDS + bit_words(nprograms);
	if (room <= nprograms || nscratch < kept)
		return refuse(error, CELLEVAL_FAULT_MEMORY, 0, 0);
	end = length - (size_t)ncells * CELL_SIZE;
	for (uint32_t i = 0; i <= nprograms; i++) {
		struct draft d;
		size_t n;

		if (end < at || end - at < PROGRAM_HEADER)
			return refuse(error, CELLEVAL_FAULT_PROGRAM_START, i, 0);
		if ((n = get32(bytes + at + 4)) > end - at)
			return refuse(error, CELLEVAL_FAULT_PROGRAM_END, i, 0);
		if ((fault = read_header(&d, bytes + at, n)) != CELLEVAL_SOUND)
			return refuse(error, fault, i, 0);
		if (nscratch - kept < program_words(&d))
			return refuse(error, CELLEVAL_FAULT_MEMORY, i, 0);
		if ((fault = verify_draft(&d, scratch, scratch + kept)) != CELLEVAL_SOUND)
			return refuse(error, fault, i, d.index);
		publish(&d, &programs[i]);
		at += n;
	}
	if (at != end)
		return refuse(error, CELLEVAL_FAULT_CELLS_START, 0, 0);
	clear(used, bit_words(nprograms));
	if ((fault = verify_cells(bytes + end, ncells, nprograms, used, &index)) != CELLEVAL_SOUND)
		return refuse(error, fault, 0, index);
	bundle->bytes = bytes;
	bundle->length = length;
	bundle->generation = get64(bytes + 24);
	bundle->attachment = get32(bytes + 32);
	bundle->fallback_for_all = get32(bytes + 40) != 0;
	bundle->fallback = programs;
	bundle->nprograms = nprograms;
	bundle->cells = bytes + end;
	bundle->ncells = ncells;
	return refuse(error, CELLEVAL_SOUND, 0, 0);
}

const char *
celleval_fault_text(enum celleval_fault fault)
{
	switch (fault) {
	case CELLEVAL_SOUND: return "nothing is wrong";
	case CELLEVAL_FAULT_MAGIC: return "it is no bundle";
	case CELLEVAL_FAULT_VERSION: return "the bundle is of another version of the format";
	case CELLEVAL_FAULT_LENGTH: return "the length of the bundle is wrong";
	case CELLEVAL_FAULT_CHECKSUM: return "the checksum of the bundle is wrong";
	case CELLEVAL_FAULT_VOCABULARY: return "the bundle is for a kernel with other requests";
	case CELLEVAL_FAULT_FALLBACK_SCOPE: return "the scope of the fallback is neither 0 nor 1";
	case CELLEVAL_FAULT_RESERVED: return "what is reserved in the header of the bundle is not zero";
	case CELLEVAL_FAULT_COUNTS: return "the counts of the bundle do not fit its length";
	case CELLEVAL_FAULT_PROGRAM_START: return "a program does not begin where the one before it ends";
	case CELLEVAL_FAULT_PROGRAM_END: return "a program does not end before the cells begin";
	case CELLEVAL_FAULT_CELLS_START: return "the cells do not begin where the programs end";
	case CELLEVAL_FAULT_CELL_NAME: return "the name of a cell is not 1 to 63 bytes and zeros";
	case CELLEVAL_FAULT_CELL_ORDER: return "the cells are not in the order of their ids";
	case CELLEVAL_FAULT_CELL_PROGRAM: return "a cell has a program that does not exist";
	case CELLEVAL_FAULT_PROGRAM_UNUSED: return "a program belongs to no cell";
	case CELLEVAL_FAULT_PROGRAM_MAGIC: return "it is no program";
	case CELLEVAL_FAULT_PROGRAM_LENGTH: return "the length of the program is wrong";
	case CELLEVAL_FAULT_PROGRAM_RESERVED: return "what is reserved in the header of the program is not zero";
	case CELLEVAL_FAULT_PROGRAM_COUNTS: return "the counts of the program do not fill its length";
	case CELLEVAL_FAULT_PROGRAM_CHECKSUM: return "the checksum of the program is wrong";
	case CELLEVAL_FAULT_REQUEST_UNKNOWN: return "a request is none of the vocabulary";
	case CELLEVAL_FAULT_PREFIX_RESERVED: return "what is reserved in a prefix is not zero";
	case CELLEVAL_FAULT_TEXT_OUTSIDE: return "a text lies outside of the texts";
	case CELLEVAL_FAULT_LEAF_RESERVED: return "what is reserved in a leaf is not zero";
	case CELLEVAL_FAULT_RANGES_OUTSIDE: return "a set lies outside of the ranges";
	case CELLEVAL_FAULT_DIVISOR_RANGE: return "the first range of a division is none of rests";
	case CELLEVAL_FAULT_PREFIX_OUTSIDE: return "a prefix lies outside of the prefixes";
	case CELLEVAL_FAULT_NODE_RESERVED: return "what a node does not use is not zero";
	case CELLEVAL_FAULT_RESULT: return "the result of a leaf is none";
	case CELLEVAL_FAULT_WOULD: return "the would-result of a leaf has no sense";
	case CELLEVAL_FAULT_LEAF_TEXT: return "a text of a leaf is too long or not UTF-8";
	case CELLEVAL_FAULT_LINE: return "the line of a leaf is too large";
	case CELLEVAL_FAULT_OPERATION: return "the operation of a node does not exist";
	case CELLEVAL_FAULT_FIELD: return "the field of a node does not exist";
	case CELLEVAL_FAULT_WAY: return "a node does not lead to a later node or a leaf";
	case CELLEVAL_FAULT_NODE_TEXT: return "the text of a node is too long or not UTF-8";
	case CELLEVAL_FAULT_RANGES: return "the ranges of a node are not in order and apart";
	case CELLEVAL_FAULT_PREFIX: return "the prefix of a node is none";
	case CELLEVAL_FAULT_GROUP: return "the group of a node has more than 32 bits";
	case CELLEVAL_FAULT_OTHER_FIELD: return "the other field of a node does not exist";
	case CELLEVAL_FAULT_BIT: return "the bit of a node is none of its field";
	case CELLEVAL_FAULT_DIVISOR: return "a node divides by less than 2";
	case CELLEVAL_FAULT_REST: return "a node asks for a rest that can't be";
	case CELLEVAL_FAULT_PATTERN: return "the pattern of a node is none";
	case CELLEVAL_FAULT_TEST: return "the field of a node has no such test";
	case CELLEVAL_FAULT_REQUEST_ORDER: return "the requests do not ascend";
	case CELLEVAL_FAULT_REQUEST_NEVER_ASKED: return "a request is one that no program is asked";
	case CELLEVAL_FAULT_START: return "a request starts at nothing";
	case CELLEVAL_FAULT_NOT_CARRIED: return "a test is on a field that the request does not carry";
	case CELLEVAL_FAULT_NODE_UNREACHED: return "a node is reached by no request";
	case CELLEVAL_FAULT_LEAF_UNREACHED: return "a leaf is reached by no request";
	case CELLEVAL_FAULT_MASK: return "the mask of a request does not name the fields that it can reach";
	case CELLEVAL_FAULT_FORM: return "the program is not written in its one form";
	case CELLEVAL_FAULT_MEMORY: return "too little memory was given to verify it";
	}
	return "unknown";
}
