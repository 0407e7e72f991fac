/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control socket, served inside the signalling loop. A client is in one of
 * two states: its line is read, then its answer is written; a piece of a long
 * answer is rendered when the one before it has gone.
 */
#include "config.h"

#include "sbc/control/ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#define SU_ROOT_MAGIC_T struct agent
#define SU_WAKEUP_ARG_T void
#define SU_TIMER_ARG_T	struct ctl

#include "sbc/agent.h"
#include "sbc/control/ctl_command.h"
#include "sbc/control/ctl_socket.h"

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
	bool answering;
	struct ctl_answer answer;
	size_t sent; /* of answer.show */
};

struct ctl {
	struct agent *agent;
	char *path;
	struct ctl_socket listener;
	int wait;
	su_timer_t *timer; /* runs while there are clients */
	uint64_t since_ms;
	TAILQ_HEAD(clients, client) clients;
	unsigned count;
	unsigned busy; /* commands being run */
	bool deaf;     /* no descriptors left: listens again next tick */
	bool dead;     /* ctl_free came from one of them */
};

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
	show_clear(&client->answer.show);
	free(client);
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
	struct show *show = &client->answer.show;

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
	struct ctl_answer *text = &client->answer;

	if (!client_write(client))
		return;
	if (text->done)
		client_free(client);
	else if (text->more(&text->show, text->agent, &text->cursor) ||
		 text->show.broken)
		ctl_answer_end(text, NULL);
}

static void ctl_destroy(struct ctl *ctl);

static void begin_answer(struct client *client)
{
	struct ctl *ctl = client->ctl;

	client->answering = true;
	client_listen(client, SU_WAIT_OUT);
	ctl->busy++;
	ctl_command_run(&client->answer, client->line);
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
		ctl_answer_end(&client->answer,
			       "the line is longer than 1024 bytes");
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
		su_root_eventmask(ctl->agent->root, ctl->wait, ctl->listener.fd,
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
	client->answer.agent = ctl->agent;
	client->answer.since_ms = ctl->since_ms;
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
	int fd = accept4(ctl->listener.fd, NULL, NULL,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)agent;
	(void)wait;
	if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
		/* Whoever waits there would make the loop spin. */
		ctl->deaf = true;
		su_root_eventmask(ctl->agent->root, ctl->wait, ctl->listener.fd,
				  0);
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
	ctl->listener.fd = ctl->wait = -1;
	ctl->since_ms = agent_now_ms();
	TAILQ_INIT(&ctl->clients);
	ctl->path = strdup(path);
	ctl->timer = su_timer_create(su_root_task(agent->root), TICK_MS);
	if (!ctl->path || !ctl->timer)
		goto fail;
	rc = ctl_socket_open(&ctl->listener, path, group, CLIENTS_MAX, why,
			     why_size);
	if (rc)
		goto fail;
	rc = -ENOMEM;
	if (su_wait_create(wait, ctl->listener.fd, SU_WAIT_ACCEPT) < 0)
		goto fail;
	ctl->wait = su_root_register(agent->root, wait, on_connect, ctl, 0);
	if (ctl->wait <= 0) {
		su_wait_destroy(wait);
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
	while (!TAILQ_EMPTY(&ctl->clients))
		client_free(TAILQ_FIRST(&ctl->clients));
	if (ctl->wait > 0)
		su_root_deregister(ctl->agent->root, ctl->wait);
	if (ctl->timer)
		su_timer_destroy(ctl->timer);
	ctl_socket_close(&ctl->listener, ctl->path);
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
