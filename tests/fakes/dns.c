/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS by hand (RFC 1035, 2782, 3403), answers only. */
#include "tests/fakes/dns.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct packet {
	uint8_t data[4096];
	size_t len;
};

static void put8(struct packet *p, unsigned value)
{
	p->data[p->len++] = (uint8_t)value;
}

static void put16(struct packet *p, unsigned value)
{
	put8(p, value >> 8);
	put8(p, value);
}

static void put32(struct packet *p, uint32_t value)
{
	put16(p, value >> 16);
	put16(p, value & 0xffff);
}

static void put_string(struct packet *p, const char *text)
{
	put8(p, (unsigned)strlen(text));
	while (*text)
		put8(p, (uint8_t)*text++);
}

static void put_name(struct packet *p, const char *name)
{
	char label[64];

	while (*name && strcmp(name, ".")) {
		size_t len = strcspn(name, ".");
		snprintf(label, sizeof(label), "%.*s", (int)len, name);
		put_string(p, label);
		name += len + (name[len] == '.');
	}
	put8(p, 0);
}

static void put_data(struct packet *p, const struct fake_dns_entry *entry)
{
	unsigned a, b, c;
	char flags[8], service[32], name[256];

	switch (entry->type) {
	case 1:
		p->len += inet_pton(AF_INET, entry->data, p->data + p->len) == 1
				  ? 4
				  : 0;
		break;
	case 28:
		p->len +=
			inet_pton(AF_INET6, entry->data, p->data + p->len) == 1
				? 16
				: 0;
		break;
	case 5:
		put_name(p, entry->data);
		break;
	case 33:
		if (sscanf(entry->data, "%u %u %u %255s", &a, &b, &c, name) !=
		    4)
			abort();
		put16(p, a);
		put16(p, b);
		put16(p, c);
		put_name(p, name);
		break;
	case 35:
		if (sscanf(entry->data, "%u %u %7s %31s %255s", &a, &b, flags,
			   service, name) != 5)
			abort();
		put16(p, a);
		put16(p, b);
		put_string(p, flags);
		put_string(p, service);
		put_string(p, "");
		put_name(p, name);
		break;
	default:
		abort();
	}
}

static void put_record(struct packet *p, const struct fake_dns_entry *entry)
{
	put_name(p, entry->name);
	put16(p, entry->type);
	put16(p, 1);
	put32(p, entry->ttl);
	size_t at = p->len;
	put16(p, 0);
	put_data(p, entry);
	size_t len = p->len - at - 2;
	p->data[at] = (uint8_t)(len >> 8);
	p->data[at + 1] = (uint8_t)len;
}

/* The question's name as text; the offset behind it. */
static size_t read_name(char *out, size_t size, const uint8_t *data, size_t len)
{
	size_t at = 12, used = 0;

	out[0] = '\0';
	while (at < len && data[at]) {
		unsigned label = data[at++];
		if (used + label + 2 > size || at + label > len)
			return len;
		if (used)
			out[used++] = '.';
		memcpy(out + used, data + at, label);
		used += label;
		out[used] = '\0';
		at += label;
	}
	return at + 1;
}

static unsigned put_answers(const struct fake_dns *dns, struct packet *p,
			    const char *name, unsigned type, bool *known)
{
	unsigned count = 0;

	for (unsigned i = 0; i < dns->entries; i++) {
		const struct fake_dns_entry *entry = &dns->entry[i];
		if (strcasecmp(entry->name, name))
			continue;
		*known = true;
		if (entry->type == 5 && type != 5) {
			put_record(p, entry);
			return 1 +
			       put_answers(dns, p, entry->data, type, known);
		}
		if (entry->type != type)
			continue;
		put_record(p, entry);
		count++;
	}
	return count;
}

void fake_dns_step(struct fake_dns *dns)
{
	uint8_t question[1500];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	struct packet p = {.len = 0};
	char name[256];
	ssize_t len = recvfrom(dns->fd, question, sizeof(question), 0,
			       (struct sockaddr *)&from, &from_len);

	if (len < 17)
		return;
	dns->asked++;
	size_t end = read_name(name, sizeof(name), question, (size_t)len);
	if (end + 4 > (size_t)len)
		return;
	unsigned type = (unsigned)question[end] << 8 | question[end + 1];
	if (dns->silent || (dns->silent_type && type == dns->silent_type))
		return;
	memcpy(p.data, question, end + 4);
	p.len = end + 4;
	bool known = false;
	unsigned count =
		dns->rcode ? 0 : put_answers(dns, &p, name, type, &known);
	unsigned rcode = dns->rcode ? dns->rcode : known ? 0 : 3;
	p.data[2] = 0x81;
	p.data[3] = (uint8_t)(0x80 | rcode);
	memset(p.data + 4, 0, 8);
	p.data[5] = 1;
	p.data[7] = (uint8_t)count;
	if (dns->garbage) {
		p.data[7] = 200;
		memset(p.data + end + 4, 0xc0, p.len - end - 4);
	}
	sendto(dns->fd, p.data, p.len, 0, (struct sockaddr *)&from, from_len);
}

void fake_dns_open(struct fake_dns *dns)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);

	memset(dns, 0, sizeof(*dns));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	dns->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (dns->fd < 0 || bind(dns->fd, (struct sockaddr *)&at, len) ||
	    getsockname(dns->fd, (struct sockaddr *)&at, &len))
		abort();
	snprintf(dns->server, sizeof(dns->server), "127.0.0.1:%u",
		 ntohs(at.sin_port));
}

void fake_dns_close(struct fake_dns *dns)
{
	close(dns->fd);
}
