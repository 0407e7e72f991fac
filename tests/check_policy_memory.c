/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every allocation of a load fails once: it says -ENOMEM and leaks nothing
 * (AddressSanitizer counts). A load is taken apart the same way however far
 * it came.
 */
#include <errno.h>

#include "policy/load.h"
#include "tests/check_main.h"
#include "tests/failing.h"

/* Here they are the real ones. */
#undef malloc
#undef calloc
#undef realloc
#undef strdup
#undef strndup
#undef asprintf
#undef open_memstream

static unsigned left; /* allocations until one fails; 0: none does */

static bool fails(void)
{
	return left && --left == 0;
}

void *failing_malloc(size_t size)
{
	return fails() ? NULL : malloc(size);
}

void *failing_calloc(size_t count, size_t size)
{
	return fails() ? NULL : calloc(count, size);
}

void *failing_realloc(void *old, size_t size)
{
	return fails() ? NULL : realloc(old, size);
}

char *failing_strdup(const char *text)
{
	return fails() ? NULL : strdup(text);
}

char *failing_strndup(const char *text, size_t len)
{
	return fails() ? NULL : strndup(text, len);
}

int failing_asprintf(char **out, const char *format, ...)
{
	va_list args;

	if (fails())
		return -1;
	va_start(args, format);
	int len = vasprintf(out, format, args);
	va_end(args);
	return len;
}

FILE *failing_memstream(char **out, size_t *len)
{
	return fails() ? NULL : open_memstream(out, len);
}

static const char *sample(char path[512])
{
	const char *srcdir = getenv("srcdir");

	snprintf(path, 512, "%s/conf/sallyport.conf", srcdir ? srcdir : ".");
	return path;
}

/* Load, dump, ask and free; the first error, or 0. */
static int try(int (*load)(struct policy **, struct policy_faults *))
{
	struct policy *policy = NULL;
	struct policy_faults faults;
	struct policy_target target[4];
	char *text = NULL;
	int error = load(&policy, &faults);

	policy_faults_free(&faults);
	if (error)
		return error;
	error = policy_dump(policy, &text);
	if (!error)
		free(text);
	ck_assert_int_eq(policy_route(policy,
				      policy_peer_named(policy, "phones"),
				      "999", target, 4),
			 2);
	policy_unref(policy);
	return error;
}

static int load_disk(struct policy **out, struct policy_faults *faults)
{
	char path[512];

	return policy_load(out, sample(path), NULL, faults);
}

START_TEST(a_load_survives_the_failure_of_any_allocation)
	{
		unsigned nth = 1;

		for (;; nth++) {
			left = nth;
			int error = try(load_disk);
			if (left) /* fewer than that were made */
				break;
			ck_assert_msg(error == -ENOMEM, "allocation %u: %d",
				      nth, error);
		}
		left = 0;
		ck_assert_uint_gt(nth, 50);
	}
END_TEST

static int load_faulty(struct policy **out, struct policy_faults *faults)
{
	static const char text[] =
		"networks: { lan: { adress = \"192.168.1.2\"; }; };\n"
		"phones: { user = 5; users = ( { user = \"1 1\"; } ); };\n"
		"routes = ( { from = \"nobody\"; number = \"(\"; to = 7; } "
		");\n";
	struct load_text load = {"sallyport.conf", text, sizeof(text) - 1};

	return policy_load_text(out, &load, 1, NULL, faults);
}

START_TEST(faults_survive_it_too)
	{
		unsigned nth = 1;

		for (;; nth++) {
			left = nth;
			int error = try(load_faulty);
			if (left) {
				ck_assert_int_eq(error, -EINVAL);
				break;
			}
			ck_assert_msg(error == -ENOMEM, "allocation %u: %d",
				      nth, error);
		}
		left = 0;
		ck_assert_uint_gt(nth, 10);
	}
END_TEST

static Suite *memory_suite(void)
{
	Suite *suite = suite_create("policy_memory");
	TCase *tcase = tcase_create("memory");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_load_survives_the_failure_of_any_allocation);
	tcase_add_test(tcase, faults_survive_it_too);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(memory_suite())
