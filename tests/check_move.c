/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An address that cannot be listened on yet, where the kernel tells us nothing
 * of addresses. */
#include "check_main.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sbc/agent.h"
#include "sbc/agent_private.h"
#include "sbc/report/log.h"

#define WAIT_MS 8000

/* --- a kernel without netlink, with an address that is not usable yet ------
 */

static bool tentative; /* of our SIP port */
static unsigned sip_port, refused;

int socket(int domain, int type, int protocol)
{
	if (domain == AF_NETLINK) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return (int)syscall(SYS_socket, domain, type, protocol);
}

int bind(int fd, const struct sockaddr *at, socklen_t len)
{
	const struct sockaddr_in *in = (const void *)at;

	if (tentative && at->sa_family == AF_INET &&
	    ntohs(in->sin_port) == sip_port) {
		refused++;
		errno = EADDRNOTAVAIL;
		return -1;
	}
	return (int)syscall(SYS_bind, fd, at, len);
}

/* --- the agent -------------------------------------------------------------
 */

static unsigned free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	close(fd);
	return ntohs(at.sin_port);
}

static char folder[64];

/* Networks named by their interface may be opened before it is ready. */
static struct agent *start(void)
{
	struct policy_host host = {0};
	struct policy_faults faults;
	struct policy *policy = NULL;
	struct agent *agent = NULL;
	char path[128], status[128], why[256] = "";
	FILE *file;

	snprintf(folder, sizeof(folder), "/tmp/sallyport-move-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/sallyport.conf", folder);
	snprintf(status, sizeof(status), "%s/status.log", folder);
	file = fopen(path, "w");
	fprintf(file,
		"networks: { wan: { interface = \"lo\"; sip_port = %u;\n"
		"  rtp_ports = \"29400-29419\"; }; };\n"
		"log: { status = \"%s\"; };\n"
		"store: { file = \"%s/store.db\"; };\n"
		"control: { socket = \"%s/control\"; };\n",
		sip_port, status, folder, folder);
	fclose(file);
	host.address = calloc(1, sizeof(*host.address));
	host.interface = calloc(1, sizeof(*host.interface));
	*(struct sockaddr_in *)&host.address->base =
		(struct sockaddr_in){.sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	host.address->bits = 8;
	strcpy(host.interface[0], "lo");
	host.addresses = 1;
	int error = policy_load(&policy, path, &host, &faults);
	for (unsigned i = 0; i < faults.count; i++)
		fprintf(stderr, "# %s\n", faults.line[i]);
	policy_faults_free(&faults);
	policy_host_free(&host);
	ck_assert_int_eq(error, 0);
	ck_assert_int_eq(log_start(status, POLICY_LOG_INFO, why, sizeof(why)),
			 0);
	error = agent_new(&agent, policy, path, why, sizeof(why));
	ck_assert_msg(error == 0, "%s", why);
	return agent;
}

static void finish(struct agent *agent)
{
	static const char *const files[] = {"sallyport.conf", "status.log",
					    "store.db",	      "store.db-wal",
					    "store.db-shm",   "control"};
	char path[128];

	agent_free(agent);
	log_stop();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static void run_until(struct agent *agent, unsigned tries, bool incomplete)
{
	int64_t until_ms = now_ms() + WAIT_MS;

	while (refused < tries || agent->network[0].incomplete != incomplete) {
		ck_assert_int_lt(now_ms(), until_ms);
		agent_step(agent, 10);
	}
}

/* It is there when it is, however often that was tried. */
START_TEST(an_address_that_is_not_usable_yet_is_tried_again_without_netlink)
	{
		sip_port = free_port();
		tentative = true;
		struct agent *agent = start();
		ck_assert(agent->network[0].incomplete);
		ck_assert_uint_eq(agent->network[0].opened, 0);
		unsigned at_start = refused;
		ck_assert_uint_gt(at_start, 0);
		run_until(agent, 3 * at_start, true);
		tentative = false;
		run_until(agent, 0, false);
		ck_assert_uint_gt(agent->network[0].opened, 0);
		finish(agent);
	}
END_TEST

/* What is seen of addresses is due sooner than the next try of what was opened
 * anew meanwhile. */
START_TEST(a_network_that_is_opened_anew_puts_off_no_news)
	{
		sip_port = free_port();
		tentative = true;
		struct agent *agent = start();
		int64_t begun_ms = now_ms();
		agent->network[0].stale = true;
		move_tidy(agent);
		ck_assert(!agent->network[0].stale);
		run_until(agent, refused + 1, true);
		ck_assert_int_lt(now_ms() - begun_ms, 1500);
		tentative = false;
		finish(agent);
	}
END_TEST

static Suite *move_suite(void)
{
	Suite *suite = suite_create("move");
	TCase *tests = tcase_create("move");

	tcase_set_timeout(tests, 30);
	tcase_add_test(
		tests,
		an_address_that_is_not_usable_yet_is_tried_again_without_netlink);
	tcase_add_test(tests, a_network_that_is_opened_anew_puts_off_no_news);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(move_suite())
