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

#include "policy/address.h"

#define WORDS	   4
#define PASS	   0xffffffffU
#define FILTER_MAX 4096 /* BPF_MAXINSNS */
#define JUMP_MAX   255
#define REUSE_MAX  200 /* how far off a shared end is still taken */

struct range { /* host order, the first word is the most significant */
	uint32_t low[WORDS], high[WORDS];
};

struct ranges {
	struct range *range;
	unsigned count, words;
};

/* --- ranges ----------------------------------------------------------------
 */

static int compare_words(const uint32_t *a, const uint32_t *b, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static int compare_ranges(const void *a, const void *b)
{
	return compare_words(((const struct range *)a)->low,
			     ((const struct range *)b)->low, WORDS);
}

/* The address as words; false if it is of the other family. An IPv4-mapped
 * prefix is one of IPv4: that is what stands in the packet. */
static bool words_of(uint32_t out[WORDS], unsigned *bits,
		     const struct address_prefix *prefix, unsigned words)
{
	const struct sockaddr_in *in = (const void *)&prefix->base;
	const struct sockaddr_in6 *in6 = (const void *)&prefix->base;
	unsigned char bytes[16] = {0};
	bool ipv4 = prefix->base.ss_family == AF_INET;

	*bits = prefix->bits;
	if (ipv4) {
		memcpy(bytes, &in->sin_addr, 4);
	} else if (prefix->base.ss_family == AF_INET6) {
		ipv4 = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) && *bits >= 96;
		memcpy(bytes, (const char *)&in6->sin6_addr + (ipv4 ? 12 : 0),
		       ipv4 ? 4 : 16);
		if (ipv4)
			*bits -= 96;
	} else {
		return false;
	}
	if (ipv4 != (words == 1))
		return false;
	for (unsigned i = 0; i < WORDS; i++)
		out[i] = (uint32_t)bytes[4 * i] << 24 |
			 (uint32_t)bytes[4 * i + 1] << 16 |
			 (uint32_t)bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
	return true;
}

static void range_of(struct range *out, unsigned bits, unsigned words)
{
	for (unsigned i = 0; i < words; i++) {
		unsigned here = bits >= 32 * (i + 1) ? 32
				: bits > 32 * i	     ? bits - 32 * i
						     : 0;
		uint32_t mask = here ? UINT32_MAX << (32 - here) : 0;

		out->low[i] &= mask;
		out->high[i] = out->low[i] | ~mask;
	}
}

/* Is b what follows a without a gap, or within it? Both sorted by low. */
static bool touches(const struct range *a, const struct range *b,
		    unsigned words)
{
	uint32_t next[WORDS];

	if (compare_words(b->low, a->high, words) <= 0)
		return true;
	memcpy(next, a->high, sizeof next);
	for (unsigned i = words; i-- > 0;)
		if (++next[i])
			break;
	return compare_words(next, b->low, words) == 0;
}

static void merge(struct ranges *list)
{
	unsigned kept = 0;

	qsort(list->range, list->count, sizeof *list->range, compare_ranges);
	for (unsigned i = 0; i < list->count; i++) {
		struct range *last = kept ? &list->range[kept - 1] : NULL;
		const struct range *r = &list->range[i];

		if (!last || !touches(last, r, list->words))
			list->range[kept++] = *r;
		else if (compare_words(last->high, r->high, list->words) < 0)
			memcpy(last->high, r->high, sizeof r->high);
	}
	list->count = kept;
}

static int ranges_read(struct ranges *out, unsigned words,
		       const struct address_prefix *allowed, unsigned count)
{
	out->words = words;
	out->count = 0;
	out->range = calloc(count ? count : 1, sizeof *out->range);
	if (!out->range)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		struct range *r = &out->range[out->count];
		unsigned bits;

		if (!words_of(r->low, &bits, &allowed[i], words))
			continue;
		range_of(r, bits, words);
		out->count++;
	}
	merge(out);
	return 0;
}

/* How much a gap lets in when it is closed: IPv4 addresses, IPv6 /64s. */
static uint64_t gap_between(const struct range *a, const struct range *b,
			    unsigned words)
{
	if (words == 1)
		return b->low[0] - a->high[0] - 1;
	return ((uint64_t)b->low[0] << 32 | b->low[1]) -
	       ((uint64_t)a->high[0] << 32 | a->high[1]);
}

static int compare_gaps(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void close_gaps(struct ranges *list, uint64_t up_to)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < list->count; i++) {
		struct range *last = kept ? &list->range[kept - 1] : NULL;
		const struct range *r = &list->range[i];

		if (last && gap_between(last, r, list->words) <= up_to)
			memcpy(last->high, r->high, sizeof r->high);
		else
			list->range[kept++] = *r;
	}
	list->count = kept;
}

/* Close the smallest tenth of all gaps; false if there is none left. */
static bool widen(struct ranges list[2])
{
	unsigned gaps = 0, total = list[0].count + list[1].count;
	uint64_t *gap = calloc(total ? total : 1, sizeof *gap), up_to;

	if (!gap)
		return false;
	for (unsigned f = 0; f < 2; f++)
		for (unsigned i = 1; i < list[f].count; i++)
			gap[gaps++] =
				gap_between(&list[f].range[i - 1],
					    &list[f].range[i], list[f].words);
	if (gaps) {
		qsort(gap, gaps, sizeof *gap, compare_gaps);
		up_to = gap[gaps / 10];
		close_gaps(&list[0], up_to);
		close_gaps(&list[1], up_to);
	}
	free(gap);
	return gaps > 0;
}

/* --- the program, from its end ---------------------------------------------
 */

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
		rc = ranges_read(&list[1], WORDS, allowed, count);
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
		rc = widen(list) ? 0 : -ENOMEM;
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
