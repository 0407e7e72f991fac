/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands of the control socket: what is shown, what is done. */
#include "config.h"

#include "sbc/control/ctl_command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/agent.h"
#include "sbc/call/learn.h"

void ctl_answer_end(struct ctl_answer *answer, const char *error)
{
	struct show *show = &answer->show;

	if (show->len && show->text[show->len - 1] != '\n')
		show_raw(show, "\n");
	if (show->broken) {
		show->len = 0;
		show->broken = false;
		error = "out of memory";
	}
	if (error) {
		show_raw(show, ".error ");
		show_raw(show, error);
		show_raw(show, "\n");
	} else {
		show_raw(show, ".ok\n");
	}
	answer->done = true;
}

static void run_state(struct ctl_answer *answer, char *const *word)
{
	(void)word;
	ctl_show_state(&answer->show, answer->agent, answer->since_ms);
	ctl_answer_end(answer, NULL);
}

static void run_calls(struct ctl_answer *answer, char *const *word)
{
	(void)word;
	answer->more = ctl_show_calls;
}

static void run_phones(struct ctl_answer *answer, char *const *word)
{
	(void)word;
	answer->more = ctl_show_phones;
}

static void run_trunks(struct ctl_answer *answer, char *const *word)
{
	(void)word;
	ctl_show_trunks(&answer->show, answer->agent);
	ctl_answer_end(answer, NULL);
}

static void run_call(struct ctl_answer *answer, char *const *word)
{
	if (ctl_show_call(&answer->show, word[0]))
		ctl_answer_end(answer, "no such call; \"calls\" lists them");
	else
		ctl_answer_end(answer, NULL);
}

/* What was done, as a line or as {"done": ...}. */
static void done(struct ctl_answer *answer, const char *what)
{
	show_open(&answer->show, NULL, NULL);
	show_line(&answer->show, "done", what);
	show_close(&answer->show);
	ctl_answer_end(answer, NULL);
}

static void run_hangup(struct ctl_answer *answer, char *const *word)
{
	if (agent_hangup(answer->agent, word[0]))
		ctl_answer_end(answer, "no such call; \"calls\" lists them");
	else
		done(answer, "the call is being ended");
}

static void run_explain(struct ctl_answer *answer, char *const *word)
{
	if (ctl_show_explain(&answer->show, word[0]))
		ctl_answer_end(answer,
			       "no such call among those that live and the "
			       "last 500 that ended");
	else
		ctl_answer_end(answer, NULL);
}

static void run_learned(struct ctl_answer *answer, char *const *word)
{
	struct agent *agent = answer->agent;

	if (!word[0]) {
		ctl_show_learned(&answer->show, agent);
		ctl_answer_end(answer, NULL);
	} else if (strcmp(word[0], "forget") != 0 || !word[1]) {
		ctl_answer_end(answer,
			       "it is \"learned\" or \"learned forget PEER\"");
	} else if (!agent->learn || !learn_forget(agent->learn, word[1])) {
		ctl_answer_end(answer, "nothing was learned of that peer");
	} else {
		agent_relearn(agent, word[1]);
		done(answer, "forgotten; the peer's next such request is "
			     "tried again");
	}
}

static void run_drain(struct ctl_answer *answer, char *const *word)
{
	(void)word;
	agent_drain(answer->agent);
	done(answer, "no more calls are taken; the program ends with the "
		     "last one");
}

static void show_faults(struct show *show, char *faults)
{
	char *rest = faults, *line;

	show_open(show, NULL, NULL);
	show_list_open(show, "faults");
	while ((line = strsep(&rest, "\n")))
		if (*line)
			show_line(show, NULL, line);
	show_list_close(show);
	show_close(show);
}

static void run_reload(struct ctl_answer *answer, char *const *word)
{
	char *why = NULL;
	int rc;

	(void)word;
	rc = agent_reload(answer->agent, &why);
	if (rc) {
		if (why)
			show_faults(&answer->show, why);
		ctl_answer_end(answer, rc == -EINVAL
					       ? "the configuration is broken, "
						 "the old policy stays in force"
					       : strerror(-rc));
	} else {
		done(answer, "the new policy is in force");
	}
	free(why);
}

static const struct command {
	const char *name;
	unsigned least, most; /* words after it */
	void (*run)(struct ctl_answer *answer, char *const *word);
} commands[] = {
	{"", 0, 0, run_state},		{"calls", 0, 0, run_calls},
	{"call", 1, 1, run_call},	{"trunks", 0, 0, run_trunks},
	{"phones", 0, 0, run_phones},	{"hangup", 1, 1, run_hangup},
	{"reload", 0, 0, run_reload},	{"drain", 0, 0, run_drain},
	{"explain", 1, 1, run_explain}, {"learned", 0, 2, run_learned},
};

static const struct command *command_named(const char *name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

void ctl_command_run(struct ctl_answer *answer, char *line)
{
	char *word[5] = {"", NULL}, *rest = line, *at;
	const struct command *command;
	unsigned words = 0;

	while ((at = strsep(&rest, " \t\r")))
		if (*at && words < 4)
			word[words++] = at;
	if (words && !strcmp(word[words - 1], "json")) {
		answer->show.json = true;
		word[--words] = NULL;
	}
	command = command_named(words ? word[0] : "");
	if (!command)
		ctl_answer_end(answer,
			       "unknown command; known are calls, call ID, "
			       "explain ID, trunks, phones, learned, hangup "
			       "ID, reload, drain");
	else if (words && words - 1 < command->least)
		ctl_answer_end(answer, "this command needs a call's id");
	else if (words > 1 + command->most)
		ctl_answer_end(answer, "too many words");
	else
		command->run(answer, word + 1);
}
