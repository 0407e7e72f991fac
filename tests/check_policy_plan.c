/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where an address appears, and whether two sides' media passes through us. */
#include "tests/check_main.h"
#include "tests/policy_text.h"

static const char conf[] =
	"networks: {\n"
	"  lan: { address = [ \"192.168.1.2\", \"192.168.5.2\", "
	"\"2001:db8:1::2\" ];\n"
	"         local = [ \"198.18.0.0/15\" ]; };\n"
	"  guest: { address = \"192.168.9.2\"; };\n"
	"  wan: { address = [ \"192.0.2.10\", \"2001:db8:2::10\" ];\n"
	"         subnet = [ \"192.0.2.0/24\", \"2001:db8:2::/64\" ]; };\n"
	"};\n"
	"phones: { network = [ \"lan\", \"guest\" ]; };\n";

static const char *const peers[] = {
	"acme.conf",
	"kind = \"trunk\";\nnetwork = \"wan\";\ndomain = \"acme.example\";\n",
	"direct.conf",
	"kind = \"trunk\";\nnetwork = \"wan\";\ndomain = \"d.example\";\n"
	"anchor = \"never\";\n",
	"pbx.conf",
	"kind = \"pbx\";\nnetwork = \"lan\";\nhost = \"192.168.1.5\";\n",
	"vpbx.conf",
	"kind = \"pbx\";\nnetwork = \"lan\";\nhost = \"192.168.1.6\";\n"
	"anchor = \"always\";\n",
	"crypt.conf",
	"kind = \"trunk\";\nnetwork = \"wan\";\ndomain = \"c.example\";\n"
	"srtp = \"sdes\";\n",
	NULL,
};

static const struct policy_network *network_named(const struct policy *policy,
						  const char *name)
{
	for (unsigned i = 0; i < policy_networks(policy); i++)
		if (strcmp(policy_network(policy, i)->name, name) == 0)
			return policy_network(policy, i);
	ck_abort_msg("no network %s", name);
	return NULL;
}

START_TEST(an_address_appears_in_one_of_four_classes)
	{
		static const struct {
			const char *network, *address;
			enum policy_class class;
		} cases[] = {
			{"lan", "192.168.1.77", POLICY_SAME_SUBNET},
			{"lan", "192.168.5.77", POLICY_SAME_SUBNET},
			{"lan", "2001:db8:1::77", POLICY_SAME_SUBNET},
			{"lan", "192.168.9.77", POLICY_OTHER_SUBNET},
			{"lan", "192.0.2.77", POLICY_OTHER_SUBNET},
			{"wan", "192.168.1.77", POLICY_OTHER_SUBNET},
			{"guest", "2001:db8:1::77", POLICY_OTHER_SUBNET},
			{"lan", "198.19.0.1", POLICY_LOCAL},
			{"wan", "198.18.0.1", POLICY_LOCAL},
			{"lan", "10.1.2.3", POLICY_LOCAL},
			{"lan", "fd00::1", POLICY_LOCAL},
			{"lan", "198.51.100.4", POLICY_REMOTE},
			{"wan", "2001:db8:3::1", POLICY_REMOTE},
			{"lan", "::ffff:192.168.1.77", POLICY_SAME_SUBNET},
		};
		struct policy *policy = policy_of(conf, peers);

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			ck_assert_msg(
				policy_zone(
					policy,
					network_named(policy, cases[i].network),
					address_of(cases[i].address)) ==
					cases[i].class,
				"%s from %s", cases[i].address,
				cases[i].network);
		ck_assert_str_eq(policy_class_name(POLICY_SAME_SUBNET),
				 "same-subnet");
		ck_assert_str_eq(policy_class_name(POLICY_OTHER_SUBNET),
				 "other-subnet");
		ck_assert_str_eq(policy_class_name(POLICY_LOCAL), "local");
		ck_assert_str_eq(policy_class_name(POLICY_REMOTE), "remote");
		policy_unref(policy);
	}
END_TEST

struct plan_case {
	struct {
		const char *peer, *network, *address;
	} a, b;
	enum policy_class class;
	bool anchored;
	const char *why;
};

static void check_plan(const struct policy *policy, const struct plan_case *c)
{
	struct policy_side a = {policy_peer_named(policy, c->a.peer),
				network_named(policy, c->a.network),
				address_of(c->a.address)};
	struct policy_side b = {policy_peer_named(policy, c->b.peer),
				network_named(policy, c->b.network),
				address_of(c->b.address)};
	struct policy_plan plan;

	policy_plan(policy, &a, &b, &plan);
	ck_assert_msg(plan.class == c->class && plan.anchored == c->anchored &&
			      strcmp(plan.anchor_why, c->why) == 0,
		      "%s %s to %s %s: %s anchored=%d %s", c->a.peer,
		      c->a.address, c->b.peer, c->b.address,
		      policy_class_name(plan.class), plan.anchored,
		      plan.anchor_why);
}

START_TEST(a_plan_follows_the_table)
	{
#define PHONE1                                   \
	{                                        \
		"phones", "lan", "192.168.1.101" \
	}
#define PHONE2                                        \
	{                                             \
		"phones", "lan", "192.168.1.102:5062" \
	}
#define PHONE5                                   \
	{                                        \
		"phones", "lan", "192.168.5.101" \
	}
#define PHONE6                                     \
	{                                          \
		"phones", "lan", "2001:db8:1::101" \
	}
#define PHONE66                                    \
	{                                          \
		"phones", "lan", "2001:db8:1::102" \
	}
#define GUEST                                      \
	{                                          \
		"phones", "guest", "192.168.9.101" \
	}
#define ROUTED                              \
	{                                   \
		"phones", "lan", "10.8.0.1" \
	}
#define FAR                                       \
	{                                         \
		"phones", "lan", "198.51.100.101" \
	}
#define PBX                                 \
	{                                   \
		"pbx", "lan", "192.168.1.5" \
	}
#define VPBX                                 \
	{                                    \
		"vpbx", "lan", "192.168.1.6" \
	}
#define ACME                                  \
	{                                     \
		"acme", "wan", "198.51.100.4" \
	}
#define ACME6                                  \
	{                                      \
		"acme", "wan", "2001:db8:5::4" \
	}
#define DIRECT                                  \
	{                                       \
		"direct", "wan", "198.51.100.9" \
	}
#define CRYPT                                   \
	{                                       \
		"crypt", "wan", "198.51.100.12" \
	}
		static const struct plan_case cases[] = {
			{PHONE1, PHONE2, POLICY_SAME_SUBNET, false,
			 "same-subnet"},
			{PHONE6, PHONE66, POLICY_SAME_SUBNET, false,
			 "same-subnet"},
			{PHONE1, PHONE5, POLICY_OTHER_SUBNET, true,
			 "other-subnet"},
			{PHONE1, GUEST, POLICY_OTHER_SUBNET, true,
			 "other-subnet"},
			{GUEST, PHONE1, POLICY_OTHER_SUBNET, true,
			 "other-subnet"},
			{PHONE1, ROUTED, POLICY_LOCAL, true, "local"},
			{ROUTED, ROUTED, POLICY_LOCAL, true, "local"},
			{FAR, PHONE1, POLICY_REMOTE, true, "remote"},
			{PHONE1, PHONE6, POLICY_OTHER_SUBNET, true,
			 "address-family"},
			{PHONE1, PBX, POLICY_SAME_SUBNET, true,
			 "not-two-phones"},
			{PBX, PHONE1, POLICY_SAME_SUBNET, true,
			 "not-two-phones"},
			{PHONE1, VPBX, POLICY_SAME_SUBNET, true,
			 "anchor=always vpbx.conf:4"},
			{PHONE1, ACME, POLICY_REMOTE, true,
			 "anchor=always default"},
			{ACME, PHONE1, POLICY_REMOTE, true,
			 "anchor=always default"},
			{PHONE1, ACME6, POLICY_REMOTE, true, "address-family"},
			{PHONE1, DIRECT, POLICY_REMOTE, false,
			 "anchor=never direct.conf:4"},
			{PHONE6, DIRECT, POLICY_REMOTE, true, "address-family"},
			{DIRECT, CRYPT, POLICY_REMOTE, true, "srtp"},
			{CRYPT, DIRECT, POLICY_REMOTE, true, "srtp"},
			{CRYPT, VPBX, POLICY_REMOTE, true, "srtp"},
			{DIRECT, ACME, POLICY_REMOTE, true,
			 "anchor=always default"},
			{ACME, DIRECT, POLICY_REMOTE, true,
			 "anchor=always default"},
			{VPBX, DIRECT, POLICY_REMOTE, true,
			 "anchor=always vpbx.conf:4"},
		};
		struct policy *policy = policy_of(conf, peers);

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			check_plan(policy, &cases[i]);
		policy_unref(policy);
	}
END_TEST

START_TEST(the_address_we_show_is_of_the_far_ends_family_and_subnet)
	{
		static const struct {
			const char *network, *far, *ours;
		} cases[] = {
			{"lan", "192.168.5.9", "192.168.5.2:5060"},
			{"lan", "192.168.1.9", "192.168.1.2:5060"},
			{"lan", "8.8.8.8", "192.168.1.2:5060"},
			{"lan", "2001:db8:9::1", "[2001:db8:1::2]:5060"},
			{"lan", "::ffff:192.168.5.9", "192.168.5.2:5060"},
			{"guest", "2001:db8:9::1", NULL},
		};
		struct policy *policy = policy_of(conf, peers);
		char text[ADDRESS_TEXT_MAX];

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			const struct policy_network_address *a =
				policy_network_address(
					network_named(policy, cases[i].network),
					address_of(cases[i].far));
			if (!cases[i].ours) {
				ck_assert_ptr_null(a);
				continue;
			}
			ck_assert_ptr_nonnull(a);
			ck_assert_str_eq(
				address_text(text,
					     (struct sockaddr *)&a->local),
				cases[i].ours);
		}
		policy_unref(policy);
	}
END_TEST

START_TEST(public_addresses_go_to_ours_of_their_family)
	{
		struct policy *policy = policy_of(
			"networks: {\n"
			"  one: { address = [ \"192.0.2.1\", \"2001:db8::1\", "
			"\"192.0.2.2\" ]; public = \"203.0.113.7\"; };\n"
			"  each: { address = [ \"192.0.2.3\", \"192.0.2.4\" "
			"];\n"
			"    public = [ \"203.0.113.8\", \"203.0.113.9\" ];\n"
			"    public_sip_port = 5080; };\n"
			"};\n",
			NULL);
		const struct policy_network *one = policy_network(policy, 0);
		const struct policy_network *each = policy_network(policy, 1);
		char text[ADDRESS_TEXT_MAX];

#define PUBLIC(net, i) (struct sockaddr *)&(net)->address[i].public
		ck_assert_str_eq(address_text(text, PUBLIC(one, 0)),
				 "203.0.113.7:5060");
		ck_assert_int_eq(one->address[1].public.ss_family, AF_UNSPEC);
		ck_assert_str_eq(address_text(text, PUBLIC(one, 2)),
				 "203.0.113.7:5060");
		ck_assert_str_eq(address_text(text, PUBLIC(each, 0)),
				 "203.0.113.8:5080");
		ck_assert_str_eq(address_text(text, PUBLIC(each, 1)),
				 "203.0.113.9:5080");
		policy_unref(policy);
	}
END_TEST

static Suite *plan_suite(void)
{
	Suite *suite = suite_create("policy_plan");
	TCase *tcase = tcase_create("plan");

	tcase_add_test(tcase, an_address_appears_in_one_of_four_classes);
	tcase_add_test(tcase, a_plan_follows_the_table);
	tcase_add_test(
		tcase,
		the_address_we_show_is_of_the_far_ends_family_and_subnet);
	tcase_add_test(tcase, public_addresses_go_to_ours_of_their_family);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(plan_suite())
