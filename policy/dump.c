/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole effective policy as text, for `sallyport -T`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/schema.h"
#include "policy/snapshot.h"
#include "policy/unit.h"

/* A string as libconfig reads it back. */
static void put_quoted(FILE *out, const char *text)
{
	putc('"', out);
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			putc('\\', out);
		putc(*p, out);
	}
	putc('"', out);
}

static void put_list(FILE *out, const struct conf_list *list)
{
	fputs("[", out);
	for (unsigned i = 0; i < list->count; i++) {
		fputs(i ? ", " : " ", out);
		put_quoted(out, list->item[i].text);
	}
	fputs(list->count ? " ]" : "]", out);
}

static unsigned get_unsigned(const void *at, unsigned size)
{
	uint16_t narrow;
	unsigned wide;

	if (size == sizeof(narrow)) {
		memcpy(&narrow, at, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, at, sizeof(wide));
	return wide;
}

static void put_value(FILE *out, const struct policy_key *key, const char *base)
{
	const void *at = base + key->offset;
	char text[32] = "";
	const char *string;
	bool flag;

	switch ((enum schema_store)key->store) {
	case SCHEMA_NESTED:
		break;
	case SCHEMA_TEXT:
	case SCHEMA_PATH:
		memcpy(&string, at, sizeof(string));
		put_quoted(out, string ? string : "");
		break;
	case SCHEMA_SECRET:
		memcpy(&string, at, sizeof(string));
		fputs(string ? "\"(set)\"" : "\"\"", out);
		break;
	case SCHEMA_NUMBER:
		fprintf(out, "%u", get_unsigned(at, key->size));
		break;
	case SCHEMA_MS:
		fprintf(out, "\"%s\"",
			unit_duration_text(text, get_unsigned(at, key->size)));
		break;
	case SCHEMA_SECONDS:
		fprintf(out, "\"%s\"",
			unit_duration_text(text, get_unsigned(at, key->size) *
							 1000ull));
		break;
	case SCHEMA_SIZE:
		fprintf(out, "\"%s\"",
			unit_size_text(text, get_unsigned(at, key->size)));
		break;
	case SCHEMA_BOOLEAN:
		memcpy(&flag, at, sizeof(flag));
		fputs(flag ? "true" : "false", out);
		break;
	case SCHEMA_CHOICE:
		unit_choice(key->range, get_unsigned(at, key->size), text);
		fprintf(out, "\"%s\"", text);
		break;
	case SCHEMA_LIST:
		put_list(out, at);
		break;
	}
}

static void put_section(FILE *out, const struct section *section,
			bool with_title)
{
	const struct policy_key *key = NULL;
	unsigned count;

	if (!section->at)
		return;
	schema_place(section->place, &key, &count);
	for (unsigned i = 0; i < count; i++) {
		const struct policy_at *at = &section->at[i];
		if (key[i].store == SCHEMA_NESTED)
			continue;
		if (with_title)
			fprintf(out, "%s.", section->title);
		fprintf(out, "%s = ", key[i].key);
		put_value(out, &key[i], section->base);
		if (at->line)
			fprintf(out, ";  # %s:%u\n", at->file, at->line);
		else
			fputs(";  # default\n", out);
	}
}

static void put_phones(FILE *out, const struct conf_phones *phones,
		       unsigned users)
{
	put_section(out, &phones->conf.section, true);
	for (unsigned i = 0; i < users; i++)
		put_section(out, &phones->user[i].section, true);
}

int policy_dump(const struct policy *policy, char **out)
{
	size_t len;
	FILE *stream = open_memstream(out, &len);

	if (!stream)
		return -ENOMEM;
	for (unsigned i = 0; i < 6; i++)
		put_section(stream, &policy->main.section[i], i > 0);
	for (unsigned i = 0; i < policy->networks; i++)
		put_section(stream, &policy->network[i].section, true);
	if (policy->phones)
		put_phones(stream, policy->phones,
			   policy->phones->phones.users);
	for (unsigned i = 0; i < policy->routes; i++)
		put_section(stream, &policy->route[i].section, true);
	for (unsigned i = 0; i < policy->peers; i++) {
		const struct conf_peer *conf = &policy->peer[i];
		put_section(stream, &conf->section, true);
		if (conf->peer.reg.wanted)
			put_section(stream, &conf->reg, true);
	}
	bool failed = ferror(stream);
	if (fclose(stream) != 0 || failed) {
		free(*out);
		*out = NULL;
		return -ENOMEM;
	}
	return 0;
}
