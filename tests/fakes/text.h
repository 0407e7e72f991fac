/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SIP and SDP as text, for the fakes: a small tolerant reader and a growing
 * buffer to write into. It shares no code with the daemon, so that a mistake
 * there is not repeated here.
 */
#ifndef TESTS_FAKES_TEXT_H
#define TESTS_FAKES_TEXT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/* A message being written; 0 after text_begin. */
struct text {
	char data[16384];
	size_t len;
};
void text_begin(struct text *text);
void text_add(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One message, read. Owns a copy of the bytes in `raw`. */
struct text_message {
	char *raw;
	size_t len;
	bool request;
	char method[16]; /* of the request, or of CSeq in an answer */
	char uri[256];
	int status; /* 0 in a request */
	char call_id[192];
	char from_tag[128], to_tag[128];
	char branch[160];
	unsigned cseq;
	const char *body; /* in raw; "" when there is none */
};
/* 0; -1 when this is no SIP message. */
int text_read(struct text_message *out, const char *data, size_t len);
void text_free(struct text_message *message);

/* The value of the n-th header of that name (long name given, the compact
 * form is found too). False when there are not so many. */
bool text_header(const struct text_message *message, const char *name,
		 unsigned nth, char *out, size_t size);
/* The value of the first one, until the next call; "" without one, or without
 * a message. */
const char *text_value(const struct text_message *message, const char *name);
/* A parameter's value in a header's value: ";tag=x" or, for digest, "realm". */
bool text_param(const char *value, const char *name, char *out, size_t size);
/* The URI in a name-addr or addr-spec. */
bool text_uri(const char *value, char *out, size_t size);
/* The literal IPv4 host and port of a sip: URI; false for a name. */
bool text_uri_address(const char *uri, struct sockaddr_in *out);
/* Without headers that a comparison should not see? No: the whole text, for
 * "is this string anywhere in it, in any case". */
bool text_contains(const struct text_message *message, const char *needle);

/* The head of an answer: the status line and what is copied from its request.
 * tag: for a To that has none; not in a 100. */
void text_answer(struct text *out, const struct text_message *request,
		 int status, const char *tag);
/* The last lines, and the body: NULL or "" is none; an SDP unless a line that
 * stands there already says what it is. */
void text_finish(struct text *out, const char *body);

#define TEXT_STREAMS 8

/* An SDP body, read. */
struct text_stream {
	char media[16];
	unsigned port, rtcp_port;
	char protocol[32];
	char formats[128];  /* "8 0 101" */
	char address[64];   /* its own c=, else the session's */
	char direction[12]; /* "sendrecv" when nothing is said */
	char crypto[256];   /* the first a=crypto value, or "" */
};
struct text_sdp {
	char origin[160]; /* the o= value */
	char session_id[40], version[40];
	unsigned streams;
	struct text_stream stream[TEXT_STREAMS];
};
/* 0; -1 when there is no SDP in the message. */
int text_sdp(struct text_sdp *out, const struct text_message *message);
/* Is payload type `format` in the list "8 0 101"? */
bool text_has_format(const char *formats, const char *format);

#endif
