/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sender reports of ours. */
#include "media/report.h"

#include "media/bytes.h"
#include "media/rtcp.h"

#define MS_NS	    INT64_C(1000000)
#define S_NS	    INT64_C(1000000000)
#define SR_LEN	    28
#define NTP_EPOCH_S UINT64_C(2208988800) /* from 1900 to 1970 */
#define INTERVAL_MS 5000

/* Between half of it and one and a half (RFC 3550 6.3.1), by chance enough
 * that many streams do not report at once. */
static int64_t interval_ns(const struct line *line)
{
	uint32_t chance = (line->out_ssrc ^ line->out_ts) * 2654435761u;

	return (INTERVAL_MS / 2 + (chance >> 8) % INTERVAL_MS) * MS_NS;
}

static uint64_t ntp_of(int64_t ns)
{
	uint64_t s = (uint64_t)(ns / S_NS), rest = (uint64_t)(ns % S_NS);

	return s << 32 | (rest << 32) / (uint64_t)S_NS;
}

void report_heard(struct report *report, const struct line *line,
		  const uint8_t *buf, size_t len, int64_t now_ns)
{
	if (len < SR_LEN || buf[1] != RTCP_SR)
		return;
	report->ntp = (uint64_t)get32(buf + 8) << 32 | get32(buf + 12);
	report->ntp_ns = now_ns;
	report->due_ns = now_ns + interval_ns(line);
}

bool report_is_due(struct report *report, const struct line *line,
		   int64_t now_ns)
{
	if (!line->ours)
		return false;
	/* The source may have one on its way. */
	if (!report->due_ns)
		report->due_ns = now_ns + interval_ns(line) / 2;
	return now_ns >= report->due_ns;
}

size_t report_write(struct report *report, const struct line *line,
		    uint8_t buf[REPORT_LEN], int64_t now_ns, int64_t wall_ns)
{
	uint64_t ntp = report->ntp_ns
			       ? report->ntp + ntp_of(now_ns - report->ntp_ns)
			       : ntp_of(wall_ns) + (NTP_EPOCH_S << 32);

	report->ntp = ntp;
	report->ntp_ns = now_ns;
	report->due_ns = now_ns + interval_ns(line);
	buf[0] = 0x80;
	buf[1] = RTCP_SR;
	put16(buf + 2, SR_LEN / 4 - 1);
	put32(buf + 4, line->out_ssrc);
	put32(buf + 8, (uint32_t)(ntp >> 32));
	put32(buf + 12, (uint32_t)ntp);
	put32(buf + 16, line->out_ts);
	put32(buf + 20, line->packets);
	put32(buf + 24, line->octets);
	return SR_LEN +
	       rtcp_write_sdes(buf + SR_LEN, line->out_ssrc, line->cname);
}
