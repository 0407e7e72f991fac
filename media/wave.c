/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RIFF chunks, and a resampler of windowed sines. */
#include "media/wave.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_PCM	  1
#define FORMAT_EXTENSIBLE 0xfffe
#define CROSSINGS	  16   /* zeros of the sine on each side */
#define PASSED		  0.92 /* of the lower rate's band */

static unsigned le16(const uint8_t *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static uint32_t le32(const uint8_t *p)
{
	return le16(p) | (uint32_t)le16(p + 2) << 16;
}

static const char *read_format(struct wave *out, const uint8_t *p, size_t len)
{
	if (len < 16)
		return "its format is cut off";
	unsigned format = le16(p);
	if (format == FORMAT_EXTENSIBLE && len >= 26)
		format = le16(p + 24);
	out->channels = le16(p + 2);
	out->rate = le32(p + 4);
	if (format != FORMAT_PCM || le16(p + 14) != 16)
		return "its samples are not PCM of 16 bits";
	if (out->channels != 1 && out->channels != 2)
		return "it has neither one channel nor two";
	if (out->rate != 8000 && out->rate != 16000 && out->rate != 32000 &&
	    out->rate != 44100 && out->rate != 48000)
		return "its rate is none of 8, 16, 32, 44.1 and 48 kHz";
	return NULL;
}

const char *wave_parse(struct wave *out, const uint8_t *buf, size_t len)
{
	memset(out, 0, sizeof(*out));
	if (len < 12 || memcmp(buf, "RIFF", 4) != 0 ||
	    memcmp(buf + 8, "WAVE", 4) != 0)
		return "it is not a WAV file";
	for (size_t at = 12; at + 8 <= len;) {
		const uint8_t *chunk = buf + at;
		size_t size = le32(chunk + 4), room = len - at - 8;
		if (memcmp(chunk, "fmt ", 4) == 0) {
			const char *why = read_format(
				out, chunk + 8, size < room ? size : room);
			if (why)
				return why;
		} else if (memcmp(chunk, "data", 4) == 0) {
			/* Writers to a pipe leave the size open. */
			out->data = chunk + 8;
			out->samples = size < room ? size : room;
			break;
		}
		if (size >= room)
			break;
		at += 8 + size + (size & 1);
	}
	if (!out->rate)
		return "its format is missing";
	out->samples /= 2u * out->channels;
	if (out->samples < out->rate / 10)
		return "it holds less than 0.1 s of sound";
	if (out->samples > (size_t)WAVE_SECONDS_MAX * out->rate)
		return "it holds more than 300 s of sound";
	return NULL;
}

static float *mix(const struct wave *wave)
{
	float *mono = malloc(wave->samples * sizeof(*mono));
	if (!mono)
		return NULL;
	for (size_t i = 0; i < wave->samples; i++) {
		const uint8_t *p = wave->data + 2 * i * wave->channels;
		int sum = (int16_t)le16(p);
		if (wave->channels == 2)
			sum = (sum + (int16_t)le16(p + 2)) / 2;
		mono[i] = (float)sum;
	}
	return mono;
}

static unsigned divisor(unsigned a, unsigned b)
{
	while (b) {
		unsigned rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* Taps for each place that an output sample has between two input ones. */
struct filter {
	unsigned phases, step, taps;
	float *tap;
};

static int filter_make(struct filter *f, unsigned from, unsigned to)
{
	unsigned common = divisor(from, to);
	double band = to < from ? (double)to / from : 1.0;
	double reach = CROSSINGS / band;
	f->phases = to / common;
	f->step = from / common;
	f->taps = 2 * (unsigned)ceil(reach);
	f->tap = malloc(sizeof(*f->tap) * f->phases * f->taps);
	if (!f->tap)
		return -ENOMEM;
	for (unsigned p = 0; p < f->phases; p++) {
		float *tap = f->tap + (size_t)p * f->taps;
		double sum = 0;
		for (unsigned k = 0; k < f->taps; k++) {
			double t = (double)k - f->taps / 2 + 1 -
				   (double)p / f->phases;
			double x = M_PI * t * band * PASSED;
			double window =
				fabs(t) < reach
					? 0.5 + 0.5 * cos(M_PI * t / reach)
					: 0;
			double h = (x == 0 ? 1 : sin(x) / x) * window;
			tap[k] = (float)h;
			sum += h;
		}
		for (unsigned k = 0; k < f->taps; k++)
			tap[k] = (float)(tap[k] / sum);
	}
	return 0;
}

static int16_t apply(const struct filter *f, const float *in, size_t len,
		     uint64_t position)
{
	const float *tap = f->tap + position % f->phases * f->taps;
	/* The loop goes round: what is before the beginning is the end. */
	size_t at = (size_t)(position / f->phases + 2 * len - f->taps / 2 + 1) %
		    len;
	float sum = 0;
	for (unsigned k = 0; k < f->taps; k++) {
		sum += in[at] * tap[k];
		if (++at == len)
			at = 0;
	}
	if (sum > 32767)
		sum = 32767;
	if (sum < -32768)
		sum = -32768;
	return (int16_t)lrintf(sum);
}

int wave_convert(const struct wave *wave, unsigned rate, int16_t **out,
		 size_t *count)
{
	struct filter f = {.tap = NULL};
	size_t n = (size_t)((uint64_t)wave->samples * rate / wave->rate);
	float *mono = mix(wave);
	int16_t *samples = malloc(n * sizeof(*samples));
	int rc = mono && samples ? 0 : -ENOMEM;
	if (rc == 0 && rate != wave->rate)
		rc = filter_make(&f, wave->rate, rate);
	if (rc < 0) {
		free(mono);
		free(samples);
		return rc;
	}
	for (size_t i = 0; i < n; i++)
		samples[i] = f.tap ? apply(&f, mono, wave->samples,
					   (uint64_t)i * f.step)
				   : (int16_t)mono[i];
	free(f.tap);
	free(mono);
	*out = samples;
	*count = n;
	return 0;
}
