/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many TCP connections one address may hold. The stack has no limit of its
 * own and does not hand its connections out, so they are counted from outside.
 */
#ifndef SBC_GUARD_CONNECTIONS_H
#define SBC_GUARD_CONNECTIONS_H

#include <stdbool.h>
#include <sys/socket.h>

/* May this far end hold connections at all? */
typedef bool connections_known(void *arg, const struct sockaddr *far);

/*
 * Shut down our accepted connections on `local` of those who may hold none,
 * and the newest of any address that holds more than `most` (0: no limit).
 * The stack then sees their end and frees them. Walks /proc/self/net/tcp, and
 * our descriptors only if there may be one to end.
 *
 * known  asked for each; NULL: everybody may, a filter sees to it
 * Returns how many were shut down.
 */
unsigned connections_trim(const struct sockaddr *local, unsigned most,
			  connections_known *known, void *arg);

/*
 * Connections are noticed as they come: a descriptor that is readable when one
 * came to a listener that is watched. -errno.
 */
int arrivals_new(void);
/* Watch this listening socket, until it is closed; once more is no fault, and
 * a socket for datagrams is not watched. */
void arrivals_watch(int arrivals, int listener);
/* What came was seen. */
void arrivals_clear(int arrivals);

#endif
