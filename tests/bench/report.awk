# SPDX-License-Identifier: MIT
#
# Turns the result lines that toolchain/bench collected into Markdown. Each line is a list of
# name=value; `mode` says what it is a result of.

function parse(    i, at) {
    split("", f)
    for (i = 1; i <= NF; i++) {
        at = index($i, "=")
        if (at > 1)
            f[substr($i, 1, at - 1)] = substr($i, at + 1)
    }
}

function remember(list, name) {
    if (!((list, name) in seen)) {
        seen[list, name] = 1
        names[list, ++count[list]] = name
    }
}

function add(key, value) {
    samples[key, ++size[key]] = value + 0
}

function sort(key,    i, j, v) {
    for (i = 1; i <= size[key]; i++)
        sorted[i] = samples[key, i]
    for (i = 2; i <= size[key]; i++) {
        v = sorted[i]
        for (j = i - 1; j >= 1 && sorted[j] > v; j--)
            sorted[j + 1] = sorted[j]
        sorted[j + 1] = v
    }
}

function median(key,    n) {
    n = size[key]
    if (n == 0)
        return 0
    sort(key)
    return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function bytes_text(n) {
    if (n >= 1048576)
        return n / 1048576 " MiB"
    return n >= 1024 ? n / 1024 " KiB" : n ""
}

function us_text(us) {
    if (us >= 100000)
        return sprintf("%.0f ms", us / 1000)
    return us >= 1000 ? sprintf("%.1f ms", us / 1000) : sprintf("%.0f µs", us)
}

function goal(text, value, met) {
    goals = goals sprintf("| %s | %s | %s |\n", text, value, met ? "met" : "MISSED")
}

# The ratio of medians with the spread of the ratios of single rounds, or "-" without a host.
function ratio_text(key, host_key,    i, r, low, high, any) {
    if (size[key, "rate"] == 0 || size[host_key, "rate"] == 0)
        return "-"
    for (i = 1; i <= rounds; i++) {
        if (!((key, i) in rate) || !((host_key, i) in rate))
            continue
        r = rate[key, i] / rate[host_key, i]
        if (!any || r < low) low = r
        if (!any || r > high) high = r
        any = 1
    }
    return sprintf("%.2f (%.2f–%.2f)", ratio(key, host_key), low, high)
}

function ratio(key, host_key,    h) {
    h = median(host_key SUBSEP "rate")
    return h > 0 ? median(key SUBSEP "rate") / h : 0
}

function requests_text(c, v,    text) {
    if (!((c, v) in requests))
        return "-"
    text = sprintf("%.1f", requests[c, v])
    if (v != "host" && (c, "host") in requests)
        text = text sprintf(" (%+.1f)", requests[c, v] - requests[c, "host"])
    return text
}

{ parse() }

f["mode"] == "cycle" {
    c = f["payload"] " " f["concurrency"]
    remember("case", c)
    remember("variant", f["variant"])
    if (f["round"] > rounds) rounds = f["round"] + 0
    k = c SUBSEP f["variant"]
    ran[k] = 1
    failures[k] += f["failures"]
    if (f["failures"] > 0 && !(k in error)) error[k] = f["first_error"]
    if (f["hangs"] > 0 || f["completed"] == 0) {
        if (f["hangs"] > 0) hangs[k]++
        next
    }
    add(k SUBSEP "rate", f["rate"])
    rate[k, f["round"]] = f["rate"]
    add(k SUBSEP "p50", f["p50_us"])
    add(k SUBSEP "p99", f["p99_us"])
    add(k SUBSEP "process", f["process_us"])
    if (f["server_us"] >= 0) add(k SUBSEP "server", f["server_us"])
}

f["mode"] == "requests" {
    remember("requests", f["payload"] " " f["concurrency"])
    remember("requestvariant", f["variant"])
    requests[f["payload"] " " f["concurrency"], f["variant"]] = f["per_op"]
}

f["mode"] == "pending" {
    p = f["variant"] " " f["wanted"]
    remember("pending", p)
    for (name in f)
        pending[p, name] = f[name]
}

f["mode"] == "resets" {
    c = f["pending"]
    k = "resets" SUBSEP c SUBSEP f["variant"]
    remember("resets", c)
    remember("resetvariant", f["variant"])
    add(k SUBSEP "us", f["us"])
    add(k SUBSEP "process", f["process_us"])
    add(k SUBSEP "close", f["close_us"])
    add(k SUBSEP "bytes", f["pending_bytes"])
    resets[k] += f["resets"]
    told[k] += f["told"]
}

f["mode"] == "accept" {
    c = f["cycle"] " " f["payload"] " " f["concurrency"]
    k = "server" SUBSEP c SUBSEP f["variant"]
    remember("server", c)
    remember("servervariant", f["variant"])
    if (f["round"] > rounds) rounds = f["round"] + 0
    ran[k] = 1
    failures[k] += f["failures"]
    if (f["failures"] > 0 && !(k in error)) error[k] = f["first_error"]
    if (f["hangs"] > 0 || f["completed"] == 0) {
        hangs[k]++
        next
    }
    add(k SUBSEP "rate", f["rate"])
    rate[k, f["round"]] = f["rate"]
    add(k SUBSEP "process", f["process_us"])
    if (f["server_us"] >= 0) add(k SUBSEP "server", f["server_us"])
}

f["mode"] == "program" {
    c = f["program"] " " f["keep"]
    k = "program" SUBSEP c SUBSEP f["variant"]
    remember("program", c)
    if (f["round"] > rounds) rounds = f["round"] + 0
    add(k SUBSEP "rate", f["rate"])
    rate[k, f["round"]] = f["rate"]
    add(k SUBSEP "cpu", f["process_us"] + f["server_us"])
    cpu[k, f["round"]] = f["process_us"] + f["server_us"]
}

f["mode"] == "server-requests" {
    requests["server " f["cycle"] " " f["payload"], f["variant"]] = f["per_op"]
}

f["mode"] == "calls" {
    remember("call", f["call"])
    remember("callvariant", f["variant"])
    kind[f["call"]] = f["kind"]
    result[f["call"], f["variant"]] = f["result"] "/" f["error"]
    add("call" SUBSEP f["call"] SUBSEP f["variant"], f["ns"])
}

function print_cycles(    i, j, c, v, k, h, note) {
    print "| payload | at once | variant | connects/s | ratio | p50 | p99 | CPU process " \
        "| CPU wineserver | requests |"
    print "|---|---|---|---|---|---|---|---|---|---|"
    for (i = 1; i <= count["case"]; i++) {
        c = names["case", i]
        for (j = 1; j <= count["variant"]; j++) {
            v = names["variant", j]
            k = c SUBSEP v
            h = c SUBSEP "host"
            if (!(k in ran))
                continue
            split(c, part, " ")
            printf "| %s | %s | %s | ", bytes_text(part[1]), part[2], v
            note = failures[k] > 0 ? sprintf(", %d failed (%d)", failures[k], error[k]) : ""
            if (hangs[k] > 0) {
                printf "hangs%s | - | - | - | - | - | %s |\n", note, requests_text(c, v)
                continue
            }
            if (size[k, "rate"] == 0) {
                printf "none%s | - | - | - | - | - | %s |\n", note, requests_text(c, v)
                continue
            }
            printf "%.0f%s | %s | %s | %s | %s | %s | %s |\n", median(k SUBSEP "rate"), note, \
                v == "host" ? "1" : ratio_text(k, h), us_text(median(k SUBSEP "p50")), \
                us_text(median(k SUBSEP "p99")), us_text(median(k SUBSEP "process")), \
                size[k, "server"] ? us_text(median(k SUBSEP "server")) : "-", requests_text(c, v)
        }
    }
}

# Without a load the requests have no rows to stand in.
function print_requests(    i, j, c, v) {
    print "| payload | at once | variant | requests |"
    print "|---|---|---|---|"
    for (i = 1; i <= count["requests"]; i++) {
        c = names["requests", i]
        split(c, part, " ")
        for (j = 1; j <= count["requestvariant"]; j++) {
            v = names["requestvariant", j]
            printf "| %s | %s | %s | %s |\n", bytes_text(part[1]), part[2], v, requests_text(c, v)
        }
    }
}

function print_server(    i, j, c, v, k, h, part, note) {
    print "\n| cycle | first data | at once | variant | accepts/s | ratio | CPU process " \
        "| CPU wineserver | requests |"
    print "|---|---|---|---|---|---|---|---|---|"
    for (i = 1; i <= count["server"]; i++) {
        c = names["server", i]
        split(c, part, " ")
        h = "server" SUBSEP c SUBSEP "host"
        for (j = 1; j <= count["servervariant"]; j++) {
            v = names["servervariant", j]
            k = "server" SUBSEP c SUBSEP v
            if (!(k in ran))
                continue
            note = failures[k] > 0 ? sprintf(", %d failed (%d)", failures[k], error[k]) : ""
            printf "| %s | %s | %s | %s | ", part[1], bytes_text(part[2]), part[3], v
            if (hangs[k] > 0 || size[k, "rate"] == 0) {
                printf "hangs%s | - | - | - | - |\n", note
                continue
            }
            printf "%.0f%s | %s | %s | %s | %s |\n", median(k SUBSEP "rate"), note, \
                v == "host" ? "1" : ratio_text(k, h), us_text(median(k SUBSEP "process")), \
                size[k, "server"] ? us_text(median(k SUBSEP "server")) : "-", \
                part[3] == 1 ? requests_text("server " part[1] " " part[2], v) : "-"
        }
    }
}

function print_resets(    i, j, c, v, k) {
    print "\n| AcceptEx pending | variant | one that is reset before it is accepted " \
        "| CPU process | told as a reset | bytes pending | cancelled by close, each |"
    print "|---|---|---|---|---|---|---|"
    for (i = 1; i <= count["resets"]; i++) {
        c = names["resets", i]
        for (j = 1; j <= count["resetvariant"]; j++) {
            v = names["resetvariant", j]
            k = "resets" SUBSEP c SUBSEP v
            if (!(k in resets))
                continue
            printf "| %s | %s | %s | %s | %d of %d | %.0f | %s |\n", c, v, \
                us_text(median(k SUBSEP "us")), us_text(median(k SUBSEP "process")), told[k], resets[k], median(k SUBSEP "bytes"), us_text(median(k SUBSEP "close"))
        }
    }
}

# The medians of the pairs, as two runs that follow each other share the machine's mood. CPU time, of
# the program and of wineserver together, says the same where others use the machine, too.
function print_programs(    i, j, c, part, k, h, n, text) {
    print "\n| program | keep-alive | requests/s, plain and with wsext | ratio (quartiles) " \
        "| CPU a request, plain and with wsext | ratio (quartiles) | pairs |"
    print "|---|---|---|---|---|---|---|"
    for (i = 1; i <= count["program"]; i++) {
        c = names["program", i]
        split(c, part, " ")
        h = "program" SUBSEP c SUBSEP "host"
        k = "program" SUBSEP c SUBSEP "auto"
        for (j = 1; j <= rounds; j++) {
            if (!((k, j) in rate) || !((h, j) in rate) || !cpu[k, j])
                continue
            add(k SUBSEP "pairs", rate[k, j] / rate[h, j])
            add(k SUBSEP "cpupairs", cpu[h, j] / cpu[k, j])
        }
        n = size[k, "pairs"]
        if (!n)
            continue
        printf "| %s | %s | %.0f, %.0f | %s | %s, %s | %s | %d |\n", part[1], part[2] ? "yes" : "no", \
            median(h SUBSEP "rate"), median(k SUBSEP "rate"), quartiles_text(k SUBSEP "pairs"), \
            us_text(median(h SUBSEP "cpu")), us_text(median(k SUBSEP "cpu")), \
            quartiles_text(k SUBSEP "cpupairs"), n
        goal(part[1] (part[2] ? " with" : " without") " keep-alive, ratio ≥ 0.98", \
            sprintf("%.3f", median(k SUBSEP "pairs")), median(k SUBSEP "pairs") >= 0.98)
    }
}

function quartiles_text(key,    n, middle) {
    n = size[key]
    middle = median(key)
    return sprintf("%.3f (%.2f–%.2f)", middle, sorted[int((n + 3) / 4)], sorted[n + 1 - int((n + 3) / 4)])
}

# Where the host has none of that size there is nothing to compare with.
function host_of(p,    part) {
    split(p, part, " ")
    return "host " part[2]
}

function print_pending(    j, p, part, ours, others) {
    print "\n| variant | pending | threads: start, pointer, pending, end | bytes bound " \
        "| bytes pending | ours each | ConnectEx | cancelled by CancelIoEx, by close, each " \
        "| all cancelled | a late success |"
    print "|---|---|---|---|---|---|---|---|---|---|"
    for (j = 1; j <= count["pending"]; j++) {
        p = names["pending", j]
        split(p, part, " ")
        ours = "-"
        others = ""
        if (pending[p, "other"] + pending[p, "early"] > 0)
            others = sprintf(" (%d others, first error %d)", \
                pending[p, "other"] + pending[p, "early"], pending[p, "first_other"])
        if (part[1] != "host" && (host_of(p), "pending") in pending)
            ours = sprintf("%.0f bytes", ours_bytes(p))
        printf "| %s | %s | %s, %s, %s, %s | %s | %s | %s ", part[1], pending[p, "pending"], \
            pending[p, "threads_start"], pending[p, "threads_loaded"], \
            pending[p, "threads_pending"], pending[p, "threads_end"], pending[p, "bound_bytes"], \
            pending[p, "pending_bytes"], ours
        printf "| %s µs | %s, %s µs | %s in %.2f s%s | %s |\n", pending[p, "connect_us"], \
            pending[p, "cancel_us"], pending[p, "close_us"], pending[p, "aborted"], \
            (pending[p, "cancel_us"] + pending[p, "close_us"]) / 2 * pending[p, "pending"] / 1e6, \
            others, (p, "late_ms") in pending ? pending[p, "late_ms"] " ms" : "-"
    }
}

function ours_bytes(p,    h) {
    h = host_of(p)
    return pending[p, "bound_bytes"] + pending[p, "pending_bytes"] - \
        pending[h, "bound_bytes"] - pending[h, "pending_bytes"]
}

function print_calls(    i, j, name, v, ns, host) {
    print "\n| call on an unknown socket | refused in | variant | ns | more than host | result/error |"
    print "|---|---|---|---|---|---|"
    for (i = 1; i <= count["call"]; i++) {
        name = names["call", i]
        host = median("call" SUBSEP name SUBSEP "host")
        for (j = 1; j <= count["callvariant"]; j++) {
            v = names["callvariant", j]
            ns = median("call" SUBSEP name SUBSEP v)
            printf "| %s | %s | %s | %.1f | %s | %s%s |\n", name, \
                kind[name] == "user" ? "user mode" : "wineserver", v, ns, \
                v == "host" || !host ? "-" : sprintf("%+.1f", ns - host), result[name, v], \
                v != "host" && (name, "host") in result && \
                result[name, v] != result[name, "host"] ? " (DIFFERS)" : ""
            if (v != "host" && host && kind[name] == "user" && \
                (worst_name == "" || ns - host > worst)) {
                worst = ns - host
                worst_name = name
            }
        }
    }
}

function check_ratio(text, payload, v, bound,    c, k) {
    c = payload " 1"
    k = c SUBSEP v
    if (!(k in ran) || size[c, "host", "rate"] == 0)
        return
    goal(text, ratio_text(k, c SUBSEP "host"), ratio(k, c SUBSEP "host") >= bound && !hangs[k])
}

function check_completes(v,    i, c, k, bad, any) {
    for (i = 1; i <= count["case"]; i++) {
        c = names["case", i]
        k = c SUBSEP v
        if (c !~ /^16777216 / || !(k in ran))
            continue
        any = 1
        if (hangs[k] > 0 || failures[k] > 0 || size[k, "rate"] == 0)
            bad = bad " " c
    }
    if (any)
        goal(v ": 16 MiB completes", bad == "" ? "yes" : "not at" bad, bad == "")
}

function check_pending(p,    extra, part, v, h) {
    split(p, part, " ")
    h = host_of(p)
    if (part[1] == "host" || !((h, "pending") in pending))
        return
    v = part[1] ", " pending[p, "pending"]
    extra = pending[p, "threads_pending"] - pending[h, "threads_pending"]
    goal(v ": pending with at most one thread of ours", extra, extra <= 1)
    goal(v ": pending, at most 512 bytes of ours each", sprintf("%.0f", ours_bytes(p)), \
        ours_bytes(p) <= 512)
    goal(v ": nothing started before the first use", pending[p, "threads_loaded"] " threads", \
        pending[p, "threads_loaded"] == pending[h, "threads_loaded"])
    goal(v ": every pending operation cancelled once", pending[p, "aborted"], \
        pending[p, "aborted"] == pending[p, "pending"])
}

function print_goals(    j, v) {
    check_ratio("auto: no payload, ratio ≥ 0.97", 0, "auto", 0.97)
    if (("0 1", "auto") in requests && ("0 1", "host") in requests)
        goal("auto: no payload, 0 more requests", requests_text("0 1", "auto"), \
            requests["0 1", "auto"] - requests["0 1", "host"] < 0.05)
    check_ratio("auto: 1 MiB, ratio ≥ 4", 1048576, "auto", 4)
    check_ratio("poll: no payload, ratio ≥ 0.6", 0, "poll", 0.6)
    for (j = 1; j <= count["variant"]; j++)
        if (names["variant", j] != "host")
            check_completes(names["variant", j])
    if (count["callvariant"] > 1)
        goal("unknown socket, at most 50 ns more", sprintf("%.1f ns (%s)", worst, worst_name), \
            worst <= 50)
    for (j = 1; j <= count["pending"]; j++)
        check_pending(names["pending", j])
    if (goals != "")
        printf "\n| goal | measured | |\n|---|---|---|\n%s", goals
}

END {
    if (count["case"]) print_cycles()
    else if (count["requests"]) print_requests()
    if (count["server"]) print_server()
    if (count["program"]) print_programs()
    if (count["resets"]) print_resets()
    if (count["pending"]) print_pending()
    if (count["call"]) print_calls()
    if (goals_apply) print_goals()
}
