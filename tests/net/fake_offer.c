/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fake's session descriptions: G.711, one audio stream. */
#include "tests/net/fake.h"

#include <stdlib.h>
#include <string.h>

void fake_sdp_write(struct fake *f, char *out, size_t size)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	char host[64];
	const char *family;
	unsigned other = f->codec == 8 ? 0 : 8;

	getsockname(f->voice.fd, (struct sockaddr *)&at, &len);
	address_host(&at, host, sizeof(host));
	if (f->sdp_host)
		snprintf(host, sizeof(host), "%s", f->sdp_host);
	family = strchr(host, ':') ? "IP6" : "IP4";
	f->sdp_version++;
	snprintf(out, size,
		 "v=0\r\no=fake %u %u IN %s %s\r\ns=-\r\nc=IN %s %s\r\n"
		 "t=0 0\r\nm=audio %u RTP/AVP %u %u 101\r\n"
		 "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
		 "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
		 "a=ptime:20\r\na=%s\r\n",
		 f->sdp_session, f->sdp_version, family, host, family, host,
		 address_port(&at), f->codec, other, f->direction);
}

/* We answer the reverse of what the far end says it does. */
static const char *mirror(const char *theirs)
{
	if (strcmp(theirs, "sendonly") == 0)
		return "recvonly";
	if (strcmp(theirs, "recvonly") == 0)
		return "sendonly";
	return strcmp(theirs, "inactive") == 0 ? "inactive" : "sendrecv";
}

void fake_sdp_read(struct fake *f, const char *sdp)
{
	char host[64] = "", at[96], direction[16] = "sendrecv";
	unsigned port = 0;
	bool audio = false;

	for (const char *l = sdp; l && *l; l = strchr(l, '\n')) {
		const char *list;

		l += *l == '\n';
		if (strncmp(l, "m=", 2) == 0) {
			if (port)
				break;
			audio = sscanf(l, "m=audio %u", &port) == 1;
			list = strstr(l, "AVP ");
			if (audio && list)
				f->voice.payload = (unsigned)atoi(list + 4);
		}
		sscanf(l, "c=IN IP%*c %63s", host);
		if (strncmp(l, "a=sendonly", 10) == 0 ||
		    strncmp(l, "a=recvonly", 10) == 0 ||
		    strncmp(l, "a=inactive", 10) == 0)
			snprintf(direction, sizeof(direction), "%.8s", l + 2);
	}
	if (!port || !*host)
		return;
	snprintf(at, sizeof(at), strchr(host, ':') ? "[%s]:%u" : "%s:%u", host,
		 port);
	if (address_parse(at, &f->voice.far, &f->voice.far_len) < 0)
		return;
	f->sdp_known = true;
	f->direction = mirror(direction);
	fake_say("media %s direction=%s payload=%u", at, direction,
		 f->voice.payload);
}
