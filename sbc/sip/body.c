/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Read an SDP line by line, in one pass, into struct body. */
#include "sbc/sip/body.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#define NO_FORMAT 0xff

_Static_assert(sizeof(struct body) <= 32768, "struct body grew over 32 kB");
_Static_assert(BODY_BYTES_MAX <= UINT16_MAX, "a span cannot hold a body");
_Static_assert(BODY_FORMATS_MAX < NO_FORMAT, "formats do not fit their index");

/* RFC 3551 tables 4 and 5; 19 is what CN was before it became 13. */
static const struct {
	const char *encoding;
	uint8_t len;
	uint8_t channels;
	uint32_t clock;
} body_static[35] = {
	[0] = {"PCMU", 4, 1, 8000},   [3] = {"GSM", 3, 1, 8000},
	[4] = {"G723", 4, 1, 8000},   [5] = {"DVI4", 4, 1, 8000},
	[6] = {"DVI4", 4, 1, 16000},  [7] = {"LPC", 3, 1, 8000},
	[8] = {"PCMA", 4, 1, 8000},   [9] = {"G722", 4, 1, 8000},
	[10] = {"L16", 3, 2, 44100},  [11] = {"L16", 3, 1, 44100},
	[12] = {"QCELP", 5, 1, 8000}, [13] = {"CN", 2, 1, 8000},
	[14] = {"MPA", 3, 1, 90000},  [15] = {"G728", 4, 1, 8000},
	[16] = {"DVI4", 4, 1, 11025}, [17] = {"DVI4", 4, 1, 22050},
	[18] = {"G729", 4, 1, 8000},  [19] = {"CN", 2, 1, 8000},
	[25] = {"CelB", 4, 1, 90000}, [26] = {"JPEG", 4, 1, 90000},
	[28] = {"nv", 2, 1, 90000},   [31] = {"H261", 4, 1, 90000},
	[32] = {"MPV", 3, 1, 90000},  [33] = {"MP2T", 4, 1, 90000},
	[34] = {"H263", 4, 1, 90000},
};

/* What is known while the lines go by and not kept afterwards. */
struct body_reader {
	struct body *body;
	const char *why;
	int media;			    /* current m= line, -1: session */
	struct sockaddr_storage connection; /* the session's c= */
	enum body_direction direction;	    /* the session's */
	unsigned ptime_ms;
	bool rtcp_mux;
	struct body_span rtcp[BODY_MEDIA_MAX]; /* a=rtcp values */
	bool connected[BODY_MEDIA_MAX];	       /* has its own c= */
	bool directed[BODY_MEDIA_MAX];
	uint8_t by_type[128]; /* payload type to format of `media` */
};

enum body_direction body_direction_reverse(enum body_direction direction)
{
	switch (direction) {
	case BODY_SENDONLY:
		return BODY_RECVONLY;
	case BODY_RECVONLY:
		return BODY_SENDONLY;
	case BODY_INACTIVE:
	case BODY_SENDRECV:
		break;
	}
	return direction;
}

const char *body_direction_name(enum body_direction direction)
{
	switch (direction) {
	case BODY_INACTIVE:
		return "inactive";
	case BODY_SENDONLY:
		return "sendonly";
	case BODY_RECVONLY:
		return "recvonly";
	case BODY_SENDRECV:
		break;
	}
	return "sendrecv";
}

const struct body_attribute *body_attribute(const struct body *body, int media,
					    const char *name)
{
	unsigned first = 0, count = body->session_attributes;

	if (media >= 0) {
		first = body->media[media].first_attribute;
		count = body->media[media].attributes;
	}
	for (unsigned i = first; i < first + count; i++) {
		if (body_span_is(body->attribute[i].name, name))
			return &body->attribute[i];
	}
	return NULL;
}

/* A literal of either family whatever "IP4" or "IP6" said; the TTL of a
 * multicast address is cut. A name leaves AF_UNSPEC. */
static void read_host(struct sockaddr_storage *out, struct body_span host)
{
	char text[INET6_ADDRSTRLEN];
	struct sockaddr_in *in4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof *out);
	host = body_span_until(&host, '/');
	if (host.len > 2 && host.text[0] == '[' &&
	    host.text[host.len - 1] == ']') {
		host.text++;
		host.len -= 2;
	}
	if (host.len == 0 || host.len >= sizeof text)
		return;
	memcpy(text, host.text, host.len);
	text[host.len] = '\0';
	if (inet_pton(AF_INET, text, &in4->sin_addr) == 1)
		in4->sin_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1)
		in6->sin6_family = AF_INET6;
}

static void set_port(struct sockaddr_storage *at, uint32_t port)
{
	uint16_t net = htons((uint16_t)(port <= UINT16_MAX ? port : 0));

	if (at->ss_family == AF_INET)
		((struct sockaddr_in *)at)->sin_port = net;
	else if (at->ss_family == AF_INET6)
		((struct sockaddr_in6 *)at)->sin6_port = net;
}

static bool is_zero(const struct sockaddr_storage *at)
{
	if (at->ss_family == AF_INET)
		return ((const struct sockaddr_in *)at)->sin_addr.s_addr == 0;
	if (at->ss_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(
			&((const struct sockaddr_in6 *)at)->sin6_addr);
	return false;
}

static void read_origin(struct body *body, struct body_span value)
{
	body->origin_user = body_span_word(&value);
	body->origin_id = body_span_word(&value);
	body->origin_version = body_span_word(&value);
	body_span_word(&value);
	body_span_word(&value);
	body->origin_host = body_span_word(&value);
}

/* c=IN IP4 192.0.2.1; of several in one place the first counts. */
static void read_connection(struct body_reader *r, struct body_span value)
{
	struct body_span word, host = {NULL, 0};

	for (int i = 0; i < 3; i++) {
		word = body_span_word(&value);
		if (word.len > 0)
			host = word;
	}
	if (r->media < 0) {
		if (r->connection.ss_family == AF_UNSPEC)
			read_host(&r->connection, host);
	} else if (!r->connected[r->media]) {
		r->connected[r->media] = true;
		read_host(&r->body->media[r->media].address, host);
	}
}

static void read_bandwidth(struct body_reader *r, struct body_span value)
{
	struct body_span type = body_span_trim(body_span_until(&value, ':'));
	struct body_media *media;
	uint32_t number;

	if (r->media < 0 ||
	    !body_span_number(body_span_trim(value), UINT32_MAX, &number))
		return;
	media = &r->body->media[r->media];
	if (body_span_is(type, "AS"))
		media->as_kbps = number;
	else if (body_span_is(type, "TIAS"))
		media->tias_bps = number;
}

static enum body_kind read_kind(struct body_span text)
{
	static const struct {
		const char *name;
		enum body_kind kind;
	} kinds[] = {
		{"audio", BODY_AUDIO},
		{"video", BODY_VIDEO},
		{"image", BODY_IMAGE},
		{"text", BODY_TEXT},
		{"application", BODY_APPLICATION},
		{"message", BODY_MESSAGE},
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (body_span_is(text, kinds[i].name))
			return kinds[i].kind;
	}
	return BODY_OTHER;
}

static bool ends_with(struct body_span span, const char *end)
{
	size_t len = strlen(end);

	return span.len >= len &&
	       strncasecmp(span.text + span.len - len, end, len) == 0;
}

static void read_proto(struct body_media *media)
{
	media->secure = ends_with(media->proto, "RTP/SAVP") ||
			ends_with(media->proto, "RTP/SAVPF");
	media->rtp = media->secure || ends_with(media->proto, "RTP/AVP") ||
		     ends_with(media->proto, "RTP/AVPF");
}

static int read_format(struct body_reader *r, struct body_media *media,
		       struct body_span id)
{
	struct body *body = r->body;
	struct body_format *format;
	uint32_t type;

	if (media->rtp && body_span_number(id, 127, &type)) {
		if (r->by_type[type] != NO_FORMAT)
			return 0;
	} else {
		type = 128;
	}
	if (media->formats == BODY_FORMATS_MAX)
		return -EMSGSIZE;
	format = &body->format[body->formats++];
	memset(format, 0, sizeof *format);
	format->id = id;
	format->channels = 1;
	format->payload_type = -1;
	if (type < 128) {
		r->by_type[type] = (uint8_t)media->formats;
		format->payload_type = (int16_t)type;
	}
	if (type < sizeof body_static / sizeof *body_static &&
	    body_static[type].encoding != NULL) {
		format->encoding.text = body_static[type].encoding;
		format->encoding.len = body_static[type].len;
		format->clock = body_static[type].clock;
		format->channels = body_static[type].channels;
	}
	media->formats++;
	return 0;
}

/* m=audio 49170/2 RTP/AVP 0 8 101 */
static int read_media(struct body_reader *r, struct body_span value)
{
	struct body *body = r->body;
	struct body_media *media;
	struct body_span port, word;
	uint32_t number;

	if (body->medias == BODY_MEDIA_MAX) {
		r->why = "sdp-limits";
		return -EMSGSIZE;
	}
	r->media = (int)body->medias;
	media = &body->media[body->medias++];
	memset(media, 0, sizeof *media);
	memset(r->by_type, NO_FORMAT, sizeof r->by_type);
	media->kind_text = body_span_word(&value);
	port = body_span_word(&value);
	port = body_span_until(&port, '/');
	media->proto = body_span_word(&value);
	if (!body_span_token(media->kind_text, false) ||
	    !body_span_token(media->proto, true) ||
	    !body_span_number(port, UINT16_MAX, &number)) {
		r->why = "sdp-media";
		return -EPROTO;
	}
	media->port = (uint16_t)number;
	media->kind = read_kind(media->kind_text);
	read_proto(media);
	media->first_format = body->formats;
	media->first_attribute = body->attributes;
	while ((word = body_span_word(&value)).len > 0) {
		if (read_format(r, media, word) != 0) {
			r->why = "sdp-limits";
			return -EMSGSIZE;
		}
	}
	return 0;
}

/* The format that the leading payload type (or id) of `*value` names. */
static struct body_format *named_format(struct body_reader *r,
					struct body_span *value)
{
	struct body_span id = body_span_word(value);
	struct body_media *media;
	uint32_t type;

	if (r->media < 0)
		return NULL;
	media = &r->body->media[r->media];
	if (!body_span_number(id, 127, &type) || r->by_type[type] == NO_FORMAT)
		return NULL;
	return &r->body->format[media->first_format + r->by_type[type]];
}

static void read_rtpmap(struct body_reader *r, struct body_span value)
{
	struct body_format *format = named_format(r, &value);
	struct body_span map = body_span_word(&value);
	struct body_span encoding = body_span_until(&map, '/');
	struct body_span clock = body_span_until(&map, '/');
	uint32_t number;

	if (format == NULL || encoding.len == 0)
		return;
	format->encoding = encoding;
	format->clock =
		body_span_number(clock, UINT32_MAX, &number) ? number : 0;
	format->channels = 1;
	if (body_span_number(map, 255, &number) && number > 0)
		format->channels = (uint16_t)number;
}

static void read_fmtp(struct body_reader *r, struct body_span value)
{
	struct body_format *format = named_format(r, &value);

	if (format != NULL && format->fmtp.len == 0)
		format->fmtp = body_span_trim(value);
}

static void read_direction(struct body_reader *r, enum body_direction direction)
{
	if (r->media < 0) {
		r->direction = direction;
	} else {
		r->directed[r->media] = true;
		r->body->media[r->media].direction = direction;
	}
}

static void read_ptime(struct body_reader *r, struct body_span value)
{
	uint32_t number;

	if (!body_span_number(body_span_word(&value), 1000, &number))
		return;
	if (r->media < 0)
		r->ptime_ms = number;
	else
		r->body->media[r->media].ptime_ms = number;
}

/* Attributes that mean something here; told apart by their first byte so
 * that a line is compared once or twice, not with the whole list. */
static void read_known(struct body_reader *r, struct body_span name,
		       struct body_span value)
{
	switch (name.text[0] | 0x20) {
	case 'r':
		if (body_span_is(name, "rtpmap"))
			read_rtpmap(r, value);
		else if (body_span_is(name, "rtcp") && r->media >= 0)
			r->rtcp[r->media] = value;
		else if (body_span_is(name, "rtcp-mux") && r->media >= 0)
			r->body->media[r->media].rtcp_mux = true;
		else if (body_span_is(name, "recvonly"))
			read_direction(r, BODY_RECVONLY);
		break;
	case 'f':
		if (body_span_is(name, "fmtp"))
			read_fmtp(r, value);
		break;
	case 'p':
		if (body_span_is(name, "ptime"))
			read_ptime(r, value);
		break;
	case 's':
		if (body_span_is(name, "sendrecv"))
			read_direction(r, BODY_SENDRECV);
		else if (body_span_is(name, "sendonly"))
			read_direction(r, BODY_SENDONLY);
		break;
	case 'i':
		if (body_span_is(name, "inactive"))
			read_direction(r, BODY_INACTIVE);
		break;
	}
}

static int read_attribute(struct body_reader *r, struct body_span value)
{
	struct body *body = r->body;
	struct body_attribute *attribute;

	if (body->attributes == BODY_ATTRIBUTES_MAX) {
		r->why = "sdp-limits";
		return -EMSGSIZE;
	}
	attribute = &body->attribute[body->attributes++];
	attribute->name = body_span_trim(body_span_until(&value, ':'));
	attribute->value = body_span_trim(value);
	attribute->media = (int16_t)r->media;
	if (r->media < 0)
		body->session_attributes++;
	else
		body->media[r->media].attributes++;
	if (attribute->name.len > 0)
		read_known(r, attribute->name, attribute->value);
	return 0;
}

static int read_line(struct body_reader *r, char type, struct body_span value)
{
	switch (type) {
	case 'o':
		if (r->media < 0 && r->body->origin_id.len == 0)
			read_origin(r->body, value);
		return 0;
	case 'c':
		read_connection(r, value);
		return 0;
	case 'b':
		read_bandwidth(r, value);
		return 0;
	case 'm':
		return read_media(r, value);
	case 'a':
		return read_attribute(r, value);
	default: /* s= t= i= u= e= p= k= r= z= and what is yet to come */
		return 0;
	}
}

/* a=rtcp:53020 IN IP6 2001:db8::1 (RFC 3605). */
static void finish_rtcp(struct body_media *media, struct body_span value)
{
	struct body_span word = body_span_word(&value);
	struct sockaddr_storage host;
	uint32_t port;

	media->rtcp = media->address;
	set_port(&media->rtcp, media->port != 0 ? media->port + 1u : 0);
	if (!body_span_number(word, UINT16_MAX, &port) || media->port == 0)
		return;
	body_span_word(&value);
	body_span_word(&value);
	word = body_span_word(&value);
	if (word.len > 0) {
		read_host(&host, word);
		if (host.ss_family != AF_UNSPEC)
			media->rtcp = host;
	}
	set_port(&media->rtcp, port);
}

/* What a slot did not say itself it has from the session. */
static void finish(struct body_reader *r)
{
	for (unsigned i = 0; i < r->body->medias; i++) {
		struct body_media *media = &r->body->media[i];

		if (!r->connected[i])
			media->address = r->connection;
		set_port(&media->address, media->port);
		media->zero = is_zero(&media->address);
		if (!r->directed[i])
			media->direction = r->direction;
		if (media->ptime_ms == 0)
			media->ptime_ms = r->ptime_ms;
		finish_rtcp(media, r->rtcp[i]);
	}
}

static bool has_control_bytes(const char *text, size_t len)
{
	unsigned bad = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		bad |= (c < ' ' && c != '\t' && c != '\r' && c != '\n') ||
		       c == 0x7f;
	}
	return bad != 0;
}

static int read_lines(struct body_reader *r, const char *text, size_t len)
{
	const char *at = text, *end = text + len;

	while (at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		const char *next = eol != NULL ? eol + 1 : end;
		int error;

		if (eol == NULL)
			eol = end;
		while (eol > at && (eol[-1] == '\r' || body_blank(eol[-1])))
			eol--;
		/* "a=..."; anything else is no line of SDP and is passed over
		 */
		if (eol - at >= 2 && at[1] == '=') {
			error = read_line(r, at[0], body_span_of(at + 2, eol));
			if (error != 0)
				return error;
		}
		at = next;
	}
	return 0;
}

static int parse(struct body_reader *r, const char *text, size_t len)
{
	int error;

	if (len > BODY_BYTES_MAX) {
		r->why = "sdp-limits";
		return -EMSGSIZE;
	}
	if (len < 3 || memcmp(text, "v=0", 3) != 0 ||
	    (len > 3 && strchr(" \t\r\n", text[3]) == NULL)) {
		r->why = "sdp-version";
		return -EPROTO;
	}
	if (has_control_bytes(text, len)) {
		r->why = "sdp-control";
		return -EPROTO;
	}
	error = read_lines(r, text, len);
	if (error != 0)
		return error;
	if (r->body->medias == 0) {
		r->why = "no-media";
		return -EPROTO;
	}
	finish(r);
	return 0;
}

int body_parse(struct body *out, const char *text, size_t len, const char **why)
{
	struct body_reader r;
	int error;

	r.body = out;
	r.why = NULL;
	r.media = -1;
	r.connection.ss_family = AF_UNSPEC;
	r.direction = BODY_SENDRECV;
	r.ptime_ms = 0;
	memset(r.rtcp, 0, sizeof r.rtcp);
	memset(r.connected, 0, sizeof r.connected);
	memset(r.directed, 0, sizeof r.directed);
	out->origin_user = out->origin_id = (struct body_span){NULL, 0};
	out->origin_version = out->origin_host = (struct body_span){NULL, 0};
	out->medias = 0;
	out->formats = 0;
	out->attributes = 0;
	out->session_attributes = 0;
	error = parse(&r, text, len);
	if (error != 0 && why != NULL)
		*why = r.why;
	return error;
}
