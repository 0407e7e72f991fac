/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a configuration file, as libconfig 1.5's scanner.l cuts them. */
#include "policy/token.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "policy/unit.h"

static void vtell(struct reader *r, unsigned line, const char *hint,
		  const char *format, va_list args)
	__attribute__((format(printf, 4, 0)));

static void vtell(struct reader *r, unsigned line, const char *hint,
		  const char *format, va_list args)
{
	char text[256];

	vsnprintf(text, sizeof(text), format, args);
	r->scan->report(r->scan->context, line, hint, text);
}

void token_tell(struct reader *r, unsigned line, const char *hint,
		const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vtell(r, line, hint, format, args);
	va_end(args);
}

bool token_broken(struct reader *r, unsigned line, const char *format, ...)
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

size_t token_word_len(const struct reader *r, const char *from)
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
	token_broken(r, begin, "the comment that begins with /* has no end");
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
		token_tell(r, r->line, NULL,
			   "\\%.3s in a string is a control character", p + 1);
	} else if (p[1] && strchr("nrtf", p[1])) {
		token_tell(r, r->line, NULL,
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
		return token_broken(r, r->line,
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
		return token_broken(r, r->line,
				    "%.*s: numbers are written in decimal", len,
				    r->pos);
	for (int i = 0; i < len; i++)
		dots += r->pos[i] == '.';
	if (dots == 1 &&
	    strspn(r->pos + digits, ".0123456789") + digits >= (size_t)len)
		return token_broken(r, r->line, "%.*s: numbers are whole", len,
				    r->pos);
	return token_broken(
		r, r->line,
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
	word = token_word_len(r, r->pos);
	if ((size_t)(p - r->pos) < word || p == first)
		return not_a_number(r, (int)(word < 50 ? word : 50));
	token->kind = TOKEN_NUMBER;
	token->len = (size_t)(p - r->pos);
	r->pos = p;
	snprintf(digits, sizeof(digits), "%.*s",
		 (int)(p - first < 30 ? p - first : 30), first);
	if (*first == '0' && p - first > 1) {
		const char *bare = digits + strspn(digits, "0");
		token_tell(r, r->line, *bare ? bare : "0",
			   "%s begins with 0, which some read as octal",
			   digits);
		token->bad = true;
	} else if (unit_number(&value, digits) != 0) {
		token_tell(r, r->line, NULL,
			   "%s is too large: no number may pass 2147483647",
			   digits);
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
		return token_broken(
			r, r->line,
			"@include is not taken: peers have files of "
			"their own in policy.d");
	if (c == '\'')
		return token_broken(r, r->line,
				    "strings stand in double quotes, not in '");
	if (c < 0x20 || c == 0x7f)
		return token_broken(r, r->line,
				    "control character 0x%02x in the text", c);
	if (c >= 0x80)
		return token_broken(
			r, r->line,
			"byte 0x%02x outside of a string: only ASCII "
			"is taken there (a curly quote?)",
			c);
	return token_broken(r, r->line, "\"%c\" is not expected here", c);
}

bool token_next(struct reader *r)
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
