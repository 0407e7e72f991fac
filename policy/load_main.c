/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sallyport.conf's own keys: limits, media, log, store, control. */
#include <string.h>

#include "policy/load.h"

static void check(struct load_file *file, struct conf_main *conf,
		  struct section *control)
{
	/* sun_path holds 108 bytes with its NUL (unix(7)). */
	if (conf->files.control_socket &&
	    strlen(conf->files.control_socket) > 107)
		load_error(file, load_key_line(control, "socket"),
			   "the path of \"socket\" is longer than 107 bytes");
	if (strcmp(conf->files.store ? conf->files.store : "", "-") == 0)
		load_error(file, load_key_line(&conf->section[4], "file"),
			   "\"file\" cannot be \"-\"");
}

void load_main(struct load_file *file)
{
	static const char *const places[] = {
		"sallyport.conf", "limits", "media", "log", "store", "control",
	};
	struct conf_main *conf = &file->load->policy->main;
	const struct config_setting_t *root = load_root(file);

	for (unsigned i = 0; i < 6; i++) {
		const struct config_setting_t *node =
			i ? load_member(root, places[i]) : root;
		unsigned line = i && node ? load_line(node) : 1;
		if (!load_section(file, &conf->section[i], places[i], places[i],
				  NULL, line, conf))
			return;
		if (node && load_is_group(node))
			load_keys(&conf->section[i], node);
	}
	check(file, conf, &conf->section[5]);
}
