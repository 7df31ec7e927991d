# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The parts of toolchain/bench that are about servers and programs; to be sourced by it.
# shellcheck disable=SC2154  # The rest is there.

# How a server ends its connections.
ends="close reuse file file-reuse"

# Many sockets, and few, to see whether what a reset costs grows with them.
measure_resets() {
    local variant wanted count round
    start_peer "$callers"
    for ((round = 1; round <= rounds; round++)); do
        for wanted in 0 $pending; do
            count=$(allowed "$wanted")
            for variant in $variants; do
                case $variant in host | auto) ;; *) continue ;; esac
                note "resets, round $round of $rounds, $count pending, $variant"
                watchdog=60000 run_client "$variant" --resets "$resets" --pending "$count" |
                    record "variant=$variant round=$round"
            done
        done
    done
    stop_peer
}

# The host does nothing about TF_REUSE_SOCKET; its servers close the socket and make another. Behind a
# DisconnectEx the same calls happen to work there, as its AcceptEx puts the next connection in the place
# of whatever the socket was: host-same.
host_end() {
    local variant=$1 end=$2
    if [ "$variant" = host ]; then
        end=${end/file-reuse/file}
        end=${end/reuse/close}
    fi
    echo "$end"
}

server_variants() {
    local list=$variants
    if [ "$1" = reuse ]; then
        list=${variants/host/host host-same}
    fi
    echo "$list"
}

# run_server VARIANT END PAYLOAD CONCURRENCY ARGS…
run_server() {
    local variant=$1 end=$2 payload=$3 concurrency=$4
    shift 4
    run_client "$variant" --accept --end "$(host_end "$variant" "$end")" --payload "$payload" \
        --concurrency "$concurrency" "$@"
}

measure_server() {
    local round end payload concurrency variant
    start_peer "$callers"
    for ((round = 1; round <= rounds; round++)); do
        note "server, round $round of $rounds"
        for end in $ends; do
            for payload in 0 1024; do
                for concurrency in 1 64; do
                    for variant in $(server_variants "$end"); do
                        run_server "$variant" "$end" "$payload" "$concurrency" --operations 200000 \
                            --time "$time_ms" --server-stat "Z:/proc/$server_pid/stat" |
                            record "variant=$variant round=$round cycle=$end"
                    done
                done
            done
        done
    done
    stop_peer
}

# With one at once the count is exact; see measure_requests().
measure_server_requests() {
    local end payload variant count settle=(--settle 5)
    note "server, requests"
    start_peer "$callers"
    for end in $ends; do
        for payload in 0 1024; do
            for variant in $(server_variants "$end"); do
                for count in 20 120; do
                    : >"$trace"
                    run_server "$variant" "$end" "$payload" 1 --operations "$count" "${settle[@]}" \
                        >"$out/traced.txt"
                    count_trace "$out/requests.$count"
                    grep -q "completed=$count failures=0 " "$out/traced.txt" || continue 2
                done
                print_requests "mode=server-requests variant=$variant cycle=$end payload=$payload" \
                    100 20 120 >>"$results"
            done
        done
    done
    stop_peer
}

# run_program VARIANT PROGRAM REQUESTS AT_ONCE KEEP STAT  prints the result line. The output goes through a
# file, as node cannot open a pipe.
run_program() {
    local variant=$1 file=${!2} command=("$wine")
    shift 2
    if [ "$variant" != host ]; then
        command=(env "WSEXT_DRIVER=$variant" "WINEDLLOVERRIDES=$overrides" "$wine" "$launcher")
        file=Z:$file
    fi
    (pin timeout -k 5 120 "${command[@]}" "$file" "Z:$root/tests/bench/http.js" "$@") \
        </dev/null >"$out/program.txt" 2>>"$out/client.log" || true
    tr -d '\r' <"$out/program.txt"
    grep -q '^mode=' "$out/program.txt" || cat "$out/program.txt" >>"$out/client.log"
}

# Each variant of a pair follows the other at once; what is first changes from round to round. Requests
# without keep-alive are few, as each leaves a port in TIME_WAIT for a minute.
measure_programs() {
    local round program keep variant order requests reason
    for program in $programs; do
        if ! reason=$( ("fetch_$program") 2>&1); then
            reason=${reason##*$'\n'}
        elif ! "$wine" "${!program}" --version >"$out/program.txt" 2>&1 </dev/null; then
            reason="it does not start on this Wine"
        else
            continue
        fi
        note "no $program: $reason"
        programs=${programs/$program/}
    done
    for ((round = 1; round <= program_rounds; round++)); do
        note "programs, round $round of $program_rounds"
        order="host auto"
        [ $((round % 2)) = 1 ] || order="auto host"
        for program in $programs; do
            for keep in 0 1; do
                requests=$((program_requests * (1 + 3 * keep)))
                for variant in $order; do
                    run_program "$variant" "$program" "$requests" 8 "$keep" \
                        "Z:/proc/$server_pid/stat" |
                        record "variant=$variant round=$round program=$program"
                done
            done
        done
    done
}
