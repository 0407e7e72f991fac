/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Broken configurations, one a file of tests/broken: each must give exactly
 * the faults it lists, with their lines and hints.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/policy.h"
#include "tests/case.h"
#include "tests/check_main.h"

static struct dirent **entry;
static int entries;
static char broken[512];

static int is_case(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return len > 5 && strcmp(e->d_name + len - 5, ".case") == 0;
}

static void find_cases(void)
{
	const char *srcdir = getenv("srcdir");

	snprintf(broken, sizeof(broken), "%s/tests/broken",
		 srcdir ? srcdir : ".");
	entries = scandir(broken, &entry, is_case, alphasort);
}

static char *read_whole(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, 1 << 20);

	ck_assert_msg(file && text, "%s: %s", path, strerror(errno));
	*len = fread(text, 1, (1 << 20) - 1, file);
	fclose(file);
	return text;
}

/* --- a case on disk ------------------------------------------------------ */

static void make_folders(const char *dir, const char *name)
{
	for (const char *slash = strchr(name, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		char path[300];
		snprintf(path, sizeof(path), "%s/%.*s", dir,
			 (int)(slash - name), name);
		ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
	}
}

static void write_parts(const struct case_text *c, const char *dir)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/policy.d", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	for (unsigned i = 0; i < c->parts; i++) {
		const struct case_part *part = &c->part[i];
		if (strcmp(part->name, "host") == 0 ||
		    strcmp(part->name, "expect") == 0)
			continue;
		make_folders(dir, part->name);
		snprintf(path, sizeof(path), "%s/%s", dir, part->name);
		FILE *file = fopen(path, "wb");
		ck_assert_ptr_nonnull(file);
		ck_assert_uint_eq(fwrite(part->text, 1, part->len, file),
				  part->len);
		fclose(file);
		ck_assert_int_eq(chmod(path, part->mode), 0);
	}
}

/* "192.168.1.2/24", or with its interface behind it: "192.168.1.2/24 eth0". */
static void read_host(const struct case_part *part, struct policy_host *host)
{
	char line[64];

	for (size_t at = 0; at < part->len && host->addresses < 8;) {
		size_t len = strcspn(part->text + at, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)len, part->text + at);
		char *name = strchr(line, ' ');
		if (name)
			*name++ = '\0';
		snprintf(host->interface[host->addresses],
			 sizeof(host->interface[0]), "%s", name ? name : "");
		ck_assert_int_eq(
			address_prefix_parse(&host->address[host->addresses++],
					     line),
			0);
		at += len + 1;
	}
}

static int unlink_one(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

/* Text with every "DIR/" taken out. */
static void append_without(char **to, const char *text, const char *dir)
{
	size_t len = strlen(dir);

	while (*text) {
		if (strncmp(text, dir, len) == 0 && text[len] == '/')
			text += len + 1;
		else
			*(*to)++ = *text++;
	}
	*(*to)++ = '\n';
	**to = '\0';
}

/* All faults as text, one a line. */
static void run_case(const struct case_text *c, char *out, int *result)
{
	char dir[] = "/tmp/sallyport-broken-XXXXXX", path[300];
	struct address_prefix address[8];
	char interface[8][POLICY_INTERFACE_MAX];
	struct policy_host host = {.address = address, .interface = interface};
	const struct case_part *part = case_part(c, "host");
	struct policy_faults faults;
	struct policy *policy = NULL;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	write_parts(c, dir);
	if (part)
		read_host(part, &host);
	snprintf(path, sizeof(path), "%s/sallyport.conf", dir);
	*result = policy_load(&policy, path, part ? &host : NULL, &faults);
	ck_assert_int_eq(*result, faults.errors ? -EINVAL : 0);
	*out = '\0';
	for (unsigned i = 0; i < faults.count; i++)
		append_without(&out, faults.line[i], dir);
	if (*result == 0)
		policy_unref(policy);
	policy_faults_free(&faults);
	nftw(dir, unlink_one, 8, FTW_DEPTH | FTW_PHYS);
}

START_TEST(a_broken_configuration_gives_its_faults)
	{
		struct case_text c;
		char path[1024], found[65536], expected[65536] = "";
		size_t len;
		int result;

		snprintf(path, sizeof(path), "%s/%s", broken,
			 entry[_i]->d_name);
		char *text = read_whole(path, &len);
		case_cut(&c, text, len);
		run_case(&c, found, &result);
		const struct case_part *part = case_part(&c, "expect");
		ck_assert_msg(part && part->len, "%s expects nothing", path);
		snprintf(expected, sizeof(expected), "%.*s", (int)part->len,
			 part->text);
		ck_assert_msg(strcmp(found, expected) == 0,
			      "%s\n--- found\n%s--- expected\n%s",
			      entry[_i]->d_name, found, expected);
		free(text);
	}
END_TEST

START_TEST(the_corpus_is_all_there)
	{
		ck_assert_int_ge(entries, 60);
	}
END_TEST

static Suite *broken_suite(void)
{
	Suite *suite = suite_create("policy_broken");
	TCase *tcase = tcase_create("broken");

	find_cases();
	tcase_add_test(tcase, the_corpus_is_all_there);
	tcase_add_loop_test(tcase, a_broken_configuration_gives_its_faults, 0,
			    entries);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(broken_suite())
