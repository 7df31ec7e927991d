# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# How the Wines that the tests run on are had, apart from the machine's own; part of lib.sh.
# shellcheck disable=SC2154  # It is from there.

# A 32-bit Wine. Debian installs one only beside 64-bit libraries of the very same versions, so on a
# machine that is not quite up to date apt would upgrade half the system or remove wine64. Hence its
# packages are unpacked in a folder, by an apt that knows of no other package.
wine32=$deps/wine32

apt_i386() {
    local state=$1
    shift
    quietly apt-get -q -y -o Acquire::Retries=3 -o Acquire::Languages=none \
        -o APT::Install-Recommends=false -o APT::Architecture=i386 -o APT::Architectures::=i386 \
        -o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::Cache="$state" "$@"
}

# mark_builtin DLL FILE: Wine takes for a part of itself what says so at the right place.
mark_builtin() {
    {
        head -c 64 "$1"
        printf '%b' 'Wine builtin DLL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
        tail -c +97 "$1"
    } >"$2"
}

# What the packages' own scripts do, and what makes the parts find each other in this folder.
finish_wine32() {
    local folder=$1
    mark_builtin "$folder/usr/i686-w64-mingw32/lib/zlib1.dll" \
        "$folder/usr/lib/i386-linux-gnu/wine/i386-windows/zlib1.dll"
    # With the 64-bit half beside it one prefix runs programs of both kinds, as on users' machines.
    cp /usr/lib/wine/wine64 /usr/lib/wine/wineserver64 "$folder/usr/lib/wine"
    mkdir -p "$folder/usr/lib/x86_64-linux-gnu"
    ln -s /usr/lib/x86_64-linux-gnu/wine "$folder/usr/lib/x86_64-linux-gnu/wine"
    # shellcheck disable=SC2016  # The written script's own variables.
    printf '#!/bin/sh\nexec "${0%%/*}/wineserver64" -p0 "$@"\n' >"$folder/usr/lib/wine/wineserver"
    rm -rf "$folder/usr/share/doc" "$folder/usr/share/locale"
}

fetch_wine32() {
    local scratch=$1 version deb
    mkdir -p "$scratch/lists/partial" "$scratch/archives/partial" "$scratch/wine32"
    : >"$scratch/status"
    # A place that has nothing for i386 makes this fail, and nothing that is needed here.
    (apt_i386 "$scratch" update) 2>/dev/null || true
    # Both halves talk to one server, which takes programs of its own version only.
    version=$(dpkg-query -W -f '${Version}' wine64)
    (apt_i386 "$scratch" install --download-only "wine32=$version" "libwine=$version") || return 1
    for deb in "$scratch"/archives/*.deb; do
        # The C library has to be of one kind with the loader of programs, the system's.
        [[ ${deb##*/} == libc6_* ]] || dpkg-deb -x "$deb" "$scratch/wine32" || return 1
    done
    finish_wine32 "$scratch/wine32"
}

# What prevents it is printed, but is no failure: the tests that need it are skipped.
setup_wine32() {
    local scratch result=0
    [ ! -e "$wine32" ] && [ ! -e /usr/lib/wine/wine ] || return 0
    [ -e /lib/ld-linux.so.2 ] || (install_packages libc6-i386) || result=1
    if [ "$result" = 0 ] && ! /lib/ld-linux.so.2 --version >/dev/null 2>&1; then
        echo "this kernel runs no 32-bit programs" >&2
        result=1
    fi
    if [ "$result" = 0 ]; then
        say "fetching a 32-bit Wine"
        mkdir -p "$deps"
        scratch=$(mktemp -d "$deps/wine32.XXXXXX")
        # apt drops its rights for the download and has to get in.
        chmod 755 "$scratch"
        fetch_wine32 "$scratch" && mv "$scratch/wine32" "$wine32" || result=1
        rm -rf "$scratch"
    fi
    [ "$result" = 0 ] || say "no 32-bit Wine, for the reason above; its tests are skipped"
}

# Debian 13's Wine, which also runs 32-bit programs without any 32-bit library of Linux. Its packages
# are unpacked in a folder, by an apt that knows of no other suite and no package that is installed.
wine10=$deps/wine10
wine10_suite=trixie
wine10_packages="wine64 libwine:amd64 libwine:i386 libz-mingw-w64
    libc6:amd64 libgcc-s1:amd64 liblzma5:amd64 libunwind8:amd64"

apt_wine10() {
    local state=$1
    shift
    quietly apt-get -q -y -o Acquire::Retries=3 -o Acquire::Languages=none \
        -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o APT::Architectures::=i386 \
        -o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::Cache="$state" \
        -o Dir::Etc::sourcelist="$state/wine10.$(source_entry_suffix)" -o Dir::Etc::sourceparts=- "$@"
}

# What the packages' own scripts do, as in finish_wine32, and the 32-bit half of new WoW64.
finish_wine10() {
    local scratch=$1 folder=$1/wine10 machine windows
    windows=$folder/usr/lib/x86_64-linux-gnu/wine
    mkdir -p "$windows/i386-windows"
    mv "$scratch"/i386/usr/lib/i386-linux-gnu/wine/i386-windows/* "$windows/i386-windows/"
    for machine in x86_64 i686; do
        mark_builtin "$folder/usr/$machine-w64-mingw32/lib/zlib1.dll" \
            "$windows/${machine/i686/i386}-windows/zlib1.dll"
    done
    # shellcheck disable=SC2016  # The written script's own variables.
    printf '#!/bin/sh\nexec "${0%%/*}/wineserver64" -p0 "$@"\n' >"$folder/usr/lib/wine/wineserver"
    rm -rf "$folder"/usr/share/{doc,locale} "$folder"/usr/*-w64-mingw32*
}

fetch_wine10() {
    local scratch=$1 deb
    mkdir -p "$scratch/lists/partial" "$scratch/archives/partial" "$scratch/wine10" "$scratch/i386"
    : >"$scratch/status"
    print_source_entry "deb deb-src" "$wine10_suite" >"$scratch/wine10.$(source_entry_suffix)"
    (apt_wine10 "$scratch" update) || return 1
    # shellcheck disable=SC2086  # A list of words.
    (cd "$scratch/archives" && apt_wine10 "$scratch" download $wine10_packages) || return 1
    # Its tests go with it, and are kept as they came.
    (cd "$scratch/archives" && apt_wine10 "$scratch" source --download-only wine) || return 1
    for deb in "$scratch"/archives/*.deb; do
        case ${deb##*/} in
        libwine_*_i386.deb)
            dpkg-deb --fsys-tarfile "$deb" |
                tar -x -C "$scratch/i386" ./usr/lib/i386-linux-gnu/wine/i386-windows || return 1
            ;;
        *) dpkg-deb -x "$deb" "$scratch/wine10" || return 1 ;;
        esac
    done
    finish_wine10 "$scratch"
    mkdir "$scratch/wine10/source"
    mv "$scratch"/archives/wine_*.orig.tar.* "$scratch/wine10/source/"
}

# Its programs are bound to the C library beside them, which is newer than the machine's; that goes by
# whole names, so it is done again where the folder was moved.
bind_wine10() {
    local libraries program
    libraries=$(realpath "$wine10")/usr/lib/x86_64-linux-gnu
    [ "$(cat "$wine10/bound" 2>/dev/null)" != "$libraries" ] || return 0
    (install_packages patchelf) || return 1
    for program in wine64 wineserver64; do
        patchelf --force-rpath --set-rpath "$libraries" \
            --set-interpreter "$libraries/ld-linux-x86-64.so.2" "$wine10/usr/lib/wine/$program"
    done
    echo "$libraries" >"$wine10/bound"
}

# What prevents it is printed, but is no failure: the tests that need it are skipped.
setup_wine10() {
    local scratch result=0
    if [ ! -e "$wine10" ]; then
        say "fetching Wine 10"
        mkdir -p "$deps"
        scratch=$(mktemp -d "$deps/wine10.XXXXXX")
        # apt drops its rights for the download and has to get in.
        chmod 755 "$scratch"
        fetch_wine10 "$scratch" && mv "$scratch/wine10" "$wine10" || result=1
        rm -rf "$scratch"
    fi
    [ "$result" != 0 ] || bind_wine10 || result=1
    [ "$result" = 0 ] || say "no Wine 10, for the reason above; its tests are skipped"
}

# Prints the server of the Wine that WSEXT_HOST names, for who has to know the server's process.
find_server() {
    if [ "${WSEXT_HOST:-}" = wine10 ]; then
        echo "$wine10/usr/lib/wine/wineserver"
    else
        command -v /usr/lib/wine/wineserver || command -v wineserver
    fi
}
