/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who owns the Call-ID waits longer, so that the two do not meet again. */
#include "config.h"

#include "sbc/sip/glare.h"

#include "media/chance.h"
#include "sbc/sip/leg.h"

unsigned glare_pause_ms(bool we_own_call_id, unsigned dice)
{
	return we_own_call_id ? 2100 + dice % 191 * 10 : dice % 201 * 10;
}

unsigned glare_wait_ms(const struct leg *leg)
{
	unsigned dice = 0;

	/* Without chance it still waits. */
	(void)chance_take(&dice, sizeof(dice));
	return glare_pause_ms(!leg->uas, dice);
}
