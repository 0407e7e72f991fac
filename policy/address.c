/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/address.h"
