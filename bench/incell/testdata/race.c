/*
 * race answers: what the program and the switch answer to each request, 1 for denied. race times ROUNDS NANOSECONDS: what a
 * decision takes, in nanoseconds, the fastest of so many rounds of at least so long; they take turns.
 */

#include <time.h>

#include "frames.h"

bool written_denies(unsigned question, const struct celleval_request *r);

static struct celleval_program program;
static uint32_t nrequests;
static unsigned *questions;
static struct celleval_request *requests;

static bool
program_denies(unsigned question, const struct celleval_request *r)
{
	struct celleval_root root;

	return celleval_find(&program, question, &root) && celleval_run(&program, &root, r).result == CELLEVAL_DENY;
}

static uint32_t
program_pass(void)
{
	uint32_t denied = 0;

	for (uint32_t i = 0; i < nrequests; i++)
		denied += program_denies(questions[i], &requests[i]);
	return denied;
}

static uint32_t
written_pass(void)
{
	uint32_t denied = 0;

	for (uint32_t i = 0; i < nrequests; i++)
		denied += written_denies(questions[i], &requests[i]);
	return denied;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int
main(int argc, char **argv)
{
	size_t room = (size_t)1 << 28, n, words;
	uint8_t *input = malloc(room);
	uint64_t *scratch;
	struct reader r;
	uint32_t length;

	if (input == NULL || argc < 2)
		die("how?");
	n = fread(input, 1, room, stdin);
	r.at = input;
	r.end = input + n;
	length = (uint32_t)take(&r, 4);
	/* the program lies as in a bundle: at a multiple of 8 */
	uint8_t *text = malloc(length);
	memcpy(text, take_bytes(&r, length), length);
	words = celleval_measure_program(text, length);
	scratch = malloc(words * sizeof(*scratch));
	if (celleval_verify_program(text, length, scratch, words, &program, NULL) != CELLEVAL_SOUND)
		die("the program is refused");
	nrequests = (uint32_t)take(&r, 4);
	questions = calloc(nrequests, sizeof(*questions));
	requests = calloc(nrequests, sizeof(*requests));
	for (uint32_t i = 0; i < nrequests; i++) {
		struct groups all, *own;
		uint32_t number = take_request(&r, &requests[i], &all);

		own = malloc(sizeof(all.n) + all.n * sizeof(all.gid[0]) + 8);
		memcpy(own, &all, offsetof(struct groups, gid) + all.n * sizeof(all.gid[0]));
		requests[i].cookie = own;
		questions[i] = celleval_question((enum celleval_scope)(number >> 16), number >> 8 & 0xff, number & 0xff);
	}
	if (strcmp(argv[1], "answers") == 0) {
		for (uint32_t i = 0; i < nrequests; i++) {
			putchar('0' + program_denies(questions[i], &requests[i]));
			putchar('0' + written_denies(questions[i], &requests[i]));
		}
		return 0;
	}
	uint32_t (*passes[2])(void) = { program_pass, written_pass };
	double best[2] = { 0, 0 }, each = argc > 3 ? atof(argv[3]) : 0;
	volatile uint32_t sum = 0;

	for (int round = 0; round < (argc > 2 ? atoi(argv[2]) : 1); round++)
		for (int k = 0; k < 2; k++) {
			double start = now(), took;
			uint32_t passed = 0;

			do {
				sum += passes[k]();
				passed++;
			} while ((took = now() - start) < each);
			took /= (double)passed * nrequests;
			if (best[k] == 0 || took < best[k])
				best[k] = took;
		}
	printf("%.3f %.3f\n", best[0], best[1]);
	return 0;
}
