/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ciphers of our own in libsrtp2: media/crypt's alone. */
#ifndef MEDIA_CRYPT_TYPE_H
#define MEDIA_CRYPT_TYPE_H

#include <stdbool.h>

/* After srtp_init(). False if the library keeps one of its own: then that one
 * failed a test, and works as ever. */
bool crypt_replace_types(void);

#endif
