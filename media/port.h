/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A block of RTP/RTCP port pairs (even/odd): taken and given back in O(1),
 * each pair resting for a while before it is given out again, so that late
 * packets of the last call do not reach the next. Pure: knows no socket.
 */
#ifndef MEDIA_PORT_H
#define MEDIA_PORT_H

#include <stdint.h>

struct port_pool;

/*
 * Pairs that fit into first..last, both inclusive. `seed` shuffles the order
 * in which they are given out: a guessed port is an attacked port.
 * Returns 0; -EINVAL if no pair fits; -ENOMEM.
 */
int port_pool_new(struct port_pool **out, uint16_t first, uint16_t last,
		  unsigned quarantine_ms, uint64_t seed);
void port_pool_free(struct port_pool *pool);

/*
 * Take a pair; *port gets the even one.
 * Returns 0; -EAGAIN if all are taken or resting; -EADDRINUSE if the only
 * ones not taken were set aside.
 */
int port_take(struct port_pool *pool, uint16_t *port, uint64_t now_ms);
/* Give a pair back: it rests for the quarantine. */
void port_give(struct port_pool *pool, uint16_t port, uint64_t now_ms);
/* Give back a pair that was not used: it may be the next one taken. */
void port_untake(struct port_pool *pool, uint16_t port);
/* Give back a pair that another program holds: not tried for
 * PORT_ASIDE_MS. */
void port_set_aside(struct port_pool *pool, uint16_t port, uint64_t now_ms);
#define PORT_ASIDE_MS 30000

unsigned port_pairs(const struct port_pool *pool);
/* Pairs taken and not given back; those at rest are not counted. */
unsigned port_used(const struct port_pool *pool);

#endif
