/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A WAV file to bytes, once, so that a worker only copies. */
#include "media/music.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/g711.h"
#include "media/g722.h"
#include "media/wave.h"

static int refuse(char *why, size_t size, int rc, const char *text)
{
	if (size)
		snprintf(why, size, "%s", text);
	return rc;
}

static int read_all(int fd, uint8_t *buf, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, buf + at, len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* cut while we read it */
		at += (size_t)n;
	}
	return 0;
}

static int read_file(const char *path, uint8_t **out, size_t *len, char *why,
		     size_t size)
{
	struct stat st;
	uint8_t *buf = NULL;
	int rc = 0;
	/* Opening a pipe must not wait for its writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return refuse(why, size, -errno, strerror(errno));
	if (fstat(fd, &st) < 0)
		rc = refuse(why, size, -errno, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		rc = refuse(why, size, -EINVAL, "it is not a regular file");
	else if (st.st_size > WAVE_FILE_MAX)
		rc = refuse(why, size, -EFBIG, "it is larger than 57 MB");
	else if (st.st_size == 0)
		rc = refuse(why, size, -EINVAL, "it is empty");
	if (rc == 0) {
		buf = malloc((size_t)st.st_size);
		rc = buf ? read_all(fd, buf, (size_t)st.st_size) : -ENOMEM;
		if (rc < 0)
			refuse(why, size, rc, strerror(-rc));
	}
	close(fd);
	if (rc < 0) {
		free(buf);
		return rc;
	}
	*out = buf;
	*len = (size_t)st.st_size;
	return 0;
}

static int encode_g711(struct media_music *music, const struct wave *wave)
{
	int16_t *samples;
	int rc = wave_convert(wave, 8000, &samples, &music->len);
	if (rc < 0)
		return rc;
	music->pcmu = malloc(music->len);
	music->pcma = malloc(music->len);
	if (!music->pcmu || !music->pcma) {
		free(samples);
		return -ENOMEM;
	}
	for (size_t i = 0; i < music->len; i++) {
		music->pcmu[i] = g711_to_u(samples[i]);
		music->pcma[i] = g711_to_a(samples[i]);
	}
	free(samples);
	return 0;
}

/* Twice round: the second time it begins in the state in which it ends. */
static int encode_g722(struct media_music *music, const struct wave *wave)
{
	struct g722_encoder encoder;
	int16_t *samples;
	size_t count;
	int rc = wave_convert(wave, 16000, &samples, &count);
	if (rc < 0)
		return rc;
	music->g722 = malloc(music->len);
	if (!music->g722) {
		free(samples);
		return -ENOMEM;
	}
	g722_init(&encoder);
	for (int turn = 0; turn < 2; turn++)
		for (size_t i = 0; i < music->len; i++)
			music->g722[i] = g722_encode(&encoder, samples + 2 * i);
	free(samples);
	return 0;
}

static void music_destroy(struct media_music *music)
{
	free(music->pcmu);
	free(music->pcma);
	free(music->g722);
	free(music);
}

int media_music_load(struct media_music **out, const char *path, char *why,
		     size_t why_size)
{
	uint8_t *file = NULL;
	size_t len = 0;
	struct wave wave;
	int rc = read_file(path, &file, &len, why, why_size);
	if (rc < 0)
		return rc;
	const char *wrong = wave_parse(&wave, file, len);
	if (wrong) {
		free(file);
		return refuse(why, why_size, -EINVAL, wrong);
	}
	struct media_music *music = calloc(1, sizeof(*music));
	rc = music ? encode_g711(music, &wave) : -ENOMEM;
	if (rc == 0)
		rc = encode_g722(music, &wave);
	free(file);
	if (rc < 0) {
		if (music)
			music_destroy(music);
		return refuse(why, why_size, rc, strerror(-rc));
	}
	*out = music;
	return 0;
}

void media_music_free(struct media_music *music)
{
	if (!music)
		return;
	music->retired = true;
	if (music->users == 0)
		music_destroy(music);
}

void music_use(struct media_music *music)
{
	music->users++;
}

void music_leave(struct media_music *music)
{
	if (--music->users == 0 && music->retired)
		music_destroy(music);
}

const uint8_t *music_bytes(const struct media_music *music,
			   enum media_filler_kind kind)
{
	switch (kind) {
	case MEDIA_FILLER_PCMU:
		return music->pcmu;
	case MEDIA_FILLER_PCMA:
		return music->pcma;
	case MEDIA_FILLER_G722:
		return music->g722;
	case MEDIA_FILLER_NONE:
	case MEDIA_FILLER_CN:
	case MEDIA_FILLER_OPUS:
	case MEDIA_FILLER_G729:
	case MEDIA_FILLER_GSM:
	case MEDIA_FILLER_REPEAT:
		break;
	}
	return NULL;
}
