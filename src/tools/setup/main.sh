# SPDX-License-Identifier: MIT

# What is undone at the end is undone when we are interrupted, too.
trap 'exit 130' INT TERM HUP

self=$(readlink -f -- "$0")
here=$(cd "$(dirname "$self")" && pwd)
if [ "${1:-}" = --dry-run ]; then
    dry=yes
    shift
fi
case ${1:-} in
install | uninstall | status) ;;
list)
    list
    exit 0
    ;;
-h | --help)
    usage
    exit 0
    ;;
*)
    usage >&2
    exit 2
    ;;
esac
[ $# = 2 ] || { usage >&2 && exit 2; }
command=$1
target=${2%/}
case $target in
-*) target=./$target ;;
esac
[ -e "$target" ] || die "there is no ${target:-such place}"
if [ -d "$target/pfx" ] && [ ! -e "$target/drive_c" ]; then
    target=$target/pfx
    [ -d "$target/drive_c/windows/system32" ] || die "$target is no prefix yet: start the game once"
    say "taking $target"
fi
if [ -e "$target/system.reg" ] || [ -d "$target/drive_c/windows/system32" ]; then
    prefix=$(cd "$target" && pwd -P)
    windows=$prefix/drive_c/windows
    first=$windows/system32/wsext/$note
    [ -d "$windows/system32" ] || die "$prefix has no drive_c/windows/system32"
    lock "$prefix"
    "${command}_prefix"
    exit 0
fi
machine=
if [ -d "$target" ]; then
    folder=$(cd "$target" && pwd)
else
    folder=$(cd "$(dirname "$target")" && pwd)
    machine=$(machine_of "$target")
    [ -n "$machine" ] ||
        die "$target is no Windows program; give an .exe, its folder, or a prefix (with drive_c in it)"
    [ "$machine" != other ] ||
        die "$target is a Windows program of a kind that wsext has no DLLs for: give one for x86_64 or i686"
fi
lock "$folder"
"${command}_folder"
