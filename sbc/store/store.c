/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sbc/store/store.h"
