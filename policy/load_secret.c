/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passwords: given in place, or alone in a file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/load.h"
#include "policy/unit.h"

#define SECRET_MAX 128

/* Errors of files: returns the length, or -1 after reporting. */
static ssize_t read_secret(const struct section *section, unsigned line,
			   const char *path, char buf[SECRET_MAX + 3])
{
	const struct load_file *file = section->source;
	struct stat st;
	ssize_t len = -1;
	/* Not blocking: a FIFO of that name must not hold up a reload. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) < 0) {
		load_error(file, line, "password_file \"%.200s\": %s", path,
			   strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		load_error(file, line, "password_file \"%.200s\" is no file",
			   path);
	} else {
		len = read(fd, buf, SECRET_MAX + 3);
		if (len < 0)
			load_error(file, line, "password_file \"%.200s\": %s",
				   path, strerror(errno));
		if (st.st_mode & S_IROTH)
			load_warning(file, line,
				     "password_file \"%.200s\" can be read by "
				     "every user: chmod o-r it",
				     path);
	}
	if (fd >= 0)
		close(fd);
	return len;
}

static const char *secret_of_file(const struct section *section,
				  const char *path)
{
	const struct load_file *file = section->source;
	unsigned line = load_key_line(section, "password_file");
	char buf[SECRET_MAX + 4];

	if (!file->dir)
		return "secret";
	ssize_t len = read_secret(section, line, path, buf);
	if (len < 0)
		return NULL;
	if (len > 0 && buf[len - 1] == '\n')
		len--;
	if (len > 0 && buf[len - 1] == '\r')
		len--;
	buf[len] = '\0';
	const char *wrong = NULL;
	if (len == 0)
		wrong = "is empty";
	else if (len > SECRET_MAX)
		wrong = "holds more than 128 bytes";
	else if (strlen(buf) != (size_t)len || text_has_control(buf))
		wrong = "holds more than one line or a control character";
	else if (!text_is_utf8(buf))
		wrong = "is not UTF-8";
	if (wrong) {
		load_error(file, line, "password_file \"%.200s\" %s", path,
			   wrong);
		return NULL;
	}
	return arena_text(&file->load->policy->arena, buf, (size_t)len);
}

const char *load_secret(const struct section *section, const char *password,
			const char *path)
{
	struct load_file *file = (struct load_file *)(uintptr_t)section->source;

	if (load_is_set(section, "password") &&
	    load_is_set(section, "password_file")) {
		load_error(file, load_key_line(section, "password_file"),
			   "both \"password\" and \"password_file\" are given");
		return password;
	}
	if (password && file->exposed && !file->exposed_told) {
		load_warning(file, load_key_line(section, "password"),
			     "a password stands in a file that every user can "
			     "read: use password_file, or chmod o-r it");
		file->exposed_told = true;
	}
	return path ? secret_of_file(section, path) : password;
}
