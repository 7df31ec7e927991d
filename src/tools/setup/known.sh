# SPDX-License-Identifier: MIT

# Prefixes that others have made: what they are, and which Wine is theirs

# The value of a line "  NAME: VALUE", with or without quotes.
yaml_value() {
    sed -n "s/^ *$2: *//p" "$1" | head -n 1 | sed "s/^[\"']//; s/[\"'] *\$//"
}

lutris_games() {
    for game in "$HOME"/.local/share/lutris/games/*.yml "$HOME"/.config/lutris/games/*.yml \
        "$HOME"/.var/app/net.lutris.Lutris/data/lutris/games/*.yml; do
        [ ! -e "$game" ] || say "$game"
    done
}

lutris_game_of() {
    lutris_games | while IFS= read -r game; do
        [ "$(readlink -f -- "$(yaml_value "$game" prefix)")" != "$1" ] || say "$game"
    done | head -n 1
}

# What has made the prefix, which is given without links: steam, bottles, lutris or wine.
kind_of_prefix() {
    if [ "${1##*/}" = pfx ] && [ -e "${1%/pfx}/config_info" ]; then
        echo steam
    elif [ -e "$1/bottle.yml" ]; then
        echo bottles
    elif [ -n "$(lutris_game_of "$1")" ]; then
        echo lutris
    else
        echo wine
    fi
}

# Where the builds of Wine that Bottles or Lutris has fetched lie, from a file of theirs.
wine_in() {
    for candidate in "$1/bin/wine64" "$1/bin/wine" "$1/files/bin/wine64" "$1/files/bin/wine"; do
        if [ -x "$candidate" ]; then
            echo "$candidate"
            return 0
        fi
    done
}

# Proton notes where its fonts are, which lie beside its programs.
wine_of_steam() {
    base=$(sed -n 's|/share/fonts/*$||p' "${1%/pfx}/config_info" | head -n 1)
    [ -z "$base" ] || wine_in "$base"
}

wine_of_bottles() {
    runner=$(yaml_value "$1/bottle.yml" Runner)
    case $runner in
    '' | sys-wine*) ;;
    *) wine_in "$(dirname "$(dirname "$1")")/runners/$runner" ;;
    esac
}

wine_of_lutris() {
    game=$(lutris_game_of "$1")
    runner=$(yaml_value "$game" version)
    case $runner in
    '' | system | winehq*) ;;
    *)
        for data in "$(dirname "$(dirname "$game")")" "$HOME/.local/share/lutris"; do
            wine_in "$data/runners/wine/$runner"
        done | head -n 1
        ;;
    esac
}

# Sets wine. The Wine of somebody else's prefix is never guessed: another version would change it.
find_wine() {
    kind=$(kind_of_prefix "$prefix")
    wine=
    wine_libraries=
    if [ -n "${WINE:-}" ]; then
        wine=$(command -v "$WINE") || die "there is no Wine $WINE"
        return 0
    fi
    [ "$kind" = wine ] || wine=$("wine_of_$kind" "$prefix")
    if [ -n "$wine" ]; then
        base=$(dirname "$(dirname "$wine")")
        wine_libraries=$base/lib64:$base/lib:
        return 0
    fi
    case $kind in
    steam) die "the Proton of $prefix was not found: name its files/bin/wine64 by WINE" ;;
    esac
    for candidate in wine wine64 /usr/lib/wine/wine64; do
        if wine=$(command -v "$candidate"); then
            return 0
        fi
    done
    die "no Wine was found to change the prefix's settings; name it by WINE"
}

# list

steam_libraries() {
    for steam in "$HOME/.steam/steam" "$HOME/.local/share/Steam" \
        "$HOME/.var/app/com.valvesoftware.Steam/.local/share/Steam" \
        "$HOME/snap/steam/common/.local/share/Steam"; do
        [ ! -d "$steam/steamapps" ] || say "$steam"
        [ ! -e "$steam/steamapps/libraryfolders.vdf" ] ||
            sed -n 's/^[ \t]*"path"[ \t]*"\(.*\)"[ \t\r]*$/\1/p' "$steam/steamapps/libraryfolders.vdf"
    done
}

steam_name() {
    manifest=$1/steamapps/appmanifest_$2.acf
    [ ! -e "$manifest" ] || sed -n 's/^[ \t]*"name"[ \t]*"\(.*\)"[ \t\r]*$/\1/p' "$manifest" | head -n 1
}

# Lines of a kind, a prefix and a name, with tabs between them.
known_prefixes() {
    printf 'wine\t%s\t\n' "${WINEPREFIX:-$HOME/.wine}"
    steam_libraries | while IFS= read -r library; do
        for data in "$library"/steamapps/compatdata/*/; do
            data=${data%/}
            printf 'steam\t%s\t%s\n' "$data/pfx" "$(steam_name "$library" "${data##*/}")"
        done
    done
    lutris_games | while IFS= read -r game; do
        printf 'lutris\t%s\t%s\n' "$(yaml_value "$game" prefix)" "$(basename "$game" .yml)"
    done
    for bottle in "$HOME"/.local/share/bottles/bottles/*/bottle.yml \
        "$HOME"/.var/app/com.usebottles.bottles/data/bottles/bottles/*/bottle.yml; do
        [ ! -e "$bottle" ] ||
            printf 'bottles\t%s\t%s\n' "$(dirname "$bottle")" "$(yaml_value "$bottle" Name)"
    done
}

list() {
    known_prefixes | while IFS="$(printf '\t')" read -r kind path name; do
        [ -d "$path/drive_c/windows/system32" ] || continue
        path=$(readlink -f -- "$path")
        state=-
        [ ! -e "$path/drive_c/windows/system32/wsext/$note" ] || state=installed
        printf '%-8s %-10s %s%s\n' "$kind" "$state" "$path" "${name:+  ($name)}"
    done | sort -u
}
