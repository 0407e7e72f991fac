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

/* A value as it stands in a URI's header (RFC 3261 19.1.1). */
static void escape(const char *value, char *out, size_t size)
{
	for (; *value && size > 4; value++) {
		size_t n = (size_t)snprintf(
			out, size, strchr("@;=", *value) ? "%%%02X" : "%c",
			(unsigned char)*value);

		out += n;
		size -= n;
	}
	*out = 0;
}

struct end *consult_refer(struct end *consult, struct end *phone,
			  const struct end *colleague, enum consult_way way)
{
	bool there = way & CONSULT_ASK_THERE;
	struct end *asker = there ? consult : phone;
	char dialog[256], escaped[288];

	end_dialog(there ? phone : consult, dialog);
	escape(dialog, escaped, sizeof(escaped));
	snprintf(asker->also, sizeof(asker->also),
		 "Refer-To: <sip:%s@%s?Replaces=%.280s>\r\n",
		 there ? "05551000" : colleague->user, phone->domain, escaped);
	end_ask(asker, "REFER", END_NO_BODY);
	return asker;
}
