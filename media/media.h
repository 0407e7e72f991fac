/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The whole public face of media. An engine runs workers; a session is one
 * call's media: two sides (a called us, b we called) and up to
 * MEDIA_SLOTS_MAX slots, a slot being one m= line. Each side of each slot has
 * an RTP and an RTCP socket.
 *
 * All functions are called from one thread, the signalling thread. They never
 * block: sockets are made here, then handed to the session's worker by
 * command; what happens there comes back as events.
 * Packets cross byte for byte unless the flow's rules ask otherwise.
 */
#ifndef MEDIA_MEDIA_H
#define MEDIA_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct media_engine;
struct media_block;
struct media_session;

#define MEDIA_SLOTS_MAX 8

enum media_side { MEDIA_A, MEDIA_B };

/* --- engine -------------------------------------------------------------- */

struct media_config {
	unsigned workers; /* 1..64 */
	unsigned dscp;	  /* 0..63, EF is 46 */
};

/* Start the workers. Returns 0 or -errno; nothing runs on failure. */
int media_engine_new(struct media_engine **out,
		     const struct media_config *config);
/* Stop and join the workers, close every socket. NULL is fine. Sessions and
 * blocks still open are freed. */
void media_engine_free(struct media_engine *engine);

/*
 * Calls with keys will come: what the first of them would wait for, 20 ms and
 * more, is done by a thread beside the caller, once a process. It takes 4 MB,
 * so not where no key will come. media_engine_prepared() waits for its end.
 */
void media_engine_prepare(struct media_engine *engine);
void media_engine_prepared(struct media_engine *engine);

/* Readable when media_engine_event() has something. */
int media_engine_fd(const struct media_engine *engine);

/*
 * Tell the workers what the functions below were asked since the last time,
 * with one wake-up each. media_engine_event() does it too, unless
 * media_engine_turn() is used.
 */
void media_engine_flush(struct media_engine *engine);
/*
 * The same, at most once in 4 ms: call it once a turn of the loop. Returns in
 * how many ms it has to be called again at the latest; UINT_MAX: nothing
 * waits.
 */
unsigned media_engine_turn(struct media_engine *engine);

/* --- port blocks: one a network ------------------------------------------ */

/*
 * Ports first..last (inclusive, host order); pairs are even/odd. A pair given
 * back is not given out again for `quarantine_ms`.
 * Returns 0; -EINVAL if no pair fits; -ENOMEM.
 */
int media_block_new(struct media_block **out, struct media_engine *engine,
		    uint16_t first, uint16_t last, unsigned quarantine_ms);
/* The block gives no more; it is freed when its last pair came back. */
void media_block_retire(struct media_block *block);
unsigned media_block_pairs(const struct media_block *block);
unsigned media_block_used(const struct media_block *block);

/* --- sessions ------------------------------------------------------------ */

/* `user` comes back with every event; it must live until MEDIA_CLOSED. */
int media_session_new(struct media_session **out, struct media_engine *engine,
		      void *user);

/* Its later events have this `user`. */
void media_session_user(struct media_session *session, void *user);

/*
 * Take a port pair and bind RTP and RTCP on `local` (its port is ignored) for
 * one side of a slot. *port gets the even RTP port, RTCP is the next one.
 * Returns 0; -EAGAIN if all ports of the block are taken or in quarantine;
 * -EADDRINUSE if the free ones are held by other programs; -EADDRNOTAVAIL;
 * -EMFILE; -EEXIST if that side has ports already; -ENOMEM.
 */
int media_session_bind(struct media_session *session, enum media_side side,
		       unsigned slot, struct media_block *block,
		       const struct sockaddr *local, uint16_t *port);
/* Give the pair back (a failed candidate, a refused slot). The side's target,
 * filler and flow are forgotten; its statistics stay until it is bound anew. */
void media_session_unbind(struct media_session *session, enum media_side side,
			  unsigned slot);

enum media_latch_mode {
	MEDIA_LATCH_FIXED, /* packets only from `rtp`/`rtcp` */
	MEDIA_LATCH_LEARN, /* the first packet from host `expect` tells the
			      port (and, behind NAT, the address), then
			      locked */
};

/*
 * What the far end of one side of a slot told us by SDP. Giving it again
 * replaces it: a changed address re-opens learning on this side only.
 */
struct media_target {
	struct sockaddr_storage rtp;  /* AF_UNSPEC: nowhere to send yet */
	struct sockaddr_storage rtcp; /* AF_UNSPEC: rtp's port + 1 */
	enum media_latch_mode latch;
	struct sockaddr_storage expect; /* signalling source; port ignored */
	bool may_send;			/* packets are taken from it */
	bool may_receive;  /* packets are sent to it; RTCP always crosses */
	bool rtp_checked;  /* an RTP profile: other packets dropped.
			      false: anything passes (UDPTL) */
	bool held;	   /* silence here ends nothing before
			      hold_timeout_ms */
	uint32_t clock_hz; /* RTP clock, for jitter; 0: 8000 */
	uint8_t event_pt;  /* telephone-event as it is received; 0: as the
			      flow toward the other side tells */
};
/* Without memory to note it this, filler and flow change nothing. */
void media_session_target(struct media_session *session, enum media_side side,
			  unsigned slot, const struct media_target *target);

/* --- hold music: loaded once, for any number of sessions --------------- */

struct media_music;

/*
 * Read a WAV file (PCM of 16 bits, one channel or two, 8, 16, 32, 44.1 or
 * 48 kHz, 0.1 to 300 s) and convert it, once, to loops of G.711 and G.722: 24
 * bytes a millisecond of music, and a few ms of work for each second of it.
 * Returns 0; -errno of open() and read(); -EINVAL; -EFBIG; -ENOMEM. `why` of
 * `why_size` bytes then says in plain words what is wrong.
 */
int media_music_load(struct media_music **out, const char *path, char *why,
		     size_t why_size);
/* Sessions that play it go on with it; it goes with the last of them. NULL is
 * fine. */
void media_music_free(struct media_music *music);

/*
 * What is sent toward `side` when the other end falls silent, with the
 * stream's SSRC, sequence and timestamp running on: music where there is some
 * and the codec is one of the first three, else what keeps the stream alive
 * and is heard as silence. `armed` starts it when the next packet is so late
 * that the gap would pass 60 ms; it yields to real packets at once, which
 * then are renumbered to run on from it.
 */
enum media_filler_kind {
	MEDIA_FILLER_NONE,
	MEDIA_FILLER_PCMU,
	MEDIA_FILLER_PCMA,
	MEDIA_FILLER_G722,
	MEDIA_FILLER_CN,     /* comfort noise, RFC 3389: where it was agreed */
	MEDIA_FILLER_OPUS,   /* a frame of no bytes: DTX (RFC 6716 3.1) */
	MEDIA_FILLER_G729,   /* a frame of silence */
	MEDIA_FILLER_GSM,    /* the same */
	MEDIA_FILLER_REPEAT, /* any other codec: the last payload that passed
				while this kind was set, armed or not; before
				there is one, nothing */
};
/* What to fill with where this encoding (SDP's name, any case) was agreed;
 * MEDIA_FILLER_REPEAT for those that are not known. */
enum media_filler_kind media_filler_kind(const char *encoding, size_t len);

struct media_filler {
	enum media_filler_kind kind;
	uint8_t payload_type;
	unsigned ptime_ms; /* 20 */
	bool armed;
	const struct media_music *music; /* or NULL */
};
/* A session plays at most MEDIA_MUSIC_MAX different loops; silence else. */
#define MEDIA_MUSIC_MAX 4
void media_session_filler(struct media_session *session, enum media_side side,
			  unsigned slot, const struct media_filler *filler);

/*
 * What is done to the RTP that is sent toward `side`. Media that is encrypted
 * from end to end must be left alone.
 *
 * `steady`: one SSRC of ours, sequence numbers in steps of one and timestamps
 * that run on, whatever source sends: another SSRC, a moved phone, filler,
 * another payload type of the same clock. What the network loses, and what a
 * source leaves out, stays missing. RTCP tells the same story.
 */
enum media_convert {
	MEDIA_CONVERT_NONE,
	MEDIA_CONVERT_PCMA_TO_PCMU,
	MEDIA_CONVERT_PCMU_TO_PCMA
};
struct media_flow {
	bool steady;
	bool mapped;
	uint8_t map[128]; /* received payload type -> sent one; 255: dropped */
	enum media_convert convert;
	uint8_t convert_pt; /* the received payload type it is done to */
	uint8_t event_pt;   /* telephone-event as it is sent; 255, 0: none */
};
/* Giving it again replaces it; till it is given nothing is done. */
void media_session_flow(struct media_session *session, enum media_side toward,
			unsigned slot, const struct media_flow *flow);

/* --- SRTP that we end (RFC 3711), keyed by the caller (RFC 4568) --------- */

enum media_crypto_suite {
	MEDIA_CRYPTO_NONE,		 /* plain RTP */
	MEDIA_CRYPTO_AES_CM_128_SHA1_80, /* RFC 4568 6.2 */
	MEDIA_CRYPTO_AES_CM_128_SHA1_32,
	MEDIA_CRYPTO_AES_256_CM_SHA1_80, /* RFC 6188 */
	MEDIA_CRYPTO_AES_256_CM_SHA1_32,
	MEDIA_CRYPTO_AEAD_AES_128_GCM, /* RFC 7714 */
	MEDIA_CRYPTO_AEAD_AES_256_GCM,
	MEDIA_CRYPTO_SUITES
};
#define MEDIA_KEY_MAX  46
#define MEDIA_MKI_MAX  4 /* bytes of it */
#define MEDIA_KEYS_MAX 4 /* that one far end may send with */

struct media_key {
	enum media_crypto_suite suite;
	uint8_t key[MEDIA_KEY_MAX]; /* master key, then master salt */
	uint8_t mki[MEDIA_MKI_MAX];
	uint8_t mki_len;   /* 0: packets carry none */
	uint64_t lifetime; /* packets; at 7/8 MEDIA_KEY_WORN is told. 0: the
			      suite's, 2^48 */
};
/* Bytes of master key and salt; 0 for NONE. */
unsigned media_key_len(enum media_crypto_suite suite);

/*
 * How one side of a slot is secured: what comes from it is checked and
 * decrypted with `receive`, what is sent to it is encrypted with `send`; RTP
 * and RTCP alike. Between the two sides packets are plain, so flow, filler
 * and DTMF go on as ever. Given again with an equal key (suite, key, MKI),
 * that direction keeps its context (ROC, replay window), also over an
 * unbinding; another key starts at ROC 0, and for 2 s packets with the
 * receive key before it are taken, too. Plain at first, and again when the
 * side is unbound. A send key that was replaced must not come back: its ROC
 * is forgotten. What fails authentication is dropped, counted and told once
 * as MEDIA_UNAUTHENTIC, and never moves the latch. STUN, DTLS and the like
 * neither come from a secured side nor go to it.
 * Beside `receive` the far end may have further keys, of the same suite, each
 * with an MKI of its own: it may change over to one of them at any time.
 * Where the flow toward a secured side is not steady, a source that jumps back
 * in its sequence numbers is heard again ten packets later.
 * Returns 0; -EINVAL; -ENOMEM; -ENOSYS if libsrtp2 has no such suite; with
 * everything as it was.
 */
struct media_crypto {
	struct media_key receive, send;
	struct media_key further[MEDIA_KEYS_MAX - 1];
	unsigned furthers;
};
int media_session_crypto(struct media_session *session, enum media_side side,
			 unsigned slot, const struct media_crypto *crypto);

/*
 * Send `digit` (0-9 * # A-D, and ! for a flash) toward a side as an event of
 * RFC 4733, 40 to 6000 ms long, behind those that wait, on the stream's own
 * line; real packets are held back meanwhile.
 * Returns 0; -EINVAL if it is no digit; -ENOTSUP if its flow tells no payload
 * type for events; -ENOBUFS if too many wait.
 */
int media_session_dtmf(struct media_session *session, enum media_side toward,
		       unsigned slot, char digit, unsigned duration_ms);

/* No packet from either end for so long gives MEDIA_SILENT, once until
 * packets come again; 0 (as at first): never. `hold_ms` counts while a side
 * is held. Counting starts anew with each call, and with hold and resume, so
 * give them when the call is established. */
void media_session_timeouts(struct media_session *session, unsigned silence_ms,
			    unsigned hold_ms);

/* Detach, close sockets, give ports back. MEDIA_CLOSED follows as this
 * session's last event; the session is freed after it was taken. */
void media_session_close(struct media_session *session);

/* --- statistics ---------------------------------------------------------- */

/* What came from the far end of one side of a slot, and what we sent it. */
struct media_stats {
	uint64_t packets, bytes; /* received and accepted, RTP payloads
				    and headers, without IP/UDP */
	uint64_t sent_packets, sent_bytes;
	uint64_t dropped_source; /* from elsewhere */
	uint64_t dropped_crypto; /* not authentic, replayed, too old */
	uint64_t dropped_other;	 /* no RTP, not allowed now, send error */
	uint64_t filler_packets; /* of sent_packets, our own: DTMF too */
	uint64_t lost;		 /* RFC 3550 A.3 */
	uint32_t jitter_us;	 /* RFC 3550 A.8 */
	uint32_t ssrc;		 /* last seen */
	uint32_t silent_ms;	 /* since the last accepted packet */
	struct sockaddr_storage source; /* locked source; AF_UNSPEC: none */
	uint64_t rtcp_packets;
};
/* A snapshot, at most a moment old; zeros for a slot that does not exist. */
void media_session_stats(const struct media_session *session,
			 enum media_side side, unsigned slot,
			 struct media_stats *out);

struct media_totals {
	uint64_t packets, bytes, dropped, events_lost;
	unsigned sessions, sockets;
};
void media_engine_totals(const struct media_engine *engine,
			 struct media_totals *out);

/* --- events -------------------------------------------------------------- */

enum media_event_kind {
	MEDIA_FIRST_PACKET, /* side, slot, source */
	MEDIA_MOVED,	    /* learned a new source after re-opening */
	MEDIA_SILENT,	    /* the whole session */
	MEDIA_CLOSED,	    /* final stats can still be read; then freed */
	MEDIA_FAULT,	    /* error: -errno of a socket; side, slot */
	MEDIA_UNAUTHENTIC,  /* side, slot: RTP failed authentication; once
			       for each receive key */
	MEDIA_KEY_WORN,	    /* side, slot: our `send` key is near its lifetime,
			       or has been used for so many SSRCs that soon no
			       other can be sent; the call should be given
			       another; once a key */
	MEDIA_DTMF,	    /* a whole event came: side, slot, digit,
			       duration_ms; it crossed, too, if it may */
};
struct media_event {
	enum media_event_kind kind;
	struct media_session *session;
	void *user;
	enum media_side side;
	unsigned slot;
	struct sockaddr_storage source;
	int error;
	char digit;
	unsigned duration_ms;
};
/* Take the next event; false if there is none. The session of a MEDIA_CLOSED
 * event lives until the next call of this function. */
bool media_engine_event(struct media_engine *engine, struct media_event *out);

/* "libsrtp2 2.5.0", for -V. */
const char *media_library(void);

#endif
