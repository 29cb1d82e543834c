/*
 * Answers what package celltest asks on standard input, on standard output. A question is a kind, four bytes of length, and so
 * many bytes; an answer is four bytes of length, and so many bytes. Numbers are little-endian.
 *
 *	B	a bundle. The answer is a fault, the program and the index where it is; of a sound one all that it says.
 *	P	a program alone. The same, and it is what cell 0 asks from now on.
 *	R	a cell, and requests of it, to the last bundle that was sound. The answer is what is decided, for each.
 *	F	nothing. The answer is the text of each fault.
 *	Q	scopes, actions and requests. The answer is the number of the question in the vocabulary, whether it is asked, its
 *		fields, and its number.
 *
 * What is verified and what is written lies in memory of exactly the size that it may have, so that a sanitizer sees every
 * step beside it.
 */

#include "frames.h"

/* The answer. */
static uint8_t *answer;
static size_t answered, room;

static void
put_bytes(const uint8_t *p, size_t n)
{
	if (room - answered < n) {
		room = 2 * room + n;
		if ((answer = realloc(answer, room)) == NULL)
			die("no memory");
	}
	for (size_t i = 0; i < n; i++)
		answer[answered++] = p[i];
}

static void
put(uint64_t v, unsigned n)
{
	uint8_t b[8];

	for (unsigned i = 0; i < n; i++)
		b[i] = (uint8_t)(v >> 8 * i);
	put_bytes(b, n);
}

static void
put_text(struct celleval_text t)
{
	put(t.length, 2);
	put_bytes(t.bytes, t.length);
}

static void
send_answer(void)
{
	for (unsigned i = 0; i < 4; i++)
		putchar((int)(answered >> 8 * i & 0xff));
	fwrite(answer, 1, answered, stdout);
	fflush(stdout);
	answered = 0;
}

#ifdef __has_feature
#if __has_feature(memory_sanitizer)
#define UNSET
#endif
#endif

/* Memory of n elements. What was there before does not matter: it is filled with anything, or watched. */
static void *
memory(size_t n, size_t size)
{
	void *p = malloc(n * size > 0 ? n * size : 1);

	if (p == NULL)
		die("no memory");
#ifndef UNSET
	memset(p, 0xa5, n * size);
#endif
	return p;
}

/* What is asked: the last that was sound. */
static uint8_t *bytes;
static struct celleval_program *programs;
static struct celleval_bundle bundle;
static bool alone;

static void
put_program(const struct celleval_program *p)
{
	struct celleval_leaf leaf;
	struct celleval_root root;

	put(p->members, 4);
	for (unsigned q = 0; q < CELLEVAL_NQUESTIONS; q++) {
		bool listed = celleval_find(p, q, &root);

		put(listed, 1);
		if (listed)
			put(root.mask, 8);
	}
	put(p->nleaves, 4);
	for (uint32_t i = 0; i < p->nleaves; i++) {
		if (!celleval_leaf(p, i, &leaf))
			die("a leaf is missing");
		put(leaf.record, 1);
		for (int w = 0; w < 2; w++) {
			const struct celleval_verdict *a = w == 0 ? &leaf.decided : &leaf.would;

			put(a->result, 1);
			put_text(a->reason);
			put_text(a->policy);
			put_text(a->file);
			put(a->line, 4);
		}
	}
	if (celleval_leaf(p, p->nleaves, &leaf) || celleval_find(p, CELLEVAL_NQUESTIONS, &root) || celleval_find(p, CELLEVAL_NO_QUESTION, &root))
		die("there is more than there is");
}

static void
verify(const uint8_t *text, size_t length, bool one)
{
	struct celleval_needs needs = { 1, 0 };
	struct celleval_error error = { CELLEVAL_SOUND, 99, 99 };
	struct celleval_bundle b;
	struct celleval_program *list;
	enum celleval_fault fault;
	uint64_t *scratch;
	uint8_t *copy = memory(length, 1);

	if (length > 0)
		memcpy(copy, text, length);
	if (one)
		needs.scratch = celleval_measure_program(copy, length);
	else
		celleval_measure(copy, length, &needs);
	if (needs.programs > 1 + length / 40 || needs.scratch > 2 * length / 8 + 1200)
		die("it needs more memory than it may");
	list = memory(needs.programs, sizeof(*list));
	scratch = memory(needs.scratch, sizeof(*scratch));
	fault = one ? celleval_verify_program(copy, length, scratch, needs.scratch, list, &error) :
	    celleval_verify(copy, length, list, needs.programs, scratch, needs.scratch, &b, &error);
	if (fault != error.fault)
		die("it says two faults");
	free(scratch);
	/* the same without a place for the error, and with less memory: that is never too little for a fault of another kind */
	if (needs.scratch > 0) {
		enum celleval_fault less;
		struct celleval_bundle other;
		struct celleval_program *spare = memory(needs.programs, sizeof(*spare));

		scratch = memory(needs.scratch - 1, sizeof(*scratch));
		less = one ? celleval_verify_program(copy, length, scratch, needs.scratch - 1, spare, NULL) :
		    celleval_verify(copy, length, spare, needs.programs, scratch, needs.scratch - 1, &other, NULL);
		if (less != CELLEVAL_FAULT_MEMORY && (less != fault || fault == CELLEVAL_SOUND))
			die("less memory gives another fault");
		free(scratch);
		free(spare);
	}
	put(fault, 1);
	put(error.program, 4);
	put(error.index, 4);
	if (fault != CELLEVAL_SOUND) {
		free(list);
		free(copy);
		return;
	}
	free(bytes);
	free(programs);
	bytes = copy;
	programs = list;
	alone = one;
	if (one) {
		put_program(&programs[0]);
		return;
	}
	bundle = b;
	put(b.generation, 8);
	put(b.attachment, 4);
	put(b.fallback_for_all, 1);
	put(b.nprograms, 4);
	for (uint32_t i = 0; i <= b.nprograms; i++)
		put_program(&b.fallback[i]);
	put(b.ncells, 4);
	for (uint32_t i = 0; i < b.ncells; i++) {
		struct celleval_entry c, found;

		celleval_cell_at(&b, i, &c);
		if (!celleval_find_cell(&b, c.id, &found) || found.program != c.program || found.name.bytes != c.name.bytes)
			die("a cell is not found");
		put(c.id, 4);
		put(c.program == NULL ? UINT32_MAX : (uint64_t)(c.program - b.fallback - 1), 4);
		put_text(celleval_cell_name(&b, c.id));
		/* those beside it are found only if they are there */
		if (celleval_find_cell(&b, c.id + 1, &found) && (i + 1 == b.ncells || found.id != c.id + 1))
			die("a cell is found that is not there");
	}
	put_text(celleval_cell_name(&b, 0));
	put_text(celleval_cell_name(&b, 77777777));
}

static void
ask(struct reader r)
{
	static struct groups groups;
	uint32_t id = (uint32_t)take(&r, 4);
	const struct celleval_program *p = programs;
	struct celleval_entry entry;

	if (p == NULL)
		die("there is no bundle to ask");
	if (!alone && celleval_find_cell(&bundle, id, &entry) && entry.program != NULL)
		p = entry.program;
	while (r.at < r.end) {
		/* what is not set is anything, so that it matters where it is looked at */
		struct celleval_request *q = memory(1, sizeof(*q));
		struct celleval_decision d;
		struct celleval_root root;
		uint32_t number = take_request(&r, q, &groups);
		unsigned question = celleval_question((enum celleval_scope)(number >> 16), number >> 8 & 0xff, number & 0xff);

		if (!celleval_find(p, question, &root)) {
			put(UINT32_MAX, 4);
			put(CELLEVAL_ALLOW, 4);
		} else {
			d = celleval_run(p, &root, q);
			put(d.result == CELLEVAL_NONE ? 0 : d.leaf, 4);
			put(d.result, 1);
			put(d.would, 1);
			put(d.record, 1);
			put(d.missing, 1);
		}
		free(q);
	}
}

static void
questions(struct reader r)
{
	while (r.at < r.end) {
		unsigned scope = (unsigned)take(&r, 4);
		uint64_t action = take(&r, 8), request = take(&r, 8);
		unsigned q = celleval_question((enum celleval_scope)scope, action, request);

		put(q, 1);
		put(celleval_asked(q), 1);
		put(celleval_carried(q), 8);
		put(celleval_number(q), 4);
	}
}

static void
fault_texts(void)
{
	for (int f = 0; f < 256; f++) {
		const char *text = celleval_fault_text((enum celleval_fault)f);
		struct celleval_text t;

		t.bytes = (const uint8_t *)text;
		t.length = strlen(text);
		put_text(t);
	}
}

int
main(void)
{
	uint8_t head[5];

	while (fread(head, 1, sizeof(head), stdin) == sizeof(head)) {
		struct reader h = { head + 1, head + 5 }, r;
		size_t n = (size_t)take(&h, 4);
		uint8_t *payload = memory(n, 1);

		if (fread(payload, 1, n, stdin) != n)
			die("the end came within a frame");
		r.at = payload;
		r.end = payload + n;
		switch (head[0]) {
		case 'B':
		case 'P':
			verify(payload, n, head[0] == 'P');
			break;
		case 'R':
			ask(r);
			break;
		case 'F':
			fault_texts();
			break;
		case 'Q':
			questions(r);
			break;
		default:
			die("unknown kind of frame");
		}
		send_answer();
		free(payload);
	}
	return 0;
}
