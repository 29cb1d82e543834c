/*
 * What the parts of the module share: secmodel_celleval.c has the listeners and answers them, celleval_fields.c gathers what
 * a question carries, celleval_store.c has what is loaded, celleval_ring.c the decisions that are kept, celleval_device.c
 * the device and the nodes. The evaluator, celleval.c, knows none of them.
 *
 * Order of locks: what the kernel holds when it asks, then store, then records, then ring. None is held across anything
 * that sleeps, and no listener waits for a writer.
 */

#ifndef CELLEVAL_IMPL_H
#define CELLEVAL_IMPL_H

#include <sys/param.h>
#include <sys/types.h>
#include <sys/kauth.h>
#include <sys/queue.h>

#include "celleval_abi.h"
#include "celleval.h"

struct uio;
struct proc;
struct lwp;

/*
 * secmodel_cell. Only a header of its own sources declares these functions, so they are declared here. Each takes
 * adaptive mutexes: never under a spin lock, nor in a passive serialization section.
 */
struct cell_config {
	int	cc_profile;	/* of an enumeration: 0 low, 1 medium, 2 high */
	int	cc_room[15];	/* in case that a later one has more */
};

/* Cell of a credential, 0 for the host. */
uint32_t secmodel_cell_cred_id(kauth_cred_t);
/* Effective user 0 outside of all cells. */
bool	secmodel_cell_is_host_root(kauth_cred_t);
/*
 * False for a cell that does not exist. One that somebody tries in vain to destroy stays there for everybody: secmodel_cell_destroy
 * marks it and takes the mark back under one hold of the lock that this takes. Walks a list.
 */
bool	secmodel_cell_get_config(uint32_t, struct cell_config *);
/* Whether there are any cells. */
bool	secmodel_cell_has_entries(void);

/* The model's name for people. */
#define CE_MODEL_NAME	"cellsh evaluation"

#define CE_HOST		0u
#define CE_PROFILE_LOW	0u
#define CE_NAME_MAX	63	/* bytes of a cell's name */

/* ---- What is loaded ---- */

/*
 * What is known of a cell beside its programs. Ids are never given out twice and profiles never change, so a record is
 * right for ever. Counters go round where long has 32 bits.
 */
struct ce_record {
	uint32_t		id;
	uint8_t			profile;
	/* for whoever tidies: whether the cell has ended, and whether something refers to it */
	bool			gone;
	bool			kept;
	SLIST_ENTRY(ce_record)	next;
	volatile unsigned long	decisions;
	volatile unsigned long	denied;
	volatile unsigned long	granted;
	volatile unsigned long	would_deny;
};

/* A bundle as it was written, verified. */
struct ce_image {
	struct celleval_bundle	bundle;
	vaddr_t			bytes;
	vsize_t			bytes_size;
	vaddr_t			programs;
	vsize_t			programs_size;
	/* places in the view of its set that refer to it; the set's base, which has the fallback, stays without any */
	uint32_t		uses;
	/* decisions from here that are on their way into the ring: see celleval_ring_put */
	volatile unsigned int	pending;
	TAILQ_ENTRY(ce_image)	link;
};
TAILQ_HEAD(ce_images, ce_image);

/* A cell that programs know by name. */
struct ce_place {
	uint32_t			id;
	uint32_t			index;		/* among the cells of its image */
	const struct celleval_program	*program;	/* NULL: the fallback answers */
	struct ce_image			*image;
	struct ce_record		*record;
};

/*
 * What questions are answered from: a table that never changes once it can be seen. A listener finds it, and all that it
 * refers to, only within a passive serialization section.
 */
struct ce_view {
	uint64_t			generation;
	const struct celleval_program	*fallback;
	struct ce_image			*fallback_image;	/* NULL: the built-in one */
	bool				fallback_for_all;
	uint8_t				shift;
	uint32_t			mask;
	uint32_t			nplaces;
	struct ce_place			*places;	/* by id */
	uint32_t			*slots;		/* 1 + an index of places, or 0; by hash of the id */
	vsize_t				size;
	SIMPLEQ_ENTRY(ce_view)		link;
};

extern struct ce_view *celleval_view;	/* never NULL while there are listeners */

/* Where the search for a cell begins, in a table of 1 << (32 - shift) slots. */
static inline uint32_t
celleval_hash(uint32_t id, unsigned shift)
{
	return (id * 2654435761u) >> shift;
}

/* The place of a cell, NULL for one that is not named. */
static inline const struct ce_place *
celleval_place(const struct ce_view *view, uint32_t id)
{
	uint32_t i, at;

	for (i = celleval_hash(id, view->shift); (at = view->slots[i]) != 0; i = (i + 1) & view->mask)
		if (view->places[at - 1].id == id)
			return &view->places[at - 1];
	return NULL;
}

/* The record of a cell, NULL if there is none; within a section. */
struct ce_record *celleval_record(uint32_t id);

/* The profile of a cell, and a record for later if there is room. Unknown is low: then the fallback answers. */
uint8_t	celleval_profile(uint32_t id);

int	celleval_store_init(const uint8_t *builtin, size_t length);	/* the built-in fallback */
void	celleval_store_stop(void);	/* no callout or worker runs any more */
void	celleval_store_fini(void);	/* nobody reads any more */
bool	celleval_store_close(void);	/* false if the device is open or a write runs; else no open succeeds any more */
void	celleval_store_reopen(void);
int	celleval_store_enter(void);	/* another descriptor */
void	celleval_store_leave(void);

int	celleval_store_load(struct uio *, size_t length, uint32_t window);
int	celleval_store_attach(struct uio *, size_t length);
int	celleval_store_confirm(uint64_t generation);
int	celleval_store_revert(uint64_t generation);

void	celleval_store_status(struct celleval_status *);
/* Fills at most so many, ordered by id, and gives how many there are. */
size_t	celleval_store_cells(struct celleval_cell *, size_t);

/* Nanoseconds since the kernel's start. */
uint64_t celleval_now(void);

/* ---- Asking ---- */

/* A question, and what is known of its fields so far. */
struct ce_question {
	kauth_cred_t		cred;
	uint32_t		cell;
	unsigned		number;		/* enum celleval_question */
	enum celleval_scope	scope;
	void			*arg[4];
	/* what has to be gathered where it is allowed to wait: see celleval_gather */
	bool			have_target;
	bool			have_members;
	uint32_t		target_cell;
	uint32_t		target_uid;
	uint32_t		target_euid;
	uint32_t		members;
	uint32_t		members_bound;	/* how far they were counted */
	/* for proc-admit: as if so many more processes were there */
	uint32_t		ahead;
};

/* Sets the fields of a set, but for those that must be gathered first; within a section. */
void	celleval_fill(const struct ce_question *, const struct ce_view *, uint64_t mask, struct celleval_request *);
/* Gathers what the field needs, outside of all sections; bound is where counting members may stop. */
void	celleval_gather(struct ce_question *, enum celleval_field, uint32_t bound);

/* What came out. */
struct ce_outcome {
	uint32_t			answered;	/* CELLEVAL_BY_... */
	struct celleval_decision	decision;
	bool				found;		/* decision.leaf is a leaf of the program */
	const struct celleval_program	*program;
	struct ce_image			*image;		/* of the program; NULL for the built-in fallback */
	uint32_t			line;		/* of the policy, 0 for none; only of quiet questions */
	uint64_t			generation;
	char				name[CE_NAME_MAX];
	uint8_t				name_length;
};

/* ---- The ring of decisions ---- */

void	celleval_ring_init(void);
void	celleval_ring_fini(void);
int	celleval_ring_ready(void);	/* the first open: what can't be made while the kernel starts */
void	celleval_ring_stop(void);
/* Keeps a decision. Whoever asked has counted it in image->pending, which the ring takes back. */
void	celleval_ring_put(const struct ce_question *, const struct ce_outcome *, uint32_t flags);
/* Copies the texts of all kept decisions from the image, which nobody asks any more. May sleep. */
void	celleval_ring_detach(struct ce_image *);
void	celleval_ring_reap(void);
void	celleval_ring_counts(uint64_t *newest, uint64_t *dropped);

/* A descriptor's place: the last sequence number that it has read. */
struct ce_reader {
	uint64_t	after;
	unsigned	waiting;	/* threads in read(2) that wait for an event */
	bool		restart;	/* they are to look again whether their descriptor is still theirs */
};
int	celleval_ring_read(struct ce_reader *, struct uio *, bool wait);
void	celleval_ring_after(struct ce_reader *, uint64_t);
void	celleval_ring_restart(struct ce_reader *);	/* a descriptor is being closed: ERESTART for all who wait */
int	celleval_ring_poll(struct ce_reader *, int events);
struct knote;
int	celleval_ring_kqfilter(struct ce_reader *, struct knote *);

/* ---- The device and the nodes ---- */

int	celleval_device_init(void);
void	celleval_device_fini(void);
int	celleval_nodes_init(void);
void	celleval_nodes_fini(void);

/* Settings, read by listeners without a lock. While any bit of off is set nobody is asked. */
#define CE_DISABLED	1u	/* root of the host wants it so */
#define CE_CLOSED	2u	/* the module is about to go */
extern volatile unsigned int celleval_off;
extern volatile unsigned int celleval_all;

#endif
