/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading the source text of a configuration file.
 *
 * libconfig says only "syntax error", reports a string without its end at the
 * end of the file, and wraps large integers silently; so every file is first
 * read here by the same grammar (libconfig 1.5: scanner.l, grammar.y).
 */
#include "policy/scan.h"

#include <stdlib.h>
#include <string.h>

#include "policy/token.h"

static bool at_mark(const struct reader *r, char mark)
{
	return r->token.kind == TOKEN_MARK && *r->token.text == mark;
}

/* Room for one more value; its index in *at. */
static bool value_add(struct reader *r, unsigned line, unsigned *at)
{
	struct scan *scan = r->scan;

	if (scan->values == scan->size) {
		unsigned size = scan->size ? scan->size * 2 : 256;
		struct scan_value *grown =
			realloc(scan->value, size * sizeof(*grown));
		if (!grown) {
			scan->failed = true;
			scan->broken = true;
			return false;
		}
		scan->value = grown;
		scan->size = size;
	}
	*at = scan->values++;
	scan->value[*at] = (struct scan_value){.line = line};
	return true;
}

static bool read_group(struct reader *r, unsigned opened, bool outermost);
static bool read_value(struct reader *r, unsigned line, const char *key,
		       size_t key_len);

static bool bad_value(struct reader *r, unsigned line, const char *key,
		      size_t key_len)
{
	const struct token *t = &r->token;

	if (t->kind == TOKEN_NAME) {
		size_t len = token_word_len(r, t->text);
		if (len > 60)
			len = 60;
		return token_broken(r, t->line, "%.*s needs quotes: \"%.*s\"",
				    (int)len, t->text, (int)len, t->text);
	}
	if (t->kind == TOKEN_END)
		return token_broken(r, line, "\"%.*s\" has no value",
				    (int)(key_len < 60 ? key_len : 60), key);
	return token_broken(r, t->line, "\"%.*s\" has no value before \"%.*s\"",
			    (int)(key_len < 60 ? key_len : 60), key,
			    (int)t->len, t->text);
}

/* A string may be written in pieces: "abc" "def". */
static bool read_string(struct reader *r, unsigned at)
{
	while (r->token.kind == TOKEN_STRING) {
		if (r->token.bad)
			r->scan->value[at].bad = true;
		if (!token_next(r))
			return false;
	}
	return true;
}

/* Inside of [ ] or ( ), behind the opening mark. */
static bool read_list(struct reader *r, unsigned opened, char open)
{
	char close = open == '[' ? ']' : ')';
	enum token_kind kind = TOKEN_END;
	bool first = true;

	while (!at_mark(r, close)) {
		const struct token *t = &r->token;
		if (t->kind == TOKEN_END || at_mark(r, ';') || at_mark(r, '}'))
			return token_broken(
				r, opened,
				"the \"%c\" on this line has no \"%c\"", open,
				close);
		if (!first) {
			if (!at_mark(r, ','))
				return token_broken(
					r, t->line,
					"a \",\" or \"%c\" is missing "
					"before %.*s",
					close, (int)(t->len < 60 ? t->len : 60),
					t->text);
			unsigned line = t->line;
			if (!token_next(r))
				return false;
			if (at_mark(r, close))
				return token_broken(
					r, line,
					"a \",\" stands behind the last "
					"element");
		}
		if (open == '[' && t->kind == TOKEN_MARK)
			return token_broken(
				r, t->line,
				"[ ] holds plain values; for \"%c\" use "
				"( )",
				*t->text);
		if (!first && open == '[' && t->kind != kind &&
		    t->kind != TOKEN_NAME && t->kind != TOKEN_END)
			return token_broken(
				r, t->line,
				"values of several types in one [ ]");
		kind = t->kind;
		first = false;
		if (!read_value(r, t->line, "the list", 8))
			return false;
	}
	return token_next(r);
}

static bool read_value(struct reader *r, unsigned line, const char *key,
		       size_t key_len)
{
	unsigned at, opened = r->token.line;
	bool ok;

	if (!value_add(r, line, &at))
		return false;
	switch (r->token.kind) {
	case TOKEN_STRING:
		return read_string(r, at);
	case TOKEN_NUMBER:
		r->scan->value[at].bad = r->token.bad;
		return token_next(r);
	case TOKEN_BOOLEAN:
		return token_next(r);
	case TOKEN_MARK:
		break;
	case TOKEN_NAME:
	case TOKEN_END:
	case TOKEN_BROKEN:
		return bad_value(r, line, key, key_len);
	}
	char open = *r->token.text;
	if (open != '{' && open != '[' && open != '(')
		return bad_value(r, line, key, key_len);
	if (++r->depth > SCAN_DEPTH_MAX)
		return token_broken(r, opened, "nested too deeply");
	if (!token_next(r))
		return false;
	if (open == '{')
		ok = read_group(r, opened, false);
	else
		ok = read_list(r, opened, open);
	r->depth--;
	return ok;
}

struct key {
	const char *text;
	size_t len;
	unsigned line;
};

static int key_compare(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);

	if (order == 0 && x->len != y->len)
		order = x->len < y->len ? -1 : 1;
	if (order == 0 && x->line != y->line)
		order = x->line < y->line ? -1 : 1;
	return order;
}

/* libconfig stops at a name that stands twice; we tell all of them. */
static void check_twice(struct reader *r, struct key *key, unsigned count)
{
	if (count < 2)
		return;
	qsort(key, count, sizeof(*key), key_compare);
	for (unsigned i = 1; i < count; i++) {
		if (key[i].len != key[i - 1].len ||
		    memcmp(key[i].text, key[i - 1].text, key[i].len) != 0)
			continue;
		token_tell(r, key[i].line, NULL,
			   "\"%.*s\" stands here twice; first on line %u",
			   (int)(key[i].len < 60 ? key[i].len : 60),
			   key[i].text, key[i - 1].line);
		r->scan->broken = true;
	}
}

/* One "key = value;" */
static bool read_setting(struct reader *r, struct key *key)
{
	const struct token *t = &r->token;

	if (t->kind != TOKEN_NAME)
		return token_broken(r, t->line,
				    "\"%.*s\" stands where a key should",
				    (int)(t->len < 60 ? t->len : 60), t->text);
	*key = (struct key){t->text, t->len, t->line};
	if (!token_next(r))
		return false;
	if (!at_mark(r, '=') && !at_mark(r, ':'))
		return token_broken(
			r, key->line, "a \"=\" is missing after \"%.*s\"",
			(int)(key->len < 60 ? key->len : 60), key->text);
	if (!token_next(r) || !read_value(r, key->line, key->text, key->len))
		return false;
	if (at_mark(r, ';') || at_mark(r, ','))
		return token_next(r);
	return true;
}

/* Settings up to "}", which is taken; or up to the end of the file. */
static bool read_group(struct reader *r, unsigned opened, bool outermost)
{
	unsigned count = 0, size = 0;
	struct key *key = NULL;
	bool ok = true;

	while (ok && r->token.kind != TOKEN_END && !at_mark(r, '}')) {
		if (count == SCAN_KEYS_MAX) {
			ok = token_broken(r, r->token.line,
					  "more than %d keys in one group",
					  SCAN_KEYS_MAX);
			break;
		}
		if (count == size) {
			size = size ? size * 2 : 16;
			struct key *grown = realloc(key, size * sizeof(*key));
			if (!grown) {
				r->scan->failed = r->scan->broken = true;
				ok = false;
				break;
			}
			key = grown;
		}
		ok = read_setting(r, &key[count]);
		count += ok;
	}
	if (ok)
		check_twice(r, key, count);
	free(key);
	if (!ok)
		return false;
	if (r->token.kind == TOKEN_END)
		return outermost ? true
				 : token_broken(r, opened,
						"the \"{\" on this line has no "
						"\"}\"");
	if (outermost)
		return token_broken(r, r->token.line,
				    "there is no \"{\" for this \"}\"");
	return token_next(r);
}

/* A file that holds NUL is no text at all; libconfig would stop there. */
static bool check_bytes(struct reader *r, size_t len)
{
	const char *nul = memchr(r->text, '\0', len);

	if (!nul)
		return true;
	unsigned line = 1;
	for (const char *p = r->text; p < nul; p++)
		line += *p == '\n';
	return token_broken(r, line, "a NUL byte: this is no text file");
}

/* libconfig reads these wherever a line begins so; see lex_other for '@'. */
static bool check_include(struct reader *r)
{
	unsigned line = 1;

	for (const char *p = r->text; p && p < r->end; line++) {
		const char *q = p + strspn(p, " \t");
		if (strncmp(q, "@include", 8) == 0)
			return token_broken(
				r, line,
				"@include is not taken: peers have files "
				"of their own in policy.d");
		p = memchr(p, '\n', (size_t)(r->end - p));
		if (p)
			p++;
	}
	return true;
}

void scan_text(struct scan *scan, const char *text, size_t len)
{
	struct reader r = {
		.scan = scan,
		.text = text,
		.pos = text,
		.end = text + len,
		.line = 1,
	};

	scan->broken = false;
	scan->values = 0;
	if (!check_bytes(&r, len) || !check_include(&r))
		return;
	/* A byte order mark is what some editors put in front. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		token_broken(&r, 1,
			     "the file begins with a byte order mark: save it "
			     "as plain UTF-8");
		return;
	}
	if (token_next(&r))
		read_group(&r, 1, true);
}

void scan_free(struct scan *scan)
{
	free(scan->value);
	scan->value = NULL;
	scan->values = scan->size = 0;
}
