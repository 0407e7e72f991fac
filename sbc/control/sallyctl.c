/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control program: one command to the control socket, its answer out. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define DEFAULT_PATH   "/run/sallyport/control"
#define ANSWER_SECONDS 10

enum { EXIT_USAGE = 2 };

static const char usage_text[] =
	"usage: sallyctl [-s PATH] [--json] [COMMAND]\n"
	"\n"
	"  (none)      the whole state\n"
	"  calls       calls at this moment\n"
	"  call ID     one call: legs, media, why\n"
	"  explain ID  one call in plain words, also one that has ended;\n"
	"              \"last\" for the newest\n"
	"  trunks      trunks and PBXs: health, registration, calls\n"
	"  phones      registered phones\n"
	"  learned     what peers cannot take; learned forget PEER\n"
	"  hangup ID   end one call\n"
	"  reload      load the configuration again\n"
	"  drain       take no more calls, end with the last one\n"
	"\n"
	"  -s PATH     the control socket; else $SALLYPORT_CONTROL, else\n"
	"              " DEFAULT_PATH "\n"
	"  -j, --json  one JSON document\n"
	"  -h, --help  this text\n"
	"  -V          version\n";

static int usage(const char *why)
{
	fprintf(stderr, "sallyctl: %s\n%s", why, usage_text);
	return EXIT_USAGE;
}

static void cannot_connect(const char *path, int error)
{
	fprintf(stderr, "sallyctl: %s: %s\n", path, strerror(error));
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		fprintf(stderr,
			"sallyport does not run, or its control.socket is "
			"another path:\n"
			"  systemctl status sallyport, or sallyctl -s PATH\n");
		break;
	case EACCES:
	case EPERM:
		fprintf(stderr,
			"Only the program's user and its control.group may:\n"
			"  usermod -aG GROUP YOU and log in again, or use "
			"sudo\n");
		break;
	default:
		break;
	}
}

static int connect_to(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = ANSWER_SECONDS};
	int fd;

	if (strlen(path) >= sizeof at.sun_path) {
		fprintf(stderr, "sallyctl: %s: the path is too long\n", path);
		return -1;
	}
	strcpy(at.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		perror("sallyctl: socket");
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&at, sizeof at) < 0) {
		cannot_connect(path, errno);
		close(fd);
		return -1;
	}
	return fd;
}

/* ".ok" or ".error TEXT" ends the answer and is not shown as part of it. */
static int copy_answer(FILE *in)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int status = -1;

	while (status < 0 && (len = getline(&line, &size, in)) >= 0) {
		if (!strcmp(line, ".ok\n")) {
			status = EXIT_SUCCESS;
		} else if (!strncmp(line, ".error ", 7)) {
			fflush(stdout);
			fprintf(stderr, "sallyctl: %s", line + 7);
			status = EXIT_FAILURE;
		} else {
			fwrite(line, 1, (size_t)len, stdout);
		}
	}
	if (status < 0) {
		bool late = ferror(in) && (errno == EAGAIN || errno == EINTR);

		fflush(stdout);
		fprintf(stderr, "sallyctl: %s\n",
			late ? "no answer in time"
			     : "the connection ended before the answer did");
		status = EXIT_FAILURE;
	}
	free(line);
	if (fflush(stdout) == EOF) {
		perror("sallyctl: standard output");
		status = EXIT_FAILURE;
	}
	return status;
}

static int command(const char *path, const char *line)
{
	int fd = connect_to(path), status;
	FILE *in;

	if (fd < 0)
		return EXIT_FAILURE;
	/* What cannot be sent shows as an answer that does not come. */
	if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0 && errno != EPIPE)
		perror("sallyctl: send");
	in = fdopen(fd, "r");
	if (!in) {
		perror("sallyctl");
		close(fd);
		return EXIT_FAILURE;
	}
	status = copy_answer(in);
	fclose(in);
	return status;
}

static const struct {
	const char *name;
	int least, most; /* words after it */
} known[] = {
	{"calls", 0, 0},  {"call", 1, 1},    {"trunks", 0, 0},
	{"phones", 0, 0}, {"hangup", 1, 1},  {"reload", 0, 0},
	{"drain", 0, 0},  {"explain", 1, 1}, {"learned", 0, 2},
};

/* May it stand in the line that is sent? */
static bool is_one_word(const char *word)
{
	return *word && strlen(word) <= 64 && !strpbrk(word, " \t\r\n");
}

/* NULL, or what is wrong with the words after the options. */
static const char *check_words(int count, char **word)
{
	if (!count)
		return NULL;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(known[i].name, word[0]) != 0)
			continue;
		if (count - 1 < known[i].least)
			return "this command needs a call's id";
		if (count - 1 > known[i].most)
			return "too many words";
		for (int k = 1; k < count; k++)
			if (!is_one_word(word[k]))
				return "that is no call's id and no peer";
		if (!strcmp(word[0], "learned") && count > 1 &&
		    (count < 3 || strcmp(word[1], "forget") != 0))
			return "it is \"learned\" or \"learned forget PEER\"";
		return NULL;
	}
	return "unknown command";
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{0},
	};
	const char *path = getenv("SALLYPORT_CONTROL"), *wrong;
	bool json = false;
	char line[256];
	int option, len = 0;

	if (!path || !*path)
		path = DEFAULT_PATH;
	while ((option = getopt_long(argc, argv, "s:jhV", options, NULL)) >= 0)
		switch (option) {
		case 's':
			path = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return EXIT_SUCCESS;
		case 'V':
			puts("sallyctl " PACKAGE_VERSION);
			return EXIT_SUCCESS;
		default:
			fputs(usage_text, stderr);
			return EXIT_USAGE;
		}
	argc -= optind;
	argv += optind;
	wrong = check_words(argc, argv);
	if (wrong)
		return usage(wrong);
	for (int i = 0; i < argc; i++)
		len += snprintf(line + len, sizeof line - (size_t)len, "%s ",
				argv[i]);
	snprintf(line + len, sizeof line - (size_t)len, "%s\n",
		 json ? "json" : "");
	return command(path, line);
}
