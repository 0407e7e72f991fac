/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One value: checked against its range and stored in its field. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/load.h"
#include "policy/schema.h"
#include "policy/unit.h"

static void *field(const struct section *section, const struct policy_key *key)
{
	return (char *)(uintptr_t)section->base + key->offset;
}

static struct arena *arena_of(const struct section *section)
{
	return &section->source->load->policy->arena;
}

static bool check_length(const struct section *section,
			 const struct policy_key *key, const char *text,
			 unsigned line)
{
	char low[24], high[24];
	uint64_t min, max;

	/* A range in words, like "prefixes": its own step judges more. */
	if (!unit_range(key->range, low, high) || unit_number(&min, low) != 0 ||
	    unit_number(&max, high) != 0) {
		min = 1;
		max = 512;
	}
	if (strlen(text) >= min && strlen(text) <= max)
		return true;
	if (!*text)
		load_error(section->source, line, "\"%s\" is empty", key->key);
	else
		load_error(section->source, line,
			   "\"%s\" is longer than %llu bytes", key->key,
			   (unsigned long long)max);
	return false;
}

bool load_check_text(const struct section *section,
		     const struct policy_key *key, const char *text,
		     unsigned line)
{
	if (text_has_control(text)) {
		load_error(section->source, line,
			   "\"%s\" holds a control character", key->key);
		return false;
	}
	if (!text_is_utf8(text)) {
		load_error(section->source, line, "\"%s\" is not UTF-8",
			   key->key);
		return false;
	}
	return check_length(section, key, text, line);
}

/* Store an unsigned of the field's width. */
static void store_unsigned(const struct section *section,
			   const struct policy_key *key, uint64_t value)
{
	void *at = field(section, key);

	if (key->size == sizeof(uint16_t)) {
		uint16_t narrow = (uint16_t)value;
		memcpy(at, &narrow, sizeof(narrow));
	} else {
		unsigned wide = (unsigned)value;
		memcpy(at, &wide, sizeof(wide));
	}
}

static int parse_unit(enum schema_store store, uint64_t *out, const char *text)
{
	if (store == SCHEMA_MS || store == SCHEMA_SECONDS)
		return unit_duration(out, text);
	if (store == SCHEMA_SIZE)
		return unit_size(out, text);
	return unit_number(out, text);
}

/* `value` is in milliseconds, bytes, or plain; `shown` as it was written. */
static bool store_in_range(const struct section *section,
			   const struct policy_key *key, uint64_t value,
			   const char *shown, unsigned line)
{
	enum schema_store store = key->store;
	char low[24], high[24];
	uint64_t min = 0, max = UINT32_MAX;

	if (unit_range(key->range, low, high)) {
		parse_unit(store, &min, low);
		parse_unit(store, &max, high);
	}
	if (value < min || value > max) {
		load_error(section->source, line,
			   "\"%s\" is %.40s, but must be from %s to %s",
			   key->key, shown, low, high);
		return false;
	}
	if (store == SCHEMA_SECONDS) {
		if (value % 1000) {
			load_error(section->source, line,
				   "\"%s\" is %.40s, but counts whole seconds",
				   key->key, shown);
			return false;
		}
		value /= 1000;
	}
	store_unsigned(section, key, value);
	return true;
}

bool load_store_integer(const struct section *section,
			const struct policy_key *key, long long value,
			unsigned line)
{
	enum schema_store store = key->store;
	bool seconds = store == SCHEMA_MS || store == SCHEMA_SECONDS;
	char shown[32];

	snprintf(shown, sizeof(shown), "%lld%s", value, seconds ? "s" : "");
	if (value < 0) {
		load_error(section->source, line,
			   "\"%s\" is %lld, but cannot be negative", key->key,
			   value);
		return false;
	}
	return store_in_range(section, key,
			      (uint64_t)value * (seconds ? 1000 : 1), shown,
			      line);
}

void load_store_boolean(const struct section *section,
			const struct policy_key *key, bool value)
{
	memcpy(field(section, key), &value, sizeof(value));
}

static bool store_choice(const struct section *section,
			 const struct policy_key *key, const char *text,
			 unsigned line)
{
	struct suggest suggest = {.wanted = text};
	char name[32], names[8][32];

	for (unsigned i = 0; i < 8 && unit_choice(key->range, i, name); i++) {
		if (strcmp(name, text) == 0) {
			store_unsigned(section, key, i);
			return true;
		}
		memcpy(names[i], name, sizeof(name));
		suggest_try(&suggest, names[i]);
	}
	load_hint(section->source, line, suggest_best(&suggest),
		  "\"%s\" cannot be \"%.60s\", only %s", key->key, text,
		  key->range);
	return false;
}

/* Relative to the folder of the file that names it. */
static const char *resolve_path(const struct section *section, const char *text)
{
	const char *dir = section->source->dir;

	if (text[0] == '/' || !dir || strcmp(text, "-") == 0)
		return arena_text(arena_of(section), text, strlen(text));
	return arena_printf(arena_of(section), "%s/%s", dir, text);
}

static bool list_add(const struct section *section,
		     const struct policy_key *key, const char *text,
		     unsigned line)
{
	struct arena *arena = arena_of(section);
	struct conf_list *list = field(section, key);
	unsigned count = list->count;

	/* Grow at powers of two; what is left behind goes with the arena. */
	if ((count & (count - 1)) == 0) {
		struct conf_text *grown = arena_array(
			arena, count ? count * 2 : 1, sizeof(*grown));
		if (!grown)
			return false;
		if (count)
			memcpy(grown, list->item, count * sizeof(*grown));
		list->item = grown;
	}
	const char *copy = arena_text(arena, text, strlen(text));
	if (!copy)
		return false;
	list->item[list->count++] = (struct conf_text){copy, line};
	return true;
}

void load_list_add(struct arena *arena, struct conf_list *list,
		   const char *text)
{
	struct conf_text *item =
		arena_array(arena, list->count + 1, sizeof(*item));
	const char *copy = arena_text(arena, text, strlen(text));

	if (!item || !copy)
		return;
	if (list->count)
		memcpy(item, list->item, list->count * sizeof(*item));
	item[list->count] = (struct conf_text){copy, 0};
	list->item = item;
	list->count++;
}

static bool store_unit(const struct section *section,
		       const struct policy_key *key, const char *text,
		       unsigned line)
{
	uint64_t value;
	bool size = key->store == SCHEMA_SIZE;
	int error = parse_unit(key->store, &value, text);

	if (error == 0)
		return store_in_range(section, key, value, text, line);
	if (error == -ERANGE)
		load_error(section->source, line, "\"%s\" is too large: %.40s",
			   key->key, text);
	else
		load_error(section->source, line,
			   "\"%s\" is no %s: \"%.40s\"; write it like %s",
			   key->key, size ? "size" : "duration", text,
			   size ? "1300, \"16k\" or \"1M\""
				: "\"500ms\", \"30s\", \"5m\" or \"1h\"");
	return false;
}

bool load_store_text(const struct section *section,
		     const struct policy_key *key, const char *text,
		     unsigned line)
{
	const char *copy;

	switch ((enum schema_store)key->store) {
	case SCHEMA_CHOICE:
		return store_choice(section, key, text, line);
	case SCHEMA_NUMBER:
	case SCHEMA_MS:
	case SCHEMA_SECONDS:
	case SCHEMA_SIZE:
		return store_unit(section, key, text, line);
	case SCHEMA_BOOLEAN:
		load_store_boolean(section, key, strcmp(text, "true") == 0);
		return true;
	case SCHEMA_NESTED:
		return true;
	case SCHEMA_LIST:
		return load_check_text(section, key, text, line) &&
		       list_add(section, key, text, line);
	case SCHEMA_TEXT:
	case SCHEMA_PATH:
	case SCHEMA_SECRET:
		break;
	}
	if (!load_check_text(section, key, text, line))
		return false;
	copy = key->store == SCHEMA_PATH
		       ? resolve_path(section, text)
		       : arena_text(arena_of(section), text, strlen(text));
	memcpy(field(section, key), &copy, sizeof(copy));
	return copy != NULL;
}
