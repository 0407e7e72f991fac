/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control socket: a Unix stream socket with permissions. A client sends
 * one line, "COMMAND [ARGUMENT] [json]", and reads the answer until the end.
 * The last line of an answer is ".ok" or ".error TEXT".
 * Long answers are written in pieces, so the loop never stalls.
 */
#ifndef SBC_CONTROL_CTL_H
#define SBC_CONTROL_CTL_H

#include <stddef.h>

struct agent;
struct ctl;

/* 0660, owned by the program's user and `group` (NULL: its own group). A stale
 * socket file that nobody listens on is replaced. 0 or -errno with `why`. */
int ctl_new(struct ctl **out, struct agent *agent, const char *path,
	    const char *group, char *why, size_t why_size);
/* Also from within a command (a reload that moves the socket): then it goes
 * when the command is done. The agent's root must still live. */
void ctl_free(struct ctl *ctl);

#endif
