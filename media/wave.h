/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WAV files: read, mixed to one channel, brought to another rate. */
#ifndef MEDIA_WAVE_H
#define MEDIA_WAVE_H

#include <stddef.h>
#include <stdint.h>

#define WAVE_SECONDS_MAX 300
/* Two channels of 48 kHz for so long, and some chunks that are not sound. */
#define WAVE_FILE_MAX (WAVE_SECONDS_MAX * 48000 * 4 + 65536)

struct wave {
	unsigned channels, rate;
	const uint8_t *data; /* 16-bit samples, little endian, interleaved */
	size_t samples;	     /* of each channel */
};

/*
 * Find format and samples in buf[len]; `out` points into it.
 * Returns NULL, or what is wrong with it in plain words.
 */
const char *wave_parse(struct wave *out, const uint8_t *buf, size_t len);

/*
 * One channel at `rate`, as one turn of a loop, so that its end fits its
 * beginning. *out, of *count samples, is the caller's to free.
 * Returns 0 or -ENOMEM.
 */
int wave_convert(const struct wave *wave, unsigned rate, int16_t **out,
		 size_t *count);

#endif
