/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The limit of open files: raised, and compared with the calls it is for. */
#include "config.h"

#include "sbc/descriptors.h"

#include <stdio.h>
#include <sys/resource.h>

#define A_CALL	 4
#define THE_REST 256 /* listeners, connections, files */

void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

bool descriptors_short(unsigned calls, char *why, size_t why_size)
{
	unsigned long long need = (unsigned long long)calls * A_CALL + THE_REST;
	unsigned long long have;
	struct rlimit limit;

	if (!calls || getrlimit(RLIMIT_NOFILE, &limit) ||
	    limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= need)
		return false;
	have = limit.rlim_cur;
	snprintf(why, why_size,
		 "the limit of open files is %llu, enough for %llu calls; "
		 "limits.max_calls is %u: set LimitNOFILE=%llu in the unit "
		 "file, or ulimit -Hn %llu before the start",
		 have, have > THE_REST ? (have - THE_REST) / A_CALL : 0, calls,
		 need, need);
	return true;
}
