/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signs of a SIP ALG, what is said of it, and the way past it. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/su_alloc.h>

#include "sbc/call/learn.h"
#include "sbc/register/alg.h"
#include "tests/check_main.h"

/* What the learner says in these tests: ways that are disturbed. */
static const char *disturbed;

bool learn_knows_way(const struct learn *learn, const struct policy_peer *peer,
		     const char *way)
{
	(void)learn;
	(void)peer;
	return strstr(disturbed, way);
}

static struct sockaddr_storage at(const char *text)
{
	struct sockaddr_storage address;

	ck_assert_int_eq(address_parse(&address, text, 5060), 0);
	return address;
}

START_TEST(what_came_back_changed_is_a_sign)
	{
		static const struct {
			const char *via, *target;
			bool mapped;
			enum alg_sign sign;
		} cases[] = {
			{"10.0.0.5:5060", "198.51.100.1", false, ALG_NONE},
			{"10.0.0.5", "198.51.100.1", false, ALG_NONE},
			/* a NAT, as it should be */
			{"10.0.0.5;received=203.0.113.9;rport=1024",
			 "198.51.100.1", false, ALG_NONE},
			{"203.0.113.9:5060", "198.51.100.1", false, ALG_VIA},
			{"10.0.0.5:62000", "198.51.100.1", false, ALG_VIA},
			/* a provider on the Internet cannot have seen this */
			{"10.0.0.5;received=10.0.0.5", "198.51.100.1", false,
			 ALG_VIA},
			{"10.0.0.5;received=192.168.1.1", "198.51.100.1", false,
			 ALG_VIA},
			/* a PBX of ours can */
			{"10.0.0.5;received=10.0.0.5", "10.0.0.9", false,
			 ALG_NONE},
			{"10.0.0.5;received=10.0.0.5", "198.51.100.1", true,
			 ALG_NONE},
			{"pc33.example:5060", "198.51.100.1", false, ALG_NONE},
			{"10.0.0.5:0", "198.51.100.1", false, ALG_NONE},
		};
		struct sockaddr_storage us = at("10.0.0.5:5060");

		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			su_home_t home[1] = {SU_HOME_INIT(home)};
			struct sockaddr_storage far = at(cases[i].target);
			char text[128], evidence[ALG_TEXT_MAX] = "";

			snprintf(text, sizeof(text),
				 "SIP/2.0/UDP %s;branch=z9hG4bK1",
				 cases[i].via);
			sip_via_t *via = sip_via_make(home, text);
			ck_assert_msg(via, "%s", text);
			enum alg_sign sign = alg_judge_via(
				evidence, via, (struct sockaddr *)&us,
				(struct sockaddr *)&us, cases[i].mapped,
				(struct sockaddr *)&far);
			ck_assert_msg(sign == cases[i].sign, "%s: %s",
				      cases[i].via, alg_sign_name(sign));
			ck_assert_int_eq(sign != ALG_NONE, evidence[0] != 0);
			su_home_deinit(home);
		}
	}
END_TEST

START_TEST(a_registration_that_came_back_changed_is_a_sign)
	{
		static const struct {
			const char *contact;
			enum alg_sign sign;
		} cases[] = {
			{"<sip:4420@10.0.0.5:5060>;expires=60", ALG_NONE},
			{"<sip:4420@203.0.113.9:62000>;expires=60",
			 ALG_CONTACT},
			/* the registrar's own help against a NAT */
			{"<sip:4420@198.51.100.77:1024>;expires=60", ALG_NONE},
			{"<sip:4420@203.0.113.9:62000>, "
			 "<sip:4420@10.0.0.5:5060>",
			 ALG_NONE},
			/* which of these is ours? */
			{"<sip:4420@203.0.113.9:1>, <sip:4420@203.0.113.10:2>",
			 ALG_NONE},
			{"<sip:other@203.0.113.9:62000>", ALG_NONE},
			{"<sip:4420@pbx.example>", ALG_NONE},
		};
		struct sockaddr_storage us = at("10.0.0.5:5060");

		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			su_home_t home[1] = {SU_HOME_INIT(home)};
			char evidence[ALG_TEXT_MAX];
			sip_contact_t *contact =
				sip_contact_make(home, cases[i].contact);
			sip_via_t *via = sip_via_make(
				home, "SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1;"
				      "received=198.51.100.77");
			ck_assert_ptr_nonnull(contact);
			ck_assert_msg(alg_judge_contact(evidence, contact,
							"4420",
							(struct sockaddr *)&us,
							via) == cases[i].sign,
				      "%s", cases[i].contact);
			su_home_deinit(home);
		}
	}
END_TEST

START_TEST(sdp_that_was_rewritten_in_part_is_a_sign)
	{
		static const struct {
			const char *origin, *shown, *source;
			enum alg_sign sign;
		} cases[] = {
			{"192.168.1.10", "203.0.113.9", "203.0.113.9", ALG_SDP},
			/* STUN: both are public, or it shows another one */
			{"203.0.113.9", "203.0.113.9", "203.0.113.9", ALG_NONE},
			{"192.168.1.10", "203.0.113.8", "203.0.113.9",
			 ALG_NONE},
			/* a NAT that touches nothing */
			{"192.168.1.10", "192.168.1.10", "203.0.113.9",
			 ALG_NONE},
			{"phone.example", "203.0.113.9", "203.0.113.9",
			 ALG_NONE},
			{"", "203.0.113.9", "203.0.113.9", ALG_NONE},
		};

		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			struct sockaddr_storage shown = at(cases[i].shown);
			struct sockaddr_storage source = at(cases[i].source);
			char evidence[ALG_TEXT_MAX];

			ck_assert_int_eq(
				alg_judge_sdp(evidence, cases[i].origin,
					      strlen(cases[i].origin),
					      (struct sockaddr *)&shown,
					      (struct sockaddr *)&source),
				cases[i].sign);
		}
	}
END_TEST

static struct policy_network network = {
	.name = "wan",
	.at = {"sallyport.conf", 3},
	.sip_port = 5060,
	.udp = true,
};
static struct policy_peer peer = {
	.name = "acme",
	.kind = POLICY_TRUNK,
	.at = {"acme.conf", 1},
	.network = &network,
};

START_TEST(the_first_way_that_is_free_is_taken)
	{
		static const struct {
			enum policy_alg alg;
			unsigned ports;
			bool tcp;
			const char *disturbed, *way;
		} cases[] = {
			{POLICY_ALG_AVOID, 2, true, "", "udp:5060"},
			{POLICY_ALG_REPORT, 2, true, "udp:5060", "udp:5060"},
			{POLICY_ALG_AVOID, 2, true, "udp:5060", "udp:5080"},
			{POLICY_ALG_AVOID, 2, true, "udp:5060 udp:5080",
			 "udp:5082"},
			{POLICY_ALG_AVOID, 2, true,
			 "udp:5060 udp:5080 udp:5082", "tcp:5060"},
			{POLICY_ALG_AVOID, 0, true, "udp:5060", "tcp:5060"},
			/* nothing is left: as it was set */
			{POLICY_ALG_AVOID, 0, true, "udp:5060 tcp:5060",
			 "udp:5060"},
			{POLICY_ALG_AVOID, 0, false, "udp:5060", "udp:5060"},
		};

		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			char text[ALG_WAY_TEXT_MAX];
			struct alg_way way;

			peer.alg = cases[i].alg;
			network.more_sip_port[0] = 5080;
			network.more_sip_port[1] = 5082;
			network.more_sip_ports = cases[i].ports;
			network.tcp = cases[i].tcp;
			disturbed = cases[i].disturbed;
			alg_choose(&way, (const struct learn *)&network, &peer);
			ck_assert_str_eq(alg_way_text(text, &way),
					 cases[i].way);
		}
	}
END_TEST

START_TEST(the_key_and_its_file_are_named)
	{
		static const struct {
			enum policy_kind kind;
			unsigned ports;
			bool tcp;
			struct alg_way way;
			const char *says;
		} cases[] = {
			{POLICY_TRUNK,
			 1,
			 false,
			 {POLICY_UDP, 5060},
			 "local_port = 5080 in acme.conf"},
			{POLICY_TRUNK,
			 1,
			 true,
			 {POLICY_UDP, 5060},
			 "local_port = 5080 in acme.conf, or transport = "
			 "\"tcp\" if it takes that"},
			{POLICY_TRUNK,
			 0,
			 false,
			 {POLICY_UDP, 5060},
			 "sip_ports = [ 5080 ] in networks.wan of "
			 "sallyport.conf and local_port = 5080 in acme.conf"},
			{POLICY_TRUNK,
			 1,
			 true,
			 {POLICY_TCP, 5060},
			 "switch the ALG off in the router: TCP is used "
			 "already"},
			{POLICY_PHONES,
			 1,
			 true,
			 {POLICY_UDP, 5060},
			 "in the phone: server port 5080, or TCP"},
		};

		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			char advice[ALG_ADVICE_MAX];

			peer.kind = cases[i].kind;
			network.more_sip_port[0] = 5080;
			network.more_sip_ports = cases[i].ports;
			network.tcp = cases[i].tcp;
			alg_advice(advice, &peer, &cases[i].way);
			ck_assert_str_eq(advice, cases[i].says);
		}
	}
END_TEST

static Suite *alg_suite(void)
{
	Suite *suite = suite_create("alg");
	TCase *tests = tcase_create("alg");

	tcase_add_test(tests, what_came_back_changed_is_a_sign);
	tcase_add_test(tests, a_registration_that_came_back_changed_is_a_sign);
	tcase_add_test(tests, sdp_that_was_rewritten_in_part_is_a_sign);
	tcase_add_test(tests, the_first_way_that_is_free_is_taken);
	tcase_add_test(tests, the_key_and_its_file_are_named);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(alg_suite())
