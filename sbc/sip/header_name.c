/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Read and clean one name-addr; nothing that it holds is trusted. */
#include "sbc/sip/header_name.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

static bool is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static int hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Length of the UTF-8 character at `at`, 0 if it is none or a C1 control. */
static size_t character_len(const unsigned char *at, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t value;
	size_t n;

	if (at[0] < 0x80)
		return at[0] >= ' ' && at[0] != 0x7f;
	n = at[0] >= 0xf8   ? 0
	    : at[0] >= 0xf0 ? 4
	    : at[0] >= 0xe0 ? 3
	    : at[0] >= 0xc0 ? 2
			    : 0;
	if (n == 0 || n > left)
		return 0;
	value = at[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3f);
	}
	if (value < least[n] || value > 0x10ffff || value < 0xa0 ||
	    (value >= 0xd800 && value < 0xe000))
		return 0;
	/* marks that turn the direction of the text around them */
	if ((value >= 0x202a && value <= 0x202e) ||
	    (value >= 0x2066 && value <= 0x2069))
		return 0;
	return n;
}

void header_display_clean(char *out, size_t size, const char *text, size_t len)
{
	size_t n = 0, i = 0;

	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	while (i < len && (text[i] == ' ' || text[i] == '\t'))
		i++;
	if (len >= i + 2 && text[i] == '"' && text[len - 1] == '"') {
		i++;
		len--;
	}
	while (i < len) {
		size_t one;

		if (text[i] == '\\' && i + 1 < len)
			i++;
		one = character_len((const unsigned char *)text + i, len - i);
		if (one == 0) {
			i++;
			continue;
		}
		if (n + one >= size)
			break;
		memcpy(out + n, text + i, one);
		n += one;
		i += one;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

/* A number as people write it: digits, "*#+" and visual separators. */
static bool is_number(const char *user)
{
	bool digit = false;

	for (const char *c = user; *c != '\0'; c++) {
		if (*c >= '0' && *c <= '9')
			digit = true;
		else if (strchr("+*#-.()", *c) == NULL ||
			 (*c == '+' && c != user))
			return false;
	}
	return digit;
}

static void cut_separators(char *user)
{
	char *to = user;

	for (; *user != '\0'; user++) {
		if (strchr("-.()", *user) == NULL)
			*to++ = *user;
	}
	*to = '\0';
}

/* Decode %XX and leave out what may not stand in a number or name. */
static void clean_user(char *out, size_t size, const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '%' && i + 2 < len) {
			int high = hex_value((unsigned char)text[i + 1]);
			int low = hex_value((unsigned char)text[i + 2]);

			if (high >= 0 && low >= 0) {
				c = (unsigned char)(high << 4 | low);
				i += 2;
			}
		}
		if (is_alnum(c) ||
		    (c != '\0' && strchr("-_.!~*'()&=+$/?#", c) != NULL))
			out[n++] = (char)c;
	}
	out[n] = '\0';
	if (is_number(out))
		cut_separators(out);
}

/* "sip:user:password@host:port;params?headers" or "tel:number;params" */
static bool read_uri(struct header_name *out, const char *uri, size_t len)
{
	const char *at, *user, *end = uri + len, *host;
	size_t scheme;

	if (len > 4 && strncasecmp(uri, "tel:", 4) == 0) {
		uri += 4;
		clean_user(out->user, sizeof out->user, uri,
			   strcspn(uri, ";?> ,") < (size_t)(end - uri)
				   ? strcspn(uri, ";?> ,")
				   : (size_t)(end - uri));
		return true;
	}
	scheme = len > 4 && strncasecmp(uri, "sip:", 4) == 0	? 4
		 : len > 5 && strncasecmp(uri, "sips:", 5) == 0 ? 5
								: 0;
	if (scheme == 0)
		return false;
	user = uri + scheme;
	at = memchr(user, '@', (size_t)(end - user));
	host = at != NULL ? at + 1 : user;
	if (at != NULL) {
		size_t n = (size_t)(at - user), stop = strcspn(user, ";:");

		clean_user(out->user, sizeof out->user, user,
			   stop < n ? stop : n);
	}
	len = (size_t)(end - host);
	out->anonymous =
		strcasecmp(out->user, "anonymous") == 0 ||
		(len >= 17 && strncasecmp(host, "anonymous.invalid", 17) == 0);
	return true;
}

/* The end of the quoted string at `at`, or NULL. */
static const char *skip_quoted(const char *at)
{
	for (at++; *at != '"'; at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		if (*at == '\0')
			return NULL;
	}
	return at + 1;
}

/* Past the parameters to the comma or the end. */
static const char *skip_params(const char *at)
{
	while (*at != '\0' && *at != ',') {
		if (*at == '"') {
			at = skip_quoted(at);
			if (at == NULL)
				return NULL;
		} else {
			at++;
		}
	}
	if (*at == ',')
		at++;
	return at;
}

const char *header_name_read(struct header_name *out, const char *text)
{
	const char *at, *close;

	memset(out, 0, sizeof *out);
	out->params = "";
	text += strspn(text, " \t\r\n");
	at = text;
	if (*at == '"') {
		at = skip_quoted(at);
		if (at == NULL)
			return NULL;
	}
	at += strcspn(at, "<,");
	if (*at != '<') {
		/* no brackets: parameters are the header's */
		size_t len = strcspn(text, ";, \t\r\n?");

		if (!read_uri(out, text, len))
			return NULL;
		out->params = text + strcspn(text, ";,");
		return skip_params(text + len);
	}
	header_display_clean(out->display, sizeof out->display, text,
			     (size_t)(at - text));
	close = strchr(at, '>');
	if (close == NULL || !read_uri(out, at + 1, (size_t)(close - at - 1)))
		return NULL;
	out->params = close + 1;
	return skip_params(close + 1);
}

void header_user_escape(char *out, size_t size, const char *user)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (; *user != '\0'; user++) {
		unsigned char c = (unsigned char)*user;

		if (is_alnum(c) || strchr("-_.!~*'()&=+$/", c) != NULL) {
			if (n + 1 >= size)
				break;
			out[n++] = (char)c;
		} else {
			if (n + 3 >= size)
				break;
			out[n++] = '%';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 15];
		}
	}
	out[n] = '\0';
}
