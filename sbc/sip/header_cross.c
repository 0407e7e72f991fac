/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The further headers that cross from one leg to the other, each rebuilt. */
#include "sbc/sip/header.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <sofia-sip/su_alloc.h>

#include "sbc/sip/header_name.h"

#define LINES_MAX 2048 /* bytes of all of them */
#define VALUE_MAX 256
#define EACH_MAX  4 /* lines of one name */

/* Lines being written; a line that does not fit is left out whole. */
struct lines {
	char text[LINES_MAX];
	size_t len;
	char value[VALUE_MAX];
	size_t value_len;
	bool overflow;
};

static void put(struct lines *l, const char *text, size_t len)
{
	if (l->overflow || len > VALUE_MAX - l->value_len) {
		l->overflow = true;
		return;
	}
	memcpy(l->value + l->value_len, text, len);
	l->value_len += len;
}

static void put_text(struct lines *l, const char *text)
{
	put(l, text, strlen(text));
}

static void begin(struct lines *l)
{
	l->value_len = 0;
	l->overflow = false;
}

static bool end(struct lines *l, const char *name)
{
	size_t n = strlen(name);

	if (l->overflow || l->value_len == 0 ||
	    l->len + n + l->value_len + 4 >= sizeof l->text)
		return false;
	memcpy(l->text + l->len, name, n);
	l->len += n;
	memcpy(l->text + l->len, ": ", 2);
	memcpy(l->text + l->len + 2, l->value, l->value_len);
	memcpy(l->text + l->len + 2 + l->value_len, "\r\n", 2);
	l->len += l->value_len + 4;
	l->text[l->len] = '\0';
	return true;
}

static size_t token_len(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			    "WXYZ0123456789-.!%*_+`'~");
}

static size_t word_len(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			    "WXYZ0123456789-_");
}

/* The value of parameter `name` (";name=" in any case), or NULL. */
static const char *param(const char *params, const char *name)
{
	size_t n = strlen(name);

	while ((params = strchr(params, ';')) != NULL) {
		params += 1 + strspn(params + 1, " \t");
		if (strncasecmp(params, name, n) == 0 && params[n] == '=')
			return params + n + 1;
	}
	return NULL;
}

/* ";name=word" if it is there and a plain word. */
static void put_param(struct lines *l, const char *params, const char *name)
{
	const char *value = param(params, name);
	size_t len;

	if (value == NULL)
		return;
	if (*value == '"')
		value++;
	len = word_len(value);
	if (len == 0 || len > 32)
		return;
	put_text(l, ";");
	put_text(l, name);
	put_text(l, "=");
	put(l, value, len);
}

/* A host that the far side knows anyway. */
static const char *known_host(const struct policy_peer *to)
{
	if (to->domain != NULL)
		return to->domain;
	return to->host != NULL ? to->host : "anonymous.invalid";
}

typedef void cross(struct lines *l, const char *name, const char *value,
		   const struct policy_peer *to);

/* Text for people: the rules of a display name do. */
static void cross_text(struct lines *l, const char *name, const char *value,
		       const struct policy_peer *to)
{
	char text[128];

	(void)to;
	header_display_clean(text, sizeof text, value, strlen(value));
	begin(l);
	put_text(l, text);
	end(l, name);
}

static void cross_word(struct lines *l, const char *name, const char *value,
		       const struct policy_peer *to)
{
	(void)to;
	begin(l);
	put(l, value, word_len(value));
	end(l, name);
}

/* Q.850;cause=16;text="...": the text may tell of the inside. */
static void cross_reason(struct lines *l, const char *name, const char *value,
			 const struct policy_peer *to)
{
	(void)to;
	if (token_len(value) == 0)
		return;
	begin(l);
	put(l, value, token_len(value));
	put_param(l, value, "cause");
	end(l, name);
}

static bool mentions(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (; *text != '\0'; text++) {
		if (strncasecmp(text, word, n) == 0)
			return true;
	}
	return false;
}

/* The ring: a URN (RFC 7462), or the "info" word that phones look at. The URL
 * is not copied; "http://127.0.0.1" is what phones are used to. Whatever would
 * make a phone answer by itself and listen to the room does not cross. */
static void cross_alert(struct lines *l, const char *name, const char *value,
			const struct policy_peer *to)
{
	size_t len;

	(void)to;
	if (mentions(value, "answer") || mentions(value, "intercom") ||
	    mentions(value, "paging"))
		return;
	begin(l);
	value += strspn(value, " \t");
	if (strncasecmp(value, "<urn:alert:", 11) == 0) {
		len = 11 + strspn(value + 11, "abcdefghijklmnopqrstuvwxyz"
					      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "0123456789-:");
		if (value[len] != '>')
			return;
		put(l, value, len + 1);
		end(l, name);
		return;
	}
	if (param(value, "info") == NULL)
		return;
	put_text(l, "<http://127.0.0.1>");
	put_param(l, value, "info");
	end(l, name);
}

/* RFC 7433: hex and plain words only. */
static void cross_user_to_user(struct lines *l, const char *name,
			       const char *value, const struct policy_peer *to)
{
	size_t len = word_len(value);

	(void)to;
	if (len == 0)
		return;
	begin(l);
	put(l, value, len);
	put_param(l, value + len, "purpose");
	put_param(l, value + len, "content");
	put_param(l, value + len, "encoding");
	end(l, name);
}

/* <sip:number@host>;reason=...: the number crosses, the host does not. */
static void put_identity(struct lines *l, const struct header_name *one,
			 const struct policy_peer *to)
{
	char user[3 * 128];

	header_user_escape(user, sizeof user, one->user);
	put_text(l, "<sip:");
	put_text(l, user);
	put_text(l, "@");
	put_text(l, known_host(to));
	put_text(l, ">");
}

/* Did who diverted ask not to be told? */
static bool withheld(const char *params)
{
	const char *value = param(params, "privacy");

	return value != NULL && strncasecmp(value, "off", 3) != 0 &&
	       strncasecmp(value, "\"off", 4) != 0 &&
	       strncasecmp(value, "none", 4) != 0;
}

static void cross_diversion(struct lines *l, const char *name,
			    const char *value, const struct policy_peer *to)
{
	struct header_name one;

	for (int i = 0; i < EACH_MAX && value != NULL && *value != '\0'; i++) {
		char params[VALUE_MAX];
		const char *next = header_name_read(&one, value);
		size_t len;

		if (next == NULL)
			return;
		value = next;
		len = (size_t)(next - one.params);
		if (one.user[0] == '\0' || one.anonymous ||
		    len >= sizeof params)
			continue;
		memcpy(params, one.params, len);
		params[len] = '\0';
		if (withheld(params) && !to->trusted)
			continue;
		begin(l);
		put_identity(l, &one, to);
		put_param(l, params, "reason");
		put_param(l, params, "counter");
		put_param(l, params, "privacy");
		end(l, name);
	}
}

/* RFC 7044: the number and its index; what is embedded in the URI is not
 * copied, so nothing of an entry with Privacy crosses. */
static void cross_history(struct lines *l, const char *name, const char *value,
			  const struct policy_peer *to)
{
	struct header_name one;

	for (int i = 0; i < EACH_MAX && value != NULL && *value != '\0'; i++) {
		const char *start = value, *index;
		size_t len;

		value = header_name_read(&one, value);
		if (value == NULL)
			return;
		if (one.user[0] == '\0' || one.anonymous)
			continue;
		for (const char *p = start; p < one.params; p++) {
			if (strncasecmp(p, "privacy", 7) == 0 && !to->trusted)
				return;
		}
		index = param(one.params, "index");
		len = index != NULL && index < value
			      ? strspn(index, "0123456789.")
			      : 0;
		if (len == 0 || len > 32)
			continue;
		begin(l);
		put_identity(l, &one, to);
		put_text(l, ";index=");
		put(l, index, len);
		end(l, name);
	}
}

/* The allow-list. Contact, Via, Route, Record-Route, identities, Require and
 * the like are each leg's own; User-Agent, Server, Organization, Call-Info,
 * Error-Info, Warning, Date, In-Reply-To, Answer-Mode and every X- and P-
 * header not named here stay behind. */
static const struct {
	const char *name;
	cross *write;
} allowed[] = {
	{"Subject", cross_text},
	{"Priority", cross_word},
	{"Reason", cross_reason},
	{"Alert-Info", cross_alert},
	{"User-to-User", cross_user_to_user},
	{"Diversion", cross_diversion},
	{"History-Info", cross_history},
};

#define ALLOWED (sizeof allowed / sizeof *allowed)

static void cross_one(struct lines *l, const char *name, const char *value,
		      const struct policy_peer *to, unsigned seen[ALLOWED])
{
	for (size_t i = 0; i < ALLOWED; i++) {
		if (strcasecmp(name, allowed[i].name) != 0)
			continue;
		if (seen[i]++ < EACH_MAX)
			allowed[i].write(l, allowed[i].name, value, to);
		return;
	}
}

/* The library has a type for Reason; give it back as text. */
static void cross_reasons(struct lines *l, const sip_t *sip,
			  const struct policy_peer *to, unsigned seen[ALLOWED])
{
	char text[128];

	for (const sip_reason_t *r = sip->sip_reason; r; r = r->re_next) {
		size_t n = r->re_protocol ? strlen(r->re_protocol) : 0;
		size_t m = r->re_cause ? strlen(r->re_cause) : 0;

		if (n == 0 || n > 32 || m > 32)
			continue;
		memcpy(text, r->re_protocol, n);
		text[n] = '\0';
		if (m > 0) {
			memcpy(text + n, ";cause=", 7);
			memcpy(text + n + 7, r->re_cause, m + 1);
		}
		cross_one(l, "Reason", text, to, seen);
	}
}

char *header_cross(su_home_t *home, const sip_t *sip,
		   const struct policy_peer *to)
{
	unsigned seen[ALLOWED] = {0};
	struct lines l;

	l.len = 0;
	if (sip->sip_subject != NULL && sip->sip_subject->g_string != NULL)
		cross_one(&l, "Subject", sip->sip_subject->g_string, to, seen);
	if (sip->sip_priority != NULL && sip->sip_priority->g_string != NULL)
		cross_one(&l, "Priority", sip->sip_priority->g_string, to,
			  seen);
	cross_reasons(&l, sip, to, seen);
	for (const sip_unknown_t *u = sip->sip_unknown; u; u = u->un_next) {
		if (u->un_name != NULL && u->un_value != NULL)
			cross_one(&l, u->un_name, u->un_value, to, seen);
	}
	return l.len > 0 ? su_strdup(home, l.text) : NULL;
}
