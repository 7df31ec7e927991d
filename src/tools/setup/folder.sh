# SPDX-License-Identifier: MIT

# One program: the DLLs lie in its folder, with the note

# Set once a first note is written: only then there is something to remove that was not there before.
fresh=

# The machine of the DLLs in the folder: the note of an older version does not have it.
machine_installed() {
    if [ -n "$(noted "$folder/$note" machine -)" ]; then
        noted "$folder/$note" machine -
    elif [ -e "$folder/ws2_32.dll" ]; then
        machine_of "$folder/ws2_32.dll"
    fi
}

# A folder is for one kind of program; where it has several kinds, the user has to say which.
machine_of_folder() {
    found=
    for exe in "$folder"/*.[eE][xX][eE]; do
        [ -e "$exe" ] || continue
        kind=$(machine_of "$exe")
        case $kind in
        '' | other) continue ;;
        esac
        [ -z "$found" ] || [ "$found" = "$kind" ] ||
            die "$folder has 32-bit and 64-bit programs; name the one that is meant"
        found=$kind
    done
    [ -n "$found" ] || die "there is no Windows program for x86_64 or i686 in $folder"
    echo "$found"
}

check_folder() {
    [ -n "$machine" ] || machine=$(machine_of_folder)
    source=$(find_source "$machine")
    [ -n "$source" ] || die "there are no $machine DLLs beside this script"
    [ -w "$folder" ] || die "$folder cannot be written"
    if [ ! -e "$folder/$note" ]; then
        for dll in $dlls; do
            [ -z "$(own_file "$folder" "$dll")" ] || die "$folder has a $dll.dll of its own"
        done
        return 0
    fi
    installed=$(machine_installed)
    [ -z "$installed" ] || [ "$installed" = "$machine" ] ||
        die "$folder has the $installed DLLs, for other programs there, and one folder cannot have" \
            "both; start this one by the launcher, $machine/wsext-run.exe"
    refuse_changed "$folder" "$folder/$note"
}

is_folder_whole() {
    [ "$(noted "$folder/$note" version - 2>/dev/null)" = "$version" ] || return 1
    for dll in $dlls; do
        same_file "$source/$dll.dll" "$folder/$dll.dll" || return 1
    done
}

# The note goes last, as it tells what there is to remove.
remove_from_folder() {
    if [ -e "$folder/$note" ]; then
        for dll in $(noted_dlls "$folder/$note"); do
            [ ! -e "$folder/$dll.dll" ] || ! is_ours "$folder/$dll.dll" || rm -f "$folder/$dll.dll"
        done
    fi
    unstage_folder
    rm -f "$folder/$note"
}

unstage_folder() {
    for dll in $dlls; do
        rm -f "$folder/$dll.dll.wsext-new"
    done
    rm -f "$folder/$note.wsext-new"
}

install_folder() {
    check_folder
    if is_folder_whole; then
        say "wsext $version is already installed in $folder"
        return 0
    fi
    if [ -n "$dry" ]; then
        say "would put ws2_32.dll and wsext.dll ($machine) into $folder"
        return 0
    fi
    ! is_of_older_kind "$folder/$note" || remove_from_folder
    trap undo_folder EXIT
    for dll in $dlls; do
        stage "$source/$dll.dll" "$folder/$dll.dll"
    done
    write_folder_note >"$folder/$note.wsext-new"
    [ -e "$folder/$note" ] || fresh=yes
    take "$folder/$note"
    for dll in $dlls; do
        take "$folder/$dll.dll"
    done
    trap - EXIT
    say "wsext $version ($machine) is installed in $folder: ws2_32.dll, wsext.dll"
    say "Start the program with  WINEDLLOVERRIDES=ws2_32=n,b"
}

write_folder_note() {
    say "version - $version"
    say "machine - $machine"
    for dll in $dlls; do
        say "file $dll $(checksum "$source/$dll.dll")"
    done
}

undo_folder() {
    say "wsext-setup: something failed; undoing what was done" >&2
    if [ -n "$fresh" ]; then
        remove_from_folder
    else
        unstage_folder
    fi
}

uninstall_folder() {
    if [ ! -e "$folder/$note" ]; then
        # What was killed before it had written its note.
        [ -n "$dry" ] || remove_from_folder
        say "wsext is not installed in $folder"
        for dll in $dlls; do
            [ ! -e "$folder/$dll.dll" ] || ! is_ours "$folder/$dll.dll" ||
                say "$folder/$dll.dll was not put there by this script, and stays"
        done
        return 0
    fi
    refuse_changed "$folder" "$folder/$note"
    if [ -n "$dry" ]; then
        say "would remove from $folder: $(noted_dlls "$folder/$note" | paste -sd ' ')"
        return 0
    fi
    remove_from_folder
    say "wsext is removed from $folder"
}

status_folder() {
    if [ ! -e "$folder/$note" ]; then
        say "wsext is not installed in $folder"
        exit 1
    fi
    refuse_amiss "$folder" "$(check_files "$folder" "$folder/$note")"
    installed=$(machine_installed)
    if [ -n "$machine" ] && [ "$machine" != "$installed" ]; then
        say "wsext in $folder is for $installed programs, and $target is one for $machine"
        exit 1
    fi
    say "wsext $(noted "$folder/$note" version -) ($installed) is installed in $folder"
}
