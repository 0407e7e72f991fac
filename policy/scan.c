/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading the source text of a configuration file.
 *
 * libconfig says only "syntax error", reports a string without its end at the
 * end of the file, and wraps large integers silently; so every file is first
 * read here by the same grammar (libconfig 1.5: scanner.l, grammar.y).
 */
#include "policy/scan.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/fault.h"
#include "policy/unit.h"

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

static void vtell(struct reader *r, unsigned line, const char *hint,
		  const char *format, va_list args)
{
	char text[256];

	vsnprintf(text, sizeof(text), format, args);
	r->scan->report(r->scan->context, line, hint, text);
}

static void __attribute__((format(printf, 4, 5)))
tell(struct reader *r, unsigned line, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vtell(r, line, hint, format, args);
	va_end(args);
}

/*
 * A fault after which the rest of the file cannot be understood. Returns
 * false, for the callers to pass on.
 */
static bool __attribute__((format(printf, 3, 4)))
broken(struct reader *r, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vtell(r, line, NULL, format, args);
	va_end(args);
	r->scan->broken = true;
	r->token.kind = TOKEN_BROKEN;
	return false;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
	return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '*';
}

/* Characters that people write in values that lack their quotes. */
static size_t word_len(const struct reader *r, const char *from)
{
	const char *p = from;

	while (p < r->end && (is_name_char(*p) || strchr(".:/+@%", *p)))
		p++;
	while (p > from && p[-1] == ':')
		p--;
	return (size_t)(p - from);
}

static bool skip_comment(struct reader *r)
{
	const char *p = r->pos;

	if (*p == '#' || (*p == '/' && p[1] == '/')) {
		const char *eol = memchr(p, '\n', (size_t)(r->end - p));
		r->pos = eol ? eol : r->end;
		return true;
	}
	if (*p != '/' || p[1] != '*')
		return false;
	unsigned begin = r->line;
	for (p += 2; p < r->end; p++) {
		if (*p == '\n')
			r->line++;
		if (*p == '*' && p[1] == '/') {
			r->pos = p + 2;
			return true;
		}
	}
	r->pos = r->end;
	broken(r, begin, "the comment that begins with /* has no end");
	return true;
}

/* False when the file broke off. */
static bool skip_space(struct reader *r)
{
	while (r->pos < r->end) {
		char c = *r->pos;
		if (c == '\n')
			r->line++;
		if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
			r->pos++;
		else if (!skip_comment(r))
			return true;
		if (r->scan->broken)
			return false;
	}
	return true;
}

static bool hex_value(const char *p, unsigned *value)
{
	*value = 0;
	for (int i = 0; i < 2; i++) {
		if (is_digit(p[i]))
			*value = *value * 16 + (unsigned)(p[i] - '0');
		else if ((p[i] | 32) >= 'a' && (p[i] | 32) <= 'f')
			*value = *value * 16 + (unsigned)((p[i] | 32) - 'a') +
				 10;
		else
			return false;
	}
	return true;
}

/*
 * An escape that libconfig turns into a control byte is never meant: the
 * digits of numbers are written \d, which needs no doubling, but a careless
 * \f or \x00 would cut or corrupt the value.
 */
static void check_escape(struct reader *r, struct token *token, const char *p)
{
	unsigned value;

	if ((p[1] == 'x' || p[1] == 'X') && hex_value(p + 2, &value)) {
		if (value >= 0x20 && value != 0x7f)
			return;
		tell(r, r->line, NULL,
		     "\\%.3s in a string is a control character", p + 1);
	} else if (p[1] && strchr("nrtf", p[1])) {
		tell(r, r->line, NULL,
		     "\\%c in a string is a control character; "
		     "for a backslash write two",
		     p[1]);
	} else {
		return;
	}
	token->bad = true;
}

static bool lex_string(struct reader *r, struct token *token)
{
	const char *p = r->pos + 1;

	for (; p < r->end && *p != '"' && *p != '\n'; p++) {
		if (*p != '\\')
			continue;
		check_escape(r, token, p);
		if (p[1] == '"' || p[1] == '\\')
			p++;
	}
	if (p >= r->end || *p == '\n')
		return broken(r, r->line,
			      "this string has no end: a \" is missing");
	token->kind = TOKEN_STRING;
	r->pos = p + 1;
	token->len = (size_t)(r->pos - token->text);
	return true;
}

/* A word that begins like a number: say what was probably meant. */
static bool not_a_number(struct reader *r, int len)
{
	size_t dots = 0, digits = strspn(r->pos, "0123456789");

	if (digits == 1 && (r->pos[1] | 32) == 'x')
		return broken(r, r->line,
			      "%.*s: numbers are written in decimal", len,
			      r->pos);
	for (int i = 0; i < len; i++)
		dots += r->pos[i] == '.';
	if (dots == 1 &&
	    strspn(r->pos + digits, ".0123456789") + digits >= (size_t)len)
		return broken(r, r->line, "%.*s: numbers are whole", len,
			      r->pos);
	return broken(r, r->line,
		      "%.*s is no number: a value like this needs quotes, "
		      "\"%.*s\"",
		      len, r->pos, len, r->pos);
}

static bool lex_number(struct reader *r, struct token *token)
{
	const char *p = r->pos;
	size_t word;
	uint64_t value;
	char digits[32];

	if (*p == '-' || *p == '+')
		p++;
	const char *first = p;
	while (is_digit(*p))
		p++;
	word = word_len(r, r->pos);
	if ((size_t)(p - r->pos) < word || p == first)
		return not_a_number(r, (int)(word < 50 ? word : 50));
	token->kind = TOKEN_NUMBER;
	token->len = (size_t)(p - r->pos);
	r->pos = p;
	snprintf(digits, sizeof(digits), "%.*s",
		 (int)(p - first < 30 ? p - first : 30), first);
	if (*first == '0' && p - first > 1) {
		const char *bare = digits + strspn(digits, "0");
		tell(r, r->line, *bare ? bare : "0",
		     "%s begins with 0, which some read as octal", digits);
		token->bad = true;
	} else if (unit_number(&value, digits) != 0) {
		tell(r, r->line, NULL,
		     "%s is too large: no number may pass 2147483647", digits);
		token->bad = true;
	}
	return true;
}

static bool is_boolean(const struct token *token)
{
	return (token->len == 4 && strncasecmp(token->text, "true", 4) == 0) ||
	       (token->len == 5 && strncasecmp(token->text, "false", 5) == 0);
}

static bool lex_other(struct reader *r)
{
	unsigned char c = (unsigned char)*r->pos;

	if (c == '@')
		return broken(r, r->line,
			      "@include is not taken: peers have files of "
			      "their own in policy.d");
	if (c == '\'')
		return broken(r, r->line,
			      "strings stand in double quotes, not in '");
	if (c < 0x20 || c == 0x7f)
		return broken(r, r->line,
			      "control character 0x%02x in the text", c);
	if (c >= 0x80)
		return broken(r, r->line,
			      "byte 0x%02x outside of a string: only ASCII "
			      "is taken there (a curly quote?)",
			      c);
	return broken(r, r->line, "\"%c\" is not expected here", c);
}

/* Read the next token into r->token. False when the file broke off. */
static bool next(struct reader *r)
{
	struct token *token = &r->token;

	if (!skip_space(r))
		return false;
	*token = (struct token){.line = r->line, .text = r->pos, .len = 1};
	if (r->pos >= r->end) {
		token->kind = TOKEN_END;
		return true;
	}
	char c = *r->pos;
	if (c == '"')
		return lex_string(r, token);
	if (is_letter(c) || c == '*') {
		const char *p = r->pos;
		while (is_name_char(*p))
			p++;
		token->len = (size_t)(p - r->pos);
		token->kind = is_boolean(token) ? TOKEN_BOOLEAN : TOKEN_NAME;
		r->pos = p;
		return true;
	}
	if (is_digit(c) || c == '-' || c == '+' || c == '.')
		return lex_number(r, token);
	if (!strchr("=:;,{}[]()", c))
		return lex_other(r);
	token->kind = TOKEN_MARK;
	r->pos++;
	return true;
}

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
		size_t len = word_len(r, t->text);
		if (len > 60)
			len = 60;
		return broken(r, t->line, "%.*s needs quotes: \"%.*s\"",
			      (int)len, t->text, (int)len, t->text);
	}
	if (t->kind == TOKEN_END)
		return broken(r, line, "\"%.*s\" has no value",
			      (int)(key_len < 60 ? key_len : 60), key);
	return broken(r, t->line, "\"%.*s\" has no value before \"%.*s\"",
		      (int)(key_len < 60 ? key_len : 60), key, (int)t->len,
		      t->text);
}

/* A string may be written in pieces: "abc" "def". */
static bool read_string(struct reader *r, unsigned at)
{
	while (r->token.kind == TOKEN_STRING) {
		if (r->token.bad)
			r->scan->value[at].bad = true;
		if (!next(r))
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
			return broken(r, opened,
				      "the \"%c\" on this line has no \"%c\"",
				      open, close);
		if (!first) {
			if (!at_mark(r, ','))
				return broken(r, t->line,
					      "a \",\" or \"%c\" is missing "
					      "before %.*s",
					      close,
					      (int)(t->len < 60 ? t->len : 60),
					      t->text);
			unsigned line = t->line;
			if (!next(r))
				return false;
			if (at_mark(r, close))
				return broken(r, line,
					      "a \",\" stands behind the last "
					      "element");
		}
		if (open == '[' && t->kind == TOKEN_MARK)
			return broken(r, t->line,
				      "[ ] holds plain values; for \"%c\" use "
				      "( )",
				      *t->text);
		if (!first && open == '[' && t->kind != kind &&
		    t->kind != TOKEN_NAME && t->kind != TOKEN_END)
			return broken(r, t->line,
				      "values of several types in one [ ]");
		kind = t->kind;
		first = false;
		if (!read_value(r, t->line, "the list", 8))
			return false;
	}
	return next(r);
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
		return next(r);
	case TOKEN_BOOLEAN:
		return next(r);
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
		return broken(r, opened, "nested too deeply");
	if (!next(r))
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
		tell(r, key[i].line, NULL,
		     "\"%.*s\" stands here twice; first on line %u",
		     (int)(key[i].len < 60 ? key[i].len : 60), key[i].text,
		     key[i - 1].line);
		r->scan->broken = true;
	}
}

/* One "key = value;" */
static bool read_setting(struct reader *r, struct key *key)
{
	const struct token *t = &r->token;

	if (t->kind != TOKEN_NAME)
		return broken(r, t->line, "\"%.*s\" stands where a key should",
			      (int)(t->len < 60 ? t->len : 60), t->text);
	*key = (struct key){t->text, t->len, t->line};
	if (!next(r))
		return false;
	if (!at_mark(r, '=') && !at_mark(r, ':'))
		return broken(r, key->line, "a \"=\" is missing after \"%.*s\"",
			      (int)(key->len < 60 ? key->len : 60), key->text);
	if (!next(r) || !read_value(r, key->line, key->text, key->len))
		return false;
	if (at_mark(r, ';') || at_mark(r, ','))
		return next(r);
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
			ok = broken(r, r->token.line,
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
				 : broken(r, opened,
					  "the \"{\" on this line has no "
					  "\"}\"");
	if (outermost)
		return broken(r, r->token.line,
			      "there is no \"{\" for this \"}\"");
	return next(r);
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
	return broken(r, line, "a NUL byte: this is no text file");
}

/* libconfig reads these wherever a line begins so; see lex_other for '@'. */
static bool check_include(struct reader *r)
{
	unsigned line = 1;

	for (const char *p = r->text; p && p < r->end; line++) {
		const char *q = p + strspn(p, " \t");
		if (strncmp(q, "@include", 8) == 0)
			return broken(r, line,
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
		broken(&r, 1,
		       "the file begins with a byte order mark: save it "
		       "as plain UTF-8");
		return;
	}
	if (next(&r))
		read_group(&r, 1, true);
}

void scan_free(struct scan *scan)
{
	free(scan->value);
	scan->value = NULL;
	scan->values = scan->size = 0;
}
