/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files to snapshot: reads them, runs the steps, hands over the faults. */
#include "policy/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- faults -------------------------------------------------------------- */

void load_error(const struct load_file *file, unsigned line, const char *format,
		...)
{
	va_list args;

	va_start(args, format);
	fault_add(&file->load->faults, file->path, file->order, line, false,
		  NULL, format, args);
	va_end(args);
}

void load_warning(const struct load_file *file, unsigned line,
		  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fault_add(&file->load->faults, file->path, file->order, line, true,
		  NULL, format, args);
	va_end(args);
}

void load_hint(const struct load_file *file, unsigned line, const char *hint,
	       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fault_add(&file->load->faults, file->path, file->order, line, false,
		  hint, format, args);
	va_end(args);
}

/* --- files --------------------------------------------------------------- */

static void file_free(struct load_file *file)
{
	load_tree_free(file);
	scan_free(&file->scan);
	free(file->text);
	free(file->path);
	free(file->dir);
	free(file);
}

/* A file that is not read yet. `dir` may be NULL. NULL: no memory. */
static struct load_file *file_new(struct load *load, const char *path,
				  const char *name, const char *dir)
{
	struct load_file **grown =
		realloc(load->file, (load->files + 1) * sizeof(*load->file));
	if (!grown)
		return NULL;
	load->file = grown;
	struct load_file *file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	file->load = load;
	file->order = load->files;
	file->path = strdup(path);
	file->dir = dir ? strdup(dir) : NULL;
	file->name = arena_text(&load->policy->arena, name, strlen(name));
	if (!file->path || !file->name || (dir && !file->dir)) {
		file_free(file);
		return NULL;
	}
	load->file[load->files++] = file;
	return file;
}

/* Read all of `fd` into file->text. Returns 0 or -errno. */
static int read_all(struct load_file *file, int fd, size_t max)
{
	size_t size = 8192;

	file->text = malloc(size + 2);
	while (file->text) {
		ssize_t got =
			read(fd, file->text + file->len, size - file->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		file->len += (size_t)got;
		file->text[file->len] = '\0';
		if (got == 0)
			return 0;
		if (file->len > max)
			return -EFBIG;
		if (file->len == size) {
			size *= 2;
			char *grown = realloc(file->text, size + 2);
			if (!grown)
				return -ENOMEM;
			file->text = grown;
		}
	}
	return -ENOMEM;
}

static void file_read(struct load_file *file, size_t max)
{
	struct stat st;
	int error = 0;
	/* Not blocking: a FIFO of that name must not hold up a reload. */
	int fd = open(file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) < 0) {
		error = -errno;
	} else if (!S_ISREG(st.st_mode)) {
		error = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	} else {
		file->exposed = st.st_mode & S_IROTH;
		error = read_all(file, fd, max);
	}
	if (fd >= 0)
		close(fd);
	if (error == -ENOMEM)
		file->load->policy->arena.failed = 1;
	else if (error == -EFBIG)
		load_error(file, 0, "is larger than %zu MB", max >> 20);
	else if (error == -EINVAL)
		load_error(file, 0, "is no regular file");
	else if (error)
		load_error(file, 0, "cannot be read: %s", strerror(-error));
	if (error) {
		free(file->text);
		file->text = NULL;
	} else {
		load_tree(file);
	}
}

/* --- the folder of peers ------------------------------------------------- */

static int is_conf(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	       strcmp(entry->d_name + len - 5, ".conf") == 0;
}

static int add_peer_files(struct load *load, const char *dir,
			  struct dirent **entry, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char *path = NULL;
		if (asprintf(&path, "%s/%s", dir, entry[i]->d_name) < 0)
			return -ENOMEM;
		struct load_file *file =
			file_new(load, path, entry[i]->d_name, dir);
		free(path);
		if (!file)
			return -ENOMEM;
	}
	return 0;
}

/* One load_file for each peer's file, in no order. */
static int find_peer_files(struct load *load)
{
	struct load_file *file = load->file[0];
	struct section *section = &load->policy->main.section[0];
	const char *dir = load->policy->main.policy_dir;
	struct dirent **entry = NULL;
	int error = 0;

	/* sallyport.conf is broken: it may have named another folder, but
	 * the usual one is worth a look all the same. */
	if (!dir)
		return -ENOMEM;
	int count = scandir(dir, &entry, is_conf, NULL);
	if (count < 0) {
		bool named = load_is_set(section, "policy_dir");
		if (named || errno != ENOENT)
			load_error(file,
				   named ? load_key_line(section, "policy_dir")
					 : 0,
				   "policy_dir \"%.200s\": %s", dir,
				   strerror(errno));
		return 0;
	}
	if (count > LOAD_PEERS_MAX)
		load_error(file, load_key_line(section, "policy_dir"),
			   "\"%.200s\" holds %d peers; at most %d are taken",
			   dir, count, LOAD_PEERS_MAX);
	else
		error = add_peer_files(load, dir, entry, (unsigned)count);
	for (int i = 0; i < count; i++)
		free(entry[i]);
	free(entry);
	return error;
}

/* The order of peers' names, which are their files' without ".conf". */
static int by_name(const void *a, const void *b)
{
	const char *x = (*(struct load_file *const *)a)->name;
	const char *y = (*(struct load_file *const *)b)->name;
	size_t x_len = strlen(x) - 5, y_len = strlen(y) - 5;
	int order = memcmp(x, y, x_len < y_len ? x_len : y_len);

	if (order == 0 && x_len != y_len)
		order = x_len < y_len ? -1 : 1;
	return order;
}

static void sort_peer_files(struct load *load)
{
	if (load->files < 2)
		return;
	qsort(load->file + 1, load->files - 1, sizeof(*load->file), by_name);
	for (unsigned i = 1; i < load->files; i++)
		load->file[i]->order = i;
}

/* --- the steps ----------------------------------------------------------- */

/* Everything after sallyport.conf was read. */
static int load_steps(struct load *load, bool from_disk, bool kept)
{
	struct policy *policy = load->policy;
	struct load_file *file = load->file[0];

	load_main(file);
	load_networks(file);
	load_phones(file);
	int error = from_disk && !kept ? find_peer_files(load) : 0;
	if (error)
		return error;
	sort_peer_files(load);
	policy->peer =
		arena_array(&policy->arena, load->files, sizeof(*policy->peer));
	if (!policy->peer)
		return -ENOMEM;
	for (unsigned i = 1; i < load->files; i++) {
		if (from_disk && !kept)
			file_read(load->file[i], LOAD_FILE_MAX);
		else
			load_tree(load->file[i]);
		load_peer(load->file[i]);
		load_tree_free(load->file[i]);
	}
	load_peers_finish(load);
	load_phones_finish(file);
	load_routes(file);
	return policy->arena.failed ? -ENOMEM : 0;
}

static bool has_interface(const struct policy *policy)
{
	bool has = false;

	for (unsigned i = 0; i < policy->networks; i++)
		has |= policy->network[i].net.interface != NULL;
	return has;
}

/* For policy_move: what a file said, not what it says by then. */
static void keep_files(struct load *load)
{
	struct policy *policy = load->policy;
	struct arena *arena = &policy->arena;

	policy->kept = arena_array(arena, load->files, sizeof(*policy->kept));
	for (unsigned i = 0; policy->kept && i < load->files; i++) {
		const struct load_file *file = load->file[i];
		struct kept_file *kept = &policy->kept[i];

		*kept = (struct kept_file){
			.path = arena_text(arena, file->path,
					   strlen(file->path)),
			.name = file->name,
			.dir = file->dir ? arena_text(arena, file->dir,
						      strlen(file->dir))
					 : NULL,
			.text = arena_text(arena, file->text ? file->text : "",
					   file->text ? file->len : 0),
			.len = file->text ? file->len : 0,
			.exposed = file->exposed,
		};
		policy->kepts++;
	}
}

/* Nothing of the snapshot may point to what only loading needed. */
static void forget_source(struct policy *policy)
{
	for (unsigned i = 0; i < 6; i++)
		policy->main.section[i].source = NULL;
	for (unsigned i = 0; i < policy->networks; i++)
		policy->network[i].section.source = NULL;
	for (unsigned i = 0; i < policy->peers; i++) {
		policy->peer[i].section.source = NULL;
		policy->peer[i].reg.source = NULL;
	}
	for (unsigned i = 0; i < policy->routes; i++)
		policy->route[i].section.source = NULL;
	if (policy->phones)
		policy->phones->conf.section.source = NULL;
}

static int load_finish(struct load *load, int error, struct policy **out,
		       struct policy_faults *faults)
{
	struct policy *policy = load->policy;
	unsigned errors = load->faults.errors;
	int finished = fault_finish(&load->faults, faults);

	if (!error && !errors && has_interface(policy)) {
		keep_files(load);
		error = policy->arena.failed ? -ENOMEM : 0;
	}
	for (unsigned i = 0; i < load->files; i++)
		file_free(load->file[i]);
	free(load->file);
	if (!error)
		error = finished;
	if (!error && errors)
		error = -EINVAL;
	if (error) {
		policy_unref(policy);
		return error;
	}
	forget_source(policy);
	*out = policy;
	return 0;
}

int policy_load(struct policy **out, const char *path,
		const struct policy_host *host, struct policy_faults *faults)
{
	struct load load = {.policy = policy_new(), .host = host};
	const char *slash = strrchr(path, '/');
	int error = -ENOMEM;

	*faults = (struct policy_faults){0};
	if (!load.policy)
		return -ENOMEM;
	char *dir =
		slash ? strndup(path, slash > path ? (size_t)(slash - path) : 1)
		      : strdup(".");
	struct load_file *file =
		dir ? file_new(&load, path, slash ? slash + 1 : path, dir)
		    : NULL;
	free(dir);
	if (file) {
		file_read(file, LOAD_MAIN_MAX);
		error = load.policy->arena.failed ? -ENOMEM : 0;
		/* Without sallyport.conf the rest says nothing. */
		if (file->text && !error)
			error = load_steps(&load, true, false);
	}
	return load_finish(&load, error, out, faults);
}

int policy_load_text(struct policy **out, const struct load_text *text,
		     unsigned count, const struct policy_host *host,
		     struct policy_faults *faults)
{
	struct load load = {.policy = policy_new(), .host = host};
	int error = 0;

	*faults = (struct policy_faults){0};
	if (!load.policy)
		return -ENOMEM;
	for (unsigned i = 0; i < count && !error; i++) {
		struct load_file *file =
			file_new(&load, text[i].name, text[i].name, NULL);
		if (file)
			file->text = malloc(text[i].len + 2);
		if (!file || !file->text) {
			error = -ENOMEM;
			break;
		}
		memcpy(file->text, text[i].text, text[i].len);
		file->len = text[i].len;
		file->text[file->len] = '\0';
	}
	if (!error && count) {
		load_tree(load.file[0]);
		error = load_steps(&load, false, false);
	}
	return load_finish(&load, error, out, faults);
}

/*
 * An address that was given stays ours, in its subnet, although its line is
 * down just now: what stands at an interface is not to wait for it.
 */
static int add_given(struct policy_host *out, const struct policy *policy,
		     const struct policy_host *host)
{
	unsigned most = host->addresses;

	for (unsigned i = 0; i < policy->networks; i++)
		most += policy->network[i].net.addresses;
	*out = (struct policy_host){
		.address = calloc(most + 1, sizeof(*out->address)),
		.interface = calloc(most + 1, sizeof(*out->interface)),
		.addresses = host->addresses,
	};
	if (!out->address || !out->interface) {
		policy_host_free(out);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < host->addresses; i++) {
		out->address[i] = host->address[i];
		if (host->interface)
			memcpy(out->interface[i], host->interface[i],
			       sizeof(*out->interface));
	}
	for (unsigned i = 0; i < policy->networks; i++) {
		const struct policy_network *net = &policy->network[i].net;

		for (unsigned k = 0; !net->interface && k < net->addresses; k++)
			out->address[out->addresses++] =
				(struct address_prefix){
					.base = net->address[k].local,
					.bits = net->address[k].subnet.bits,
				};
	}
	return 0;
}

int policy_move(struct policy **out, const struct policy *policy,
		const struct policy_host *host, struct policy_faults *faults)
{
	struct policy_host known;
	struct load load = {.host = &known};
	int error = 0;

	*faults = (struct policy_faults){0};
	if (!policy->kepts)
		return -ENOTSUP;
	if (add_given(&known, policy, host))
		return -ENOMEM;
	load.policy = policy_new();
	if (!load.policy) {
		policy_host_free(&known);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < policy->kepts && !error; i++) {
		const struct kept_file *kept = &policy->kept[i];
		struct load_file *file =
			file_new(&load, kept->path, kept->name, kept->dir);

		if (file)
			file->text = malloc(kept->len + 2);
		if (!file || !file->text) {
			error = -ENOMEM;
			break;
		}
		memcpy(file->text, kept->text, kept->len);
		file->text[kept->len] = '\0';
		file->len = kept->len;
		file->exposed = kept->exposed;
	}
	if (!error) {
		load_tree(load.file[0]);
		error = load_steps(&load, true, true);
	}
	policy_host_free(&known);
	load.host = NULL;
	return load_finish(&load, error, out, faults);
}
