/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Namespaces, addresses and sockets of the ends. */
#include "tests/net/perfect_place.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void place_die(const char *what)
{
	perror(what);
	exit(1);
}

void place_enter(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
		place_die(file);
	close(fd);
}

static struct sockaddr_in address(const char *host, unsigned port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port)};

	if (inet_pton(AF_INET, host, &at.sin_addr) != 1) {
		fprintf(stderr, "perfect: no address: %s\n", host);
		exit(2);
	}
	return at;
}

static int sip_open(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int room = 4 << 20;

	if (fd < 0 || bind(fd, (const struct sockaddr *)at, sizeof(*at)) != 0)
		place_die("perfect: SIP address");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return fd;
}

int place_sip(const struct place *place)
{
	struct sockaddr_in at = address(place->provider_host, 5060);

	return sip_open(&at);
}

void place_consult(const struct place *place, struct end *end, unsigned number)
{
	struct sockaddr_in rtp;
	char host[32];

	snprintf(host, sizeof(host), "%s.%u", place->phone_net, 100 + number);
	rtp = address(host, 14002);
	if (voice_open(&end->voice, (struct sockaddr *)&rtp, sizeof(rtp), NULL))
		place_die("perfect: RTP address");
	end->sdp_id = 5000 * number;
	end->srtp = place->srtp;
	end_begin(end);
}

void place_account(struct end *end, unsigned user)
{
	snprintf(end->user, sizeof(end->user), "%u", user);
	snprintf(end->password, sizeof(end->password), "secret-%u", user);
}

/* Phone n is user 200 + n at .100 + n, its colleague 300 + n at .150 + n. */
void place_phone(const struct place *place, struct end *end, unsigned user,
		 unsigned host_number)
{
	struct sockaddr_in rtp;
	char host[32];

	snprintf(host, sizeof(host), "%s.%u", place->phone_net, host_number);
	end->at = address(host, 5060);
	end->edge = address(place->edge_lan, 5060);
	place_account(end, user);
	snprintf(end->domain, sizeof(end->domain), "%s", place->edge_lan);
	end->sip = sip_open(&end->at);
	rtp = address(host, 12000);
	if (voice_open(&end->voice, (struct sockaddr *)&rtp, sizeof(rtp), NULL))
		place_die("perfect: RTP address");
	end->sdp_id = 1000 * user;
	end->srtp = place->srtp;
	end_begin(end);
	end_register(end);
}

void place_provider(const struct place *place, struct end *end, unsigned number,
		    int sip)
{
	struct sockaddr_in rtp =
		address(place->provider_host, 20000 + 2 * number);

	end->provider = true;
	end->answers = "0 101";
	end->at = address(place->provider_host, 5060);
	end->edge = address(place->edge_wan, 5060);
	snprintf(end->user, sizeof(end->user), "442070000%03u", number);
	snprintf(end->domain, sizeof(end->domain), "%s", place->provider_host);
	end->sip = sip;
	if (voice_open(&end->voice, (struct sockaddr *)&rtp, sizeof(rtp), NULL))
		place_die("perfect: RTP address");
	end->sdp_id = 1000 * number;
	end_begin(end);
}
