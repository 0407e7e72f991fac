/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A request that must not be longer than its peer takes over UDP
 * (`max_message`): what is left out, in this order, one step after the other
 * until it fits:
 *
 * | step       | what                                                       |
 * |------------|------------------------------------------------------------|
 * | headers    | names in their compact form                                |
 * | attributes | a= lines that the media flow without: all but rtpmap, fmtp,|
 * |            | ptime, direction, rtcp, mid, and what keys are agreed by   |
 * | rtpmap     | of payload types whose meaning is fixed (RFC 3551)         |
 * | codecs     | one at a time, the least wanted of the last m= line first; |
 * |            | each m= line keeps its first and telephone-event           |
 * | keys       | further a=crypto lines of an m= line, all but the first    |
 *
 * No m= line vanishes. What is too long even then is sent as it is: over UDP.
 */
#ifndef SBC_SIP_DIET_H
#define SBC_SIP_DIET_H

#include <stdbool.h>
#include <stddef.h>

struct diet {
	unsigned limit;	    /* max_message */
	unsigned was, is;   /* bytes of the request */
	char left_out[128]; /* "headers,attributes,G722,GSM"; "": nothing */
};

/*
 * Leave the next thing out of `body`, an SDP text of our own that ends with 0
 * and is shortened in place. Returns its name ("attributes", "rtpmap", a
 * codec's name as the body has it, in `name`, or "keys"); NULL: nothing is
 * left to leave out.
 */
const char *diet_body(char *body, char name[24]);

/* Shorten until `headers` bytes and the body together fit. */
void diet_fit(struct diet *diet, size_t headers, size_t compact, char *body);

#endif
