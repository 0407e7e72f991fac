/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values as people write them: durations, sizes, ranges, choices, text. */
#ifndef POLICY_UNIT_H
#define POLICY_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * "500ms" "30s" "5m" "1h" "1d"; a bare number counts seconds. Milliseconds
 * in *out. Returns 0; -EINVAL if it is none; -ERANGE if it is over 24 days.
 */
int unit_duration(uint64_t *ms, const char *text);
/* "512" "64k" "1M" (powers of 1024), in bytes. The same errors. */
int unit_size(uint64_t *bytes, const char *text);
/* Plain decimal digits. The same errors. */
int unit_number(uint64_t *out, const char *text);

/* Write a duration or size as shortly as it can be read back. */
const char *unit_duration_text(char buf[24], uint64_t ms);
const char *unit_size_text(char buf[24], uint64_t bytes);

/* "A-B": the texts left and right of the last '-'. False if there is none. */
bool unit_range(const char *range, char low[24], char high[24]);

/* The n-th of "one | two | three", copied; false behind the last. */
bool unit_choice(const char *range, unsigned n, char out[32]);

bool text_is_utf8(const char *text);
/* A control byte (below space, or DEL) in it? */
bool text_has_control(const char *text);

#endif
