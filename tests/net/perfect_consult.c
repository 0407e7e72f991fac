/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The call before an attended transfer. */
#include "tests/net/perfect_consult.h"

#include <stdio.h>
#include <string.h>

void consult_begin(struct end *consult, const struct end *phone,
		   struct end *colleague, enum consult_way way)
{
	char uri[96];

	consult->sip = phone->sip;
	consult->at = phone->at;
	consult->edge = phone->edge;
	snprintf(consult->user, sizeof(consult->user), "%s", phone->user);
	snprintf(consult->password, sizeof(consult->password), "%s",
		 phone->password);
	snprintf(consult->domain, sizeof(consult->domain), "%s", phone->domain);
	end_begin(consult);
	end_begin(colleague);
	snprintf(uri, sizeof(uri), "sip:%s@%s",
		 way & CONSULT_COLLEAGUE_CALLS ? phone->user : colleague->user,
		 phone->domain);
	end_call(way & CONSULT_COLLEAGUE_CALLS ? colleague : consult, uri);
}

static const char *tag_of(const char *value, int *len)
{
	const char *at = strstr(value, ";tag=");

	at = at ? at + 5 : "";
	*len = (int)strcspn(at, ";> ");
	return at;
}

struct end *consult_refer(struct end *consult, struct end *phone,
			  const struct end *colleague, enum consult_way way)
{
	bool there = way & CONSULT_ASK_THERE;
	struct end *asker = there ? consult : phone;
	const struct end *named = there ? phone : consult;
	int to_len, from_len, at = (int)strcspn(named->call_id, "@");
	const char *to = tag_of(named->remote, &to_len),
		   *from = tag_of(named->local, &from_len);

	/* Tags as the one sees them who is to be replaced (RFC 3891 3). */
	snprintf(asker->refer_to, sizeof(asker->refer_to),
		 "Refer-To: <sip:%s@%s?Replaces=%.*s%s%s%%3Bto-tag%%3D%.*s"
		 "%%3Bfrom-tag%%3D%.*s>\r\n",
		 there ? "05551000" : colleague->user, phone->domain, at,
		 named->call_id, named->call_id[at] ? "%40" : "",
		 named->call_id[at] ? named->call_id + at + 1 : "", to_len, to,
		 from_len, from);
	end_ask(asker, "REFER", END_NO_BODY);
	return asker;
}
