/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control socket's file: made for the few, and removed only if it is ours.
 */
#include "config.h"

#include "sbc/control/ctl_socket.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket file that nobody listens on, left by a program that was killed. */
static bool stale(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool refused;

	if (fd < 0)
		return false;
	refused = connect(fd, (const struct sockaddr *)at, sizeof *at) < 0 &&
		  errno == ECONNREFUSED;
	close(fd);
	return refused;
}

static int fail(int error, char *why, size_t size, const char *path,
		const char *what)
{
	snprintf(why, size, "control socket %s: %s%s%s", path,
		 what ? what : strerror(error), "; ",
		 error == EACCES || error == ENOENT
			 ? "the folder must exist and be writable for the "
			   "program's user, or set control.socket"
			 : "set control.socket to another path");
	return -error;
}

static int bind_file(struct ctl_socket *out, const char *path, char *why,
		     size_t size)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct stat file;

	if (strlen(path) >= sizeof at.sun_path)
		return fail(ENAMETOOLONG, why, size, path,
			    "the path is longer than 107 bytes");
	strcpy(at.sun_path, path);
	out->fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (out->fd < 0)
		return fail(errno, why, size, path, NULL);
	/* The file is made with this mode: it is never open to all. */
	fchmod(out->fd, 0660);
	if (bind(out->fd, (struct sockaddr *)&at, sizeof at) < 0) {
		if (errno != EADDRINUSE)
			return fail(errno, why, size, path, NULL);
		if (lstat(path, &file) == 0 && !S_ISSOCK(file.st_mode))
			return fail(EEXIST, why, size, path,
				    "a file that is no socket stands there");
		if (!stale(&at))
			return fail(EADDRINUSE, why, size, path,
				    "another sallyport runs with it");
		if (unlink(path) < 0 ||
		    bind(out->fd, (struct sockaddr *)&at, sizeof at) < 0)
			return fail(errno, why, size, path, NULL);
	}
	if (lstat(path, &file) == 0) {
		out->device = file.st_dev;
		out->inode = file.st_ino;
	}
	return 0;
}

static int give_to_group(const char *path, const char *group, char *why,
			 size_t size)
{
	struct group *entry;

	/* A strict umask took the group's rights away. */
	if (chmod(path, 0660) < 0)
		return fail(errno, why, size, path, NULL);
	if (!group)
		return 0;
	entry = getgrnam(group);
	if (!entry) {
		snprintf(why, size, "control.group: there is no group \"%s\"",
			 group);
		return -ENOENT;
	}
	if (chown(path, (uid_t)-1, entry->gr_gid) < 0) {
		int error = errno;

		snprintf(why, size,
			 "control socket %s: cannot be given to the group %s: "
			 "%s; make the program's user a member",
			 path, group, strerror(error));
		return -error;
	}
	return 0;
}

int ctl_socket_open(struct ctl_socket *out, const char *path, const char *group,
		    int backlog, char *why, size_t size)
{
	int rc;

	*out = (struct ctl_socket){.fd = -1};
	rc = bind_file(out, path, why, size);
	if (!rc)
		rc = give_to_group(path, group, why, size);
	if (!rc && listen(out->fd, backlog) < 0)
		rc = fail(errno, why, size, path, NULL);
	if (rc)
		ctl_socket_close(out, path);
	return rc;
}

void ctl_socket_close(struct ctl_socket *listener, const char *path)
{
	struct stat file;

	if (listener->fd >= 0)
		close(listener->fd);
	if (listener->inode && lstat(path, &file) == 0 &&
	    file.st_dev == listener->device && file.st_ino == listener->inode)
		unlink(path);
	*listener = (struct ctl_socket){.fd = -1};
}
