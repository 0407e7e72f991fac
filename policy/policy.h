/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The whole public face of policy: load files into an immutable snapshot,
 * then ask it for decisions. A decision is a pure function of the snapshot
 * and its arguments. All text in a snapshot is UTF-8, NUL-terminated and
 * owned by the snapshot; times are milliseconds; ports are in host order.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "policy/address.h"

struct policy;

/* Where a value came from; file is "default" and line 0 for a default. */
struct policy_at {
	const char *file;
	unsigned line;
};

enum policy_kind {
	POLICY_PHONES, /* the registrar's users, one peer for all of them */
	POLICY_TRUNK,  /* an ITSP */
	POLICY_PBX,    /* a PBX, on any network */
};

enum policy_choice { POLICY_FORWARD, POLICY_SUPPRESS, POLICY_AUTO };
enum policy_session_timer {
	POLICY_TIMER_LOCAL,
	POLICY_TIMER_OFF,
	POLICY_TIMER_FORWARD
};
enum policy_hold {
	POLICY_HOLD_SENDONLY,
	POLICY_HOLD_INACTIVE,
	POLICY_HOLD_ZERO,
	POLICY_HOLD_NONE
};
enum policy_refer {
	POLICY_REFER_LOCAL,
	POLICY_REFER_FORWARD,
	POLICY_REFER_REJECT
};
enum policy_redirect { POLICY_REDIRECT_FOLLOW, POLICY_REDIRECT_REJECT };
/* INFO and MESSAGE toward this peer; how it is told of keys pressed. */
enum policy_info { POLICY_INFO_PASS, POLICY_INFO_ANSWER, POLICY_INFO_REJECT };
enum policy_dtmf { POLICY_DTMF_RFC4733, POLICY_DTMF_INFO, POLICY_DTMF_AUTO };
enum policy_prack {
	POLICY_PRACK_REQUIRE,
	POLICY_PRACK_SUPPORT,
	POLICY_PRACK_OFF
};
enum policy_delayed_offer { POLICY_DELAYED_KEEP, POLICY_DELAYED_MAKE_EARLY };
enum policy_t38 { POLICY_T38_FORWARD, POLICY_T38_REJECT };
enum policy_ack_lost { POLICY_ACK_LOST_KEEP, POLICY_ACK_LOST_BYE };
enum policy_anchor {
	POLICY_ANCHOR_ALWAYS,
	POLICY_ANCHOR_AUTO,
	POLICY_ANCHOR_NEVER
};
enum policy_identity { /* how the caller is told to this peer */
		       POLICY_IDENTITY_FROM, /* number in From only */
		       POLICY_IDENTITY_PAI,  /* and P-Asserted-Identity */
		       POLICY_IDENTITY_PPI,  /* and P-Preferred-Identity */
};
enum policy_stream {
	POLICY_STREAM_AUTO,   /* steady toward a peer that is protected */
	POLICY_STREAM_STEADY, /* one SSRC, sequence and timestamp line of ours
			       */
	POLICY_STREAM_PASS,   /* the far source's own, byte for byte */
};
enum policy_srtp {
	POLICY_SRTP_PASS,     /* what the ends agree crosses untouched */
	POLICY_SRTP_OFF,      /* plain RTP toward it */
	POLICY_SRTP_SDES,     /* SRTP that ends here, and nothing else */
	POLICY_SRTP_OPTIONAL, /* ends here; plain or not as it offers, or as the
				 other side has it */
};
#define POLICY_SRTP_SUITES_MAX 6
enum policy_transport { POLICY_UDP, POLICY_TCP };
/* A SIP ALG on the way: said, or walked around (another port, TCP). */
enum policy_alg { POLICY_ALG_REPORT, POLICY_ALG_AVOID };

/* Further SIP ports of one network. */
#define POLICY_SIP_PORTS_MAX 4

/* A place where we stand: our addresses and listeners there. */
struct policy_network {
	const char *name;
	struct policy_at at;
	unsigned index; /* 0.. in the snapshot */
	struct policy_network_address {
		struct sockaddr_storage local;	/* port: sip_port */
		struct sockaddr_storage public; /* AF_UNSPEC: no mapping */
		struct address_prefix subnet;	/* the subnet it stands in */
	} * address;
	unsigned addresses;
	const char *interface; /* whose addresses these are; NULL: given */
	uint16_t sip_port;
	uint16_t public_sip_port; /* sip_port unless mapped */
	uint16_t more_sip_port[POLICY_SIP_PORTS_MAX]; /* never mapped */
	unsigned more_sip_ports;
	bool udp, tcp;
	uint16_t rtp_first, rtp_last; /* inclusive, first even */
	struct address_prefix *local; /* further subnets that are ours */
	unsigned locals;
};

/* A phone's account. */
struct policy_user {
	const char *user;
	const char *password;
	const char *display; /* NULL: what the phone says */
	struct policy_at at;
};

struct policy_peer {
	const char *name; /* the file's name, or "phones" */
	enum policy_kind kind;
	struct policy_at at;
	unsigned index; /* 0.. in the snapshot; phones last */
	const struct policy_network *network;

	/* where it is and how it is known */
	const char *domain; /* NAPTR/SRV looked up; or NULL */
	const char *host;   /* literal or name; NULL with domain */
	uint16_t port;	    /* 0: by SRV, or 5060 */
	enum policy_transport transport;
	unsigned local_port; /* of ours, for requests to it; 0: sip_port */
	enum policy_alg alg;
	struct address_prefix *source; /* further addresses it sends from;
					  phones: where phones may be */
	unsigned sources;
	const char *username, *password; /* our digest toward it; or NULL */
	struct policy_register {
		bool wanted;
		const char *user;      /* AOR user */
		const char *registrar; /* NULL: domain or host */
		unsigned expires_s;
	} reg;
	unsigned options_ping_ms; /* 0: health by calls only */

	/* mid-call; *_at says where the choice was made */
	enum policy_choice reinvite, update;
	struct policy_at reinvite_at, update_at;
	enum policy_session_timer session_timer;
	unsigned session_expires_s, min_se_s;
	enum policy_hold hold;
	enum policy_refer refer;
	enum policy_redirect redirect;
	enum policy_info info;
	enum policy_dtmf dtmf;
	enum policy_prack prack;
	enum policy_delayed_offer delayed_offer;
	enum policy_t38 t38;
	enum policy_ack_lost reinvite_ack_lost;

	/* media */
	enum policy_anchor anchor;
	struct policy_at anchor_at;
	enum policy_stream stream;
	enum policy_srtp srtp;
	struct policy_at srtp_at;
	const char *srtp_suite[POLICY_SRTP_SUITES_MAX]; /* SDP's names, in
							   order */
	unsigned srtp_suites;
	bool srtp_mki;		/* our keys have an MKI */
	uint64_t srtp_lifetime; /* of our keys, in packets; 0: not said */
	const char *hold_music; /* a WAV file; or NULL */
	const char **codecs;	/* allowed, in order of preference */
	unsigned codecs_count;	/* 0: every codec */
	unsigned media_timeout_ms, hold_timeout_ms; /* 0: never */

	/* numbers and headers */
	enum policy_identity identity;
	const char *from_user; /* replaces From's user; or NULL */
	bool trusted;	       /* its P-Asserted-Identity is believed,
				  and a withheld number is told it */
	unsigned max_message;  /* bytes of a UDP request */

	/* limits */
	unsigned max_calls;	     /* 0: no limit */
	unsigned attempt_timeout_ms; /* silence before the next candidate */
	unsigned ring_timeout_ms;    /* unanswered */
};

struct policy_phones {
	const char *realm;
	struct policy_user *user; /* sorted by name */
	unsigned users;
	bool from_anywhere;
	unsigned expires_min_s, expires_max_s, expires_default_s;
	/* Both at once is what RFC 8760 wants and what many phones cannot
	 * take: they give up, whichever comes first. */
	enum policy_digest {
		POLICY_DIGEST_MD5,
		POLICY_DIGEST_SHA256,
		POLICY_DIGEST_BOTH
	} digest;
	unsigned max_contacts;
	unsigned keepalive_ms; /* toward phones behind NAT; 0: none */
	const struct policy_network **network; /* where phones are; the first
						  is the peer's own */
	unsigned networks;
};

struct policy_limits {
	unsigned max_calls;
	unsigned per_source_rate, per_source_burst; /* requests/s */
	unsigned global_rate, global_burst;
	unsigned max_message; /* bytes, received */
	unsigned tcp_idle_ms, tcp_per_address;
};

struct policy_media {
	unsigned workers;
	unsigned dscp; /* 0..63 */
	unsigned quarantine_ms;
	const char *hold_music; /* for peers that name none; or NULL */
};

struct policy_files {
	const char *store;	/* SQLite file */
	const char *status_log; /* "-": standard output */
	const char *messages;	/* NULL: standard error, or syslog */
	const char *control_socket;
	const char *control_group; /* NULL: the program's own */
	enum policy_log_level {
		POLICY_LOG_ERROR,
		POLICY_LOG_WARNING,
		POLICY_LOG_INFO,
		POLICY_LOG_DEBUG
	} log_level;
};

/* What was wrong: one text "FILE:LINE: error: ..." a fault, in file order. */
struct policy_faults {
	char **line;
	unsigned count; /* errors and warnings */
	unsigned errors;
};

/* This host's addresses, for "is this address ours?" and subnets. */
#define POLICY_INTERFACE_MAX 16
struct policy_host {
	struct address_prefix *address;
	unsigned addresses;
	/* the interface of each; NULL: not known */
	char (*interface)[POLICY_INTERFACE_MAX];
};

/* Read getifaddrs(3). Returns 0 or -errno; free with policy_host_free. */
int policy_host_read(struct policy_host *out);
void policy_host_free(struct policy_host *host);

/*
 * Load `path` and policy.d/[*].conf beside it (or the folder its key
 * `policy_dir` names).
 *
 * host    addresses of this host; NULL skips that check (tests, -t elsewhere)
 * faults  always filled; free with policy_faults_free
 * Returns 0 and a snapshot with one reference (faults then holds warnings
 * only); -EINVAL if there is any error; -ENOMEM.
 */
int policy_load(struct policy **out, const char *path,
		const struct policy_host *host, struct policy_faults *faults);

/*
 * The same configuration on a host whose addresses changed: networks that are
 * named by their interface take what stands there now; addresses that were
 * given stay, whether the host has them or not. Nothing is read but files of
 * passwords. As policy_load; -ENOTSUP if no network has an interface.
 */
int policy_move(struct policy **out, const struct policy *policy,
		const struct policy_host *host, struct policy_faults *faults);
void policy_faults_free(struct policy_faults *faults);

struct policy *policy_ref(const struct policy *policy);
void policy_unref(struct policy *policy);

/*
 * The whole effective policy as text, one "key = value;  # file:line" a line.
 * Passwords are shown as "(set)". The caller frees *out.
 */
int policy_dump(const struct policy *policy, char **out);

/* The declared schema as text, one key a line: "place key type range default
 * help", tab-separated; man pages are checked against it. Static text list. */
struct policy_key {
	const char *place; /* "networks.NAME", "peer", "phones", ... */
	const char *key;
	const char *type, *range, *preset, *help;
	/* for the loader: enum schema_store, and the field it fills */
	uint8_t store, size;
	uint16_t offset;
};
const struct policy_key *policy_schema(unsigned *count);

/* "libconfig 1.5.0": what the files are read with, for -V. */
const char *policy_libraries(void);
/* "pcre2 10.42": what numbers are matched with. */
const char *policy_number_library(void);

/* --- looking around ------------------------------------------------------ */
const struct policy_network *policy_network(const struct policy *policy,
					    unsigned index);
unsigned policy_networks(const struct policy *policy);
/* Trunks and PBXs by index, then the peer "phones" if there are phones. */
const struct policy_peer *policy_peer(const struct policy *policy,
				      unsigned index);
unsigned policy_peers(const struct policy *policy);
const struct policy_peer *policy_peer_named(const struct policy *policy,
					    const char *name);
const struct policy_phones *policy_phones(const struct policy *policy);
const struct policy_user *policy_user(const struct policy *policy,
				      const char *user);
const struct policy_limits *policy_limits(const struct policy *policy);
const struct policy_media *policy_media(const struct policy *policy);
const struct policy_files *policy_files(const struct policy *policy);

/* --- decisions ----------------------------------------------------------- */

/*
 * Whose packet is this? Literal hosts and `source` prefixes only: addresses
 * that a host name resolved to are the trunk's to know.
 * Longest prefix wins; trunks and PBXs come before phones. NULL: a stranger.
 */
const struct policy_peer *policy_peer_by_source(
	const struct policy *policy, const struct policy_network *network,
	const struct sockaddr *source);

/*
 * Every prefix that policy_peer_by_source knows on `network`, for a filter in
 * front of it. Writes at most `max`; returns how many there are.
 */
unsigned policy_sources(const struct policy *policy,
			const struct policy_network *network,
			struct address_prefix *out, unsigned max);

enum policy_class { /* as SIP Witch's blueprint names them */
		    POLICY_SAME_SUBNET, /* in the subnet of one of our addresses
					 */
		    POLICY_OTHER_SUBNET, /* in another network's subnet */
		    POLICY_LOCAL,  /* in a further subnet declared as ours, or
				      any  private address */
		    POLICY_REMOTE, /* anything else */
};
const char *policy_class_name(enum policy_class class);

/* How an address appears from `network`. */
enum policy_class policy_zone(const struct policy *policy,
			      const struct policy_network *network,
			      const struct sockaddr *address);

/* Our address there for a far end at `far`: the one of its family, in its
 * subnet if there is one. NULL: the network has no address of that family. */
const struct policy_network_address *policy_network_address(
	const struct policy_network *network, const struct sockaddr *far);

/* What a router shows of our listener on `port`. */
uint16_t policy_public_port(const struct policy_network *network,
			    uint16_t port);
/* Does it listen there? */
bool policy_has_port(const struct policy_network *network, uint16_t port);

/* One candidate for a call. */
struct policy_target {
	const struct policy_peer *peer;
	const struct policy_user *user; /* set when the peer is "phones" */
	char number[128];		/* request URI's user */
	struct policy_at at;		/* the route that led here */
};
#define POLICY_TARGETS_MAX 16

/*
 * Where does a call go? Routes are tried in order of their files' lines; the
 * first whose `from` and `number` match gives all candidates. With no route,
 * a number that names a phone goes to that phone if the caller is a phone.
 *
 * from    who calls
 * number  the request URI's user, at most 127 bytes
 * Returns the number of candidates, 0 if nothing matches; -E2BIG if the
 * rewritten number is too long, -ELOOP if PCRE2's limits were hit.
 */
int policy_route(const struct policy *policy, const struct policy_peer *from,
		 const char *number, struct policy_target *out, size_t max);

/* One side of a call, as policy sees it. */
struct policy_side {
	const struct policy_peer *peer;
	const struct policy_network *network;
	const struct sockaddr *address; /* packet source or target */
};

/* What the two peers' keys come to, for one call. */
struct policy_plan {
	enum policy_class class; /* of the pair, the farther one */
	bool anchored;		 /* media through us */
	const char *anchor_why;	 /* "anchor=always acme.conf:9", "remote",
				    "same-subnet"; owned by snapshot */
	struct policy_at anchor_at;
};

void policy_plan(const struct policy *policy, const struct policy_side *a,
		 const struct policy_side *b, struct policy_plan *out);

#endif
