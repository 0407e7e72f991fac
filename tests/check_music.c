/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hold music: WAV files read, converted, played round and round. */
#include "check_main.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/flow.h"
#include "media/g711.h"
#include "media/g722.h"
#include "media/music.h"
#include "media/wave.h"

#define MS INT64_C(1000000)

static void put_le(uint8_t *p, uint32_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* A WAV file of a sine; *len is its length. Both channels together are it. */
static uint8_t *wav(unsigned rate, unsigned channels, unsigned ms, double hz,
		    size_t *len)
{
	size_t samples = (size_t)rate * ms / 1000;
	uint8_t *buf = calloc(1, 44 + samples * channels * 2);
	memcpy(buf, "RIFF", 4);
	memcpy(buf + 8, "WAVEfmt ", 8);
	put_le(buf + 16, 16, 4);
	put_le(buf + 20, 1, 2);
	put_le(buf + 22, channels, 2);
	put_le(buf + 24, rate, 4);
	put_le(buf + 28, rate * channels * 2, 4);
	put_le(buf + 32, channels * 2, 2);
	put_le(buf + 34, 16, 2);
	memcpy(buf + 36, "data", 4);
	put_le(buf + 40, (uint32_t)(samples * channels * 2), 4);
	put_le(buf + 4, (uint32_t)(36 + samples * channels * 2), 4);
	for (size_t i = 0; i < samples; i++) {
		double v = 8000 * sin(2 * M_PI * hz * (double)i / rate);
		for (unsigned c = 0; c < channels; c++) {
			double side = channels == 1 ? v : c ? 1.5 * v : 0.5 * v;
			put_le(buf + 44 + (i * channels + c) * 2,
			       (uint32_t)(int32_t)lrint(side), 2);
		}
	}
	*len = 44 + samples * channels * 2;
	return buf;
}

/* How much of a signal is a sine of hz: amplitude, and the rest's. */
static void analyse(const int16_t *s, size_t n, unsigned rate, double hz,
		    double *amplitude, double *rest)
{
	double a = 0, b = 0, all = 0;
	for (size_t i = 0; i < n; i++) {
		double w = 2 * M_PI * hz * (double)i / rate;
		a += s[i] * cos(w);
		b += s[i] * sin(w);
		all += (double)s[i] * s[i];
	}
	*amplitude = 2 * sqrt(a * a + b * b) / (double)n;
	double other = all / (double)n - *amplitude * *amplitude / 2;
	*rest = sqrt(other > 0 ? other : 0);
}

START_TEST(every_rate_becomes_the_same_sound)
	{
		static const unsigned rates[] = {8000, 16000, 32000, 44100,
						 48000};
		for (size_t i = 0; i < 5; i++)
			for (unsigned channels = 1; channels <= 2; channels++)
				for (unsigned to = 8000; to <= 16000;
				     to += 8000) {
					struct wave wave;
					size_t len, count;
					int16_t *samples;
					double amplitude, rest;
					uint8_t *buf = wav(rates[i], channels,
							   500, 1000, &len);
					ck_assert_ptr_null(
						wave_parse(&wave, buf, len));
					ck_assert_int_eq(wave_convert(&wave, to,
								      &samples,
								      &count),
							 0);
					ck_assert_uint_eq(count, to / 2);
					analyse(samples, count, to, 1000,
						&amplitude, &rest);
					ck_assert_double_ge(amplitude, 7900);
					ck_assert_double_le(amplitude, 8100);
					ck_assert_double_le(rest, 20);
					free(samples);
					free(buf);
				}
	}
END_TEST

START_TEST(what_the_lower_rate_cannot_hold_is_not_heard)
	{
		struct wave wave;
		size_t len, count;
		int16_t *samples;
		double amplitude, rest;
		uint8_t *buf = wav(48000, 1, 500, 5000, &len);
		ck_assert_ptr_null(wave_parse(&wave, buf, len));
		ck_assert_int_eq(wave_convert(&wave, 8000, &samples, &count),
				 0);
		analyse(samples, count, 8000, 3000, &amplitude, &rest);
		ck_assert_double_le(amplitude, 20);
		ck_assert_double_le(rest, 20);
		free(samples);
		free(buf);
	}
END_TEST

START_TEST(files_that_are_not_wav_are_refused_in_plain_words)
	{
		static const struct {
			size_t at;
			uint8_t byte;
			size_t cut; /* 0: not */
			const char *why;
		} cases[] = {
			{0, 'X', 0, "it is not a WAV file"},
			{8, 'X', 0, "it is not a WAV file"},
			{0, 'R', 11, "it is not a WAV file"},
			{0, 'R', 12, "its format is missing"},
			{12, 'X', 0, "its format is missing"},
			{16, 8, 0, "its format is cut off"},
			{0, 'R', 30, "its format is cut off"},
			{20, 7, 0, "its samples are not PCM of 16 bits"},
			{34, 8, 0, "its samples are not PCM of 16 bits"},
			{22, 3, 0, "it has neither one channel nor two"},
			{22, 0, 0, "it has neither one channel nor two"},
			{24, 1, 0,
			 "its rate is none of 8, 16, 32, 44.1 and 48 kHz"},
			{36, 'X', 0, "it holds less than 0.1 s of sound"},
			{41, 0, 0, "it holds less than 0.1 s of sound"},
			{0, 'R', 44, "it holds less than 0.1 s of sound"},
			{43, 0xff, 0, NULL}, /* as written to a pipe */
		};
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct wave wave;
			size_t len;
			uint8_t *buf = wav(8000, 1, 110, 400, &len);
			buf[cases[i].at] = cases[i].byte;
			/* no byte behind what is there */
			size_t cut = cases[i].cut ? cases[i].cut : len;
			uint8_t *exact = malloc(cut);
			memcpy(exact, buf, cut);
			const char *why = wave_parse(&wave, exact, cut);
			if (cases[i].why)
				ck_assert_str_eq(why ? why : "-", cases[i].why);
			else
				ck_assert_ptr_null(why);
			free(exact);
			free(buf);
		}
	}
END_TEST

/* Bytes of an encoder that shares no code with ours. */
START_TEST(g722_is_bit_exact)
	{
		static const uint8_t want[16] = {
			0xdc, 0x76, 0xb6, 0x90, 0x21, 0x90, 0x20, 0x84,
			0xab, 0xb2, 0x27, 0x04, 0xb6, 0x3f, 0x3d, 0xbf};
		struct g722_encoder encoder;
		int16_t in[2];
		uint32_t random = 1, hash = 2166136261u;
		g722_init(&encoder);
		for (int i = 0; i < 16000; i++) {
			/* silence, noise, loud noise, a square at the limits */
			random = random * 1664525u + 1013904223u;
			int16_t noise = (int16_t)(random >> 16);
			in[i % 2] = i % 4000 < 400    ? 0
				    : i % 4000 < 2000 ? (int16_t)(noise / 16)
				    : i % 4000 < 3000
					    ? noise
					    : (int16_t)((i / 20) % 2 ? 32767
								     : -32768);
			if (i % 2 == 0)
				continue;
			uint8_t byte = g722_encode(&encoder, in);
			if (i / 2 >= 200 && i / 2 < 216)
				ck_assert_uint_eq(byte, want[i / 2 - 200]);
			hash = (hash ^ byte) * 16777619u;
		}
		ck_assert_uint_eq(hash, 0x86157b80);
	}
END_TEST

static void write_file(const char *path, const uint8_t *buf, size_t len)
{
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(buf, 1, len, file), len);
	fclose(file);
}

static struct media_music *load(unsigned rate, unsigned ms)
{
	struct media_music *music;
	char path[] = "/tmp/check_music.XXXXXX", why[80] = "";
	size_t len;
	uint8_t *buf = wav(rate, 2, ms, 500, &len);
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	write_file(path, buf, len);
	ck_assert_int_eq(media_music_load(&music, path, why, sizeof(why)), 0);
	unlink(path);
	free(buf);
	return music;
}

START_TEST(what_cannot_be_loaded_says_why)
	{
		struct media_music *music;
		char path[] = "/tmp/check_music.XXXXXX", why[80] = "";
		int fd = mkstemp(path);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(
			media_music_load(&music, "/nowhere", why, sizeof(why)),
			-ENOENT);
		ck_assert_str_eq(why, "No such file or directory");
		ck_assert_int_eq(
			media_music_load(&music, "/tmp", why, sizeof(why)),
			-EINVAL);
		ck_assert_str_eq(why, "it is not a regular file");
		ck_assert_int_eq(
			media_music_load(&music, path, why, sizeof(why)),
			-EINVAL);
		ck_assert_str_eq(why, "it is empty");
		ck_assert_int_eq(ftruncate(fd, 60000000), 0);
		ck_assert_int_eq(
			media_music_load(&music, path, why, sizeof(why)),
			-EFBIG);
		ck_assert_int_eq(ftruncate(fd, 100), 0);
		ck_assert_int_eq(media_music_load(&music, path, why, 6),
				 -EINVAL);
		ck_assert_str_eq(why, "it is");
		close(fd);
		unlink(path);
		ck_assert_int_eq(mkfifo(path, 0600), 0);
		ck_assert_int_eq(
			media_music_load(&music, path, why, sizeof(why)),
			-EINVAL);
		unlink(path);
		media_music_free(NULL);
	}
END_TEST

START_TEST(music_goes_round_in_each_codec)
	{
		static const enum media_filler_kind kinds[] = {
			MEDIA_FILLER_PCMU, MEDIA_FILLER_PCMA,
			MEDIA_FILLER_G722};
		struct media_music *music = load(44100, 250);
		ck_assert_uint_eq(music->len, 2000);
		for (size_t i = 0; i < 3; i++) {
			struct flow f;
			struct media_filler config = {.kind = kinds[i],
						      .payload_type = 9,
						      .ptime_ms = 20,
						      .armed = true,
						      .music = music};
			const uint8_t *loop = music_bytes(music, kinds[i]);
			size_t at = 0;
			flow_reset(&f);
			flow_filler(&f, &config, 1, 0);
			for (int k = 0; k < 30; k++) {
				uint8_t buf[FLOW_PACKET_MAX];
				ck_assert_uint_eq(
					flow_make(&f, buf, flow_due(&f)), 172);
				for (int b = 12; b < 172; b++, at++)
					ck_assert_uint_eq(buf[b],
							  loop[at % 2000]);
			}
		}
		/* It is heard: a sine, also over the seam. */
		int16_t heard[4000];
		double amplitude, rest;
		for (int i = 0; i < 4000; i++)
			heard[i] = g711_from_a(music->pcma[(i + 1000) % 2000]);
		analyse(heard, 4000, 8000, 500, &amplitude, &rest);
		ck_assert_double_ge(amplitude, 7800);
		ck_assert_double_le(amplitude, 8200);
		ck_assert_double_le(rest, 150);
		media_music_free(music);
	}
END_TEST

START_TEST(music_in_use_lives_until_the_last_leaves)
	{
		struct media_music *music = load(8000, 100);
		music_use(music);
		music_use(music);
		media_music_free(music);
		music_leave(music);
		ck_assert_uint_eq(music_bytes(music, MEDIA_FILLER_PCMA)[0],
				  music->pcma[0]);
		music_leave(music); /* the leak checker sees the rest */
	}
END_TEST

static Suite *music_suite(void)
{
	Suite *suite = suite_create("music");
	TCase *tc = tcase_create("music");
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, every_rate_becomes_the_same_sound);
	tcase_add_test(tc, what_the_lower_rate_cannot_hold_is_not_heard);
	tcase_add_test(tc, files_that_are_not_wav_are_refused_in_plain_words);
	tcase_add_test(tc, g722_is_bit_exact);
	tcase_add_test(tc, what_cannot_be_loaded_says_why);
	tcase_add_test(tc, music_goes_round_in_each_codec);
	tcase_add_test(tc, music_in_use_lives_until_the_last_leaves);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(music_suite())
