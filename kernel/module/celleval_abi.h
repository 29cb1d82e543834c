/*
 * What passes between the evaluation model, secmodel_celleval, and its clients: the nodes below
 * security.models.celleval, and the character device.
 *
 * Integers are in the byte order of the machine; every member lies at a multiple of its size, so the structures
 * are the same on all machines and have no holes. Bundles are bytes of their own (celleval.h), little-endian
 * everywhere. docs/kernel-abi.md says what each operation does, and every errno.
 */
#ifndef CELLEVAL_ABI_H
#define CELLEVAL_ABI_H

#ifdef _KERNEL
#include <sys/types.h>
#else
#include <stdint.h>
#endif

/* The version of everything in this file: node "abi". A client that does not know it leaves the model alone. */
#define CELLEVAL_ABI 1

/* The id for secmodel_register(9) and secmodel_eval(9), and the name of the module and of the device. */
#define CELLEVAL_ID "cellsh.secmodel.celleval"
#define CELLEVAL_DEVICE "celleval"

/*
 * A command is what one write(2) to the device takes: this header, and for CELLEVAL_LOAD and CELLEVAL_ATTACH
 * a bundle behind it. A command is carried out as a whole, or refused and nothing changes.
 */
struct celleval_command {
	uint32_t magic;		/* CELLEVAL_MAGIC */
	uint16_t version;	/* CELLEVAL_ABI */
	uint16_t operation;	/* CELLEVAL_LOAD ... */
	uint64_t length;	/* of header and bundle, in bytes: what write(2) is given */
	uint64_t number;	/* CONFIRM, REVERT: a generation. AFTER: a sequence number. Else 0 */
	uint32_t window;	/* LOAD: milliseconds in which it must be confirmed, 0 for none. Else 0 */
	uint32_t reserved;	/* 0 */
};

#define CELLEVAL_MAGIC 0x4c564543u	/* "CEVL" in a little-endian machine's memory */

#define CELLEVAL_LOAD 1		/* the bundle takes the place of what is loaded */
#define CELLEVAL_ATTACH 2	/* the cells of the bundle get its programs, in the loaded generation */
#define CELLEVAL_CONFIRM 3	/* what waits stays */
#define CELLEVAL_REVERT 4	/* what waits goes; what was confirmed before is back */
#define CELLEVAL_AFTER 5	/* this descriptor reads the events behind that sequence number */

/* The node "status": what is loaded. */
struct celleval_status {
	uint32_t abi;		/* CELLEVAL_ABI */
	uint32_t format;	/* the version of bundles that the model takes */
	uint64_t vocabulary;	/* which numbers requests have, as in a bundle */
	uint64_t generation;	/* loaded; 0 for none */
	uint32_t attachment;
	uint32_t flags;		/* CELLEVAL_DISABLED ... */
	uint32_t programs;	/* loaded, without fallbacks; one for many cells counts once for each write that brought it */
	uint32_t cells;		/* that the loaded programs know by name, living or not */
	uint64_t bytes;		/* of all resident bundles */
	uint64_t highest;	/* generation that ever was loaded: the next must be higher */
	uint64_t back;		/* generation that comes back if what is loaded is not confirmed; 0 for none */
	uint64_t left;		/* nanoseconds until then; 0 if nothing waits (CELLEVAL_WAITS) */
	uint64_t sequence;	/* of the newest event; 0 for none */
	uint64_t dropped;	/* events that nobody could read any more: newest less what the ring holds */
};

#define CELLEVAL_DISABLED 1u	/* nobody is asked; the model has no opinion */
#define CELLEVAL_WAITS 2u	/* what is loaded must be confirmed */
#define CELLEVAL_ALL 4u		/* every decision is kept in the ring */

/*
 * The node "cells": an array, ordered by id, of the cells that were named in what is loaded or about which the
 * model was asked. Cells that ended may be among them.
 */
struct celleval_cell {
	uint32_t id;
	uint32_t answered;	/* by CELLEVAL_BY_... */
	uint64_t decisions;
	uint64_t denied;	/* not counting probes */
	uint64_t granted;
	uint64_t would_deny;	/* said by policies in audit mode */
};

#define CELLEVAL_BY_PROFILE 0u	/* the model has no opinion: its profile answers */
#define CELLEVAL_BY_FALLBACK 1u
#define CELLEVAL_BY_PROGRAM 2u
#define CELLEVAL_NAMED 0x100u	/* flag: programs know its name */

/*
 * An event, as read(2) of the device gives it: one or more whole ones, oldest first. The texts follow the
 * structure in the order of their lengths, without zeros; length counts them and zeros up to a multiple of 8.
 */
struct celleval_event {
	uint32_t length;	/* of structure, texts and filling */
	uint32_t flags;		/* CELLEVAL_EVENT_... */
	uint64_t sequence;	/* from 1; a gap says that events were lost */
	uint64_t time;		/* nanoseconds since the kernel's start */
	uint64_t generation;	/* that was loaded; 0 for none */
	uint32_t cell;
	uint32_t pid;		/* of the calling process */
	uint32_t euid;
	uint32_t request;	/* scope << 16 | action << 8 | request */
	uint32_t line;
	uint32_t would_line;
	uint8_t result;		/* 1 allow, 2 grant, 3 deny, as in a leaf */
	uint8_t would;		/* the same, or 0 for none */
	uint16_t name;		/* lengths of texts: name of the cell as the bundle has it, "" if it has none */
	uint16_t policy;
	uint16_t reason;
	uint16_t file;
	uint16_t would_policy;
	uint16_t would_reason;
	uint16_t would_file;
};

#define CELLEVAL_EVENT_FALLBACK 1u	/* no program decided but a fallback */
#define CELLEVAL_EVENT_PROBE 2u		/* a denial only picks a behaviour */
#define CELLEVAL_EVENT_RECORD 4u	/* kept because the policy said so */
#define CELLEVAL_EVENT_OTHER 8u		/* the credential was not the calling process's: pid is only who ran */

/*
 * secmodel_eval(9) of CELLEVAL_ID. Both take their structure as arg and give a struct celleval_answer; size is
 * that of the structure, so that it can grow. They may sleep on adaptive mutexes: not under a spin lock, nor in an interrupt.
 */
#define CELLEVAL_DECIDE "decide"		/* struct celleval_decide: what would the listeners answer? */
#define CELLEVAL_PROC_ADMIT "proc-admit"	/* struct celleval_admit: may the cell have so many processes more? */

struct celleval_answer {
	uint32_t size;
	uint32_t result;	/* 1 allow (no objection), 2 grant, 3 deny */
	uint32_t answered;	/* CELLEVAL_BY_... */
	uint32_t line;		/* of the policy, 0 for none */
};

#ifdef _KERNEL
#include <sys/kauth.h>

struct celleval_decide {
	uint32_t size;
	uint32_t request;	/* scope << 16 | action << 8 | request */
	kauth_cred_t cred;
	void *arg[4];		/* as the listener of that scope is given them; what is read of them is what it reads */
};

struct celleval_admit {
	uint32_t size;
	uint32_t more;		/* processes, at least 1 */
	kauth_cred_t cred;
};
#endif

#endif
