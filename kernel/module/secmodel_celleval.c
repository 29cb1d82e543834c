/*
 * secmodel_celleval: asks the programs that cellsh compiles when members of cells make requests. It stands beside
 * secmodel_cell, and changes nothing of it: a denial here stands, a grant here does not lift a denial there.
 *
 * A question goes this way: which question is it, by numbers alone; is it one that programs are asked; the gate; the cell of
 * the credential; then a passive serialization section in which the program is found and run. Nobody waits for a
 * writer on that way, and nothing is allocated on it.
 */

#include <sys/cdefs.h>
__KERNEL_RCSID(0, "$NetBSD$");

#include <sys/param.h>
#include <sys/types.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/errno.h>
#include <sys/kauth.h>
#include <sys/kernel.h>
#include <sys/kmem.h>
#include <sys/lwp.h>
#include <sys/module.h>
#include <sys/proc.h>
#include <sys/pserialize.h>
#include <sys/systm.h>
#include <sys/xcall.h>

#include <secmodel/secmodel.h>

#include "celleval_impl.h"
#include "celleval_kauth.h"

/* Without secmodel_cell there are no cells; the dependency keeps it from being unloaded before this module. */
MODULE(MODULE_CLASS_SECMODEL, secmodel_celleval, "secmodel_cell");

volatile unsigned int celleval_off;
volatile unsigned int celleval_all;

/* ---- The gate ---- */

/*
 * kauth(9) does not know who is in a listener, so the module counts it: no code of ours may go while somebody runs it.
 * The counters are atomic, for a thread may be on another processor by now. What the gate can't see are the few instructions before the first counter and behind the last: see unlisten.
 */
static struct {
	volatile unsigned long	in;
	volatile unsigned long	out;
	char			room[COHERENCY_UNIT - 2 * sizeof(unsigned long)];
} gate[64] __aligned(COHERENCY_UNIT);

/* The counters of this processor, or of one that the thread was just on. */
static inline unsigned
gate_enter(void)
{
	unsigned i = cpu_index(curcpu()) % __arraycount(gate);

	atomic_inc_ulong(&gate[i].in);
	return i;
}

static inline void
gate_exit(unsigned i)
{
	atomic_inc_ulong(&gate[i].out);
}

/* Waits until everybody who came in before the last barrier is out. */
static void
gate_drain(void)
{
	unsigned long in, out;
	size_t i;

	for (;;) {
		/* Who is out was in before, so this order can't make the sums equal too early. */
		for (out = 0, i = 0; i < __arraycount(gate); i++)
			out += atomic_load_relaxed(&gate[i].out);
		membar_acquire();
		for (in = 0, i = 0; i < __arraycount(gate); i++)
			in += atomic_load_relaxed(&gate[i].in);
		if (in == out)
			return;
		kpause("cevgate", false, 1, NULL);
	}
}

/* ---- Asking ---- */

/* Whether a decision is kept in the ring. */
static inline bool
kept(const struct celleval_decision *d, bool probe)
{
	return d->record != 0 || d->result == CELLEVAL_GRANT ||
	    (!probe && (d->result == CELLEVAL_DENY || d->would == CELLEVAL_DENY)) ||
	    celleval_all != 0;
}

static inline void
count(struct ce_record *record, const struct celleval_decision *d, bool probe)
{
	atomic_inc_ulong(&record->decisions);
	if (d->result == CELLEVAL_GRANT)
		atomic_inc_ulong(&record->granted);
	if (probe)
		return;
	if (d->result == CELLEVAL_DENY)
		atomic_inc_ulong(&record->denied);
	if (d->would == CELLEVAL_DENY)
		atomic_inc_ulong(&record->would_deny);
}

/* Who asked, for an event. */
static uint32_t
event_flags(const struct ce_question *q, const struct ce_outcome *o, bool probe)
{
	uint32_t flags = 0;

	if (o->answered == CELLEVAL_BY_FALLBACK)
		flags |= CELLEVAL_EVENT_FALLBACK;
	if (probe)
		flags |= CELLEVAL_EVENT_PROBE;
	if (o->decision.record != 0)
		flags |= CELLEVAL_EVENT_RECORD;
	/* Only the addresses are compared: the other may be gone by now. */
	if (q->cred != curlwp->l_cred && q->cred != curproc->p_cred)
		flags |= CELLEVAL_EVENT_OTHER;
	return flags;
}

/* A section, with what was found in it. */
struct section {
	int			s;
	const struct ce_view	*view;
	const struct ce_place	*place;		/* of the cell; NULL if it is not named */
};

static inline __always_inline void
enter(struct section *sec, uint32_t cell)
{
	sec->s = pserialize_read_enter();
	sec->view = atomic_load_consume(&celleval_view);
	sec->place = celleval_place(sec->view, cell);
}

/* No program says anything. */
static inline __always_inline void
no_opinion(struct ce_outcome *o)
{
	o->answered = CELLEVAL_BY_PROFILE;
	o->decision.result = CELLEVAL_ALLOW;
	o->found = false;
	o->line = 0;
}

/*
 * Answers a question of a cell, whose section has begun. A quiet one is neither counted nor kept. Fields that can be had
 * without waiting are filled in the section; where the program asks for another, the section ends, the field is
 * gathered, and all begins anew, maybe under another view.
 */
static inline __always_inline void
answer(struct ce_question *q, struct ce_outcome *o, bool quiet, struct section *sec)
{
	const bool probe = celleval_probes[q->number];
	struct ce_record *record;
	struct celleval_request request;
	struct celleval_entry entry;
	struct celleval_root root;
	bool asked = false, keep;
	uint8_t profile = CE_PROFILE_LOW;
	uint32_t bound;

	for (;; enter(sec, q->cell)) {
		if (sec->place != NULL && sec->place->program != NULL) {
			record = sec->place->record;
			o->answered = CELLEVAL_BY_PROGRAM;
			o->program = sec->place->program;
			o->image = sec->place->image;
		} else {
			record = sec->place != NULL ? sec->place->record : celleval_record(q->cell);
			if (record != NULL) {
				profile = record->profile;
			} else if (!asked) {
				pserialize_read_exit(sec->s);
				profile = celleval_profile(q->cell);
				asked = true;
				continue;
			}
			if (!sec->view->fallback_for_all && profile != CE_PROFILE_LOW) {
				pserialize_read_exit(sec->s);
				no_opinion(o);
				return;
			}
			o->answered = CELLEVAL_BY_FALLBACK;
			o->program = sec->view->fallback;
			o->image = sec->view->fallback_image;
		}
		o->found = celleval_find(o->program, q->number, &root);
		if (!o->found) {
			o->decision = (struct celleval_decision){ .result = CELLEVAL_ALLOW };
			break;
		}
		/* Another program may need them counted further. */
		if (q->have_members && q->members_bound < o->program->members)
			q->have_members = false;
		celleval_clear(&request);
		celleval_fill(q, sec->view, root.mask, &request);
		o->decision = celleval_run(o->program, &root, &request);
		if (__predict_true(o->decision.result != CELLEVAL_NONE))
			break;
		bound = o->program->members;
		pserialize_read_exit(sec->s);
		celleval_gather(q, o->decision.missing, bound);
	}
	if (quiet) {
		struct celleval_leaf leaf;

		o->line = o->found && celleval_leaf(o->program, o->decision.leaf, &leaf) ? leaf.decided.line : 0;
		pserialize_read_exit(sec->s);
		return;
	}
	if (record != NULL)
		count(record, &o->decision, probe);
	keep = kept(&o->decision, probe);
	if (__predict_false(keep)) {
		/* From now on the image stays until the ring has the event. */
		if (o->image != NULL)
			atomic_inc_uint(&o->image->pending);
		o->generation = sec->view->generation;
		o->name_length = 0;
		if (sec->place != NULL) {
			celleval_cell_at(&sec->place->image->bundle, sec->place->index, &entry);
			o->name_length = MIN(entry.name.length, CE_NAME_MAX);
			memcpy(o->name, entry.name.bytes, o->name_length);
		}
	}
	pserialize_read_exit(sec->s);
	if (__predict_false(keep))
		celleval_ring_put(q, o, event_flags(q, o, probe));
}

/*
 * The question that the arguments of a listener make, CELLEVAL_NO_QUESTION for one that programs are not asked. What is asked under
 * a spin lock ends here, before anything of the credential is touched, and so does what a later kernel may ask that this one
 * does not.
 */
static inline __always_inline unsigned
which(const struct celleval_action *actions, size_t nactions, kauth_action_t action, void *arg0, void *arg1, void *arg2)
{
	const struct celleval_action *a;
	uintptr_t code = 0;

	if (__predict_false(action >= nactions))
		return CELLEVAL_NO_QUESTION;
	a = &actions[action];
	if (a->code != CELLEVAL_NO_CODE)
		code = (uintptr_t)(a->code == 0 ? arg0 : a->code == 1 ? arg1 : arg2);
	code -= a->low;
	if (__predict_true(code < a->count))
		return celleval_places[a->first + code];
	return a->bits ? celleval_places[a->first] : CELLEVAL_NO_QUESTION;
}

/* All that ask_cell has no short way for. The section has begun. */
static int __noinline
ask_whole(struct ce_question *q, struct section *sec)
{
	struct ce_outcome o;

	answer(q, &o, false, sec);
	return o.decision.result == CELLEVAL_DENY ? KAUTH_RESULT_DENY :
	    o.decision.result == CELLEVAL_GRANT ? KAUTH_RESULT_ALLOW : KAUTH_RESULT_DEFER;
}

/*
 * Most requests of a cell are allowed by its program, which has nothing to say about them, or to keep: these take a short
 * way, and only count. All others are answered from the start again: refusals can take their time.
 */
static int __noinline
ask_cell(uint32_t cell, enum celleval_scope scope, unsigned number, kauth_cred_t cred, void *arg0, void *arg1, void *arg2,
    void *arg3)
{
	const struct celleval_program *program;
	struct celleval_decision d;
	struct celleval_request request;
	struct celleval_root root;
	struct ce_question q;
	struct section sec;

	enter(&sec, cell);
	program = sec.place != NULL ? sec.place->program : NULL;
	if (__predict_true(program != NULL && program->request_of[number] == 0 && celleval_all == 0))
		goto allow;
	q.cred = cred;
	q.cell = cell;
	q.number = number;
	q.scope = scope;
	q.arg[0] = arg0;
	q.arg[1] = arg1;
	q.arg[2] = arg2;
	q.arg[3] = arg3;
	q.have_target = q.have_members = false;
	q.ahead = 0;
	if (__predict_true(program != NULL && celleval_find(program, number, &root))) {
		celleval_clear(&request);
		if (root.mask != 0)
			celleval_fill(&q, sec.view, root.mask, &request);
		d = celleval_run(program, &root, &request);
		if (d.result == CELLEVAL_ALLOW && d.would != CELLEVAL_DENY && d.record == 0 && celleval_all == 0)
			goto allow;
	}
	return ask_whole(&q, &sec);

allow:
	atomic_inc_ulong(&sec.place->record->decisions);
	pserialize_read_exit(sec.s);
	return KAUTH_RESULT_DEFER;
}

/* The way of the host's requests is short, for they pay for nothing that they have. */
static inline __always_inline int
ask(enum celleval_scope scope, const struct celleval_action *actions, size_t nactions, kauth_cred_t cred, kauth_action_t action,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	unsigned number = which(actions, nactions, action, arg0, arg1, arg2), slot;
	int result = KAUTH_RESULT_DEFER;
	uint32_t cell;

	if (number == CELLEVAL_NO_QUESTION)
		return KAUTH_RESULT_DEFER;
	slot = gate_enter();
	if (__predict_true(celleval_off == 0) && (cell = secmodel_cell_cred_id(cred)) != CE_HOST)
		result = ask_cell(cell, scope, number, cred, arg0, arg1, arg2, arg3);
	gate_exit(slot);
	return result;
}

static int
system_cb(kauth_cred_t cred, kauth_action_t action, void *cookie, void *arg0, void *arg1, void *arg2, void *arg3)
{
	return ask(CELLEVAL_SCOPE_SYSTEM, celleval_system, __arraycount(celleval_system),
	    cred, action, arg0, arg1, arg2, arg3);
}

static int
process_cb(kauth_cred_t cred, kauth_action_t action, void *cookie, void *arg0, void *arg1, void *arg2, void *arg3)
{
	return ask(CELLEVAL_SCOPE_PROCESS, celleval_process, __arraycount(celleval_process),
	    cred, action, arg0, arg1, arg2, arg3);
}

static int
network_cb(kauth_cred_t cred, kauth_action_t action, void *cookie, void *arg0, void *arg1, void *arg2, void *arg3)
{
	return ask(CELLEVAL_SCOPE_NETWORK, celleval_network, __arraycount(celleval_network),
	    cred, action, arg0, arg1, arg2, arg3);
}

static int
machdep_cb(kauth_cred_t cred, kauth_action_t action, void *cookie, void *arg0, void *arg1, void *arg2, void *arg3)
{
	return ask(CELLEVAL_SCOPE_MACHDEP, celleval_machdep, __arraycount(celleval_machdep),
	    cred, action, arg0, arg1, arg2, arg3);
}

static int
device_cb(kauth_cred_t cred, kauth_action_t action, void *cookie, void *arg0, void *arg1, void *arg2, void *arg3)
{
	return ask(CELLEVAL_SCOPE_DEVICE, celleval_device, __arraycount(celleval_device),
	    cred, action, arg0, arg1, arg2, arg3);
}

/* ---- Questions of other parts of a kernel: secmodel_eval(9) ---- */

static void
ask_quietly(struct ce_question *q, struct ce_outcome *o)
{
	struct section sec;

	no_opinion(o);
	/* The kernel's own: kauth(9) allows it all without asking anybody, and there is nothing behind these pointers. */
	if (q->cred == NOCRED || q->cred == FSCRED)
		return;
	if (celleval_off == 0 && (q->cell = secmodel_cell_cred_id(q->cred)) != CE_HOST) {
		enter(&sec, q->cell);
		answer(q, o, true, &sec);
	}
}

static void
give(struct celleval_answer *a, const struct ce_outcome *o)
{
	a->size = sizeof(*a);
	a->result = o->decision.result;
	a->answered = o->answered;
	a->line = o->line;
}

static int
decide(const struct celleval_decide *d, struct celleval_answer *a)
{
	struct ce_question q;
	struct ce_outcome o;

	if (d->size != sizeof(*d))
		return EINVAL;
	q.scope = (d->request >> 16) & 0xff;
	q.number = celleval_question(q.scope, (d->request >> 8) & 0xff, d->request & 0xff);
	if (d->request >> 24 != 0 || q.number == CELLEVAL_NO_QUESTION)
		return EINVAL;
	if (!celleval_asked(q.number))
		return EOPNOTSUPP;
	q.cred = d->cred;
	memcpy(q.arg, d->arg, sizeof(q.arg));
	q.have_target = q.have_members = false;
	q.ahead = 0;
	ask_quietly(&q, &o);
	give(a, &o);
	return 0;
}

static int
admit(const struct celleval_admit *d, struct celleval_answer *a)
{
	struct ce_question q;
	struct ce_outcome o;

	/* Nobody may have more processes than there can be, so nobody needs to ask for more. */
	if (d->size != sizeof(*d) || d->more == 0 || maxproc < 0 || d->more > (uint32_t)maxproc)
		return EINVAL;
	q.scope = CELLEVAL_SCOPE_PROCESS;
	q.number = CELLEVAL_PROCESS_FORK;
	q.cred = d->cred;
	memset(q.arg, 0, sizeof(q.arg));
	q.arg[0] = curproc;
	q.have_target = q.have_members = false;
	for (q.ahead = 0; q.ahead < d->more; q.ahead++) {
		q.arg[1] = (void *)(uintptr_t)(atomic_load_relaxed(&nprocs) + q.ahead + 1);
		ask_quietly(&q, &o);
		if (o.decision.result == CELLEVAL_DENY || o.answered == CELLEVAL_BY_PROFILE || !o.found)
			break;
	}
	give(a, &o);
	return 0;
}

static int
eval(const char *what, void *arg, void *ret)
{
	unsigned slot;
	int error;

	if (arg == NULL)
		return EINVAL;
	slot = gate_enter();
	if ((celleval_off & CE_CLOSED) != 0)
		error = ENXIO;
	else if (strcmp(what, CELLEVAL_DECIDE) == 0)
		error = decide(arg, ret);
	else if (strcmp(what, CELLEVAL_PROC_ADMIT) == 0)
		error = admit(arg, ret);
	else
		error = ENOENT;
	gate_exit(slot);
	return error;
}

/* ---- Coming and going ---- */

static secmodel_t secmodel;

static struct {
	const char		*scope;
	kauth_scope_callback_t	call;
	kauth_listener_t	listener;
	void			*parked;
} scopes[] = {
	{ KAUTH_SCOPE_SYSTEM, system_cb, NULL, NULL },
	{ KAUTH_SCOPE_PROCESS, process_cb, NULL, NULL },
	{ KAUTH_SCOPE_NETWORK, network_cb, NULL, NULL },
	{ KAUTH_SCOPE_MACHDEP, machdep_cb, NULL, NULL },
	{ KAUTH_SCOPE_DEVICE, device_cb, NULL, NULL },
};

/* kauth(9) keeps the size of a listener to itself; four pointers are of the same class. */
#define LISTENER_SIZE	(4 * sizeof(void *))

/*
 * kauth_unlisten_scope(9) frees a listener although another processor may be at it, on its way through the list. Taking an
 * object of that size right behind it on the same processor gives the very same one, and so keeps its link whole
 * for whoever still follows it. Then the barriers let everybody come through who had it, and whoever closed the last
 * descriptor, who may still have a few instructions of ours to go.
 */
static void
unlisten(void)
{
	size_t i;
	int bound;

	for (i = 0; i < __arraycount(scopes); i++) {
		if (scopes[i].listener == NULL)
			continue;
		bound = curlwp_bind();
		kauth_unlisten_scope(scopes[i].listener);
		scopes[i].parked = kmem_alloc(LISTENER_SIZE, KM_SLEEP);
		curlwp_bindx(bound);
		scopes[i].listener = NULL;
	}
	for (i = 0; i < 2; i++) {
		xc_barrier(0);
		gate_drain();
		kpause("cevgate", false, 1, NULL);
	}
	for (i = 0; i < __arraycount(scopes); i++) {
		if (scopes[i].parked != NULL)
			kmem_free(scopes[i].parked, LISTENER_SIZE);
		scopes[i].parked = NULL;
	}
}

static void
gate_close(void)
{
	atomic_or_uint(&celleval_off, CE_CLOSED);
	/* Whoever comes in from now on sees it; whoever was in has counted itself. */
	xc_barrier(0);
	gate_drain();
}

/* The last of it, once nobody comes any more. What the store takes away leaves its texts to the ring, so the ring goes last. */
static void
take_down(void)
{
	celleval_store_stop();
	celleval_ring_stop();
	celleval_store_fini();
	celleval_ring_fini();
}

static int
init(void)
{
	size_t i;
	int error;

	celleval_ring_init();
	if ((error = celleval_store_init(celleval_builtin, sizeof(celleval_builtin))) != 0) {
		celleval_ring_fini();
		return error;
	}
	if ((error = secmodel_register(&secmodel, CELLEVAL_ID, CE_MODEL_NAME, NULL, eval, NULL)) != 0)
		goto no_secmodel;
	if ((error = celleval_device_init()) != 0)
		goto no_device;
	if ((error = celleval_nodes_init()) != 0)
		goto no_nodes;
	for (i = 0; i < __arraycount(scopes); i++) {
		scopes[i].listener = kauth_listen_scope(scopes[i].scope, scopes[i].call, NULL);
		if (scopes[i].listener == NULL) {
			error = ENOMEM;
			goto no_listeners;
		}
	}
	return 0;

no_listeners:
	gate_close();
	unlisten();
	celleval_nodes_fini();
no_nodes:
	celleval_device_fini();
no_device:
	(void)secmodel_deregister(secmodel);
no_secmodel:
	take_down();
	return error;
}

static int
fini(void)
{
	/* A member of a cell would be left with its profile alone, which may be low. */
	if (secmodel_cell_has_entries() || !celleval_store_close())
		return EBUSY;
	gate_close();
	if (secmodel_cell_has_entries()) {
		atomic_and_uint(&celleval_off, ~CE_CLOSED);
		celleval_store_reopen();
		return EBUSY;
	}
	unlisten();
	celleval_nodes_fini();
	celleval_device_fini();
	(void)secmodel_deregister(secmodel);
	take_down();
	return 0;
}

static int
secmodel_celleval_modcmd(modcmd_t cmd, void *arg)
{
	switch (cmd) {
	case MODULE_CMD_INIT:
		return init();
	case MODULE_CMD_FINI:
		return fini();
	case MODULE_CMD_AUTOUNLOAD:
		/* Nothing refers to a security model, and yet it must not go by itself. */
		return EPERM;
	default:
		return ENOTTY;
	}
}
