/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A 440 Hz tone in G.711 and the judge of what was heard. */
#include "tests/net/tone.h"

#include <math.h>

uint8_t tone_to_ulaw(int16_t sample)
{
	int sign = sample < 0 ? 0x80 : 0;
	int value = sign ? -(int)sample : sample;
	int exponent = 7;

	if (value > 32635)
		value = 32635;
	value += 132;
	while (exponent > 0 && !(value & (1 << (exponent + 7))))
		exponent--;
	return (uint8_t) ~(sign | exponent << 4 |
			   ((value >> (exponent + 3)) & 0x0f));
}

int16_t tone_from_ulaw(uint8_t code)
{
	int bits = ~code & 0xff;
	int value = (((bits & 0x0f) << 3) + 132) << ((bits >> 4) & 7);

	value -= 132;
	return (int16_t)(bits & 0x80 ? -value : value);
}

uint8_t tone_to_alaw(int16_t sample)
{
	int sign = sample < 0 ? 0x55 : 0xd5;
	int value = (sample < 0 ? -(int)sample - 1 : sample) >> 3;
	int segment = 0;

	while (segment < 7 && value >> (segment + 5))
		segment++;
	return (uint8_t)((segment << 4 |
			  ((value >> (segment < 2 ? 1 : segment)) & 0x0f)) ^
			 sign);
}

int16_t tone_from_alaw(uint8_t code)
{
	int bits = code ^ 0x55;
	int exponent = (bits >> 4) & 7;
	int value = (bits & 0x0f) << 4;

	value += exponent ? 0x108 : 8;
	if (exponent > 1)
		value <<= exponent - 1;
	return (int16_t)(bits & 0x80 ? value : -value);
}

int16_t tone_sample(uint64_t at, unsigned rate)
{
	double turns = (double)(at % rate) * TONE_HZ / rate;

	return (int16_t)lrint(8000 * sin(2 * 3.14159265358979 * turns));
}

void tone_listen(struct tone_ear *ear, unsigned rate)
{
	*ear = (struct tone_ear){.rate = rate};
}

static void block_end(struct tone_ear *ear)
{
	double turns = (double)TONE_HZ / ear->rate;
	double c = 2 * cos(2 * 3.14159265358979 * turns);
	double power =
		ear->s1 * ear->s1 + ear->s2 * ear->s2 - c * ear->s1 * ear->s2;
	double share = 0;

	ear->blocks++;
	/* A mean amplitude under 100 of 32768 is silence. */
	if (ear->energy > 100.0 * 100.0 * ear->filled) {
		share = 2 * power / (ear->energy * ear->filled);
		ear->loud_blocks++;
		ear->share_sum += share;
		if (share > 0.8)
			ear->tone_blocks++;
	}
	ear->filled = 0;
	ear->s1 = ear->s2 = ear->energy = 0;
}

void tone_hear(struct tone_ear *ear, int16_t sample)
{
	double turns = (double)TONE_HZ / ear->rate;
	double c = 2 * cos(2 * 3.14159265358979 * turns);
	double s0 = sample + c * ear->s1 - ear->s2;

	ear->s2 = ear->s1;
	ear->s1 = s0;
	ear->energy += (double)sample * sample;
	if (++ear->filled == ear->rate * TONE_BLOCK_MS / 1000)
		block_end(ear);
}

double tone_seconds(const struct tone_ear *ear)
{
	return ear->tone_blocks * (TONE_BLOCK_MS / 1000.0);
}

double tone_share(const struct tone_ear *ear)
{
	if (ear->loud_blocks == 0)
		return 0;
	return ear->share_sum / ear->loud_blocks;
}
