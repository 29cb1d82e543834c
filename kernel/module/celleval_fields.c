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

/* Fields for which a process has to be looked at. */
#define TARGET_FIELDS	(CELLEVAL_BIT(CELLEVAL_FIELD_TARGET_PID) | CELLEVAL_BIT(CELLEVAL_FIELD_TARGET_IS_SELF) | \
	CELLEVAL_BIT(CELLEVAL_FIELD_TARGET_IS_INIT) | CELLEVAL_BIT(CELLEVAL_FIELD_TARGET_SAME_CELL) | \
	CELLEVAL_BIT(CELLEVAL_FIELD_TARGET_UID) | CELLEVAL_BIT(CELLEVAL_FIELD_TARGET_EUID) | \
	CELLEVAL_BIT(CELLEVAL_FIELD_TARGET_CELL))
#define CREDENTIAL_FIELDS	(CELLEVAL_BIT(CELLEVAL_FIELD_UID) | CELLEVAL_BIT(CELLEVAL_FIELD_EUID) | \
	CELLEVAL_BIT(CELLEVAL_FIELD_GID) | CELLEVAL_BIT(CELLEVAL_FIELD_EGID) | CELLEVAL_BIT(CELLEVAL_FIELD_GROUPS))
#define SOCKET_FIELDS	(CELLEVAL_BIT(CELLEVAL_FIELD_FAMILY) | CELLEVAL_BIT(CELLEVAL_FIELD_PORT) | CELLEVAL_BIT(CELLEVAL_FIELD_ADDR))

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

static void
fill_credential(kauth_cred_t cred, uint64_t mask, struct celleval_request *r)
{
	if (HAS(mask, CELLEVAL_FIELD_UID))
		celleval_set_number(r, CELLEVAL_FIELD_UID, kauth_cred_getuid(cred));
	if (HAS(mask, CELLEVAL_FIELD_EUID))
		celleval_set_number(r, CELLEVAL_FIELD_EUID, kauth_cred_geteuid(cred));
	if (HAS(mask, CELLEVAL_FIELD_GID))
		celleval_set_number(r, CELLEVAL_FIELD_GID, kauth_cred_getgid(cred));
	if (HAS(mask, CELLEVAL_FIELD_EGID))
		celleval_set_number(r, CELLEVAL_FIELD_EGID, kauth_cred_getegid(cred));
	if (HAS(mask, CELLEVAL_FIELD_GROUPS))
		celleval_set_groups(r, is_member, cred);
}

static void
fill_target(const struct ce_question *q, const struct ce_view *view, uint64_t mask, struct celleval_request *r)
{
	const struct proc *p = q->arg[0];
	const struct ce_place *place;
	struct celleval_entry entry;

	if (HAS(mask, CELLEVAL_FIELD_TARGET_PID))
		celleval_set_number(r, CELLEVAL_FIELD_TARGET_PID, p != NULL ? p->p_pid : 0);
	if (HAS(mask, CELLEVAL_FIELD_TARGET_IS_SELF))
		celleval_set_number(r, CELLEVAL_FIELD_TARGET_IS_SELF, p == curproc);
	if (HAS(mask, CELLEVAL_FIELD_TARGET_IS_INIT))
		celleval_set_number(r, CELLEVAL_FIELD_TARGET_IS_INIT, p != NULL && p == initproc);
	if (!q->have_target)
		return;
	if (HAS(mask, CELLEVAL_FIELD_TARGET_SAME_CELL))
		celleval_set_number(r, CELLEVAL_FIELD_TARGET_SAME_CELL, p != NULL && q->target_cell == q->cell);
	if (HAS(mask, CELLEVAL_FIELD_TARGET_UID))
		celleval_set_number(r, CELLEVAL_FIELD_TARGET_UID, q->target_uid);
	if (HAS(mask, CELLEVAL_FIELD_TARGET_EUID))
		celleval_set_number(r, CELLEVAL_FIELD_TARGET_EUID, q->target_euid);
	if (HAS(mask, CELLEVAL_FIELD_TARGET_CELL)) {
		if (q->target_cell == CE_HOST) {
			celleval_set_text(r, CELLEVAL_FIELD_TARGET_CELL, "", 0);
		} else if ((place = celleval_place(view, q->target_cell)) != NULL) {
			celleval_cell_at(&place->image->bundle, place->index, &entry);
			celleval_set_text(r, CELLEVAL_FIELD_TARGET_CELL, entry.name.bytes, entry.name.length);
		} else {
			celleval_set_text(r, CELLEVAL_FIELD_TARGET_CELL, "?", 1);
		}
	}
}

static void
fill_process(const struct ce_question *q, const struct ce_view *view, uint64_t mask, struct celleval_request *r)
{
	const struct rlimit *rlim = q->arg[2];

	if ((mask & TARGET_FIELDS) != 0)
		fill_target(q, view, mask, r);
	if (HAS(mask, CELLEVAL_FIELD_SIGNAL))
		celleval_set_number(r, CELLEVAL_FIELD_SIGNAL, number(q, 1));
	if (HAS(mask, CELLEVAL_FIELD_NPROCS))
		celleval_set_number(r, CELLEVAL_FIELD_NPROCS, number(q, 1));
	if (HAS(mask, CELLEVAL_FIELD_MEMBERS) && q->have_members)
		celleval_set_number(r, CELLEVAL_FIELD_MEMBERS, (int64_t)q->members + q->ahead);
	if (HAS(mask, CELLEVAL_FIELD_NICE))
		celleval_set_number(r, CELLEVAL_FIELD_NICE, number(q, 1) - NZERO);
	if (HAS(mask, CELLEVAL_FIELD_OP))
		celleval_set_number(r, CELLEVAL_FIELD_OP, number(q, 1));
	if (HAS(mask, CELLEVAL_FIELD_RESOURCE))
		celleval_set_number(r, CELLEVAL_FIELD_RESOURCE, number(q, 3));
	if (HAS(mask, CELLEVAL_FIELD_CUR))
		celleval_set_number(r, CELLEVAL_FIELD_CUR, limit(rlim->rlim_cur));
	if (HAS(mask, CELLEVAL_FIELD_MAX))
		celleval_set_number(r, CELLEVAL_FIELD_MAX, limit(rlim->rlim_max));
}

static void
fill_system(const struct ce_question *q, uint64_t mask, struct celleval_request *r)
{
	if (HAS(mask, CELLEVAL_FIELD_FLAGS))
		celleval_set_number(r, CELLEVAL_FIELD_FLAGS, (int64_t)(uint32_t)(uintptr_t)q->arg[2]);
	if (HAS(mask, CELLEVAL_FIELD_FSTYPE)) {
		const struct mount *mp = q->arg[1];
		const char *name = mp->mnt_stat.f_fstypename;

		celleval_set_text(r, CELLEVAL_FIELD_FSTYPE, name, strnlen(name, sizeof(mp->mnt_stat.f_fstypename)));
	}
	if (HAS(mask, CELLEVAL_FIELD_MODE))
		celleval_set_number(r, CELLEVAL_FIELD_MODE, number(q, 2));
	if (HAS(mask, CELLEVAL_FIELD_CMD))
		celleval_set_number(r, CELLEVAL_FIELD_CMD, number(q, 1));
	if (HAS(mask, CELLEVAL_FIELD_AUTOLOAD))
		celleval_set_number(r, CELLEVAL_FIELD_AUTOLOAD, number(q, 2) != 0);
	if (HAS(mask, CELLEVAL_FIELD_SEC)) {
		const struct timespec *ts = q->arg[1];

		celleval_set_number(r, CELLEVAL_FIELD_SEC, ts->tv_sec);
	}
}

/*
 * The family is the socket's: addresses of candidates for an automatic port have none. Their port comes in the order of the
 * machine (netinet/portalgo.c), which can't be told from here, so programs see it with its bytes turned around.
 */
static void
fill_address(const struct socket *so, const void *address, uint64_t mask, struct celleval_request *r)
{
	const struct sockaddr_in *sin = address;
	const struct sockaddr_in6 *sin6 = address;
	const struct sockaddr_at *sat = address;
	int64_t port = 0;

	switch (address != NULL ? so->so_proto->pr_domain->dom_family : AF_UNSPEC) {
	case AF_INET:
		port = ntohs(sin->sin_port);
		if (HAS(mask, CELLEVAL_FIELD_ADDR))
			celleval_set_address(r, 4, (const uint8_t *)&sin->sin_addr);
		break;
	case AF_INET6:
		port = ntohs(sin6->sin6_port);
		if (HAS(mask, CELLEVAL_FIELD_ADDR))
			celleval_set_address(r, 6, (const uint8_t *)&sin6->sin6_addr);
		break;
	case AF_APPLETALK:
		port = sat->sat_port;
		/* FALLTHROUGH */
	default:
		if (HAS(mask, CELLEVAL_FIELD_ADDR))
			celleval_set_address(r, 0, NULL);
		break;
	}
	if (HAS(mask, CELLEVAL_FIELD_PORT))
		celleval_set_number(r, CELLEVAL_FIELD_PORT, port);
}

static void
fill_network(const struct ce_question *q, uint64_t mask, struct celleval_request *r)
{
	const uint64_t carried = celleval_carried(q->number);
	const struct socket *so;
	const struct ifnet *ifp;
	const struct ifdrv *ifd;

	if (HAS(carried, CELLEVAL_FIELD_DOMAIN)) {
		/* socket(2), where there is no socket yet */
		if (HAS(mask, CELLEVAL_FIELD_DOMAIN))
			celleval_set_number(r, CELLEVAL_FIELD_DOMAIN, number(q, 1));
		if (HAS(mask, CELLEVAL_FIELD_TYPE))
			celleval_set_number(r, CELLEVAL_FIELD_TYPE, number(q, 2));
		if (HAS(mask, CELLEVAL_FIELD_PROTOCOL))
			celleval_set_number(r, CELLEVAL_FIELD_PROTOCOL, number(q, 3));
	} else if (HAS(carried, CELLEVAL_FIELD_FAMILY)) {
		so = q->arg[1];
		if (HAS(mask, CELLEVAL_FIELD_FAMILY))
			celleval_set_number(r, CELLEVAL_FIELD_FAMILY, so->so_proto->pr_domain->dom_family);
		if (HAS(mask, CELLEVAL_FIELD_TYPE))
			celleval_set_number(r, CELLEVAL_FIELD_TYPE, so->so_type);
		if (HAS(mask, CELLEVAL_FIELD_PROTOCOL))
			celleval_set_number(r, CELLEVAL_FIELD_PROTOCOL, so->so_proto->pr_protocol);
		if (HAS(mask, CELLEVAL_FIELD_PORT) || HAS(mask, CELLEVAL_FIELD_ADDR))
			fill_address(so, q->arg[2], mask, r);
	} else if (q->number == CELLEVAL_NETWORK_INTERFACE_BRIDGE_GETPRIV || q->number == CELLEVAL_NETWORK_INTERFACE_BRIDGE_SETPRIV) {
		ifd = q->arg[1];
		if (HAS(mask, CELLEVAL_FIELD_IFNAME))
			celleval_set_text(r, CELLEVAL_FIELD_IFNAME, ifd->ifd_name, strnlen(ifd->ifd_name, sizeof(ifd->ifd_name)));
		if (HAS(mask, CELLEVAL_FIELD_CMD))
			celleval_set_number(r, CELLEVAL_FIELD_CMD, (int64_t)(uint32_t)ifd->ifd_cmd);
	} else {
		ifp = q->arg[1];
		if (HAS(mask, CELLEVAL_FIELD_IFNAME)) {
			if (ifp == NULL)
				celleval_set_text(r, CELLEVAL_FIELD_IFNAME, "", 0);
			else
				celleval_set_text(r, CELLEVAL_FIELD_IFNAME, ifp->if_xname,
				    strnlen(ifp->if_xname, sizeof(ifp->if_xname)));
		}
		if (HAS(mask, CELLEVAL_FIELD_CMD))
			celleval_set_number(r, CELLEVAL_FIELD_CMD, (int64_t)(uint32_t)(uintptr_t)q->arg[2]);
	}
}

static void
fill_device(const struct ce_question *q, uint64_t mask, struct celleval_request *r)
{
	const struct vnode *vp = q->arg[1];

	if (HAS(mask, CELLEVAL_FIELD_KIND))
		celleval_set_number(r, CELLEVAL_FIELD_KIND, vp->v_type);
	if (HAS(mask, CELLEVAL_FIELD_MAJOR))
		celleval_set_number(r, CELLEVAL_FIELD_MAJOR, major(vp->v_rdev));
	if (HAS(mask, CELLEVAL_FIELD_MINOR))
		celleval_set_number(r, CELLEVAL_FIELD_MINOR, minor(vp->v_rdev));
	if (HAS(mask, CELLEVAL_FIELD_BITS))
		celleval_set_number(r, CELLEVAL_FIELD_BITS, (int64_t)(uint32_t)(uintptr_t)q->arg[0]);
}

void
celleval_fill(const struct ce_question *q, const struct ce_view *view, uint64_t mask, struct celleval_request *r)
{
	if ((mask & CREDENTIAL_FIELDS) != 0)
		fill_credential(q->cred, mask, r);
	if ((mask & ~CREDENTIAL_FIELDS) == 0)
		return;
	switch (q->scope) {
	case CELLEVAL_SCOPE_SYSTEM:
		fill_system(q, mask, r);
		break;
	case CELLEVAL_SCOPE_PROCESS:
		fill_process(q, view, mask, r);
		break;
	case CELLEVAL_SCOPE_NETWORK:
		fill_network(q, mask, r);
		break;
	case CELLEVAL_SCOPE_MACHDEP:
		break;
	case CELLEVAL_SCOPE_DEVICE:
		fill_device(q, mask, r);
		break;
	}
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
	if (field == CELLEVAL_FIELD_MEMBERS) {
		gather_members(q, bound);
	} else {
		KASSERT((TARGET_FIELDS & CELLEVAL_BIT(field)) != 0);
		gather_target(q);
	}
}
