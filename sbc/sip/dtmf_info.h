/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A key press in the body of an INFO: application/dtmf-relay ("Signal=5",
 * "Duration=160") and application/dtmf ("5"). Pure.
 */
#ifndef SBC_SIP_DTMF_INFO_H
#define SBC_SIP_DTMF_INFO_H

#include <stdbool.h>
#include <stddef.h>

#define DTMF_INFO_TYPE	      "application/dtmf-relay"
#define DTMF_INFO_DURATION_MS 160 /* when none is said */
#define DTMF_INFO_SHORTEST_MS 40
#define DTMF_INFO_LONGEST_MS  6000

/* Is this one of the two types? Parameters do not matter. */
bool dtmf_info_is(const char *content_type);

/*
 * *digit   one of 0-9 * # A-D, and ! for a flash; 10 and 11 are * and #
 * *duration_ms  within the two limits above
 * 0; -EINVAL: no key, or more than one.
 */
int dtmf_info_read(char *digit, unsigned *duration_ms, const char *body,
		   size_t len);

/* A body of DTMF_INFO_TYPE. Its length; 0 if the digit is none. */
size_t dtmf_info_write(char *out, size_t size, char digit,
		       unsigned duration_ms);

#endif
