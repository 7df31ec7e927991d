# SPDX-License-Identifier: MIT

# A whole prefix: the DLLs lie in its system folders, and beside them a folder "wsext" with the note and
# with what they have taken the place of

# Wine writes the registry's files some time after it has made the prefix.
is_win64() {
    if [ -e "$prefix/system.reg" ]; then
        grep -q '^#arch=win64' "$prefix/system.reg"
    else
        [ "$(machine_of "$windows/system32/ws2_32.dll")" = x86_64 ]
    fi
}

# The folders of system DLLs in the prefix with the machine of each.
system_folders() {
    if is_win64; then
        echo system32 x86_64
        [ ! -d "$windows/syswow64" ] || echo syswow64 i686
    else
        echo system32 i686
    fi
}

# Those with programs to serve, that is with a ws2_32.dll, be it put aside: name, machine and where our
# DLLs come from, or "-" where there are none.
plan_prefix() {
    system_folders | while read -r name machine; do
        exists "$windows/$name/ws2_32.dll" || exists "$windows/$name/wsext/ws2_32.dll" || continue
        found=$(find_source "$machine")
        say "$name $machine ${found:--}"
    done
}

check_owner() {
    [ -O "$prefix" ] || die "$prefix belongs to another user: run this as that user, not by sudo"
}

check_system_folder() {
    system=$windows/$1
    kept=$system/wsext/ws2_32.dll
    [ -w "$system" ] || die "$system cannot be written"
    [ ! -e "$system/wsext" ] || [ -w "$system/wsext/." ] || die "$system/wsext cannot be written"
    if [ ! -e "$system/ws2_32.dll" ]; then
        [ -e "$kept" ] || die "$system has no ws2_32.dll"
    elif is_ours "$system/ws2_32.dll"; then
        [ -e "$kept" ] || die "$system/ws2_32.dll is ours, but Wine's own is lost: uninstall first"
    else
        is_wines "$system/ws2_32.dll" || die "$system/ws2_32.dll is neither Wine's nor ours"
    fi
    [ ! -e "$system/wsext.dll" ] || is_ours "$system/wsext.dll" ||
        die "$system/wsext.dll is not ours"
}

# What there is to put back later. What an earlier note says of the settings stays, as by now they are
# ours.
write_system_note() {
    say "version - $version"
    say "machine - $3"
    for dll in $dlls; do
        say "file $dll $(checksum "$2/$dll.dll")"
    done
    if [ -L "$system/ws2_32.dll" ]; then
        say "link ws2_32 $(readlink "$system/ws2_32.dll")"
    elif [ -e "$system/wsext/$note" ] && [ -n "$(noted "$system/wsext/$note" link ws2_32)" ] &&
        [ -L "$system/wsext/ws2_32.dll" ]; then
        say "link ws2_32 $(noted "$system/wsext/$note" link ws2_32)"
    fi
    [ "$1" = syswow64 ] || say "$settings_noted"
    say "$plan" | sed -n 's/^[^ ]* \([^ ]*\) -$/without - \1/p'
}

install_system_folder() {
    system=$windows/$1
    mkdir -p "$system/wsext"
    write_system_note "$1" "$2" "$3" >"$system/wsext/$note.wsext-new"
    for dll in $dlls; do
        stage "$2/$dll.dll" "$system/$dll.dll"
    done
    if exists "$system/ws2_32.dll" && ! is_ours "$system/ws2_32.dll"; then
        stage "$system/ws2_32.dll" "$system/wsext/ws2_32.dll"
    fi
    take "$system/wsext/$note"
    ! exists "$system/wsext/ws2_32.dll.wsext-new" || take "$system/wsext/ws2_32.dll"
    for dll in $dlls; do
        take "$system/$dll.dll"
    done
    say "wsext $version ($3) is installed in $system"
}

is_prefix_whole() {
    say "$plan" | while read -r name machine found; do
        [ "$found" != - ] || continue
        for dll in $dlls; do
            same_file "$found/$dll.dll" "$windows/$name/$dll.dll" || exit 1
        done
        [ "$(noted "$windows/$name/wsext/$note" version - 2>/dev/null)" = "$version" ] || exit 1
        [ -e "$windows/$name/wsext/ws2_32.dll" ] || exit 1
    done && [ "$before" = "value:$setting" ]
}

# The settings as they were before the first install, for the note.
note_settings() {
    if [ -e "$first" ]; then
        sed -n '/^setting/p' "$first"
    else
        say "setting ws2_32 $before"
        if [ -n "$dry" ] || has_settings_key; then
            say "settings-key - kept"
        else
            say "settings-key - made"
        fi
    fi
}

install_prefix() {
    check_owner
    find_wine
    if [ -n "$dry" ]; then
        before=$(setting_in_file ws2_32)
    else
        check_wine || exit 2
        before=$(setting_of ws2_32)
    fi
    # Only now, as a newer Wine may have updated the prefix on its first call, and made syswow64.
    plan=$(plan_prefix)
    say "$plan" | grep -qv ' -$' || die "there are no DLLs for this prefix beside this script"
    say "$plan" | while read -r name machine found; do
        check_system_folder "$name"
        [ "$found" != - ] || say "wsext-setup: no $machine DLLs beside this script:" \
            "programs of that kind will run without wsext" >&2
    done
    if is_prefix_whole; then
        say "wsext $version is already installed in $prefix"
        return 0
    fi
    if [ -n "$dry" ]; then
        say "$plan" | while read -r name machine found; do
            [ "$found" = - ] ||
                say "would put ws2_32.dll and wsext.dll ($machine) into $windows/$name"
        done
        [ "$before" = "value:$setting" ] || say "would set ws2_32 to $setting in $prefix, by $wine"
        return 0
    fi
    if is_of_older_kind "$first"; then
        uninstall_prefix
        before=$(setting_of ws2_32)
    fi
    settings_noted=$(note_settings)
    setting_is_tried=
    fresh=$(say "$plan" | while read -r name machine found; do
        [ "$found" = - ] || [ -e "$windows/$name/wsext/$note" ] || echo "$name"
    done)
    trap undo_prefix EXIT
    say "$plan" | while read -r name machine found; do
        [ "$found" = - ] || install_system_folder "$name" "$found" "$machine"
    done
    set_prefix
    trap - EXIT
    say "Programs in $prefix use it from their next start on"
    left=$(programs_left_out | paste -sd ' ')
    [ -z "$left" ] || say "but for those with a setting of their own for ws2_32: $left"
}

set_prefix() {
    setting_is_tried=yes
    put_setting ws2_32 "value:$setting" && return 0
    say "wsext-setup: $wine has not set ws2_32 to $setting in $prefix" >&2
    exit 2
}

# Of the prefix's setting what Wine can still undo.
undo_setting() {
    if ! put_setting ws2_32 "$before"; then
        say "wsext-setup: the setting may be there all the same; without our DLLs it does nothing" >&2
    elif say "$settings_noted" | grep -q '^settings-key - made$'; then
        drop_settings_key || true
    fi
}

# The files without Wine. The folders that had wsext before keep it.
undo_prefix() {
    say "wsext-setup: something failed; undoing what was done" >&2
    for name in system32 syswow64; do
        unstage_system_folder "$name"
        case " $(echo "$fresh" | paste -sd ' ') " in
        *" $name "*)
            restore_system_folder "$name"
            drop_note "$name"
            ;;
        esac
    done
    [ -z "$setting_is_tried" ] || undo_setting
}

unstage_system_folder() {
    for dll in $dlls; do
        rm -f "$windows/$1/$dll.dll.wsext-new" "$windows/$1/wsext/$dll.dll.wsext-new"
    done
    rm -f "$windows/$1/wsext/$note.wsext-new"
}

drop_note() {
    [ -d "$windows/$1/wsext" ] || return 0
    rm -f "$windows/$1/wsext/$note"
    rmdir "$windows/$1/wsext" 2>/dev/null ||
        say "$windows/$1/wsext has something else in it, and stays"
}

# Puts back what was there before, as far as it is not there yet.
restore_system_folder() {
    system=$windows/$1
    unstage_system_folder "$1"
    [ -d "$system/wsext" ] || return 0
    listed="$dlls"
    [ ! -e "$system/wsext/$note" ] || listed=$(noted_dlls "$system/wsext/$note")
    for dll in $listed; do
        if exists "$system/$dll.dll" && ! is_ours "$system/$dll.dll"; then
            # Where it is Wine's it was put back before, or Wine itself has done so.
            is_wines "$system/$dll.dll" || say "$system/$dll.dll is not ours any more, and stays"
            rm -f "$system/wsext/$dll.dll"
        elif exists "$system/wsext/$dll.dll"; then
            restore_dll "$dll"
        else
            rm -f "$system/$dll.dll"
        fi
    done
}

restore_dll() {
    link=
    [ ! -e "$system/wsext/$note" ] || link=$(noted "$system/wsext/$note" link "$1")
    if [ -n "$link" ]; then
        rm -f "$system/$1.dll.wsext-new"
        ln -s "$link" "$system/$1.dll.wsext-new"
        take "$system/$1.dll"
        rm -f "$system/wsext/$1.dll"
    else
        mv -fT "$system/wsext/$1.dll" "$system/$1.dll"
    fi
}

# The settings that the note has, by lines of a DLL and "absent" or "value:…". An older note has them in
# another form, without a difference between the first and an empty value.
settings_in_note() {
    sed -n 's/^setting \([^ ]*\) /\1 /p' "$first"
    sed -n '/^override key /d; s/^override \([^ ]*\) $/\1 absent/p; s/^override \([^ ]*\) \(..*\)$/\1 value:\2/p' \
        "$first"
}

put_settings_back() {
    settings_in_note | while read -r dll state; do
        [ "$(setting_of "$dll")" = "$state" ] || put_setting "$dll" "$state" || exit 1
    done || return 1
    if grep -q '^settings-key - made$\|^override key made$' "$first"; then
        drop_settings_key
    fi
}

uninstall_prefix() {
    check_owner
    if [ ! -d "$windows/system32/wsext" ] && [ ! -d "$windows/syswow64/wsext" ]; then
        uninstall_nothing
        return 0
    fi
    for name in syswow64 system32; do
        [ ! -e "$windows/$name" ] || [ -w "$windows/$name" ] || die "$windows/$name cannot be written"
    done
    if [ -n "$dry" ]; then
        say "would put back Wine's own ws2_32.dll in $prefix and the setting for it"
        return 0
    fi
    lost=$(lost_originals)
    for name in syswow64 system32; do
        restore_system_folder "$name"
    done
    drop_note syswow64
    # The note of system32 goes last, as it has the settings.
    if [ -e "$first" ]; then
        find_wine
        if ! check_wine || ! put_settings_back; then
            # Nothing but the settings is left to do.
            sed '/^file /d; /^link /d' "$first" >"$first.wsext-new"
            take "$first"
            die "the files are removed, but the setting for ws2_32 is not put back: without the files" \
                "it does nothing; uninstall again when Wine works there (see WINE)"
        fi
    fi
    drop_note system32
    [ -z "$lost" ] || renew_originals
    say "wsext is removed from $prefix"
}

# Our DLL where nothing was kept: the folder "wsext" was deleted, or somebody has copied it there.
lost_originals() {
    for name in system32 syswow64; do
        [ ! -e "$windows/$name/ws2_32.dll" ] || ! is_ours "$windows/$name/ws2_32.dll" ||
            exists "$windows/$name/wsext/ws2_32.dll" || echo "$name"
    done
}

# Wine makes the files of its own DLLs again where they are missing. It needs this one itself for that,
# and takes it from where it is installed in the mode in which it makes a new prefix.
renew_originals() {
    (export WINEBOOTSTRAPMODE=1 && in_prefix wineboot -u >/dev/null 2>&1) || true
    for name in $lost; do
        [ -e "$windows/$name/ws2_32.dll" ] ||
            die "Wine's own ws2_32.dll was lost in $windows/$name, and $wine has not made it again:" \
                "run WINEBOOTSTRAPMODE=1 wineboot -u in the prefix"
    done
}

uninstall_nothing() {
    for name in system32 syswow64; do
        [ -n "$dry" ] || unstage_system_folder "$name"
    done
    say "wsext is not installed in $prefix by this script"
    lost=$(lost_originals)
    [ -n "$lost" ] || return 0
    say "but our ws2_32.dll lies in $(echo "$lost" | paste -sd ' ') in the place of Wine's own"
    [ -z "$dry" ] || return 0
    find_wine
    check_wine || exit 2
    for name in $lost; do
        rm -f "$windows/$name/ws2_32.dll"
        [ ! -e "$windows/$name/wsext.dll" ] || ! is_ours "$windows/$name/wsext.dll" ||
            rm -f "$windows/$name/wsext.dll"
    done
    renew_originals
    say "it is removed, and Wine's own is there again"
}

# What is amiss in the system folders, one a line.
check_system_folders() {
    plan_prefix | while read -r name machine found; do
        system=$windows/$name
        if [ ! -e "$system/wsext/$note" ]; then
            grep -q "^without - $machine\$" "$first" ||
                say "$name is new since it was installed: $machine programs are not served; install again"
            continue
        fi
        check_files "$system" "$system/wsext/$note" | sed "s|^|$name: |"
        [ -e "$system/wsext/ws2_32.dll" ] ||
            say "$name: Wine's own ws2_32.dll, which was kept in $name/wsext, is missing; uninstall"
    done
}

check_settings() {
    is=$(setting_of ws2_32)
    [ "$is" = "value:$setting" ] || say "ws2_32 is not set to $setting in the prefix, but is ${is#value:}"
    programs_left_out | sed 's/^/not served, as it has a setting of its own for ws2_32: /'
}

status_prefix() {
    if [ ! -e "$first" ]; then
        say "wsext is not installed in $prefix"
        lost=$(lost_originals)
        [ -z "$lost" ] || refuse_amiss "$prefix" \
            "our ws2_32.dll was copied into $(echo "$lost" | paste -sd ' '), where it finds no other; uninstall"
        exit 1
    fi
    if [ -z "$(noted_dlls "$first")" ]; then
        say "wsext is removed from $prefix, but for the setting of ws2_32; uninstall again"
        exit 3
    fi
    amiss=$(check_system_folders)
    find_wine
    check_wine || exit 2
    settings=$(check_settings)
    refuse_amiss "$prefix" "$amiss${amiss:+${settings:+
}}$settings"
    say "wsext $(noted "$first" version -) is installed in $prefix"
    sed -n 's/^without - \(.*\)$/\1 programs run without it/p' "$first"
}
