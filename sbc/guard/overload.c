/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Overload: when requests wait too long in the listeners' queues, new calls
 * are refused while that costs next to nothing. Past saturation every call
 * that is taken makes those in progress late, they are repeated, and soon none
 * completes (RFC 6357 section 3).
 */
#include "config.h"

#include "sbc/guard/guard_private.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/*
 * How long the oldest datagram waits, and for how long that has been so.
 * Everybody repeats after T1, 500 ms, and a call's begin waits twice: the
 * INVITE here, its first answer there. A pause of 200 ms, when something else
 * had the core, is caught up with.
 */
#define OVERLOAD_FROM_MS 250
#define OVERLOAD_FULL_MS 450
/* What a pause has left is worked off by then, unless there is no room for it
 * beside what comes. */
#define OVERLOAD_LASTS_MS 300
/*
 * In thousandths of the queue's room, averaged over some looks: where the
 * system allows a short queue only, requests are lost before they wait long.
 * The last eighth stays for the calls in progress.
 */
#define OVERLOAD_FROM 500
#define OVERLOAD_FULL 875
#define OVERLOAD_MEAN 8
/* A longer wait is a step of the wall clock, by which the kernel stamps. */
#define OVERLOAD_STEP_MS 10000

void guard_queue_stamp(int fd)
{
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

/* When the datagram came that is read next; 0: there is none. */
static int64_t queue_head_ms(int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(struct timespec)) + 64];
	} control;
	struct msghdr message = {
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	struct cmsghdr *part;
	struct timespec came;

	if (recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT) < 0)
		return 0;
	for (part = CMSG_FIRSTHDR(&message); part;
	     part = CMSG_NXTHDR(&message, part)) {
		if (part->cmsg_level != SOL_SOCKET ||
		    part->cmsg_type != SO_TIMESTAMPNS)
			continue;
		memcpy(&came, CMSG_DATA(part), sizeof came);
		return (int64_t)came.tv_sec * 1000 + came.tv_nsec / 1000000;
	}
	return 0;
}

int guard_queue_look(int fd, struct guard_queue *out)
{
	uint32_t memory[SK_MEMINFO_VARS] = {0};
	socklen_t size = sizeof memory;
	struct timespec now;
	int64_t head_ms, wait_ms;

	memset(out, 0, sizeof *out);
	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &size) < 0)
		return -errno;
	if (!memory[SK_MEMINFO_RCVBUF] || !memory[SK_MEMINFO_RMEM_ALLOC])
		return 0;
	out->fill_m = (unsigned)((uint64_t)memory[SK_MEMINFO_RMEM_ALLOC] *
				 1000 / memory[SK_MEMINFO_RCVBUF]);
	head_ms = queue_head_ms(fd);
	clock_gettime(CLOCK_REALTIME, &now);
	wait_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - head_ms;
	if (head_ms && wait_ms > 0 && wait_ms < OVERLOAD_STEP_MS)
		out->wait_ms = (unsigned)wait_ms;
	return 0;
}

/* 0 up to `from`, 1000 from `full` on. */
static unsigned share(unsigned value, unsigned from, unsigned full)
{
	if (value <= from)
		return 0;
	if (value >= full)
		return 1000;
	return (value - from) * 1000 / (full - from);
}

void guard_queued(struct guard *guard, const struct guard_queue *queue,
		  uint64_t now_ms)
{
	unsigned by_wait =
		share(queue->wait_ms, OVERLOAD_FROM_MS, OVERLOAD_FULL_MS);
	unsigned fill_m = queue->fill_m, by_fill;

	/* From the first look on: the pause itself does not count. */
	if (!by_wait || !guard->late_ms)
		guard->late_ms = by_wait ? now_ms : 0;
	if (now_ms - guard->late_ms < OVERLOAD_LASTS_MS)
		by_wait = 0;

	/* In 1/8 of thousandths, so that the mean reaches what it is of. */
	guard->fill_mean += fill_m - guard->fill_mean / OVERLOAD_MEAN;
	if (guard->fill_mean / OVERLOAD_MEAN < fill_m)
		fill_m = guard->fill_mean / OVERLOAD_MEAN;
	by_fill = share(fill_m, OVERLOAD_FROM, OVERLOAD_FULL);
	guard->refuse_m = by_wait > by_fill ? by_wait : by_fill;
}

/* The share is spread evenly: of a half, every second call is refused. */
bool guard_takes_call(struct guard *guard)
{
	guard->refused_m += guard->refuse_m;
	if (guard->refused_m < 1000)
		return true;
	guard->refused_m -= 1000;
	guard->counts.overload++;
	return false;
}
