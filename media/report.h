/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sender reports of ours (RFC 3550 section 6.4.1), toward a side that hears
 * our own packets while nobody else reports on the stream. Pure over state
 * and time.
 */
#ifndef MEDIA_REPORT_H
#define MEDIA_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/line.h"

struct report {
	int64_t due_ns; /* 0: none was ever planned */
	int64_t ntp_ns; /* when `ntp` was told; 0: never */
	uint64_t ntp;	/* the last wallclock told: the source's, or ours */
};

/* SR and SDES. */
#define REPORT_LEN 48

/* This compound packet of the source went out: if it is a sender report, ours
 * waits, and tells the source's time on. */
void report_heard(struct report *report, const struct line *line,
		  const uint8_t *buf, size_t len, int64_t now_ns);

/* Is one of ours due behind the packet that was just sent? Only on a stream
 * whose SSRC and CNAME are ours; each about 5 s behind the last. */
bool report_is_due(struct report *report, const struct line *line,
		   int64_t now_ns);

/* Write it; wall_ns: nanoseconds since 1970. Returns REPORT_LEN. */
size_t report_write(struct report *report, const struct line *line,
		    uint8_t buf[REPORT_LEN], int64_t now_ns, int64_t wall_ns);

#endif
