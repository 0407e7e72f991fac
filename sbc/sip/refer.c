/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a transfer asks for, as text. */
#include "config.h"

#include "sbc/sip/refer.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sofia-sip/sip_extra.h>
#include <sofia-sip/sip_header.h>

#include "sbc/sip/header.h"

/* Escaped text of a URI, which may not hold control bytes once unescaped. */
static int refer_unescape(char *out, size_t size, const char *text, size_t len)
{
	if (len >= size)
		return -EINVAL;
	memcpy(out, text, len);
	out[len] = '\0';
	url_unescape(out, out);
	for (const char *p = out; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return -EINVAL;
	/* "%00" ends it early. */
	for (size_t i = 0; i + 2 < len; i++)
		if (!strncmp(text + i, "%00", 3))
			return -EINVAL;
	return 0;
}

static int refer_number(struct refer *out, const url_t *url)
{
	const char *user = url->url_user;

	if (!user || refer_unescape(out->number, sizeof(out->number), user,
				    strcspn(user, ";")))
		return -EINVAL;
	return header_number_ok(out->number) ? 0 : -EINVAL;
}

/* "method=BYE" among the URI's parameters. */
static bool refer_other_method(const url_t *url)
{
	const char *p = url->url_params;

	for (; p && *p; p += strcspn(p, ";"), p += *p == ';')
		if (!strncasecmp(p, "method=", 7) &&
		    (strcspn(p + 7, ";") != 6 ||
		     strncasecmp(p + 7, "INVITE", 6) != 0))
			return true;
	return false;
}

static int refer_headers(struct refer *out, const char *headers)
{
	static const char replaces[] = "Replaces=", require[] = "Require=";
	char value[600];

	for (const char *p = headers; p && *p;) {
		size_t len = strcspn(p, "&");

		if (!strncasecmp(p, replaces, sizeof(replaces) - 1)) {
			size_t skip = sizeof(replaces) - 1;

			if (out->replaces.call_id[0] ||
			    refer_unescape(value, sizeof(value), p + skip,
					   len - skip) ||
			    refer_replaces_read(&out->replaces, value))
				return -EINVAL;
		} else if (strncasecmp(p, require, sizeof(require) - 1) != 0 ||
			   len != sizeof(require) - 1 + 8 ||
			   strncasecmp(p + sizeof(require) - 1, "replaces",
				       8) != 0) {
			return -EPERM;
		}
		p += len;
		p += *p == '&';
	}
	return 0;
}

int refer_read(struct refer *out, const url_t *url)
{
	int error;

	memset(out, 0, sizeof(*out));
	if (url->url_type != url_sip && url->url_type != url_sips &&
	    url->url_type != url_tel)
		return -EINVAL;
	if (refer_other_method(url))
		return -EPERM;
	error = refer_headers(out, url->url_headers);
	return error ? error : refer_number(out, url);
}

static int refer_token(char *out, size_t size, const char *text, size_t len)
{
	if (!len || len >= size)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
			return -EINVAL;
	memcpy(out, text, len);
	out[len] = '\0';
	return 0;
}

int refer_replaces_read(struct refer_replaces *out, const char *value)
{
	size_t len = strcspn(value, ";");

	memset(out, 0, sizeof(*out));
	while (len && value[len - 1] == ' ')
		len--;
	if (refer_token(out->call_id, sizeof(out->call_id), value, len))
		goto failed;
	for (value += strcspn(value, ";"); *value;
	     value += strcspn(value, ";")) {
		value += 1 + strspn(value + 1, " ");
		len = strcspn(value, "; ");
		if (!strncasecmp(value, "to-tag=", 7) && !out->to_tag[0]) {
			if (refer_token(out->to_tag, sizeof(out->to_tag),
					value + 7, len - 7))
				goto failed;
		} else if (!strncasecmp(value, "from-tag=", 9) &&
			   !out->from_tag[0]) {
			if (refer_token(out->from_tag, sizeof(out->from_tag),
					value + 9, len - 9))
				goto failed;
		} else if (len == 10 && !strncasecmp(value, "early-only", 10)) {
			out->early_only = true;
		}
	}
	/* "0" would stand for any tag in old RFCs, and so for any dialog. */
	if (out->to_tag[0] && out->from_tag[0] && strcmp(out->to_tag, "0") &&
	    strcmp(out->from_tag, "0"))
		return 0;
failed:
	memset(out, 0, sizeof(*out));
	return -EINVAL;
}

/* A tag parameter's value: after "=", spaces around it; once. */
static int refer_tag(char *out, size_t size, const char *value, size_t len)
{
	size_t skip = strspn(value, " \t");

	if (skip >= len || value[skip] != '=' || out[0])
		return -EINVAL;
	skip++;
	skip += strspn(value + skip, " \t");
	while (len > skip && strchr(" \t", value[len - 1]))
		len--;
	return skip < len ? refer_token(out, size, value + skip, len - skip)
			  : -EINVAL;
}

static int refer_target_value(struct refer_replaces *out, const char *value)
{
	static const char local[] = "local-tag", remote[] = "remote-tag";
	size_t len = strcspn(value, ";"), end = len;
	int error;

	while (end && strchr(" \t", value[end - 1]))
		end--;
	error = refer_token(out->call_id, sizeof(out->call_id), value, end);
	for (value += len; !error && *value; value += len) {
		value += 1 + strspn(value + 1, " \t");
		len = strcspn(value, ";");
		end = strcspn(value, "=; \t");
		if (end == sizeof(local) - 1 && !strncasecmp(value, local, end))
			error = refer_tag(out->from_tag, sizeof(out->from_tag),
					  value + end, len - end);
		else if (end == sizeof(remote) - 1 &&
			 !strncasecmp(value, remote, end))
			error = refer_tag(out->to_tag, sizeof(out->to_tag),
					  value + end, len - end);
		else if (!end)
			error = -EINVAL;
	}
	/* "0" would stand for any tag, as in Replaces. */
	return error || !out->to_tag[0] || !out->from_tag[0] ||
			       !strcmp(out->to_tag, "0") ||
			       !strcmp(out->from_tag, "0")
		       ? -EINVAL
		       : 0;
}

int refer_target_read(struct refer_replaces *out, const sip_t *sip)
{
	int error = -ENOENT;

	memset(out, 0, sizeof(*out));
	for (const sip_unknown_t *u = sip->sip_unknown; u; u = u->un_next) {
		if (!u->un_name || strcasecmp(u->un_name, "Target-Dialog") != 0)
			continue;
		error = error == -ENOENT && u->un_value
				? refer_target_value(out, u->un_value)
				: -EINVAL;
	}
	if (error)
		memset(out, 0, sizeof(*out));
	return error;
}

bool refer_wants_silence(const sip_t *sip)
{
	const sip_refer_sub_t *header = sip_refer_sub(sip);

	return header && header->rs_value &&
	       !strcasecmp(header->rs_value, "false");
}

unsigned refer_fragment_status(const char *body, size_t len)
{
	static const char line[] = "SIP/2.0 ";
	unsigned status = 0;

	if (len < sizeof(line) - 1 + 3 ||
	    strncasecmp(body, line, sizeof(line) - 1) != 0)
		return 0;
	body += sizeof(line) - 1;
	for (int i = 0; i < 3; i++) {
		if (body[i] < '0' || body[i] > '9')
			return 0;
		status = status * 10 + (unsigned)(body[i] - '0');
	}
	return status >= 100 && status < 700 ? status : 0;
}
