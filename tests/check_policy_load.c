/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What good configurations become. Broken ones: check_policy_broken.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "policy/unit.h"
#include "tests/check_main.h"
#include "tests/policy_text.h"

/* --- values -------------------------------------------------------------- */

START_TEST(durations_and_sizes_have_units)
	{
		static const struct {
			int (*parse)(uint64_t *, const char *);
			const char *text;
			int error;
			uint64_t value;
		} cases[] = {
			{unit_duration, "500ms", 0, 500},
			{unit_duration, "30s", 0, 30000},
			{unit_duration, "30", 0, 30000},
			{unit_duration, "5m", 0, 300000},
			{unit_duration, "1h", 0, 3600000},
			{unit_duration, "7d", 0, 604800000},
			{unit_duration, "0", 0, 0},
			{unit_duration, "24d", 0, 2073600000},
			{unit_duration, "25d", -ERANGE, 0},
			{unit_duration, "99999999999999999999s", -ERANGE, 0},
			{unit_duration, "", -EINVAL, 0},
			{unit_duration, "s", -EINVAL, 0},
			{unit_duration, "-1s", -EINVAL, 0},
			{unit_duration, "1 s", -EINVAL, 0},
			{unit_duration, "1.5s", -EINVAL, 0},
			{unit_duration, "1S", -EINVAL, 0},
			{unit_size, "1300", 0, 1300},
			{unit_size, "64k", 0, 65536},
			{unit_size, "1M", 0, 1048576},
			{unit_size, "2047M", 0, 2146435072},
			{unit_size, "2048M", -ERANGE, 0},
			{unit_size, "1G", -EINVAL, 0},
			{unit_number, "2147483647", 0, 2147483647},
			{unit_number, "2147483648", -ERANGE, 0},
			{unit_number, "1s", -EINVAL, 0},
		};

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			uint64_t value = 0;
			ck_assert_msg(cases[i].parse(&value, cases[i].text) ==
						      cases[i].error &&
					      value == cases[i].value,
				      "%s is %llu", cases[i].text,
				      (unsigned long long)value);
		}
	}
END_TEST

START_TEST(values_are_written_as_they_can_be_read_back)
	{
		static const uint64_t values[] = {
			0,     1,     999,     1000,	  1500,
			60000, 90000, 3600000, 86400000,  1024,
			1300,  65536, 1048576, 2147483647};
		char text[24];
		uint64_t back;

		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]);
		     i++) {
			ck_assert_int_eq(
				unit_duration(&back, unit_duration_text(
							     text, values[i])),
				0);
			ck_assert_uint_eq(back, values[i]);
			ck_assert_int_eq(
				unit_size(&back,
					  unit_size_text(text, values[i])),
				0);
			ck_assert_uint_eq(back, values[i]);
		}
	}
END_TEST

START_TEST(text_is_utf8_or_not)
	{
		static const struct {
			const char *text;
			bool good;
		} cases[] = {
			{"", true},
			{"plain", true},
			{"caf\xc3\xa9", true},
			{"\xe2\x82\xac", true},
			{"\xf0\x9f\x98\x80", true},
			{"\xf4\x8f\xbf\xbf", true},
			{"caf\xe9", false},
			{"\xc0\x80", false}, /* overlong */
			{"\xe0\x80\x80", false},
			{"\xed\xa0\x80", false},     /* surrogate */
			{"\xf4\x90\x80\x80", false}, /* over U+10FFFF */
			{"\xf5\x80\x80\x80", false},
			{"\x80", false},
			{"\xe2\x82", false},
			{"\xc3", false},
			{"\xff", false},
		};

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			ck_assert_msg(text_is_utf8(cases[i].text) ==
					      cases[i].good,
				      "case %zu", i);
	}
END_TEST

START_TEST(the_nearest_name_is_meant_if_it_is_near)
	{
		static const struct {
			const char *wanted, *best;
		} cases[] = {
			{"netwrok", "network"},
			{"NETWORK", "network"},
			{"timeout", "media_timeout"},
			{"codex", "codecs"},
			{"network", NULL},
			{"colour", NULL},
			{"x", NULL},
			{"", NULL},
			{"codcs", "codecs"},
			{"nework", "network"},
		};
		static const char *const names[] = {"network", "media_timeout",
						    "codecs"};

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct suggest suggest = {.wanted = cases[i].wanted};
			for (size_t k = 0; k < 3; k++)
				suggest_try(&suggest, names[k]);
			const char *best = suggest_best(&suggest);
			ck_assert_msg(strcmp(best ? best : "-",
					     cases[i].best ? cases[i].best
							   : "-") == 0,
				      "%s is %s", cases[i].wanted, best);
		}
		ck_assert_uint_eq(suggest_distance("kitten", "sitting"), 3);
		ck_assert_uint_eq(suggest_distance("ab", "ba"), 1);
		ck_assert_uint_eq(suggest_distance("", "abc"), 3);
	}
END_TEST

/* --- whole configurations ------------------------------------------------ */

START_TEST(fifteen_lines_are_enough)
	{
		static const char *const peers[] = {
			"acme.conf",
			"kind = \"trunk\";\nnetwork = \"wan\";\n"
			"domain = \"sip.acme.example\";\n"
			"register: { user = \"442079460101\"; password = "
			"\"s\"; };\n",
			"pbx.conf",
			"kind = \"pbx\"; network = \"lan\"; host = "
			"\"192.168.1.5\";\n",
			NULL};
		struct policy *policy = policy_of(
			"networks: {\n"
			"  lan: { address = \"192.168.1.2\"; };\n"
			"  wan: { address = \"192.0.2.10\"; };\n"
			"};\n"
			"phones: {\n  network = \"lan\";\n"
			"  users = ( { user = \"101\"; password = \"a\"; } "
			");\n};\n"
			"routes = ( { from = \"phones\"; to = \"acme\"; },\n"
			"           { from = \"acme\"; to = \"101\"; } );\n",
			peers);
		const struct policy_network *lan = policy_network(policy, 0);
		const struct policy_peer *acme =
			policy_peer_named(policy, "acme");
		const struct policy_peer *pbx =
			policy_peer_named(policy, "pbx");
		const struct policy_peer *phones =
			policy_peer_named(policy, "phones");

		ck_assert_uint_eq(lan->sip_port, 5060);
		ck_assert_uint_eq(lan->public_sip_port, 5060);
		ck_assert(lan->udp && lan->tcp);
		ck_assert_uint_eq(lan->rtp_first, 30000);
		ck_assert_uint_eq(lan->rtp_last, 39999);
		ck_assert_uint_eq(lan->address[0].subnet.bits, 24);
		ck_assert_int_eq(lan->address[0].public.ss_family, AF_UNSPEC);

		ck_assert_int_eq(acme->reinvite, POLICY_AUTO);
		ck_assert_int_eq(acme->update, POLICY_AUTO);
		ck_assert_int_eq(acme->anchor, POLICY_ANCHOR_ALWAYS);
		ck_assert_int_eq(acme->t38, POLICY_T38_REJECT);
		ck_assert_str_eq(acme->anchor_at.file, "default");
		ck_assert(acme->reg.wanted);
		ck_assert_str_eq(acme->username, "442079460101");
		ck_assert_str_eq(acme->password, "s");
		ck_assert_uint_eq(acme->reg.expires_s, 3600);
		ck_assert_uint_eq(acme->codecs_count, 0);
		ck_assert_int_eq(acme->srtp, POLICY_SRTP_PASS);
		ck_assert_uint_eq(acme->srtp_suites, 2);
		ck_assert_str_eq(acme->srtp_suite[0],
				 "AES_CM_128_HMAC_SHA1_80");
		ck_assert(!acme->srtp_mki && !acme->srtp_lifetime);
		ck_assert(!acme->trusted);

		ck_assert_int_eq(pbx->reinvite, POLICY_FORWARD);
		ck_assert_int_eq(pbx->anchor, POLICY_ANCHOR_AUTO);
		ck_assert_int_eq(pbx->identity, POLICY_IDENTITY_PAI);
		ck_assert_str_eq(pbx->host, "192.168.1.5");
		ck_assert_uint_eq(pbx->port, 0);

		ck_assert_int_eq(phones->reinvite, POLICY_FORWARD);
		ck_assert_int_eq(phones->anchor, POLICY_ANCHOR_AUTO);
		ck_assert_ptr_eq(phones->network, lan);
		ck_assert_int_eq(phones->session_timer, POLICY_TIMER_LOCAL);
		ck_assert_uint_eq(phones->media_timeout_ms, 60000);
		ck_assert_uint_eq(phones->hold_timeout_ms, 3600000);
		ck_assert_uint_eq(phones->max_message, 1300);
		ck_assert(!policy_phones(policy)->from_anywhere);

		ck_assert_uint_eq(policy_media(policy)->dscp, 46);
		ck_assert_uint_eq(policy_media(policy)->quarantine_ms, 5000);
		ck_assert_uint_eq(policy_limits(policy)->max_message, 16384);
		ck_assert_int_eq(policy_files(policy)->log_level,
				 POLICY_LOG_INFO);
		policy_unref(policy);
	}
END_TEST

START_TEST(a_file_may_end_without_a_newline)
	{
		static const char *const peers[] = {
			"acme.conf",
			"kind = \"trunk\"; domain = \"a.example\" // end",
			NULL};

		policy_unref(policy_of("networks: { lan: { address = "
				       "\"192.168.1.2\"; }; }\n# the end",
				       peers));
	}
END_TEST

START_TEST(every_kind_of_value_reaches_its_field)
	{
		static const char *const peers[] = {
			"acme.conf",
			"kind = \"trunk\";\n"
			"host = \"[2001:db8::4]:5070\";\n"
			"transport = \"tcp\";\n"
			"reinvite = \"suppress\"; update = \"forward\";\n"
			"session_timer = \"forward\"; session_expires = 3600;\n"
			"min_se = \"2m\"; hold = \"zero\"; refer = "
			"\"reject\";\n"
			"redirect = \"follow\"; info = \"reject\"; dtmf = "
			"\"info\"; prack = \"off\"; t38 = "
			"\"forward\";\n"
			"reinvite_ack_lost = \"bye\"; anchor = \"never\";\n"
			"codecs = [ \"pcma\", \"OPUS\" ]; srtp_suites = "
			"[ \"aead_aes_256_gcm\", "
			"\"AES_256_CM_HMAC_SHA1_32\" ];\n"
			"media_timeout = 0; hold_timeout = \"1d\";\n"
			"identity = \"ppi\"; trusted = true; max_message = "
			"\"2k\";\n"
			"from_user = \"442079460101\"; max_calls = 30;\n"
			"srtp_mki = true; srtp_lifetime = \"2^31\";\n"
			"attempt_timeout = \"1500ms\"; ring_timeout = "
			"\"30s\";\n",
			NULL};
		struct policy *policy = policy_of(
			"networks = { wan = { address = \"2001:db8::2\",\n"
			"  sip_port : 5080, } };\n"
			"log = { level = \"debug\" }\n"
			"/* comment */ // and\n# another\n",
			peers);
		const struct policy_peer *p = policy_peer_named(policy, "acme");

		ck_assert_str_eq(p->host, "2001:db8::4");
		ck_assert_uint_eq(p->port, 5070);
		ck_assert_int_eq(p->transport, POLICY_TCP);
		ck_assert_int_eq(p->reinvite, POLICY_SUPPRESS);
		ck_assert_uint_eq(p->reinvite_at.line, 4);
		ck_assert_str_eq(p->reinvite_at.file, "acme.conf");
		ck_assert_int_eq(p->update, POLICY_FORWARD);
		ck_assert_int_eq(p->session_timer, POLICY_TIMER_FORWARD);
		ck_assert_uint_eq(p->session_expires_s, 3600);
		ck_assert_uint_eq(p->min_se_s, 120);
		ck_assert_int_eq(p->hold, POLICY_HOLD_ZERO);
		ck_assert_int_eq(p->refer, POLICY_REFER_REJECT);
		ck_assert_int_eq(p->redirect, POLICY_REDIRECT_FOLLOW);
		ck_assert_int_eq(p->info, POLICY_INFO_REJECT);
		ck_assert_int_eq(p->dtmf, POLICY_DTMF_INFO);
		ck_assert_int_eq(p->prack, POLICY_PRACK_OFF);
		ck_assert_int_eq(p->t38, POLICY_T38_FORWARD);
		ck_assert_int_eq(p->reinvite_ack_lost, POLICY_ACK_LOST_BYE);
		ck_assert_int_eq(p->anchor, POLICY_ANCHOR_NEVER);
		ck_assert_uint_eq(p->anchor_at.line, 8);
		ck_assert_uint_eq(p->codecs_count, 2);
		ck_assert_str_eq(p->codecs[0], "PCMA");
		ck_assert_str_eq(p->codecs[1], "opus");
		ck_assert_int_eq(p->srtp, POLICY_SRTP_PASS);
		ck_assert_uint_eq(p->srtp_suites, 2);
		ck_assert_str_eq(p->srtp_suite[0], "AEAD_AES_256_GCM");
		ck_assert_str_eq(p->srtp_suite[1], "AES_256_CM_HMAC_SHA1_32");
		ck_assert(p->srtp_mki);
		ck_assert(p->srtp_lifetime == UINT64_C(1) << 31);
		ck_assert_uint_eq(p->media_timeout_ms, 0);
		ck_assert_uint_eq(p->hold_timeout_ms, 86400000);
		ck_assert_int_eq(p->identity, POLICY_IDENTITY_PPI);
		ck_assert(p->trusted);
		ck_assert_uint_eq(p->max_message, 2048);
		ck_assert_str_eq(p->from_user, "442079460101");
		ck_assert_uint_eq(p->max_calls, 30);
		ck_assert_uint_eq(p->attempt_timeout_ms, 1500);
		ck_assert_uint_eq(p->ring_timeout_ms, 30000);
		ck_assert_ptr_eq(p->network, policy_network(policy, 0));
		ck_assert_uint_eq(policy_network(policy, 0)->sip_port, 5080);
		ck_assert_int_eq(policy_files(policy)->log_level,
				 POLICY_LOG_DEBUG);
		ck_assert_ptr_null(policy_phones(policy));
		policy_unref(policy);
	}
END_TEST

START_TEST(the_dump_shows_every_value_and_no_secret)
	{
		static const char *const peers[] = {
			"acme.conf",
			"kind = \"trunk\";\ndomain = \"sip.acme.example\";\n"
			"register: { user = \"u\"; password = \"topsecret\"; "
			"};\n",
			NULL};
		static const char *const lines[] = {
			"\nnetworks.lan.address = [ \"192.168.1.2\" ];  "
			"# sallyport.conf:1\n",
			"\nnetworks.lan.sip_port = 5060;  # default\n",
			"\nphones.users.101.password = \"(set)\";  "
			"# sallyport.conf:2\n",
			"\nroutes[0].number = \"^\\\\d\\\"$\";  # "
			"sallyport.conf:3\n",
			"\npeers.acme.anchor = \"always\";  # default\n",
			"\npeers.acme.media_timeout = \"1m\";  # default\n",
			"\npeers.acme.register.password = \"(set)\";  # "
			"acme.conf:3\n",
			"\npeers.acme.username = \"u\";  # acme.conf:3\n",
		};
		struct policy *policy = policy_of(
			"networks: { lan: { address = \"192.168.1.2\"; }; };\n"
			"phones: { users = ( { user = \"101\"; password = "
			"\"hidden1\"; } ); };\n"
			"routes = ( { from = \"any\"; number = \"^\\d\\\"$\"; "
			"to = "
			"\"101\"; } );\n",
			peers);
		char *text = NULL;

		ck_assert_int_eq(policy_dump(policy, &text), 0);
		for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
			ck_assert_msg(strstr(text, lines[i]), "no %s in:\n%s",
				      lines[i], text);
		ck_assert_ptr_null(strstr(text, "topsecret"));
		ck_assert_ptr_null(strstr(text, "hidden1"));
		free(text);
		policy_unref(policy);
	}
END_TEST

START_TEST(faults_are_sorted_bounded_and_printable)
	{
		char *main = calloc(1, 1 << 20), *to = main;
		struct load_text text = {"sallyport.conf", main, 0};
		struct policy_faults faults;
		struct policy *policy = NULL;

		to += sprintf(
			to, "networks: { lan: { address = \"192.168.1.2\"; }; "
			    "};\nroutes = (\n");
		for (unsigned i = 0; i < 3000; i++)
			to += sprintf(to,
				      "%s{ from = \"nobody%u\"; to = "
				      "\"\xc3\xa9\"; }\n",
				      i ? ", " : "", i);
		to += sprintf(to, ");\n");
		text.len = (size_t)(to - main);
		ck_assert_int_eq(
			policy_load_text(&policy, &text, 1, NULL, &faults),
			-EINVAL);
		ck_assert_uint_eq(faults.errors, 6000);
		ck_assert_uint_eq(faults.count, 1001);
		ck_assert_str_eq(faults.line[0],
				 "sallyport.conf:3: error: there is no "
				 "peer \"nobody0\"");
		ck_assert_str_eq(faults.line[1000], "and 5000 more");
		policy_faults_free(&faults);
		free(main);
	}
END_TEST

/* --- on disk ------------------------------------------------------------- */

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

static void remove_dir(const char *dir)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(a_secret_file_loses_one_newline)
	{
		char dir[] = "/tmp/sallyport-load-XXXXXX", path[300];
		struct policy_faults faults;
		struct policy *policy = NULL;

		ck_assert_ptr_nonnull(mkdtemp(dir));
		write_file(dir, "101.secret", " pass word \r\n");
		write_file(
			dir, "sallyport.conf",
			"networks: { lan: { address = \"192.168.1.2\"; }; };\n"
			"phones: { users = ( { user = \"101\"; password_file = "
			"\"101.secret\"; } ); };\n");
		snprintf(path, sizeof(path), "%s/sallyport.conf", dir);
		ck_assert_int_eq(policy_load(&policy, path, NULL, &faults), 0);
		ck_assert_uint_eq(faults.count, 0);
		ck_assert_str_eq(policy_user(policy, "101")->password,
				 " pass word ");
		policy_faults_free(&faults);
		policy_unref(policy);
		remove_dir(dir);
	}
END_TEST

START_TEST(this_hosts_addresses_are_known)
	{
		struct policy_host host;
		bool loopback = false;

		ck_assert_int_eq(policy_host_read(&host), 0);
		for (unsigned i = 0; i < host.addresses; i++)
			if (address_in(&host.address[i],
				       address_of("127.0.0.1")) &&
			    host.address[i].bits == 8)
				loopback = true;
		ck_assert(loopback);

		struct load_text text = {"sallyport.conf", NULL, 0};
		struct policy_faults faults;
		struct policy *policy = NULL;
		text.text =
			"networks: { lo: { address = \"127.0.0.1\"; }; };\n";
		text.len = strlen(text.text);
		ck_assert_int_eq(
			policy_load_text(&policy, &text, 1, &host, &faults), 0);
		ck_assert_uint_eq(
			policy_network(policy, 0)->address[0].subnet.bits, 8);
		policy_faults_free(&faults);
		policy_unref(policy);
		policy_host_free(&host);
		ck_assert_uint_eq(host.addresses, 0);
	}
END_TEST

static void write_many(const char *dir, unsigned peers, unsigned users)
{
	char path[300], name[64], text[512];

	snprintf(path, sizeof(path), "%s/policy.d", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	for (unsigned i = 0; i < peers; i++) {
		snprintf(name, sizeof(name), "policy.d/itsp%u.conf", i);
		snprintf(
			text, sizeof(text),
			"kind = \"trunk\";\nhost = \"198.51.%u.%u\";\n"
			"source = [ \"10.%u.%u.0/24\", \"10.%u.%u.128/26\" ];\n"
			"register: { user = \"u%u\"; password = \"p\"; };\n"
			"codecs = [ \"PCMA\", \"PCMU\", \"G722\" ];\n",
			i / 250, i % 250 + 1, i / 250, i % 250, i / 250,
			i % 250, i);
		write_file(dir, name, text);
	}
	snprintf(path, sizeof(path), "%s/sallyport.conf", dir);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "networks: { wan: { address = \"192.0.2.10\"; }; };\n"
		      "phones: { users = (\n");
	for (unsigned i = 0; i < users; i++)
		fprintf(file, "%s{ user = \"%u\"; password = \"p\"; }\n",
			i ? "," : "", 200000 + i * 7919 % users);
	fprintf(file, "); };\nroutes = (\n");
	for (unsigned i = 0; i < peers; i++)
		fprintf(file,
			"%s{ from = \"phones\"; number = \"^%u(.*)$\"; "
			"to = \"itsp%u\"; }\n",
			i ? "," : "", 1000 + i, i);
	fprintf(file, ");\n");
	fclose(file);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

/*
 * A thousand peers and ten thousand users take a quarter of a second; the
 * bound is wide for sanitizers and slow machines, and yet a step that
 * compares all with all passes it.
 */
START_TEST(many_peers_and_users_load_fast_and_are_found_fast)
	{
		char dir[] = "/tmp/sallyport-load-XXXXXX", path[300];
		struct policy_faults faults;
		struct policy *policy = NULL;

		ck_assert_ptr_nonnull(mkdtemp(dir));
		write_many(dir, 1000, 10000);
		snprintf(path, sizeof(path), "%s/sallyport.conf", dir);
		clock_t begin = clock();
		int error = policy_load(&policy, path, NULL, &faults);
		double load_s = (double)(clock() - begin) / CLOCKS_PER_SEC;
		for (unsigned i = 0; i < faults.count; i++)
			printf("# %s\n", faults.line[i]);
		ck_assert_int_eq(error, 0);
		printf("# loaded in %.3f s\n", load_s);
		ck_assert(load_s < 3);
		ck_assert_uint_eq(policy_phones(policy)->users, 10000);
		ck_assert_uint_eq(policy_peers(policy), 1001);

		struct sockaddr *source = address_of("10.2.7.130");
		const struct policy_network *net = policy_network(policy, 0);
		const struct policy_peer *peer = NULL;
		begin = clock();
		for (unsigned i = 0; i < 100000; i++)
			peer = policy_peer_by_source(policy, net, source);
		double find_s = (double)(clock() - begin) / CLOCKS_PER_SEC;
		printf("# found in %.0f ns\n", find_s * 1e4);
		ck_assert_str_eq(peer->name, "itsp507");
		ck_assert(find_s < 2);
		policy_faults_free(&faults);
		policy_unref(policy);
		remove_dir(dir);
	}
END_TEST

static Suite *load_suite(void)
{
	Suite *suite = suite_create("policy_load");
	TCase *tcase = tcase_create("load");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, durations_and_sizes_have_units);
	tcase_add_test(tcase, values_are_written_as_they_can_be_read_back);
	tcase_add_test(tcase, text_is_utf8_or_not);
	tcase_add_test(tcase, the_nearest_name_is_meant_if_it_is_near);
	tcase_add_test(tcase, fifteen_lines_are_enough);
	tcase_add_test(tcase, a_file_may_end_without_a_newline);
	tcase_add_test(tcase, every_kind_of_value_reaches_its_field);
	tcase_add_test(tcase, the_dump_shows_every_value_and_no_secret);
	tcase_add_test(tcase, faults_are_sorted_bounded_and_printable);
	tcase_add_test(tcase, a_secret_file_loses_one_newline);
	tcase_add_test(tcase, this_hosts_addresses_are_known);
	tcase_add_test(tcase,
		       many_peers_and_users_load_fast_and_are_found_fast);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(load_suite())
