/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The listening Unix socket and its file. Internal to sbc/control. */
#ifndef SBC_CONTROL_CTL_SOCKET_H
#define SBC_CONTROL_CTL_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

struct ctl_socket {
	int fd;	      /* -1: none */
	dev_t device; /* of the file, to remove only ours */
	ino_t inode;
};

/* Mode 0660, for `group` (NULL: the program's own). A stale file that nobody
 * listens on is replaced. 0, or -errno with `why` and nothing left open. */
int ctl_socket_open(struct ctl_socket *out, const char *path, const char *group,
		    int backlog, char *why, size_t size);
/* Removes the file, too, unless another stands there now. */
void ctl_socket_close(struct ctl_socket *listener, const char *path);

#endif
