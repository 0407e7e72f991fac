/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files to snapshot. load.c reads the files and runs the steps; load_tree.c
 * reads groups of keys by the schema; the other load_*.c judge what was read
 * and turn it into what decisions use. A step that finds a fault reports it
 * and goes on, so that all faults are told at once; memory that is refused
 * shows as arena.failed at the end.
 */
#ifndef POLICY_LOAD_H
#define POLICY_LOAD_H

#include "policy/fault.h"
#include "policy/scan.h"
#include "policy/snapshot.h"

#define LOAD_FILE_MAX	(1u << 20)  /* bytes of a peer's file */
#define LOAD_MAIN_MAX	(16u << 20) /* of sallyport.conf: many users */
#define LOAD_PEERS_MAX	1024
#define LOAD_USERS_MAX	100000
#define LOAD_NETS_MAX	64
#define LOAD_ROUTES_MAX 10000
#define LOAD_LIST_MAX	1024

struct config_t;
struct config_setting_t;

struct load_file {
	struct load *load;
	char *path;	  /* as faults name it */
	const char *name; /* its last part, in the snapshot */
	char *dir;	  /* NULL: text without a folder */
	unsigned order;	  /* in which faults are sorted */
	char *text;	  /* room for len + 2 bytes */
	size_t len;
	bool exposed; /* other users may read it */
	bool exposed_told;
	struct config_t *config; /* NULL: not readable */
	struct scan scan;
};

struct load {
	struct policy *policy;
	const struct policy_host *host;
	struct fault_list faults;
	struct load_file **file; /* [0] is sallyport.conf */
	unsigned files;
};

/* --- text instead of files (the fuzzer, tests) --------------------------- */
struct load_text {
	const char *name; /* "sallyport.conf", then "NAME.conf"s */
	const char *text;
	size_t len;
};
/* As policy_load; secrets in files are not read, they count as "secret". */
int policy_load_text(struct policy **out, const struct load_text *text,
		     unsigned count, const struct policy_host *host,
		     struct policy_faults *faults);

/* --- faults (load.c) ----------------------------------------------------- */
void load_error(const struct load_file *file, unsigned line, const char *format,
		...) __attribute__((format(printf, 3, 4)));
void load_warning(const struct load_file *file, unsigned line,
		  const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* With `did you mean`; hint may be NULL. */
void load_hint(const struct load_file *file, unsigned line, const char *hint,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* --- groups of keys (load_tree.c) ---------------------------------------- */
/* Parse file->text; faults are reported, file->config stays NULL then. */
void load_tree(struct load_file *file);
void load_tree_free(struct load_file *file);
const struct config_setting_t *load_root(const struct load_file *file);

unsigned load_line(const struct config_setting_t *node);
unsigned load_count(const struct config_setting_t *node);
const struct config_setting_t *load_child(const struct config_setting_t *node,
					  unsigned index);
const struct config_setting_t *load_member(const struct config_setting_t *node,
					   const char *key);
const char *load_name(const struct config_setting_t *node);
bool load_is_group(const struct config_setting_t *node);
bool load_is_list(const struct config_setting_t *node);
/* The text of a string, else NULL. */
const char *load_string(const struct config_setting_t *node);

/* Begin a section: its defaults are stored. False: no memory. */
bool load_section(struct load_file *file, struct section *section,
		  const char *title, const char *place, const char *variant,
		  unsigned line, void *base);
/* Store the keys of `node` in it; NULL: there is no such group. */
void load_keys(struct section *section, const struct config_setting_t *node);

/* Where a key of the section was set; its line, or the section's. */
struct policy_at load_at(const struct section *section, const char *key);
unsigned load_key_line(const struct section *section, const char *key);
bool load_is_set(const struct section *section, const char *key);
/* Say that a key was set elsewhere, or by its default's rule. */
void load_set_at(struct section *section, const char *key, struct policy_at at);

/* --- values (load_value.c) ----------------------------------------------- */
/* Store text in the field of `key`; false: it was reported. */
bool load_store_text(const struct section *section,
		     const struct policy_key *key, const char *text,
		     unsigned line);
bool load_store_integer(const struct section *section,
			const struct policy_key *key, long long value,
			unsigned line);
void load_store_boolean(const struct section *section,
			const struct policy_key *key, bool value);
/* Is it text that a value may be? Else reported. */
bool load_check_text(const struct section *section,
		     const struct policy_key *key, const char *text,
		     unsigned line);

/* --- secrets (load_secret.c) --------------------------------------------- */
/* The password of a section: given in place, or in a file; NULL: none. */
const char *load_secret(const struct section *section, const char *password,
			const char *path);

/* --- steps --------------------------------------------------------------- */
void load_main(struct load_file *file);		 /* load_main.c */
void load_networks(struct load_file *file);	 /* load_network.c */
void load_phones(struct load_file *file);	 /* load_phones.c */
void load_phones_finish(struct load_file *file); /* peers are known */
void load_peer(struct load_file *file);		 /* load_peer.c */
void load_peers_finish(struct load *load);
void load_peer_common(struct conf_peer *conf);
void load_srtp(struct conf_peer *conf);	  /* load_srtp.c */
void load_routes(struct load_file *file); /* load_route.c */

/* The network a list or key names; NULL was reported. */
const struct policy_network *load_network_named(const struct section *section,
						unsigned line,
						const char *name);
/* Parse prefixes; *out and *count in the snapshot's memory. */
void load_prefixes(const struct section *section, const struct conf_list *list,
		   struct address_prefix **out, unsigned *count);
/* A one-item list, for values that were worked out. */
void load_list_add(struct arena *arena, struct conf_list *list,
		   const char *text);

#endif
