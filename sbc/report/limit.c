/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an outsider can trigger is said a few times only. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "sbc/report/clock.h"
#include "sbc/report/log.h"

#define LIMIT_TEXT_MAX 2048

bool log_limit_passes(struct log_limit *limit)
{
	uint64_t now = report_now_ms();

	if (!limit->since_ms || now - limit->since_ms >= LOG_LIMIT_PERIOD_MS) {
		limit->since_ms = now;
		limit->said = 0;
	}
	if (limit->said >= LOG_LIMIT_BURST) {
		limit->unsaid++;
		return false;
	}
	limit->said++;
	return true;
}

void log_limited(struct log_limit *limit, enum policy_log_level level,
		 const char *format, ...)
{
	char text[LIMIT_TEXT_MAX];
	va_list args;

	if (!log_wants(level) || !log_limit_passes(limit))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text - 64, format, args);
	va_end(args);
	if (limit->unsaid)
		log_message(level, "%s (%u more were left out)", text,
			    limit->unsaid);
	else
		log_message(level, "%s", text);
	limit->unsaid = 0;
}
