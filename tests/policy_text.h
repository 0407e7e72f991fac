/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Policies written in the tests themselves. */
#ifndef TESTS_POLICY_TEXT_H
#define TESTS_POLICY_TEXT_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "policy/load.h"

/* Load sallyport.conf and pairs of "NAME.conf", text, ended by NULL. */
static inline struct policy *policy_of(const char *main,
				       const char *const *peer)
{
	struct load_text text[16] = {{"sallyport.conf", main, strlen(main)}};
	struct policy_faults faults;
	struct policy *policy = NULL;
	unsigned count = 1;

	for (; peer && *peer; peer += 2)
		text[count++] =
			(struct load_text){peer[0], peer[1], strlen(peer[1])};
	int error = policy_load_text(&policy, text, count, NULL, &faults);
	for (unsigned i = 0; i < faults.count; i++)
		printf("# %s\n", faults.line[i]);
	ck_assert_int_eq(error, 0);
	ck_assert_uint_eq(faults.count, 0);
	policy_faults_free(&faults);
	return policy;
}

static inline struct sockaddr *address_of(const char *text)
{
	static struct sockaddr_storage ring[8];
	static unsigned next;
	struct sockaddr_storage *at = &ring[next++ % 8];

	ck_assert_msg(address_parse(at, text, 5060) == 0, "%s", text);
	return (struct sockaddr *)at;
}

#endif
