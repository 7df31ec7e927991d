# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests of wsext-setup share that use fake_wine: a prefix with a registry of the test's own, an
# archive in small, and how they look at what became of them. They set setup, program and scratch.
# shellcheck disable=SC2154  # These three.
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# Runs a command, compares its exit code, and leaves its output in the file "output".
expect() {
    local wanted=$1 code=0
    shift
    "$@" >"$scratch/output" 2>&1 </dev/null || code=$?
    [ "$code" = "$wanted" ] || {
        fail "exit code $code, not $wanted: $*"
        cat "$scratch/output"
    }
}

says() {
    grep -q "$1" "$scratch/output" || {
        fail "it does not say: $1"
        cat "$scratch/output"
    }
}

# Everything in a folder: names, kinds, contents, links, and what the registry has.
state() {
    (cd "$1" && find . -type f ! -name registry ! -name registry.new -exec sha256sum {} + && find . -type d &&
        find . -type l -printf '%p -> %l\n' &&
        { [ ! -e registry ] || sed 's/^/registry: /' registry; }) | sort
}

expect_state() {
    diff "$scratch/before" <(state "$1") >"$scratch/difference" || {
        fail "not as before: $2"
        head -n 8 "$scratch/difference"
    }
}

# A DLL as Wine's own are marked.
builtin_dll() {
    head -c 64 "$program"
    printf 'Wine builtin DLL\0'
    head -c 2081 "$program" | tail -c +82
    echo "$1"
}

make_prefix() {
    local folder
    prefix=$scratch/prefix
    rm -rf "$prefix"
    mkdir -p "$prefix/drive_c/windows/"{system32,syswow64}
    printf 'WINE REGISTRY Version 2\n#arch=win64\n' >"$prefix/system.reg"
    printf 'WINE REGISTRY Version 2\n' >"$prefix/user.reg"
    printf '%s\t-\t\n' 'HKCU\Software\Wine' >"$prefix/registry"
    builtin_dll wine >"$prefix/builtin-ws2_32.dll"
    for folder in system32 syswow64; do
        builtin_dll $folder >"$prefix/drive_c/windows/$folder/ws2_32.dll"
    done
    system=$prefix/drive_c/windows/system32
}

# An archive in small, with our DLLs for both machines as far as the installer looks at them.
make_archive() {
    local machine
    archive=$scratch/archive
    mkdir -p "$archive"
    cp "$setup" "$archive/wsext-setup"
    for machine in x86_64 i686; do
        mkdir -p "$archive/$machine"
        { head -c 4096 "$program" && echo "wsext: $machine ws2_32"; } >"$archive/$machine/ws2_32.dll"
        { head -c 4096 "$program" && echo "wsext: $machine wsext"; } >"$archive/$machine/wsext.dll"
    done
    # The machine in the header.
    offset=$(od -An -tu4 -j60 -N4 "$program" | tr -d ' ')
    for dll in ws2_32 wsext; do
        printf '\x4c\x01' | dd of="$archive/i686/$dll.dll" bs=1 seek=$((offset + 4)) conv=notrunc status=none
    done
    setup=$archive/wsext-setup
}
