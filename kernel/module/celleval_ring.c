/*
 * The ring of decisions. An event refers to its leaf and to the image that the leaf lies in; its texts are looked up when it
 * is read. Before an image goes, the texts of its events are copied.
 */

#include <sys/cdefs.h>
__KERNEL_RCSID(0, "$NetBSD$");

#include <sys/param.h>
#include <sys/types.h>
#include <sys/atomic.h>
#include <sys/condvar.h>
#include <sys/errno.h>
#include <sys/event.h>
#include <sys/intr.h>
#include <sys/kmem.h>
#include <sys/lwp.h>
#include <sys/mutex.h>
#include <sys/poll.h>
#include <sys/proc.h>
#include <sys/select.h>
#include <sys/systm.h>
#include <sys/uio.h>

#include "celleval_impl.h"

#define RING_SIZE	4096u
#define NTEXTS		6u

/* Texts of a leaf that outlive its image; several events may share them. */
struct ce_texts {
	unsigned		refs;
	size_t			size;
	uint16_t		length[NTEXTS];
	SLIST_ENTRY(ce_texts)	next;
	uint8_t			bytes[];
};

struct ce_event {
	uint64_t			sequence;	/* 0: there is none */
	uint64_t			time;
	uint64_t			generation;
	const struct celleval_program	*program;	/* NULL: no leaf, or texts has its texts */
	struct ce_image			*image;		/* that the program is of, if it can go */
	struct ce_texts			*texts;
	uint32_t			leaf;
	uint32_t			line;
	uint32_t			would_line;
	uint32_t			flags;
	uint32_t			cell;
	uint32_t			pid;
	uint32_t			euid;
	uint32_t			request;
	uint8_t				result;
	uint8_t				would;
	uint8_t				name_length;
	char				name[CE_NAME_MAX];
};

static struct {
	kmutex_t			lock;
	kcondvar_t			cv;
	struct selinfo			sel;
	void				*softint;	/* wakes those who wait; made at the first open */
	uint64_t			sequence;	/* of the newest */
	struct ce_event			*events;	/* that of sequence s lies at s % RING_SIZE */
	SLIST_HEAD(, ce_texts)		dead;		/* to be freed by somebody who may */
} ring;

/* The texts of a leaf in the order of an event, behind the cell's name. */
static void
leaf_texts(const struct celleval_leaf *leaf, struct celleval_text t[NTEXTS])
{
	t[0] = leaf->decided.policy;
	t[1] = leaf->decided.reason;
	t[2] = leaf->decided.file;
	t[3] = leaf->would.policy;
	t[4] = leaf->would.reason;
	t[5] = leaf->would.file;
}

static void
texts_release(struct ce_texts *t)
{
	KASSERT(mutex_owned(&ring.lock));
	if (t != NULL && --t->refs == 0)
		SLIST_INSERT_HEAD(&ring.dead, t, next);
}

/*
 * Wakes who waits. Listeners can hold any lock of the kernel, and what selnotify takes comes before some of them, so it is
 * done in a soft interrupt.
 */
static void
ring_wake(void *cookie)
{
	mutex_enter(&ring.lock);
	cv_broadcast(&ring.cv);
	selnotify(&ring.sel, POLLIN | POLLRDNORM, NOTE_SUBMIT);
	mutex_exit(&ring.lock);
}

static void
ring_schedule(void)
{
	void *softint;

	kpreempt_disable();
	if ((softint = atomic_load_consume(&ring.softint)) != NULL)
		softint_schedule(softint);
	kpreempt_enable();
}

void
celleval_ring_put(const struct ce_question *q, const struct ce_outcome *o, uint32_t flags)
{
	const uint64_t now = celleval_now();
	struct ce_event *e;

	mutex_enter(&ring.lock);
	e = &ring.events[++ring.sequence % RING_SIZE];
	texts_release(e->texts);
	e->sequence = ring.sequence;
	e->time = now;
	e->generation = o->generation;
	e->program = o->found ? o->program : NULL;
	e->image = o->found ? o->image : NULL;
	e->texts = NULL;
	e->leaf = o->decision.leaf;
	e->line = e->would_line = 0;
	e->flags = flags;
	e->cell = q->cell;
	e->pid = (uint32_t)curproc->p_pid;
	e->euid = kauth_cred_geteuid(q->cred);
	e->request = celleval_number(q->number);
	e->result = o->decision.result;
	e->would = o->decision.would;
	e->name_length = o->name_length;
	memcpy(e->name, o->name, o->name_length);
	if (o->image != NULL)
		atomic_dec_uint(&o->image->pending);
	mutex_exit(&ring.lock);
	ring_schedule();
}

void
celleval_ring_detach(struct ce_image *image)
{
	struct celleval_leaf leaf;
	struct celleval_text t[NTEXTS];
	const struct celleval_program *program;
	struct ce_texts *texts;
	struct ce_event *e;
	uint32_t from = 0, i, j, at;
	size_t size;

	for (;;) {
		mutex_enter(&ring.lock);
		while (from < RING_SIZE && ring.events[from].image != image)
			from++;
		if (from == RING_SIZE) {
			mutex_exit(&ring.lock);
			return;
		}
		program = ring.events[from].program;
		at = ring.events[from].leaf;
		mutex_exit(&ring.lock);

		/* The image is still there, and no more events of it can come. */
		memset(&leaf, 0, sizeof(leaf));
		(void)celleval_leaf(program, at, &leaf);
		leaf_texts(&leaf, t);
		for (size = sizeof(*texts), i = 0; i < NTEXTS; i++)
			size += t[i].length;
		texts = kmem_alloc(size, KM_SLEEP);
		texts->refs = 1;
		texts->size = size;
		for (size = 0, i = 0; i < NTEXTS; i++) {
			texts->length[i] = (uint16_t)t[i].length;
			if (t[i].length != 0)
				memcpy(texts->bytes + size, t[i].bytes, t[i].length);
			size += t[i].length;
		}

		mutex_enter(&ring.lock);
		for (j = 0; j < RING_SIZE; j++) {
			e = &ring.events[j];
			if (e->image != image || e->program != program || e->leaf != at)
				continue;
			texts->refs++;
			e->texts = texts;
			e->program = NULL;
			e->image = NULL;
			e->line = leaf.decided.line;
			e->would_line = leaf.would.line;
		}
		texts_release(texts);
		mutex_exit(&ring.lock);
	}
}

void
celleval_ring_reap(void)
{
	struct ce_texts *t;

	for (;;) {
		mutex_enter(&ring.lock);
		if ((t = SLIST_FIRST(&ring.dead)) != NULL)
			SLIST_REMOVE_HEAD(&ring.dead, next);
		mutex_exit(&ring.lock);
		if (t == NULL)
			return;
		kmem_free(t, t->size);
	}
}

void
celleval_ring_counts(uint64_t *newest, uint64_t *dropped)
{
	mutex_enter(&ring.lock);
	*newest = ring.sequence;
	*dropped = ring.sequence > RING_SIZE ? ring.sequence - RING_SIZE : 0;
	mutex_exit(&ring.lock);
}

/* ---- Reading ---- */

/* The longest event: the structure, the name, and six texts. */
#define EVENT_MAX	roundup(sizeof(struct celleval_event) + CE_NAME_MAX + NTEXTS * CELLEVAL_MAX_TEXT, 8)

/* Writes an event, and gives its length. */
static size_t
ring_write(const struct ce_event *e, uint8_t *out)
{
	struct celleval_event *to = (struct celleval_event *)out;
	struct celleval_text t[NTEXTS];
	struct celleval_leaf leaf;
	const uint8_t *bytes;
	size_t at, i, length;

	memset(to, 0, sizeof(*to));
	to->flags = e->flags;
	to->sequence = e->sequence;
	to->time = e->time;
	to->generation = e->generation;
	to->cell = e->cell;
	to->pid = e->pid;
	to->euid = e->euid;
	to->request = e->request;
	to->line = e->line;
	to->would_line = e->would_line;
	to->result = e->result;
	to->would = e->would;
	to->name = e->name_length;
	memset(t, 0, sizeof(t));
	if (e->texts != NULL) {
		for (bytes = e->texts->bytes, i = 0; i < NTEXTS; i++) {
			t[i].bytes = bytes;
			t[i].length = e->texts->length[i];
			bytes += t[i].length;
		}
	} else if (e->program != NULL && celleval_leaf(e->program, e->leaf, &leaf)) {
		leaf_texts(&leaf, t);
		to->line = leaf.decided.line;
		to->would_line = leaf.would.line;
	}
	to->policy = (uint16_t)t[0].length;
	to->reason = (uint16_t)t[1].length;
	to->file = (uint16_t)t[2].length;
	to->would_policy = (uint16_t)t[3].length;
	to->would_reason = (uint16_t)t[4].length;
	to->would_file = (uint16_t)t[5].length;
	at = sizeof(*to);
	memcpy(out + at, e->name, e->name_length);
	at += e->name_length;
	for (i = 0; i < NTEXTS; i++) {
		if (t[i].length != 0)
			memcpy(out + at, t[i].bytes, t[i].length);
		at += t[i].length;
	}
	length = roundup(at, 8);
	memset(out + at, 0, length - at);
	to->length = (uint32_t)length;
	return length;
}

/* The oldest event behind what the reader has read, NULL if there is none. */
static const struct ce_event *
ring_next(const struct ce_reader *r)
{
	uint64_t next, oldest;

	KASSERT(mutex_owned(&ring.lock));
	if (r->after >= ring.sequence)
		return NULL;
	oldest = ring.sequence >= RING_SIZE ? ring.sequence - RING_SIZE + 1 : 1;
	next = MAX(r->after + 1, oldest);
	return &ring.events[next % RING_SIZE];
}

/* Waits until there may be something to read. */
static int
ring_wait(struct ce_reader *r)
{
	int error = 0;

	KASSERT(mutex_owned(&ring.lock));
	if (!r->restart) {
		r->waiting++;
		error = cv_wait_sig(&ring.cv, &ring.lock);
		r->waiting--;
	}
	/* Whoever comes while others are still on their way out goes with them, and the last takes it back. */
	if (r->restart) {
		if (error == 0)
			error = ERESTART;
		if (r->waiting == 0)
			r->restart = false;
	}
	return error;
}

int
celleval_ring_read(struct ce_reader *r, struct uio *uio, bool wait)
{
	const struct ce_event *e;
	uint64_t before, now;
	uint8_t *buffer;
	size_t length;
	bool some = false;
	int error = 0;

	celleval_ring_reap();
	buffer = kmem_alloc(EVENT_MAX, KM_SLEEP);
	for (;;) {
		mutex_enter(&ring.lock);
		while ((e = ring_next(r)) == NULL && !some && error == 0) {
			if (!wait)
				error = EAGAIN;
			else
				error = ring_wait(r);
		}
		if (e == NULL) {
			mutex_exit(&ring.lock);
			break;
		}
		error = 0;
		length = ring_write(e, buffer);
		if (length > uio->uio_resid) {
			mutex_exit(&ring.lock);
			error = some ? 0 : EINVAL;
			break;
		}
		/* It is this reader's now: another thread on the descriptor gets the one behind it. */
		before = r->after;
		r->after = now = e->sequence;
		mutex_exit(&ring.lock);
		if ((error = uiomove(buffer, length, uio)) != 0) {
			mutex_enter(&ring.lock);
			if (r->after == now)
				r->after = before;
			mutex_exit(&ring.lock);
			break;
		}
		some = true;
	}
	kmem_free(buffer, EVENT_MAX);
	return error;
}

void
celleval_ring_after(struct ce_reader *r, uint64_t sequence)
{
	mutex_enter(&ring.lock);
	r->after = sequence;
	mutex_exit(&ring.lock);
	/* There may be something to read now for a thread that waits. */
	ring_schedule();
}

void
celleval_ring_restart(struct ce_reader *r)
{
	mutex_enter(&ring.lock);
	/* Also where nobody waits yet: somebody can be about to. One who is not meant begins anew for nothing, once. */
	r->restart = true;
	cv_broadcast(&ring.cv);
	mutex_exit(&ring.lock);
}

int
celleval_ring_poll(struct ce_reader *r, int events)
{
	int found = events & (POLLOUT | POLLWRNORM);

	mutex_enter(&ring.lock);
	if (ring_next(r) != NULL)
		found |= events & (POLLIN | POLLRDNORM);
	else if ((events & (POLLIN | POLLRDNORM)) != 0)
		selrecord(curlwp, &ring.sel);
	mutex_exit(&ring.lock);
	return found;
}

static void
filt_detach(struct knote *kn)
{
	mutex_enter(&ring.lock);
	selremove_knote(&ring.sel, kn);
	mutex_exit(&ring.lock);
}

static int
filt_event(struct knote *kn, long hint)
{
	const struct ce_reader *r = kn->kn_hook;
	const bool submitted = (hint & NOTE_SUBMIT) != 0;

	if (!submitted)
		mutex_enter(&ring.lock);
	kn->kn_data = r->after < ring.sequence ? (int64_t)MIN(ring.sequence - r->after, RING_SIZE) : 0;
	if (!submitted)
		mutex_exit(&ring.lock);
	return kn->kn_data != 0;
}

static const struct filterops ring_filter = {
	.f_flags = FILTEROP_ISFD | FILTEROP_MPSAFE,
	.f_attach = NULL,
	.f_detach = filt_detach,
	.f_event = filt_event,
};

int
celleval_ring_kqfilter(struct ce_reader *r, struct knote *kn)
{
	switch (kn->kn_filter) {
	case EVFILT_READ:
		kn->kn_fop = &ring_filter;
		kn->kn_hook = r;
		mutex_enter(&ring.lock);
		selrecord_knote(&ring.sel, kn);
		mutex_exit(&ring.lock);
		return 0;
	case EVFILT_WRITE:
		kn->kn_fop = &seltrue_filtops;
		return 0;
	default:
		return EINVAL;
	}
}

/* ---- Coming and going ---- */

void
celleval_ring_init(void)
{
	mutex_init(&ring.lock, MUTEX_DEFAULT, IPL_NONE);
	cv_init(&ring.cv, "cevread");
	selinit(&ring.sel);
	SLIST_INIT(&ring.dead);
	ring.events = kmem_zalloc(RING_SIZE * sizeof(*ring.events), KM_SLEEP);
}

int
celleval_ring_ready(void)
{
	void *softint;

	softint = softint_establish(SOFTINT_CLOCK | SOFTINT_MPSAFE, ring_wake, NULL);
	if (softint == NULL)
		return ENOMEM;
	atomic_store_release(&ring.softint, softint);
	return 0;
}

void
celleval_ring_stop(void)
{
	void *softint = ring.softint;

	atomic_store_release(&ring.softint, NULL);
	/* Nobody asks any more, so nobody schedules it; disestablishing waits for who runs. */
	if (softint != NULL)
		softint_disestablish(softint);
}

void
celleval_ring_fini(void)
{
	uint32_t i;

	mutex_enter(&ring.lock);
	for (i = 0; i < RING_SIZE; i++) {
		texts_release(ring.events[i].texts);
		ring.events[i].texts = NULL;
	}
	mutex_exit(&ring.lock);
	celleval_ring_reap();
	kmem_free(ring.events, RING_SIZE * sizeof(*ring.events));
	seldestroy(&ring.sel);
	cv_destroy(&ring.cv);
	mutex_destroy(&ring.lock);
}
