/* Requests as package celltest writes them down (AppendRequest). Everything is read byte by byte: see celleval.c. */

#ifndef FRAMES_H
#define FRAMES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "celleval_abi.h"
#include "celleval.h"

/* Bytes that are read one after the other. */
struct reader {
	const uint8_t	*at, *end;
};

static inline void
die(const char *why)
{
	fprintf(stderr, "driver: %s\n", why);
	exit(2);
}

static inline uint64_t
take(struct reader *r, unsigned bytes)
{
	uint64_t v = 0;

	if ((size_t)(r->end - r->at) < bytes)
		die("a frame is too short");
	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)r->at[i] << 8 * i;
	r->at += bytes;
	return v;
}

static inline const uint8_t *
take_bytes(struct reader *r, size_t n)
{
	const uint8_t *p = r->at;

	if ((size_t)(r->end - r->at) < n)
		die("a frame is too short");
	r->at += n;
	return p;
}

/* The groups of a request, for is_member. */
struct groups {
	size_t		n;
	uint32_t	gid[65536];
};

static inline bool
is_member(void *cookie, uint32_t gid)
{
	const struct groups *g = cookie;

	for (size_t i = 0; i < g->n; i++)
		if (g->gid[i] == gid)
			return true;
	return false;
}

/* The next request and its number in the vocabulary. */
static inline uint32_t
take_request(struct reader *r, struct celleval_request *q, struct groups *groups)
{
	uint32_t number = (uint32_t)take(r, 4);
	uint64_t given = take(r, 8);

	celleval_clear(q);
	for (int f = 0; f < CELLEVAL_NFIELDS; f++) {
		if ((given >> f & 1) == 0)
			continue;
		switch (f) {
		case CELLEVAL_FIELD_TARGET_CELL:
		case CELLEVAL_FIELD_IFNAME:
		case CELLEVAL_FIELD_FSTYPE: {
			size_t n = (size_t)take(r, 2);

			celleval_set_text(q, (enum celleval_field)f, take_bytes(r, n), n);
			break;
		}
		case CELLEVAL_FIELD_ADDR: {
			unsigned version = (unsigned)take(r, 1);

			celleval_set_address(q, version, take_bytes(r, 16));
			break;
		}
		case CELLEVAL_FIELD_GROUPS:
			groups->n = (size_t)take(r, 2);
			for (size_t i = 0; i < groups->n; i++)
				groups->gid[i] = (uint32_t)take(r, 4);
			celleval_set_groups(q, is_member, groups);
			break;
		default:
			celleval_set_number(q, (enum celleval_field)f, (int64_t)take(r, 8));
		}
	}
	return number;
}

#endif
