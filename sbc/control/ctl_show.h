/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What sallyctl shows: the program's state, rendered in pieces. Internal to
 * sbc/control.
 */
#ifndef SBC_CONTROL_CTL_SHOW_H
#define SBC_CONTROL_CTL_SHOW_H

#include "sbc/agent.h"
#include "sbc/control/show.h"

#define CTL_PIECE 64 /* rows in one turn of the loop */

/* Where a long answer stands. */
struct ctl_cursor {
	bool begun;
	uint64_t serial; /* the last call shown */
	unsigned row;	 /* phones shown */
};

/* Each writes its next piece; true: that was the last one. */
bool ctl_show_calls(struct show *show, struct agent *agent,
		    struct ctl_cursor *cursor);
bool ctl_show_phones(struct show *show, struct agent *agent,
		     struct ctl_cursor *cursor);

void ctl_show_state(struct show *show, struct agent *agent, uint64_t since_ms);
void ctl_show_trunks(struct show *show, struct agent *agent);
void ctl_show_learned(struct show *show, struct agent *agent);
/* -ENOENT: no such call. */
int ctl_show_call(struct show *show, const char *id);
/* One that lives or ended lately, in plain words; "last": the newest. */
int ctl_show_explain(struct show *show, const char *id);

#endif
