/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registrar, asked over real UDP by a phone that is a text client. */
#include "config.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sbc/register/registrar.h"
#include "sbc/store/store.h"
#include "tests/check_main.h"
#include "tests/fakes/digest.h"
#include "tests/fakes/text.h"
#include "tests/house.h"

static struct house house;

struct phone {
	int fd;
	const char *transport; /* "UDP" or "TCP" */
	struct sockaddr_in at;
	unsigned cseq, branch;
	char call_id[64];
	char nonce[512];	    /* the challenge it answers */
	struct text_message answer; /* the last that came */
	bool answered;
	struct text_message asked; /* a request that came to it */
	bool was_asked;
};

static struct phone phone;

/* --- the phone --- */

static void phone_open_as(struct phone *p, bool tcp)
{
	socklen_t len = sizeof(p->at);

	memset(p, 0, sizeof(*p));
	p->transport = tcp ? "TCP" : "UDP";
	p->fd = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
	p->at.sin_family = AF_INET;
	p->at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(p->fd, (struct sockaddr *)&p->at, len), 0);
	ck_assert_int_eq(getsockname(p->fd, (struct sockaddr *)&p->at, &len),
			 0);
	if (tcp)
		ck_assert_int_eq(connect(p->fd, (struct sockaddr *)&house.at,
					 sizeof(struct sockaddr_in)),
				 0);
	ck_assert_int_eq(fcntl(p->fd, F_SETFL, O_NONBLOCK), 0);
	snprintf(p->call_id, sizeof(p->call_id), "id-%u",
		 (unsigned)ntohs(p->at.sin_port));
}

static void phone_open(struct phone *p)
{
	phone_open_as(p, false);
}

static void phone_close(struct phone *p)
{
	text_free(&p->answer);
	text_free(&p->asked);
	close(p->fd);
}

static void take(struct phone *p)
{
	char data[8192];
	struct text_message message;
	ssize_t len = recv(p->fd, data, sizeof(data), 0);

	if (len <= 0 || text_read(&message, data, (size_t)len))
		return;
	if (message.request) {
		text_free(&p->asked);
		p->asked = message;
		p->was_asked = true;
		return;
	}
	text_free(&p->answer);
	p->answer = message;
	p->answered = message.status >= 200;
}

static bool has_answer(void *user)
{
	take(user);
	return ((struct phone *)user)->answered;
}

static bool has_request(void *user)
{
	take(user);
	return ((struct phone *)user)->was_asked;
}

static void phone_send(struct phone *p, const char *data, size_t len)
{
	p->answered = false;
	ck_assert_int_eq(sendto(p->fd, data, len, 0,
				(struct sockaddr *)&house.at,
				sizeof(struct sockaddr_in)),
			 (ssize_t)len);
}

static int phone_wait(struct phone *p)
{
	ck_assert_msg(house_run(&house, has_answer, p, 3000), "no answer");
	return p->answer.status;
}

/* One request of `method` for `user`; credentials may be "". */
static int ask_once(struct phone *p, const char *method, const char *user,
		    const char *credentials, const char *more)
{
	struct text text;

	text_begin(&text);
	text_add(&text,
		 "%s sip:sallyport SIP/2.0\r\n"
		 "Via: SIP/2.0/%s 127.0.0.1:%u;rport;branch=z9hG4bK%u-%u\r\n"
		 "Max-Forwards: 70\r\n"
		 "From: <sip:%s@sallyport>;tag=f\r\n"
		 "To: <sip:%s@sallyport>\r\n"
		 "Call-ID: %s\r\n"
		 "CSeq: %u %s\r\n"
		 "%s%s"
		 "Content-Length: 0\r\n\r\n",
		 method, p->transport, ntohs(p->at.sin_port),
		 ntohs(p->at.sin_port), ++p->branch, user, user, p->call_id,
		 ++p->cseq, method, credentials, more);
	phone_send(p, text.data, text.len);
	return phone_wait(p);
}

static void answer_line(struct phone *p, char *out, size_t size, unsigned which,
			const char *method, const char *as,
			const char *password)
{
	bool proxy = p->answer.status == 407;
	char value[1024];

	ck_assert(text_header(&p->answer,
			      proxy ? "Proxy-Authenticate" : "WWW-Authenticate",
			      which, p->nonce, sizeof(p->nonce)));
	digest_answer(value, sizeof(value), p->nonce, method, "sip:sallyport",
		      as, password);
	snprintf(out, size, "%s: %s\r\n",
		 proxy ? "Proxy-Authorization" : "Authorization", value);
}

/* As a phone does it: once without credentials, once with. which: 0 answers
 * SHA-256, 1 MD5. */
static int ask(struct phone *p, const char *user, const char *as,
	       const char *password, unsigned which, const char *more)
{
	char line[1200];

	ck_assert_int_eq(ask_once(p, "REGISTER", user, "", more), 401);
	answer_line(p, line, sizeof(line), which, "REGISTER", as, password);
	return ask_once(p, "REGISTER", user, line, more);
}

static int asks(struct phone *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* 101 with its right password. */
static int asks(struct phone *p, const char *format, ...)
{
	char more[2048];
	va_list ap;

	va_start(ap, format);
	vsnprintf(more, sizeof(more), format, ap);
	va_end(ap);
	return ask(p, "101", "101", "secret-1", p->cseq / 2 % 2, more);
}

static unsigned held(const char *user)
{
	const struct registrar_binding *found[8];

	return registrar_find(house.agent.registrar, user, found, 8);
}

static const struct registrar_binding *newest(const char *user)
{
	const struct registrar_binding *found[8];

	ck_assert_uint_gt(registrar_find(house.agent.registrar, user, found, 8),
			  0);
	return found[0];
}

static void begin(void)
{
	house_build(&house);
	ck_assert_int_eq(registrar_new(&house.agent.registrar, &house.agent),
			 0);
	phone_open(&phone);
}

static void end(void)
{
	phone_close(&phone);
	registrar_free(house.agent.registrar);
	house_pull_down(&house);
}

/* --- who may --- */

START_TEST(the_challenge_offers_sha256_first_then_md5)
	{
		char value[512];

		ck_assert_int_eq(ask_once(&phone, "REGISTER", "101", "", ""),
				 401);
		ck_assert(text_header(&phone.answer, "WWW-Authenticate", 0,
				      value, sizeof(value)));
		ck_assert(digest_is_sha256(value));
		ck_assert(text_header(&phone.answer, "WWW-Authenticate", 1,
				      value, sizeof(value)));
		ck_assert(!digest_is_sha256(value));
		ck_assert_ptr_nonnull(strstr(value, "MD5"));
		ck_assert(!text_header(&phone.answer, "WWW-Authenticate", 2,
				       value, sizeof(value)));
		ck_assert(!text_contains(&phone.answer, "Server:"));
		ck_assert(!text_contains(&phone.answer, "User-Agent:"));
	}
END_TEST

START_TEST(one_algorithm_alone_is_offered_if_policy_says_so)
	{
		char value[512];

		house.policy.phones.digest =
			_i ? POLICY_DIGEST_SHA256 : POLICY_DIGEST_MD5;
		ck_assert_int_eq(ask_once(&phone, "REGISTER", "101", "", ""),
				 401);
		ck_assert(text_header(&phone.answer, "WWW-Authenticate", 0,
				      value, sizeof(value)));
		ck_assert_int_eq(digest_is_sha256(value), _i);
		ck_assert(!text_header(&phone.answer, "WWW-Authenticate", 1,
				       value, sizeof(value)));
	}
END_TEST

START_TEST(without_phones_in_the_policy_nobody_is_asked)
	{
		struct cred *cred = house.agent.cred;

		/* a reload may bring phones while there is no realm yet */
		house.agent.cred = NULL;
		ck_assert_int_eq(ask_once(&phone, "REGISTER", "101", "", ""),
				 403);
		house.agent.cred = cred;
	}
END_TEST

START_TEST(both_algorithms_let_a_phone_in)
	{
		for (unsigned which = 0; which < 2; which++) {
			ck_assert_int_eq(
				ask(&phone, "101", "101", "secret-1", which,
				    "Contact: <sip:101@127.0.0.1:5062>\r\n"),
				200);
			ck_assert_uint_eq(held("101"), 1);
		}
		ck_assert_uint_eq(
			house_said(&house, "event=registered", "user=101"), 1);
	}
END_TEST

/* What differs between two answers of their own accord is made equal. */
static void blank(char *text, const char *name)
{
	for (char *at = text; (at = strstr(at, name));) {
		at += strlen(name);
		for (; *at && !strchr("\";\r", *at); at++)
			*at = '#';
	}
}

static char *blanked(const struct text_message *answer)
{
	char *text = strdup(answer->raw);

	blank(text, "nonce=\"");
	blank(text, ";tag=");
	blank(text, "branch=");
	blank(text, "CSeq: ");
	return text;
}

START_TEST(an_unknown_user_and_a_wrong_password_meet_the_same_answer)
	{
		const char *more = "Contact: <sip:x@127.0.0.1:5062>\r\n";
		char line[1200];

		for (unsigned which = 0; which < 2; which++) {
			ck_assert_int_eq(
				ask(&phone, "101", "101", "wrong", which, more),
				401);
			char *wrong = blanked(&phone.answer);
			ask_once(&phone, "REGISTER", "101", "", more);
			answer_line(&phone, line, sizeof(line), which,
				    "REGISTER", "nobody", "secret-1");
			ck_assert_int_eq(
				ask_once(&phone, "REGISTER", "101", line, more),
				401);
			char *unknown = blanked(&phone.answer);
			ck_assert_str_eq(wrong, unknown);
			free(wrong);
			free(unknown);
		}
		ck_assert_uint_eq(held("101"), 0);
		ck_assert_uint_eq(house_said(&house, "event=register-refused",
					     "status=401"),
				  4);
	}
END_TEST

START_TEST(refusals_make_a_few_lines_a_second_only)
	{
		for (unsigned i = 0; i < 40; i++)
			ck_assert_int_eq(
				ask(&phone, "101", "101", "wrong", 0, ""), 401);
		ck_assert_uint_ge(
			house_said(&house, "event=register-refused", NULL), 5);
		ck_assert_uint_le(
			house_said(&house, "event=register-refused", NULL), 30);
	}
END_TEST

START_TEST(a_replayed_answer_is_asked_for_anew_as_stale)
	{
		const char *more = "Contact: <sip:101@127.0.0.1:5062>\r\n";
		char line[1200], value[512];

		ask_once(&phone, "REGISTER", "101", "", more);
		answer_line(&phone, line, sizeof(line), 0, "REGISTER", "101",
			    "secret-1");
		ck_assert_int_eq(
			ask_once(&phone, "REGISTER", "101", line, more), 200);
		ck_assert_int_eq(
			ask_once(&phone, "REGISTER", "101", line, more), 401);
		ck_assert(text_header(&phone.answer, "WWW-Authenticate", 0,
				      value, sizeof(value)));
		ck_assert_ptr_nonnull(strstr(value, "stale=true"));
	}
END_TEST

START_TEST(nobody_registers_another_s_address)
	{
		ck_assert_int_eq(ask(&phone, "102", "101", "secret-1", 0,
				     "Contact: <sip:1@127.0.0.1:5062>\r\n"),
				 403);
		ck_assert_int_eq(
			ask(&phone, "unknown", "101", "secret-1", 0, ""), 403);
		ck_assert_uint_eq(registrar_count(house.agent.registrar), 0);
	}
END_TEST

START_TEST(credentials_of_another_realm_do_not_hide_ours)
	{
		char line[2400], mine[1200];

		ask_once(&phone, "REGISTER", "101", "", "");
		answer_line(&phone, mine, sizeof(mine), 0, "REGISTER", "101",
			    "secret-1");
		snprintf(line, sizeof(line),
			 "Authorization: Digest username=\"x\", "
			 "realm=\"other\", "
			 "nonce=\"1\", uri=\"sip:x\", response=\"0\"\r\n%s",
			 mine);
		ck_assert_int_eq(ask_once(&phone, "REGISTER", "101", line, ""),
				 200);
	}
END_TEST

START_TEST(a_call_is_challenged_with_407_and_its_user_is_told)
	{
		char line[1200];

		house.authenticate_only = true;
		ck_assert_int_eq(ask_once(&phone, "MESSAGE", "101", "", ""),
				 407);
		ck_assert_ptr_null(house.caller);
		answer_line(&phone, line, sizeof(line), 0, "MESSAGE", "101",
			    "wrong");
		ck_assert_int_eq(ask_once(&phone, "MESSAGE", "101", line, ""),
				 407);
		ck_assert_ptr_null(house.caller);
		answer_line(&phone, line, sizeof(line), 1, "MESSAGE", "101",
			    "secret-1");
		ck_assert_int_eq(ask_once(&phone, "MESSAGE", "101", line, ""),
				 200);
		ck_assert_ptr_nonnull(house.caller);
		ck_assert_str_eq(house.caller->user, "101");
	}
END_TEST

/* --- what is bound --- */

static const struct {
	const char *more;
	int status;
	unsigned held;	    /* afterwards; 1 stands before */
	const char *answer; /* must be in it */
} table[] = {
	{"", 200, 1, ";expires="},
	{"Contact: <sip:101@127.0.0.1:7000>\r\n", 200, 2, "expires=600"},
	{"Contact: <sip:101@127.0.0.1:7000>;expires=120\r\nExpires: 90\r\n",
	 200, 2, "expires=120"},
	{"Contact: <sip:101@127.0.0.1:7000>\r\nExpires: 90\r\n", 200, 2,
	 "expires=90"},
	{"Contact: <sip:101@127.0.0.1:7000>;expires=99999\r\n", 200, 2,
	 "expires=3600"},
	{"Contact: <sip:101@127.0.0.1:7000>;expires=99999999999999\r\n", 200, 2,
	 "expires=3600"},
	{"Contact: <sip:101@127.0.0.1:7000>\r\nExpires: 4294967296\r\n", 200, 2,
	 "expires=3600"},
	{"Contact: <sip:101@127.0.0.1:7000>;expires=soon\r\n", 200, 2,
	 "expires=3600"},
	{"Contact: <sip:101@127.0.0.1:7000>;expires=59\r\n", 423, 1,
	 "Min-Expires: 60"},
	{"Contact: <sip:101@127.0.0.1:7000>\r\nExpires: 1\r\n", 423, 1,
	 "Min-Expires: 60"},
	{"Contact: <sip:101@127.0.0.1:7000>, <sip:101@127.0.0.1:7001>\r\n", 200,
	 3, "7001"},
	{"Contact: <sip:101@127.0.0.1:7000>, <sip:1@127.0.0.1:7001>,"
	 " <sip:1@127.0.0.1:7002>, <sip:1@127.0.0.1:7003>\r\n",
	 403, 1, NULL},
	/* full: the oldest makes room */
	{"Contact: <sip:101@127.0.0.1:7000>, <sip:1@127.0.0.1:7001>,"
	 " <sip:1@127.0.0.1:7002>\r\n",
	 200, 3, NULL},
	/* one bad Contact spoils all of them */
	{"Contact: <sip:101@127.0.0.1:7000>, <mailto:x@example.org>\r\n", 400,
	 1, NULL},
	{"Contact: <tel:+441234>\r\n", 400, 1, NULL},
	{"Contact: <sip:101@127.0.0.1:7000>, <sip:1@127.0.0.1:7001>;expires=5"
	 "\r\n",
	 423, 1, NULL},
	{"Contact: *\r\nExpires: 0\r\n", 200, 0, NULL},
	{"Contact: *\r\n", 400, 1, NULL},
	{"Contact: *\r\nExpires: 60\r\n", 400, 1, NULL},
	{"Contact: *, <sip:1@127.0.0.1:7001>\r\nExpires: 0\r\n", 400, 1, NULL},
	{"Contact: <sip:1@127.0.0.1:7001>, *\r\nExpires: 0\r\n", 400, 1, NULL},
	{"Contact: <sip:101@127.0.0.1:6000>;expires=0\r\n", 200, 0, NULL},
	{"Contact: <sip:101@127.0.0.1:6000>\r\nExpires: 0\r\n", 200, 0, NULL},
	{"Contact: <sip:nobody@127.0.0.1:6000>;expires=0\r\n", 200, 1, NULL},
	{"Contact: <sip:1@127.0.0.1:7000?Subject=x>\r\n", 200, 2, ":7000>"},
};

START_TEST(a_request_changes_just_what_it_says)
	{
		asks(&phone, "Contact: <sip:101@127.0.0.1:6000>\r\n");
		ck_assert_uint_eq(held("101"), 1);
		ck_assert_int_eq(asks(&phone, "%s", table[_i].more),
				 table[_i].status);
		ck_assert_uint_eq(held("101"), table[_i].held);
		if (table[_i].answer)
			ck_assert_msg(
				text_contains(&phone.answer, table[_i].answer),
				"%s", phone.answer.raw);
	}
END_TEST

START_TEST(a_contact_that_is_too_long_is_refused)
	{
		char more[600];
		size_t len =
			(size_t)snprintf(more, sizeof(more), "Contact: <sip:");

		memset(more + len, 'a', 300);
		strcpy(more + len + 300, "@127.0.0.1>\r\n");
		ck_assert_int_eq(asks(&phone, "%s", more), 400);
		ck_assert_uint_eq(held("101"), 0);
	}
END_TEST

START_TEST(the_newest_comes_first)
	{
		asks(&phone, "Contact: <sip:1@127.0.0.1:7000>\r\n");
		asks(&phone, "Contact: <sip:1@127.0.0.1:7001>\r\n");
		ck_assert_str_eq(newest("101")->contact,
				 "sip:1@127.0.0.1:7001");
		asks(&phone, "Contact: <sip:1@127.0.0.1:7000>\r\n");
		ck_assert_str_eq(newest("101")->contact,
				 "sip:1@127.0.0.1:7000");
		ck_assert_uint_eq(held("101"), 2);
	}
END_TEST

START_TEST(a_full_user_loses_the_oldest)
	{
		for (unsigned i = 0; i < 5; i++)
			ck_assert_int_eq(
				asks(&phone,
				     "Contact: <sip:1@127.0.0.1:%u>\r\n",
				     7000 + i),
				200);
		ck_assert_uint_eq(held("101"), 3);
		ck_assert(!text_contains(&phone.answer, ":7000"));
		ck_assert(!text_contains(&phone.answer, ":7001"));
		ck_assert(text_contains(&phone.answer, ":7002"));
		ck_assert_uint_eq(house_said(&house, "event=unregistered",
					     "max_contacts"),
				  2);
	}
END_TEST

START_TEST(a_phone_that_restarted_takes_its_own_place)
	{
		const char *instance = ";+sip.instance=\"<urn:uuid:1-2-3>\"";

		asks(&phone, "Contact: <sip:1@127.0.0.1:7000>%s\r\n", instance);
		asks(&phone, "Contact: <sip:1@127.0.0.1:7009>%s\r\n", instance);
		ck_assert_uint_eq(held("101"), 1);
		ck_assert_str_eq(newest("101")->contact,
				 "sip:1@127.0.0.1:7009");
	}
END_TEST

START_TEST(an_older_request_does_not_undo_a_newer)
	{
		asks(&phone, "Contact: <sip:1@127.0.0.1:7000>\r\n");
		phone.cseq -= 2;
		ck_assert_int_eq(
			asks(&phone,
			     "Contact: <sip:1@127.0.0.1:7000>;expires=0\r\n"),
			500);
		ck_assert_uint_eq(held("101"), 1);
		phone.cseq -= 2;
		ck_assert_int_eq(asks(&phone, "Contact: *\r\nExpires: 0\r\n"),
				 500);
		ck_assert_uint_eq(held("101"), 1);
		/* another Call-ID begins anew */
		strcpy(phone.call_id, "another");
		phone.cseq = 0;
		ck_assert_int_eq(
			asks(&phone,
			     "Contact: <sip:1@127.0.0.1:7000>;expires=0\r\n"),
			200);
		ck_assert_uint_eq(held("101"), 0);
	}
END_TEST

/* --- where it is --- */

START_TEST(where_a_phone_stands_is_told_by_its_packets)
	{
		static const struct {
			const char *source, *contact;
			bool nat, stun;
		} cases[] = {
			{"127.0.0.9:5060", "127.0.0.9:5060", false, false},
			{"127.0.0.9:5060", "127.0.0.9", false, false},
			{"127.0.0.9:5060", "127.0.0.9:5070", true, false},
			{"203.0.113.9:40000", "192.168.1.20:5060", true, false},
			{"203.0.113.9:40000", "phone.example.org", true, false},
			/* on our subnet, yet it shows an address of the
			   Internet */
			{"127.0.0.9:5060", "203.0.113.77:5060", true, true},
			/* outside: the NAT's address by STUN, with another port
			 */
			{"203.0.113.9:40000", "203.0.113.9:40001", true, false},
		};

		for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			address_parse(&house.source, cases[i].source, 5060);
			ck_assert_int_eq(asks(&phone, "Contact: <sip:1@%s>\r\n",
					      cases[i].contact),
					 200);
			const struct registrar_binding *b = newest("101");
			ck_assert(address_equal(
				(struct sockaddr *)&b->source,
				(struct sockaddr *)&house.source));
			ck_assert_int_eq(b->behind_nat, cases[i].nat);
			ck_assert_int_eq(b->stun, cases[i].stun);
		}
		ck_assert_uint_ge(house_said(&house, "nat=yes", "stun=yes"), 1);
	}
END_TEST

START_TEST(the_answer_goes_where_the_request_came_from)
	{
		struct text text;

		/* Via names a place where nobody is */
		text_begin(&text);
		text_add(&text,
			 "REGISTER sip:sallyport SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP "
			 "192.0.2.77:9;rport;branch=z9hG4bKx\r\n"
			 "From: <sip:101@x>;tag=f\r\nTo: <sip:101@x>\r\n"
			 "Call-ID: via\r\nCSeq: 1 REGISTER\r\n"
			 "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
		phone_send(&phone, text.data, text.len);
		ck_assert_int_eq(phone_wait(&phone), 401);
		ck_assert(text_contains(&phone.answer, "received=127.0.0.1"));
	}
END_TEST

static void phone_pong(struct phone *p)
{
	static const char *const names[] = {"Via", "From", "To", "Call-ID",
					    "CSeq"};
	char value[256];
	struct text text;

	text_begin(&text);
	text_add(&text, "SIP/2.0 200 OK\r\n");
	for (unsigned n = 0; n < 5; n++) {
		ck_assert(text_header(&p->asked, names[n], 0, value,
				      sizeof(value)));
		text_add(&text, "%s: %s%s\r\n", names[n], value,
			 n == 2 ? ";tag=p" : "");
	}
	text_add(&text, "Content-Length: 0\r\n\r\n");
	phone_send(p, text.data, text.len);
}

START_TEST(a_phone_behind_a_nat_is_kept_reachable)
	{
		house.policy.phones.keepalive_ms = 100;
		asks(&phone, "Contact: <sip:1@192.168.1.20:5060>\r\n");
		ck_assert(newest("101")->behind_nat);
		for (unsigned i = 0; i < 3; i++) {
			phone.was_asked = false;
			ck_assert(house_run(&house, has_request, &phone, 2000));
			ck_assert_str_eq(phone.asked.method, "OPTIONS");
			ck_assert_str_eq(phone.asked.uri,
					 "sip:1@192.168.1.20:5060");
			ck_assert(!text_contains(&phone.asked, "User-Agent"));
			phone_pong(&phone);
		}
	}
END_TEST

START_TEST(a_phone_on_tcp_is_reached_on_its_own_connection)
	{
		struct phone tcp;

		house.policy.phones.keepalive_ms = 100;
		phone_open_as(&tcp, true);
		asks(&tcp, "Contact: <sip:1@127.0.0.1:5060;transport=tcp>\r\n");
		const struct registrar_binding *b = newest("101");
		ck_assert_int_eq(b->transport, POLICY_TCP);
		ck_assert(!b->behind_nat);
		ck_assert_uint_eq(
			address_port((const struct sockaddr *)&b->source),
			ntohs(tcp.at.sin_port));
		for (unsigned i = 0; i < 3; i++) {
			tcp.was_asked = false;
			ck_assert(house_run(&house, has_request, &tcp, 2000));
			ck_assert_str_eq(tcp.asked.method, "OPTIONS");
			phone_pong(&tcp);
		}
		phone_close(&tcp);
		/* gone: pings fail, the binding waits for its end */
		house_run(&house, NULL, NULL, 300);
		ck_assert_uint_eq(held("101"), 1);
	}
END_TEST

START_TEST(a_phone_without_a_nat_is_left_in_peace)
	{
		house.policy.phones.keepalive_ms = 20;
		asks(&phone, "Contact: <sip:1@127.0.0.1:%u>\r\n",
		     ntohs(phone.at.sin_port));
		ck_assert(!newest("101")->behind_nat);
		ck_assert(!house_run(&house, has_request, &phone, 200));
	}
END_TEST

/* --- time and restart --- */

static bool nothing_held(void *user)
{
	(void)user;
	return registrar_count(house.agent.registrar) == 0;
}

START_TEST(a_binding_that_is_not_refreshed_expires)
	{
		house.policy.phones.expires_min_s = 1;
		asks(&phone, "Contact: <sip:1@127.0.0.1:7000>;expires=1,"
			     " <sip:1@127.0.0.1:7001>;expires=2\r\n");
		ck_assert_uint_eq(held("101"), 2);
		ck_assert(house_run(&house, nothing_held, NULL, 4000));
		ck_assert_uint_eq(
			house_said(&house, "event=expired", "user=101"), 2);
	}
END_TEST

START_TEST(bindings_survive_a_restart)
	{
		char path[64] = "/tmp/check-registrar-XXXXXX", why[256],
		     rm[128];

		close(mkstemp(path));
		unlink(path);
		ck_assert_int_eq(
			store_open(&house.agent.store, path, why, sizeof(why)),
			0);
		asks(&phone,
		     "Contact: <sip:1@192.168.1.9:5060>;expires=300;"
		     "+sip.instance=\"<urn:x>\"\r\nUser-Agent: Desk\r\n");
		asks(&phone, "Contact: <sip:1@127.0.0.1:7001>\r\n");
		asks(&phone, "Contact: <sip:1@127.0.0.1:7001>;expires=0\r\n");
		registrar_free(house.agent.registrar);
		store_close(house.agent.store);

		ck_assert_int_eq(
			store_open(&house.agent.store, path, why, sizeof(why)),
			0);
		ck_assert_int_eq(
			registrar_new(&house.agent.registrar, &house.agent), 0);
		ck_assert_uint_eq(registrar_count(house.agent.registrar), 1);
		const struct registrar_binding *b = newest("101");
		ck_assert_str_eq(b->contact, "sip:1@192.168.1.9:5060");
		ck_assert_str_eq(b->user_agent, "Desk");
		ck_assert_str_eq(b->network_name, "lan");
		ck_assert(b->behind_nat);
		uint64_t now_ms = agent_now_ms();
		ck_assert_uint_gt(b->expires_ms, now_ms + 295000);
		ck_assert_uint_le(b->expires_ms, now_ms + 300000);
		/* the same phone: no second place */
		asks(&phone, "Contact: <sip:1@192.168.1.9:5099>;"
			     "+sip.instance=\"<urn:x>\"\r\n");
		ck_assert_uint_eq(held("101"), 1);

		/* a user who is gone does not come back */
		registrar_free(house.agent.registrar);
		store_close(house.agent.store);
		house.policy.phones.users = 0;
		ck_assert_int_eq(
			store_open(&house.agent.store, path, why, sizeof(why)),
			0);
		ck_assert_int_eq(
			registrar_new(&house.agent.registrar, &house.agent), 0);
		ck_assert_uint_eq(registrar_count(house.agent.registrar), 0);
		store_close(house.agent.store);
		house.agent.store = NULL;
		snprintf(rm, sizeof(rm), "rm -f %s*", path);
		ck_assert_int_eq(system(rm), 0);
	}
END_TEST

static char many_names[10000][12];
static struct policy_user many[10000];

/* `count` phones behind a NAT, all at the address of `phone`. */
static void restore_many(unsigned count)
{
	char path[64] = "/tmp/check-registrar-XXXXXX", why[256], rm[128];
	struct store_binding b = {.cseq = 1, .network = "lan"};

	close(mkstemp(path));
	unlink(path);
	ck_assert_int_eq(store_open(&house.agent.store, path, why, sizeof(why)),
			 0);
	memcpy(&b.source, &phone.at, sizeof(phone.at));
	b.expires_at = (int64_t)time(NULL) + 600;
	for (unsigned i = 0; i < count; i++) {
		snprintf(many_names[i], sizeof(many_names[i]), "%u", i);
		many[i] = (struct policy_user){many_names[i], "x", NULL, {0}};
		strcpy(b.user, many_names[i]);
		snprintf(b.contact, sizeof(b.contact), "sip:%u@10.0.0.1:5060",
			 i);
		store_put_binding(house.agent.store, &b);
	}
	store_close(house.agent.store);
	house.policy.phones.user = many;
	house.policy.phones.users = count;
	registrar_free(house.agent.registrar);
	ck_assert_int_eq(store_open(&house.agent.store, path, why, sizeof(why)),
			 0);
	ck_assert_int_eq(registrar_new(&house.agent.registrar, &house.agent),
			 0);
	store_close(house.agent.store);
	house.agent.store = NULL;
	snprintf(rm, sizeof(rm), "rm -f %s*", path);
	ck_assert_int_eq(system(rm), 0);
}

START_TEST(ten_thousand_phones_are_held)
	{
		const struct registrar_binding *it = NULL, *found;
		unsigned count = 0;

		restore_many(10000);
		ck_assert_uint_eq(registrar_count(house.agent.registrar),
				  10000);
		while ((it = registrar_next(house.agent.registrar, it)))
			count++;
		ck_assert_uint_eq(count, 10000);
		for (unsigned i = 0; i < 10000; i++) {
			ck_assert_uint_eq(registrar_find(house.agent.registrar,
							 many_names[i], &found,
							 1),
					  1);
			ck_assert_str_eq(found->user, many_names[i]);
		}
	}
END_TEST

START_TEST(keepalives_make_no_burst)
	{
		unsigned seen = 0, most = 0;

		house.policy.phones.keepalive_ms = 2000;
		restore_many(500);
		for (unsigned i = 0; i < 20; i++) {
			unsigned before = seen;
			uint64_t until_ms = agent_now_ms() + 100;
			while (agent_now_ms() < until_ms) {
				su_root_step(house.agent.root, 2);
				phone.was_asked = false;
				take(&phone);
				if (!phone.was_asked)
					continue;
				phone_pong(&phone);
				seen++;
			}
			if (seen - before > most)
				most = seen - before;
		}
		/* 25 a tenth of a second on average */
		ck_assert_uint_ge(seen, 300);
		ck_assert_uint_le(most, 100);
	}
END_TEST

/* --- bad input --- */

START_TEST(garbage_neither_harms_nor_binds)
	{
		static const char *const lines[] = {
			"Authorization: \r\n",
			"Authorization: Digest\r\n",
			"Authorization: Basic MTAxOnNlY3JldA==\r\n",
			"Authorization: Digest username=\"101\r\n",
			"Authorization: Digest username=\"101\", "
			"realm=\"sallyport\","
			" nonce=\"\", uri=\"\", response=\"\"\r\n",
			"Authorization: Digest username=\"\x01\x02\xff\", "
			"realm=\"sallyport\", nonce=\"1\", uri=\"s\", "
			"response=\"x\"\r\n",
			"Contact: \r\n",
			"Contact: <sip:>\r\n",
			"Contact: <>;expires=-1\r\n",
			"Contact: ,,,,\r\n",
			"Contact: <sip:1@[::::]>\r\n",
			"Expires: -5\r\nContact: <sip:1@127.0.0.1>\r\n",
			"Contact: \"\xff\xfe\" <sip:1@127.0.0.1>\r\n",
		};
		char line[1200], both[2400];

		for (unsigned i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
			int status = ask_once(&phone, "REGISTER", "101",
					      lines[i], "");
			ck_assert_int_ge(status, 400);
			ck_assert_int_lt(status, 500);
			if (!strncmp(lines[i], "Auth", 4))
				continue;
			ask_once(&phone, "REGISTER", "101", "", "");
			if (phone.answer.status != 401)
				continue;
			answer_line(&phone, line, sizeof(line), 0, "REGISTER",
				    "101", "secret-1");
			snprintf(both, sizeof(both), "%s%s", line, lines[i]);
			ask_once(&phone, "REGISTER", "101", both, "");
		}
		ck_assert_int_eq(
			asks(&phone, "Contact: <sip:1@127.0.0.1:7000>\r\n"),
			200);
	}
END_TEST

START_TEST(cut_and_flipped_requests_do_no_harm)
	{
		static const char whole[] =
			"REGISTER sip:sallyport SIP/2.0\r\n"
			"Via: SIP/2.0/UDP "
			"127.0.0.1:9;rport;branch=z9hG4bKcut\r\n"
			"From: <sip:101@sallyport>;tag=f\r\n"
			"To: <sip:101@sallyport>\r\nCall-ID: cut\r\n"
			"CSeq: 1 REGISTER\r\nContact: "
			"<sip:1@127.0.0.1:7000>\r\n"
			"Authorization: Digest username=\"101\", "
			"realm=\"sallyport\","
			" nonce=\"abc\", uri=\"sip:x\", response=\"00\", "
			"qop=auth,"
			" nc=00000001, cnonce=\"x\"\r\nContent-Length: "
			"0\r\n\r\n";
		char bent[sizeof(whole)];
		unsigned seed = 1;

		for (size_t len = 1; len < sizeof(whole); len++) {
			phone_send(&phone, whole, len);
			memcpy(bent, whole, sizeof(whole));
			for (unsigned n = 0; n < 3; n++) {
				seed = seed * 1103515245 + 12345;
				bent[(seed >> 8) % (sizeof(whole) - 1)] ^=
					(char)(1 << (seed >> 24) % 8);
			}
			phone_send(&phone, bent, sizeof(whole) - 1);
			for (unsigned n = 0; n < 4; n++)
				su_root_step(house.agent.root, 0);
		}
		ck_assert_uint_eq(registrar_count(house.agent.registrar), 0);
		struct phone sound;
		phone_open(&sound);
		ck_assert_int_eq(
			asks(&sound, "Contact: <sip:1@127.0.0.1:7000>\r\n"),
			200);
		phone_close(&sound);
	}
END_TEST

static Suite *registrar_suite(void)
{
	Suite *suite = suite_create("registrar");
	TCase *cases = tcase_create("registrar");

	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, begin, end);
	tcase_add_test(cases, the_challenge_offers_sha256_first_then_md5);
	tcase_add_loop_test(
		cases, one_algorithm_alone_is_offered_if_policy_says_so, 0, 2);
	tcase_add_test(cases, without_phones_in_the_policy_nobody_is_asked);
	tcase_add_test(cases, both_algorithms_let_a_phone_in);
	tcase_add_test(
		cases,
		an_unknown_user_and_a_wrong_password_meet_the_same_answer);
	tcase_add_test(cases, refusals_make_a_few_lines_a_second_only);
	tcase_add_test(cases, a_replayed_answer_is_asked_for_anew_as_stale);
	tcase_add_test(cases, nobody_registers_another_s_address);
	tcase_add_test(cases, credentials_of_another_realm_do_not_hide_ours);
	tcase_add_test(cases,
		       a_call_is_challenged_with_407_and_its_user_is_told);
	tcase_add_loop_test(cases, a_request_changes_just_what_it_says, 0,
			    sizeof(table) / sizeof(*table));
	tcase_add_test(cases, a_contact_that_is_too_long_is_refused);
	tcase_add_test(cases, the_newest_comes_first);
	tcase_add_test(cases, a_full_user_loses_the_oldest);
	tcase_add_test(cases, a_phone_that_restarted_takes_its_own_place);
	tcase_add_test(cases, an_older_request_does_not_undo_a_newer);
	tcase_add_test(cases, where_a_phone_stands_is_told_by_its_packets);
	tcase_add_test(cases, the_answer_goes_where_the_request_came_from);
	tcase_add_test(cases, a_phone_behind_a_nat_is_kept_reachable);
	tcase_add_test(cases, a_phone_on_tcp_is_reached_on_its_own_connection);
	tcase_add_test(cases, a_phone_without_a_nat_is_left_in_peace);
	tcase_add_test(cases, ten_thousand_phones_are_held);
	tcase_add_test(cases, keepalives_make_no_burst);
	tcase_add_test(cases, a_binding_that_is_not_refreshed_expires);
	tcase_add_test(cases, bindings_survive_a_restart);
	tcase_add_test(cases, garbage_neither_harms_nor_binds);
	tcase_add_test(cases, cut_and_flipped_requests_do_no_harm);
	suite_add_tcase(suite, cases);
	return suite;
}

CHECK_MAIN(registrar_suite())
