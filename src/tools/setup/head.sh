#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Puts wsext where Windows programs under Wine find it, and takes it away again; see usage below.
#
# What this script guarantees:
#  - All checks come before the first change. What fails after that is undone at once.
#  - A note, wsext-setup.txt, is written before the first file is put anywhere, and says what there is
#    to put back. So whatever step the script is killed at, "uninstall" puts everything back, "install"
#    finishes, and neither needs anything that was lost.
#  - Files are put back without Wine. Wine is needed for one thing, the override in the prefix's
#    registry: that is the last step of install, and what Wine cannot put back, uninstall keeps a note
#    of and says so.
#  - Nothing is removed or replaced that it has not put there: no DLL that is neither Wine's nor ours, no
#    setting of the user's, and no registry key that has something else in it. A link comes back as the
#    same link, a setting as the same value, an empty one included.
#  - A file is always whole: it is made under another name beside its place and then renamed.
#  - Two of it do not work in one place at once.
#
# It is put together from the files in src/tools/setup, in the order of src/CMakeLists.txt.
set -eu

version=@PROJECT_VERSION@
note=wsext-setup.txt
# What is put there; of these, ws2_32.dll takes the place of Wine's own.
dlls="ws2_32 wsext"
setting=native,builtin
dry=

# Else "cd" may go elsewhere, and print where.
unset CDPATH

usage() {
    cat <<END
wsext-setup [--dry-run] install|uninstall|status EXE|DIRECTORY|PREFIX
wsext-setup list

  EXE, DIRECTORY  one program: two DLLs go into its folder. Wine has to be told to take one of them:
                      WINEDLLOVERRIDES=ws2_32=n,b wine PROGRAM
  PREFIX          a whole Wine prefix, such as ~/.wine: ws2_32.dll takes the place of Wine's own, which
                  is kept, and the prefix is told to use it. Nothing else has to be set. It may be one of
                  Steam (steamapps/compatdata/NUMBER), Lutris or Bottles.

install may be repeated, and replaces the files of another version. uninstall leaves everything as it
was before install. status ends with 0 where wsext is installed and serves all programs, 1 where it is
not installed, 3 where something is amiss. --dry-run checks, says what would be done, and changes
nothing. list shows the prefixes that it finds.

WINE names the Wine that belongs to the prefix. Without it that is found for prefixes of Steam, Lutris
and Bottles, and for others it is "wine". Run this as the user to whom the prefix belongs, never by
sudo, and do not copy the DLLs into system32 yourself: nobody would have kept Wine's own.
END
}

say() {
    printf '%s\n' "$*"
}

die() {
    printf 'wsext-setup: %s\n' "$*" >&2
    exit 2
}
