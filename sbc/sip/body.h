/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SDP text to and from a plain description (RFC 4566/8866): bounded, tolerant.
 * Spans point into the text that was parsed; nothing is allocated.
 */
#ifndef SBC_SIP_BODY_H
#define SBC_SIP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "sbc/sip/body_span.h"

#define BODY_BYTES_MAX	    16384
#define BODY_MEDIA_MAX	    8
#define BODY_FORMATS_MAX    64
#define BODY_ATTRIBUTES_MAX 256

enum body_kind {
	BODY_AUDIO,
	BODY_VIDEO,
	BODY_IMAGE,
	BODY_TEXT,
	BODY_APPLICATION,
	BODY_MESSAGE,
	BODY_OTHER
};
enum body_direction {
	BODY_INACTIVE = 0,
	BODY_SENDONLY = 1,
	BODY_RECVONLY = 2,
	BODY_SENDRECV = 3
};
/* The other end's word for the same flow: sendonly <-> recvonly. */
enum body_direction body_direction_reverse(enum body_direction direction);
const char *body_direction_name(enum body_direction direction);

/* One format of an m= line; for RTP profiles a payload type. */
struct body_format {
	struct body_span id;	   /* as written in m= */
	struct body_span encoding; /* from rtpmap, or the static table */
	struct body_span fmtp;	   /* empty: none */
	int16_t payload_type;	   /* 0..127, or -1 */
	uint16_t channels;	   /* 1 if not said */
	uint32_t clock;		   /* Hz; 0 unknown */
};

struct body_attribute {
	struct body_span name, value; /* value empty: a flag */
	int16_t media;		      /* index of its m= line, -1: session */
};

struct body_media {
	enum body_kind kind;
	struct body_span kind_text, proto; /* tokens: safe to write */
	bool rtp;      /* an RTP profile (…/AVP, …/AVPF) */
	bool secure;   /* SAVP or SAVPF */
	uint16_t port; /* 0: refused or removed */
	struct sockaddr_storage address; /* c= and port; AF_UNSPEC if the host
					    is a name or there is no c= */
	struct sockaddr_storage rtcp;	 /* a=rtcp, or port + 1 */
	bool zero;			 /* c=0.0.0.0 or ::, RFC 2543 hold */
	enum body_direction direction;	 /* session's if it has none itself */
	bool rtcp_mux;
	unsigned ptime_ms;		      /* 0: not said */
	unsigned as_kbps, tias_bps;	      /* b=AS, b=TIAS; 0: not said */
	unsigned first_format, formats;	      /* in body.format[] */
	unsigned first_attribute, attributes; /* in body.attribute[] */
};

/* Not cleared before parsing: only the counted elements mean anything. */
struct body {
	struct body_span origin_user, origin_id, origin_version, origin_host;
	struct body_media media[BODY_MEDIA_MAX];
	unsigned medias; /* at least 1 after body_parse */
	struct body_format format[BODY_MEDIA_MAX * BODY_FORMATS_MAX];
	unsigned formats;
	struct body_attribute attribute[BODY_ATTRIBUTES_MAX];
	unsigned attributes; /* the session's come first */
	unsigned session_attributes;
};

/*
 * Parse an SDP. Odd attributes are kept as they are, never a reason to
 * refuse; a format named twice in one m= line counts once. Linear in `len`.
 *
 * text[len]  kept by the caller as long as `out` is used
 * why        gets one of sallyport-status(5)'s causes on failure; may be NULL
 * Returns 0; -EMSGSIZE over one of the limits above; -EPROTO for text that
 * is no SDP (no v=0, no m=, an m= line that cannot be read, control bytes,
 * NUL).
 */
int body_parse(struct body *out, const char *text, size_t len,
	       const char **why);

/*
 * The value of attribute `name` of slot `media`, or of the session if
 * `media` is -1. NULL: it has none.
 */
const struct body_attribute *body_attribute(const struct body *body, int media,
					    const char *name);

/*
 * Find the SDP of a message body by its Content-Type: the body itself, or
 * the application/sdp part of a multipart/mixed or /alternative (RFC 2046,
 * one level, at most 8 parts). Without a Content-Type (NULL) a text that
 * begins with "v=0" is an SDP.
 * Returns 0 and the span; -ENOENT if there is none; -EPROTO if broken;
 * -EMSGSIZE if the SDP is over BODY_BYTES_MAX.
 */
int body_find_sdp(struct body_span *out, const char *content_type,
		  const char *text, size_t len);

/* A bounded writer; overflow is remembered, text stays NUL-terminated.
 * Begin with `w.len = 0; w.overflow = false;`. */
struct body_writer {
	size_t len;
	bool overflow;
	char text[BODY_BYTES_MAX + 1];
};
void body_write(struct body_writer *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void body_write_text(struct body_writer *w, const char *text);
void body_write_span(struct body_writer *w, struct body_span span);
void body_write_number(struct body_writer *w, uint64_t number);

#endif
