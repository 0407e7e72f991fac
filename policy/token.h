/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a configuration file; only scan.c asks for them. */
#ifndef POLICY_TOKEN_H
#define POLICY_TOKEN_H

#include "policy/scan.h"

enum token_kind {
	TOKEN_END,
	TOKEN_NAME,
	TOKEN_STRING,
	TOKEN_NUMBER,
	TOKEN_BOOLEAN,
	TOKEN_MARK,   /* one of = : ; , { } [ ] ( ) */
	TOKEN_BROKEN, /* reported */
};

struct token {
	enum token_kind kind;
	unsigned line;
	const char *text;
	size_t len;
	bool bad; /* a value that was reported */
};

struct reader {
	struct scan *scan;
	const char *text, *end, *pos;
	unsigned line;
	struct token token; /* the next one, not yet taken */
	unsigned depth;
};

/* Tell a fault; hint may be NULL. */
void token_tell(struct reader *r, unsigned line, const char *hint,
		const char *format, ...) __attribute__((format(printf, 4, 5)));
/*
 * Tell a fault after which the rest of the file cannot be understood. Returns
 * false, for the callers to pass on.
 */
bool token_broken(struct reader *r, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Read the next token into r->token. False when the file broke off. */
bool token_next(struct reader *r);
/* How many characters people write in a value that lacks its quotes. */
size_t token_word_len(const struct reader *r, const char *from);

#endif
