/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of `path` share. */
#ifndef SBC_CALL_PATH_PRIVATE_H
#define SBC_CALL_PATH_PRIVATE_H

#include "sbc/call/path.h"

unsigned path_place_of(const struct leg *leg);
struct path_end path_end(const struct call *call, const struct leg *leg);
/* That slot's format of this encoding; NULL: none. */
const struct body_format *path_find(const struct body *body, unsigned slot,
				    const char *encoding);
/* The one of the same encoding and clock. */
const struct body_format *path_like(const struct body *body, unsigned slot,
				    const struct body_format *format);
/* In mid-call the worker has to know before the far end hears our answer, and
 * moves or sends as it says. */
void path_tell(const struct call *call);

#endif
