/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a loaded policy consists of; only policy/ looks inside. */
#ifndef POLICY_SNAPSHOT_H
#define POLICY_SNAPSHOT_H

#include <stdatomic.h>

#include "policy/arena.h"
#include "policy/policy.h"

/* Strings as they were written, each with its line. */
struct conf_list {
	struct conf_text {
		const char *text;
		unsigned line;
	} * item;
	unsigned count;
};

/* One group of keys in a file, and where each of its values was set. */
struct section {
	const char *title;   /* "networks.lan", as the dump shows it */
	const char *place;   /* in the schema */
	const char *variant; /* whose defaults; or NULL */
	const char *file;    /* its last name */
	unsigned line;
	const void *base;     /* what the schema's offsets count from */
	struct policy_at *at; /* by the row's number within its place */
	const struct load_file *source; /* while loading */
};

struct conf_network {
	struct policy_network net; /* first: found by it */
	struct section section;
	struct conf_list address, public, subnet, local, transports, sip_ports;
	const char *rtp_ports;
};

struct conf_peer {
	struct policy_peer peer; /* first: found by it */
	struct section section, reg;
	enum { CONF_TRUNK, CONF_PBX } kind;
	const char *network_name, *hostport;
	struct conf_list source, codecs, srtp_suites;
	const char *srtp_lifetime;
	const char *password_file, *reg_password, *reg_password_file;
	/* "anchor=always acme.conf:9", for the status line */
	const char *anchor_why[3];
	/* this peer's place among the host:port of its network */
	struct sockaddr_storage literal; /* AF_UNSPEC: a name */
};

struct conf_user {
	struct policy_user user;
	struct section section;
	const char *password_file;
};

struct conf_phones {
	struct conf_peer conf; /* first: it is the peer "phones" */
	struct policy_phones phones;
	struct conf_list network, from;
	struct conf_user *user; /* in the order of the file */
};

struct conf_route {
	struct section section;
	struct conf_list from, to;
	const char *number, *to_number;
	/* resolved */
	bool from_any;
	const struct policy_peer **peer; /* callers */
	unsigned peers;
	struct number_rule *rule; /* NULL: every number */
	struct conf_target {
		const struct policy_peer *peer;
		const struct policy_user *user; /* NULL with "phones": the
						   user that the number names */
	} * target;
	unsigned targets;
};

struct conf_main {
	const char *policy_dir;
	struct policy_limits limits;
	struct policy_media media;
	struct policy_files files;
	struct section section[6]; /* the file, limits, media, log, store,
				      control */
};

/* Who sends from where, on one network: see peer.c. */
struct source_index {
	struct source_entry {
		uint8_t key[17]; /* family, then the masked address */
		uint8_t bits;
		uint16_t port; /* of a literal host; 0: any */
		unsigned peer; /* index: trunks and PBXs first */
	} * entry;
	unsigned entries;
	struct source_group {
		uint8_t family, bits;
		unsigned first, count;
	} * group; /* longest prefix first */
	unsigned groups;
};

struct policy {
	_Atomic unsigned refs;
	struct arena arena;
	struct conf_main main;
	struct conf_network *network;
	unsigned networks;
	struct conf_peer *peer; /* by name; without "phones" */
	unsigned peers;
	struct conf_phones *phones; /* NULL: none */
	struct conf_route *route;
	unsigned routes;
	struct source_index *source; /* by network */
	/* The files as they were read, if a network has an interface. */
	struct kept_file {
		const char *path, *name, *dir, *text;
		size_t len;
		bool exposed;
	} * kept;
	unsigned kepts;
};

/* A snapshot with one reference and nothing in it; NULL: no memory. */
struct policy *policy_new(void);

static inline const struct conf_peer *conf_of(const struct policy_peer *peer)
{
	return (const struct conf_peer *)peer;
}

/* --- peer.c -------------------------------------------------------------- */
/* Build the tables behind policy_peer_by_source. 0 or -ENOMEM. */
int source_build(struct policy *policy);

/* --- number.c ------------------------------------------------------------ */
struct number_rule;

struct number_fault {
	bool in_template; /* to_number, not number */
	int at;		  /* offset of the fault; -1: none */
	char text[160];
};

/*
 * Compile a pattern and check the template against it. Either may be NULL.
 * Returns 0; -EINVAL and *fault; -ENOMEM. Free with number_free.
 */
int number_new(struct number_rule **out, const char *pattern,
	       const char *template, struct number_fault *fault);
void number_free(struct number_rule *rule);
/*
 * Does `number` match, and what does it become in `out`?
 * Returns 1 or 0; -E2BIG; -ELOOP; -ENOMEM.
 */
int number_apply(const struct number_rule *rule, const char *number,
		 char out[128]);

/* --- codec.c ------------------------------------------------------------- */
/* The registered spelling of a codec's name, or NULL. */
const char *codec_named(const char *name);
/* All of them, ended by NULL. */
const char *const *codec_names(void);

#endif
