/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a fake asks: its calls, and requests in and outside of them. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fakes/inside.h"

static void write_request(struct fake_call *call, struct text *out,
			  const char *method, const char *branch, unsigned cseq,
			  const char *more, const char *body)
{
	struct fake *fake = call->fake;

	text_begin(out);
	text_add(out,
		 "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%u;branch=%s;rport\r\n"
		 "Max-Forwards: 70\r\n%sFrom: %s;tag=%s\r\nTo: %s%s%s\r\n"
		 "Call-ID: %s\r\nCSeq: %u %s\r\n",
		 method, call->target, fake->host, fake->port, branch,
		 call->routes, call->local, call->local_tag, call->remote,
		 call->remote_tag[0] ? ";tag=" : "", call->remote_tag,
		 call->call_id, cseq, method);
	if (strcmp(method, "BYE") && strcmp(method, "CANCEL"))
		text_add(out, "Contact: <sip:%s@%s:%u>\r\n", fake->user,
			 fake->host, fake->port);
	text_add(out, "User-Agent: %s\r\n%s", fake->agent, more ? more : "");
	if (!strcmp(method, "INVITE"))
		text_add(out, "%s%s", fake_allow(fake),
			 fake->invite_lines ? fake->invite_lines : "");
	text_finish(out, body);
}

/* In a dialog a literal Contact says where to send. */
static struct sockaddr_in next_hop(const struct fake_call *call)
{
	struct sockaddr_in at;

	if (call->remote_tag[0] && !call->routes[0] &&
	    text_uri_address(call->target, &at))
		return at;
	return call->hop;
}

void fake_request(struct fake_call *call, const char *method, const char *more,
		  const char *body)
{
	struct text text;
	char branch[64];
	struct sockaddr_in to = next_hop(call);

	fake_new_branch(call->fake, branch, sizeof(branch));
	call->cseq++;
	write_request(call, &text, method, branch, call->cseq, more, body);
	if (!strcmp(method, "INVITE")) {
		call->invite_cseq = call->cseq;
		free(call->invite_out);
		call->invite_out = strdup(text.data);
	}
	fake_transact(call->fake, call, method, branch, call->cseq, &text, &to);
}

void fake_request_typed(struct fake_call *call, const char *method,
			const char *more, const char *type, const char *body)
{
	char lines[2048];

	snprintf(lines, sizeof(lines), "%sContent-Type: %s\r\n",
		 more ? more : "", type);
	fake_request(call, method, lines, body);
}

static struct fake_call *begin_call(struct fake *fake, const char *number)
{
	struct fake_call *call = fake_new_call(fake);
	char proxy[32];

	inet_ntop(AF_INET, &fake->proxy.sin_addr, proxy, sizeof(proxy));
	call->outgoing = true;
	call->state = FAKE_CALLING;
	snprintf(call->call_id, sizeof(call->call_id), "%x-%u@%s",
		 (unsigned)rand(), fake->serial, fake->host);
	snprintf(call->local, sizeof(call->local), "\"%s\" <sip:%s@%s>",
		 fake->name, fake->user, proxy);
	snprintf(call->remote, sizeof(call->remote), "<sip:%s@%s>", number,
		 proxy);
	snprintf(call->target, sizeof(call->target), "sip:%s@%s:%u", number,
		 proxy, ntohs(fake->proxy.sin_port));
	return call;
}

struct fake_call *fake_invite(struct fake *fake, const char *number)
{
	struct fake_call *call = begin_call(fake, number);
	struct text sdp;

	fake_write_sdp(call, &sdp, false);
	fake_request(call, "INVITE", NULL, sdp.data);
	return call;
}

struct fake_call *fake_invite_with(struct fake *fake, const char *number,
				   const char *more)
{
	struct fake_call *call = begin_call(fake, number);
	struct text sdp;

	snprintf(call->more, sizeof(call->more), "%s", more);
	fake_write_sdp(call, &sdp, false);
	fake_request(call, "INVITE", call->more, sdp.data);
	return call;
}

struct fake_call *fake_invite_without_offer(struct fake *fake,
					    const char *number)
{
	struct fake_call *call = begin_call(fake, number);

	call->delayed = true;
	fake_request(call, "INVITE", NULL, NULL);
	return call;
}

void fake_reinvite(struct fake_call *call)
{
	struct text sdp;

	call->reinvite_status = 0;
	call->delayed = false;
	fake_write_sdp(call, &sdp, false);
	fake_request(call, "INVITE", NULL, sdp.data);
	fake_settle(call);
}

void fake_refresh(struct fake_call *call)
{
	call->reinvite_status = 0;
	call->delayed = false;
	fake_request(call, "INVITE", NULL, call->sdp);
}

void fake_reinvite_without_offer(struct fake_call *call)
{
	call->reinvite_status = 0;
	call->delayed = true;
	fake_request(call, "INVITE", NULL, NULL);
}

void fake_update(struct fake_call *call, bool sdp)
{
	struct text body;

	call->update_status = 0;
	if (sdp)
		fake_write_sdp(call, &body, false);
	fake_request(call, "UPDATE", NULL, sdp ? body.data : NULL);
}

void fake_bye(struct fake_call *call)
{
	call->bye_sent = true;
	call->state = FAKE_ENDED;
	call->fake->tone.allowed = false;
	fake_request(call, "BYE", NULL, NULL);
}

/* CANCEL is the INVITE's twin: same branch, same CSeq number, no To tag. */
void fake_cancel(struct fake_call *call)
{
	struct text_message invite;
	struct text text;
	char tag[128];

	if (text_read(&invite, call->invite_out, strlen(call->invite_out)) < 0)
		abort();
	call->cancel_sent = true;
	strcpy(tag, call->remote_tag);
	call->remote_tag[0] = '\0';
	write_request(call, &text, "CANCEL", invite.branch, invite.cseq, NULL,
		      NULL);
	strcpy(call->remote_tag, tag);
	fake_transact(call->fake, call, "CANCEL", invite.branch, invite.cseq,
		      &text, &call->hop);
	text_free(&invite);
}

void fake_ack(struct fake_call *call)
{
	struct sockaddr_in to = next_hop(call);
	struct text text, sdp;
	char branch[64];

	if (call->delayed)
		fake_write_sdp(call, &sdp, true);
	fake_new_branch(call->fake, branch, sizeof(branch));
	write_request(call, &text, "ACK", branch, call->invite_cseq, NULL,
		      call->delayed ? sdp.data : NULL);
	fake_emit(call->fake, text.data, text.len, &to);
	call->state = FAKE_UP;
	fake_settle(call);
}

void fake_forge(struct fake_call *call, const char *method, unsigned cseq,
		const char *more, const char *body, const char *stranger)
{
	struct sockaddr_in from = {.sin_family = AF_INET}, to = next_hop(call);
	struct text text;
	char branch[64];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	fake_new_branch(call->fake, branch, sizeof(branch));
	write_request(call, &text, method, branch, cseq, more, body);
	if (fd < 0 || inet_pton(AF_INET, stranger, &from.sin_addr) != 1 ||
	    bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0)
		abort();
	sendto(fd, text.data, text.len, 0, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

void fake_request_from(struct fake_call *call, const char *method,
		       const char *stranger)
{
	fake_forge(call, method, call->cseq + 1, NULL, NULL, stranger);
}

void fake_send_request(struct fake *fake, const char *method, const char *uri,
		       const char *from, const char *to, const char *call_id,
		       unsigned cseq, const char *more, const char *body)
{
	struct text text;
	char branch[64];

	fake_new_branch(fake, branch, sizeof(branch));
	text_begin(&text);
	text_add(&text,
		 "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%u;branch=%s;rport\r\n"
		 "Max-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\n"
		 "CSeq: %u %s\r\nUser-Agent: %s\r\n%sContent-Length: %zu\r\n"
		 "\r\n%s",
		 method, uri, fake->host, fake->port, branch, from, to, call_id,
		 cseq, method, fake->agent, more ? more : "",
		 body ? strlen(body) : 0, body ? body : "");
	fake_transact(fake, NULL, method, branch, cseq, &text, &fake->proxy);
}
