/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers: matched by a PCRE2 pattern and rewritten by a template. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "policy/snapshot.h"

/* A number has at most 127 bytes: honest patterns need far less than this,
 * and a hostile one cannot hold up a call for longer than a few ms. */
#define MATCH_LIMIT 20000
#define DEPTH_LIMIT 1000
#define HEAP_KIB    1024

struct number_rule {
	pcre2_code *code; /* NULL: every number */
	pcre2_match_context *context;
	char *template; /* NULL: unchanged */
};

static int refuse(struct number_fault *fault, bool in_template, int at,
		  const char *text)
{
	fault->in_template = in_template;
	fault->at = at;
	snprintf(fault->text, sizeof(fault->text), "%s", text);
	return -EINVAL;
}

static int compile(struct number_rule *rule, const char *pattern,
		   struct number_fault *fault)
{
	PCRE2_SIZE offset = 0;
	int error = 0;

	rule->code = pcre2_compile((PCRE2_SPTR)pattern, strlen(pattern),
				   PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |
					   PCRE2_NEVER_BACKSLASH_C,
				   &error, &offset, NULL);
	if (!rule->code) {
		PCRE2_UCHAR message[120];
		pcre2_get_error_message(error, message, sizeof(message));
		return refuse(fault, false, (int)offset, (char *)message);
	}
	rule->context = pcre2_match_context_create(NULL);
	if (!rule->context)
		return -ENOMEM;
	pcre2_set_match_limit(rule->context, MATCH_LIMIT);
	pcre2_set_depth_limit(rule->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(rule->context, HEAP_KIB);
	/* Without JIT in the library or rights to use it, the interpreter
	 * gives the same answers. */
	pcre2_jit_compile(rule->code, PCRE2_JIT_COMPLETE);
	return 0;
}

/* Every \N must name a group of the pattern. */
static int check_template(const struct number_rule *rule,
			  struct number_fault *fault)
{
	uint32_t groups = 0;
	char text[120];

	if (rule->code)
		pcre2_pattern_info(rule->code, PCRE2_INFO_CAPTURECOUNT,
				   &groups);
	for (const char *p = rule->template; *p; p++) {
		int at = (int)(p - rule->template);
		if (*p != '\\')
			continue;
		p++;
		if (*p == '\\')
			continue;
		if (*p < '0' || *p > '9')
			return refuse(fault, true, at,
				      "a backslash must be followed by a "
				      "digit or another backslash");
		if ((uint32_t)(*p - '0') <= groups)
			continue;
		snprintf(text, sizeof(text),
			 "\\%c names a group that \"number\" does not have "
			 "(it has %u)",
			 *p, groups);
		return refuse(fault, true, at, text);
	}
	return 0;
}

int number_new(struct number_rule **out, const char *pattern,
	       const char *template, struct number_fault *fault)
{
	int error = -ENOMEM;

	*fault = (struct number_fault){.at = -1};
	struct number_rule *rule = calloc(1, sizeof(*rule));
	if (!rule)
		return error;
	if (template) {
		rule->template = strdup(template);
		if (!rule->template)
			goto failed;
	}
	error = pattern ? compile(rule, pattern, fault) : 0;
	if (!error && template)
		error = check_template(rule, fault);
	if (error)
		goto failed;
	*out = rule;
	return 0;
failed:
	number_free(rule);
	return error;
}

void number_free(struct number_rule *rule)
{
	if (!rule)
		return;
	pcre2_match_context_free(rule->context);
	pcre2_code_free(rule->code);
	free(rule->template);
	free(rule);
}

/* Where group `n` matched; an unset group is empty. */
static void group_span(const PCRE2_SIZE *span, uint32_t count, unsigned n,
		       size_t len, size_t *begin, size_t *end)
{
	*begin = *end = 0;
	if (!span) {
		*end = n == 0 ? len : 0;
	} else if (n < count && span[2 * n] != PCRE2_UNSET &&
		   span[2 * n] <= span[2 * n + 1] && span[2 * n + 1] <= len) {
		*begin = span[2 * n];
		*end = span[2 * n + 1];
	}
}

static int expand(const char *template, const char *number,
		  const PCRE2_SIZE *span, uint32_t count, char out[128])
{
	size_t used = 0, len = strlen(number);

	for (const char *p = template; *p; p++) {
		const char *piece = p;
		size_t begin = 0, end = 1;
		if (p[0] == '\\' && p[1] == '\\') {
			p++;
		} else if (p[0] == '\\') {
			p++;
			group_span(span, count, (unsigned)(*p - '0'), len,
				   &begin, &end);
			piece = number;
		}
		if (end - begin > 127 - used)
			return -E2BIG;
		memcpy(out + used, piece + begin, end - begin);
		used += end - begin;
	}
	out[used] = '\0';
	/* An empty number can be called nowhere. */
	return used > 0;
}

static int match_error(int code)
{
	if (code == PCRE2_ERROR_NOMATCH)
		return 0;
	return code == PCRE2_ERROR_NOMEMORY ? -ENOMEM : -ELOOP;
}

int number_apply(const struct number_rule *rule, const char *number,
		 char out[128])
{
	const char *template = rule->template ? rule->template : "\\0";
	size_t len = strlen(number);
	int result;

	if (len > 127)
		return -E2BIG;
	if (!rule->template) {
		memcpy(out, number, len + 1);
		if (!rule->code)
			return 1;
	}
	if (!rule->code)
		return expand(template, number, NULL, 0, out);
	pcre2_match_data *data =
		pcre2_match_data_create_from_pattern(rule->code, NULL);
	if (!data)
		return -ENOMEM;
	int code = pcre2_match(rule->code, (PCRE2_SPTR)number, len, 0, 0, data,
			       rule->context);
	if (code < 0)
		result = match_error(code);
	else if (!rule->template)
		result = 1;
	else
		result = expand(template, number,
				pcre2_get_ovector_pointer(data),
				pcre2_get_ovector_count(data), out);
	pcre2_match_data_free(data);
	return result;
}

const char *policy_number_library(void)
{
#define TEXT_OF(x)		 #x
#define VERSION_OF(major, minor) TEXT_OF(major) "." TEXT_OF(minor)
	return "pcre2 " VERSION_OF(PCRE2_MAJOR, PCRE2_MINOR);
}
