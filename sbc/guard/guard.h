/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Admission before any state. In front of the stack: a classic socket filter
 * on each listener that lets only known sources pass. Behind it: a token
 * bucket for each source and one for all.
 */
#ifndef SBC_GUARD_GUARD_H
#define SBC_GUARD_GUARD_H

#include <linux/filter.h>

#include "policy/policy.h"

struct guard;

int guard_new(struct guard **out, const struct policy_limits *limits);
void guard_free(struct guard *guard);
void guard_limits(struct guard *guard, const struct policy_limits *limits);

enum guard_verdict {
	GUARD_ADMIT,
	GUARD_DROP_SOURCE, /* over its own rate: no answer */
	GUARD_SHED,	   /* over the global rate: 503 for an INVITE of a
			      known source, silence for the rest */
};
/* Bounded memory: at most 65,536 sources are remembered, idle ones go. An IPv6
 * source is its /64. A rate of 0 is no limit. */
#define GUARD_SOURCES_MAX 65536
enum guard_verdict guard_admit(struct guard *guard,
			       const struct sockaddr *source, uint64_t now_ms);
struct guard_counts {
	uint64_t admitted, dropped_source, shed;
	uint64_t overload; /* new calls refused by guard_takes_call */
	unsigned sources;
};
void guard_counts(const struct guard *guard, struct guard_counts *out);

/* What waits to be read from a listener. */
struct guard_queue {
	unsigned wait_ms; /* its oldest datagram */
	unsigned fill_m;  /* in thousandths of the queue's room */
};
/* From now on the kernel notes when a listener's datagrams came. */
void guard_queue_stamp(int fd);
/* 0, or -errno and nothing waits. */
int guard_queue_look(int fd, struct guard_queue *out);
/*
 * The worst of the listeners' queues, looked at now; to be called every few
 * milliseconds. New calls are judged by it until the next time: all are taken
 * while nothing waits for more than 250 ms, or has for less than 300 ms; none
 * when something waits for 450 ms, in between a share that falls evenly. The
 * same for a queue that stays more than half, or seven eighths, full.
 */
void guard_queued(struct guard *guard, const struct guard_queue *queue,
		  uint64_t now_ms);
/* May one more call begin? If not, it gets 503 before it costs any state. */
bool guard_takes_call(struct guard *guard);

/*
 * A filter for UDP and TCP sockets that passes packets whose IPv4 or IPv6
 * source is in one of the prefixes. Sorted and merged; when there are more than
 * fit the kernel's 4,096 instructions (or into net.core.optmem_max of this
 * one), neighbouring prefixes are widened and *widened is set. count 0 passes
 * nothing. A prefix of 0 bits passes its whole family. Returns 0 and a program
 * whose `filter` the caller frees; -ENOMEM.
 */
int guard_filter_build(struct sock_fprog *out,
		       const struct address_prefix *allowed, unsigned count,
		       bool *widened);
/* Put it on a socket, also in place of an older one; 0 or -errno, then the
 * socket has no filter. */
int guard_filter_attach(int fd, const struct sock_fprog *program);

/* The descriptors among our own that are bound to `local` (UDP sockets and
 * listening TCP sockets): nta does not hand its listeners out. */
unsigned guard_find_listeners(const struct sockaddr *local, int *fds,
			      unsigned max);

#endif
