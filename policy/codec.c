/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The codecs that a list may name, as their RTP names are registered. */
#include <strings.h>

#include "policy/snapshot.h"

static const char *const names[] = {
	"PCMU",		 "PCMA",	 "G722",	 "G723",
	"G728",		 "G729",	 "G729D",	 "G729E",
	"G7221",	 "G7291",	 "G711-0",	 "G719",
	"G726-16",	 "G726-24",	 "G726-32",	 "G726-40",
	"AAL2-G726-16",	 "AAL2-G726-24", "AAL2-G726-32", "AAL2-G726-40",
	"GSM",		 "GSM-EFR",	 "GSM-HR-08",	 "iLBC",
	"opus",		 "speex",	 "SILK",	 "AMR",
	"AMR-WB",	 "AMR-WB+",	 "EVS",		 "L8",
	"L16",		 "L24",		 "DVI4",	 "LPC",
	"QCELP",	 "EVRC",	 "EVRC0",	 "EVRCB",
	"BV16",		 "BV32",	 "CN",		 "telephone-event",
	"tone",		 "red",		 "ulpfec",	 "rtx",
	"mpeg4-generic", "MP4A-LATM",	 "H261",	 "H263",
	"H263-1998",	 "H263-2000",	 "H264",	 "H265",
	"VP8",		 "VP9",		 "AV1",		 "MPV",
	"MP4V-ES",	 "t140",	 "t38",		 NULL,
};

const char *codec_named(const char *name)
{
	for (unsigned i = 0; names[i]; i++)
		if (strcasecmp(names[i], name) == 0)
			return names[i];
	return NULL;
}

const char *const *codec_names(void)
{
	return names;
}
