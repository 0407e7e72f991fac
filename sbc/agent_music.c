/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hold music that the policy names: each file is loaded once. */
#include "config.h"

#include "sbc/agent_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct agent_music {
	struct agent_music *next;
	char *path;
	struct media_music *music;
};

static const char *music_path(const struct policy *policy,
			      const struct policy_peer *peer)
{
	return peer->hold_music ? peer->hold_music
				: policy_media(policy)->hold_music;
}

static const struct agent_music *music_find(const struct agent_music *list,
					    const char *path)
{
	for (; list; list = list->next)
		if (!strcmp(list->path, path))
			return list;
	return NULL;
}

static int music_add(struct agent_music **list, const char *path, char *why,
		     size_t why_size)
{
	struct agent_music *music;
	int error;

	if (!path || music_find(*list, path))
		return 0;
	music = calloc(1, sizeof(*music));
	if (!music)
		return -ENOMEM;
	music->path = strdup(path);
	error = music->path
			? media_music_load(&music->music, path, why, why_size)
			: -ENOMEM;
	if (error) {
		free(music->path);
		free(music);
		return error;
	}
	music->next = *list;
	*list = music;
	return 0;
}

void music_free(struct agent_music *list)
{
	struct agent_music *next;

	for (; list; list = next) {
		next = list->next;
		media_music_free(list->music);
		free(list->path);
		free(list);
	}
}

int music_load(struct agent_music **out, const struct policy *policy, char *why,
	       size_t why_size)
{
	struct agent_music *list = NULL;
	int error = music_add(&list, policy_media(policy)->hold_music, why,
			      why_size);

	for (unsigned i = 0; !error && i < policy_peers(policy); i++)
		error = music_add(&list, policy_peer(policy, i)->hold_music,
				  why, why_size);
	if (error) {
		music_free(list);
		return error;
	}
	*out = list;
	return 0;
}

const struct media_music *agent_music(const struct agent *agent,
				      const struct policy_peer *peer)
{
	const char *path = music_path(agent->policy, peer);
	const struct agent_music *music =
		path ? music_find(agent->music, path) : NULL;

	return music ? music->music : NULL;
}
