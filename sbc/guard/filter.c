/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The socket filter in front of the stack. The prefixes become sorted ranges
 * without overlap; each 32-bit word of an address is judged by a binary tree
 * of comparisons, a word that decides nothing alone leads to the next one.
 * The program is written from its end, so that every jump's target is known
 * and one "pass" and one "drop" serve many branches.
 */
#include "config.h"

#include "sbc/guard/guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "sbc/guard/ranges.h"

#define PASS	   0xffffffffU
#define FILTER_MAX 4096 /* BPF_MAXINSNS */
#define JUMP_MAX   255
#define REUSE_MAX  200 /* how far off a shared end is still taken */

/* --- the program, from its end ------------------------------------------ */

struct writer {
	struct sock_filter code[FILTER_MAX]; /* code[0] is the last one */
	unsigned count;
	unsigned end[2];       /* count just after the last drop and pass */
	uint32_t first_offset; /* of the source address in the IP header */
	bool full;
};

/* A place in the program, counted from its end: what is at code[at - 1]. */
static unsigned emit(struct writer *w, struct sock_filter code)
{
	if (w->count == FILTER_MAX) {
		w->full = true;
		return w->count;
	}
	w->code[w->count++] = code;
	return w->count;
}

static unsigned emit_end(struct writer *w, bool pass)
{
	if (!w->end[pass] || w->count - w->end[pass] > REUSE_MAX)
		w->end[pass] =
			emit(w, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
							     pass ? PASS : 0));
	return w->end[pass];
}

/* Make `at` reachable by a short jump from the next two instructions. */
static unsigned near(struct writer *w, unsigned at)
{
	if (w->count - at < JUMP_MAX - 2)
		return at;
	return emit(w, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
						    w->count - at));
}

static unsigned emit_branch(struct writer *w, unsigned code, uint32_t k,
			    unsigned yes, unsigned no)
{
	yes = near(w, yes);
	no = near(w, no);
	return emit(w, (struct sock_filter)BPF_JUMP(
			       (uint16_t)(BPF_JMP | code | BPF_K), k,
			       (uint8_t)(w->count - yes),
			       (uint8_t)(w->count - no)));
}

static unsigned emit_load(struct writer *w, unsigned word)
{
	return emit(w, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						    (uint32_t)SKF_NET_OFF +
							    w->first_offset +
							    4 * word));
}

/*
 * From `start` on, a word's value is dropped, passes, or leads to the next
 * word, where ranges first..first+count-1 decide.
 */
struct segment {
	uint32_t start;
	enum { SEGMENT_DROP, SEGMENT_PASS, SEGMENT_NEXT } kind;
	const struct range *first;
	unsigned count;
};

struct segments {
	struct segment *list;
	unsigned count;
};

static void add_segment(struct segments *s, uint32_t start, int kind,
			const struct range *first)
{
	struct segment *last;

	/* The drop after a range whose last value the next one shares. */
	if (s->count && s->list[s->count - 1].start > start)
		s->count--;
	last = s->count ? &s->list[s->count - 1] : NULL;
	/* Several ranges may share a word's value: one way on. */
	if (last && last->start == start && last->kind == SEGMENT_NEXT &&
	    kind == SEGMENT_NEXT) {
		last->count++;
		return;
	}
	/* What begins anew at the same value replaces what was there. */
	if (!last || last->start != start)
		last = &s->list[s->count++];
	*last = (struct segment){start, kind, first, 1};
}

static bool rest_is(const uint32_t *words, unsigned word, unsigned count,
		    uint32_t value)
{
	while (++word < count)
		if (words[word] != value)
			return false;
	return true;
}

/* Cut one word's values into segments. Ranges are sorted and do not touch;
 * all of them agree in the words before. */
static void cut(struct segments *s, const struct range *range, unsigned count,
		unsigned word, unsigned words)
{
	add_segment(s, 0, SEGMENT_DROP, NULL);
	for (unsigned i = 0; i < count; i++) {
		const struct range *r = &range[i];
		uint32_t low = r->low[word], high = r->high[word];
		bool low_whole = rest_is(r->low, word, words, 0);
		bool high_whole = rest_is(r->high, word, words, UINT32_MAX);

		if (low == high && !(low_whole && high_whole)) {
			add_segment(s, low, SEGMENT_NEXT, r);
		} else {
			/* A range over several values of this word that does
			 * not end with one has a tail in the next word. */
			if (!low_whole)
				add_segment(s, low, SEGMENT_NEXT, r);
			if (low_whole || high - low > 1 || high_whole)
				add_segment(s, low_whole ? low : low + 1,
					    SEGMENT_PASS, NULL);
			if (!high_whole)
				add_segment(s, high, SEGMENT_NEXT, r);
		}
		if (high != UINT32_MAX)
			add_segment(s, high + 1, SEGMENT_DROP, NULL);
	}
}

static unsigned emit_word(struct writer *w, const struct range *range,
			  unsigned count, unsigned word, unsigned words);

static unsigned emit_tree(struct writer *w, const struct segment *s,
			  unsigned count, unsigned word, unsigned words)
{
	unsigned half = count / 2, yes, no;

	if (w->full)
		return w->count;
	if (count == 1) {
		if (s->kind == SEGMENT_NEXT)
			return emit_word(w, s->first, s->count, word + 1,
					 words);
		return emit_end(w, s->kind == SEGMENT_PASS);
	}
	yes = emit_tree(w, s + half, count - half, word, words);
	no = emit_tree(w, s, half, word, words);
	return emit_branch(w, BPF_JGE, s[half].start, yes, no);
}

/* The ranges as this word's value leaves them: within that value only. */
static unsigned emit_clipped(struct writer *w, struct range *clipped,
			     const struct segments *s, unsigned word,
			     unsigned words);

static unsigned emit_word(struct writer *w, const struct range *range,
			  unsigned count, unsigned word, unsigned words)
{
	/* Each range: at most three segments of its own and the drop after. */
	struct segments s = {calloc(4 * (size_t)count + 1, sizeof *s.list), 0};
	struct range *clipped = calloc(2 * (size_t)count + 1, sizeof *clipped);
	unsigned at = 0;

	if (s.list && clipped) {
		cut(&s, range, count, word, words);
		at = emit_clipped(w, clipped, &s, word, words);
		/* A tree of one end needs no word. */
		if (at == w->count)
			at = emit_load(w, word);
	} else {
		w->full = true;
	}
	free(clipped);
	free(s.list);
	return at;
}

static unsigned emit_clipped(struct writer *w, struct range *clipped,
			     const struct segments *s, unsigned word,
			     unsigned words)
{
	unsigned used = 0;

	for (unsigned i = 0; i < s->count; i++) {
		struct segment *seg = &s->list[i];
		const struct range *from = seg->first;

		if (seg->kind != SEGMENT_NEXT)
			continue;
		seg->first = &clipped[used];
		for (unsigned j = 0; j < seg->count; j++) {
			struct range *r = &clipped[used++];

			*r = from[j];
			for (unsigned k = word + 1; k < words; k++) {
				if (from[j].low[word] != seg->start)
					r->low[k] = 0;
				if (from[j].high[word] != seg->start)
					r->high[k] = UINT32_MAX;
			}
		}
	}
	return emit_tree(w, s->list, s->count, word, words);
}

static unsigned emit_family(struct writer *w, const struct ranges *list,
			    uint32_t first_offset)
{
	w->first_offset = first_offset;
	if (!list->count)
		return emit_end(w, false);
	return emit_word(w, list->range, list->count, 0, list->words);
}

/* 0; -E2BIG if the program gets too long. */
static int program_write(struct sock_fprog *out, const struct ranges list[2])
{
	struct writer *w = calloc(1, sizeof *w);
	unsigned ipv4, ipv6;
	int rc = -ENOMEM;

	if (!w)
		return -ENOMEM;
	ipv6 = emit_family(w, &list[1], 8);
	ipv4 = emit_family(w, &list[0], 12);
	ipv6 = emit_branch(w, BPF_JEQ, 6, ipv6, emit_end(w, false));
	emit_branch(w, BPF_JEQ, 4, ipv4, ipv6);
	emit(w, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4));
	emit(w, (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS,
					     (uint32_t)SKF_NET_OFF));
	if (w->full) {
		rc = -E2BIG;
		goto out;
	}
	out->filter = malloc(w->count * sizeof *out->filter);
	if (!out->filter)
		goto out;
	for (unsigned i = 0; i < w->count; i++)
		out->filter[i] = w->code[w->count - 1 - i];
	out->len = (unsigned short)w->count;
	rc = 0;
out:
	free(w);
	return rc;
}

/* Does this kernel take it? net.core.optmem_max bounds a filter as the kernel
 * rewrites it; only trying tells. */
static bool kernel_takes(const struct sock_fprog *program)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool taken;

	if (fd < 0)
		return true;
	taken = guard_filter_attach(fd, program) != -ENOMEM;
	close(fd);
	return taken;
}

int guard_filter_build(struct sock_fprog *out,
		       const struct address_prefix *allowed, unsigned count,
		       bool *widened)
{
	struct ranges list[2] = {0};
	int rc;

	*widened = false;
	*out = (struct sock_fprog){0};
	rc = ranges_read(&list[0], 1, allowed, count);
	if (!rc)
		rc = ranges_read(&list[1], RANGES_WORDS, allowed, count);
	while (!rc) {
		rc = program_write(out, list);
		if (!rc && !kernel_takes(out)) {
			free(out->filter);
			*out = (struct sock_fprog){0};
			rc = -E2BIG;
		}
		if (rc != -E2BIG)
			break;
		*widened = true;
		rc = ranges_widen(list) ? 0 : -ENOMEM;
	}
	free(list[0].range);
	free(list[1].range);
	return rc;
}

static int attach(int fd, const struct sock_fprog *program)
{
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program,
			  sizeof *program) < 0
		       ? -errno
		       : 0;
}

int guard_filter_attach(int fd, const struct sock_fprog *program)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog closed = {1, &drop};
	int none = 0, rc = attach(fd, program);

	if (rc != -ENOMEM)
		return rc;
	/* Old and new together are too much for the kernel's bound: let a
	 * short one that drops everything take the old one's place first. */
	if (!attach(fd, &closed))
		rc = attach(fd, program);
	if (rc)
		setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none,
			   sizeof none);
	return rc;
}
