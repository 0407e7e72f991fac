/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Overload: when requests wait in the listeners' queues, new calls are refused
 * while that costs next to nothing. Past saturation every call that is taken
 * makes those in progress late, they are repeated, and soon none completes
 * (RFC 6357 section 3).
 */
#include "config.h"

#include "sbc/guard/guard_private.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * In thousandths of the queue's room. Half a queue of NETWORK_QUEUE_BYTES is
 * some 150 ms of work, well before T1 lets everybody repeat; the last eighth
 * stays for the calls in progress.
 */
#define OVERLOAD_FROM 500
#define OVERLOAD_FULL 875

int guard_queue_fill(int fd)
{
	uint32_t memory[SK_MEMINFO_VARS] = {0};
	socklen_t size = sizeof memory;

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &size) < 0)
		return -errno;
	if (!memory[SK_MEMINFO_RCVBUF])
		return 0;
	return (int)((uint64_t)memory[SK_MEMINFO_RMEM_ALLOC] * 1000 /
		     memory[SK_MEMINFO_RCVBUF]);
}

void guard_queue(struct guard *guard, unsigned fill_m)
{
	if (fill_m <= OVERLOAD_FROM)
		guard->refuse_m = 0;
	else if (fill_m >= OVERLOAD_FULL)
		guard->refuse_m = 1000;
	else
		guard->refuse_m = (fill_m - OVERLOAD_FROM) * 1000 /
				  (OVERLOAD_FULL - OVERLOAD_FROM);
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
