# SPDX-License-Identifier: MIT

# Files

# Of what comes in: with a name sha256sum would write one with a backslash in another way.
checksum() {
    sha256sum <"$1" | cut -d ' ' -f 1
}

# The machine in the header of an EXE or DLL, as our folders are named; "other" for one that is none of
# ours, and nothing for what is no Windows program.
machine_of() {
    [ "$(head -c 2 "$1" | tr -d '\0')" = MZ ] || return 0
    offset=$(od -An -tu4 -j60 -N4 "$1" | tr -d ' ')
    [ -n "$offset" ] || return 0
    [ "$(tail -c +$((offset + 1)) "$1" | head -c 2)" = PE ] || return 0
    case $(od -An -tx2 -j$((offset + 4)) -N2 "$1" 2>/dev/null | tr -d ' ') in
    8664) echo x86_64 ;;
    014c) echo i686 ;;
    *) echo other ;;
    esac
}

# Every DLL of ours names itself in its messages, and nobody else's does.
is_ours() {
    grep -aq 'wsext: ' "$1"
}

is_wines() {
    case $(head -c 80 "$1" | tail -c +65 | tr -d '\0') in
    'Wine builtin DLL' | 'Wine placeholder') ;;
    *) return 1 ;;
    esac
}

# Also for a link that leads nowhere.
exists() {
    [ -e "$1" ] || [ -L "$1" ]
}

# The folder with our DLLs for a machine: the archive has one for each machine, while
# "cmake --install" puts them beside this script. Empty where there is none.
find_source() {
    for folder_of_ours in "$here/$1" "$here"; do
        if [ -e "$folder_of_ours/ws2_32.dll" ] && [ -e "$folder_of_ours/wsext.dll" ] &&
            [ "$(machine_of "$folder_of_ours/wsext.dll")" = "$1" ]; then
            echo "$folder_of_ours"
            return 0
        fi
    done
}

# The folder's own DLL of that name in whatever case, which is all the same to Windows programs.
own_file() {
    find "$1" -maxdepth 1 -iname "$2.dll" | head -n 1
}

# stage FILE PLACE: makes the new file beside its place; a link as a link to the same file, even where
# the place is another folder. take PLACE puts it there: a program that runs keeps the file that it has
# open, and never sees half of the new one.
stage() {
    rm -f "$2.wsext-new"
    if [ -L "$1" ]; then
        link=$(readlink "$1")
        case $link in
        /*) ;;
        *) link=$(dirname "$1")/$link ;;
        esac
        ln -s "$link" "$2.wsext-new"
    else
        cp -p "$1" "$2.wsext-new"
    fi
}

take() {
    mv -fT "$1.wsext-new" "$1"
}

same_file() {
    [ -e "$2" ] && [ "$(checksum "$1")" = "$(checksum "$2")" ]
}

# Only one of us at a time; the lock goes with the process, and leaves nothing behind.
lock() {
    ! command -v flock >/dev/null || {
        exec 9<"$1"
        flock -w 120 9 || die "another wsext-setup is at work in $1"
    }
}

# The note: lines of a word, a name and a value.

noted() {
    sed -n "s/^$2 $3 //p" "$1"
}

# The DLLs that it names: those of this version, or of the one that wrote it.
noted_dlls() {
    sed -n 's/^file \([^ ]*\) .*/\1/p' "$1"
}

# Whether it is of a version that put other files there, which are taken away first.
is_of_older_kind() {
    [ -e "$1" ] && [ "$(noted_dlls "$1" | sort | paste -sd ' ')" != "$(echo "$dlls" | tr ' ' '\n' | sort | paste -sd ' ')" ]
}

# What is amiss with the files that the note names, one a line.
check_files() {
    for dll in $(noted_dlls "$2"); do
        if [ ! -e "$1/$dll.dll" ]; then
            say "$dll.dll is missing"
        elif [ "$(checksum "$1/$dll.dll")" != "$(noted "$2" file "$dll")" ]; then
            say "$dll.dll was changed"
        fi
    done
}

# What somebody else has put in the place of ours since then is not ours to replace or remove.
refuse_changed() {
    for dll in $(noted_dlls "$2"); do
        [ ! -e "$1/$dll.dll" ] || is_ours "$1/$dll.dll" || die "$1/$dll.dll is not ours any more"
    done
}

# Ends with what is amiss, given one a line, if there is something.
refuse_amiss() {
    [ -n "$2" ] || return 0
    say "wsext in $1 is damaged or does not serve all programs:"
    say "$2" | sed 's/^/  /'
    exit 3
}
