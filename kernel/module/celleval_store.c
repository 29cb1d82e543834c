/*
 * What is loaded: bundles, the views that listeners read, and a record for each cell.
 *
 * Writers are one at a time (store.writing), and do what takes long without a lock. What they publish is one pointer. What
 * they take away goes to the grave, and is freed by a worker, or by a writer who finds too much there, once nobody can
 * hold it. The callout of the time to confirm only flips the pointer.
 */

#include <sys/cdefs.h>
__KERNEL_RCSID(0, "$NetBSD$");

#include <sys/param.h>
#include <sys/types.h>
#include <sys/atomic.h>
#include <sys/callout.h>
#include <sys/condvar.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/kmem.h>
#include <sys/mutex.h>
#include <sys/once.h>
#include <sys/pserialize.h>
#include <sys/syslog.h>
#include <sys/systm.h>
#include <sys/timevar.h>
#include <sys/uio.h>
#include <sys/workqueue.h>

#include <uvm/uvm_extern.h>

#include <lib/libkern/libkern.h>

#include "celleval_impl.h"

/* A bundle that was loaded, with all that was attached to it. */
struct ce_set {
	uint64_t		generation;
	uint32_t		attachment;
	struct ce_image		*base;
	struct ce_images	images;		/* the base among them */
	struct ce_view		*view;
	SLIST_ENTRY(ce_set)	link;
};

/* The records of cells: open addressing, by hash of the id; at most half of the slots are used. */
struct ce_table {
	uint32_t		bits;
	uint32_t		used;
	SLIST_ENTRY(ce_table)	link;
	struct ce_record	*slot[];
};

SLIST_HEAD(ce_record_list, ce_record);

/* What was taken away. */
struct ce_grave {
	struct ce_images		images;
	SIMPLEQ_HEAD(, ce_view)		views;
	SLIST_HEAD(, ce_set)		sets;
	SLIST_HEAD(, ce_table)		tables;
	struct ce_record_list		records;
	uint64_t			bytes;
	unsigned			count;
};

/* How much may lie in the grave before a writer clears it, instead of leaving that to the worker. */
#define GRAVE_BYTES	(16u * 1024 * 1024)
#define GRAVE_COUNT	256u

static struct {
	kmutex_t		lock;
	kcondvar_t		cv;
	bool			writing;	/* somebody writes, or tidies */
	bool			closed;		/* the module is about to go */
	unsigned		descriptors;
	/* what is asked, and what comes back if that is not confirmed; NULL: the built-in fallback alone */
	struct ce_set		*loaded;
	struct ce_set		*back;
	/* what was not confirmed in time; a writer may be looking at it, so only a writer buries it */
	SLIST_HEAD(, ce_set)	fallen;
	bool			waits;
	uint64_t		deadline;
	uint64_t		highest;
	struct callout		callout;
	struct ce_grave		grave;
	/* the worker */
	struct workqueue	*queue;
	struct work		work;
	bool			queued;
	bool			tidy;		/* the worker is to look for cells that ended */
	uint32_t		tidy_places;	/* so many places are worth a look */
} store;

/* Records. The lock is for who changes the table; readers are in a section. */
static struct {
	kmutex_t		lock;
	struct ce_table		*table;
	struct ce_record_list	spare;		/* made beforehand: listeners make none */
	unsigned		nspare;
} records;

#define RECORDS_SPARE	256u	/* as many are kept */
#define RECORDS_BITS	10u	/* of the first table */

static pserialize_t psz;
struct ce_view *celleval_view;

/* The view without a bundle. */
static struct celleval_program builtin;
static uint32_t nothing[2];
static struct ce_view empty = {
	.fallback = &builtin,
	.shift = 31,
	.mask = 1,
	.slots = nothing,
};

static ONCE_DECL(ready);

static void store_kick(void);

uint64_t
celleval_now(void)
{
	struct timespec ts;

	nanouptime(&ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- Records ---- */

static size_t
table_size(uint32_t bits)
{
	return sizeof(struct ce_table) + (sizeof(struct ce_record *) << bits);
}

static struct ce_table *
table_make(uint32_t bits)
{
	struct ce_table *t = kmem_zalloc(table_size(bits), KM_SLEEP);

	t->bits = bits;
	return t;
}

static inline uint32_t
table_slot(const struct ce_table *t, uint32_t id)
{
	return celleval_hash(id, 32 - t->bits);
}

static inline struct ce_record *
table_find(const struct ce_table *t, uint32_t id)
{
	const uint32_t mask = (1u << t->bits) - 1;
	struct ce_record *r;
	uint32_t i;

	for (i = table_slot(t, id); (r = atomic_load_consume(&t->slot[i])) != NULL; i = (i + 1) & mask)
		if (r->id == id)
			return r;
	return NULL;
}

static void
table_put(struct ce_table *t, struct ce_record *r)
{
	const uint32_t mask = (1u << t->bits) - 1;
	uint32_t i;

	for (i = table_slot(t, r->id); t->slot[i] != NULL; i = (i + 1) & mask)
		continue;
	atomic_store_release(&t->slot[i], r);
	t->used++;
}

static inline bool
table_full(const struct ce_table *t)
{
	return t->used >= 1u << (t->bits - 1);
}

struct ce_record *
celleval_record(uint32_t id)
{
	return table_find(atomic_load_consume(&records.table), id);
}

/* Whether it gets scarce: there are few records to spare, or few slots. */
static bool
few_spare(void)
{
	KASSERT(mutex_owned(&records.lock));
	return records.nspare < RECORDS_SPARE / 2;
}

static bool
few_slots(void)
{
	KASSERT(mutex_owned(&records.lock));
	return records.table->used >= 3u << (records.table->bits - 3);
}

/* Keeps a record of the cell if there is room; asks for more if it gets scarce. Listeners come here. */
static struct ce_record *
record_keep(uint32_t id, uint8_t profile)
{
	struct ce_record *r;
	bool scarce;

	mutex_enter(&records.lock);
	r = table_find(records.table, id);
	if (r == NULL && !table_full(records.table) && (r = SLIST_FIRST(&records.spare)) != NULL) {
		SLIST_REMOVE_HEAD(&records.spare, next);
		records.nspare--;
		memset(r, 0, sizeof(*r));
		r->id = id;
		r->profile = profile;
		table_put(records.table, r);
	}
	scarce = few_spare() || few_slots();
	mutex_exit(&records.lock);
	if (scarce)
		store_kick();
	return r;
}

uint8_t
celleval_profile(uint32_t id)
{
	struct cell_config config;

	/*
	 * A cell that is not there has ended, but sockets and files can still have its credential. For it nothing is kept, and the
	 * fallback answers: it must not be without anybody.
	 */
	if (!secmodel_cell_get_config(id, &config))
		return CE_PROFILE_LOW;
	(void)record_keep(id, (uint8_t)config.cc_profile);
	return (uint8_t)config.cc_profile;
}

/* Puts all records that stay into a table with room for so many more. Those that do not stay go to the grave. A writer calls it. */
static void
records_rebuild(uint32_t more, bool drop)
{
	struct ce_table *old, *new;
	struct ce_record *r;
	uint32_t bits, i;

	/* New ones can come while no lock is held, but only as many as there are slots for. */
	for (bits = RECORDS_BITS; (1u << (bits - 2)) < records.table->used + more + RECORDS_SPARE; bits++)
		continue;
	new = table_make(bits);
	mutex_enter(&store.lock);
	mutex_enter(&records.lock);
	old = records.table;
	for (i = 0; i < 1u << old->bits; i++) {
		if ((r = old->slot[i]) == NULL)
			continue;
		if (drop && r->gone && !r->kept) {
			SLIST_INSERT_HEAD(&store.grave.records, r, next);
			store.grave.count++;
		} else {
			table_put(new, r);
		}
	}
	atomic_store_release(&records.table, new);
	SLIST_INSERT_HEAD(&store.grave.tables, old, link);
	store.grave.bytes += table_size(old->bits);
	mutex_exit(&records.lock);
	mutex_exit(&store.lock);
}

/* Sees to it that so many more records can be kept, and that there are some to spare. A writer calls it. */
static void
records_reserve(uint32_t more)
{
	struct ce_record *r;
	bool small;

	mutex_enter(&records.lock);
	while (records.nspare < RECORDS_SPARE + more) {
		mutex_exit(&records.lock);
		r = kmem_zalloc(sizeof(*r), KM_SLEEP);
		mutex_enter(&records.lock);
		SLIST_INSERT_HEAD(&records.spare, r, next);
		records.nspare++;
	}
	small = (1u << (records.table->bits - 2)) < records.table->used + more;
	mutex_exit(&records.lock);
	if (small)
		records_rebuild(more, false);
}

/* ---- Images ---- */

/* So much comes from the caches of kmem(9), which are faster; more may not be there, and is not waited for. */
#define SMALL	(16u * 1024)

static vaddr_t
large_alloc(size_t n, size_t element, vsize_t *size)
{
	if (n > SIZE_MAX / 4 / element)
		return 0;
	*size = MAX(n * element, 1);
	if (*size <= SMALL)
		return (vaddr_t)kmem_alloc(*size, KM_SLEEP);
	*size = round_page(*size);
	return uvm_km_alloc(kernel_map, *size, 0, UVM_KMF_WIRED | UVM_KMF_CANFAIL);
}

static void
large_free(vaddr_t at, vsize_t size)
{
	if (at == 0)
		return;
	if (size <= SMALL)
		kmem_free((void *)at, size);
	else
		uvm_km_free(kernel_map, at, size, UVM_KMF_WIRED);
}

static void
image_free(struct ce_image *image)
{
	large_free(image->bytes, image->bytes_size);
	large_free(image->programs, image->programs_size);
	kmem_free(image, sizeof(*image));
}

/* Takes a bundle over from who writes it, and verifies it. */
static int
image_read(struct uio *uio, size_t length, struct ce_image **imagep)
{
	struct celleval_error fault;
	struct celleval_needs needs;
	struct ce_image *image;
	vaddr_t scratch = 0;
	vsize_t scratch_size = 0;
	int error;

	if (length == 0)
		return EFTYPE;
	image = kmem_zalloc(sizeof(*image), KM_SLEEP);
	image->bytes = large_alloc(length, 1, &image->bytes_size);
	if (image->bytes == 0) {
		error = ENOMEM;
		goto out;
	}
	if ((error = uiomove((void *)image->bytes, length, uio)) != 0)
		goto out;
	celleval_measure((const void *)image->bytes, length, &needs);
	image->programs = large_alloc(needs.programs, sizeof(struct celleval_program), &image->programs_size);
	scratch = large_alloc(needs.scratch, sizeof(uint64_t), &scratch_size);
	if (image->programs == 0 || scratch == 0) {
		error = ENOMEM;
		goto out;
	}
	celleval_verify((const void *)image->bytes, length, (struct celleval_program *)image->programs, needs.programs,
	    (uint64_t *)scratch, needs.scratch, &image->bundle, &fault);
	switch (fault.fault) {
	case CELLEVAL_SOUND:
		/* Generations count from 1; 0 stands for none. */
		error = image->bundle.generation == 0 ? EINVAL : 0;
		break;
	case CELLEVAL_FAULT_VERSION:
		error = EPROGMISMATCH;
		break;
	case CELLEVAL_FAULT_VOCABULARY:
		error = EPROGUNAVAIL;
		break;
	default:
		error = EFTYPE;
		break;
	}
	if (fault.fault != CELLEVAL_SOUND)
		log(LOG_WARNING, "secmodel_celleval: a bundle is refused: %s (fault %d, program %u, index %u)\n",
		    celleval_fault_text(fault.fault), (int)fault.fault, fault.program, fault.index);
out:
	large_free(scratch, scratch_size);
	if (error != 0) {
		image_free(image);
		return error;
	}
	*imagep = image;
	return 0;
}

/* Every cell must exist. Records are made for them, for they will be asked about. */
static int
image_cells(const struct ce_image *image)
{
	struct celleval_entry entry;
	struct cell_config config;
	uint32_t i;

	records_reserve(image->bundle.ncells);
	for (i = 0; i < image->bundle.ncells; i++) {
		celleval_cell_at(&image->bundle, i, &entry);
		if (!secmodel_cell_get_config(entry.id, &config))
			return ENOENT;
		if (record_keep(entry.id, (uint8_t)config.cc_profile) == NULL)
			return ENOMEM;
	}
	return 0;
}

/* ---- Views ---- */

/* At most half of the slots are used. */
static uint32_t
view_bits(uint32_t nplaces)
{
	uint32_t bits;

	for (bits = 1; (UINT64_C(1) << bits) < (uint64_t)nplaces * 2; bits++)
		continue;
	return bits;
}

/* A view with room for so many places, whose slots are still empty; NULL where there is no memory for it. */
static struct ce_view *
view_make(uint32_t nplaces)
{
	const uint32_t bits = view_bits(nplaces);
	struct ce_view *view;
	vsize_t size;

	view = (struct ce_view *)large_alloc(sizeof(*view) + nplaces * sizeof(struct ce_place) + (sizeof(uint32_t) << bits), 1, &size);
	if (view == NULL)
		return NULL;
	memset(view, 0, sizeof(*view));
	view->size = size;
	view->shift = (uint8_t)(32 - bits);
	view->mask = (1u << bits) - 1;
	view->places = (struct ce_place *)(view + 1);
	view->slots = (uint32_t *)(view->places + nplaces);
	memset(view->slots, 0, sizeof(uint32_t) << bits);
	return view;
}

static void
view_free(struct ce_view *view)
{
	large_free((vaddr_t)view, view->size);
}

static void
view_add(struct ce_view *view, const struct ce_place *place)
{
	uint32_t i;

	view->places[view->nplaces++] = *place;
	for (i = celleval_hash(place->id, view->shift); view->slots[i] != 0; i = (i + 1) & view->mask)
		continue;
	view->slots[i] = view->nplaces;
}

/* What an image says of a cell. */
static void
place_of(struct ce_image *image, uint32_t index, struct ce_place *place)
{
	struct celleval_entry entry;

	celleval_cell_at(&image->bundle, index, &entry);
	place->id = entry.id;
	place->index = index;
	place->program = entry.program;
	place->image = image;
	/* image_cells has made it, and only tidying, which is writing, takes records away. */
	place->record = table_find(records.table, entry.id);
	KASSERT(place->record != NULL);
}

/* ---- The grave ---- */

static void
bury_view(struct ce_view *view)
{
	SIMPLEQ_INSERT_TAIL(&store.grave.views, view, link);
	store.grave.bytes += view->size;
	store.grave.count++;
}

static void
bury_image(struct ce_image *image)
{
	TAILQ_INSERT_TAIL(&store.grave.images, image, link);
	store.grave.bytes += image->bytes_size + image->programs_size;
	store.grave.count++;
}

/* With NULL nothing is buried. */
static void
bury_set(struct ce_set *set)
{
	struct ce_image *image;

	KASSERT(mutex_owned(&store.lock));
	if (set == NULL)
		return;
	while ((image = TAILQ_FIRST(&set->images)) != NULL) {
		TAILQ_REMOVE(&set->images, image, link);
		bury_image(image);
	}
	bury_view(set->view);
	SLIST_INSERT_HEAD(&store.grave.sets, set, link);
}

static void
bury_fallen(void)
{
	struct ce_set *set;

	while ((set = SLIST_FIRST(&store.fallen)) != NULL) {
		SLIST_REMOVE_HEAD(&store.fallen, link);
		bury_set(set);
	}
}

static void
grave_init(struct ce_grave *g)
{
	memset(g, 0, sizeof(*g));
	TAILQ_INIT(&g->images);
	SIMPLEQ_INIT(&g->views);
	SLIST_INIT(&g->sets);
	SLIST_INIT(&g->tables);
	SLIST_INIT(&g->records);
}

/* Sets lie there only with their views, and tables have bytes. */
static bool
grave_is_empty(void)
{
	KASSERT(mutex_owned(&store.lock));
	return store.grave.bytes == 0 && store.grave.count == 0;
}

/* Frees what lies in the grave, once nobody can hold it. Sleeps. Writers and the worker may be here at the same time. */
static void
store_reap(void)
{
	struct ce_grave g;
	struct ce_image *image;
	struct ce_record *record;
	struct ce_table *table;
	struct ce_view *view;
	struct ce_set *set;
	bool empty_grave;

	grave_init(&g);
	mutex_enter(&store.lock);
	TAILQ_CONCAT(&g.images, &store.grave.images, link);
	SIMPLEQ_CONCAT(&g.views, &store.grave.views);
	g.sets = store.grave.sets;
	g.tables = store.grave.tables;
	g.records = store.grave.records;
	empty_grave = grave_is_empty();
	grave_init(&store.grave);
	mutex_exit(&store.lock);

	celleval_ring_reap();
	if (empty_grave)
		return;
	pserialize_perform(psz);
	while ((image = TAILQ_FIRST(&g.images)) != NULL) {
		TAILQ_REMOVE(&g.images, image, link);
		/* Decisions that came out of it and are not in the ring yet. No new ones can come. */
		while (atomic_load_acquire(&image->pending) != 0)
			kpause("cevreap", false, 1, NULL);
		celleval_ring_detach(image);
		image_free(image);
	}
	while ((view = SIMPLEQ_FIRST(&g.views)) != NULL) {
		SIMPLEQ_REMOVE_HEAD(&g.views, link);
		view_free(view);
	}
	while ((set = SLIST_FIRST(&g.sets)) != NULL) {
		SLIST_REMOVE_HEAD(&g.sets, link);
		kmem_free(set, sizeof(*set));
	}
	while ((table = SLIST_FIRST(&g.tables)) != NULL) {
		SLIST_REMOVE_HEAD(&g.tables, link);
		kmem_free(table, table_size(table->bits));
	}
	while ((record = SLIST_FIRST(&g.records)) != NULL) {
		SLIST_REMOVE_HEAD(&g.records, next);
		kmem_free(record, sizeof(*record));
	}
}

/* ---- Writers ---- */

static int
writer_enter(void)
{
	int error = 0;

	mutex_enter(&store.lock);
	while (store.writing && error == 0)
		if (cv_wait_sig(&store.cv, &store.lock) != 0)
			error = EINTR;
	if (error == 0)
		store.writing = true;
	mutex_exit(&store.lock);
	return error;
}

/* The worker can't be interrupted. */
static void
writer_enter_always(void)
{
	mutex_enter(&store.lock);
	while (store.writing)
		cv_wait(&store.cv, &store.lock);
	store.writing = true;
	mutex_exit(&store.lock);
}

static void
writer_exit(void)
{
	bool much, some;

	mutex_enter(&store.lock);
	bury_fallen();
	store.writing = false;
	cv_broadcast(&store.cv);
	much = store.grave.bytes > GRAVE_BYTES || store.grave.count > GRAVE_COUNT;
	some = !grave_is_empty() || store.tidy;
	mutex_exit(&store.lock);
	if (much)
		store_reap();
	else if (some)
		store_kick();
}

static void
publish(struct ce_set *set)
{
	KASSERT(mutex_owned(&store.lock));
	store.loaded = set;
	atomic_store_release(&celleval_view, set != NULL ? set->view : &empty);
}

/* What is loaded stays, and nothing comes back. */
static void
stay(void)
{
	bury_set(store.back);
	store.back = NULL;
	store.waits = false;
}

/* Goes back from what waits to what was confirmed. */
static void
go_back(void)
{
	KASSERT(mutex_owned(&store.lock));
	KASSERT(store.waits);
	SLIST_INSERT_HEAD(&store.fallen, store.loaded, link);
	publish(store.back);
	store.back = NULL;
	store.waits = false;
}

static void
schedule(uint64_t ns)
{
	uint64_t ms = ns / 1000000u + 1;

	/* An hour at most: what the callout counts in is an int. */
	callout_schedule(&store.callout, mstohz((unsigned)MIN(ms, 3600u * 1000u)) + 1);
}

static void
confirm_timeout(void *cookie)
{
	uint64_t now = celleval_now(), generation = 0;

	mutex_enter(&store.lock);
	/* A module that is about to go halts it: it must not come back by itself then. */
	if (store.waits && !store.closed) {
		if (now < store.deadline) {
			schedule(store.deadline - now);
		} else {
			generation = store.loaded->generation;
			go_back();
		}
	}
	mutex_exit(&store.lock);
	if (generation != 0) {
		log(LOG_NOTICE, "secmodel_celleval: generation %" PRIu64 " was not confirmed in time, and goes\n", generation);
		store_kick();
	}
}

/* How many places are worth a look for cells that have ended, where so many are known to be needed. */
static uint32_t
worth_a_look(uint32_t needed)
{
	return MAX(2 * needed, 256);
}

static int
load(struct uio *uio, size_t length, uint32_t window)
{
	struct ce_image *image;
	struct ce_place place;
	struct ce_set *set;
	uint64_t deadline = 0;
	uint32_t i;
	int error;

	if ((error = image_read(uio, length, &image)) != 0)
		return error;
	/* Only writers change it. */
	if (image->bundle.generation <= store.highest) {
		error = EEXIST;
		goto fail;
	}
	if ((error = image_cells(image)) != 0)
		goto fail;
	set = kmem_zalloc(sizeof(*set), KM_SLEEP);
	set->generation = image->bundle.generation;
	set->attachment = image->bundle.attachment;
	set->base = image;
	TAILQ_INIT(&set->images);
	TAILQ_INSERT_TAIL(&set->images, image, link);
	if ((set->view = view_make(image->bundle.ncells)) == NULL) {
		kmem_free(set, sizeof(*set));
		error = ENOMEM;
		goto fail;
	}
	set->view->generation = set->generation;
	set->view->fallback = image->bundle.fallback;
	set->view->fallback_image = image;
	set->view->fallback_for_all = image->bundle.fallback_for_all;
	for (i = 0; i < image->bundle.ncells; i++) {
		place_of(image, i, &place);
		view_add(set->view, &place);
	}
	image->uses = image->bundle.ncells;

	if (window != 0)
		deadline = celleval_now() + (uint64_t)window * 1000000u;
	mutex_enter(&store.lock);
	if (store.waits || window == 0) {
		/* What waits gives its place, and what comes back stays; or what is confirmed does, for good. */
		bury_set(store.loaded);
	} else {
		store.back = store.loaded;
	}
	if (window == 0)
		stay();
	publish(set);
	store.highest = set->generation;
	store.waits = window != 0;
	store.deadline = deadline;
	store.tidy_places = worth_a_look(set->view->nplaces);
	if (store.waits)
		schedule((uint64_t)window * 1000000u);
	mutex_exit(&store.lock);
	return 0;

fail:
	image_free(image);
	return error;
}

int
celleval_store_load(struct uio *uio, size_t length, uint32_t window)
{
	int error;

	if ((error = writer_enter()) != 0)
		return error;
	/* Nothing old needs to be there beside the new but what is asked and what comes back. */
	store_reap();
	error = load(uio, length, window);
	writer_exit();
	return error;
}

/* Whether both fallbacks are the same program, for the same cells. */
static bool
same_fallback(const struct celleval_bundle *a, const struct celleval_bundle *b)
{
	const struct celleval_text x = celleval_fallback_bytes(a), y = celleval_fallback_bytes(b);

	return a->fallback_for_all == b->fallback_for_all && x.length == y.length && memcmp(x.bytes, y.bytes, x.length) == 0;
}

/* All that a view says but for its places. */
static void
view_like(struct ce_view *view, const struct ce_view *old)
{
	view->generation = old->generation;
	view->fallback = old->fallback;
	view->fallback_image = old->fallback_image;
	view->fallback_for_all = old->fallback_for_all;
}

/*
 * The view of a set with the cells of an image in place of those that it has. Both are in the order of their ids. Nothing of
 * the set changes. Cells that come are mostly the newest, and so the last: then all is copied as it is, which is ten times
 * faster than to place each.
 */
static struct ce_view *
view_merge(const struct ce_view *old, struct ce_image *image)
{
	const uint32_t n = image->bundle.ncells;
	const struct ce_place *have;
	struct ce_view *view;
	struct ce_place place;
	uint32_t i, j, last, fresh = 0;
	bool behind = true;

	last = old->nplaces > 0 ? old->places[old->nplaces - 1].id : 0;
	for (j = 0; j < n; j++) {
		place_of(image, j, &place);
		if (celleval_place(old, place.id) == NULL) {
			fresh++;
			behind = behind && place.id > last;
		}
	}
	if ((view = view_make(old->nplaces + fresh)) == NULL)
		return NULL;
	view_like(view, old);
	if (behind && view->shift == old->shift) {
		memcpy(view->places, old->places, old->nplaces * sizeof(*view->places));
		memcpy(view->slots, old->slots, ((size_t)view->mask + 1) * sizeof(*view->slots));
		view->nplaces = old->nplaces;
		for (j = 0; j < n; j++) {
			place_of(image, j, &place);
			if ((have = celleval_place(view, place.id)) != NULL)
				view->places[have - view->places] = place;
			else
				view_add(view, &place);
		}
		return view;
	}
	for (i = j = 0; i < old->nplaces || j < n;) {
		if (j < n)
			place_of(image, j, &place);
		if (j < n && (i == old->nplaces || place.id <= old->places[i].id)) {
			if (i < old->nplaces && place.id == old->places[i].id)
				i++;
			view_add(view, &place);
			j++;
		} else {
			view_add(view, &old->places[i++]);
		}
	}
	return view;
}

/* Nobody refers any more to the place: its image goes with the last. */
static void
release_place(struct ce_set *set, const struct ce_place *place)
{
	struct ce_image *image = place->image;

	KASSERT(mutex_owned(&store.lock));
	KASSERT(image->uses > 0);
	if (--image->uses == 0 && image != set->base) {
		TAILQ_REMOVE(&set->images, image, link);
		bury_image(image);
	}
}

static int
attach(struct uio *uio, size_t length)
{
	const struct ce_place *old;
	struct celleval_entry entry;
	struct ce_image *image;
	struct ce_view *view;
	struct ce_set *set;
	uint32_t i;
	int error;

	if ((error = image_read(uio, length, &image)) != 0)
		return error;
	/* The callout may take the set away at any time, so it is looked at under the lock, and at the end once more. */
	mutex_enter(&store.lock);
	set = store.loaded;
	if (set == NULL || set->generation != image->bundle.generation)
		error = ESRCH;
	else if (image->bundle.attachment <= set->attachment)
		error = EEXIST;
	else if (!same_fallback(&set->base->bundle, &image->bundle))
		error = EINVAL;
	mutex_exit(&store.lock);
	if (error != 0)
		goto fail;
	if ((error = image_cells(image)) != 0)
		goto fail;
	/* It can fall meanwhile, but then it lies there until this writer is done. */
	if ((view = view_merge(set->view, image)) == NULL) {
		error = ENOMEM;
		goto fail;
	}
	mutex_enter(&store.lock);
	if (store.loaded != set) {
		mutex_exit(&store.lock);
		view_free(view);
		error = ESRCH;
		goto fail;
	}
	image->uses = image->bundle.ncells;
	if (image->uses > 0)
		TAILQ_INSERT_TAIL(&set->images, image, link);
	for (i = 0; i < image->bundle.ncells; i++) {
		celleval_cell_at(&image->bundle, i, &entry);
		if ((old = celleval_place(set->view, entry.id)) != NULL)
			release_place(set, old);
	}
	bury_view(set->view);
	set->view = view;
	set->attachment = image->bundle.attachment;
	publish(set);
	if (view->nplaces >= store.tidy_places)
		store.tidy = true;
	if (image->uses == 0)
		bury_image(image);
	mutex_exit(&store.lock);
	return 0;

fail:
	image_free(image);
	return error;
}

int
celleval_store_attach(struct uio *uio, size_t length)
{
	int error;

	if ((error = writer_enter()) != 0)
		return error;
	error = attach(uio, length);
	writer_exit();
	return error;
}

/* Says what becomes of the generation that waits. */
static int
settle(uint64_t generation, void (*how)(void))
{
	int error;

	if ((error = writer_enter()) != 0)
		return error;
	mutex_enter(&store.lock);
	if (!store.waits || store.loaded->generation != generation)
		error = ESRCH;
	else
		how();
	mutex_exit(&store.lock);
	writer_exit();
	return error;
}

int
celleval_store_confirm(uint64_t generation)
{
	return settle(generation, stay);
}

int
celleval_store_revert(uint64_t generation)
{
	return settle(generation, go_back);
}

/* ---- Tidying: cells that have ended ---- */

/*
 * Nobody tells when a cell ends. Their records and places are looked for where there are many. Ids are never given out
 * twice, so one that is not there has ended for ever.
 */
static void
mark_gone(void)
{
	struct ce_table *t = records.table;
	struct cell_config config;
	struct ce_record *r;
	uint32_t i;

	for (i = 0; i < 1u << t->bits; i++) {
		if ((r = atomic_load_consume(&t->slot[i])) == NULL)
			continue;
		r->kept = false;
		r->gone = !secmodel_cell_get_config(r->id, &config);
	}
}

static void
keep_records(const struct ce_set *set)
{
	uint32_t i;

	if (set != NULL)
		for (i = 0; i < set->view->nplaces; i++)
			set->view->places[i].record->kept = true;
}

static void
tidy(void)
{
	struct ce_view *old, *view = NULL;
	struct ce_set *set;
	uint32_t i, stay = 0;

	writer_enter_always();
	mark_gone();

	/* The set can't change but by the callout, which takes the lock. */
	mutex_enter(&store.lock);
	set = store.waits ? NULL : store.loaded;
	mutex_exit(&store.lock);
	if (set != NULL) {
		old = set->view;
		for (i = 0; i < old->nplaces; i++)
			stay += !old->places[i].record->gone;
		if (stay < old->nplaces && (view = view_make(stay)) != NULL) {
			view_like(view, old);
			for (i = 0; i < old->nplaces; i++)
				if (!old->places[i].record->gone)
					view_add(view, &old->places[i]);
			mutex_enter(&store.lock);
			for (i = 0; i < old->nplaces; i++)
				if (old->places[i].record->gone)
					release_place(set, &old->places[i]);
			bury_view(old);
			set->view = view;
			publish(set);
			mutex_exit(&store.lock);
		}
		store.tidy_places = worth_a_look(stay);
	}
	mutex_enter(&store.lock);
	keep_records(store.loaded);
	keep_records(store.back);
	SLIST_FOREACH(set, &store.fallen, link)
		keep_records(set);
	mutex_exit(&store.lock);
	records_rebuild(0, true);
	writer_exit();
}

/* ---- The worker ---- */

static void
store_work(struct work *work, void *cookie)
{
	bool look, few;

	mutex_enter(&store.lock);
	store.queued = false;
	look = store.tidy;
	store.tidy = false;
	few = !SLIST_EMPTY(&store.fallen);
	mutex_enter(&records.lock);
	look = look || few_slots();
	few = few || few_spare();
	mutex_exit(&records.lock);
	mutex_exit(&store.lock);

	if (look)
		tidy();
	if (few) {
		writer_enter_always();
		records_reserve(0);
		writer_exit();
	}
	/* Without being a writer: nobody who loads waits for those who read. */
	store_reap();
}

/* Wakes the worker. Listeners and the callout come here. The lock keeps the queue from going meanwhile: see celleval_store_stop. */
static void
store_kick(void)
{
	mutex_enter(&store.lock);
	if (store.queue != NULL && !store.queued && !store.closed) {
		store.queued = true;
		workqueue_enqueue(store.queue, &store.work, NULL);
	}
	mutex_exit(&store.lock);
}

/* What can't be made while the kernel starts is made at the first open. */
static int
make_ready(void)
{
	struct workqueue *queue;
	int error;

	if ((error = celleval_ring_ready()) != 0)
		return error;
	error = workqueue_create(&queue, "celleval", store_work, NULL, PRI_NONE, IPL_SOFTCLOCK, WQ_MPSAFE);
	if (error != 0)
		return error;
	mutex_enter(&store.lock);
	store.queue = queue;
	mutex_exit(&store.lock);
	store_kick();
	return 0;
}

/* ---- Opening ---- */

int
celleval_store_enter(void)
{
	int error = 0;

	mutex_enter(&store.lock);
	if (store.closed)
		error = ENXIO;
	else
		store.descriptors++;
	mutex_exit(&store.lock);
	if (error != 0)
		return error;
	if ((error = RUN_ONCE(&ready, make_ready)) != 0)
		celleval_store_leave();
	return error;
}

void
celleval_store_leave(void)
{
	mutex_enter(&store.lock);
	KASSERT(store.descriptors > 0);
	store.descriptors--;
	mutex_exit(&store.lock);
}

bool
celleval_store_close(void)
{
	bool closed;

	mutex_enter(&store.lock);
	closed = store.descriptors == 0 && !store.writing;
	if (closed)
		store.closed = true;
	mutex_exit(&store.lock);
	return closed;
}

void
celleval_store_reopen(void)
{
	mutex_enter(&store.lock);
	store.closed = false;
	/* The time may have been over meanwhile. */
	if (store.waits)
		schedule(0);
	mutex_exit(&store.lock);
}

/* ---- What is told ---- */

static void
count_set(const struct ce_set *set, uint32_t *programs, uint64_t *bytes)
{
	const struct ce_image *image;

	if (set == NULL)
		return;
	TAILQ_FOREACH(image, &set->images, link) {
		if (programs != NULL)
			*programs += image->bundle.nprograms;
		*bytes += image->bundle.length;
	}
}

void
celleval_store_status(struct celleval_status *s)
{
	uint64_t now;

	memset(s, 0, sizeof(*s));
	s->abi = CELLEVAL_ABI;
	s->format = CELLEVAL_ABI_VERSION;
	s->vocabulary = CELLEVAL_VOCABULARY;
	now = celleval_now();
	mutex_enter(&store.lock);
	if (store.loaded != NULL) {
		s->generation = store.loaded->generation;
		s->attachment = store.loaded->attachment;
		s->cells = store.loaded->view->nplaces;
		count_set(store.loaded, &s->programs, &s->bytes);
	}
	s->highest = store.highest;
	if (store.waits) {
		s->flags |= CELLEVAL_WAITS;
		if (store.back != NULL) {
			s->back = store.back->generation;
			count_set(store.back, NULL, &s->bytes);
		}
		s->left = store.deadline > now ? store.deadline - now : 0;
	}
	mutex_exit(&store.lock);
	if ((celleval_off & CE_DISABLED) != 0)
		s->flags |= CELLEVAL_DISABLED;
	if (celleval_all != 0)
		s->flags |= CELLEVAL_ALL;
	celleval_ring_counts(&s->sequence, &s->dropped);
}

static int
by_id(const void *a, const void *b)
{
	const struct celleval_cell *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void
tell_cell(struct celleval_cell *c, const struct ce_record *r, const struct ce_view *view, const struct ce_place *place)
{
	c->id = r->id;
	if ((celleval_off & CE_DISABLED) != 0)
		c->answered = CELLEVAL_BY_PROFILE;
	else if (place != NULL && place->program != NULL)
		c->answered = CELLEVAL_BY_PROGRAM;
	else
		c->answered = view->fallback_for_all || r->profile == CE_PROFILE_LOW ?
		    CELLEVAL_BY_FALLBACK : CELLEVAL_BY_PROFILE;
	if (place != NULL)
		c->answered |= CELLEVAL_NAMED;
	c->decisions = r->decisions;
	c->denied = r->denied;
	c->granted = r->granted;
	c->would_deny = r->would_deny;
}

size_t
celleval_store_cells(struct celleval_cell *cells, size_t max)
{
	const struct ce_record *r;
	const struct ce_view *view;
	struct celleval_cell spare;
	uint32_t i;
	size_t n = 0;
	bool others = false;

	/* Neither the view nor the table can go while their locks are held. */
	mutex_enter(&store.lock);
	view = store.loaded != NULL ? store.loaded->view : &empty;
	for (i = 0; i < view->nplaces; i++, n++)
		if (n < max)
			tell_cell(&cells[n], view->places[i].record, view, &view->places[i]);
	mutex_enter(&records.lock);
	for (i = 0; i < 1u << records.table->bits; i++) {
		r = records.table->slot[i];
		if (r == NULL || r->decisions == 0 || celleval_place(view, r->id) != NULL)
			continue;
		if (n < max)
			tell_cell(&cells[n], r, view, NULL);
		others = true;
		n++;
	}
	mutex_exit(&records.lock);
	mutex_exit(&store.lock);
	/* Places are in order, and most often there is nothing else. */
	if (others && max > 1)
		kheapsort(cells, MIN(n, max), sizeof(*cells), by_id, &spare);
	return n;
}

/* ---- Coming and going ---- */

int
celleval_store_init(const uint8_t *program, size_t length)
{
	struct celleval_error fault;
	uint64_t *scratch;
	size_t n;

	n = celleval_measure_program(program, length);
	scratch = kmem_alloc(MAX(n, 1) * sizeof(*scratch), KM_SLEEP);
	celleval_verify_program(program, length, scratch, n, &builtin, &fault);
	kmem_free(scratch, MAX(n, 1) * sizeof(*scratch));
	if (fault.fault != CELLEVAL_SOUND) {
		printf("secmodel_celleval: the built-in fallback is not sound: %s\n", celleval_fault_text(fault.fault));
		return EFTYPE;
	}
	mutex_init(&store.lock, MUTEX_DEFAULT, IPL_NONE);
	cv_init(&store.cv, "cevwrite");
	callout_init(&store.callout, CALLOUT_MPSAFE);
	callout_setfunc(&store.callout, confirm_timeout, NULL);
	grave_init(&store.grave);
	SLIST_INIT(&store.fallen);
	store.tidy_places = worth_a_look(0);
	mutex_init(&records.lock, MUTEX_DEFAULT, IPL_NONE);
	SLIST_INIT(&records.spare);
	records.table = table_make(RECORDS_BITS);
	psz = pserialize_create();
	celleval_view = &empty;
	records_reserve(0);
	return 0;
}

void
celleval_store_stop(void)
{
	struct workqueue *queue;

	callout_halt(&store.callout, NULL);
	mutex_enter(&store.lock);
	store.closed = true;
	queue = store.queue;
	store.queue = NULL;
	mutex_exit(&store.lock);
	/* It does what was queued first. */
	if (queue != NULL)
		workqueue_destroy(queue);
}

void
celleval_store_fini(void)
{
	struct ce_record *r;
	uint32_t i;

	mutex_enter(&store.lock);
	bury_fallen();
	bury_set(store.loaded);
	publish(NULL);
	stay();
	mutex_exit(&store.lock);
	store_reap();
	for (i = 0; i < 1u << records.table->bits; i++)
		if ((r = records.table->slot[i]) != NULL)
			kmem_free(r, sizeof(*r));
	kmem_free(records.table, table_size(records.table->bits));
	while ((r = SLIST_FIRST(&records.spare)) != NULL) {
		SLIST_REMOVE_HEAD(&records.spare, next);
		kmem_free(r, sizeof(*r));
	}
	pserialize_destroy(psz);
	mutex_destroy(&records.lock);
	callout_destroy(&store.callout);
	cv_destroy(&store.cv);
	mutex_destroy(&store.lock);
}
