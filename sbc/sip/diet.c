/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a request does without, to be short enough. */
#include "config.h"

#include "sbc/sip/diet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The media do not flow without these. */
static const char *const needed[] = {
	"rtpmap",      "fmtp",	   "ptime",	"sendrecv", "sendonly",
	"recvonly",    "inactive", "rtcp",	"mid",	    "crypto",
	"fingerprint", "setup",	   "zrtp-hash", "key-mgmt", "group",
	"rtcp-mux",    "ice-lite", "ice-ufrag", "ice-pwd",  "candidate",
};

/* RFC 3551 table 4 and 5, what is met: known without rtpmap. */
static const struct {
	const char *id, *name;
} fixed[] = {
	{"0", "PCMU"}, {"3", "GSM"}, {"4", "G723"},  {"8", "PCMA"},
	{"9", "G722"}, {"13", "CN"}, {"15", "G728"}, {"18", "G729"},
};

static char *line_end(char *line)
{
	char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

static void cut(char *from, char *to)
{
	memmove(from, to, strlen(to) + 1);
}

/* "a=NAME" or "a=NAME:..." */
static bool is_attribute(const char *line, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(line, "a=", 2) && !strncmp(line + 2, name, len) &&
	       strchr(":\r\n", line[2 + len]);
}

/* "a=NAME:ID ..." */
static bool is_of_format(const char *line, const char *name, const char *id)
{
	size_t n = strlen(name), i = strlen(id);

	return is_attribute(line, name) && line[2 + n] == ':' &&
	       !strncmp(line + 3 + n, id, i) && line[3 + n + i] == ' ';
}

static bool cut_attributes(char *body)
{
	bool any = false;

	for (char *line = body; *line;) {
		char *next = line_end(line);
		bool keep = strncmp(line, "a=", 2) != 0;

		for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
			keep = keep || is_attribute(line, needed[i]);
		/* A fax is agreed by them (T.38 Annex D). */
		keep = keep || !strncasecmp(line, "a=T38", 5);
		if (keep) {
			line = next;
			continue;
		}
		cut(line, next);
		any = true;
	}
	return any;
}

static bool cut_rtpmap(char *body)
{
	bool any = false;

	for (char *line = body; *line;) {
		char *next = line_end(line);
		bool known = false;

		for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
			known = known ||
				is_of_format(line, "rtpmap", fixed[i].id);
		if (!known) {
			line = next;
			continue;
		}
		cut(line, next);
		any = true;
	}
	return any;
}

/* --- codecs -------------------------------------------------------------- */

/* What that payload type is called in the section from `media`. */
static void codec_name(char *media, const char *id, char name[24])
{
	snprintf(name, 24, "%.20s", id);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (!strcmp(fixed[i].id, id))
			snprintf(name, 24, "%s", fixed[i].name);
	for (char *line = line_end(media); *line && strncmp(line, "m=", 2);
	     line = line_end(line)) {
		const char *encoding;

		if (!is_of_format(line, "rtpmap", id))
			continue;
		encoding = strchr(line, ' ') + 1;
		snprintf(name, 24, "%.*s",
			 (int)strcspn(encoding, "/\r\n") > 23
				 ? 23
				 : (int)strcspn(encoding, "/\r\n"),
			 encoding);
	}
}

static void cut_format_lines(char *media, const char *id)
{
	static const char *const names[] = {"rtpmap", "fmtp", "rtcp-fb"};

	for (char *line = line_end(media); *line && strncmp(line, "m=", 2);) {
		char *next = line_end(line);
		bool of = false;

		for (size_t i = 0; i < 3; i++)
			of = of || is_of_format(line, names[i], id);
		if (of)
			cut(line, next);
		else
			line = next;
	}
}

/* The last format of this m= line that is neither the first nor
 * telephone-event goes. */
static bool cut_codec_of(char *media, char name[24])
{
	char *end = media + strcspn(media, "\r\n"), *word = media, *first;
	char id[24];

	/* "m=audio 4000 RTP/AVP 8 0 101": formats are from the fourth word. */
	for (unsigned i = 0; i < 3 && word < end; i++)
		word += strcspn(word, " \r\n") + 1;
	if (word >= end || !strstr(media, "RTP/") ||
	    strstr(media, "RTP/") > word)
		return false;
	first = word + strcspn(word, " \r\n"); /* behind the first */
	for (char *at = end; at > first;) {
		char *from = at;

		while (from > first && from[-1] != ' ')
			from--;
		if ((size_t)(at - from) < sizeof(id)) {
			snprintf(id, sizeof(id), "%.*s", (int)(at - from),
				 from);
			codec_name(media, id, name);
			if (at > from && strcmp(name, "telephone-event")) {
				cut(from - 1, at);
				cut_format_lines(media, id);
				return true;
			}
		}
		at = from - 1;
	}
	return false;
}

static bool cut_codec(char *body, char name[24])
{
	char *media[32];
	unsigned medias = 0;

	for (char *line = body; *line && medias < 32; line = line_end(line))
		if (!strncmp(line, "m=", 2))
			media[medias++] = line;
	while (medias-- > 0)
		if (cut_codec_of(media[medias], name))
			return true;
	return false;
}

static bool cut_keys(char *body)
{
	bool any = false, had = false;

	for (char *line = body; *line;) {
		char *next = line_end(line);

		if (!strncmp(line, "m=", 2))
			had = false;
		if (!is_attribute(line, "crypto")) {
			line = next;
		} else if (had) {
			cut(line, next);
			any = true;
		} else {
			had = true;
			line = next;
		}
	}
	return any;
}

const char *diet_body(char *body, char name[24])
{
	if (cut_attributes(body))
		return "attributes";
	if (cut_rtpmap(body))
		return "rtpmap";
	if (cut_codec(body, name))
		return name;
	return cut_keys(body) ? "keys" : NULL;
}

static void diet_note(struct diet *diet, const char *what)
{
	size_t len = strlen(diet->left_out);

	snprintf(diet->left_out + len, sizeof(diet->left_out) - len, "%s%s",
		 len ? "," : "", what);
}

void diet_fit(struct diet *diet, size_t headers, size_t compact, char *body)
{
	const char *what;
	char name[24];

	diet->left_out[0] = '\0';
	diet->was = (unsigned)(headers + strlen(body));
	diet->is = diet->was;
	if (diet->is <= diet->limit)
		return;
	diet_note(diet, "headers");
	for (;;) {
		diet->is = (unsigned)(compact + strlen(body));
		if (diet->is <= diet->limit)
			return;
		what = diet_body(body, name);
		if (!what)
			return;
		diet_note(diet, what);
	}
}
