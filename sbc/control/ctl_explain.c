/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sallyctl explain: one call in plain words, from its story. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sbc/control/ctl_show.h"
#include "sbc/report/sentence.h"
#include "sbc/report/status.h"
#include "sbc/report/story.h"
#include "sbc/report/trouble.h"

#define TROUBLES_MAX 16
#define KEPT_MAX     12

/* --- who, where to, why ------------------------------------------------- */

/* As the last of the lines that give an account says it. */
static bool last_value(const struct story *story, const char *key, char *out,
		       size_t size)
{
	static const char *const events[] = {"call-start", "call-answer",
					     "call-end"};
	const struct story_entry *entry;
	char text[256];

	*out = '\0';
	TAILQ_FOREACH (entry, &story->entries, entry)
		for (unsigned i = 0; i < 3; i++)
			if (story_is(entry, "event", events[i]) &&
			    story_value(entry, key, text, sizeof(text)))
				snprintf(out, size, "%s", text);
	return *out;
}

static void show_last(struct show *show, const struct story *story,
		      const char *key, const char *label)
{
	char text[256];

	last_value(story, key, text, sizeof(text));
	show_field(show, key, label, show_text(text));
}

static void show_media(struct show *show, const struct story *story,
		       const struct status_call *call)
{
	char why[256], anchor[8], words[320];

	last_value(story, "anchor_why", why, sizeof(why));
	last_value(story, "anchor", anchor, sizeof(anchor));
	if (call && call->anchor_why) {
		snprintf(why, sizeof(why), "%s", call->anchor_why);
		snprintf(anchor, sizeof(anchor), "%s",
			 call->anchored ? "yes" : "no");
	}
	sentence_anchor(words, sizeof(words), why);
	if (!why[0])
		anchor[0] = '\0'; /* nobody was found to plan it with */
	show_field(show, "anchor", "media",
		   show_text(!anchor[0]		      ? NULL
			     : !strcmp(anchor, "yes") ? "relay"
						      : "direct"));
	show_field(show, "because", "because", show_text(words));
}

static const char *state_of(const struct story *story,
			    const struct status_call *call)
{
	if (call)
		return status_state_name(call->state);
	return story->ended ? "ended" : "ending";
}

static void show_heading(struct show *show, const struct story *story,
			 const struct status_call *call,
			 const struct account *account)
{
	const struct story_entry *first = TAILQ_FIRST(&story->entries);
	char began[32] = "";

	if (first)
		story_value(first, "time", began, sizeof(began));
	show_field(show, "id", "call", show_text(story->id));
	show_field(show, "state", "state", show_text(state_of(story, call)));
	show_field(show, "began", "first line", show_text(began));
	show_last(show, story, "from", "from");
	show_last(show, story, "to", "to");
	show_field(show, "a", "calling end", show_text(account->ends.name[0]));
	show_field(show, "b", "called end", show_text(account->ends.name[1]));
	show_last(show, story, "route", "route");
	show_last(show, story, "class", "class");
	show_media(show, story, call);
	show_field(show, "duration_s", "talked",
		   account->answered ? show_seconds(account->duration_ms / 1000)
				     : show_text(NULL));
	if (story->ended) {
		show_last(show, story, "by", "ended by");
		show_last(show, story, "cause", "cause");
	}
}

/* --- what happened ------------------------------------------------------ */

static void show_entry(struct show *show, const struct story_entry *entry,
		       const struct account *account)
{
	char text[SENTENCE_MAX], time[32], value[64], line[SENTENCE_MAX + 40];

	sentence_of(text, sizeof(text), entry, &account->ends);
	story_value(entry, "time", time, sizeof(time));
	if (!show->json) {
		/* The day stands above. */
		snprintf(line, sizeof(line), "  %.12s  %s",
			 strlen(time) > 11 ? time + 11 : time, text);
		show_line(show, NULL, line);
		return;
	}
	show_open(show, NULL, NULL);
	show_field(show, "time", NULL, show_text(time));
	for (unsigned i = 0; i < 3; i++) {
		static const char *const key[] = {"leg", "peer", "event"};

		story_value(entry, key[i], value, sizeof(value));
		show_field(show, key[i], NULL, show_text(value));
	}
	show_field(show, "text", NULL, show_text(text));
	show_close(show);
	show_raw(show, "\n");
}

static void show_left_out(struct show *show, unsigned count)
{
	char line[96];

	snprintf(line, sizeof(line),
		 "  ...           %u lines are left out here; the status log "
		 "has them",
		 count);
	show_line(show, NULL, line);
}

static void show_story(struct show *show, const struct story *story,
		       const struct account *account)
{
	const struct story_entry *entry;

	if (!show->json)
		show_raw(show, "\nWhat happened\n");
	show_list_open(show, "story");
	if (story->dropped && !story->head && !show->json)
		show_left_out(show, story->dropped);
	TAILQ_FOREACH (entry, &story->entries, entry) {
		show_entry(show, entry, account);
		if (story->dropped && entry == story->head && !show->json)
			show_left_out(show, story->dropped);
	}
	show_list_close(show);
	if (show->json)
		show_field(show, "left_out", NULL, show_number(story->dropped));
}

/* --- what was kept from an end ------------------------------------------ */

struct kept {
	char leg[4], method[16], cause[32], policy[128];
	unsigned count;
};

static unsigned collect_kept(const struct story *story,
			     struct kept kept[KEPT_MAX])
{
	const struct story_entry *entry;
	unsigned count = 0, i;

	TAILQ_FOREACH (entry, &story->entries, entry) {
		struct kept one = {.count = 1};

		if (!story_is(entry, "event", "call-suppressed"))
			continue;
		story_value(entry, "leg", one.leg, sizeof(one.leg));
		story_value(entry, "method", one.method, sizeof(one.method));
		story_value(entry, "cause", one.cause, sizeof(one.cause));
		story_value(entry, "policy", one.policy, sizeof(one.policy));
		for (i = 0; i < count; i++)
			if (!strcmp(kept[i].leg, one.leg) &&
			    !strcmp(kept[i].method, one.method) &&
			    !strcmp(kept[i].cause, one.cause) &&
			    !strcmp(kept[i].policy, one.policy))
				break;
		if (i < count)
			kept[i].count++;
		else if (count < KEPT_MAX)
			kept[count++] = one;
	}
	return count;
}

static void show_one_kept(struct show *show, const struct kept *kept,
			  const struct account *account)
{
	const char *method = strcmp(kept->method, "INVITE") != 0 ? kept->method
								 : "re-INVITE";
	char line[320];

	if (!show->json) {
		snprintf(line, sizeof(line), "  from %s: %u %s (%s%s%s)",
			 account->ends.name[kept->leg[0] == 'b'], kept->count,
			 method, kept->cause, kept->policy[0] ? ", " : "",
			 kept->policy);
		show_line(show, NULL, line);
		return;
	}
	show_open(show, NULL, NULL);
	show_field(show, "leg", NULL, show_text(kept->leg));
	show_field(show, "method", NULL, show_text(method));
	show_field(show, "cause", NULL, show_text(kept->cause));
	show_field(show, "policy", NULL, show_text(kept->policy));
	show_field(show, "count", NULL, show_number(kept->count));
	show_close(show);
}

static void show_kept(struct show *show, const struct story *story,
		      const struct account *account)
{
	struct kept kept[KEPT_MAX];
	unsigned count = collect_kept(story, kept);

	if (count && !show->json)
		show_raw(show, "\nWhat was kept from an end\n");
	show_list_open(show, "kept");
	for (unsigned i = 0; i < count; i++)
		show_one_kept(show, &kept[i], account);
	show_list_close(show);
}

/* --- what went wrong ---------------------------------------------------- */

static void show_trouble(struct show *show, const struct story *story,
			 const struct account *account)
{
	static struct trouble found[TROUBLES_MAX]; /* big for a stack */
	unsigned count = trouble_find(account, story, found, TROUBLES_MAX);
	char line[SENTENCE_MAX + 8];

	if (!show->json)
		show_raw(show, "\nWhat went wrong\n");
	show_list_open(show, "wrong");
	for (unsigned i = 0; i < count; i++) {
		const char leg[2] = {found[i].leg, '\0'};

		if (!show->json) {
			snprintf(line, sizeof(line), "  %s", found[i].text);
			show_line(show, NULL, line);
			continue;
		}
		show_open(show, NULL, NULL);
		show_field(show, "name", NULL, show_text(found[i].name));
		show_field(show, "leg", NULL,
			   show_text(leg[0] == '-' ? NULL : leg));
		show_field(show, "text", NULL, show_text(found[i].text));
		show_close(show);
	}
	if (!count && !show->json)
		show_line(show, NULL, "  nothing that shows here");
	show_list_close(show);
}

int ctl_show_explain(struct show *show, const char *id)
{
	const struct story *story =
		strcmp(id, "last") != 0 ? story_find(id) : story_newest();
	const struct status_call *call;
	struct account account;

	if (!story)
		return -ENOENT;
	call = status_call_find(story->id);
	account_read(&account, story);
	if (call)
		account_live(&account, call, agent_now_ms());
	show_open(show, NULL, NULL);
	show_heading(show, story, call, &account);
	show_story(show, story, &account);
	show_kept(show, story, &account);
	show_trouble(show, story, &account);
	show_close(show);
	return 0;
}
