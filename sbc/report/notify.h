/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What systemd is told, by sd_notify(3)'s protocol: one datagram to
 * $NOTIFY_SOCKET. Without that variable nothing is sent.
 */
#ifndef SBC_REPORT_NOTIFY_H
#define SBC_REPORT_NOTIFY_H

/* Each returns 0, also without $NOTIFY_SOCKET, or -errno. Never blocks. */
int notify_ready(const char *status); /* "3 networks, 2 trunks"; or NULL */
int notify_reloading(void);
int notify_stopping(void);
int notify_watchdog(void);
/* How often notify_watchdog is due: half of $WATCHDOG_USEC, if that is meant
 * for this process. 0: no watchdog. */
unsigned notify_watchdog_ms(void);

#endif
