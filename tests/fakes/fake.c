/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The messages of a fake: its socket, its transactions, its record.
 *
 * | what               | again after          | until                       |
 * |--------------------|----------------------|-----------------------------|
 * | our INVITE         | T1, doubled          | any answer, or 64 T1        |
 * | our other requests | T1, doubled to 4 s   | final answer, or 64 T1      |
 * | our final to INVITE| T1, doubled to 4 s   | ACK, or ok_give_up_ms       |
 * | other answers      | a copy of the request| for ever                    |
 */
#include "tests/fakes/inside.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define T2_MS 4000

struct fake_later {
	struct fake_later *next;
	uint64_t at_ms;
	void (*act)(struct fake *fake, struct fake_call *call);
	struct fake_call *call;
};

uint64_t fake_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void label_of(const struct text_message *m, char *out, size_t size)
{
	if (m->request)
		snprintf(out, size, "%s", m->method);
	else
		snprintf(out, size, "%d %s", m->status, m->method);
}

/* Lose it? One of the drops that were asked for is used up then. */
static bool lost(struct fake *fake, enum fake_way way, const char *label)
{
	for (unsigned i = 0; i < sizeof(fake->drop) / sizeof(*fake->drop);
	     i++) {
		struct fake_drop *d = &fake->drop[i];
		if (d->count && d->way == way &&
		    !strncmp(label, d->label, strlen(d->label))) {
			d->count--;
			return true;
		}
	}
	return false;
}

void fake_drop_next(struct fake *fake, enum fake_way way, const char *label,
		    unsigned count)
{
	for (unsigned i = 0; i < sizeof(fake->drop) / sizeof(*fake->drop);
	     i++) {
		struct fake_drop *d = &fake->drop[i];
		if (d->count)
			continue;
		*d = (struct fake_drop){label, way, count};
		return;
	}
	abort();
}

static bool same_message(const struct text_message *a,
			 const struct text_message *b)
{
	return a->request == b->request && a->status == b->status &&
	       a->cseq == b->cseq && !strcmp(a->method, b->method) &&
	       !strcmp(a->branch, b->branch) && !strcmp(a->to_tag, b->to_tag) &&
	       !strcmp(a->call_id, b->call_id) && !strcmp(a->body, b->body);
}

static struct fake_record *record(struct fake *fake, enum fake_way way,
				  const char *data, size_t len)
{
	struct fake_record r = {.at_ms = fake_now_ms(), .way = way};

	if (text_read(&r.message, data, len) < 0)
		return NULL;
	label_of(&r.message, r.label, sizeof(r.label));
	r.in_dialog = r.message.request && r.message.to_tag[0];
	r.dropped = lost(fake, way, r.label);
	for (unsigned i = 0; i < fake->records && !r.copy; i++)
		r.copy = fake->record[i].way == way &&
			 !fake->record[i].dropped &&
			 same_message(&fake->record[i].message, &r.message);
	if (fake->records == fake->records_room) {
		fake->records_room = fake->records_room * 2 + 64;
		fake->record =
			realloc(fake->record,
				fake->records_room * sizeof(*fake->record));
		if (!fake->record)
			abort();
	}
	fake->record[fake->records] = r;
	return &fake->record[fake->records++];
}

void fake_emit(struct fake *fake, const char *data, size_t len,
	       const struct sockaddr_in *to)
{
	struct fake_record *r = record(fake, FAKE_OUT, data, len);

	if (!r || !r->dropped)
		sendto(fake->fd, data, len, 0, (const struct sockaddr *)to,
		       sizeof(*to));
}

void fake_send_raw(struct fake *fake, const char *data, size_t len)
{
	sendto(fake->fd, data, len, 0, (struct sockaddr *)&fake->proxy,
	       sizeof(fake->proxy));
}

void fake_new_branch(struct fake *fake, char *out, size_t size)
{
	snprintf(out, size, "z9hG4bK-%s-%u-%x", fake->name, ++fake->serial,
		 (unsigned)rand());
}

static char *copy_of(const char *data, size_t len)
{
	char *copy = malloc(len + 1);

	if (!copy)
		abort();
	memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

struct fake_tx *fake_transact(struct fake *fake, struct fake_call *call,
			      const char *method, const char *branch,
			      unsigned cseq, const struct text *text,
			      const struct sockaddr_in *to)
{
	struct fake_tx *tx = calloc(1, sizeof(*tx));

	if (!tx)
		abort();
	tx->call = call;
	snprintf(tx->branch, sizeof(tx->branch), "%s", branch);
	snprintf(tx->method, sizeof(tx->method), "%s", method);
	tx->cseq = cseq;
	tx->text = copy_of(text->data, text->len);
	tx->len = text->len;
	tx->to = *to;
	tx->wait_ms = fake->t1_ms;
	tx->next_ms = fake_now_ms() + tx->wait_ms;
	tx->end_ms = fake_now_ms() + 64 * fake->t1_ms;
	tx->next = fake->tx;
	fake->tx = tx;
	fake_emit(fake, tx->text, tx->len, to);
	return tx;
}

static struct fake_reply *find_reply(struct fake *fake, const char *branch,
				     const char *method)
{
	struct fake_reply *r = fake->reply;

	while (r && (strcmp(r->branch, branch) || strcmp(r->method, method)))
		r = r->next;
	return r;
}

void fake_keep_reply(struct fake *fake, struct fake_call *call,
		     const struct text_message *request, int status,
		     const struct text *text, const struct sockaddr_in *to,
		     const char *local_tag)
{
	struct fake_reply *r = calloc(1, sizeof(*r));
	bool waits_for_ack =
		status >= 200 && !strcmp(request->method, "INVITE");

	if (!r)
		abort();
	r->call = call;
	strcpy(r->branch, request->branch);
	strcpy(r->method, request->method);
	snprintf(r->local_tag, sizeof(r->local_tag), "%s", local_tag);
	r->cseq = request->cseq;
	r->success = status < 300;
	r->text = copy_of(text->data, text->len);
	r->len = text->len;
	r->to = *to;
	r->wait_ms = fake->t1_ms;
	r->next_ms = waits_for_ack ? fake_now_ms() + r->wait_ms : 0;
	r->end_ms = fake_now_ms() + fake->ok_give_up_ms;
	r->next = fake->reply; /* the newest is found first */
	fake->reply = r;
	fake_emit(fake, r->text, r->len, to);
}

/* An ACK ends the repetition of what it acknowledges. */
static void acknowledged(struct fake *fake, const struct text_message *ack)
{
	for (struct fake_reply *r = fake->reply; r; r = r->next) {
		if (strcmp(r->method, "INVITE") || r->cseq != ack->cseq)
			continue;
		if (r->success ? !strcmp(r->local_tag, ack->to_tag)
			       : !strcmp(r->branch, ack->branch))
			r->next_ms = 0;
	}
}

static struct fake_tx *find_tx(struct fake *fake, const struct text_message *m)
{
	struct fake_tx *tx = fake->tx;

	while (tx &&
	       (strcmp(tx->branch, m->branch) || strcmp(tx->method, m->method)))
		tx = tx->next;
	return tx;
}

static void take_answer(struct fake *fake, const struct text_message *m,
			bool copy)
{
	struct fake_tx *tx = find_tx(fake, m);

	if (!tx)
		return;
	tx->proceeding = true;
	if (m->status >= 200)
		tx->done = true;
	fake_dialog_answer(fake, tx, m, copy);
}

static void take(struct fake *fake, const char *data, size_t len,
		 const struct sockaddr_in *from)
{
	struct fake_record *r = record(fake, FAKE_IN, data, len);

	if (!r || r->dropped)
		return;
	/* Records move when the list grows: work on a copy of the view. */
	struct text_message m = r->message;
	bool copy = r->copy;
	fake->last_source = *from;
	if (!m.request) {
		take_answer(fake, &m, copy);
		return;
	}
	if (!strcmp(m.method, "ACK"))
		acknowledged(fake, &m);
	struct fake_reply *again = find_reply(fake, m.branch, m.method);
	if (copy && again)
		fake_emit(fake, again->text, again->len, &again->to);
	if (!copy || !strcmp(m.method, "ACK"))
		fake_dialog_request(fake, &m);
}

static void step_transactions(struct fake *fake, uint64_t now)
{
	for (struct fake_tx *tx = fake->tx; tx; tx = tx->next) {
		bool invite = !strcmp(tx->method, "INVITE");
		if (tx->done || (invite && tx->proceeding))
			continue;
		if (now >= tx->end_ms) {
			tx->done = true;
			fake_dialog_timeout(fake, tx);
		} else if (now >= tx->next_ms) {
			tx->wait_ms *= 2;
			if (!invite && tx->wait_ms > T2_MS)
				tx->wait_ms = T2_MS;
			tx->next_ms = now + tx->wait_ms;
			fake_emit(fake, tx->text, tx->len, &tx->to);
		}
	}
}

static void step_replies(struct fake *fake, uint64_t now)
{
	for (struct fake_reply *r = fake->reply; r; r = r->next) {
		if (!r->next_ms || now < r->next_ms)
			continue;
		if (now >= r->end_ms) {
			r->next_ms = 0;
			fake_dialog_no_ack(fake, r);
			continue;
		}
		r->wait_ms = r->wait_ms * 2 > T2_MS ? T2_MS : r->wait_ms * 2;
		r->next_ms = now + r->wait_ms;
		fake_emit(fake, r->text, r->len, &r->to);
	}
}

static void step_later(struct fake *fake, uint64_t now)
{
	for (struct fake_later **at = &fake->later; *at;) {
		struct fake_later *l = *at;
		if (now < l->at_ms) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		l->act(fake, l->call);
		free(l);
		at = &fake->later; /* act may have added one */
	}
}

void fake_later(struct fake *fake, unsigned in_ms,
		void (*act)(struct fake *fake, struct fake_call *call),
		struct fake_call *call)
{
	struct fake_later *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	l->at_ms = fake_now_ms() + in_ms;
	l->act = act;
	l->call = call;
	l->next = fake->later;
	fake->later = l;
}

void fake_step(struct fake *fake)
{
	char data[65536];
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	ssize_t n;

	if (fake->closed)
		return;
	while ((n = recvfrom(fake->fd, data, sizeof(data) - 1, 0,
			     (struct sockaddr *)&from, &size)) >= 0) {
		take(fake, data, (size_t)n, &from);
		size = sizeof(from);
	}
	uint64_t now = fake_now_ms();
	step_transactions(fake, now);
	step_replies(fake, now);
	step_later(fake, now);
	tone_step(&fake->tone, now);
}

static void open_at(struct fake *fake, const char *host)
{
	socklen_t size = sizeof(fake->at);

	fake->at = (struct sockaddr_in){.sin_family = AF_INET};
	if (inet_pton(AF_INET, host, &fake->at.sin_addr) != 1)
		abort();
	fake->fd =
		socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fake->fd < 0 ||
	    bind(fake->fd, (struct sockaddr *)&fake->at, size) < 0 ||
	    getsockname(fake->fd, (struct sockaddr *)&fake->at, &size) < 0) {
		perror(host);
		abort();
	}
	snprintf(fake->host, sizeof(fake->host), "%s", host);
	fake->port = ntohs(fake->at.sin_port);
}

void fake_move_host(struct fake *fake, const char *host)
{
	close(fake->fd);
	open_at(fake, host);
	fake->tone.host = fake->at.sin_addr;
	tone_move(&fake->tone);
}

void fake_open(struct fake *fake, const char *name, const char *host)
{
	memset(fake, 0, sizeof(*fake));
	fake->name = name;
	open_at(fake, host);
	snprintf(fake->user, sizeof(fake->user), "%s", name);
	snprintf(fake->agent, sizeof(fake->agent), "Fake-%s/1.0", name);
	fake->t1_ms = 500;
	fake->ok_give_up_ms = 32000;
	fake->media = (struct fake_media){.codecs = "8 0 101",
					  .direction = "sendrecv"};
	tone_open(&fake->tone, fake->at.sin_addr);
}

void fake_close(struct fake *fake)
{
	if (fake->closed || !fake->name)
		return;
	fake->closed = true;
	close(fake->fd);
	tone_close(&fake->tone);
	for (struct fake_tx *tx; (tx = fake->tx); free(tx)) {
		fake->tx = tx->next;
		free(tx->text);
	}
	for (struct fake_reply *r; (r = fake->reply); free(r)) {
		fake->reply = r->next;
		free(r->text);
	}
	for (struct fake_later *l; (l = fake->later); free(l))
		fake->later = l->next;
	for (unsigned i = 0; i < fake->records; i++)
		text_free(&fake->record[i].message);
	free(fake->record);
	fake->record = NULL;
	fake->records = 0;
	fake_dialog_free(fake);
}

static unsigned count(const struct fake *fake, const char *label, bool copies,
		      bool inside)
{
	unsigned seen = 0;

	for (unsigned i = 0; i < fake->records; i++) {
		const struct fake_record *r = &fake->record[i];
		if (r->way == FAKE_IN && !r->dropped && (copies || !r->copy) &&
		    (!inside || r->in_dialog) && !strcmp(r->label, label))
			seen++;
	}
	return seen;
}

unsigned fake_seen(const struct fake *fake, const char *label)
{
	return count(fake, label, false, false);
}

unsigned fake_seen_copies(const struct fake *fake, const char *label)
{
	return count(fake, label, true, false);
}

unsigned fake_seen_inside(const struct fake *fake, const char *method)
{
	return count(fake, method, false, true);
}

const struct text_message *fake_message(const struct fake *fake,
					const char *label, unsigned n)
{
	for (unsigned i = 0; i < fake->records; i++) {
		const struct fake_record *r = &fake->record[i];
		if (r->way == FAKE_IN && !r->dropped && !r->copy &&
		    !strcmp(r->label, label) && n-- == 0)
			return &r->message;
	}
	return NULL;
}

const struct text_message *fake_last_message(const struct fake *fake,
					     const char *label)
{
	for (unsigned i = fake->records; i-- > 0;) {
		const struct fake_record *r = &fake->record[i];
		if (r->way == FAKE_IN && !r->dropped &&
		    !strcmp(r->label, label))
			return &r->message;
	}
	return NULL;
}

const struct text_message *fake_saw_text(const struct fake *fake,
					 const char *needle)
{
	for (unsigned i = 0; i < fake->records; i++)
		if (fake->record[i].way == FAKE_IN &&
		    text_contains(&fake->record[i].message, needle))
			return &fake->record[i].message;
	return NULL;
}

void fake_tell(const struct fake *fake)
{
	fprintf(stderr, "# --- %s (%s:%u): %u messages, %u RTP in, %u out\n",
		fake->name, fake->host, fake->port, fake->records,
		fake->closed ? 0 : tone_heard(&fake->tone), fake->tone.sent);
	for (unsigned i = 0; i < fake->records; i++) {
		const struct fake_record *r = &fake->record[i];
		fprintf(stderr, "# %llu %s %s%s%s\n",
			(unsigned long long)(r->at_ms - fake->record[0].at_ms),
			r->way == FAKE_IN ? "<-" : "->", r->label,
			r->copy ? " (copy)" : "", r->dropped ? " (lost)" : "");
		if (r->copy)
			continue;
		for (const char *at = r->message.raw; *at;) {
			size_t len = strcspn(at, "\r\n");
			fprintf(stderr, "#     %.*s\n", (int)len, at);
			at += len;
			at += *at == '\r';
			at += *at == '\n';
		}
	}
}
