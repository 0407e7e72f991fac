/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One network brought to life: its nta agent, its listeners with the filter of
 * known sources, its port block; and the first look at what comes in there.
 */
#include "config.h"

#define NTA_AGENT_MAGIC_T struct agent_network

#include "sbc/agent_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sofia-sip/msg.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_tagarg.h>
#include <sofia-sip/tport_tag.h>

#include "sbc/call/call.h"
#include "sbc/call/transfer.h"
#include "sbc/guard/connections.h"
#include "sbc/guard/guard.h"
#include "sbc/register/registrar.h"
#include "sbc/register/trunk.h"
#include "sbc/report/log.h"
#include "sbc/sip/header.h"
#include "sbc/sip/leg.h"
#include "sbc/sip/wire.h"

#define NETWORK_LISTENERS_MAX 32
#define NETWORK_QUEUE_BYTES   (4 << 20)
/*
 * Taken with each message in one piece, for its forty headers; else every
 * header is an allocation of its own.
 */
#define NETWORK_MESSAGE_BYTES 1500
/* The library then binds nothing of its own choice (nta_agent_create). */
#define NETWORK_NO_URL ((const url_string_t *)(intptr_t)-1)

/* --- what comes in ----------------------------------------------------- */

static void network_reply(struct agent_network *network, msg_t *msg,
			  unsigned status)
{
	nta_msg_treply(
		network->nta, msg, (int)status, sip_status_phrase((int)status),
		TAG_IF(status == 200 || status == 405,
		       SIPTAG_ALLOW_STR(leg_allow())),
		TAG_IF(status == 503, SIPTAG_RETRY_AFTER_STR("10")), TAG_END());
}

/* Messages belong to a call; a NOTIFY to a subscription. */
static unsigned network_refusal(sip_method_t method)
{
	if (method == sip_method_notify)
		return 481;
	return method == sip_method_register || method == sip_method_info ||
			       method == sip_method_message
		       ? 403
		       : 405;
}

static void network_request(struct agent_network *network,
			    const struct policy_peer *peer,
			    const struct sockaddr *source, msg_t *msg,
			    sip_t *sip)
{
	sip_method_t method = sip->sip_request->rq_method;
	const char *transport = sip_via_transport(sip->sip_via);
	bool inside = sip->sip_to->a_tag || method == sip_method_bye ||
		      method == sip_method_update || method == sip_method_prack;
	nta_incoming_t *irq;

	if (inside && method != sip_method_register) {
		/* nta knows no such dialog. An ACK is never answered. */
		if (method == sip_method_ack)
			msg_destroy(msg);
		else
			network_reply(network, msg, 481);
	} else if (method == sip_method_invite) {
		call_invite(network, peer, source, msg, sip);
	} else if (method == sip_method_refer) {
		transfer_outside(network, peer, source, msg, sip);
	} else if (method == sip_method_register &&
		   peer->kind == POLICY_PHONES) {
		irq = nta_incoming_create(network->nta, NULL, msg, sip,
					  TAG_END());
		if (irq)
			registrar_request(network->agent->registrar, irq, sip,
					  network->policy, source,
					  !strcasecmp(transport, "TCP")
						  ? POLICY_TCP
						  : POLICY_UDP);
	} else if (method == sip_method_options) {
		network_reply(network, msg, 200);
	} else if (method == sip_method_ack || method == sip_method_cancel) {
		msg_destroy(msg);
	} else {
		network_reply(network, msg, network_refusal(method));
	}
}

static bool network_begins_call(const sip_t *sip)
{
	return sip->sip_request->rq_method == sip_method_invite &&
	       !sip->sip_to->a_tag;
}

/* The first callback: admission before any state. */
static int network_on_message(struct agent_network *network, nta_agent_t *nta,
			      msg_t *msg, sip_t *sip)
{
	struct agent *agent = network->agent;
	struct sockaddr_storage source;
	const struct policy_peer *peer;

	(void)nta;
	if (!sip || !sip->sip_request || !wire_answerable(sip)) {
		msg_destroy(msg);
		return 0;
	}
	header_source(&source, msg);
	peer = agent_peer_by_source(agent, network, (struct sockaddr *)&source);
	if (!peer) {
		msg_destroy(msg);
		return 0;
	}
	switch (guard_admit(agent->guard, (struct sockaddr *)&source,
			    agent_now_ms())) {
	case GUARD_ADMIT:
		if (network_begins_call(sip) && !guard_takes_call(agent->guard))
			network_reply(network, msg, 503);
		else
			network_request(network, peer,
					(struct sockaddr *)&source, msg, sip);
		break;
	case GUARD_SHED:
		if (sip->sip_request->rq_method == sip_method_invite) {
			network_reply(network, msg, 503);
			break;
		}
		msg_destroy(msg);
		break;
	case GUARD_DROP_SOURCE:
		msg_destroy(msg);
		break;
	}
	return 0;
}

/* --- listeners --------------------------------------------------------- */

static const char *network_url(const struct policy_network_address *address,
			       const char *transport, char *out, size_t size)
{
	const struct sockaddr *shown =
		(const struct sockaddr *)(address->public.ss_family
						  ? &address->public
						  : &address->local);
	const struct sockaddr *local = (const struct sockaddr *)&address->local;
	char public_host[ADDRESS_TEXT_MAX], local_host[ADDRESS_TEXT_MAX];
	bool v6 = local->sa_family == AF_INET6;

	snprintf(out, size, "sip:%s%s%s:%u;transport=%s;maddr=%s%s%s",
		 v6 ? "[" : "", address_host(public_host, shown), v6 ? "]" : "",
		 address_port(local), transport, v6 ? "[" : "",
		 address_host(local_host, local), v6 ? "]" : "");
	return out;
}

/* Every place that one of its addresses is listened on. */
static unsigned network_ports(const struct policy_network *policy,
			      uint16_t out[1 + POLICY_SIP_PORTS_MAX])
{
	out[0] = policy->sip_port;
	memcpy(out + 1, policy->more_sip_port, sizeof(policy->more_sip_port));
	return 1 + policy->more_sip_ports;
}

static int network_listen(struct agent_network *network,
			  const struct policy_network_address *address,
			  const char *transport)
{
	const struct policy_limits *limits =
		policy_limits(network->agent->policy);
	char url[256], ident[ADDRESS_TEXT_MAX];

	network_url(address, transport, url, sizeof(url));
	address_text(ident, (const struct sockaddr *)&address->local);
	errno = 0;
	if (nta_agent_add_tport(network->nta, (const url_string_t *)url,
				TPTAG_IDENT(ident),
				TPTAG_IDLE(limits->tcp_idle_ms),
				TPTAG_TIMEOUT(limits->tcp_idle_ms),
				TPTAG_LOG(0), TAG_END()))
		return errno ? -errno : -EADDRINUSE;
	network->opened++;
	return 0;
}

int network_start(struct agent_network *network)
{
	const struct policy_limits *limits =
		policy_limits(network->agent->policy);

	network->nta = nta_agent_create(
		network->agent->root, NETWORK_NO_URL, network_on_message,
		network, NTATAG_UA(1), NTATAG_MAXSIZE(limits->max_message),
		/* Never a silent switch to TCP. */
		NTATAG_UDP_MTU(65535), NTATAG_USE_NAPTR(0), NTATAG_USE_SRV(0),
		NTATAG_PASS_100(1), NTATAG_CLIENT_RPORT(1),
		NTATAG_SERVER_RPORT(1), NTATAG_TCP_RPORT(1),
		NTATAG_EXTRA_100(1), NTATAG_PRELOAD(NETWORK_MESSAGE_BYTES),
		NTATAG_MERGE_482(1), TPTAG_LOG(0), TAG_END());
	if (!network->nta)
		return -ENOMEM;
	network->named = true;
	network->out_of_dialog = nta_leg_tcreate(
		network->nta, NULL, NULL, NTATAG_NO_DIALOG(1),
		URLTAG_URL("sip:out-of-dialog@invalid"), TAG_END());
	return network->out_of_dialog ? 0 : -ENOMEM;
}

void network_stop(struct agent_network *network)
{
	if (network->out_of_dialog)
		nta_leg_destroy(network->out_of_dialog);
	if (network->nta)
		nta_agent_destroy(network->nta);
	network->out_of_dialog = NULL;
	network->nta = NULL;
}

static int network_explain(const struct policy_network_address *address,
			   const char *transport, int error,
			   const struct policy_network *policy, char *why,
			   size_t why_size)
{
	const struct sockaddr *local = (const struct sockaddr *)&address->local;
	bool further = address_port(local) != policy->sip_port;
	char text[ADDRESS_TEXT_MAX];
	const char *advice =
		error == -EADDRINUSE && further
			? "is another program on that port? take it out of "
			  "sip_ports or stop that program"
		: error == -EADDRINUSE ? "is another program on that port? "
					 "change sip_port or stop it"
		: error == -EADDRNOTAVAIL
			? "this host does not have that address"
			: "see sallyport.conf(5)";

	snprintf(why, why_size,
		 "%s:%u: cannot listen on %s %s (network %s): %s; %s",
		 policy->at.file, policy->at.line, address_text(text, local),
		 transport, policy->name, strerror(-error), advice);
	return error;
}

static bool network_is_udp(int fd)
{
	int type = 0;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
	       type == SOCK_DGRAM;
}

static bool network_listens(const struct policy_network_address *at, bool udp)
{
	int fds[NETWORK_LISTENERS_MAX];
	unsigned count =
		guard_find_listeners((const struct sockaddr *)&at->local, fds,
				     NETWORK_LISTENERS_MAX);

	while (count--)
		if (network_is_udp(fds[count]) == udp)
			return true;
	return false;
}

int network_listen_at(struct agent_network *network,
		      const struct policy_network_address *address, char *why,
		      size_t why_size)
{
	const struct policy_network *policy = network->policy;
	uint16_t port[1 + POLICY_SIP_PORTS_MAX];
	unsigned ports = network_ports(policy, port);
	int first = 0;

	for (unsigned i = 0; i < 2 * ports; i++) {
		struct policy_network_address at = *address;
		const char *transport = i % 2 ? "tcp" : "udp";
		int error;

		if (!(i % 2 ? policy->tcp : policy->udp))
			continue;
		address_set_port((struct sockaddr *)&at.local, port[i / 2]);
		if (network_listens(&at, i % 2 == 0))
			continue;
		error = network_listen(network, &at, transport);
		if (error && !first)
			first = network_explain(&at, transport, error, policy,
						why, why_size);
	}
	return first;
}

int network_open(struct agent_network *network, struct agent *agent,
		 const struct policy_network *policy, char *why,
		 size_t why_size)
{
	int error;

	network->agent = agent;
	network->policy = policy;
	network->name = strdup(policy->name);
	if (!network->name)
		return -ENOMEM;
	error = network_start(network);
	for (unsigned i = 0; !error && i < policy->addresses; i++) {
		error = network_listen_at(network, &policy->address[i], why,
					  why_size);
		/* It may be there and not yet usable. */
		if (error == -EADDRNOTAVAIL && policy->interface) {
			log_warning("%s", why);
			network->incomplete = true;
			error = 0;
		}
	}
	if (error)
		return error;
	return network_update(network, policy, why, why_size);
}

int network_update(struct agent_network *network,
		   const struct policy_network *policy, char *why,
		   size_t why_size)
{
	const struct policy_media *media = policy_media(network->agent->policy);
	struct media_block *block;
	bool moved;
	int error;

	moved = !network_same_place(network->policy, policy);
	network->policy = policy;
	if (moved) {
		error = network->block ? network_move(network) : 0;
		if (error)
			return error;
	}
	if (network->block && network->rtp_first == policy->rtp_first &&
	    network->rtp_last == policy->rtp_last)
		return 0;
	error = media_block_new(&block, network->agent->media,
				policy->rtp_first, policy->rtp_last,
				media->quarantine_ms);
	if (error) {
		snprintf(why, why_size, "%s:%u: rtp_ports: %s", policy->at.file,
			 policy->at.line, strerror(-error));
		return error;
	}
	if (network->block)
		media_block_retire(network->block);
	network->block = block;
	network->rtp_first = policy->rtp_first;
	network->rtp_last = policy->rtp_last;
	return 0;
}

bool network_same_place(const struct policy_network *a,
			const struct policy_network *b)
{
	if (strcmp(a->name, b->name) || a->addresses != b->addresses ||
	    a->udp != b->udp || a->tcp != b->tcp ||
	    a->more_sip_ports != b->more_sip_ports ||
	    memcmp(a->more_sip_port, b->more_sip_port,
		   sizeof(a->more_sip_port)))
		return false;
	for (unsigned i = 0; i < a->addresses; i++)
		if (!address_equal((struct sockaddr *)&a->address[i].local,
				   (struct sockaddr *)&b->address[i].local) ||
		    memcmp(&a->address[i].public, &b->address[i].public,
			   sizeof(a->address[i].public)))
			return false;
	return true;
}

void network_close(struct agent_network *network)
{
	network_stop(network);
	if (network->block)
		media_block_retire(network->block);
	free(network->name);
}

/* --- who may send ------------------------------------------------------ */

/* How many addresses the trunks' names resolved to, on this network. */
static unsigned network_resolved(const struct agent_network *network,
				 struct address_prefix *out)
{
	const struct agent *agent = network->agent;
	unsigned count = 0;

	for (unsigned i = 0; i < agent->trunks; i++) {
		const struct trunk_state *state =
			agent->trunk[i] ? trunk_state(agent->trunk[i]) : NULL;

		if (!state ||
		    state->peer->network->index != network->policy->index)
			continue;
		for (unsigned k = 0; k < state->targets; k++) {
			const struct sockaddr_storage *host =
				&state->target[k].address;

			if (out)
				out[count] = (struct address_prefix){
					.base = *host,
					.bits = host->ss_family == AF_INET6
							? 128
							: 32};
			count++;
		}
	}
	return count;
}

/*
 * The kernel's usual queue holds about a hundred requests: ten milliseconds
 * of a busy trunk. Beyond the system's limit only for who may; else up to it.
 */
static void network_deepen(int fd)
{
	int size = NETWORK_QUEUE_BYTES;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	guard_queue_stamp(fd);
}

void network_queue_look(const struct agent_network *network,
			struct guard_queue *worst)
{
	for (unsigned i = 0; i < network->queues; i++) {
		struct guard_queue queue;

		guard_queue_look(network->queue[i], &queue);
		if (queue.wait_ms > worst->wait_ms)
			worst->wait_ms = queue.wait_ms;
		if (queue.fill_m > worst->fill_m)
			worst->fill_m = queue.fill_m;
	}
}

/* TCP has its own way to say that a receiver is late. */
static void network_note_queue(struct agent_network *network, int fd)
{
	if (network_is_udp(fd) && network->queues < AGENT_QUEUES_MAX)
		network->queue[network->queues++] = fd;
}

/* Newer kernels let only the administrator filter TCP. */
static void network_unfiltered(struct agent_network *network, int fd, int error)
{
	bool told = network->tcp_open;

	if (network_is_udp(fd)) {
		log_warning("network %s: no source filter: %s", network->name,
			    strerror(-error));
		return;
	}
	network->tcp_open = true;
	if (!told)
		log_warning("network %s: no source filter on TCP: %s; "
			    "strangers' connections are ended as they come",
			    network->name, strerror(-error));
}

static void network_attach(struct agent_network *network,
			   const struct sock_fprog *program)
{
	int fds[NETWORK_LISTENERS_MAX];
	uint16_t port[1 + POLICY_SIP_PORTS_MAX];
	unsigned ports = network_ports(network->policy, port);

	network->queues = 0;
	for (unsigned i = 0; i < network->policy->addresses * ports; i++) {
		struct sockaddr_storage local =
			network->policy->address[i / ports].local;
		unsigned count;

		address_set_port((struct sockaddr *)&local, port[i % ports]);
		count = guard_find_listeners((struct sockaddr *)&local, fds,
					     NETWORK_LISTENERS_MAX);

		while (count--) {
			int error = guard_filter_attach(fds[count], program);

			network_deepen(fds[count]);
			network_note_queue(network, fds[count]);
			if (network->agent->arrivals >= 0)
				arrivals_watch(network->agent->arrivals,
					       fds[count]);
			if (error)
				network_unfiltered(network, fds[count], error);
		}
	}
}

static void network_filter(struct agent_network *network)
{
	const struct policy *policy = network->agent->policy;
	unsigned known = policy_sources(policy, network->policy, NULL, 0);
	unsigned resolved = network_resolved(network, NULL);
	struct address_prefix *allowed =
		calloc(known + resolved + 1, sizeof(*allowed));
	struct sock_fprog program;
	bool widened;

	/* Without memory the old filter stays: it lets nobody new in. */
	if (!allowed)
		return;
	policy_sources(policy, network->policy, allowed, known);
	network_resolved(network, allowed + known);
	if (!guard_filter_build(&program, allowed, known + resolved,
				&widened)) {
		network_attach(network, &program);
		free(program.filter);
	}
	free(allowed);
}

void agent_sources_changed(struct agent *agent)
{
	for (unsigned i = 0; i < agent->networks; i++)
		if (agent->network[i].nta)
			network_filter(&agent->network[i]);
}
