/*
 * The fields of a question: what each argument of a listener brings. policy/kauth/kauth.json says what a listener may look at
 * while the caller holds what it does; no question carries a field for which that is not so. docs/format.md lists which
 * question carries what.
 */

#include <sys/cdefs.h>
__KERNEL_RCSID(0, "$NetBSD$");

#include <sys/param.h>
#include <sys/types.h>
#include <sys/kauth.h>
#include <sys/mount.h>
#include <sys/mutex.h>
#include <sys/proc.h>
#include <sys/protosw.h>
#include <sys/domain.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/socketvar.h>
#include <sys/systm.h>
#include <sys/vnode.h>

#include <miscfs/specfs/specdev.h>

#include <net/if.h>
#include <netinet/in.h>
#include <netatalk/at.h>

#include "celleval_impl.h"

#define HAS(mask, field)	(((mask) & CELLEVAL_BIT(field)) != 0)

static inline int64_t
number(const struct ce_question *q, unsigned i)
{
	return (int64_t)(intptr_t)q->arg[i];
}

/* Limits are numbers of 64 bits without a sign; what is above the greatest field is unlimited. */
static inline int64_t
limit(rlim_t v)
{
	return v > (rlim_t)INT64_MAX ? INT64_MAX : (int64_t)v;
}

static bool
is_member(void *cookie, uint32_t gid)
{
	kauth_cred_t cred = cookie;
	int member;

	return kauth_cred_ismember_gid(cred, gid, &member) == 0 && member != 0;
}

/*
 * The family is the socket's: addresses of candidates for an automatic port have none. Their port comes in the order of the
 * machine (netinet/portalgo.c), which can't be told from here, so programs see it with its bytes turned around.
 */
static inline int
address_family(const struct ce_question *q)
{
	const struct socket *so = q->arg[1];

	return q->arg[2] == NULL ? AF_UNSPEC : so->so_proto->pr_domain->dom_family;
}

static int64_t
port(const struct ce_question *q)
{
	switch (address_family(q)) {
	case AF_INET:
		return ntohs(((const struct sockaddr_in *)q->arg[2])->sin_port);
	case AF_INET6:
		return ntohs(((const struct sockaddr_in6 *)q->arg[2])->sin6_port);
	case AF_APPLETALK:
		return ((const struct sockaddr_at *)q->arg[2])->sat_port;
	default:
		return 0;
	}
}

static void
fill_address(const struct ce_question *q, struct celleval_request *r)
{
	switch (address_family(q)) {
	case AF_INET:
		celleval_set_address(r, 4, (const uint8_t *)&((const struct sockaddr_in *)q->arg[2])->sin_addr);
		break;
	case AF_INET6:
		celleval_set_address(r, 6, (const uint8_t *)&((const struct sockaddr_in6 *)q->arg[2])->sin6_addr);
		break;
	default:
		celleval_set_address(r, 0, NULL);
		break;
	}
}

/*
 * Whether the target has the very credential of the question, as the caller itself has, and often its children: what that
 * says is known without a lock, for whoever asks holds it.
 */
static inline bool
shares_credential(const struct ce_question *q)
{
	const struct proc *p = q->arg[0];

	return p != NULL && p->p_cred == q->cred;
}

static void
fill_target_cell(uint32_t cell, const struct ce_view *view, struct celleval_request *r)
{
	const struct ce_place *place;
	struct celleval_entry entry;

	if (cell == CE_HOST) {
		celleval_set_text(r, CELLEVAL_FIELD_TARGET_CELL, "", 0);
	} else if ((place = celleval_place(view, cell)) != NULL) {
		celleval_cell_at(&place->image->bundle, place->index, &entry);
		celleval_set_text(r, CELLEVAL_FIELD_TARGET_CELL, entry.name.bytes, entry.name.length);
	} else {
		celleval_set_text(r, CELLEVAL_FIELD_TARGET_CELL, "?", 1);
	}
}

/* A name that ends with a zero, or with its place. */
static void
fill_name(struct celleval_request *r, enum celleval_field f, const char *name, size_t size)
{
	celleval_set_text(r, f, name, strnlen(name, size));
}

/* Bridges are asked about with the whole request of the ioctl, all else with the interface and the command. */
static inline bool
about_bridge(const struct ce_question *q)
{
	return q->number == CELLEVAL_NETWORK_INTERFACE_BRIDGE_GETPRIV || q->number == CELLEVAL_NETWORK_INTERFACE_BRIDGE_SETPRIV;
}

static void
fill_ifname(const struct ce_question *q, struct celleval_request *r)
{
	const struct ifdrv *ifd = q->arg[1];
	const struct ifnet *ifp = q->arg[1];

	if (about_bridge(q))
		fill_name(r, CELLEVAL_FIELD_IFNAME, ifd->ifd_name, sizeof(ifd->ifd_name));
	else if (ifp != NULL)
		fill_name(r, CELLEVAL_FIELD_IFNAME, ifp->if_xname, sizeof(ifp->if_xname));
	else
		celleval_set_text(r, CELLEVAL_FIELD_IFNAME, "", 0);
}

static int64_t
command(const struct ce_question *q)
{
	if (q->scope == CELLEVAL_SCOPE_SYSTEM)
		return number(q, 1);
	return (uint32_t)(about_bridge(q) ? ((const struct ifdrv *)q->arg[1])->ifd_cmd : (uintptr_t)q->arg[2]);
}

/* socket(2) asks with numbers, where there is no socket yet. */
static inline bool
without_socket(const struct ce_question *q)
{
	return q->number == CELLEVAL_NETWORK_SOCKET_OPEN || q->number == CELLEVAL_NETWORK_SOCKET_RAWSOCK;
}

static inline const struct socket *
socket(const struct ce_question *q)
{
	return q->arg[1];
}

static inline const struct vnode *
device(const struct ce_question *q)
{
	return q->arg[1];
}

void
celleval_fill(const struct ce_question *q, const struct ce_view *view, uint64_t mask, struct celleval_request *r)
{
	const struct proc *p = q->arg[0];
	const struct mount *mp;
	enum celleval_field f;
	uint64_t left, missing = 0;
	int64_t v;

	for (left = mask; left != 0; left &= left - 1) {
		f = (enum celleval_field)__builtin_ctzll(left);
		switch (f) {
		case CELLEVAL_FIELD_UID:
			v = kauth_cred_getuid(q->cred);
			break;
		case CELLEVAL_FIELD_EUID:
			v = kauth_cred_geteuid(q->cred);
			break;
		case CELLEVAL_FIELD_GID:
			v = kauth_cred_getgid(q->cred);
			break;
		case CELLEVAL_FIELD_EGID:
			v = kauth_cred_getegid(q->cred);
			break;
		case CELLEVAL_FIELD_GROUPS:
			celleval_set_groups(r, is_member, q->cred);
			continue;
		case CELLEVAL_FIELD_FAMILY:
			v = socket(q)->so_proto->pr_domain->dom_family;
			break;
		case CELLEVAL_FIELD_TYPE:
			v = without_socket(q) ? number(q, 2) : socket(q)->so_type;
			break;
		case CELLEVAL_FIELD_PROTOCOL:
			v = without_socket(q) ? number(q, 3) : socket(q)->so_proto->pr_protocol;
			break;
		case CELLEVAL_FIELD_PORT:
			v = port(q);
			break;
		case CELLEVAL_FIELD_ADDR:
			fill_address(q, r);
			continue;
		case CELLEVAL_FIELD_DOMAIN:
		case CELLEVAL_FIELD_SIGNAL:
		case CELLEVAL_FIELD_NPROCS:
		case CELLEVAL_FIELD_OP:
			v = number(q, 1);
			break;
		case CELLEVAL_FIELD_NICE:
			v = number(q, 1) - NZERO;
			break;
		case CELLEVAL_FIELD_TARGET_PID:
			v = p != NULL ? p->p_pid : 0;
			break;
		case CELLEVAL_FIELD_TARGET_IS_SELF:
			v = p == curproc;
			break;
		case CELLEVAL_FIELD_TARGET_IS_INIT:
			v = p != NULL && p == initproc;
			break;
		case CELLEVAL_FIELD_TARGET_SAME_CELL:
			if (shares_credential(q))
				v = 1;
			else if (q->have_target)
				v = q->target_cell == q->cell;
			else
				goto later;
			break;
		case CELLEVAL_FIELD_TARGET_UID:
			if (shares_credential(q))
				v = kauth_cred_getuid(q->cred);
			else if (q->have_target)
				v = q->target_uid;
			else
				goto later;
			break;
		case CELLEVAL_FIELD_TARGET_EUID:
			if (shares_credential(q))
				v = kauth_cred_geteuid(q->cred);
			else if (q->have_target)
				v = q->target_euid;
			else
				goto later;
			break;
		case CELLEVAL_FIELD_TARGET_CELL:
			if (shares_credential(q))
				fill_target_cell(q->cell, view, r);
			else if (q->have_target)
				fill_target_cell(q->target_cell, view, r);
			else
				goto later;
			continue;
		case CELLEVAL_FIELD_RESOURCE:
			v = number(q, 3);
			break;
		case CELLEVAL_FIELD_CUR:
			v = limit(((const struct rlimit *)q->arg[2])->rlim_cur);
			break;
		case CELLEVAL_FIELD_MAX:
			v = limit(((const struct rlimit *)q->arg[2])->rlim_max);
			break;
		case CELLEVAL_FIELD_IFNAME:
			fill_ifname(q, r);
			continue;
		case CELLEVAL_FIELD_CMD:
			v = command(q);
			break;
		case CELLEVAL_FIELD_FLAGS:
			v = (uint32_t)(uintptr_t)q->arg[2];
			break;
		case CELLEVAL_FIELD_FSTYPE:
			mp = q->arg[1];
			fill_name(r, CELLEVAL_FIELD_FSTYPE, mp->mnt_stat.f_fstypename, sizeof(mp->mnt_stat.f_fstypename));
			continue;
		case CELLEVAL_FIELD_MODE:
			v = number(q, 2);
			break;
		case CELLEVAL_FIELD_AUTOLOAD:
			v = q->arg[2] != NULL;
			break;
		case CELLEVAL_FIELD_KIND:
			v = device(q)->v_type;
			break;
		case CELLEVAL_FIELD_MAJOR:
			v = major(device(q)->v_rdev);
			break;
		case CELLEVAL_FIELD_MINOR:
			v = minor(device(q)->v_rdev);
			break;
		case CELLEVAL_FIELD_BITS:
			v = (uint32_t)(uintptr_t)q->arg[0];
			break;
		case CELLEVAL_FIELD_SEC:
			v = ((const struct timespec *)q->arg[1])->tv_sec;
			break;
		case CELLEVAL_FIELD_MEMBERS:
			if (!q->have_members)
				goto later;
			v = (int64_t)q->members + q->ahead;
			break;
		default:
			/* No question carries it. */
			v = 0;
			break;
		}
		r->number[f] = v;
		continue;
later:
		missing |= CELLEVAL_BIT(f);
	}
	r->given |= mask & ~missing;
}

static void
read_target(struct ce_question *q, struct proc *p)
{
	q->target_cell = secmodel_cell_cred_id(p->p_cred);
	q->target_uid = kauth_cred_getuid(p->p_cred);
	q->target_euid = kauth_cred_geteuid(p->p_cred);
}

/*
 * The credential of a process can change, and the old one go, unless its p_lock is held. Most callers hold it. Where they do
 * not, they hold what is taken before it, or nothing, so it may be taken.
 */
static void
gather_target(struct ce_question *q)
{
	struct proc *p = q->arg[0];

	q->have_target = true;
	/* A cell that nobody has: no process, no cell. */
	q->target_cell = UINT32_MAX;
	q->target_uid = q->target_euid = 0;
	if (p == NULL)
		return;
	if (p != curproc && q->number == CELLEVAL_PROCESS_PTRACE && !mutex_owned(&proc_lock)) {
		/* clock_gettime(2) of another process asks without holding it: it may be gone. */
		mutex_enter(&proc_lock);
		if (proc_find(p->p_pid) == p) {
			mutex_enter(p->p_lock);
			read_target(q, p);
			mutex_exit(p->p_lock);
		}
		mutex_exit(&proc_lock);
	} else if (mutex_owned(p->p_lock)) {
		read_target(q, p);
	} else {
		mutex_enter(p->p_lock);
		read_target(q, p);
		mutex_exit(p->p_lock);
	}
}

/* Counts until the bound: whatever comes behind is decided alike. */
static uint32_t
count_in(struct proclist *list, const struct ce_question *q, uint32_t n, uint32_t bound)
{
	struct proc *p;
	bool member;

	PROCLIST_FOREACH(p, list) {
		if (n >= bound)
			break;
		/* The very credential of the question needs no look: it is held. Processes of a cell often share one. */
		if (p->p_cred == q->cred) {
			n++;
			continue;
		}
		mutex_enter(p->p_lock);
		member = secmodel_cell_cred_id(p->p_cred) == q->cell;
		mutex_exit(p->p_lock);
		if (member)
			n++;
	}
	return n;
}

static void
gather_members(struct ce_question *q, uint32_t bound)
{
	uint32_t n;

	mutex_enter(&proc_lock);
	n = count_in(&allproc, q, 0, bound);
	n = count_in(&zombproc, q, n, bound);
	mutex_exit(&proc_lock);
	q->members = n;
	q->members_bound = bound;
	q->have_members = true;
}

void
celleval_gather(struct ce_question *q, enum celleval_field field, uint32_t bound)
{
	ASSERT_SLEEPABLE();
	if (field == CELLEVAL_FIELD_MEMBERS)
		gather_members(q, bound);
	else
		gather_target(q);
}
