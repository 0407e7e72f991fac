/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: configurations from memory, as tests/case.h cuts them; a text
 * without parts is a sallyport.conf. What loads is dumped and asked.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/load.h"
#include "tests/case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void ask(const struct policy *policy)
{
	struct policy_target target[POLICY_TARGETS_MAX];
	struct sockaddr_storage source;
	struct policy_plan plan;
	char *text = NULL;

	if (policy_dump(policy, &text) == 0)
		free(text);
	address_parse(&source, "192.168.1.5:5060", 0);
	struct sockaddr *address = (struct sockaddr *)&source;
	for (unsigned i = 0; i < policy_networks(policy); i++) {
		policy_peer_by_source(policy, policy_network(policy, i),
				      address);
		policy_zone(policy, policy_network(policy, i), address);
	}
	for (unsigned i = 0; i < policy_peers(policy); i++) {
		const struct policy_peer *peer = policy_peer(policy, i);
		struct policy_side side = {peer, peer->network, address};
		policy_route(policy, peer, "02079460101", target,
			     POLICY_TARGETS_MAX);
		policy_plan(policy, &side, &side, &plan);
	}
}

/* The files of a case: sallyport.conf, and policy.d/NAME.conf by NAME.conf. A
 * name with a colon would blur where it ends in FILE:LINE: error. */
static unsigned collect(const struct case_text *cut, struct load_text *text)
{
	static const char folder[] = "policy.d/";
	size_t skip = strlen(folder);
	unsigned count = 1;

	for (unsigned i = 0; i < cut->parts; i++) {
		const struct case_part *part = &cut->part[i];
		size_t len = strlen(part->name);
		if (strcmp(part->name, "sallyport.conf") == 0)
			text[0] = (struct load_text){part->name, part->text,
						     part->len};
		else if (strncmp(part->name, folder, skip) == 0 &&
			 len > skip + 5 && !strchr(part->name, ':') &&
			 strcmp(part->name + len - 5, ".conf") == 0)
			text[count++] = (struct load_text){
				part->name + skip, part->text, part->len};
	}
	return count;
}

/* Our scanner and libconfig must agree on what a text says. */
static void check_agreement(const struct policy_faults *faults)
{
	static const char *const never[] = {
		"error: syntax error",
		"error: duplicate setting name",
		"error: mismatched element type",
		"error: is read in two ways",
	};

	for (unsigned i = 0; i < faults->count; i++) {
		/* The first one: a quoted value may say the same. */
		const char *said = strstr(faults->line[i], "error: ");

		for (size_t k = 0; k < sizeof(never) / sizeof(never[0]); k++)
			if (said &&
			    strncmp(said, never[k], strlen(never[k])) == 0)
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct load_text text[CASE_PARTS + 1] = {
		{"sallyport.conf", (const char *)data, len},
	};
	struct policy_faults faults;
	struct policy *policy = NULL;
	struct case_text cut;
	unsigned count = 1;

	case_cut(&cut, (const char *)data, len);
	if (cut.parts) {
		text[0].text = "";
		text[0].len = 0;
		count = collect(&cut, text);
	}
	if (policy_load_text(&policy, text, count, NULL, &faults) == 0) {
		ask(policy);
		policy_unref(policy);
	}
	check_agreement(&faults);
	policy_faults_free(&faults);
	return 0;
}
