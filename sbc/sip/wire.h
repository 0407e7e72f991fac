/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What of the library's own sending is replaced, because wire bytes could
 * end or stall the program by it (wire.c tells how).
 */
#ifndef SBC_SIP_WIRE_H
#define SBC_SIP_WIRE_H

#include <stdbool.h>
#include <sofia-sip/sip.h>

/*
 * Can an answer to this request reach who sent it? Not if its Via tells the
 * library to send it somewhere else (maddr) or to port 0: such a request is
 * dropped, not answered.
 */
bool wire_answerable(const sip_t *sip);

/*
 * A Call-ID of 128 random bits. The library's own is a time-based UUID that
 * ends with the hardware address of our first interface, seldom the outer
 * one. Returns out; NULL if there is no randomness.
 */
#define WIRE_CALL_ID_MAX 33
const char *wire_call_id(char out[WIRE_CALL_ID_MAX]);

#endif
