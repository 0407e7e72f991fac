/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sound of the tests: a 440 Hz tone in G.711, and how much of it is in
 * what was heard (Goertzel's filter over blocks of 50 ms).
 */
#ifndef TESTS_NET_TONE_H
#define TESTS_NET_TONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TONE_HZ	      440
#define TONE_BLOCK_MS 50

uint8_t tone_to_ulaw(int16_t sample);
uint8_t tone_to_alaw(int16_t sample);
int16_t tone_from_ulaw(uint8_t code);
int16_t tone_from_alaw(uint8_t code);

/* Sample number `at` of the tone at `rate` samples a second. */
int16_t tone_sample(uint64_t at, unsigned rate);

struct tone_ear {
	unsigned rate;
	unsigned filled;       /* samples in the block so far */
	double s1, s2, energy; /* Goertzel's state of the block */
	unsigned blocks;       /* finished */
	unsigned tone_blocks;  /* of them: loud and nearly all 440 Hz */
	unsigned loud_blocks;  /* of them: not silence */
	double share_sum;      /* of the loud ones */
};

void tone_listen(struct tone_ear *ear, unsigned rate);
void tone_hear(struct tone_ear *ear, int16_t sample);
double tone_seconds(const struct tone_ear *ear);
/* Mean share of 440 Hz in what was not silence, 0..1. */
double tone_share(const struct tone_ear *ear);

#endif
