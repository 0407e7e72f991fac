/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A newcomer takes a leg's place in a call's media, and the third leg notices
 * nothing: its ports, and so the stream it is sent, stay those of its session.
 *
 *   T --[session]-- P                before
 *   T --[session]-- N                N can use P's ports
 *   T --[session]--[guest]-- N       it cannot: another network
 *   T --[session]--[other's]-- X     two calls are joined
 *
 * Sessions in a row send to each other's port at our own address, which P's
 * ports stand at; only the other session's port is taken there. When the row
 * grows again the two at its ends meet, and what was between them is closed.
 */
#include "config.h"

#include "sbc/call/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/call/call_private.h"

/* One end of a row of sessions: a place that no far end stands at. */
struct path_inner {
	struct path_end end;
	uint16_t port[MEDIA_SLOTS_MAX];
	struct sockaddr_storage at;
};

/* By the place, a or b, whose session it belongs to. */
struct path_row {
	struct path_inner inner[2];
	bool told[MEDIA_SLOTS_MAX]; /* where to send, and that it is RTP */
	bool rtp[MEDIA_SLOTS_MAX];
};

static unsigned guest_place(const struct leg *leg)
{
	return leg->place == 'a' ? PATH_A : PATH_B;
}

static enum media_side guest_opposite(enum media_side side)
{
	return side == MEDIA_A ? MEDIA_B : MEDIA_A;
}

static void guest_aim(const struct path *path, const struct path_inner *from,
		      const struct path_inner *to)
{
	/* As they are: the places at the row's two ends say what is needed. */
	static const struct media_flow as_it_is = {.event_pt = 255};
	/* SRTP ends at those two places. */
	static const struct media_crypto plain;

	for (unsigned i = 0; i < MEDIA_SLOTS_MAX; i++) {
		struct media_target target = {.rtp = to->at,
					      .latch = MEDIA_LATCH_FIXED,
					      .may_send = true,
					      .may_receive = true,
					      .rtp_checked = path->rtp[i]};

		if (!from->port[i])
			continue;
		if (!to->port[i]) {
			target.may_send = target.may_receive = false;
			target.rtp.ss_family = AF_UNSPEC;
		} else {
			address_set_port((struct sockaddr *)&target.rtp,
					 to->port[i]);
		}
		media_session_target(from->end.session, from->end.side, i,
				     &target);
		media_session_flow(from->end.session, from->end.side, i,
				   &as_it_is);
		media_session_crypto(from->end.session, from->end.side, i,
				     &plain);
	}
}

static void guest_link(struct call *call, const struct path_inner *x,
		       const struct path_inner *y)
{
	struct path *path = &call->path;

	guest_aim(path, x, y);
	guest_aim(path, y, x);
	for (unsigned i = 0; i < MEDIA_SLOTS_MAX; i++) {
		path->row->told[i] = true;
		path->row->rtp[i] = path->rtp[i];
	}
	media_engine_flush(call->agent->media);
}

static void guest_inner(struct path_inner *out, const struct path *path,
			unsigned place)
{
	out->end = path->end[place];
	out->at = path->at[place];
	memcpy(out->port, path->port[place], sizeof(out->port));
}

/* Where the session of `third`'s far end meets the others, or is about to: at
 * the place of the leg that goes. */
static void guest_meets(struct path_inner *out, const struct path *path,
			unsigned third)
{
	if (path->row)
		*out = path->row->inner[third];
	else
		guest_inner(out, path, third == PATH_A ? PATH_B : PATH_A);
}

/* The block of the network that has this address now. */
static struct media_block *guest_block(const struct agent *agent,
				       const struct sockaddr_storage *at)
{
	for (unsigned i = 0; i < agent->networks; i++) {
		const struct policy_network *policy = agent->network[i].policy;

		for (unsigned k = 0; policy && k < policy->addresses; k++)
			if (address_host_equal(
				    (const struct sockaddr *)at,
				    (struct sockaddr *)&policy->address[k]
					    .local))
				return agent->network[i].block;
	}
	return NULL;
}

static int guest_grow(struct call *call, struct path_inner *inner,
		      unsigned slot)
{
	struct media_block *block = guest_block(call->agent, &inner->at);

	if (inner->port[slot])
		return 0;
	if (!block)
		return -EADDRNOTAVAIL;
	return media_session_bind(inner->end.session, inner->end.side, slot,
				  block, (struct sockaddr *)&inner->at,
				  &inner->port[slot]);
}

static void guest_shrink(struct path_inner *inner, unsigned slot)
{
	media_session_unbind(inner->end.session, inner->end.side, slot);
	inner->port[slot] = 0;
}

static bool guest_fits(const struct path_inner *x, const struct path_inner *y)
{
	return x->at.ss_family == y->at.ss_family;
}

bool path_row_takes(const struct call *call, unsigned slot)
{
	const struct path_row *row = call->path.row;
	const struct path_inner *inner = row ? row->inner : NULL;

	return !row || guest_fits(&inner[PATH_A], &inner[PATH_B]) ||
	       (inner[PATH_A].port[slot] && inner[PATH_B].port[slot]);
}

int path_row_grow(struct call *call, unsigned slot)
{
	struct path *path = &call->path;
	struct path_inner *inner = path->row ? path->row->inner : NULL;
	bool had;
	int error;

	if (!inner || !path->port[PATH_A][slot] || !path->port[PATH_B][slot] ||
	    (inner[PATH_A].port[slot] && inner[PATH_B].port[slot]))
		return 0;
	had = inner[PATH_A].port[slot];
	error = guest_grow(call, &inner[PATH_A], slot);
	if (error)
		return error;
	error = guest_grow(call, &inner[PATH_B], slot);
	if (error && !had)
		guest_shrink(&inner[PATH_A], slot);
	if (!error)
		path->row->told[slot] = false;
	return error;
}

void path_row_tell(struct call *call)
{
	struct path *path = &call->path;
	struct path_row *row = path->row;
	bool news = false;

	if (!row || !guest_fits(&row->inner[PATH_A], &row->inner[PATH_B]))
		return;
	for (unsigned i = 0; i < path->slots; i++)
		news |= !row->told[i] || row->rtp[i] != path->rtp[i];
	if (news)
		guest_link(call, &row->inner[PATH_A], &row->inner[PATH_B]);
}

/* Only these two are of use in a row any more. */
static void guest_keep(struct path *path, struct media_session *x,
		       struct media_session *y)
{
	struct media_session *own = path->session;

	for (unsigned i = 0; i < path->joineds; i++) {
		struct media_session *session = path->joined[i];

		if (session == x || session == y)
			continue;
		media_session_close(session);
		path->closing++;
	}
	if (own != x && own != y) {
		media_session_close(own);
		path->closing++;
		path->session = x;
	}
	path->joined[0] = path->session == x ? y : x;
	path->joineds = 1;
}

void path_row_free(struct call *call)
{
	free(call->path.row);
	call->path.row = NULL;
}

/*
 * x, of the session where `third` stands, and y, of the one where who takes
 * the other place does, meet: what lay between them is closed. Where they
 * cannot, `by` and `y_by` do, and the row is longer by that.
 */
static int guest_meet(struct call *call, unsigned third,
		      const struct path_inner *x, const struct path_inner *y,
		      const struct path_inner *by,
		      const struct path_inner *y_by)
{
	struct path *path = &call->path;
	bool direct = guest_fits(x, y);

	if (!direct && !guest_fits(by, y_by))
		return -EAFNOSUPPORT;
	if (!path->row)
		path->row = calloc(1, sizeof(*path->row));
	if (!path->row)
		return -ENOMEM;
	path->row->inner[third] = *x;
	path->row->inner[third == PATH_A ? PATH_B : PATH_A] = *y;
	guest_link(call, direct ? x : by, direct ? y : y_by);
	return direct;
}

int path_guest(struct call *call, const struct leg *by,
	       const struct sockaddr *local, bool anchored)
{
	struct path *path = &call->path;
	unsigned place = guest_place(by);
	int error;

	path_guest_leave(call);
	path->guest_of = place;
	/* It will be offered what T speaks. */
	path->law[PATH_N] = path->law[place == PATH_A ? PATH_B : PATH_A];
	if (!path->anchored && !anchored)
		return 0;
	if (path->anchored &&
	    address_host_equal((struct sockaddr *)&path->at[place], local)) {
		path->shared = true;
		path->end[PATH_N] = path->end[place];
		path->at[PATH_N] = path->at[place];
		memcpy(path->port[PATH_N], path->port[place],
		       sizeof(path->port[place]));
		return 0;
	}
	if (path->joineds == PATH_SESSIONS_MAX - 1)
		return -ENFILE;
	error = media_session_new(&path->guest, call->agent->media, call);
	if (error)
		return error;
	path->end[PATH_N] = (struct path_end){
		path->guest, place == PATH_A ? MEDIA_A : MEDIA_B};
	return 0;
}

static void guest_forget(struct path *path)
{
	path->guest = NULL;
	path->shared = false;
	path->end[PATH_N].session = NULL;
	path->law[PATH_N] = NULL;
	path->at[PATH_N].ss_family = AF_UNSPEC;
	memset(path->port[PATH_N], 0, sizeof(path->port[PATH_N]));
}

void path_guest_leave(struct call *call)
{
	struct path *path = &call->path;
	const uint16_t *port = path->port[PATH_N];

	for (unsigned i = 0; path->shared && i < MEDIA_SLOTS_MAX; i++)
		if (port[i] && port[i] != path->port[path->guest_of][i])
			media_session_unbind(path->end[PATH_N].session,
					     path->end[PATH_N].side, i);
	if (path->guest) {
		media_session_close(path->guest);
		path->closing++;
	}
	guest_forget(path);
}

/* Ports at by's address in the guest's session, and both sessions in a row. */
static int guest_bridge(struct call *call, const struct leg *by)
{
	struct path *path = &call->path;
	unsigned place = guest_place(by);
	unsigned third = place == PATH_A ? PATH_B : PATH_A;
	struct path_inner x, at,
		y = {.end = {path->guest,
			     guest_opposite(path->end[PATH_N].side)},
		     .at = path->at[place]};
	int direct;

	for (unsigned i = 0; i < MEDIA_SLOTS_MAX; i++) {
		int error;

		if (!path->port[place][i] || !path->port[PATH_N][i])
			continue;
		error = media_session_bind(
			y.end.session, y.end.side, i, by->at->block,
			(struct sockaddr *)&path->at[place], &y.port[i]);
		if (error)
			return error;
	}
	guest_meets(&x, path, third);
	guest_inner(&at, path, place);
	direct = guest_meet(call, third, &x, &y, &at, &y);
	if (direct < 0)
		return direct;
	path->joined[path->joineds++] = path->guest;
	if (direct)
		guest_keep(path, x.end.session, path->guest);
	return 0;
}

int path_take(struct call *call, const struct leg *by)
{
	struct path *path = &call->path;
	unsigned place = guest_place(by);
	unsigned third = place == PATH_A ? PATH_B : PATH_A;
	int error;

	if (path->guest && !path->anchored) {
		path->anchored = true;
		path->session = path->guest;
		path->end[third] = (struct path_end){
			path->guest, guest_opposite(path->end[PATH_N].side)};
	} else if (path->guest) {
		error = guest_bridge(call, by);
		if (error)
			return error;
	}
	if (path->end[PATH_N].session) {
		path->end[place] = path->end[PATH_N];
		path->at[place] = path->at[PATH_N];
		memcpy(path->port[place], path->port[PATH_N],
		       sizeof(path->port[place]));
	}
	memset(path->armed[place], 0, sizeof(path->armed[place]));
	path->away[place] = false;
	path->law[place] = path->law[PATH_N];
	guest_forget(path);
	return 0;
}

void path_untake(struct call *call)
{
	struct path *path = &call->path;

	if (!path->session)
		return;
	media_session_close(path->session);
	path->closing++;
	path->session = NULL;
	path->anchored = false;
	for (unsigned place = 0; place < PATH_PLACES; place++) {
		path->end[place].session = NULL;
		path->at[place].ss_family = AF_UNSPEC;
		memset(path->port[place], 0, sizeof(path->port[place]));
	}
}

/* Other's sessions are this call's. */
static void guest_adopt(struct call *call, struct path *from)
{
	struct path *path = &call->path;

	path->joined[path->joineds++] = from->session;
	for (unsigned i = 0; i < from->joineds; i++)
		path->joined[path->joineds++] = from->joined[i];
	for (unsigned i = 0; i < path->joineds; i++)
		media_session_user(path->joined[i], call);
	from->session = NULL;
	from->joineds = 0;
	from->anchored = false;
	for (unsigned place = 0; place < PATH_PLACES; place++)
		from->end[place].session = NULL;
}

int path_join(struct call *call, const struct leg *by, struct call *other,
	      const struct leg *other_by)
{
	struct path *path = &call->path, *from = &other->path;
	unsigned place = guest_place(by), inner = guest_place(other_by);
	unsigned lent = inner == PATH_A ? PATH_B : PATH_A;

	struct path_inner x, y, at, y_at;
	int direct;

	if (path->joineds + from->joineds + 1 > PATH_SESSIONS_MAX - 1)
		return -ENFILE;
	guest_meets(&x, path, place == PATH_A ? PATH_B : PATH_A);
	guest_meets(&y, from, lent);
	guest_inner(&at, path, place);
	guest_inner(&y_at, from, inner);
	path_guest_leave(call);
	path->guest_of = place;
	direct = guest_meet(call, place == PATH_A ? PATH_B : PATH_A, &x, &y,
			    &at, &y_at);
	if (direct < 0)
		return direct;
	path->end[PATH_N] = from->end[lent];
	path->at[PATH_N] = from->at[lent];
	memcpy(path->port[PATH_N], from->port[lent],
	       sizeof(path->port[PATH_N]));
	guest_adopt(call, from);
	path_row_free(other);
	if (direct)
		guest_keep(path, x.end.session, y.end.session);
	return 0;
}
