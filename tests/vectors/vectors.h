/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Load the SDP bodies that lie beside this file. */
#ifndef TESTS_VECTORS_VECTORS_H
#define TESTS_VECTORS_VECTORS_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* Each of them, for tests that hold for all. */
static const char *const vectors_sdp[] = {
	"asterisk",
	"baresip",
	"bfcp-and-data",
	"cisco-caps",
	"cisco-spa",
	"dtls-session",
	"freeswitch",
	"freeswitch-srtp",
	"grandstream",
	"hold-inactive",
	"hold-zero",
	"hostile-format",
	"ims",
	"ipv6-phone",
	"itsp-answer",
	"itsp-early",
	"itsp-minimal",
	"lf-only",
	"linphone",
	"name-host",
	"no-session-lines",
	"odd-order",
	"odd-spacing",
	"polycom",
	"rfc4317-2.4",
	"snom",
	"snom-srtp-optional",
	"t38-offer",
	"t38-with-audio",
	"webrtc",
	"yealink",
	"yealink-hold",
	"zrtp",
};
#define VECTORS_SDP (sizeof vectors_sdp / sizeof *vectors_sdp)

/* Fill text[16384] from vectors/sdp/NAME.sdp; returns its length. */
static inline size_t vectors_load(char text[16384], const char *name)
{
	const char *dir = getenv("srcdir");
	char path[512];
	size_t len;
	FILE *f;

	snprintf(path, sizeof path, "%s/tests/vectors/sdp/%s.sdp",
		 dir != NULL ? dir : ".", name);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s cannot be opened", path);
	len = fread(text, 1, 16383, f);
	fclose(f);
	text[len] = '\0';
	ck_assert_uint_gt(len, 0);
	return len;
}

#endif
