/* SPDX-License-Identifier: MIT */
#error "ReactOS's own modules may not include this header."
