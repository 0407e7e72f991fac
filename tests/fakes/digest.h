/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digest for the fakes, both ends of it (RFC 2617, RFC 7616). */
#ifndef TESTS_FAKES_DIGEST_H
#define TESTS_FAKES_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Answer the challenge (a WWW- or Proxy-Authenticate value) with the value of
 * an Authorization header. `sha256` says whether the fake knows it.
 */
void digest_answer(char *out, size_t size, const char *challenge,
		   const char *method, const char *uri, const char *user,
		   const char *password);
/* Is the algorithm of this challenge SHA-256? */
bool digest_is_sha256(const char *challenge);
/* Is this Authorization value right for that user and password? */
bool digest_right(const char *credentials, const char *method,
		  const char *password);

#endif
