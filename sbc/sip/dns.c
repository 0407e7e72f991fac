/* SPDX-License-Identifier: GPL-3.0-or-later */
/* c-ares in the loop: its sockets as wait objects, one timer. */
#include "config.h"

#include "sbc/sip/dns.h"

#include <ares.h>
#include <errno.h>
#include <netinet/in.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SOCKETS_MAX 16
#define TRY_MS	    800
#define TRIES	    3
#define RESOLV_CONF "/etc/resolv.conf"
#define CLASS_IN    1

struct dns_socket {
	struct dns *dns;
	int fd;	   /* -1: free */
	int index; /* of su_root */
};

struct dns {
	su_root_t *root;
	su_timer_t *timer;
	ares_channel channel;
	char *servers;	      /* NULL: the system's */
	struct timespec conf; /* mtime of resolv.conf when read */
	unsigned open;	      /* questions */
	struct dns_socket socket[SOCKETS_MAX];
};

struct question {
	struct dns *dns;
	enum dns_type type;
	dns_done *done;
	void *user;
};

/* --- the loop --- */

static void rearm(struct dns *dns);

static void on_timer(su_root_magic_t *magic, su_timer_t *timer,
		     su_timer_arg_t *arg)
{
	struct dns *dns = (struct dns *)arg;

	(void)magic;
	(void)timer;
	ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	rearm(dns);
}

static void rearm(struct dns *dns)
{
	struct timeval buf, *wait = ares_timeout(dns->channel, NULL, &buf);

	if (!wait) {
		su_timer_reset(dns->timer);
		return;
	}
	su_timer_set_interval(dns->timer, on_timer, (su_timer_arg_t *)dns,
			      wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1);
}

static int on_socket(su_root_magic_t *magic, su_wait_t *wait,
		     su_wakeup_arg_t *arg)
{
	struct dns_socket *socket = (struct dns_socket *)arg;
	struct dns *dns = socket->dns;
	int fd = socket->fd;
	int events = su_wait_events(wait, fd);

	(void)magic;
	ares_process_fd(dns->channel,
			events & ~SU_WAIT_OUT ? fd : ARES_SOCKET_BAD,
			events & SU_WAIT_OUT ? fd : ARES_SOCKET_BAD);
	rearm(dns);
	return 0;
}

static struct dns_socket *socket_of(struct dns *dns, int fd)
{
	for (unsigned i = 0; i < SOCKETS_MAX; i++)
		if (dns->socket[i].fd == fd)
			return &dns->socket[i];
	return NULL;
}

/* c-ares opened, wants or closes a socket. One that finds no place is not
 * waited for: its questions run into their time. */
static void on_state(void *user, ares_socket_t fd, int readable, int writable)
{
	struct dns *dns = user;
	struct dns_socket *socket = socket_of(dns, fd);
	int events = (readable ? SU_WAIT_IN : 0) | (writable ? SU_WAIT_OUT : 0);
	su_wait_t wait[1] = {SU_WAIT_INIT};

	if (socket && events) {
		su_root_eventmask(dns->root, socket->index, fd, events);
		return;
	}
	if (socket) {
		su_root_deregister(dns->root, socket->index);
		socket->fd = -1;
		return;
	}
	socket = socket_of(dns, -1);
	if (!events || !socket || su_wait_create(wait, fd, events) < 0)
		return;
	socket->index = su_root_register(dns->root, wait, on_socket,
					 (su_wakeup_arg_t *)socket, 0);
	if (socket->index < 0) {
		su_wait_destroy(wait);
		return;
	}
	socket->fd = fd;
}

/* --- life --- */

static int open_channel(struct dns *dns)
{
	struct stat conf;
	struct ares_options options = {
		.timeout = TRY_MS,
		.tries = TRIES,
		.sock_state_cb = on_state,
		.sock_state_cb_data = dns,
	};
	int rc = ares_init_options(&dns->channel, &options,
				   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
					   ARES_OPT_SOCK_STATE_CB);

	if (rc != ARES_SUCCESS)
		return rc == ARES_ENOMEM ? -ENOMEM : -EIO;
	if (!stat(RESOLV_CONF, &conf))
		dns->conf = conf.st_mtim;
	if (dns->servers &&
	    ares_set_servers_ports_csv(dns->channel, dns->servers)) {
		ares_destroy(dns->channel);
		return -EINVAL;
	}
	return 0;
}

int dns_new(struct dns **out, su_root_t *root, const char *servers)
{
	struct dns *dns = calloc(1, sizeof(*dns));
	int error = -ENOMEM;

	if (!dns)
		return -ENOMEM;
	dns->root = root;
	for (unsigned i = 0; i < SOCKETS_MAX; i++)
		dns->socket[i] = (struct dns_socket){dns, -1, -1};
	if (servers && !(dns->servers = strdup(servers)))
		goto undo;
	dns->timer = su_timer_create(su_root_task(root), 0);
	if (!dns->timer)
		goto undo;
	error = -EIO;
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		goto undo;
	error = open_channel(dns);
	if (error)
		goto undo_library;
	*out = dns;
	return 0;
undo_library:
	ares_library_cleanup();
undo:
	su_timer_destroy(dns->timer);
	free(dns->servers);
	free(dns);
	return error;
}

void dns_free(struct dns *dns)
{
	if (!dns)
		return;
	ares_destroy(dns->channel);
	ares_library_cleanup();
	su_timer_destroy(dns->timer);
	free(dns->servers);
	free(dns);
}

void dns_refresh(struct dns *dns)
{
	struct stat conf;
	ares_channel old = dns->channel;
	struct timespec before = dns->conf;

	if (dns->open || dns->servers || stat(RESOLV_CONF, &conf) ||
	    (conf.st_mtim.tv_sec == before.tv_sec &&
	     conf.st_mtim.tv_nsec == before.tv_nsec))
		return;
	if (open_channel(dns)) {
		dns->channel = old;
		dns->conf = before;
		return;
	}
	ares_destroy(old);
}

/* --- reading answers: every bound is checked --- */

/* c-ares gives no TTL of SRV and NAPTR, so it is read here. */

static unsigned get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static bool skip_name(const uint8_t *buf, int len, const uint8_t **at)
{
	char *name;
	long used;

	if (*at >= buf + len ||
	    ares_expand_name(*at, buf, len, &name, &used) != ARES_SUCCESS)
		return false;
	ares_free_string(name);
	*at += used;
	return *at <= buf + len;
}

/* The smallest TTL of the answer section; 0 if it cannot be read. */
static unsigned answer_ttl(const uint8_t *buf, int len)
{
	const uint8_t *at = buf + 12, *end = buf + len;
	unsigned least = UINT32_MAX;

	if (len < 12)
		return 0;
	for (unsigned n = get16(buf + 4); n > 0; n--) {
		if (!skip_name(buf, len, &at) || end - at < 4)
			return 0;
		at += 4;
	}
	for (unsigned n = get16(buf + 6); n > 0; n--) {
		if (!skip_name(buf, len, &at) || end - at < 10)
			return 0;
		unsigned ttl = get16(at + 4) << 16 | get16(at + 6);
		unsigned data = get16(at + 8);
		if (end - at - 10 < (long)data)
			return 0;
		least = ttl < least ? ttl : least;
		at += 10 + data;
	}
	return least == UINT32_MAX ? 0 : least;
}

static int read_a(const uint8_t *buf, int len, struct dns_record *out,
		  unsigned *count)
{
	struct ares_addrttl a[DNS_RECORDS_MAX];
	int n = DNS_RECORDS_MAX;
	int rc = ares_parse_a_reply(buf, len, NULL, a, &n);

	for (int i = 0; rc == ARES_SUCCESS && i < n; i++) {
		struct sockaddr_in *in =
			(struct sockaddr_in *)&out[(*count)++].address;
		in->sin_family = AF_INET;
		in->sin_addr = a[i].ipaddr;
	}
	return rc;
}

static int read_aaaa(const uint8_t *buf, int len, struct dns_record *out,
		     unsigned *count)
{
	struct ares_addr6ttl a[DNS_RECORDS_MAX];
	int n = DNS_RECORDS_MAX;
	int rc = ares_parse_aaaa_reply(buf, len, NULL, a, &n);

	for (int i = 0; rc == ARES_SUCCESS && i < n; i++) {
		struct sockaddr_in6 *in =
			(struct sockaddr_in6 *)&out[(*count)++].address;
		in->sin6_family = AF_INET6;
		memcpy(&in->sin6_addr, &a[i].ip6addr, sizeof(in->sin6_addr));
	}
	return rc;
}

static int read_srv(const uint8_t *buf, int len, struct dns_record *out,
		    unsigned *count)
{
	struct ares_srv_reply *list = NULL, *it;
	int rc = ares_parse_srv_reply(buf, len, &list);

	for (it = list; it && *count < DNS_RECORDS_MAX; it = it->next) {
		struct dns_record *record = &out[*count];
		if (strlen(it->host) >= sizeof(record->srv.host))
			continue;
		record->srv.priority = it->priority;
		record->srv.weight = it->weight;
		record->srv.port = it->port;
		strcpy(record->srv.host, it->host);
		(*count)++;
	}
	if (list)
		ares_free_data(list);
	return rc;
}

static int read_naptr(const uint8_t *buf, int len, struct dns_record *out,
		      unsigned *count)
{
	struct ares_naptr_reply *list = NULL, *it;
	int rc = ares_parse_naptr_reply(buf, len, &list);

	for (it = list; it && *count < DNS_RECORDS_MAX; it = it->next) {
		struct dns_record *record = &out[*count];
		if (strlen(it->replacement) >=
		    sizeof(record->naptr.replacement))
			continue;
		record->naptr.order = it->order;
		record->naptr.preference = it->preference;
		snprintf(record->naptr.flags, sizeof(record->naptr.flags), "%s",
			 (const char *)it->flags);
		snprintf(record->naptr.service, sizeof(record->naptr.service),
			 "%s", (const char *)it->service);
		strcpy(record->naptr.replacement, it->replacement);
		(*count)++;
	}
	if (list)
		ares_free_data(list);
	return rc;
}

static int read_records(enum dns_type type, const uint8_t *buf, int len,
			struct dns_record *out, unsigned *count)
{
	switch (type) {
	case DNS_A:
		return read_a(buf, len, out, count);
	case DNS_AAAA:
		return read_aaaa(buf, len, out, count);
	case DNS_SRV:
		return read_srv(buf, len, out, count);
	case DNS_NAPTR:
		return read_naptr(buf, len, out, count);
	}
	return ARES_EBADQUERY;
}

static int error_of(int status)
{
	switch (status) {
	case ARES_ENODATA:
	case ARES_ENOTFOUND:
	case ARES_EBADNAME:
	case ARES_EBADQUERY:
		return -ENOENT;
	case ARES_EDESTRUCTION:
	case ARES_ECANCELLED:
		return -ECANCELED;
	default:
		return -ETIMEDOUT;
	}
}

int dns_read(enum dns_type type, const uint8_t *buf, int len,
	     struct dns_record out[DNS_RECORDS_MAX], unsigned *count,
	     unsigned *ttl_s)
{
	*count = *ttl_s = 0;
	memset(out, 0, DNS_RECORDS_MAX * sizeof(*out));
	int rc = read_records(type, buf, len, out, count);
	if (rc == ARES_SUCCESS && !*count)
		rc = ARES_ENODATA;
	if (rc != ARES_SUCCESS) {
		*count = 0;
		return error_of(rc);
	}
	*ttl_s = answer_ttl(buf, len);
	return 0;
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *buf,
		      int len)
{
	struct question *question = arg;
	struct dns_record record[DNS_RECORDS_MAX];
	unsigned count = 0, ttl_s = 0;

	(void)timeouts;
	int error = status == ARES_SUCCESS ? dns_read(question->type, buf, len,
						      record, &count, &ttl_s)
					   : error_of(status);
	question->dns->open--;
	question->done(question->user, error, record, count, ttl_s);
	free(question);
}

void dns_ask(struct dns *dns, const char *name, enum dns_type type,
	     dns_done *done, void *user)
{
	struct question *question = malloc(sizeof(*question));

	if (!question) {
		done(user, -ETIMEDOUT, NULL, 0, 0);
		return;
	}
	*question = (struct question){dns, type, done, user};
	dns->open++;
	ares_query(dns->channel, name, CLASS_IN, type, on_answer, question);
	rearm(dns);
}

unsigned dns_hosts_file(struct dns *dns, const char *name, int family,
			struct sockaddr_storage *out, unsigned max)
{
	struct hostent *host = NULL;
	unsigned count = 0;

	if (ares_gethostbyname_file(dns->channel, name, family, &host) !=
		    ARES_SUCCESS ||
	    !host)
		return 0;
	for (; count < max && host->h_addr_list[count]; count++) {
		memset(&out[count], 0, sizeof(out[count]));
		out[count].ss_family = (sa_family_t)family;
		if (family == AF_INET)
			memcpy(&((struct sockaddr_in *)&out[count])->sin_addr,
			       host->h_addr_list[count], 4);
		else
			memcpy(&((struct sockaddr_in6 *)&out[count])->sin6_addr,
			       host->h_addr_list[count], 16);
	}
	ares_free_hostent(host);
	return count;
}
