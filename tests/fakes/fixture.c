/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A whole edge in one process. */
#include "tests/fakes/fixture.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sbc/report/log.h"
#include "sbc/report/status.h"
#include "tests/fakes/machine.h"

#define RTP_PORTS 100 /* a network, unless the test says otherwise */

static char base[40];		/* made by the parent of all tests */
static struct fixture *current; /* of the test case that runs */

static int reserved[8];
static unsigned reservations;

/* Is it ours alone among the test programs that run now? The name is held
 * until the fixture ends: what was found free would else be taken by another
 * program before the agent binds it. */
static bool reserve(const char *what, unsigned number)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* An abstract name: it begins with 0 and goes with its socket. */
	snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1,
		 "sallyport-test-%s-%u", what, number);
	if (fd >= 0 && reservations < 8 &&
	    !bind(fd, (struct sockaddr *)&name, sizeof(name))) {
		reserved[reservations++] = fd;
		return true;
	}
	close(fd);
	return false;
}

static unsigned free_rtp_range(void)
{
	for (int tries = 0; tries < 200; tries++) {
		unsigned range = (unsigned)rand() % 40;
		if (reserve("rtp", range))
			return 20000 + 2 * RTP_PORTS * range;
	}
	abort();
}

/* A port that is free for UDP and TCP at this address. */
static struct sockaddr_in free_sip_port(const char *host)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t size = sizeof(at);
	int udp = -1, tcp = -1;

	inet_pton(AF_INET, host, &at.sin_addr);
	for (int tries = 0; tries < 200; tries++) {
		unsigned port = 10000 + (unsigned)rand() % 9000;
		if (!reserve("sip", port))
			continue;
		at.sin_port = htons((uint16_t)port);
		udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bool both = !bind(udp, (struct sockaddr *)&at, size) &&
			    !bind(tcp, (struct sockaddr *)&at, size);
		close(udp);
		close(tcp);
		if (both)
			return at;
	}
	abort();
}

static FILE *create(const struct fixture *f, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file)
		abort();
	return file;
}

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

static void write_trunk(const struct fixture *f, const struct itsp *itsp,
			const char *more)
{
	char name[64], local[32] = "";

	if (f->setup.acme_second && itsp == &f->itsp)
		snprintf(local, sizeof(local), "local_port = %u;\n",
			 ntohs(f->wan_second.sin_port));
	snprintf(name, sizeof(name), "policy.d/%s.conf", itsp->end.name);
	FILE *file = create(f, name);
	fprintf(file,
		"kind = \"trunk\";\nnetwork = \"wan\";\nhost = \"%s:%u\";\n"
		"%s%s%s%s%s",
		itsp->end.host, itsp->end.port, local,
		more && strstr(more, "options_ping")
			? ""
			: "options_ping = \"0s\";\n",
		more && strstr(more, "reinvite =")
			? ""
			: "reinvite = \"suppress\";\n",
		more && strstr(more, "attempt_timeout")
			? ""
			: "attempt_timeout = \"1s\";\n",
		or_nothing(more));
	fclose(file);
}

static const char usual_routes[] =
	"{ from = \"phones\"; number = \"^0(\\\\d+)$\"; to_number = "
	"\"\\\\1\";\n"
	"  to = [ \"acme\", \"backup\" ]; },\n"
	"{ from = \"acme\"; number = \"^44207946(0101)$\"; to = [ \"101\" ]; "
	"},\n"
	"{ from = \"acme\"; number = \"^44207946(0102)$\"; to = [ \"102\" ]; }";

void fixture_write(struct fixture *f, const struct fixture_setup *s)
{
	char lan[32], wan[32], second[32] = "", store[96];
	FILE *file = create(f, "sallyport.conf");

	snprintf(store, sizeof(store), "%s/store.db", f->folder);
	if (s->second_port)
		snprintf(second, sizeof(second), "sip_ports = %u;",
			 ntohs(f->wan_second.sin_port));

	snprintf(lan, sizeof(lan), "%u-%u", f->rtp_first,
		 f->rtp_first + RTP_PORTS - 1);
	snprintf(wan, sizeof(wan), "%u-%u", f->rtp_first + RTP_PORTS,
		 f->rtp_first + 2 * RTP_PORTS - 1);
	fprintf(file,
		"networks: {\n"
		"  lan: { address = \"127.0.1.1\"; sip_port = %u;\n"
		"         subnet = \"127.0.1.0/24\"; rtp_ports = \"%s\"; };\n"
		"  wan: { address = \"127.0.2.1\"; sip_port = %u;\n"
		"         subnet = \"127.0.2.0/24\"; rtp_ports = \"%s\"; %s "
		"};\n"
		"};\n"
		"phones: {\n  network = \"lan\";\n"
		"  users = ( { user = \"101\"; password = \"secret101\"; },\n"
		"            { user = \"102\"; password = \"secret102\"; } );\n"
		"  %s\n};\n"
		"routes = ( %s );\n",
		ntohs(f->lan.sin_port), s->rtp_lan ? s->rtp_lan : lan,
		ntohs(f->wan.sin_port), s->rtp_wan ? s->rtp_wan : wan, second,
		or_nothing(s->phones), s->routes ? s->routes : usual_routes);
	fprintf(file,
		"log: { status = \"%s/status.log\"; };\n"
		"store: { file = \"%s\"; };\n"
		"control: { socket = \"%s/control\"; };\n%s\n",
		f->folder, s->store ? s->store : store, f->folder,
		or_nothing(s->conf));
	fclose(file);
	write_trunk(f, &f->itsp, s->acme);
	write_trunk(f, &f->backup, s->backup);
}

static void start_agent(struct fixture *f)
{
	static char path[128], status[128];
	struct policy_faults faults;
	struct policy *policy = NULL;
	char why[256] = "";

	snprintf(path, sizeof(path), "%s/sallyport.conf", f->folder);
	snprintf(status, sizeof(status), "%s/status.log", f->folder);
	int error = policy_load(&policy, path, NULL, &faults);
	for (unsigned i = 0; i < faults.count; i++)
		fprintf(stderr, "# %s\n", faults.line[i]);
	policy_faults_free(&faults);
	ck_assert_msg(error == 0, "the fixture's policy is wrong");
	status_strict(true);
	error = log_start(status, POLICY_LOG_INFO, why, sizeof(why));
	ck_assert_msg(error == 0, "log: %s", why);
	error = agent_new(&f->agent, policy, path, why, sizeof(why));
	ck_assert_msg(error == 0, "agent: %s", why);
}

static bool phones_registered(struct fixture *f)
{
	return f->phone.register_status == 200 &&
	       f->other.register_status == 200;
}

void fixture_start_with(struct fixture *f, const struct fixture_setup *setup)
{
	char path[128];

	memset(f, 0, sizeof(*f));
	machine_watch();
	srand((unsigned)getpid() * 2654435761u ^ (unsigned)fake_now_ms());
	f->setup = *setup;
	snprintf(f->folder, sizeof(f->folder), "%s/XXXXXX", base);
	if (!mkdtemp(f->folder))
		abort();
	snprintf(path, sizeof(path), "%s/policy.d", f->folder);
	mkdir(path, 0700);
	f->lan = free_sip_port("127.0.1.1");
	f->wan = free_sip_port("127.0.2.1");
	f->wan_second = free_sip_port("127.0.2.1");
	f->rtp_first = free_rtp_range();
	phone_open(&f->phone, "101", "127.0.1.10", "secret101", &f->lan);
	phone_open(&f->other, "102", "127.0.1.11", "secret102", &f->lan);
	itsp_open(&f->itsp, "acme", "127.0.2.10", &f->wan);
	itsp_open(&f->backup, "backup", "127.0.2.20", &f->wan);
	fixture_write(f, setup);
	start_agent(f);
	phone_talk(&f->phone, true);
	phone_talk(&f->other, true);
	itsp_talk(&f->itsp, true);
	itsp_talk(&f->backup, true);
	if (setup->unregistered)
		return;
	phone_register(&f->phone, 300);
	phone_register(&f->other, 300);
	fixture_run_until(f, phones_registered);
}

void fixture_start(struct fixture *f)
{
	static const struct fixture_setup usual;

	fixture_start_with(f, &usual);
}

static void remove_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	char child[512];

	while (folder && (entry = readdir(folder))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
		if (unlink(child) < 0)
			remove_folder(child);
	}
	if (folder)
		closedir(folder);
	rmdir(path);
}

static void make_base(void)
{
	strcpy(base, "/tmp/sallyport-test-XXXXXX");
	if (!mkdtemp(base))
		abort();
}

static void remove_base(void)
{
	remove_folder(base);
}

static void end_current(void)
{
	fixture_end(current);
}

void fixture_around(TCase *tests, struct fixture *f)
{
	current = f;
	tcase_set_timeout(tests, 40);
	tcase_add_unchecked_fixture(tests, make_base, remove_base);
	tcase_add_checked_fixture(tests, NULL, end_current);
}

void fixture_end(struct fixture *f)
{
	if (!f->agent)
		return;
	agent_free(f->agent);
	f->agent = NULL;
	log_stop();
	phone_close(&f->phone);
	phone_close(&f->other);
	itsp_close(&f->itsp);
	itsp_close(&f->backup);
	remove_folder(f->folder);
	while (reservations)
		close(reserved[--reservations]);
	machine_end();
}

void fixture_step(struct fixture *f)
{
	uint64_t now = fake_now_ms();

	if (f->turned_ms)
		machine_missed(f->turned_ms, now);
	f->turned_ms = now;
	if (f->agent)
		agent_step(f->agent, 1);
	fake_step(&f->phone.end);
	fake_step(&f->other.end);
	fake_step(&f->itsp.end);
	fake_step(&f->backup.end);
}

void fixture_run_until_(struct fixture *f, fixture_condition *condition,
			unsigned limit_ms, const char *name, const char *file,
			int line)
{
	uint64_t begun = machine_time_ms();

	while (!condition(f)) {
		if (machine_time_ms() > begun + limit_ms) {
			fixture_tell(f);
			ck_abort_msg("%s:%d: in %u ms it did not come to: %s",
				     file, line, limit_ms, name);
		}
		fixture_step(f);
	}
}

void fixture_watch(struct fixture *f, unsigned ms)
{
	uint64_t begun = machine_time_ms();

	while (machine_time_ms() < begun + ms)
		fixture_step(f);
}

void fixture_hear(struct fixture *f, struct fake *end, unsigned packets)
{
	uint64_t begun = machine_time_ms();
	unsigned enough = tone_heard(&end->tone) + packets;

	while (tone_heard(&end->tone) < enough) {
		if (machine_time_ms() > begun + 8000) {
			fixture_tell(f);
			ck_abort_msg("%s heard %u packets of %u", end->name,
				     tone_heard(&end->tone), enough);
		}
		fixture_step(f);
	}
}

/* --- the status log
 * ------------------------------------------------------------ */

static char *read_status(const struct fixture *f)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/status.log", f->folder);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return strdup("");
	char *text = calloc(1, (size_t)st.st_size + 1);
	if (!text || read(fd, text, (size_t)st.st_size) < 0)
		abort();
	close(fd);
	return text;
}

static bool line_has(const char *line, const char *words)
{
	char copy[512], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		size_t len = strlen(word);
		const char *at = line;
		while ((at = strstr(at, word))) {
			if ((at == line || at[-1] == ' ') &&
			    (at[len] == ' ' || at[len] == '\0'))
				break;
			at++;
		}
		if (!at)
			return false;
	}
	return true;
}

static unsigned count_now(struct fixture *f, const char *words)
{
	char *text = read_status(f), *save = NULL;
	unsigned count = 0;

	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		count += line_has(line, words);
	free(text);
	return count;
}

bool fixture_status_has(struct fixture *f, const char *words)
{
	uint64_t begun = machine_time_ms();

	while (!count_now(f, words)) {
		if (machine_time_ms() > begun + 1500)
			return false;
		fixture_watch(f, 20);
	}
	return true;
}

unsigned fixture_status_count(struct fixture *f, const char *words)
{
	fixture_watch(f, 100);
	return count_now(f, words);
}

bool fixture_status_holds(struct fixture *f, const char *bytes)
{
	char *text;
	bool holds;

	fixture_watch(f, 100);
	text = read_status(f);
	holds = strstr(text, bytes);
	free(text);
	return holds;
}

void fixture_tell(struct fixture *f)
{
	char *text = read_status(f), *save = NULL;

	fprintf(stderr, "# ===== story: lan 127.0.1.1:%u, wan 127.0.2.1:%u\n",
		ntohs(f->lan.sin_port), ntohs(f->wan.sin_port));
	fake_tell(&f->phone.end);
	if (f->other.end.calls)
		fake_tell(&f->other.end);
	fake_tell(&f->itsp.end);
	if (f->backup.end.records)
		fake_tell(&f->backup.end);
	fprintf(stderr, "# --- status log\n");
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		fprintf(stderr, "# %s\n", line);
	free(text);
}

const char *fixture_call_id(struct fixture *f)
{
	const struct status_call *call = status_call_after(0);

	if (!call) {
		fixture_tell(f);
		ck_abort_msg("there is no live call");
	}
	return call->id;
}

struct fake_call *fixture_call_out_(struct fixture *f, const char *file,
				    int line)
{
	struct fake_call *call = phone_call(&f->phone, "05551234");

	fixture_run_until_(f, both_up, 8000, "both_up", file, line);
	return call;
}

struct fake_call *fixture_talk_out_(struct fixture *f, const char *file,
				    int line)
{
	struct fake_call *call = fixture_call_out_(f, file, line);

	fixture_run_until_(f, both_hear, 8000, "both_hear", file, line);
	return call;
}

void fixture_from_now(struct fixture *f)
{
	f->phone_heard = tone_heard(&f->phone.end.tone);
	f->other_heard = tone_heard(&f->other.end.tone);
	f->itsp_heard = tone_heard(&f->itsp.end.tone);
}
