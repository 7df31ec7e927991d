# SPDX-License-Identifier: MIT

# The prefix's settings, which only Wine can change

overrides='HKCU\Software\Wine\DllOverrides'
programs='HKCU\Software\Wine\AppDefaults'

# Wine's server outlives us, and must not take the lock along.
in_prefix() {
    WINEPREFIX=$prefix WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml= \
        LD_LIBRARY_PATH=${wine_libraries}${LD_LIBRARY_PATH:-} "$wine" "$@" </dev/null 9<&-
}

# Whether this Wine works in this prefix, which it does not where the prefix belongs to another user or
# is for 32 bits only, or where a server of another version runs. An answer that comes only from a Wine
# that works is asked for, as a failure of reg also says that there is no such key. A newer Wine updates
# the prefix on this first call.
check_wine() {
    works=$(in_prefix reg query 'HKCU\Software' 2>&1) || true
    case $works in
    *HKEY_CURRENT_USER*) ;;
    *)
        say "wsext-setup: $wine does not work in $prefix${works:+: }$works" >&2
        return 1
        ;;
    esac
}

# What reg tells of a DLL's setting: "absent", or "value:" and the value, which may be empty.
setting_of() {
    in_prefix reg query "$overrides" /v "$1" 2>/dev/null | tr -d '\r' | read_setting "$1"
}

# Of the lines "    NAME    TYPE    VALUE".
read_setting() {
    awk -v name="$1" '
        tolower($1) == tolower(name) && $2 == "REG_SZ" {
            sub(/^[ \t]*[^ \t]+[ \t]+REG_SZ[ \t]*/, "")
            found = 1
            value = $0
        }
        END { print found ? "value:" value : "absent" }'
}

# The same from the registry's file, as it was when it was last written.
setting_in_file() {
    [ -e "$prefix/user.reg" ] || {
        echo absent
        return 0
    }
    awk -v name="$1" '
        /^\[/ { inside = tolower($0) ~ /^\[software\\\\wine\\\\dlloverrides\]/ }
        inside && index(tolower($0), "\"" tolower(name) "\"=\"") == 1 {
            sub(/^"[^"]*"="/, "")
            sub(/"[^"]*$/, "")
            found = 1
            value = $0
        }
        END { print found ? "value:" value : "absent" }' "$prefix/user.reg"
}

put_setting() {
    case $2 in
    absent) in_prefix reg delete "$overrides" /v "$1" /f >/dev/null 2>&1 || true ;;
    value:*) in_prefix reg add "$overrides" /v "$1" /d "${2#value:}" /f >/dev/null 2>&1 || true ;;
    esac
    [ "$(setting_of "$1")" = "$2" ]
}

has_settings_key() {
    in_prefix reg query "$overrides" >/dev/null 2>&1
}

# A key that we have made goes, too, unless something else is in it by now.
drop_settings_key() {
    ! in_prefix reg query "$overrides" /s 2>/dev/null | tr -d '\r' |
        grep -qv '^ *$\|DllOverrides$' || return 0
    in_prefix reg delete "$overrides" /f >/dev/null 2>&1 || true
    ! has_settings_key
}

# The programs that have a setting of their own by which Wine takes its builtin, one a line.
programs_left_out() {
    in_prefix reg query "$programs" /s 2>/dev/null | tr -d '\r' | awk '
        /^HKEY_/ {
            program = $0
            sub(/\\DllOverrides$/, "", program)
            inside = program != $0
            sub(/^.*\\/, "", program)
        }
        inside && tolower($1) ~ /^\*?ws2_32$/ && $2 == "REG_SZ" && $3 !~ /^n/ { print program }'
}
