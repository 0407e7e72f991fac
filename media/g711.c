/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Both laws are a sign, a segment of three bits and a step of four in it. On
 * the wire A-law has its even bits inverted and mu-law all of them.
 */
#include "media/g711.h"

#define A_INVERTED 0x55
#define U_INVERTED 0xff
#define U_BIAS	   0x84 /* 33 of 14 bits, in 16 */
#define U_CLIP	   32635

/*
 * Tables 3 and 4 of G.711, steps counted from 0. They are not the nearest
 * steps everywhere: chosen so that a second conversion changes nothing more.
 */
static const uint8_t u_steps_in_a[128] = {
	0,   0,	  1,   1,   2,	 2,   3,   3,	4,   4,	  5,   5,   6,
	6,   7,	  7,   8,   9,	 10,  11,  12,	13,  14,  15,  16,  17,
	18,  19,  20,  21,  22,	 23,  24,  26,	28,  30,  32,  33,  34,
	35,  36,  37,  38,  39,	 40,  41,  42,	43,  45,  47,  48,  49,
	50,  51,  52,  53,  54,	 55,  56,  57,	58,  59,  60,  61,  63,
	64,  65,  66,  67,  68,	 69,  70,  71,	72,  73,  74,  75,  76,
	77,  78,  79,  81,  82,	 83,  84,  85,	86,  87,  88,  89,  90,
	91,  92,  93,  94,  95,	 96,  97,  98,	99,  100, 101, 102, 103,
	104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116,
	117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127,
};

static const uint8_t a_steps_in_u[128] = {
	1,   3,	  5,   7,   9,	 11,  13,  15,	16,  17,  18,  19,  20,
	21,  22,  23,  24,  25,	 26,  27,  28,	29,  30,  31,  32,  32,
	33,  33,  34,  34,  35,	 35,  36,  37,	38,  39,  40,  41,  42,
	43,  44,  45,  46,  47,	 48,  48,  49,	49,  50,  51,  52,  53,
	54,  55,  56,  57,  58,	 59,  60,  61,	62,  63,  64,  64,  65,
	66,  67,  68,  69,  70,	 71,  72,  73,	74,  75,  76,  77,  78,
	79,  80,  80,  81,  82,	 83,  84,  85,	86,  87,  88,  89,  90,
	91,  92,  93,  94,  95,	 96,  97,  98,	99,  100, 101, 102, 103,
	104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116,
	117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127,
};

void g711_tables(struct g711_tables *out)
{
	for (unsigned i = 0; i < 256; i++) {
		unsigned a = i ^ A_INVERTED, u = i ^ U_INVERTED;
		/* The sign bit says "positive" in one, "negative" in the
		 * other. */
		out->a_to_u[i] =
			(uint8_t)(((~a & 0x80) | a_steps_in_u[a & 127]) ^
				  U_INVERTED);
		out->u_to_a[i] =
			(uint8_t)(((~u & 0x80) | u_steps_in_a[u & 127]) ^
				  A_INVERTED);
	}
}

static int magnitude_of_a(unsigned step)
{
	unsigned segment = step >> 4, value = (step & 15) << 4;
	return (int)(segment ? (value + 0x108) << (segment - 1) : value + 8);
}

static int magnitude_of_u(unsigned step)
{
	unsigned segment = step >> 4, value = (step & 15) << 3;
	return (int)((value + U_BIAS) << segment) - U_BIAS;
}

int16_t g711_from_a(uint8_t a)
{
	a ^= A_INVERTED;
	int magnitude = magnitude_of_a(a & 0x7f);
	return (int16_t)(a & 0x80 ? magnitude : -magnitude);
}

int16_t g711_from_u(uint8_t u)
{
	u ^= U_INVERTED;
	int magnitude = magnitude_of_u(u & 0x7f);
	return (int16_t)(u & 0x80 ? -magnitude : magnitude);
}

/* Segment and step of a magnitude in which segment 1 begins at 0x100. */
static unsigned step_of(unsigned magnitude, unsigned shift)
{
	unsigned segment = 0;
	while (segment < 7 && magnitude >> (segment + 8))
		segment++;
	return segment << 4 | (magnitude >> (segment + shift) & 15);
}

uint8_t g711_to_a(int16_t sample)
{
	/* A-law's zero lies between two steps: -1 is the first below it. */
	unsigned sign = sample >= 0 ? 0x80 : 0;
	unsigned magnitude = (unsigned)(sample >= 0 ? sample : -1 - sample);
	unsigned step =
		magnitude < 0x100 ? magnitude >> 4 : step_of(magnitude, 3);
	return (uint8_t)((sign | step) ^ A_INVERTED);
}

uint8_t g711_to_u(int16_t sample)
{
	unsigned sign = sample < 0 ? 0x80 : 0;
	int magnitude = sample < 0 ? -sample : sample;
	if (magnitude > U_CLIP)
		magnitude = U_CLIP;
	unsigned biased = (unsigned)(magnitude + U_BIAS);
	return (uint8_t)((sign | step_of(biased, 3)) ^ U_INVERTED);
}
