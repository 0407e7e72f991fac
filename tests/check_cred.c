/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sbc/sip/cred: digest both ways, against the RFCs and against cheats. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "policy/address.h"
#include "sbc/sip/cred.h"
#include "sbc/sip/cred_digest.h"
#include "sbc/sip/cred_nonce.h"
#include "tests/check_main.h"

#define LIFE_MS 60000
#define NOW	1000000

static struct cred *cred;
static struct sockaddr_storage phone, elsewhere;

static void setup(void)
{
	ck_assert_int_eq(cred_new(&cred, "example.net", LIFE_MS), 0);
	ck_assert_int_eq(address_parse(&phone, "192.168.1.20", 5060), 0);
	ck_assert_int_eq(address_parse(&elsewhere, "192.168.1.21", 5060), 0);
}

static void teardown(void)
{
	cred_free(cred);
}

/* The RFCs' own examples. */
static const struct {
	const char *fetch, *user, *realm, *password, *method, *uri, *nonce;
	const char *qop, *nc, *cnonce;
	bool session;
	const char *response;
} vectors[] = {
	/* RFC 2617 section 3.5 */
	{"MD5", "Mufasa", "testrealm@host.com", "Circle Of Life", "GET",
	 "/dir/index.html", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "auth",
	 "00000001", "0a4f113b", false, "6629fae49393a05397450978507c4ef1"},
	/* RFC 7616 section 3.9.1 */
	{"MD5", "Mufasa", "http-auth@example.org", "Circle of Life", "GET",
	 "/dir/index.html", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
	 "auth", "00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
	 false, "8ca523f5e9506fed4657c9700eebdbec"},
	{"SHA256", "Mufasa", "http-auth@example.org", "Circle of Life", "GET",
	 "/dir/index.html", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
	 "auth", "00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
	 false,
	 "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
	/* RFC 2069's way: RFC 2617's example without qop */
	{"MD5", "Mufasa", "testrealm@host.com", "Circle Of Life", "GET",
	 "/dir/index.html", "dcd98b7102dd2f0e8b11d0f600bfb0c093", NULL, NULL,
	 NULL, false, "670fd8c2df070c60b045671b8b24ff02"},
	/* bob of biloxi.com, as RFC 3261 names him; computed elsewhere */
	{"MD5", "bob", "biloxi.com", "zanzibar", "INVITE", "sip:bob@biloxi.com",
	 "dcd98b7102dd2f0e8b11d0f600bfb0c093", "auth", "00000001", "0a4f113b",
	 false, "89eb0059246c02b2f6ee02c7961d5ea3"},
};

static struct cred_span maybe(const char *text)
{
	return text != NULL ? cred_span(text) : (struct cred_span){NULL, 0};
}

START_TEST(digests_are_those_of_the_rfcs)
	{
		EVP_MD *md = EVP_MD_fetch(NULL, vectors[_i].fetch, NULL);
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		char out[CRED_HEX_MAX];
		struct cred_digest d = {
			.username = cred_span(vectors[_i].user),
			.realm = cred_span(vectors[_i].realm),
			.password = cred_span(vectors[_i].password),
			.method = cred_span(vectors[_i].method),
			.uri = cred_span(vectors[_i].uri),
			.nonce = cred_span(vectors[_i].nonce),
			.qop = maybe(vectors[_i].qop),
			.nc = maybe(vectors[_i].nc),
			.cnonce = maybe(vectors[_i].cnonce),
			.session = vectors[_i].session,
		};

		ck_assert_int_eq(cred_digest_make(out, ctx, md, &d), 0);
		ck_assert_str_eq(out, vectors[_i].response);
		EVP_MD_CTX_free(ctx);
		EVP_MD_free(md);
	}
END_TEST

static void challenge(char out[CRED_CHALLENGE_MAX],
		      enum cred_algorithm algorithm, uint64_t now)
{
	ck_assert_int_eq(cred_challenge(cred, algorithm,
					(struct sockaddr *)&phone, now, false,
					out),
			 0);
}

static void answer(char out[CRED_ANSWER_MAX], const char *to, unsigned nc)
{
	ck_assert_int_eq(cred_answer(out, to, "REGISTER", "sip:example.net",
				     "101", "secret", nc),
			 0);
}

static enum cred_verdict check_at(const char *value, uint64_t now)
{
	return cred_check(cred, value, "REGISTER", "secret",
			  (struct sockaddr *)&phone, now);
}

/* Replace `what` by `with` in `text`. */
static void change(char *text, const char *what, const char *with)
{
	char *at = strstr(text, what);

	ck_assert_msg(at != NULL, "no %s in %s", what, text);
	memmove(at + strlen(with), at + strlen(what),
		strlen(at + strlen(what)) + 1);
	memcpy(at, with, strlen(with));
}

START_TEST(a_right_answer_is_good_once)
	{
		char c[CRED_CHALLENGE_MAX], a[CRED_ANSWER_MAX], user[64];

		for (int algorithm = CRED_MD5; algorithm <= CRED_SHA256;
		     algorithm++) {
			challenge(c, (enum cred_algorithm)algorithm, NOW);
			answer(a, c, 1);
			ck_assert_int_eq(cred_username(a, user, sizeof user),
					 0);
			ck_assert_str_eq(user, "101");
			ck_assert_int_eq(check_at(a, NOW + 5), CRED_GOOD);
			ck_assert_int_eq(check_at(a, NOW + 6), CRED_STALE);
			answer(a, c, 2);
			ck_assert_int_eq(check_at(a, NOW + 7), CRED_GOOD);
		}
	}
END_TEST

START_TEST(wrong_answers_are_bad)
	{
		static const struct {
			const char *what, *with;
			enum cred_verdict verdict;
		} cases[] = {
			{"username=\"101\"", "username=\"102\"", CRED_BAD},
			{"uri=\"sip:example.net\"", "uri=\"sip:example.org\"",
			 CRED_BAD},
			{"response=\"", "response=\"0", CRED_BAD},
			{"nc=00000001", "nc=00000002", CRED_BAD},
			{"nc=00000001", "nc=0000000x", CRED_BROKEN},
			{"nc=00000001", "nc=", CRED_BROKEN},
			{", nc=00000001", "", CRED_BROKEN},
			{"qop=auth", "qop=auth-int", CRED_BAD},
			{"algorithm=MD5", "algorithm=MD5-sess", CRED_BAD},
			{"algorithm=MD5", "algorithm=SHA-256", CRED_BAD},
			{"algorithm=MD5", "algorithm=NONE", CRED_BAD},
			{"Digest ", "Basic ", CRED_BROKEN},
			{"Digest ", "DigestX ", CRED_BROKEN},
			{"Digest ", "", CRED_BROKEN},
			{"username=\"101\", ", "", CRED_BROKEN},
			{"username=\"101\"", "username=\"101", CRED_BROKEN},
			{"username=\"101\"", "username=\"1\x01\"", CRED_BROKEN},
			{"username=\"101\"",
			 "username=\"101\", username=\"101\"", CRED_BROKEN},
			{"realm=\"", "realm \"", CRED_BROKEN},
			{"realm=\"example.net\"", "realm=\"example.net\" x",
			 CRED_BROKEN},
			/* what is harmless */
			{"Digest ", "digest  ", CRED_GOOD},
			{"algorithm=MD5", "algorithm=\"md5\"", CRED_GOOD},
			{"algorithm=MD5, ", "", CRED_GOOD},
			{"qop=auth", "qop=\"auth\"", CRED_GOOD},
			{"realm=", "unheard=of, realm=", CRED_GOOD},
			{"username=", "username = ", CRED_GOOD},
			{", nonce=", "\r\n ,nonce=", CRED_GOOD},
			{"username=\"101\"", "username=\"1\\01\"", CRED_GOOD},
		};

		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			char c[CRED_CHALLENGE_MAX], a[CRED_ANSWER_MAX + 64];

			challenge(c, CRED_MD5, NOW);
			answer(a, c, 1);
			change(a, cases[i].what, cases[i].with);
			ck_assert_msg(check_at(a, NOW) == cases[i].verdict,
				      "%zu: %s", i, a);
		}
	}
END_TEST

START_TEST(method_password_and_user_count)
	{
		char c[CRED_CHALLENGE_MAX], a[CRED_ANSWER_MAX];
		const struct sockaddr *from = (struct sockaddr *)&phone;

		challenge(c, CRED_SHA256, NOW);
		answer(a, c, 1);
		ck_assert_int_eq(
			cred_check(cred, a, "INVITE", "secret", from, NOW),
			CRED_BAD);
		ck_assert_int_eq(
			cred_check(cred, a, "REGISTER", "Secret", from, NOW),
			CRED_BAD);
		ck_assert_int_eq(
			cred_check(cred, a, "REGISTER", NULL, from, NOW),
			CRED_BAD);
		/* "?" is what is hashed for an unknown user: it opens nothing
		 */
		ck_assert_int_eq(cred_answer(a, c, "REGISTER",
					     "sip:example.net", "nobody", "?",
					     1),
				 0);
		ck_assert_int_eq(
			cred_check(cred, a, "REGISTER", NULL, from, NOW),
			CRED_BAD);
		/* bad tries have used up nothing */
		answer(a, c, 1);
		ck_assert_int_eq(check_at(a, NOW), CRED_GOOD);
	}
END_TEST

START_TEST(a_nonce_is_bound_to_time_and_source)
	{
		char c[CRED_CHALLENGE_MAX], a[CRED_ANSWER_MAX];
		struct sockaddr_storage mapped;

		challenge(c, CRED_MD5, NOW);
		answer(a, c, 1);
		ck_assert_int_eq(cred_check(cred, a, "REGISTER", "secret",
					    (struct sockaddr *)&elsewhere, NOW),
				 CRED_STALE);
		ck_assert_int_eq(check_at(a, NOW + LIFE_MS + 1), CRED_STALE);
		ck_assert_int_eq(check_at(a, NOW - 1), CRED_STALE);
		/* another port of the host, and its IPv4-mapped form, are the
		 * host */
		ck_assert_int_eq(
			address_parse(&mapped, "::ffff:192.168.1.20", 9), 0);
		ck_assert_int_eq(cred_check(cred, a, "REGISTER", "secret",
					    (struct sockaddr *)&mapped,
					    NOW + LIFE_MS),
				 CRED_GOOD);
		/* a nonce that nobody made */
		ck_assert_int_eq(
			cred_answer(
				a,
				"Digest realm=\"example.net\", nonce=\"x\", "
				"qop=\"auth\"",
				"REGISTER", "sip:example.net", "101", "secret",
				1),
			0);
		ck_assert_int_eq(check_at(a, NOW), CRED_STALE);
		/* and one of another program with its own key */
		challenge(c, CRED_MD5, NOW);
		answer(a, c, 1);
		teardown();
		setup();
		ck_assert_int_eq(check_at(a, NOW), CRED_STALE);
	}
END_TEST

START_TEST(every_bit_of_a_nonce_counts)
	{
		char c[CRED_CHALLENGE_MAX], a[CRED_ANSWER_MAX];
		char *nonce;

		for (unsigned i = 0; i < CRED_NONCE_LEN; i++) {
			challenge(c, CRED_MD5, NOW);
			nonce = strstr(c, "nonce=\"") + 7;
			nonce[i] = nonce[i] == 'A' ? 'B' : 'A';
			answer(a, c, 1);
			ck_assert_int_eq(check_at(a, NOW), CRED_STALE);
		}
	}
END_TEST

START_TEST(counts_come_out_of_order_but_once)
	{
		static const struct {
			unsigned nc;
			bool good;
		} steps[] = {
			{5, true},	     {5, false},
			{3, true},	     {3, false},
			{4, true},	     {70, true},
			{6, false},	     {7, true},
			{69, true},	     {69, false},
			{200, true},	     {136, false},
			{137, true},	     {137, false},
			{70, false},	     {0xffffffff, true},
			{0xffffffff, false}, {0xfffffff0, true},
		};
		char c[CRED_CHALLENGE_MAX], a[CRED_ANSWER_MAX];

		challenge(c, CRED_MD5, NOW);
		for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
			answer(a, c, steps[i].nc);
			ck_assert_msg(check_at(a, NOW) ==
					      (steps[i].good ? CRED_GOOD
							     : CRED_STALE),
				      "step %zu", i);
		}
	}
END_TEST

START_TEST(a_client_without_qop_uses_a_nonce_once)
	{
		char c[CRED_CHALLENGE_MAX], a[CRED_ANSWER_MAX];

		challenge(c, CRED_MD5, NOW);
		change(c, ", qop=\"auth\"", "");
		answer(a, c, 1);
		ck_assert_ptr_null(strstr(a, "nc="));
		ck_assert_ptr_null(strstr(a, "cnonce"));
		ck_assert_int_eq(check_at(a, NOW), CRED_GOOD);
		ck_assert_int_eq(check_at(a, NOW), CRED_STALE);
	}
END_TEST

/* 10,000 phones: the table displaces, yet nothing seen is taken again. */
START_TEST(displaced_nonces_cannot_be_replayed)
	{
		char c[CRED_CHALLENGE_MAX], a[CRED_ANSWER_MAX],
			early[CRED_ANSWER_MAX];

		challenge(c, CRED_MD5, NOW);
		answer(early, c, 1);
		ck_assert_int_eq(check_at(early, NOW), CRED_GOOD);
		for (unsigned i = 1; i <= 10000; i++) {
			challenge(c, CRED_MD5, NOW + i);
			answer(a, c, 1);
			ck_assert_int_eq(check_at(a, NOW + i), CRED_GOOD);
			if (i % 1000 == 0)
				ck_assert_int_eq(check_at(a, NOW + i),
						 CRED_STALE);
		}
		ck_assert_int_eq(check_at(early, NOW + 10000), CRED_STALE);
	}
END_TEST

START_TEST(challenges_are_well_formed)
	{
		char c[CRED_CHALLENGE_MAX];
		struct cred *other;
		char realm[140];

		challenge(c, CRED_SHA256, NOW);
		ck_assert_int_eq(
			strncmp(c, "Digest realm=\"example.net\", nonce=\"",
				35),
			0);
		ck_assert_ptr_nonnull(
			strstr(c, "\", algorithm=SHA-256, qop=\"auth\""));
		ck_assert(!cred_challenge_is_stale(c));
		ck_assert_int_eq(cred_challenge(cred, CRED_MD5,
						(struct sockaddr *)&phone, NOW,
						true, c),
				 0);
		ck_assert(cred_challenge_is_stale(c));
		ck_assert_int_eq(cred_new(&other, "a\"b", 1), -EINVAL);
		ck_assert_int_eq(cred_new(&other, "a\r\nb", 1), -EINVAL);
		memset(realm, 'x', sizeof realm);
		realm[129] = '\0';
		ck_assert_int_eq(cred_new(&other, realm, 1), -EINVAL);
		realm[128] = '\0';
		ck_assert_int_eq(cred_new(&other, realm, 1), 0);
		cred_free(other);
		cred_free(NULL);
	}
END_TEST

START_TEST(the_strongest_challenge_is_known)
	{
		static const struct {
			const char *challenge;
			int rank;
		} cases[] = {
			{"Digest realm=\"r\", nonce=\"n\"", 0},
			{"Digest realm=\"r\", nonce=\"n\", algorithm=md5, "
			 "qop=\"auth\"",
			 0},
			{"Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess",
			 1},
			{"Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, "
			 "qop=\"auth,auth-int\"",
			 2},
			{"Digest realm=\"r\", nonce=\"n\", "
			 "algorithm=SHA-512-256",
			 4},
			{"Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"",
			 -1},
			{"Digest realm=\"r\", nonce=\"n\", qop=\"\"", -1},
			{"Digest realm=\"r\", nonce=\"n\", algorithm=AKAv1-MD5",
			 -1},
			{"Digest realm=\"r\"", -1},
			{"Digest nonce=\"n\"", -1},
			{"Basic realm=\"r\"", -1},
			{"", -1},
		};

		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
			ck_assert_int_eq(
				cred_challenge_rank(cases[i].challenge),
				cases[i].rank);
	}
END_TEST

START_TEST(an_answer_holds_what_was_asked)
	{
		char a[CRED_ANSWER_MAX];

		ck_assert_int_eq(
			cred_answer(a,
				    "Digest realm=\"r\\\"x\", nonce=\"n\", "
				    "opaque=\"o\", algorithm=SHA-256-sess, "
				    "qop=\"auth-int, auth\"",
				    "INVITE", "sip:1@h", "a\"b\\c", "p", 255),
			0);
		ck_assert_ptr_nonnull(strstr(a, "username=\"a\\\"b\\\\c\""));
		ck_assert_ptr_nonnull(strstr(a, "realm=\"r\\\"x\""));
		ck_assert_ptr_nonnull(strstr(a, "opaque=\"o\""));
		ck_assert_ptr_nonnull(strstr(a, "algorithm=SHA-256-sess"));
		ck_assert_ptr_nonnull(strstr(a, "qop=auth, nc=000000ff"));
		ck_assert_ptr_nonnull(strstr(a, "cnonce=\""));
		ck_assert_int_eq(
			cred_answer(
				a,
				"Digest realm=\"r\", nonce=\"n\", opaque=\"\"",
				"INVITE", "sip:1@h", "u", "p", 1),
			0);
		ck_assert_ptr_nonnull(strstr(a, "opaque=\"\""));
		ck_assert_ptr_null(strstr(a, "algorithm"));
		ck_assert_ptr_null(strstr(a, "qop"));
	}
END_TEST

START_TEST(nothing_can_be_smuggled_into_an_answer)
	{
		static const char ask[] = "Digest realm=\"r\", nonce=\"n\"";
		char a[CRED_ANSWER_MAX], long_user[1100];

		ck_assert_int_eq(cred_answer(a, ask, "INVITE",
					     "sip:1@h\r\nX: y", "u", "p", 1),
				 -EPROTO);
		ck_assert_int_eq(cred_answer(a, ask, "INVITE",
					     "sip:1@h\", x=\"", "u", "p", 1),
				 -EPROTO);
		ck_assert_int_eq(
			cred_answer(a, ask, "INVITE", "sip:1@h", "u\n", "p", 1),
			-EPROTO);
		ck_assert_int_eq(
			cred_answer(a, ask, "INVITE", "sip:1@h", "u", "p\r", 1),
			-EPROTO);
		ck_assert_int_eq(cred_answer(a,
					     "Digest realm=\"r\r\nX: y\", "
					     "nonce=\"n\"",
					     "INVITE", "sip:1@h", "u", "p", 1),
				 -EPROTO);
		ck_assert_int_eq(cred_answer(a, "Digest realm=r\tx, nonce=n",
					     "INVITE", "sip:1@h", "u", "p", 1),
				 -EPROTO);
		/* a backslash outside quotes would eat the quote we add */
		ck_assert_int_eq(cred_answer(a, "Digest realm=r\\, nonce=n",
					     "INVITE", "sip:1@h", "u", "p", 1),
				 -EPROTO);
		memset(long_user, 'u', sizeof long_user);
		long_user[1099] = '\0';
		ck_assert_int_eq(cred_answer(a, ask, "INVITE", "sip:1@h",
					     long_user, "p", 1),
				 -EMSGSIZE);
	}
END_TEST

START_TEST(user_names_are_bounded)
	{
		char user[8];

		ck_assert_int_eq(
			cred_username("Digest username=\"1234567\"", user, 8),
			0);
		ck_assert_int_eq(
			cred_username("Digest username=\"12345678\"", user, 8),
			-EMSGSIZE);
		ck_assert_int_eq(cred_username("Digest username=\"\"", user, 8),
				 -EPROTO);
		ck_assert_int_eq(cred_username("Digest realm=\"x\"", user, 8),
				 -EPROTO);
		ck_assert_int_eq(cred_username("nonsense", user, 8), -EPROTO);
	}
END_TEST

static Suite *cred_suite(void)
{
	Suite *suite = suite_create("cred");
	TCase *tcase = tcase_create("cred");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, digests_are_those_of_the_rfcs, 0,
			    sizeof vectors / sizeof *vectors);
	tcase_add_test(tcase, a_right_answer_is_good_once);
	tcase_add_test(tcase, wrong_answers_are_bad);
	tcase_add_test(tcase, method_password_and_user_count);
	tcase_add_test(tcase, a_nonce_is_bound_to_time_and_source);
	tcase_add_test(tcase, every_bit_of_a_nonce_counts);
	tcase_add_test(tcase, counts_come_out_of_order_but_once);
	tcase_add_test(tcase, a_client_without_qop_uses_a_nonce_once);
	tcase_add_test(tcase, displaced_nonces_cannot_be_replayed);
	tcase_add_test(tcase, challenges_are_well_formed);
	tcase_add_test(tcase, the_strongest_challenge_is_known);
	tcase_add_test(tcase, an_answer_holds_what_was_asked);
	tcase_add_test(tcase, nothing_can_be_smuggled_into_an_answer);
	tcase_add_test(tcase, user_names_are_bounded);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(cred_suite())
