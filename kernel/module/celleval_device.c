/*
 * The device and the nodes: how root of the host reaches the model. Each open, read, write and setting asks secmodel_cell
 * itself who the caller is, for root of a cell of profile low can make device nodes and write sysctl nodes.
 */

#include <sys/cdefs.h>
__KERNEL_RCSID(0, "$NetBSD$");

#include <sys/param.h>
#include <sys/types.h>
#include <sys/atomic.h>
#include <sys/conf.h>
#include <sys/errno.h>
#include <sys/fcntl.h>
#include <sys/file.h>
#include <sys/filedesc.h>
#include <sys/filio.h>
#include <sys/kauth.h>
#include <sys/kmem.h>
#include <sys/lwp.h>
#include <sys/poll.h>
#include <sys/proc.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/uio.h>

#include <secmodel/secmodel.h>

#include "celleval_impl.h"

static devmajor_t device_major;

/* ---- Descriptors ---- */

/*
 * The caller, not who opened: a descriptor can be handed on, or be kept by somebody who enters a cell.
 */
static inline bool
caller_may(void)
{
	return secmodel_cell_is_host_root(curlwp->l_cred);
}

static int
fo_read(file_t *fp, off_t *offset, struct uio *uio, kauth_cred_t cred, int flags)
{
	if (!caller_may())
		return EPERM;
	return celleval_ring_read(fp->f_data, uio, (fp->f_flag & FNONBLOCK) == 0);
}

/* Carries out one command, all of it or, with an error, nothing. */
static int
command(struct ce_reader *r, struct uio *uio)
{
	struct celleval_command c;
	size_t length = uio->uio_resid;
	int error;

	if (length < sizeof(c))
		return EINVAL;
	if ((error = uiomove(&c, sizeof(c), uio)) != 0)
		return error;
	if (c.magic != CELLEVAL_MAGIC)
		return EINVAL;
	if (c.version != CELLEVAL_ABI)
		return EOPNOTSUPP;
	if (c.length != length || c.reserved != 0)
		return EINVAL;
	length -= sizeof(c);
	switch (c.operation) {
	case CELLEVAL_LOAD:
	case CELLEVAL_ATTACH:
		if (c.number != 0 || (c.operation == CELLEVAL_ATTACH && c.window != 0))
			return EINVAL;
		if (length > CELLEVAL_MAX_BUNDLE)
			return EFBIG;
		return c.operation == CELLEVAL_LOAD ? celleval_store_load(uio, length, c.window) :
		    celleval_store_attach(uio, length);
	case CELLEVAL_CONFIRM:
	case CELLEVAL_REVERT:
	case CELLEVAL_AFTER:
		if (c.window != 0 || length != 0)
			return EINVAL;
		if (c.operation == CELLEVAL_CONFIRM)
			return celleval_store_confirm(c.number);
		if (c.operation == CELLEVAL_REVERT)
			return celleval_store_revert(c.number);
		celleval_ring_after(r, c.number);
		return 0;
	default:
		return EOPNOTSUPP;
	}
}

static int
fo_write(file_t *fp, off_t *offset, struct uio *uio, kauth_cred_t cred, int flags)
{
	const size_t length = uio->uio_resid;
	int error;

	if (!caller_may())
		return EPERM;
	/*
	 * What was copied in of a command that fails is not written: write(2) makes a success of EINTR and ERESTART
	 * where the length that is left says that something is.
	 */
	if ((error = command(fp->f_data, uio)) != 0)
		uio->uio_resid = length;
	return error;
}

static int
fo_ioctl(file_t *fp, u_long command, void *data)
{
	switch (command) {
	case FIONBIO:
	case FIOASYNC:
		return 0;
	default:
		return ENOTTY;
	}
}

static int
fo_poll(file_t *fp, int events)
{
	/* What a read would say. */
	if (!caller_may())
		return POLLERR;
	return celleval_ring_poll(fp->f_data, events);
}

static int
fo_kqfilter(file_t *fp, struct knote *kn)
{
	if (!caller_may())
		return EPERM;
	return celleval_ring_kqfilter(fp->f_data, kn);
}

static int
fo_stat(file_t *fp, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFCHR | S_IRUSR | S_IWUSR;
	st->st_rdev = makedev(device_major, 0);
	return 0;
}

/*
 * close(2) waits for those who are in a call on its descriptor. Other descriptors can refer to the same reader, and which one a
 * thread came with is not known here; so all begin their read(2) anew, which finds what is still open.
 */
static void
fo_restart(file_t *fp)
{
	celleval_ring_restart(fp->f_data);
}

static int
fo_close(file_t *fp)
{
	struct ce_reader *r = fp->f_data;

	fp->f_data = NULL;
	kmem_free(r, sizeof(*r));
	celleval_store_leave();
	return 0;
}

static const struct fileops descriptor = {
	.fo_name = CELLEVAL_DEVICE,
	.fo_read = fo_read,
	.fo_write = fo_write,
	.fo_ioctl = fo_ioctl,
	.fo_fcntl = fnullop_fcntl,
	.fo_poll = fo_poll,
	.fo_stat = fo_stat,
	.fo_close = fo_close,
	.fo_kqfilter = fo_kqfilter,
	.fo_restart = fo_restart,
};

/* ---- The device ---- */

/* Each open gets a descriptor of its own, with a place in the ring. */
static int
device_open(dev_t dev, int flags, int mode, struct lwp *l)
{
	struct ce_reader *r;
	file_t *fp;
	int error, fd;

	if (!secmodel_cell_is_host_root(l->l_cred))
		return EPERM;
	if (minor(dev) != 0)
		return ENXIO;
	if ((error = celleval_store_enter()) != 0)
		return error;
	if ((error = fd_allocfile(&fp, &fd)) != 0) {
		celleval_store_leave();
		return error;
	}
	r = kmem_zalloc(sizeof(*r), KM_SLEEP);
	return fd_clone(fp, fd, flags, &descriptor, r);
}

static const struct cdevsw device = {
	.d_open = device_open,
	.d_close = noclose,
	.d_read = noread,
	.d_write = nowrite,
	.d_ioctl = noioctl,
	.d_stop = nostop,
	.d_tty = notty,
	.d_poll = nopoll,
	.d_mmap = nommap,
	.d_kqfilter = nokqfilter,
	.d_discard = nodiscard,
	.d_flag = D_OTHER | D_MPSAFE,
};

int
celleval_device_init(void)
{
	devmajor_t block = NODEVMAJOR;

	device_major = NODEVMAJOR;
	return devsw_attach(CELLEVAL_DEVICE, NULL, &block, &device, &device_major);
}

void
celleval_device_fini(void)
{
	devsw_detach(NULL, &device);
}

/* ---- The nodes ---- */

static struct sysctllog *nodes;

/* Users of the host; the kernel itself asks without a caller. */
static bool
user_of_host(const struct lwp *l)
{
	return l == NULL || secmodel_cell_cred_id(l->l_cred) == CE_HOST;
}

/* A number that never changes. */
static int
node_number(SYSCTLFN_ARGS)
{
	if (!user_of_host(l))
		return EPERM;
	return sysctl_lookup(SYSCTLFN_CALL(__UNCONST(rnode)));
}

/* Hands out a value whose length nobody knows beforehand: all of it, or ENOMEM. */
static int
whole(const void *value, size_t length, void *oldp, size_t *oldlenp, const void *newp, struct lwp *l)
{
	int error;

	if (newp != NULL)
		return EPERM;
	if (oldp != NULL) {
		if (*oldlenp < length)
			return ENOMEM;
		if ((error = sysctl_copyout(l, value, oldp, length)) != 0)
			return error;
	}
	*oldlenp = length;
	return 0;
}

static int
node_status(SYSCTLFN_ARGS)
{
	struct celleval_status s;

	if (!user_of_host(l))
		return EPERM;
	if (namelen != 0)
		return EINVAL;
	celleval_store_status(&s);
	return whole(&s, sizeof(s), oldp, oldlenp, newp, l);
}

static int
node_cells(SYSCTLFN_ARGS)
{
	struct celleval_cell *cells = NULL;
	size_t n, max;
	int error;

	if (!user_of_host(l))
		return EPERM;
	if (namelen != 0)
		return EINVAL;
	max = celleval_store_cells(NULL, 0);
	if (oldp != NULL && max > 0) {
		for (;;) {
			/* More may come meanwhile. */
			max += 8;
			cells = kmem_alloc(max * sizeof(*cells), KM_SLEEP);
			if ((n = celleval_store_cells(cells, max)) <= max)
				break;
			kmem_free(cells, max * sizeof(*cells));
			max = n;
		}
	} else {
		n = max;
	}
	error = whole(cells, n * sizeof(*cells), oldp, oldlenp, newp, l);
	if (cells != NULL)
		kmem_free(cells, max * sizeof(*cells));
	return error;
}

/* A bit that root of the host may set. */
static int
setting(volatile unsigned int *value, unsigned int bit, bool guarded, SYSCTLFN_ARGS)
{
	struct sysctlnode node = *rnode;
	bool above = false;
	int v = (*value & bit) != 0, error;

	if (l != NULL && !secmodel_cell_is_host_root(l->l_cred))
		return EPERM;
	node.sysctl_data = &v;
	if ((error = sysctl_lookup(SYSCTLFN_CALL(&node))) != 0 || newp == NULL)
		return error;
	if (v != 0 && v != 1)
		return EINVAL;
	if (guarded && v == 1) {
		/* A kernel without that model has no levels. */
		error = secmodel_eval("org.netbsd.secmodel.securelevel", "is-securelevel-above", KAUTH_ARG(0), &above);
		if (error == 0 && above)
			return EPERM;
	}
	if (v == 1)
		atomic_or_uint(value, bit);
	else
		atomic_and_uint(value, ~bit);
	return 0;
}

static int
node_all(SYSCTLFN_ARGS)
{
	return setting(&celleval_all, 1, false, SYSCTLFN_CALL(rnode));
}

static int
node_disable(SYSCTLFN_ARGS)
{
	return setting(&celleval_off, CE_DISABLED, true, SYSCTLFN_CALL(rnode));
}

int
celleval_nodes_init(void)
{
	const struct sysctlnode *models, *node;
	int error;

	error = sysctl_createv(&nodes, 0, NULL, &models, 0, CTLTYPE_NODE, "models", SYSCTL_DESCR("Security models"),
	    NULL, 0, NULL, 0, CTL_SECURITY, CTL_CREATE, CTL_EOL);
	if (error == 0)
		error = sysctl_createv(&nodes, 0, &models, &node, 0, CTLTYPE_NODE, "celleval",
		    SYSCTL_DESCR("Evaluation model of cellsh"), NULL, 0, NULL, 0, CTL_CREATE, CTL_EOL);
	if (error == 0)
		error = sysctl_createv(&nodes, 0, &node, NULL, 0, CTLTYPE_STRING, "name", SYSCTL_DESCR("Name of the model"),
		    NULL, 0, __UNCONST(CE_MODEL_NAME), 0, CTL_CREATE, CTL_EOL);
	if (error == 0)
		error = sysctl_createv(&nodes, 0, &node, NULL, CTLFLAG_IMMEDIATE, CTLTYPE_INT, "abi",
		    SYSCTL_DESCR("Version of the interface"), node_number, CELLEVAL_ABI, NULL, 0, CTL_CREATE, CTL_EOL);
	if (error == 0)
		error = sysctl_createv(&nodes, 0, &node, NULL, CTLFLAG_IMMEDIATE, CTLTYPE_QUAD, "vocabulary",
		    SYSCTL_DESCR("Which numbers requests have"), node_number, CELLEVAL_VOCABULARY, NULL, 0,
		    CTL_CREATE, CTL_EOL);
	if (error == 0)
		error = sysctl_createv(&nodes, 0, &node, NULL, CTLFLAG_IMMEDIATE, CTLTYPE_INT, "major",
		    SYSCTL_DESCR("Major number of the device"), node_number, device_major, NULL, 0,
		    CTL_CREATE, CTL_EOL);
	if (error == 0)
		error = sysctl_createv(&nodes, 0, &node, NULL, 0, CTLTYPE_STRUCT, "status",
		    SYSCTL_DESCR("What is loaded"), node_status, 0, NULL, 0, CTL_CREATE, CTL_EOL);
	if (error == 0)
		error = sysctl_createv(&nodes, 0, &node, NULL, 0, CTLTYPE_STRUCT, "cells",
		    SYSCTL_DESCR("Who answers for each cell"), node_cells, 0, NULL, 0, CTL_CREATE, CTL_EOL);
	if (error == 0)
		error = sysctl_createv(&nodes, 0, &node, NULL, CTLFLAG_READWRITE, CTLTYPE_INT, "all",
		    SYSCTL_DESCR("Keep every decision"), node_all, 0, NULL, 0, CTL_CREATE, CTL_EOL);
	if (error == 0)
		error = sysctl_createv(&nodes, 0, &node, NULL, CTLFLAG_READWRITE, CTLTYPE_INT, "disable",
		    SYSCTL_DESCR("Ask nobody"), node_disable, 0, NULL, 0, CTL_CREATE, CTL_EOL);
	if (error != 0)
		celleval_nodes_fini();
	return error;
}

void
celleval_nodes_fini(void)
{
	sysctl_teardown(&nodes);
}
