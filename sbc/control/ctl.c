/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control socket, served inside the signalling loop. A client is in one of
 * two states: its line is read, then its answer is written; a piece of a long
 * answer is rendered when the one before it has gone.
 */
#include "config.h"

#include "sbc/control/ctl.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SU_ROOT_MAGIC_T struct agent
#define SU_WAKEUP_ARG_T void
#define SU_TIMER_ARG_T	struct ctl

#include "sbc/agent.h"
#include "sbc/call/learn.h"
#include "sbc/control/ctl_show.h"
#include "sbc/control/show.h"

#define CLIENTS_MAX 16
#define LINE_BYTES  1024
#define IDLE_MS	    5000
#define TICK_MS	    1000

struct client {
	TAILQ_ENTRY(client) entry;
	struct ctl *ctl;
	int fd, wait;	    /* wait: index in the loop */
	uint64_t active_ms; /* last byte either way */
	char line[LINE_BYTES + 1];
	size_t line_len;
	bool answering, done; /* done: the answer is all in `show` */
	struct show show;
	size_t sent;
	struct ctl_cursor cursor;
	bool (*more)(struct show *show, struct agent *agent,
		     struct ctl_cursor *cursor);
};

struct ctl {
	struct agent *agent;
	char *path;
	int fd, wait;
	dev_t device; /* of the socket file, to remove only ours */
	ino_t inode;
	su_timer_t *timer; /* runs while there are clients */
	uint64_t since_ms;
	TAILQ_HEAD(clients, client) clients;
	unsigned count;
	unsigned busy; /* commands being run */
	bool deaf;     /* no descriptors left: listens again next tick */
	bool dead;     /* ctl_free came from one of them */
};

static void answer(struct client *client);

/* --- clients ------------------------------------------------------------ */

static void client_free(struct client *client)
{
	struct ctl *ctl = client->ctl;
	char rest[4096];

	TAILQ_REMOVE(&ctl->clients, client, entry);
	ctl->count--;
	su_root_deregister(ctl->agent->root, client->wait);
	/* Unread input would make the kernel throw our answer away. */
	for (int i = 0; i < 4; i++)
		if (recv(client->fd, rest, sizeof rest, MSG_DONTWAIT) <= 0)
			break;
	close(client->fd);
	show_clear(&client->show);
	free(client);
}

static void finish(struct client *client, const char *error)
{
	struct show *show = &client->show;

	if (show->len && show->text[show->len - 1] != '\n')
		show_raw(show, "\n");
	if (show->broken) {
		show->len = client->sent = 0;
		show->broken = false;
		error = "out of memory";
	}
	if (error) {
		show_raw(show, ".error ");
		show_raw(show, error);
		show_raw(show, "\n");
	} else {
		show_raw(show, ".ok\n");
	}
	client->done = true;
}

/* --- commands ----------------------------------------------------------- */

static void run_state(struct client *client, char *const *word)
{
	(void)word;
	ctl_show_state(&client->show, client->ctl->agent,
		       client->ctl->since_ms);
	finish(client, NULL);
}

static void run_calls(struct client *client, char *const *word)
{
	(void)word;
	client->more = ctl_show_calls;
}

static void run_phones(struct client *client, char *const *word)
{
	(void)word;
	client->more = ctl_show_phones;
}

static void run_trunks(struct client *client, char *const *word)
{
	(void)word;
	ctl_show_trunks(&client->show, client->ctl->agent);
	finish(client, NULL);
}

static void run_call(struct client *client, char *const *word)
{
	if (ctl_show_call(&client->show, word[0]))
		finish(client, "no such call; \"calls\" lists them");
	else
		finish(client, NULL);
}

/* What was done, as a line or as {"done": ...}. */
static void done(struct client *client, const char *what)
{
	show_open(&client->show, NULL, NULL);
	show_line(&client->show, "done", what);
	show_close(&client->show);
	finish(client, NULL);
}

static void run_hangup(struct client *client, char *const *word)
{
	if (agent_hangup(client->ctl->agent, word[0]))
		finish(client, "no such call; \"calls\" lists them");
	else
		done(client, "the call is being ended");
}

static void run_explain(struct client *client, char *const *word)
{
	if (ctl_show_explain(&client->show, word[0]))
		finish(client, "no such call among those that live and the "
			       "last 500 that ended");
	else
		finish(client, NULL);
}

static void run_learned(struct client *client, char *const *word)
{
	struct agent *agent = client->ctl->agent;

	if (!word[0]) {
		ctl_show_learned(&client->show, agent);
		finish(client, NULL);
	} else if (strcmp(word[0], "forget") != 0 || !word[1]) {
		finish(client, "it is \"learned\" or \"learned forget PEER\"");
	} else if (!agent->learn || !learn_forget(agent->learn, word[1])) {
		finish(client, "nothing was learned of that peer");
	} else {
		agent_relearn(agent, word[1]);
		done(client, "forgotten; the peer's next such request is "
			     "tried again");
	}
}

static void run_drain(struct client *client, char *const *word)
{
	(void)word;
	agent_drain(client->ctl->agent);
	done(client, "no more calls are taken; the program ends with the "
		     "last one");
}

static void show_faults(struct show *show, char *faults)
{
	char *rest = faults, *line;

	show_open(show, NULL, NULL);
	show_list_open(show, "faults");
	while ((line = strsep(&rest, "\n")))
		if (*line)
			show_line(show, NULL, line);
	show_list_close(show);
	show_close(show);
}

static void run_reload(struct client *client, char *const *word)
{
	char *why = NULL;
	int rc;

	(void)word;
	rc = agent_reload(client->ctl->agent, &why);
	if (rc) {
		if (why)
			show_faults(&client->show, why);
		finish(client, rc == -EINVAL ? "the configuration is broken, "
					       "the old policy stays in force"
					     : strerror(-rc));
	} else {
		done(client, "the new policy is in force");
	}
	free(why);
}

static const struct command {
	const char *name;
	unsigned least, most; /* words after it */
	void (*run)(struct client *client, char *const *word);
} commands[] = {
	{"", 0, 0, run_state},		{"calls", 0, 0, run_calls},
	{"call", 1, 1, run_call},	{"trunks", 0, 0, run_trunks},
	{"phones", 0, 0, run_phones},	{"hangup", 1, 1, run_hangup},
	{"reload", 0, 0, run_reload},	{"drain", 0, 0, run_drain},
	{"explain", 1, 1, run_explain}, {"learned", 0, 2, run_learned},
};

static const struct command *command_named(const char *name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* "COMMAND [ARGUMENT...] [json]" */
static void run_line(struct client *client)
{
	char *word[5] = {"", NULL}, *rest = client->line, *at;
	const struct command *command;
	unsigned words = 0;

	while ((at = strsep(&rest, " \t\r")))
		if (*at && words < 4)
			word[words++] = at;
	if (words && !strcmp(word[words - 1], "json")) {
		client->show.json = true;
		word[--words] = NULL;
	}
	command = command_named(words ? word[0] : "");
	if (!command)
		finish(client, "unknown command; known are calls, call ID, "
			       "explain ID, trunks, phones, learned, hangup "
			       "ID, reload, drain");
	else if (words && words - 1 < command->least)
		finish(client, "this command needs a call's id");
	else if (words > 1 + command->most)
		finish(client, "too many words");
	else
		command->run(client, word + 1);
}

/* --- reading and writing ------------------------------------------------ */

static void client_listen(struct client *client, int events)
{
	su_root_eventmask(client->ctl->agent->root, client->wait, client->fd,
			  events);
}

/* True: one more piece may go now. False: the client is gone, or waits. */
static bool client_write(struct client *client)
{
	struct show *show = &client->show;

	while (client->sent < show->len) {
		ssize_t n = send(client->fd, show->text + client->sent,
				 show->len - client->sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n < 0) {
			client_free(client);
			return false;
		}
		client->sent += (size_t)n;
		client->active_ms = agent_now_ms();
	}
	show->len = client->sent = 0;
	return true;
}

/* One piece a turn: the loop has calls to serve. */
static void answer(struct client *client)
{
	if (!client_write(client))
		return;
	if (client->done) {
		client_free(client);
		return;
	}
	if (client->more(&client->show, client->ctl->agent, &client->cursor))
		finish(client, NULL);
	else if (client->show.broken)
		finish(client, NULL);
}

static void ctl_destroy(struct ctl *ctl);

static void begin_answer(struct client *client)
{
	struct ctl *ctl = client->ctl;

	client->answering = true;
	client_listen(client, SU_WAIT_OUT);
	ctl->busy++;
	run_line(client);
	ctl->busy--;
	if (ctl->dead)
		ctl_destroy(ctl);
	else
		answer(client);
}

static void client_read(struct client *client)
{
	ssize_t n = recv(client->fd, client->line + client->line_len,
			 LINE_BYTES - client->line_len, MSG_DONTWAIT);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 || (n == 0 && !client->line_len)) {
		client_free(client);
		return;
	}
	client->active_ms = agent_now_ms();
	client->line_len += (size_t)n;
	client->line[client->line_len] = '\0';
	end = memchr(client->line, '\n', client->line_len);
	if (end) {
		*end = '\0';
		begin_answer(client);
	} else if (n == 0) {
		begin_answer(client);
	} else if (client->line_len == LINE_BYTES) {
		client->answering = true;
		client_listen(client, SU_WAIT_OUT);
		finish(client, "the line is longer than 1024 bytes");
		answer(client);
	}
}

static int on_client(struct agent *agent, su_wait_t *wait, void *arg)
{
	struct client *client = arg;

	(void)agent;
	(void)wait;
	if (client->answering)
		answer(client);
	else
		client_read(client);
	return 0;
}

/* --- the listener ------------------------------------------------------- */

static void on_tick(su_root_magic_t *magic, su_timer_t *timer, struct ctl *ctl)
{
	uint64_t now_ms = agent_now_ms();
	struct client *client = TAILQ_FIRST(&ctl->clients), *next;

	(void)magic;
	for (; client; client = next) {
		next = TAILQ_NEXT(client, entry);
		if (now_ms - client->active_ms > IDLE_MS)
			client_free(client);
	}
	if (ctl->deaf) {
		ctl->deaf = false;
		su_root_eventmask(ctl->agent->root, ctl->wait, ctl->fd,
				  SU_WAIT_ACCEPT);
	}
	if (ctl->count)
		su_timer_set_interval(timer, on_tick, ctl, TICK_MS);
}

static int client_new(struct ctl *ctl, int fd)
{
	struct client *client = calloc(1, sizeof *client);
	su_wait_t wait[1] = {SU_WAIT_INIT};

	if (!client)
		return -ENOMEM;
	client->ctl = ctl;
	client->fd = fd;
	client->active_ms = agent_now_ms();
	if (su_wait_create(wait, fd, SU_WAIT_IN) < 0) {
		free(client);
		return -EMFILE;
	}
	client->wait =
		su_root_register(ctl->agent->root, wait, on_client, client, 0);
	if (client->wait <= 0) {
		su_wait_destroy(wait);
		free(client);
		return -EMFILE;
	}
	TAILQ_INSERT_TAIL(&ctl->clients, client, entry);
	if (!ctl->count++)
		su_timer_set_interval(ctl->timer, on_tick, ctl, TICK_MS);
	return 0;
}

static int on_connect(struct agent *agent, su_wait_t *wait, void *arg)
{
	static const char full[] = ".error too many clients\n";
	struct ctl *ctl = arg;
	int fd = accept4(ctl->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)agent;
	(void)wait;
	if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
		/* Whoever waits there would make the loop spin. */
		ctl->deaf = true;
		su_root_eventmask(ctl->agent->root, ctl->wait, ctl->fd, 0);
		su_timer_set_interval(ctl->timer, on_tick, ctl, TICK_MS);
	}
	if (fd < 0)
		return 0;
	if (ctl->count >= CLIENTS_MAX || client_new(ctl, fd)) {
		send(fd, full, sizeof full - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		close(fd);
	}
	return 0;
}

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

static int open_socket(struct ctl *ctl, char *why, size_t size)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct stat file;
	const char *path = ctl->path;

	if (strlen(path) >= sizeof at.sun_path)
		return fail(ENAMETOOLONG, why, size, path,
			    "the path is longer than 107 bytes");
	strcpy(at.sun_path, path);
	ctl->fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (ctl->fd < 0)
		return fail(errno, why, size, path, NULL);
	/* The file is made with this mode: it is never open to all. */
	fchmod(ctl->fd, 0660);
	if (bind(ctl->fd, (struct sockaddr *)&at, sizeof at) < 0) {
		if (errno != EADDRINUSE)
			return fail(errno, why, size, path, NULL);
		if (lstat(path, &file) == 0 && !S_ISSOCK(file.st_mode))
			return fail(EEXIST, why, size, path,
				    "a file that is no socket stands there");
		if (!stale(&at))
			return fail(EADDRINUSE, why, size, path,
				    "another sallyport runs with it");
		if (unlink(path) < 0 ||
		    bind(ctl->fd, (struct sockaddr *)&at, sizeof at) < 0)
			return fail(errno, why, size, path, NULL);
	}
	if (lstat(path, &file) == 0) {
		ctl->device = file.st_dev;
		ctl->inode = file.st_ino;
	}
	return 0;
}

static int give_to_group(const struct ctl *ctl, const char *group, char *why,
			 size_t size)
{
	struct group *entry;

	/* A strict umask took the group's rights away. */
	if (chmod(ctl->path, 0660) < 0)
		return fail(errno, why, size, ctl->path, NULL);
	if (!group)
		return 0;
	entry = getgrnam(group);
	if (!entry) {
		snprintf(why, size, "control.group: there is no group \"%s\"",
			 group);
		return -ENOENT;
	}
	if (chown(ctl->path, (uid_t)-1, entry->gr_gid) < 0) {
		int error = errno;

		snprintf(why, size,
			 "control socket %s: cannot be given to the group %s: "
			 "%s; make the program's user a member",
			 ctl->path, group, strerror(error));
		return -error;
	}
	return 0;
}

int ctl_new(struct ctl **out, struct agent *agent, const char *path,
	    const char *group, char *why, size_t why_size)
{
	struct ctl *ctl = calloc(1, sizeof *ctl);
	su_wait_t wait[1] = {SU_WAIT_INIT};
	int rc = -ENOMEM;

	snprintf(why, why_size, "control socket %s: %s", path,
		 strerror(ENOMEM));
	if (!ctl)
		return rc;
	ctl->agent = agent;
	ctl->fd = ctl->wait = -1;
	ctl->since_ms = agent_now_ms();
	TAILQ_INIT(&ctl->clients);
	ctl->path = strdup(path);
	ctl->timer = su_timer_create(su_root_task(agent->root), TICK_MS);
	if (!ctl->path || !ctl->timer)
		goto fail;
	rc = open_socket(ctl, why, why_size);
	if (rc)
		goto fail;
	rc = give_to_group(ctl, group, why, why_size);
	if (rc)
		goto fail;
	if (listen(ctl->fd, CLIENTS_MAX) < 0 ||
	    su_wait_create(wait, ctl->fd, SU_WAIT_ACCEPT) < 0) {
		rc = fail(errno, why, why_size, path, NULL);
		goto fail;
	}
	ctl->wait = su_root_register(agent->root, wait, on_connect, ctl, 0);
	if (ctl->wait <= 0) {
		su_wait_destroy(wait);
		rc = -ENOMEM;
		goto fail;
	}
	*out = ctl;
	return 0;
fail:
	ctl_destroy(ctl);
	return rc;
}

static void ctl_destroy(struct ctl *ctl)
{
	struct stat file;

	while (!TAILQ_EMPTY(&ctl->clients))
		client_free(TAILQ_FIRST(&ctl->clients));
	if (ctl->wait > 0)
		su_root_deregister(ctl->agent->root, ctl->wait);
	if (ctl->timer)
		su_timer_destroy(ctl->timer);
	if (ctl->fd >= 0)
		close(ctl->fd);
	if (ctl->inode && lstat(ctl->path, &file) == 0 &&
	    file.st_dev == ctl->device && file.st_ino == ctl->inode)
		unlink(ctl->path);
	free(ctl->path);
	free(ctl);
}

void ctl_free(struct ctl *ctl)
{
	if (!ctl)
		return;
	/* A command of ours led here: it is still on the stack. */
	if (ctl->busy)
		ctl->dead = true;
	else
		ctl_destroy(ctl);
}
