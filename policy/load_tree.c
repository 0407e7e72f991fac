/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups of keys, read from libconfig's tree by the schema. */
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/load.h"
#include "policy/schema.h"

static void scan_report(void *context, unsigned line, const char *hint,
			const char *text)
{
	load_hint(context, line, hint, "%s", text);
}

/*
 * Give every setting its line from our own reading of the text: libconfig's
 * is that of the token after the value in lists. Both count in the order of
 * the text. Returns the number of values met.
 */
static unsigned hook_lines(config_setting_t *node, struct scan *scan,
			   unsigned next)
{
	int length = config_setting_length(node);

	for (int i = 0; i < length && next < scan->values; i++) {
		config_setting_t *child =
			config_setting_get_elem(node, (unsigned)i);
		config_setting_set_hook(child, &scan->value[next++]);
		if (config_setting_is_aggregate(child))
			next = hook_lines(child, scan, next);
	}
	return next;
}

void load_tree(struct load_file *file)
{
	file->scan.report = scan_report;
	file->scan.context = file;
	scan_text(&file->scan, file->text, file->len);
	if (file->scan.failed)
		file->load->policy->arena.failed = 1;
	if (file->scan.broken)
		return;
	file->config = calloc(1, sizeof(*file->config));
	if (!file->config) {
		file->load->policy->arena.failed = 1;
		return;
	}
	config_init(file->config);
	/* libconfig takes no comment that ends with the file. */
	memcpy(file->text + file->len, "\n", 2);
	if (config_read_string(file->config, file->text)) {
		if (hook_lines(config_root_setting(file->config), &file->scan,
			       0) != file->scan.values)
			load_error(file, 0, "is read in two ways");
		return;
	}
	load_error(file, (unsigned)config_error_line(file->config), "%s",
		   config_error_text(file->config));
	load_tree_free(file);
}

void load_tree_free(struct load_file *file)
{
	if (!file->config)
		return;
	config_destroy(file->config);
	free(file->config);
	file->config = NULL;
}

const struct config_setting_t *load_root(const struct load_file *file)
{
	return file->config ? config_root_setting(file->config) : NULL;
}

unsigned load_line(const struct config_setting_t *node)
{
	const struct scan_value *value = config_setting_get_hook(node);

	return value ? value->line : config_setting_source_line(node);
}

/* Was its value already found bad in the text? */
static bool is_bad(const struct config_setting_t *node)
{
	const struct scan_value *value = config_setting_get_hook(node);

	return value && value->bad;
}

unsigned load_count(const struct config_setting_t *node)
{
	return node ? (unsigned)config_setting_length(node) : 0;
}

const struct config_setting_t *load_child(const struct config_setting_t *node,
					  unsigned index)
{
	return config_setting_get_elem(node, index);
}

const struct config_setting_t *load_member(const struct config_setting_t *node,
					   const char *key)
{
	if (!node || !config_setting_is_group(node))
		return NULL;
	return config_setting_get_member(node, key);
}

const char *load_name(const struct config_setting_t *node)
{
	return config_setting_name(node);
}

bool load_is_group(const struct config_setting_t *node)
{
	return config_setting_is_group(node);
}

bool load_is_list(const struct config_setting_t *node)
{
	return config_setting_is_list(node) || config_setting_is_array(node);
}

const char *load_string(const struct config_setting_t *node)
{
	if (!node || config_setting_type(node) != CONFIG_TYPE_STRING)
		return NULL;
	return config_setting_get_string(node);
}

/* --- sections ------------------------------------------------------------ */

bool load_section(struct load_file *file, struct section *section,
		  const char *title, const char *place, const char *variant,
		  unsigned line, void *base)
{
	struct arena *arena = &file->load->policy->arena;
	const struct policy_key *key = NULL;
	unsigned count;

	schema_place(place, &key, &count);
	*section = (struct section){
		.title = title,
		.place = place,
		.variant = variant,
		.file = file->name,
		.line = line,
		.base = base,
		.at = arena_array(arena, count, sizeof(*section->at)),
		.source = file,
	};
	if (!section->at || !title)
		return false;
	for (unsigned i = 0; i < count; i++) {
		char preset[64];
		section->at[i] = (struct policy_at){"default", 0};
		if (key[i].store == SCHEMA_NESTED ||
		    !schema_preset(&key[i], variant, preset))
			continue;
		/* "udp, tcp": several items of a list */
		char *rest = preset, *item;
		if (key[i].store != SCHEMA_LIST) {
			load_store_text(section, &key[i], preset, 0);
			continue;
		}
		while ((item = strsep(&rest, ",")))
			load_store_text(section, &key[i],
					item + strspn(item, " "), 0);
	}
	return !arena->failed;
}

struct policy_at load_at(const struct section *section, const char *key)
{
	int i = schema_index(section->place, key);

	return section->at[i];
}

bool load_is_set(const struct section *section, const char *key)
{
	return load_at(section, key).line != 0;
}

unsigned load_key_line(const struct section *section, const char *key)
{
	unsigned line = load_at(section, key).line;

	return line ? line : section->line;
}

void load_set_at(struct section *section, const char *key, struct policy_at at)
{
	section->at[schema_index(section->place, key)] = at;
}

/* --- reading keys -------------------------------------------------------- */

/* How a place is called in a fault. */
static const char *place_text(const struct section *section)
{
	static const char *const names[][2] = {
		{"networks.NAME", "a network"}, {"phones.users", "a user"},
		{"routes", "a route"},		{"peer", "a peer"},
		{"peer.register", "register"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i][0], section->place) == 0)
			return names[i][1];
	return section->place;
}

/* Every place that has such a key: "limits, phones". */
static bool places_of(const char *name, char out[120])
{
	unsigned count;
	const struct policy_key *key = policy_schema(&count);
	size_t len = 0;

	for (unsigned i = 0; i < count; i++) {
		bool peer = strcmp(key[i].place, "peer") == 0;
		if (strcmp(key[i].key, name) != 0 || len > 80)
			continue;
		len += (size_t)snprintf(
			out + len, 120 - len, "%s%s", len ? ", " : "",
			peer ? "a file of policy.d" : key[i].place);
	}
	return len > 0;
}

/* The nearest key of this place; else the same key of another place. */
static void tell_unknown(const struct section *section,
			 const struct config_setting_t *node,
			 const struct policy_key *key, unsigned count)
{
	const char *name = load_name(node);
	struct suggest suggest = {.wanted = name};
	for (unsigned i = 0; i < count; i++)
		suggest_try(&suggest, key[i].key);
	char places[120];
	if (!suggest_best(&suggest) && places_of(name, places)) {
		load_error(section->source, load_line(node),
			   "\"%s\" is no key of %s: it belongs in %s", name,
			   place_text(section), places);
		return;
	}
	load_hint(section->source, load_line(node), suggest_best(&suggest),
		  "\"%s\" is no key of %s", name, place_text(section));
}

/* What stands there, for "must be ..., not ..." */
static const char *type_text(const struct config_setting_t *node)
{
	switch (config_setting_type(node)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
	case CONFIG_TYPE_FLOAT:
		return "a number";
	case CONFIG_TYPE_STRING:
		return "a string";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_GROUP:
		return "a group";
	default:
		return "a list";
	}
}

static const char *wanted_text(const struct policy_key *key)
{
	switch ((enum schema_store)key->store) {
	case SCHEMA_NESTED:
		return strcmp(key->type, "list of groups")
			       ? "a group: { ... }"
			       : "a list of groups: ( { ... }, { ... } )";
	case SCHEMA_TEXT:
	case SCHEMA_PATH:
	case SCHEMA_SECRET:
	case SCHEMA_CHOICE:
		return "a string in quotes";
	case SCHEMA_NUMBER:
		return "a number without quotes";
	case SCHEMA_MS:
	case SCHEMA_SECONDS:
		return "a duration like \"30s\"";
	case SCHEMA_SIZE:
		return "a size like 1300 or \"16k\"";
	case SCHEMA_BOOLEAN:
		return "true or false";
	case SCHEMA_LIST:
		return strncmp(key->type, "integer", 7) == 0
			       ? "a number or a list of numbers"
			       : "a string or a list of strings";
	}
	return "something else";
}

static bool tell_type(const struct section *section,
		      const struct policy_key *key,
		      const struct config_setting_t *node)
{
	load_error(section->source, load_line(node),
		   "\"%s\" must be %s, not %s", key->key, wanted_text(key),
		   type_text(node));
	return false;
}

/* A list of numbers: kept as text, like every list. */
static bool read_number(const struct section *section,
			const struct policy_key *key,
			const struct config_setting_t *node)
{
	char text[24];

	if (config_setting_type(node) != CONFIG_TYPE_INT ||
	    strncmp(key->type, "integer", 7) != 0)
		return tell_type(section, key, node);
	snprintf(text, sizeof(text), "%d", config_setting_get_int(node));
	return load_store_text(section, key, text, load_line(node));
}

static bool read_list(const struct section *section,
		      const struct policy_key *key,
		      const struct config_setting_t *node)
{
	unsigned count = load_count(node);
	bool good = true;

	if (count > LOAD_LIST_MAX) {
		load_error(section->source, load_line(node),
			   "\"%s\" has more than %d elements", key->key,
			   LOAD_LIST_MAX);
		return false;
	}
	/* A list that must hold something, or that holds it by default. */
	if (count == 0 && strcmp(key->preset, "-") != 0) {
		load_error(section->source, load_line(node), "\"%s\" is empty",
			   key->key);
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		const struct config_setting_t *item = load_child(node, i);
		const char *text = load_string(item);
		if (!text && is_bad(item))
			continue;
		if (!text)
			good &= read_number(section, key, item);
		else if (!is_bad(item))
			good &= load_store_text(section, key, text,
						load_line(item));
	}
	return good;
}

static bool read_string(const struct section *section,
			const struct policy_key *key,
			const struct config_setting_t *node)
{
	const char *text = load_string(node);
	enum schema_store store = key->store;

	if (store == SCHEMA_NUMBER)
		return tell_type(section, key, node);
	if (store == SCHEMA_BOOLEAN) {
		const char *meant =
			strchr("yY1oO", text[0]) && strcasecmp(text, "off") != 0
				? "true"
				: "false";
		load_error(section->source, load_line(node),
			   "\"%s\" must be true or false without quotes, "
			   "not \"%.40s\"; did you mean %s?",
			   key->key, text, meant);
		return false;
	}
	return load_store_text(section, key, text, load_line(node));
}

static bool read_key(const struct section *section,
		     const struct policy_key *key,
		     const struct config_setting_t *node)
{
	int type = config_setting_type(node);
	enum schema_store store = key->store;

	if (store == SCHEMA_NESTED) {
		bool list = strcmp(key->type, "list of groups") == 0;
		return (list ? load_is_list(node) : load_is_group(node)) ||
		       tell_type(section, key, node);
	}
	if (is_bad(node))
		return false;
	if (store == SCHEMA_LIST && load_is_list(node))
		return read_list(section, key, node);
	if (type == CONFIG_TYPE_STRING)
		return read_string(section, key, node);
	if (type == CONFIG_TYPE_BOOL && store == SCHEMA_BOOLEAN) {
		load_store_boolean(section, key, config_setting_get_bool(node));
		return true;
	}
	if (type == CONFIG_TYPE_INT &&
	    (store == SCHEMA_NUMBER || store == SCHEMA_MS ||
	     store == SCHEMA_SECONDS || store == SCHEMA_SIZE))
		return load_store_integer(section, key,
					  config_setting_get_int(node),
					  load_line(node));
	if (store == SCHEMA_LIST)
		return read_number(section, key, node);
	return tell_type(section, key, node);
}

/* A list that is set replaces its default. */
static void forget_default(const struct section *section,
			   const struct policy_key *key)
{
	if (key->store == SCHEMA_LIST)
		memset((char *)(uintptr_t)section->base + key->offset, 0,
		       sizeof(struct conf_list));
}

void load_keys(struct section *section, const struct config_setting_t *node)
{
	const struct policy_key *key = NULL;
	unsigned count, length = load_count(node);

	schema_place(section->place, &key, &count);
	for (unsigned i = 0; i < length; i++) {
		const struct config_setting_t *child = load_child(node, i);
		unsigned k = 0;
		while (k < count && strcmp(key[k].key, load_name(child)) != 0)
			k++;
		if (k == count) {
			tell_unknown(section, child, key, count);
			continue;
		}
		forget_default(section, &key[k]);
		read_key(section, &key[k], child);
		section->at[k] =
			(struct policy_at){section->file, load_line(child)};
	}
	for (unsigned k = 0; k < count; k++)
		if (schema_required(&key[k]) && section->at[k].line == 0)
			load_error(section->source, section->line,
				   "%s has no \"%s\"", place_text(section),
				   key[k].key);
}

const char *policy_libraries(void)
{
#define TEXT_OF(x) #x
#define VERSION_OF(major, minor, revision) \
	TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(revision)
	return "libconfig " VERSION_OF(LIBCONFIG_VER_MAJOR, LIBCONFIG_VER_MINOR,
				       LIBCONFIG_VER_REVISION);
}
