/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tests of offers share: what we say on a leg is written from the
 * bodies `source` and `other`, at places of ours.
 */
#ifndef TESTS_OFFER_H
#define TESTS_OFFER_H

#include "sbc/sip/offer.h"

#define OURS "203.0.113.7"

extern struct offer leg; /* anew for each test */
extern struct body source, other;
extern char source_text[16384], other_text[16384];

void offer_setup(void);
void offer_teardown(void);

/* A body of tests/vectors, into `text`; and one that is written out. */
void load(struct body *body, char text[16384], const char *name);
void parse(struct body *body, const char *text);

/* Our ports 20000, 20002, ... on one address. */
struct offer_place *places(const char *host, enum body_direction direction);
struct offer_rules names(const char *const *list, unsigned count);
/* Turn "PCMA,PCMU" into rules; "" allows all. */
struct offer_rules rules_of(const char *text);

/* The line of the last body that begins with `start`, of slot `slot`. */
const char *line_of(const char *start, unsigned slot);

#endif
