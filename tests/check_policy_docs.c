/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The schema, the two manuals and the samples say the same: every key stands
 * in its manual with its type, range and default, and no other key does;
 * the samples name every key, load as they are, and load with every default
 * in them made live ("#key" becomes "key") to the very same values.
 */
#include <errno.h>
#include <stdlib.h>

#include "tests/check_main.h"
#include "tests/policy_text.h"

static char *read_text(const char *name)
{
	const char *srcdir = getenv("srcdir");
	char path[512], *text = calloc(1, 1 << 18);

	snprintf(path, sizeof(path), "%s/%s", srcdir ? srcdir : ".", name);
	FILE *file = fopen(path, "r");
	ck_assert_msg(file && text, "%s: %s", path, strerror(errno));
	size_t len = fread(text, 1, (1 << 18) - 1, file);
	fclose(file);
	ck_assert_uint_gt(len, 0);
	return text;
}

/* --- manuals ------------------------------------------------------------- */

static const char *manual_of(const char *place)
{
	return strncmp(place, "peer", 4) ? "man/sallyport.conf.5"
					 : "man/sallyport-policy.5";
}

/* The text as mdoc writes it. */
static void mdoc_escape(char *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\')
			out += sprintf(out, "\\e");
		else if (*text == '"')
			out += sprintf(out, "\\(dq");
		else
			*out++ = *text;
	}
	*out = '\0';
}

START_TEST(every_key_stands_in_its_manual)
	{
		unsigned count;
		const struct policy_key *key = policy_schema(&count);

		for (unsigned i = 0; i < count; i++) {
			char *manual = read_text(manual_of(key[i].place));
			char head[64], item[512], type[128], range[128],
				preset[128];
			snprintf(head, sizeof(head), "\n.Ss %s\n",
				 key[i].place);
			char *section = strstr(manual, head);
			ck_assert_msg(section, "no section %s", key[i].place);
			section += strlen(head);
			char *end = strstr(section, "\n.Ss ");
			if (end)
				end[1] = '\0';
			mdoc_escape(type, key[i].type);
			mdoc_escape(range, key[i].range);
			mdoc_escape(preset, key[i].preset);
			snprintf(item, sizeof(item),
				 ".It Ic %s\n.D1 %s; %s; %s\n", key[i].key,
				 type, range, preset);
			ck_assert_msg(
				strstr(section, item), "%s: under %s no\n%s",
				manual_of(key[i].place), key[i].place, item);
			free(manual);
		}
	}
END_TEST

static bool is_key(const char *place, const char *name)
{
	unsigned count;
	const struct policy_key *key = policy_schema(&count);

	for (unsigned i = 0; i < count; i++)
		if ((!place || strcmp(key[i].place, place) == 0) &&
		    strcmp(key[i].key, name) == 0)
			return true;
	return false;
}

static void check_items(const char *file)
{
	char *manual = read_text(file), *rest = manual, *line;
	char place[64] = "", name[64];
	unsigned items = 0;

	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, ".Ss %63s", place) == 1)
			continue;
		if (strncmp(line, ".Sh ", 4) == 0)
			place[0] = '\0';
		if (!place[0] || sscanf(line, ".It Ic %63s", name) != 1)
			continue;
		ck_assert_msg(is_key(place, name), "%s: %s is no key of %s",
			      file, name, place);
		items++;
	}
	ck_assert_uint_gt(items, 10);
	free(manual);
}

START_TEST(no_manual_has_a_key_that_is_none)
	{
		unsigned count;

		check_items("man/sallyport.conf.5");
		check_items("man/sallyport-policy.5");
		policy_schema(&count);
		ck_assert_uint_gt(count, 80);
	}
END_TEST

/* --- samples ------------------------------------------------------------- */

static const char *const samples[] = {
	"conf/sallyport.conf",
	"conf/policy.d/acme.conf",
	"conf/policy.d/pbx.conf",
};

/* "#key" at the beginning of a line becomes "key"; "# text" stays. */
static void make_live(char *text)
{
	char *from = text, *to = text;
	bool begins = true;

	for (; *from; from++) {
		if (begins && *from == '#' && from[1] >= 'a' && from[1] <= 'z')
			continue;
		if (*from != '\t' && *from != ' ')
			begins = *from == '\n';
		*to++ = *from;
	}
	*to = '\0';
}

static struct policy *load_samples(bool live)
{
	struct load_text text[3];
	struct policy_faults faults;
	struct policy *policy = NULL;

	for (unsigned i = 0; i < 3; i++) {
		char *sample = read_text(samples[i]);
		if (live)
			make_live(sample);
		text[i] = (struct load_text){strrchr(samples[i], '/') + 1,
					     sample, strlen(sample)};
	}
	int error = policy_load_text(&policy, text, 3, NULL, &faults);
	for (unsigned i = 0; i < 3; i++)
		free((char *)(uintptr_t)text[i].text);
	ck_assert_msg(error == 0 && faults.count == 0, "%s",
		      faults.count ? faults.line[0] : "no memory");
	policy_faults_free(&faults);
	return policy;
}

/* A dump without where its values were set. */
static char *dump_values(bool live)
{
	struct policy *policy = load_samples(live);
	char *text = NULL, *to;

	ck_assert_int_eq(policy_dump(policy, &text), 0);
	policy_unref(policy);
	to = text;
	for (const char *from = text; *from; from++) {
		if (strncmp(from, ";  # ", 5) == 0)
			from += strcspn(from, "\n");
		*to++ = *from;
	}
	*to = '\0';
	return text;
}

START_TEST(the_samples_load_from_their_folder)
	{
		const char *srcdir = getenv("srcdir");
		char path[512];
		struct policy_faults faults;
		struct policy *policy = NULL;

		snprintf(path, sizeof(path), "%s/conf/sallyport.conf",
			 srcdir ? srcdir : ".");
		int error = policy_load(&policy, path, NULL, &faults);
		for (unsigned i = 0; i < faults.count; i++)
			printf("# %s\n", faults.line[i]);
		ck_assert_int_eq(error, 0);
		ck_assert_ptr_nonnull(policy_peer_named(policy, "acme"));
		ck_assert_ptr_nonnull(policy_peer_named(policy, "pbx"));
		ck_assert_str_eq(policy_user(policy, "101")->password,
				 "change-me-101");
		policy_faults_free(&faults);
		policy_unref(policy);
	}
END_TEST

START_TEST(what_the_samples_call_default_is_the_default)
	{
		char *plain = dump_values(false), *live = dump_values(true);
		char *x = plain, *y = live;

		while (x && y) {
			const char *is = strsep(&x, "\n"),
				   *said = strsep(&y, "\n");
			ck_assert_msg(strcmp(is, said) == 0,
				      "the samples say %s, but it is %s", said,
				      is);
		}
		ck_assert(!x && !y);
		free(plain);
		free(live);
	}
END_TEST

/* Is there a line "key =", perhaps behind "#" or "{"? */
static bool names_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *at = text; (at = strstr(at, key)); at++) {
		const char *after = at + len;
		if (at > text && !strchr("# \t{\n", at[-1]))
			continue;
		after += strspn(after, " ");
		if (*after == '=' || *after == ':')
			return true;
	}
	return false;
}

START_TEST(the_samples_name_every_key)
	{
		unsigned count;
		const struct policy_key *key = policy_schema(&count);
		char *text[3];

		for (unsigned i = 0; i < 3; i++)
			text[i] = read_text(samples[i]);
		for (unsigned i = 0; i < count; i++) {
			bool peer = strncmp(key[i].place, "peer", 4) == 0;
			for (unsigned k = peer; k < (peer ? 3u : 1u); k++)
				ck_assert_msg(names_key(text[k], key[i].key),
					      "%s has no %s", samples[k],
					      key[i].key);
		}
		for (unsigned i = 0; i < 3; i++)
			free(text[i]);
	}
END_TEST

/* "# key = example;" must name a key that there is. */
START_TEST(no_example_in_the_samples_names_a_key_that_is_none)
	{
		for (unsigned i = 0; i < 3; i++) {
			char *text = read_text(samples[i]), *rest = text, *line;
			char name[64], sign[4];
			while ((line = strsep(&rest, "\n"))) {
				line += strspn(line, " \t");
				if (sscanf(line, "# %63[a-z0-9_] %1[=]", name,
					   sign) != 2)
					continue;
				ck_assert_msg(is_key(NULL, name), "%s: %s",
					      samples[i], line);
			}
			free(text);
		}
	}
END_TEST

/* --- the schema itself --------------------------------------------------- */

START_TEST(the_schema_is_whole)
	{
		unsigned count;
		const struct policy_key *key = policy_schema(&count);

		for (unsigned i = 0; i < count; i++) {
			ck_assert(key[i].place && *key[i].place);
			ck_assert(key[i].key && *key[i].key);
			ck_assert(key[i].type && *key[i].type);
			ck_assert(key[i].range && *key[i].range);
			ck_assert(key[i].preset && *key[i].preset);
			ck_assert(key[i].help && *key[i].help);
			for (unsigned k = 0; k < i; k++)
				ck_assert_msg(
					strcmp(key[i].place, key[k].place) ||
						strcmp(key[i].key, key[k].key),
					"%s %s twice", key[i].place,
					key[i].key);
		}
	}
END_TEST

static Suite *docs_suite(void)
{
	Suite *suite = suite_create("policy_docs");
	TCase *tcase = tcase_create("docs");

	tcase_add_test(tcase, every_key_stands_in_its_manual);
	tcase_add_test(tcase, no_manual_has_a_key_that_is_none);
	tcase_add_test(tcase, the_samples_load_from_their_folder);
	tcase_add_test(tcase, what_the_samples_call_default_is_the_default);
	tcase_add_test(tcase, the_samples_name_every_key);
	tcase_add_test(tcase,
		       no_example_in_the_samples_names_a_key_that_is_none);
	tcase_add_test(tcase, the_schema_is_whole);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(docs_suite())
