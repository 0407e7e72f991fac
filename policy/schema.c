/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one table of every key: place, type, range, default, help. */
#include "policy/schema.h"

#include <stdio.h>
#include <string.h>

#include "policy/snapshot.h"

#define FIELD(type, field) \
	.offset = offsetof(type, field), .size = sizeof(((type *)0)->field)

#define NESTED(p, k, t, d, h)                                               \
	{                                                                   \
		.place = p, .key = k, .type = t, .range = "-", .preset = d, \
		.help = h, .store = SCHEMA_NESTED                           \
	}
#define ROW(s, t, p, k, r, d, c, f, h)                                    \
	{                                                                 \
		.place = p, .key = k, .type = t, .range = r, .preset = d, \
		.help = h, .store = s, FIELD(c, f)                        \
	}
#define TEXT(...)    ROW(SCHEMA_TEXT, "string", __VA_ARGS__)
#define PATH(...)    ROW(SCHEMA_PATH, "path", __VA_ARGS__)
#define SECRET(...)  ROW(SCHEMA_SECRET, "string", __VA_ARGS__)
#define NUMBER(...)  ROW(SCHEMA_NUMBER, "integer", __VA_ARGS__)
#define MS(...)	     ROW(SCHEMA_MS, "duration", __VA_ARGS__)
#define SECONDS(...) ROW(SCHEMA_SECONDS, "duration", __VA_ARGS__)
#define SIZE(...)    ROW(SCHEMA_SIZE, "size", __VA_ARGS__)
#define BOOLEAN(p, k, d, c, f, h) \
	ROW(SCHEMA_BOOLEAN, "boolean", p, k, "true | false", d, c, f, h)
#define CHOICE(...)  ROW(SCHEMA_CHOICE, "choice", __VA_ARGS__)
#define LIST(...)    ROW(SCHEMA_LIST, "string or list", __VA_ARGS__)
#define NUMBERS(...) ROW(SCHEMA_LIST, "integer or list", __VA_ARGS__)

#define NET   struct conf_network
#define PEER  struct conf_peer
#define PHONE struct conf_phones
#define USER  struct conf_user
#define ROUTE struct conf_route
#define MAIN  struct conf_main

/* Offsets of struct policy_peer hold for both kinds of peer. */
_Static_assert(offsetof(PEER, peer) == 0, "policy_peer comes first");
_Static_assert(offsetof(PHONE, conf) == 0, "conf_peer comes first");

#define CHOICES "forward | suppress | auto"

/* Keys that a trunk, a PBX and the phones have alike. */
#define MID_CALL(p, reinvite_d, update_d, prack_d, t38_d, redirect_d, info_d) \
	CHOICE(p, "reinvite", CHOICES, reinvite_d, PEER, peer.reinvite,       \
	       "may re-INVITEs be sent to it"),                               \
		CHOICE(p, "update", CHOICES, update_d, PEER, peer.update,     \
		       "may UPDATEs be sent to it"),                          \
		CHOICE(p, "session_timer", "local | off | forward", "local",  \
		       PEER, peer.session_timer,                              \
		       "who keeps its session timer"),                        \
		SECONDS(p, "session_expires", "90s-1d", "30m", PEER,          \
			peer.session_expires_s,                               \
			"session timer that we ask for"),                     \
		SECONDS(p, "min_se", "90s-1h", "90s", PEER, peer.min_se_s,    \
			"shortest session timer that we take"),               \
		CHOICE(p, "hold", "sendonly | inactive | zero | none",        \
		       "sendonly", PEER, peer.hold,                           \
		       "how a forwarded hold is written"),                    \
		CHOICE(p, "refer", "local | forward | reject", "local", PEER, \
		       peer.refer, "who carries out its transfers"),          \
		CHOICE(p, "redirect", "follow | reject", redirect_d, PEER,    \
		       peer.redirect, "is its 3xx followed"),                 \
		CHOICE(p, "info", "pass | answer | reject", info_d, PEER,     \
		       peer.info, "INFO and MESSAGE in a call toward it"),    \
		CHOICE(p, "dtmf", "rfc4733 | info | auto", "auto", PEER,      \
		       peer.dtmf, "how it is told of keys pressed"),          \
		CHOICE(p, "prack", "require | support | off", prack_d, PEER,  \
		       peer.prack, "reliable provisional replies (100rel)"),  \
		CHOICE(p, "delayed_offer", "keep | make_early", "make_early", \
		       PEER, peer.delayed_offer,                              \
		       "who makes the offer where the caller made none"),     \
		CHOICE(p, "t38", "forward | reject", t38_d, PEER, peer.t38,   \
		       "may a call switch to T.38 fax toward it"),            \
		CHOICE(p, "reinvite_ack_lost", "keep | bye", "keep", PEER,    \
		       peer.reinvite_ack_lost,                                \
		       "the ACK never comes, but audio flows")

#define MEDIA_AND_LIMITS(p, anchor_d, identity_d)                              \
	CHOICE(p, "anchor", "always | auto | never", anchor_d, PEER,           \
	       peer.anchor, "does its media pass through us"),                 \
		CHOICE(p, "stream", "auto | steady | pass", "auto", PEER,      \
		       peer.stream,                                            \
		       "one SSRC and sequence of ours toward it"),             \
		CHOICE(p, "srtp", "pass | off | sdes | optional", "pass",      \
		       PEER, peer.srtp, "does SRTP end here toward it"),       \
		LIST(p, "srtp_suites", "SRTP suites",                          \
		     "AES_CM_128_HMAC_SHA1_80, AES_CM_128_HMAC_SHA1_32", PEER, \
		     srtp_suites, "suites of its SRTP, in order"),             \
		BOOLEAN(p, "srtp_mki", "false", PEER, peer.srtp_mki,           \
			"do our keys for it carry an MKI"),                    \
		TEXT(p, "srtp_lifetime", "2^10-2^48", "-", PEER,               \
		     srtp_lifetime, "packets that a key of ours is good for"), \
		PATH(p, "hold_music", "1-4000", "-", PEER, peer.hold_music,    \
		     "WAV file that it hears while its call is held"),         \
		LIST(p, "codecs", "codec names", "-", PEER, codecs,            \
		     "codecs that are allowed, in order of preference"),       \
		MS(p, "media_timeout", "0s-1d", "60s", PEER,                   \
		   peer.media_timeout_ms,                                      \
		   "silence after which a call is dead; 0: never"),            \
		MS(p, "hold_timeout", "0s-7d", "1h", PEER,                     \
		   peer.hold_timeout_ms, "the same while it is held"),         \
		CHOICE(p, "identity", "from | pai | ppi", identity_d, PEER,    \
		       peer.identity,                                          \
		       "how the caller's number is told to it"),               \
		BOOLEAN(p, "trusted", "false", PEER, peer.trusted,             \
			"its P-Asserted-Identity is believed"),                \
		SIZE(p, "max_message", "500-65000", "1300", PEER,              \
		     peer.max_message, "longest request sent to it over UDP"), \
		NUMBER(p, "max_calls", "0-100000", "0", PEER, peer.max_calls,  \
		       "calls at a time; 0: no limit"),                        \
		MS(p, "attempt_timeout", "500ms-32s", "4s", PEER,              \
		   peer.attempt_timeout_ms,                                    \
		   "silence before the next candidate"),                       \
		MS(p, "ring_timeout", "5s-1h", "3m", PEER,                     \
		   peer.ring_timeout_ms, "how long a call may ring")

static const struct policy_key keys[] = {
	/* clang-format off */
	NESTED("sallyport.conf", "networks", "group of groups", "required",
	       "where we stand, one group a network"),
	NESTED("sallyport.conf", "phones", "group", "-",
	       "the phones that register here"),
	NESTED("sallyport.conf", "routes", "list of groups", "-",
	       "where calls go"),
	NESTED("sallyport.conf", "limits", "group", "-",
	       "what strangers and floods may cost"),
	NESTED("sallyport.conf", "media", "group", "-", "the media engine"),
	NESTED("sallyport.conf", "log", "group", "-", "what is logged where"),
	NESTED("sallyport.conf", "store", "group", "-",
	       "what survives a restart"),
	NESTED("sallyport.conf", "control", "group", "-",
	       "the control socket"),
	PATH("sallyport.conf", "policy_dir", "1-4000", "policy.d", MAIN,
	     policy_dir, "folder of the peers' files"),

	LIST("networks.NAME", "address", "addresses", "-", NET, address,
	     "our addresses there"),
	TEXT("networks.NAME", "interface", "1-15", "-", NET, net.interface,
	     "the interface whose addresses are ours there"),
	LIST("networks.NAME", "public", "addresses", "-", NET, public,
	     "the addresses a router maps to ours"),
	NUMBER("networks.NAME", "sip_port", "1-65535", "5060", NET,
	       net.sip_port, "port of the SIP listeners"),
	NUMBER("networks.NAME", "public_sip_port", "1-65535", "-", NET,
	       net.public_sip_port, "the port a router maps to sip_port"),
	NUMBERS("networks.NAME", "sip_ports", "1-65535", "-", NET, sip_ports,
		"further ports of SIP listeners"),
	LIST("networks.NAME", "transports", "udp | tcp", "udp, tcp", NET,
	     transports, "transports that are listened on"),
	TEXT("networks.NAME", "rtp_ports", "EVEN-ODD, 1024-65535",
	     "30000-39999", NET, rtp_ports, "block of ports for media"),
	LIST("networks.NAME", "subnet", "prefixes", "-", NET, subnet,
	     "the subnets our addresses stand in"),
	LIST("networks.NAME", "local", "prefixes", "-", NET, local,
	     "further subnets that are ours"),

	LIST("phones", "network", "networks", "-", PHONE, network,
	     "the networks that phones are in"),
	LIST("phones", "from", "any, or prefixes", "-", PHONE, from,
	     "where phones may send from"),
	TEXT("phones", "realm", "1-64", "sallyport", PHONE, phones.realm,
	     "realm of the digest challenge"),
	NESTED("phones", "users", "list of groups", "-",
	       "accounts of the phones"),
	SECONDS("phones", "expires_min", "10s-1d", "60s", PHONE,
		phones.expires_min_s, "shortest registration"),
	SECONDS("phones", "expires_max", "10s-7d", "1h", PHONE,
		phones.expires_max_s, "longest registration"),
	SECONDS("phones", "expires_default", "10s-7d", "1h", PHONE,
		phones.expires_default_s,
		"registration of a phone that names none"),
	CHOICE("phones", "digest", "md5 | sha-256 | both", "md5", PHONE,
	       phones.digest,
	       "what a phone is challenged with; many phones refuse both"),
	NUMBER("phones", "max_contacts", "1-64", "4", PHONE,
	       phones.max_contacts, "phones registered as one user"),
	MS("phones", "keepalive", "0s-10m", "25s", PHONE, phones.keepalive_ms,
	   "keep-alives to phones behind NAT; 0: none"),
	CHOICE("phones", "transport", "udp | tcp", "udp", PEER,
	       peer.transport, "transport when a phone's Contact names none"),
	MID_CALL("phones", "forward", "forward", "support", "forward",
		 "follow", "pass"),
	MEDIA_AND_LIMITS("phones", "auto", "from"),

	TEXT("phones.users", "user", "1-64", "required", USER, user.user,
	     "the number or name it registers as"),
	SECRET("phones.users", "password", "1-128", "-", USER, user.password,
	       "its password"),
	PATH("phones.users", "password_file", "1-4000", "-", USER,
	     password_file, "file that holds its password"),
	TEXT("phones.users", "display", "1-64", "-", USER, user.display,
	     "name shown when it calls"),

	LIST("routes", "from", "peers, phones, any", "required", ROUTE,
	     from, "who calls"),
	TEXT("routes", "number", "1-512", "-", ROUTE, number,
	     "regular expression (PCRE2) the number must match"),
	TEXT("routes", "to_number", "1-127", "-", ROUTE, to_number,
	     "the number called instead; \\0 to \\9 are the match's parts"),
	LIST("routes", "to", "peers, users, phones", "required", ROUTE, to,
	     "candidates, tried in order"),

	NUMBER("limits", "max_calls", "1-100000", "2000", MAIN,
	       limits.max_calls, "calls at a time"),
	NUMBER("limits", "per_source_rate", "1-1000000", "100", MAIN,
	       limits.per_source_rate, "requests a second from one address"),
	NUMBER("limits", "per_source_burst", "1-1000000", "200", MAIN,
	       limits.per_source_burst, "requests at once from one address"),
	NUMBER("limits", "global_rate", "1-1000000", "5000", MAIN,
	       limits.global_rate, "requests a second from everywhere"),
	NUMBER("limits", "global_burst", "1-1000000", "10000", MAIN,
	       limits.global_burst, "requests at once from everywhere"),
	SIZE("limits", "max_message", "2k-64k", "16k", MAIN,
	     limits.max_message, "longest message that is received"),
	MS("limits", "tcp_idle", "10s-1d", "10m", MAIN, limits.tcp_idle_ms,
	   "silence after which a TCP connection is closed"),
	NUMBER("limits", "tcp_per_address", "1-10000", "20", MAIN,
	       limits.tcp_per_address, "TCP connections from one address"),

	NUMBER("media", "workers", "1-64", "1", MAIN, media.workers,
	       "threads that relay packets"),
	NUMBER("media", "dscp", "0-63", "46", MAIN, media.dscp,
	       "DiffServ code point of media packets"),
	PATH("media", "hold_music", "1-4000", "-", MAIN, media.hold_music,
	     "WAV file for peers that name none"),
	MS("media", "quarantine", "0s-10m", "5s", MAIN, media.quarantine_ms,
	   "how long released ports rest"),

	PATH("log", "status", "1-4000", "/var/log/sallyport/status.log", MAIN,
	     files.status_log, "the status log; -: standard output"),
	PATH("log", "messages", "1-4000", "-", MAIN, files.messages,
	     "messages about the program; -: standard error or syslog"),
	CHOICE("log", "level", "error | warning | info | debug", "info", MAIN,
	       files.log_level, "the least that is logged"),
	PATH("store", "file", "1-4000", "/var/lib/sallyport/sallyport.db",
	     MAIN, files.store, "the SQLite database"),
	PATH("control", "socket", "1-107", "/run/sallyport/control", MAIN,
	     files.control_socket, "where sallyctl connects"),
	TEXT("control", "group", "1-32", "-", MAIN, files.control_group,
	     "group that may use the control socket"),

	CHOICE("peer", "kind", "trunk | pbx", "required", PEER, kind,
	       "what it is: an ITSP or a PBX"),
	TEXT("peer", "network", "a network", "-", PEER, network_name,
	     "the network it is in"),
	TEXT("peer", "domain", "1-253", "-", PEER, peer.domain,
	     "its domain; NAPTR and SRV are looked up"),
	TEXT("peer", "host", "1-253", "-", PEER, hostport,
	     "its address or host name, with a port if need be"),
	CHOICE("peer", "transport", "udp | tcp", "udp", PEER, peer.transport,
	       "transport of our requests"),
	NUMBER("peer", "local_port", "1-65535", "-", PEER, peer.local_port,
	       "port of ours that talks to it, of sip_port and sip_ports"),
	CHOICE("peer", "alg", "report | avoid", "report", PEER, peer.alg,
	       "what is done when a SIP ALG is suspected on the way"),
	LIST("peer", "source", "prefixes", "-", PEER, source,
	     "further addresses that it sends from"),
	TEXT("peer", "username", "1-128", "-", PEER, peer.username,
	     "our name when it challenges us"),
	SECRET("peer", "password", "1-128", "-", PEER, peer.password,
	       "our password when it challenges us"),
	PATH("peer", "password_file", "1-4000", "-", PEER, password_file,
	     "file that holds the password"),
	NESTED("peer", "register", "group", "-", "we register there"),
	MS("peer", "options_ping", "0s-1h", "60s", PEER, peer.options_ping_ms,
	   "how often OPTIONS asks whether it lives; 0: never"),
	MID_CALL("peer", "auto; pbx: forward", "auto; pbx: forward", "support",
		 "reject; pbx: forward", "reject", "answer; pbx: pass"),
	MEDIA_AND_LIMITS("peer", "always; pbx: auto", "from; pbx: pai"),
	TEXT("peer", "from_user", "1-64", "-", PEER, peer.from_user,
	     "the number in From, whoever calls"),

	TEXT("peer.register", "user", "1-128", "required", PEER, peer.reg.user,
	     "the user we register"),
	SECRET("peer.register", "password", "1-128", "-", PEER, reg_password,
	       "our password there"),
	PATH("peer.register", "password_file", "1-4000", "-", PEER,
	     reg_password_file, "file that holds the password"),
	TEXT("peer.register", "registrar", "1-253", "-", PEER,
	     peer.reg.registrar, "where to register, if not at domain or host"),
	SECONDS("peer.register", "expires", "60s-1d", "1h", PEER,
		peer.reg.expires_s, "how long we register for"),
	/* clang-format on */
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

const struct policy_key *policy_schema(unsigned *count)
{
	*count = KEYS;
	return keys;
}

bool schema_place(const char *place, const struct policy_key **first,
		  unsigned *count)
{
	*count = 0;
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(keys[i].place, place) == 0) {
			if ((*count)++ == 0)
				*first = &keys[i];
		} else if (*count) {
			break;
		}
	}
	return *count > 0;
}

int schema_index(const char *place, const char *key)
{
	const struct policy_key *first = NULL;
	unsigned count;

	schema_place(place, &first, &count);
	for (unsigned i = 0; i < count; i++)
		if (strcmp(first[i].key, key) == 0)
			return (int)i;
	return -1;
}

bool schema_required(const struct policy_key *key)
{
	return strcmp(key->preset, "required") == 0;
}

const char *schema_preset(const struct policy_key *key, const char *variant,
			  char buf[64])
{
	char mark[16];
	const char *begin = key->preset;

	if (schema_required(key) || strcmp(key->preset, "-") == 0)
		return NULL;
	snprintf(mark, sizeof(mark), "; %s: ", variant ? variant : "pbx");
	const char *other = strstr(begin, mark);
	if (other && variant)
		begin = other + strlen(mark);
	const char *end = strstr(begin, "; ");
	int len = end ? (int)(end - begin) : (int)strlen(begin);
	snprintf(buf, 64, "%.*s", len, begin);
	return buf;
}
