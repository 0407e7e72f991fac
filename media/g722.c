/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two bands, each with an adaptive quantizer and a predictor of two poles and
 * six zeros. Blocks are named as in the recommendation's section 6.2.
 */
#include "media/g722.h"

#include <stdbool.h>
#include <string.h>

static int limit(int v)
{
	return v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v;
}

static bool same_sign(int a, int b)
{
	return (a < 0) == (b < 0);
}

void g722_init(struct g722_encoder *encoder)
{
	memset(encoder, 0, sizeof(*encoder));
	encoder->low.det = 32;
	encoder->high.det = 8;
}

/* UPPOL1, UPPOL2 */
static void adapt_poles(struct g722_band *band)
{
	const int *p = band->p;
	int wd1 = limit(band->a[1] * 4);
	int wd2 = same_sign(p[0], p[1]) ? -wd1 : wd1;
	if (wd2 > INT16_MAX)
		wd2 = INT16_MAX;
	int a2 = (wd2 >> 7) + (same_sign(p[0], p[2]) ? 128 : -128) +
		 ((band->a[2] * 32512) >> 15);
	if (a2 > 12288)
		a2 = 12288;
	if (a2 < -12288)
		a2 = -12288;

	int a1 = limit((same_sign(p[0], p[1]) ? 192 : -192) +
		       ((band->a[1] * 32640) >> 15));
	int bound = limit(15360 - a2);
	if (a1 > bound)
		a1 = bound;
	if (a1 < -bound)
		a1 = -bound;
	band->a[1] = a1;
	band->a[2] = a2;
}

/* UPZERO */
static void adapt_zeros(struct g722_band *band)
{
	int step = band->d[0] == 0 ? 0 : 128;
	for (int i = 1; i < 7; i++)
		band->b[i] = limit(
			(same_sign(band->d[i], band->d[0]) ? step : -step) +
			((band->b[i] * 32640) >> 15));
}

/* Block 4: what the next sample is expected to be, after difference d. */
static void predict(struct g722_band *band, int d)
{
	band->d[0] = d;
	band->r[0] = limit(band->s + d);
	band->p[0] = limit(band->sz + d);
	adapt_poles(band);
	adapt_zeros(band);
	for (int i = 6; i > 0; i--)
		band->d[i] = band->d[i - 1];
	for (int i = 2; i > 0; i--) {
		band->r[i] = band->r[i - 1];
		band->p[i] = band->p[i - 1];
	}
	/* FILTEP, FILTEZ */
	band->sp = limit(((band->a[1] * limit(2 * band->r[1])) >> 15) +
			 ((band->a[2] * limit(2 * band->r[2])) >> 15));
	band->sz = 0;
	for (int i = 6; i > 0; i--)
		band->sz += (band->b[i] * limit(2 * band->d[i])) >> 15;
	band->sz = limit(band->sz);
	band->s = limit(band->sp + band->sz);
}

/* LOGSCL and SCALEL, or LOGSCH and SCALEH */
static void scale(struct g722_band *band, int weight, int nb_max, int shift)
{
	static const int exponents[32] = {
		2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383,
		2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
		2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371,
		3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008};
	int nb = ((band->nb * 127) >> 7) + weight;
	if (nb < 0)
		nb = 0;
	if (nb > nb_max)
		nb = nb_max;
	band->nb = nb;
	int down = shift - (nb >> 11), wd = exponents[(nb >> 6) & 31];
	band->det = (down < 0 ? wd << -down : wd >> down) << 2;
}

static unsigned encode_low(struct g722_band *band, int sample)
{
	static const int levels[30] = {
		0,    35,   72,	  110,	150,  190,  233,  276,	323,  370,
		422,  473,  530,  587,	650,  714,  786,  858,	940,  1023,
		1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919};
	static const int inverse[16] = {
		0,     -20456, -12896, -8968, -6288, -4240, -2584, -1200,
		20456, 12896,  8968,   6288,  4240,  2584,  1200,  0};
	static const int weights[16] = {-60, 3042, 1198, 538,  334, 172,
					58,  -30,  3042, 1198, 538, 334,
					172, 58,   -30,	 -60};
	int el = limit(sample - band->s);
	int magnitude = el >= 0 ? el : -(el + 1);
	unsigned i = 1, code;
	while (i < 30 && magnitude >= (levels[i] * band->det) >> 12)
		i++;
	if (el >= 0)
		code = 62 - i; /* 61 for the smallest */
	else
		code = i <= 2 ? 64 - i : 34 - i;
	int d = (band->det * inverse[code >> 2]) >> 15;
	scale(band, weights[code >> 2], 18432, 8);
	predict(band, d);
	return code;
}

static unsigned encode_high(struct g722_band *band, int sample)
{
	static const int inverse[4] = {-7408, -1616, 7408, 1616};
	int eh = limit(sample - band->s);
	int magnitude = eh >= 0 ? eh : -(eh + 1);
	bool small = magnitude < (564 * band->det) >> 12;
	unsigned code = (eh < 0 ? 0u : 2u) + (small ? 1u : 0u);
	int d = (band->det * inverse[code]) >> 15;
	scale(band, small ? -214 : 798, 22528, 10);
	predict(band, d);
	return code;
}

uint8_t g722_encode(struct g722_encoder *encoder, const int16_t sample[2])
{
	static const int taps[12] = {3,	   -11,	 12,  32,   -210, 951,
				     3876, -805, 362, -156, 53,	  -11};
	int *x = encoder->x, even = 0, odd = 0;
	memmove(x, x + 2, 22 * sizeof(*x));
	x[22] = sample[0];
	x[23] = sample[1];
	for (int i = 0; i < 12; i++) {
		odd += x[2 * i] * taps[i];
		even += x[2 * i + 1] * taps[11 - i];
	}
	unsigned low = encode_low(&encoder->low, (even + odd) >> 14);
	unsigned high = encode_high(&encoder->high, (even - odd) >> 14);
	return (uint8_t)(high << 6 | low);
}
