/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sbc/sip/header: who calls, what crosses, what stays inside. */
#include <string.h>

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/su_alloc.h>

#include "policy/address.h"
#include "sbc/sip/header.h"
#include "sbc/sip/header_name.h"
#include "tests/check_main.h"

static su_home_t *home;
static msg_t *msg;
static struct policy_peer trusted = {.kind = POLICY_TRUNK, .trusted = true},
			  trunk = {.kind = POLICY_TRUNK,
				   .domain = "sip.acme.example"},
			  phones = {.kind = POLICY_PHONES};

static void setup(void)
{
	home = su_home_new(sizeof *home);
}

static void teardown(void)
{
	if (msg != NULL)
		msg_destroy(msg);
	msg = NULL;
	su_home_unref(home);
}

/* An INVITE with these lines. */
static const sip_t *invite(const char *lines)
{
	char text[4096];
	int n = snprintf(text, sizeof text,
			 "INVITE sip:1@example.net SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP 192.168.1.20;branch=z9hG4bK1\r\n"
			 "To: <sip:1@example.net>\r\n"
			 "Call-ID: 1\r\nCSeq: 1 INVITE\r\n%s"
			 "Content-Length: 0\r\n\r\n",
			 lines);

	if (msg != NULL)
		msg_destroy(msg);
	msg = msg_make(sip_default_mclass(), 0, text, n);
	ck_assert_ptr_nonnull(msg);
	return sip_object(msg);
}

/* Who calls, by headers and trust. */
static const struct {
	const char *lines;
	bool trusted;
	const char *user, *display;
	bool restricted;
} callers[] = {
	{"From: \"Bob\" <sip:+442079460101@192.168.1.5>;tag=1\r\n", false,
	 "+442079460101", "Bob", false},
	{"From: sip:101@192.168.1.5;tag=1\r\n", false, "101", "", false},
	{"From: <sip:+44-20.7946(0101)@h>;tag=1\r\n", false, "+442079460101",
	 "", false},
	{"From: <sip:%2B44207946@h>;tag=1\r\n", false, "+44207946", "", false},
	{"From: <sip:+44207946;phone-context=x@h;user=phone>;tag=1\r\n", false,
	 "+44207946", "", false},
	{"From: <sip:101:secret@h>;tag=1\r\n", false, "101", "", false},
	{"From: <tel:+44-207-946;isub=1>;tag=1\r\n", false, "+44207946", "",
	 false},
	{"From: <sip:first.last-name@h>;tag=1\r\n", false, "first.last-name",
	 "", false},
	{"From: <sip:a%00b%0d%0ac%40d%22@h>;tag=1\r\n", false, "abcd", "",
	 false},
	{"From: <sip:192.168.1.5>;tag=1\r\n", false, "", "", false},
	{"From: \"a\\\"b\\\\c\" <sip:1@h>;tag=1\r\n", false, "1", "a\"b\\c",
	 false},
	{"From: \"J\xc3\xb6rg\xff \xc2\x9b\" <sip:1@h>;tag=1\r\n", false, "1",
	 "J\xc3\xb6rg", false},
	/* withheld */
	{"From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1\r\n",
	 false, "", "", true},
	{"From: <sip:5@anonymous.invalid>;tag=1\r\n", false, "", "", true},
	{"From: <sip:101@h>;tag=1\r\nPrivacy: id\r\n", false, "101", "", true},
	{"From: <sip:101@h>;tag=1\r\nPrivacy: user;critical\r\n", false, "101",
	 "", true},
	{"From: <sip:101@h>;tag=1\r\nPrivacy: none\r\n", false, "101", "",
	 false},
	{"From: <sip:101@h>;tag=1\r\nPrivacy: session\r\n", false, "101", "",
	 false},
	/* asserted: believed of who is trusted */
	{"From: <sip:101@h>;tag=1\r\n"
	 "P-Asserted-Identity: \"Al\" <sip:+441@h>\r\n",
	 true, "+441", "Al", false},
	{"From: <sip:101@h>;tag=1\r\n"
	 "P-Asserted-Identity: \"Al\" <sip:+441@h>\r\n",
	 false, "101", "", false},
	{"From: \"x\" <sip:anonymous@anonymous.invalid>;tag=1\r\n"
	 "P-Asserted-Identity: <tel:+441>, \"Al\" <sip:+441@h>\r\n"
	 "Privacy: id\r\n",
	 true, "+441", "Al", true},
	{"From: <sip:101@h>;tag=1\r\nP-Asserted-Identity: broken\r\n", true,
	 "101", "", false},
	{"From: <sip:101@h>;tag=1\r\nP-Asserted-Identity: \"x\r\n", true, "101",
	 "", false},
	{"From: \"Me\" <sip:101@h>;tag=1\r\n"
	 "P-Preferred-Identity: <sip:102@h>\r\n",
	 false, "102", "Me", false},
	{"From: <sip:101@h>;tag=1\r\n"
	 "Remote-Party-ID: \"R\" <sip:77@h>;party=calling;privacy=full\r\n",
	 true, "77", "R", true},
	{"From: <sip:101@h>;tag=1\r\n"
	 "Remote-Party-ID: \"R\" <sip:77@h>;party=calling;privacy=full\r\n",
	 false, "101", "", false},
};

START_TEST(the_caller_is_read_and_cleaned)
	{
		struct header_caller caller;

		header_caller_read(&caller, invite(callers[_i].lines),
				   callers[_i].trusted ? &trusted : &trunk,
				   NULL);
		ck_assert_str_eq(caller.user, callers[_i].user);
		ck_assert_str_eq(caller.display, callers[_i].display);
		ck_assert_int_eq(caller.restricted, callers[_i].restricted);
	}
END_TEST

START_TEST(a_phone_is_who_its_credentials_say)
	{
		struct policy_user user = {.user = "101",
					   .display = "Reception"};
		struct header_caller caller;
		const sip_t *sip =
			invite("From: \"Boss\" <sip:999@h>;tag=1\r\n"
			       "P-Asserted-Identity: <sip:888@h>\r\n");

		header_caller_read(&caller, sip, &phones, &user);
		ck_assert_str_eq(caller.user, "101");
		ck_assert_str_eq(caller.display, "Reception");
		user.display = NULL;
		header_caller_read(&caller, sip, &phones, &user);
		ck_assert_str_eq(caller.user, "101");
		ck_assert_str_eq(caller.display, "Boss");
		sip = invite("From: \"Boss\" "
			     "<sip:anonymous@anonymous.invalid>;tag=1\r\n");
		header_caller_read(&caller, sip, &phones, &user);
		ck_assert_str_eq(caller.user, "101");
		ck_assert_str_eq(caller.display, "");
		ck_assert(caller.restricted);
	}
END_TEST

START_TEST(names_without_end_are_cut)
	{
		struct header_caller caller;
		char lines[1600], many[401];

		memset(many, '7', 400);
		many[400] = '\0';
		snprintf(lines, sizeof lines,
			 "From: \"%s\" <sip:%s@h>;tag=1\r\n", many, many);
		header_caller_read(&caller, invite(lines), &trunk, NULL);
		ck_assert_uint_eq(strlen(caller.user), 127);
		ck_assert_uint_eq(strlen(caller.display), 127);
		for (int i = 0; i < 200; i++)
			memcpy(many + 2 * i, "\xc3\xa4", 2);
		snprintf(lines, sizeof lines,
			 "From: \"x%s\" <sip:1@h>;tag=1\r\n", many);
		header_caller_read(&caller, invite(lines), &trunk, NULL);
		ck_assert_uint_eq(strlen(caller.display), 127);
		snprintf(lines, sizeof lines,
			 "From: \"%s\" <sip:1@h>;tag=1\r\n", many);
		header_caller_read(&caller, invite(lines), &trunk, NULL);
		ck_assert_uint_eq(strlen(caller.display), 126);
	}
END_TEST

/* How the caller is told. */
static const struct {
	const char *user, *display;
	bool restricted, trusted;
	enum policy_identity identity;
	const char *domain, *from_user;
	const char *from, *asserted, *preferred, *privacy;
} told[] = {
	{"101", "Bob", false, false, POLICY_IDENTITY_FROM, NULL, NULL,
	 "\"Bob\" <sip:101@203.0.113.7>", NULL, NULL, NULL},
	{"101", "", false, false, POLICY_IDENTITY_PAI, "acme.example", NULL,
	 "<sip:101@acme.example>", "<sip:101@acme.example>", NULL, NULL},
	{"101", "B\"\\b", false, false, POLICY_IDENTITY_PPI, NULL, "44207",
	 "\"B\\\"\\\\b\" <sip:44207@203.0.113.7>", NULL,
	 "\"B\\\"\\\\b\" <sip:101@203.0.113.7>", NULL},
	{"*1#?", "", false, false, POLICY_IDENTITY_FROM, NULL, NULL,
	 "<sip:*1%23%3F@203.0.113.7>", NULL, NULL, NULL},
	{"", "", false, false, POLICY_IDENTITY_PAI, NULL, NULL,
	 "\"Anonymous\" <sip:anonymous@anonymous.invalid>", NULL, NULL, NULL},
	{"101", "Bob", true, false, POLICY_IDENTITY_PAI, NULL, NULL,
	 "\"Anonymous\" <sip:anonymous@anonymous.invalid>", NULL, NULL, "id"},
	{"101", "Bob", true, false, POLICY_IDENTITY_FROM, NULL, "44207",
	 "\"Anonymous\" <sip:anonymous@anonymous.invalid>", NULL, NULL, "id"},
	{"101", "Bob", true, true, POLICY_IDENTITY_FROM, NULL, NULL,
	 "\"Anonymous\" <sip:anonymous@anonymous.invalid>",
	 "\"Bob\" <sip:101@203.0.113.7>", NULL, "id"},
	{"101", "Bob", true, true, POLICY_IDENTITY_PPI, NULL, NULL,
	 "\"Anonymous\" <sip:anonymous@anonymous.invalid>", NULL,
	 "\"Bob\" <sip:101@203.0.113.7>", "id"},
};

static void assert_text(const char *is, const char *wanted)
{
	if (wanted == NULL)
		ck_assert_ptr_null(is);
	else
		ck_assert_str_eq(is, wanted);
}

START_TEST(the_caller_is_told_as_the_peer_wants)
	{
		struct policy_peer to = {
			.kind = POLICY_TRUNK,
			.trusted = told[_i].trusted,
			.identity = told[_i].identity,
			.domain = told[_i].domain,
			.from_user = told[_i].from_user,
		};
		struct header_caller caller = {.restricted =
						       told[_i].restricted};
		struct header_identity out;

		snprintf(caller.user, sizeof caller.user, "%s", told[_i].user);
		snprintf(caller.display, sizeof caller.display, "%s",
			 told[_i].display);
		ck_assert_int_eq(header_identity_write(&out, home, &caller, &to,
						       "203.0.113.7"),
				 0);
		assert_text(out.from, told[_i].from);
		assert_text(out.asserted, told[_i].asserted);
		assert_text(out.preferred, told[_i].preferred);
		assert_text(out.privacy, told[_i].privacy);
		/* the library reads what we wrote */
		ck_assert_ptr_nonnull(sip_from_make(home, out.from));
	}
END_TEST

/* What crosses toward `trunk`, which is sip.acme.example and not trusted. */
static const struct {
	const char *lines, *crossed;
} crossings[] = {
	{"", NULL},
	{"User-Agent: x\r\nServer: y\r\nOrganization: z\r\nX-Inside: 1\r\n"
	 "P-Charging-Vector: a\r\nContact: <sip:1@192.168.1.5>\r\n"
	 "Record-Route: <sip:192.168.1.1;lr>\r\nWarning: 399 pbx \"x\"\r\n"
	 "Call-Info: <http://10.0.0.1/x>;answer-after=0\r\n"
	 "Answer-Mode: Auto\r\nGeolocation: <cid:x>\r\nIdentity: x\r\n",
	 NULL},
	{"Subject: Hello  \r\n", "Subject: Hello\r\n"},
	{"s: Hello\r\n", "Subject: Hello\r\n"},
	{"Priority: urgent\r\n", "Priority: urgent\r\n"},
	{"Reason: Q.850;cause=16;text=\"pbx7.corp\"\r\n",
	 "Reason: Q.850;cause=16\r\n"},
	{"Reason: SIP;cause=200\r\n", "Reason: SIP;cause=200\r\n"},
	{"Alert-Info: <urn:alert:source:external>\r\n",
	 "Alert-Info: <urn:alert:source:external>\r\n"},
	{"Alert-Info: <http://192.168.1.5/ring.wav>;info=alert-internal\r\n",
	 "Alert-Info: <http://127.0.0.1>;info=alert-internal\r\n"},
	{"Alert-Info: <http://192.168.1.5/Bellcore-dr2>\r\n", NULL},
	{"Alert-Info: <http://x>;info=alert-autoanswer;delay=0\r\n", NULL},
	{"Alert-Info: Intercom;info=x\r\n", NULL},
	{"Alert-Info: info=RingAnswer\r\n", NULL},
	{"User-to-User: 56a390f3;encoding=hex\r\n",
	 "User-to-User: 56a390f3;encoding=hex\r\n"},
	{"User-to-User: <sip:x>;encoding=hex;x=y\r\n", NULL},
	{"Diversion: \"Bob\" <sip:101@192.168.1.5>;reason=unconditional;"
	 "counter=1;x=y\r\n",
	 "Diversion: <sip:101@sip.acme.example>;reason=unconditional;"
	 "counter=1\r\n"},
	{"Diversion: <sip:101@h>;reason=no-answer, <tel:+44-1>;privacy=off\r\n",
	 "Diversion: <sip:101@sip.acme.example>;reason=no-answer\r\n"
	 "Diversion: <sip:+441@sip.acme.example>;privacy=off\r\n"},
	{"Diversion: <sip:101@h>;privacy=full\r\n", NULL},
	{"Diversion: <sip:anonymous@h>\r\n", NULL},
	{"Diversion: garbage\r\n", NULL},
	{"History-Info: <sip:101@10.0.0.1?Reason=SIP%3Bcause=302>;index=1,"
	 "<sip:102@10.0.0.1>;index=1.1;rc=1\r\n",
	 "History-Info: <sip:101@sip.acme.example>;index=1\r\n"
	 "History-Info: <sip:102@sip.acme.example>;index=1.1\r\n"},
	{"History-Info: <sip:101@10.0.0.1?Privacy=history>;index=1\r\n", NULL},
	{"History-Info: <sip:101@10.0.0.1>\r\n", NULL},
};

START_TEST(only_what_is_allowed_crosses)
	{
		char lines[2048];

		snprintf(lines, sizeof lines, "From: <sip:1@h>;tag=1\r\n%s",
			 crossings[_i].lines);
		assert_text(header_cross(home, invite(lines), &trunk),
			    crossings[_i].crossed);
	}
END_TEST

START_TEST(what_crosses_is_bounded)
	{
		char lines[4000] = "From: <sip:1@h>;tag=1\r\n";
		char *out;
		unsigned count = 0;

		for (int i = 0; i < 60; i++)
			strcat(lines, "Diversion: <sip:1@h>;reason=away\r\n");
		out = header_cross(home, invite(lines), &trunk);
		ck_assert_ptr_nonnull(out);
		for (const char *at = out;
		     (at = strstr(at, "Diversion:")) != NULL; at++)
			count++;
		ck_assert_uint_eq(count, 4);
		memset(lines, 0, sizeof lines);
		strcat(lines, "From: <sip:1@h>;tag=1\r\nUser-to-User: ");
		memset(lines + strlen(lines), 'a', 3000);
		strcat(lines, "\r\nSubject: x\r\n");
		assert_text(header_cross(home, invite(lines), &trunk),
			    "Subject: x\r\n");
	}
END_TEST

START_TEST(numbers_are_judged)
	{
		char many[129];

		ck_assert(header_number_ok("0123"));
		ck_assert(header_number_ok("*21#"));
		ck_assert(!header_number_ok(""));
		ck_assert(!header_number_ok("a b"));
		ck_assert(!header_number_ok("a@b"));
		ck_assert(!header_number_ok("a\tb"));
		ck_assert(!header_number_ok("a\x7f"));
		memset(many, '1', sizeof many);
		many[128] = '\0';
		ck_assert(!header_number_ok(many));
		many[127] = '\0';
		ck_assert(header_number_ok(many));
	}
END_TEST

START_TEST(the_source_is_what_the_wire_says)
	{
		struct sockaddr_storage out;
		struct sockaddr_storage from;
		char text[ADDRESS_TEXT_MAX];

		invite("From: <sip:1@h>;tag=1\r\n");
		ck_assert_int_eq(address_parse(&from, "::ffff:192.0.2.4", 5070),
				 0);
		memcpy(msg_addr(msg), &from, sizeof(struct sockaddr_in6));
		header_source(&out, msg);
		ck_assert_str_eq(address_text(text, (struct sockaddr *)&out),
				 "192.0.2.4:5070");
		ck_assert_int_eq(out.ss_family, AF_INET);
		ck_assert_int_eq(address_parse(&from, "2001:db8::9", 5071), 0);
		memcpy(msg_addr(msg), &from, sizeof(struct sockaddr_in6));
		header_source(&out, msg);
		ck_assert_str_eq(address_text(text, (struct sockaddr *)&out),
				 "[2001:db8::9]:5071");
		header_source(&out, NULL);
		ck_assert_int_eq(out.ss_family, AF_UNSPEC);
	}
END_TEST

static Suite *header_suite(void)
{
	Suite *suite = suite_create("header");
	TCase *tcase = tcase_create("header");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, the_caller_is_read_and_cleaned, 0,
			    sizeof callers / sizeof *callers);
	tcase_add_test(tcase, a_phone_is_who_its_credentials_say);
	tcase_add_test(tcase, names_without_end_are_cut);
	tcase_add_loop_test(tcase, the_caller_is_told_as_the_peer_wants, 0,
			    sizeof told / sizeof *told);
	tcase_add_loop_test(tcase, only_what_is_allowed_crosses, 0,
			    sizeof crossings / sizeof *crossings);
	tcase_add_test(tcase, what_crosses_is_bounded);
	tcase_add_test(tcase, numbers_are_judged);
	tcase_add_test(tcase, the_source_is_what_the_wire_says);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(header_suite())
