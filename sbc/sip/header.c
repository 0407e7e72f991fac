/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who calls, how that is told to the other side, and where a message is from.
 */
#include "sbc/sip/header.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/url.h>

#include "sbc/sip/header_name.h"

#define ANONYMOUS "\"Anonymous\" <sip:anonymous@anonymous.invalid>"

bool header_number_ok(const char *number)
{
	size_t len = strlen(number);

	if (len < 1 || len > 127)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)number[i];

		if (c <= ' ' || c == 0x7f || c == '@')
			return false;
	}
	return true;
}

void header_source(struct sockaddr_storage *out, msg_t *msg)
{
	const su_sockaddr_t *from = msg_addr(msg);
	struct sockaddr_in *in4 = (struct sockaddr_in *)out;

	memset(out, 0, sizeof *out);
	if (from == NULL)
		return;
	if (from->su_family == AF_INET) {
		memcpy(out, &from->su_sin, sizeof from->su_sin);
	} else if (from->su_family == AF_INET6 &&
		   IN6_IS_ADDR_V4MAPPED(&from->su_sin6.sin6_addr)) {
		in4->sin_family = AF_INET;
		in4->sin_port = from->su_sin6.sin6_port;
		memcpy(&in4->sin_addr, from->su_sin6.sin6_addr.s6_addr + 12, 4);
	} else if (from->su_family == AF_INET6) {
		memcpy(out, &from->su_sin6, sizeof from->su_sin6);
	}
}

/* A header that the library has no type for, by its name. */
static const char *other_header(const sip_t *sip, const char *name)
{
	for (const sip_unknown_t *u = sip->sip_unknown; u; u = u->un_next) {
		if (u->un_name != NULL && u->un_value != NULL &&
		    strcasecmp(u->un_name, name) == 0)
			return u->un_value;
	}
	return NULL;
}

/* The first readable identity of a header that may list two: the SIP URI's
 * is taken, and a display name from wherever it stands. */
static bool read_identity(struct header_name *out, const char *value)
{
	struct header_name one;
	bool found = false;

	for (int i = 0; i < 4 && value != NULL && *value != '\0'; i++) {
		value = header_name_read(&one, value);
		if (value == NULL || one.user[0] == '\0')
			continue;
		if (!found)
			*out = one;
		else if (out->display[0] == '\0')
			memcpy(out->display, one.display, sizeof out->display);
		found = true;
	}
	return found;
}

static void read_from(struct header_name *out, const sip_t *sip)
{
	char uri[514] = "<";
	isize_t len;

	memset(out, 0, sizeof *out);
	out->params = "";
	if (sip->sip_from == NULL)
		return;
	/* in brackets: a user part may hold ";" */
	len = url_e(uri + 1, sizeof uri - 2, sip->sip_from->a_url);
	if (len >= (isize_t)sizeof uri - 2)
		return;
	memcpy(uri + 1 + len, ">", 2);
	if (header_name_read(out, uri) == NULL)
		memset(out, 0, sizeof *out);
	out->params = "";
	if (sip->sip_from->a_display != NULL)
		header_display_clean(out->display, sizeof out->display,
				     sip->sip_from->a_display,
				     strlen(sip->sip_from->a_display));
}

static bool withholds(const char *value)
{
	return strcasecmp(value, "id") == 0 || strcasecmp(value, "user") == 0 ||
	       strcasecmp(value, "header") == 0 ||
	       strcasecmp(value, "full") == 0;
}

/* RFC 3323 section 4.2, RFC 3325 section 9.3 */
static bool privacy_wanted(const sip_t *sip)
{
	const char *text = other_header(sip, "Privacy");
	const msg_param_t *value;

	if (sip->sip_privacy != NULL) {
		value = sip->sip_privacy->priv_values;
		for (; value != NULL && *value != NULL; value++) {
			if (withholds(*value))
				return true;
		}
	}
	while (text != NULL && *text != '\0') {
		char word[16];
		size_t len = strcspn(text, ";, \t");

		if (len > 0 && len < sizeof word) {
			memcpy(word, text, len);
			word[len] = '\0';
			if (withholds(word))
				return true;
		}
		text += len;
		text += strspn(text, ";, \t");
	}
	return false;
}

/* Remote-Party-ID, which older switches send instead. */
static bool read_remote_party(struct header_name *out, const sip_t *sip,
			      bool *restricted)
{
	const char *value = other_header(sip, "Remote-Party-ID");

	if (value == NULL || header_name_read(out, value) == NULL ||
	    out->user[0] == '\0')
		return false;
	if (strstr(out->params, "privacy=full") != NULL ||
	    strstr(out->params, "privacy=uri") != NULL)
		*restricted = true;
	return true;
}

void header_caller_read(struct header_caller *out, const sip_t *sip,
			const struct policy_peer *from,
			const struct policy_user *user)
{
	struct header_name name, said;
	bool believed;

	memset(out, 0, sizeof *out);
	read_from(&said, sip);
	out->restricted = said.anonymous || privacy_wanted(sip);
	if (user != NULL) {
		const char *display =
			user->display != NULL ? user->display : said.display;

		snprintf(out->user, sizeof out->user, "%s", user->user);
		if (user->display != NULL || !said.anonymous)
			header_display_clean(out->display, sizeof out->display,
					     display, strlen(display));
		return;
	}
	if (from->trusted)
		believed = read_identity(
				   &name,
				   other_header(sip, "P-Asserted-Identity")) ||
			   read_remote_party(&name, sip, &out->restricted);
	else
		believed = read_identity(
			&name, other_header(sip, "P-Preferred-Identity"));
	if (!believed)
		name = said;
	if (name.anonymous)
		return;
	memcpy(out->user, name.user, sizeof out->user);
	memcpy(out->display, name.display, sizeof out->display);
	if (out->display[0] == '\0' && !said.anonymous)
		memcpy(out->display, said.display, sizeof out->display);
}

/* "Display" <sip:user@host> */
static char *write_name(su_home_t *home, const char *display, const char *user,
			const char *host)
{
	char escaped[3 * 128], quoted[2 * 128 + 4];
	size_t n = 0;

	header_user_escape(escaped, sizeof escaped, user);
	if (*display != '\0') {
		quoted[n++] = '"';
		for (; *display != '\0' && n < sizeof quoted - 4; display++) {
			if (*display == '"' || *display == '\\')
				quoted[n++] = '\\';
			quoted[n++] = *display;
		}
		quoted[n++] = '"';
		quoted[n++] = ' ';
	}
	quoted[n] = '\0';
	return su_sprintf(home, "%s<sip:%s@%s>", quoted, escaped, host);
}

int header_identity_write(struct header_identity *out, su_home_t *home,
			  const struct header_caller *caller,
			  const struct policy_peer *to, const char *our_host)
{
	const char *host = to->domain != NULL ? to->domain : our_host;
	const char *user = to->from_user != NULL ? to->from_user : caller->user;
	char *asserted = NULL;
	bool tell = to->identity != POLICY_IDENTITY_FROM;

	memset(out, 0, sizeof *out);
	/* a withheld number goes to who is trusted with it, else nowhere */
	if (caller->restricted)
		tell = to->trusted;
	if (tell && caller->user[0] != '\0') {
		asserted =
			write_name(home, caller->display, caller->user, host);
		if (asserted == NULL)
			return -ENOMEM;
	}
	if (to->identity == POLICY_IDENTITY_PPI)
		out->preferred = asserted;
	else
		out->asserted = asserted;
	if (caller->restricted)
		out->privacy = "id";
	if (caller->restricted || *user == '\0')
		out->from = su_strdup(home, ANONYMOUS);
	else
		out->from = write_name(home, caller->display, user, host);
	return out->from != NULL ? 0 : -ENOMEM;
}
