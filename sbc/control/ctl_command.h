/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One command of a client of the control socket, and its answer. Internal to
 * sbc/control.
 */
#ifndef SBC_CONTROL_CTL_COMMAND_H
#define SBC_CONTROL_CTL_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "sbc/control/ctl_show.h"
#include "sbc/control/show.h"

/* All zero but the first two. Its owner sends what is in `show`, empties it,
 * and asks `more` for the next piece until `done`. */
struct ctl_answer {
	struct agent *agent;
	uint64_t since_ms; /* the socket's start */
	struct show show;
	struct ctl_cursor cursor;
	/* Writes a piece; true: that was the last one. */
	bool (*more)(struct show *show, struct agent *agent,
		     struct ctl_cursor *cursor);
	bool done; /* all of it is in `show` */
};

/* "COMMAND [ARGUMENT...] [json]"; the line is changed. A command may free the
 * socket it came by: see ctl_free. */
void ctl_command_run(struct ctl_answer *answer, char *line);
/* The last line: ".ok", or ".error TEXT" (error not NULL, or out of memory:
 * then all that is in `show` is dropped). */
void ctl_answer_end(struct ctl_answer *answer, const char *error);

#endif
