/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SIP and SDP as text, for the fakes. */
#include "tests/fakes/text.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void text_begin(struct text *text)
{
	text->len = 0;
	text->data[0] = '\0';
}

void text_add(struct text *text, const char *format, ...)
{
	va_list args;
	size_t room = sizeof(text->data) - text->len;

	va_start(args, format);
	int n = vsnprintf(text->data + text->len, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room)
		abort(); /* a test that outgrows the buffer is wrong */
	text->len += (size_t)n;
}

static void copy_span(char *out, size_t size, const char *from, size_t len)
{
	if (len >= size)
		len = size - 1;
	memcpy(out, from, len);
	out[len] = '\0';
}

static const char *compact_of(const char *name)
{
	static const char *const pairs[][2] = {
		{"Via", "v"},
		{"From", "f"},
		{"To", "t"},
		{"Call-ID", "i"},
		{"Contact", "m"},
		{"Content-Length", "l"},
		{"Content-Type", "c"},
		{"Supported", "k"},
		{"Session-Expires", "x"},
		{"Refer-To", "r"},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (!strcasecmp(pairs[i][0], name))
			return pairs[i][1];
	return NULL;
}

/* Does this line begin with NAME and a colon? Returns the value. */
static const char *line_value(const char *line, const char *name)
{
	size_t len = strlen(name);

	if (strncasecmp(line, name, len))
		return NULL;
	line += len;
	line += strspn(line, " \t");
	if (*line != ':')
		return NULL;
	line++;
	return line + strspn(line, " \t");
}

bool text_header(const struct text_message *message, const char *name,
		 unsigned nth, char *out, size_t size)
{
	const char *compact = compact_of(name);
	const char *line = strstr(message->raw, "\r\n");

	while (line && line + 2 < message->body) {
		line += 2;
		const char *end = strstr(line, "\r\n");
		const char *value = line_value(line, name);
		if (!end || end == line)
			break;
		if (!value && compact)
			value = line_value(line, compact);
		if (value && value <= end && nth-- == 0) {
			while (end[2] == ' ' || end[2] == '\t') {
				const char *next = strstr(end + 2, "\r\n");
				if (!next)
					break;
				end = next;
			}
			copy_span(out, size, value, (size_t)(end - value));
			return true;
		}
		line = end;
	}
	return false;
}

const char *text_value(const struct text_message *message, const char *name)
{
	static char value[256];

	value[0] = '\0';
	if (message)
		text_header(message, name, 0, value, sizeof(value));
	return value;
}

bool text_param(const char *value, const char *name, char *out, size_t size)
{
	size_t len = strlen(name);

	for (const char *at = value; (at = strcasestr(at, name)); at += len) {
		if (at != value && !strchr(" ;,\t", at[-1]))
			continue;
		const char *from = at + len;
		from += strspn(from, " ");
		if (*from != '=')
			continue;
		from++;
		from += strspn(from, " ");
		if (*from == '"') {
			from++;
			copy_span(out, size, from, strcspn(from, "\""));
		} else {
			copy_span(out, size, from, strcspn(from, ";, >\r\n"));
		}
		return true;
	}
	return false;
}

bool text_uri(const char *value, char *out, size_t size)
{
	const char *open = strchr(value, '<');

	if (open) {
		copy_span(out, size, open + 1, strcspn(open + 1, ">"));
		return true;
	}
	copy_span(out, size, value, strcspn(value, "; \t\r\n"));
	return out[0] != '\0';
}

bool text_uri_address(const char *uri, struct sockaddr_in *out)
{
	char host[64];
	const char *at = strchr(uri, '@');
	const char *from = at ? at + 1 : strchr(uri, ':');

	if (!from)
		return false;
	if (!at)
		from++;
	size_t len = strcspn(from, ":;>?");
	copy_span(host, sizeof(host), from, len);
	memset(out, 0, sizeof(*out));
	out->sin_family = AF_INET;
	out->sin_port = htons(5060);
	if (from[len] == ':')
		out->sin_port = htons((uint16_t)atoi(from + len + 1));
	return inet_pton(AF_INET, host, &out->sin_addr) == 1;
}

bool text_contains(const struct text_message *message, const char *needle)
{
	return strcasestr(message->raw, needle) != NULL;
}

static int read_first_line(struct text_message *out)
{
	char line[600], uri[256] = "", method[16] = "";
	size_t len = strcspn(out->raw, "\r\n");

	copy_span(line, sizeof(line), out->raw, len);
	if (!strncmp(line, "SIP/2.0 ", 8)) {
		out->status = atoi(line + 8);
		return out->status >= 100 && out->status < 700 ? 0 : -1;
	}
	if (sscanf(line, "%15s %255s SIP/2.0", method, uri) != 2)
		return -1;
	out->request = true;
	copy_span(out->method, sizeof(out->method), method, strlen(method));
	copy_span(out->uri, sizeof(out->uri), uri, strlen(uri));
	return 0;
}

int text_read(struct text_message *out, const char *data, size_t len)
{
	char value[1024];

	memset(out, 0, sizeof(*out));
	out->raw = malloc(len + 1);
	if (!out->raw)
		abort();
	memcpy(out->raw, data, len);
	out->raw[len] = '\0';
	out->len = len;
	char *end = strstr(out->raw, "\r\n\r\n");
	out->body = end ? end + 4 : out->raw + len;
	if (!end || read_first_line(out) < 0)
		goto no_message;
	if (text_header(out, "Call-ID", 0, value, sizeof(value)))
		copy_span(out->call_id, sizeof(out->call_id), value,
			  strlen(value));
	if (text_header(out, "From", 0, value, sizeof(value)))
		text_param(value, "tag", out->from_tag, sizeof(out->from_tag));
	if (text_header(out, "To", 0, value, sizeof(value)))
		text_param(value, "tag", out->to_tag, sizeof(out->to_tag));
	if (text_header(out, "Via", 0, value, sizeof(value)))
		text_param(value, "branch", out->branch, sizeof(out->branch));
	if (text_header(out, "CSeq", 0, value, sizeof(value))) {
		char method[16] = "";
		if (sscanf(value, "%u %15s", &out->cseq, method) != 2)
			goto no_message;
		if (!out->request)
			strcpy(out->method, method);
	}
	return 0;

no_message:
	text_free(out);
	return -1;
}

void text_free(struct text_message *message)
{
	free(message->raw);
	message->raw = NULL;
}

static const char *phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{100, "Trying"},
		{180, "Ringing"},
		{401, "Unauthorized"},
		{407, "Proxy Authentication Required"},
		{481, "Call/Transaction Does Not Exist"},
		{486, "Busy Here"},
		{487, "Request Terminated"},
		{488, "Not Acceptable Here"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
	};

	for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return status < 200 ? "Progress" : status < 300 ? "OK" : "No";
}

void text_answer(struct text *out, const struct text_message *request,
		 int status, const char *tag)
{
	static const char *const copied[] = {"Via", "Record-Route", "From",
					     "Call-ID", "CSeq"};
	char value[1024] = "";

	text_begin(out);
	text_add(out, "SIP/2.0 %d %s\r\n", status, phrase(status));
	for (size_t i = 0; i < sizeof(copied) / sizeof(*copied); i++)
		for (unsigned n = 0;
		     text_header(request, copied[i], n, value, sizeof(value));
		     n++)
			text_add(out, "%s: %s\r\n", copied[i], value);
	text_header(request, "To", 0, value, sizeof(value));
	text_add(out, "To: %s", value);
	if (!request->to_tag[0] && tag[0] && status > 100)
		text_add(out, ";tag=%s", tag);
	text_add(out, "\r\n");
}

void text_finish(struct text *out, const char *body)
{
	if (!body)
		body = "";
	if (body[0] && !strstr(out->data, "\r\nContent-Type:"))
		text_add(out, "Content-Type: application/sdp\r\n");
	text_add(out, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
}

static bool is_direction(const char *line)
{
	return !strcmp(line, "sendrecv") || !strcmp(line, "sendonly") ||
	       !strcmp(line, "recvonly") || !strcmp(line, "inactive");
}

struct sdp_session_level {
	char address[64];
	char direction[12];
};

static void sdp_line(struct text_sdp *out, struct sdp_session_level *session,
		     const char *line)
{
	struct text_stream *s =
		out->streams ? &out->stream[out->streams - 1] : NULL;

	if (!strncmp(line, "o=", 2)) {
		copy_span(out->origin, sizeof(out->origin), line + 2,
			  strlen(line + 2));
		sscanf(line, "o=%*s %39s %39s", out->session_id, out->version);
	} else if (!strncmp(line, "c=IN IP", 7)) {
		const char *a = line + strcspn(line + 7, " ") + 8;
		if (s)
			copy_span(s->address, sizeof(s->address), a, strlen(a));
		else
			copy_span(session->address, sizeof(session->address), a,
				  strlen(a));
	} else if (!strncmp(line, "m=", 2) && out->streams < TEXT_STREAMS) {
		s = &out->stream[out->streams++];
		memset(s, 0, sizeof(*s));
		sscanf(line, "m=%15s %u %31s %127[^\r\n]", s->media, &s->port,
		       s->protocol, s->formats);
		strcpy(s->address, session->address);
		strcpy(s->direction, session->direction);
		s->rtcp_port = s->port + 1;
	} else if (!strncmp(line, "a=", 2) && is_direction(line + 2)) {
		strcpy(s ? s->direction : session->direction, line + 2);
	} else if (!strncmp(line, "a=rtcp:", 7) && s) {
		s->rtcp_port = (unsigned)atoi(line + 7);
	} else if (!strncmp(line, "a=crypto:", 9) && s && !s->crypto[0]) {
		copy_span(s->crypto, sizeof(s->crypto), line + 9,
			  strlen(line + 9));
	}
}

int text_sdp(struct text_sdp *out, const struct text_message *message)
{
	struct sdp_session_level session = {"", "sendrecv"};
	const char *at = strstr(message->body, "v=0");

	memset(out, 0, sizeof(*out));
	if (!at)
		return -1;
	while (*at) {
		char line[600];
		size_t len = strcspn(at, "\r\n");
		copy_span(line, sizeof(line), at, len);
		sdp_line(out, &session, line);
		at += len;
		at += strspn(at, "\r\n");
	}
	return 0;
}

bool text_has_format(const char *formats, const char *format)
{
	size_t len = strlen(format);

	for (const char *at = formats; *at;) {
		size_t n = strcspn(at, " ");
		if (n == len && !strncmp(at, format, n))
			return true;
		at += n;
		at += strspn(at, " ");
	}
	return false;
}
