/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media/media.h"
