/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Says how much of the 440 Hz tone is in WAV recordings, or writes one. */
#include "tests/net/tone.h"

#include <stdio.h>
#include <string.h>

static unsigned le(const uint8_t *at, unsigned bytes)
{
	unsigned value = 0;

	while (bytes-- > 0)
		value = value << 8 | at[bytes];
	return value;
}

/* Leaves `in` at the first sample. A recorder that was killed leaves a data
 * length of 0: what follows is read to the end all the same. */
static int wav_begin(FILE *in, unsigned *rate, unsigned *channels)
{
	uint8_t head[12], chunk[8], format[16];

	if (fread(head, 1, sizeof(head), in) != sizeof(head) ||
	    memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "WAVE", 4) != 0)
		return -1;
	*rate = 0;
	while (fread(chunk, 1, sizeof(chunk), in) == sizeof(chunk)) {
		unsigned len = le(chunk + 4, 4);

		if (memcmp(chunk, "data", 4) == 0)
			return *rate ? 0 : -1;
		if (memcmp(chunk, "fmt ", 4) == 0) {
			if (len < sizeof(format) ||
			    fread(format, 1, sizeof(format), in) !=
				    sizeof(format) ||
			    le(format + 14, 2) != 16)
				return -1;
			*channels = le(format + 2, 2);
			*rate = le(format + 4, 4);
			len -= sizeof(format);
			if (*channels < 1 || *channels > 8 || *rate < 8000)
				return -1;
		}
		if (fseek(in, (long)len, SEEK_CUR) != 0)
			return -1;
	}
	return -1;
}

static int judge(const char *path)
{
	FILE *in = fopen(path, "rb");
	unsigned rate, channels;
	struct tone_ear ear;
	uint8_t frame[16];

	if (!in) {
		perror(path);
		return 1;
	}
	if (wav_begin(in, &rate, &channels) != 0) {
		fprintf(stderr, "%s: not a WAV file of 16-bit samples\n", path);
		fclose(in);
		return 1;
	}
	tone_listen(&ear, rate);
	while (fread(frame, 2, channels, in) == channels)
		tone_hear(&ear, (int16_t)le(frame, 2));
	fclose(in);
	printf("heard=%s share=%.2f tone_seconds=%.2f seconds=%.2f\n",
	       tone_seconds(&ear) >= 1 ? "yes" : "no", tone_share(&ear),
	       tone_seconds(&ear), ear.blocks * (TONE_BLOCK_MS / 1000.0));
	return 0;
}

/* A minute of the tone, for phones that play files. */
static int play(const char *path)
{
	static const uint8_t head[44] =
		"RIFF\x24\xa6\x0e\0WAVEfmt \x10\0\0\0\1\0\1\0"
		"\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\0\xa6\x0e";
	FILE *out = fopen(path, "wb");

	if (!out) {
		perror(path);
		return 1;
	}
	fwrite(head, 1, sizeof(head), out);
	for (unsigned i = 0; i < 60 * 8000; i++) {
		int16_t sample = tone_sample(i, 8000);
		uint8_t two[2] = {(uint8_t)sample, (uint8_t)(sample >> 8)};

		fwrite(two, 1, 2, out);
	}
	return fclose(out) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	int status = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: hear FILE.wav... | -w FILE.wav\n");
		return 2;
	}
	if (argc == 3 && strcmp(argv[1], "-w") == 0)
		return play(argv[2]);
	for (int i = 1; i < argc; i++)
		status |= judge(argv[i]);
	return status;
}
