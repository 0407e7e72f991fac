/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options, signals, privileges, exit status. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ares.h>
#include <openssl/crypto.h>
#include <sofia-sip/su_config.h>
#include <sofia-sip/sofia_features.h>
#include <sqlite3.h>

#include "sbc/agent.h"
#include "sbc/report/log.h"
#include "sbc/report/notify.h"

#define MAIN_CONFIG "/etc/sallyport/sallyport.conf"

enum main_exit {
	EXIT_GOOD = 0,
	EXIT_BAD = 1, /* -t found errors; could not start */
	EXIT_USAGE = 2,
	EXIT_CONFIG = 78, /* sysexits(3) EX_CONFIG */
};

struct main_options {
	const char *config, *user;
	bool test, dump, foreground;
};

static int main_usage(FILE *out)
{
	fprintf(out, "usage: sallyport [-FtTV] [-f FILE] [-u USER]\n");
	return out == stdout ? EXIT_GOOD : EXIT_USAGE;
}

static int main_version(void)
{
	printf("sallyport %s\n", PACKAGE_VERSION);
	printf("sofia-sip %s\n", SOFIA_SIP_VERSION);
	printf("openssl %s\n", OpenSSL_version(OPENSSL_VERSION_STRING));
	printf("sqlite %s\n", sqlite3_libversion());
	printf("c-ares %s\n", ares_version(NULL));
	printf("%s\n", policy_libraries());
	printf("%s\n", policy_number_library());
	printf("%s\n", media_library());
	return EXIT_GOOD;
}

/* Every fault to standard error, or `out`. 0 and the snapshot, or -errno. */
static int main_load(struct policy **policy, const struct main_options *options)
{
	struct policy_faults faults;
	struct policy_host host = {0};
	int error;

	policy_host_read(&host);
	error = policy_load(policy, options->config,
			    host.addresses ? &host : NULL, &faults);
	for (unsigned i = 0; i < faults.count; i++)
		fprintf(stderr, "%s\n", faults.line[i]);
	if (error && !faults.count)
		fprintf(stderr, "%s: error: %s\n", options->config,
			strerror(-error));
	policy_faults_free(&faults);
	policy_host_free(&host);
	return error;
}

static int main_check(const struct main_options *options)
{
	struct policy *policy;
	char *text;

	if (main_load(&policy, options))
		return EXIT_BAD;
	if (!options->dump) {
		printf("%s: good\n", options->config);
	} else if (!policy_dump(policy, &text)) {
		fputs(text, stdout);
		free(text);
	}
	policy_unref(policy);
	return EXIT_GOOD;
}

/* Root is needed by nothing here: ports are above 1024. */
static int main_become(const char *name)
{
	const struct passwd *user = getpwnam(name);

	if (!user) {
		fprintf(stderr, "sallyport: no such user: %s\n", name);
		return -ENOENT;
	}
	if (initgroups(name, user->pw_gid) || setgid(user->pw_gid) ||
	    setuid(user->pw_uid)) {
		fprintf(stderr, "sallyport: cannot become %s: %s\n", name,
			strerror(errno));
		return -errno;
	}
	return 0;
}

static void main_block_signals(void)
{
	static const int ours[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1};
	sigset_t set;

	sigemptyset(&set);
	for (unsigned i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		sigaddset(&set, ours[i]);
	/* Before any thread is made: all of them inherit it. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/*
 * Into the background: the parent waits until the child runs or fails, so that
 * its exit status tells which. Returns the descriptor to write one byte to
 * when all is well; does not return in the parent.
 */
static int main_background(void)
{
	int ready[2];
	char byte;
	pid_t child;
	int status = 0;

	child = pipe(ready) ? -1 : fork();
	if (child < 0) {
		perror("sallyport: cannot go into the background");
		exit(EXIT_BAD);
	}
	if (!child) {
		close(ready[0]);
		setsid();
		return ready[1];
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) == 1)
		_exit(EXIT_GOOD);
	waitpid(child, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_BAD);
}

/* Who started us may read our output until its end: that is now, unless the
 * status log is written there. No file system is held by our folder. */
static void main_leave_terminal(const struct policy_files *files)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    (strcmp(files->status_log, "-") != 0 &&
	     dup2(null, STDOUT_FILENO) < 0) ||
	    dup2(null, STDERR_FILENO) < 0 || chdir("/"))
		log_warning("cannot leave the terminal: %s", strerror(errno));
	if (null > STDERR_FILENO)
		close(null);
}

/* The parent's command ends, and whatever holds us to it. */
static void main_detach(int ready, const struct policy_files *files)
{
	if (write(ready, "", 1) != 1)
		log_warning("nobody waits for our start");
	close(ready);
	main_leave_terminal(files);
}

static int main_run_agent(struct policy *policy, const char *config, int ready)
{
	const struct policy_files *files = policy_files(policy);
	struct agent *agent;
	char why[512] = "";
	int status;

	if (log_start(files->status_log, files->log_level, why, sizeof(why))) {
		fprintf(stderr, "sallyport: %s\n", why);
		policy_unref(policy);
		return EXIT_BAD;
	}
	if (log_messages(files->messages, why, sizeof(why))) {
		log_error("%s", why);
		log_stop();
		policy_unref(policy);
		return EXIT_BAD;
	}
	if (agent_new(&agent, policy, config, why, sizeof(why))) {
		log_error("%s", why);
		log_stop();
		return EXIT_BAD;
	}
	log_settle(ready >= 0);
	if (ready >= 0)
		main_detach(ready, files);
	notify_ready(NULL);
	status = agent_run(agent);
	agent_free(agent);
	log_stop();
	return status;
}

/* In the background from the root: what is opened later, by a reload or
 * USR1, is found by its whole path. */
static char *main_whole_path(const char *path)
{
	char *folder = path[0] == '/' ? NULL : getcwd(NULL, 0), *whole;

	if (!folder)
		return strdup(path);
	if (asprintf(&whole, "%s/%s", folder, path) < 0)
		whole = NULL;
	free(folder);
	return whole;
}

static int main_run(struct main_options *options)
{
	struct policy *policy;
	int ready = -1, status;
	char *whole = NULL;

	if (!options->foreground)
		options->config = whole = main_whole_path(options->config);
	/* First: what that user cannot read, a reload could not read. */
	if (options->user && main_become(options->user)) {
		free(whole);
		return EXIT_BAD;
	}
	if (!options->config || main_load(&policy, options)) {
		free(whole);
		return EXIT_CONFIG;
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!options->foreground)
		ready = main_background();
	main_block_signals();
	status = main_run_agent(policy, options->config, ready);
	free(whole);
	return status;
}

int main(int argc, char **argv)
{
	struct main_options options = {.config = MAIN_CONFIG};
	int option;

	while ((option = getopt(argc, argv, "f:FhtTu:V")) != -1) {
		switch (option) {
		case 'f':
			options.config = optarg;
			break;
		case 'F':
			options.foreground = true;
			break;
		case 'h':
			return main_usage(stdout);
		case 't':
			options.test = true;
			break;
		case 'T':
			options.test = options.dump = true;
			break;
		case 'u':
			options.user = optarg;
			break;
		case 'V':
			return main_version();
		default:
			return main_usage(stderr);
		}
	}
	if (optind != argc)
		return main_usage(stderr);
	return options.test ? main_check(&options) : main_run(&options);
}
