/* The policies of bench/decide as a programmer writes them in C: a switch over the question, and one over the port. */

#include "celleval.h"

bool written_denies(unsigned question, const struct celleval_request *r);

static bool
is_text(const struct celleval_request *r, const char *s, size_t n)
{
	return r->text[1].length == n && __builtin_memcmp(r->text[1].bytes, s, n) == 0;
}

static bool
port_denies(int64_t port, const struct celleval_request *r)
{
	if (port == 80 || port == 443)
		return r->number[CELLEVAL_FIELD_UID] != 0 &&
		    r->number[CELLEVAL_FIELD_EGID] != 33 && !r->is_member(r->cookie, 33);
	if (port == 8080)
		return r->version != 4 || r->address[0] != 10;
	return (port != 0 && port < 1024) || (port >= 6000 && port <= 6063);
}

static bool
tenant_denies(int64_t port, int64_t uid)
{
	switch (port) {
#include "tenants.h"
	}
	(void)uid;
	return false;
}

bool
written_denies(unsigned question, const struct celleval_request *r)
{
	int64_t port;

	switch (question) {
	case CELLEVAL_NETWORK_BIND_PORT:
	case CELLEVAL_NETWORK_BIND_PRIVPORT:
		port = r->number[CELLEVAL_FIELD_PORT];
		if (port >= 10000)
			return tenant_denies(port, r->number[CELLEVAL_FIELD_UID]);
		return port_denies(port, r);
	case CELLEVAL_NETWORK_SOCKET_OPEN:
		if (r->number[CELLEVAL_FIELD_TYPE] == 3)
			return true;
		switch (r->number[CELLEVAL_FIELD_DOMAIN]) {
		case 1:
		case 2:
		case 24:
			return false;
		}
		return true;
	case CELLEVAL_NETWORK_INTERFACE_SETPRIV:
		return !is_text(r, "lo0", 3);
	case CELLEVAL_PROCESS_SIGNAL:
		return r->number[CELLEVAL_FIELD_TARGET_IS_INIT] != 0 || (r->number[CELLEVAL_FIELD_SIGNAL] == 9 &&
		    r->number[CELLEVAL_FIELD_EUID] != 0 && r->number[CELLEVAL_FIELD_TARGET_SAME_CELL] == 0);
	case CELLEVAL_PROCESS_FORK:
		return r->number[CELLEVAL_FIELD_NPROCS] > 4000;
	case CELLEVAL_PROCESS_RLIMIT_SET:
		return r->number[CELLEVAL_FIELD_RESOURCE] == 8 && r->number[CELLEVAL_FIELD_MAX] > 4096;
	case CELLEVAL_PROCESS_NICE:
		return r->number[CELLEVAL_FIELD_NICE] < 0 && r->number[CELLEVAL_FIELD_EUID] != 0;
	case CELLEVAL_PROCESS_PTRACE:
		return r->number[CELLEVAL_FIELD_TARGET_SAME_CELL] == 0;
	case CELLEVAL_SYSTEM_MOUNT_GET:
	case CELLEVAL_SYSTEM_MOUNT_NEW:
	case CELLEVAL_SYSTEM_MOUNT_UNMOUNT:
	case CELLEVAL_SYSTEM_MOUNT_UPDATE:
	case CELLEVAL_SYSTEM_MOUNT_UMAP:
	case CELLEVAL_SYSTEM_MOUNT_DEVICE:
	case CELLEVAL_SYSTEM_MODULE:
	case CELLEVAL_SYSTEM_REBOOT:
	case CELLEVAL_NETWORK_ROUTE:
	case CELLEVAL_NETWORK_FIREWALL_FW:
	case CELLEVAL_NETWORK_BIND_ANYADDR:
	case CELLEVAL_DEVICE_RAWIO_PASSTHRU:
	case CELLEVAL_DEVICE_RAWIO_PASSTHRU_READ:
	case CELLEVAL_DEVICE_RAWIO_PASSTHRU_WRITE:
	case CELLEVAL_DEVICE_RAWIO_PASSTHRU_READCONF:
	case CELLEVAL_DEVICE_RAWIO_PASSTHRU_WRITECONF:
	case CELLEVAL_DEVICE_RAWIO_PASSTHRU_ALL:
		return true;
	}
	return false;
}
