/* SPDX-License-Identifier: MIT */

/* The native peer of the bench client. It lives outside Wine so that neither wineserver nor the
 * client's process pays for it. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SINK__EVENTS 256
#define SINK__READ_SIZE (1 << 20)
#define SINK__READS_IN_A_ROW 8
#define SINK__STALL_FILLERS 3

struct sink_options {
    uint16_t port;
    int backlog;
    int stall;
    int late;
    int quiet;
};

/* A listener that does not answer until a datagram comes to the port of the same number. */
struct sink_late {
    int listener; /* -1 for none. */
    int release;
};

struct sink_totals {
    uint64_t accepted;
    uint64_t closed;
    uint64_t resets;
    uint64_t bytes;
};

static void sink__die(const char* what) {
    fprintf(stderr, "bench-sink: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void sink__parse(int argc, char** argv, struct sink_options* options) {
    int i;

    for (i = 1; i < argc; i++) {
        const char* value = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(argv[i], "--stall") == 0) {
            options->stall = 1;
        } else if (strcmp(argv[i], "--late") == 0) {
            options->late = 1;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            options->quiet = 1;
        } else if (strcmp(argv[i], "--port") == 0 && value != NULL) {
            options->port = (uint16_t) atoi(value);
            i++;
        } else if (strcmp(argv[i], "--backlog") == 0 && value != NULL) {
            options->backlog = atoi(value);
            i++;
        } else {
            fprintf(
                stderr,
                "usage: bench-sink [--port N] [--backlog N] [--stall] [--late] [--quiet]\n"
                "  Prints port=N, then reads and counts what it is sent until standard input\n"
                "  closes or SIGTERM comes. --stall: a listener that never answers a SYN.\n"
                "  --late: prints late=N, too, of a listener that answers none until a datagram\n"
                "  comes to that port; it sends when it accepted, in units of 100 ns of the\n"
                "  clock CLOCK_MONOTONIC_RAW, and closes.\n");
            exit(2);
        }
    }
}

static void sink__raise_descriptor_limit(void) {
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int sink__listen(uint16_t port, int backlog, struct sockaddr_in* address) {
    /* Closing with a reset takes the peer out of FIN_WAIT_2 at once. Otherwise each connection
     * would keep a port of the client in TIME_WAIT for a minute and a fast round would run out of
     * ports. Nothing is lost: the sink closes only after it has read the end of the stream.
     * Accepted sockets inherit the option. */
    const struct linger reset_on_close = {.l_onoff = 1, .l_linger = 0};
    const int yes = 1;
    socklen_t length = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        sink__die("socket");

    memset(address, 0, sizeof *address);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address->sin_port = htons(port);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset_on_close, sizeof reset_on_close) < 0)
        sink__die("setsockopt");
    if (bind(fd, (struct sockaddr*) address, length) < 0)
        sink__die("bind");
    if (listen(fd, backlog) < 0)
        sink__die("listen");
    if (getsockname(fd, (struct sockaddr*) address, &length) < 0)
        sink__die("getsockname");
    return fd;
}

static void sink__fill_backlog(const struct sockaddr_in* address) {
    int i;

    /* A listener whose queue is full drops each further SYN, so later connects stay pending. The
     * descriptors are kept open on purpose until the process ends. */
    for (i = 0; i < SINK__STALL_FILLERS; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        if (fd < 0)
            sink__die("socket");
        if (connect(fd, (const struct sockaddr*) address, sizeof *address) < 0 &&
            errno != EINPROGRESS)
            sink__die("connect");
    }
}

static void sink__watch(int epoll, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
        /* A regular file or /dev/null as standard input cannot be watched; SIGTERM remains. */
        if (fd == STDIN_FILENO && errno == EPERM)
            return;
        sink__die("epoll_ctl");
    }
}

static void sink__accept(int epoll, int listener, struct sink_totals* totals) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            if (errno == EAGAIN)
                return;
            if (errno == ECONNABORTED || errno == EINTR)
                continue;
            sink__die("accept");
        }
        totals->accepted++;
        sink__watch(epoll, fd);
    }
}

static void sink__read(int fd, struct sink_totals* totals) {
    static char buffer[SINK__READ_SIZE];
    int i;

    for (i = 0; i < SINK__READS_IN_A_ROW; i++) {
        /* MSG_TRUNC discards inside the kernel: the sink shares the machine's cores with what is
         * measured, and nobody looks at the bytes. */
        ssize_t count = recv(fd, buffer, sizeof buffer, MSG_TRUNC);

        if (count > 0) {
            totals->bytes += (uint64_t) count;
            continue;
        }
        if (count < 0 && errno == EAGAIN)
            return;
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            totals->resets++;
        totals->closed++;
        (void) close(fd);
        return;
    }
}

/* Returns the port of a late listener whose queue is full. */
static unsigned sink__begin_late(int epoll, struct sink_late* late) {
    struct sockaddr_in address;

    late->listener = sink__listen(0, 1, &address);
    late->release = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (late->release < 0 ||
        bind(late->release, (const struct sockaddr*) &address, sizeof address) < 0)
        sink__die("a port for datagrams");
    sink__fill_backlog(&address);
    sink__watch(epoll, late->release);
    return ntohs(address.sin_port);
}

static void sink__release_late(int epoll, struct sink_late* late) {
    char byte;

    if (recv(late->release, &byte, 1, MSG_DONTWAIT) >= 0)
        sink__watch(epoll, late->listener);
}

static void sink__answer_late(int listener) {
    const struct linger wait_for_nobody = {.l_onoff = 0};
    struct timespec now;
    uint64_t stamp;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    stamp = (uint64_t) now.tv_sec * 10000000 + (uint64_t) now.tv_nsec / 100;
    if (fd < 0)
        return;
    /* The bytes have to arrive before the end. */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &wait_for_nobody, sizeof wait_for_nobody);
    (void) send(fd, &stamp, sizeof stamp, MSG_NOSIGNAL);
    (void) close(fd);
}

static int sink__stdin_closed(void) {
    char buffer[256];

    return read(STDIN_FILENO, buffer, sizeof buffer) <= 0;
}

static void sink__run(int epoll, int listener, int signals, struct sink_late* late,
                      struct sink_totals* totals) {
    struct epoll_event events[SINK__EVENTS];

    for (;;) {
        int count = epoll_wait(epoll, events, SINK__EVENTS, -1);
        int i;

        if (count < 0 && errno != EINTR)
            sink__die("epoll_wait");
        for (i = 0; i < count; i++) {
            int fd = events[i].data.fd;

            if (fd == listener)
                sink__accept(epoll, listener, totals);
            else if (fd == late->listener)
                sink__answer_late(fd);
            else if (fd == late->release)
                sink__release_late(epoll, late);
            else if (fd == signals)
                return;
            else if (fd == STDIN_FILENO) {
                if (sink__stdin_closed())
                    return;
            } else
                sink__read(fd, totals);
        }
    }
}

int main(int argc, char** argv) {
    struct sink_options options = {.backlog = 4096};
    struct sink_totals totals = {0};
    struct sink_late late = {-1, -1};
    struct sockaddr_in address;
    sigset_t mask;
    int epoll, listener, signals;

    sink__parse(argc, argv, &options);
    sink__raise_descriptor_limit();

    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signals = signalfd(-1, &mask, SFD_CLOEXEC);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (signals < 0 || epoll < 0)
        sink__die("setup");

    listener = sink__listen(options.port, options.stall ? 1 : options.backlog, &address);
    sink__watch(epoll, signals);
    sink__watch(epoll, STDIN_FILENO);
    if (options.stall)
        sink__fill_backlog(&address);
    else
        sink__watch(epoll, listener);

    printf("port=%u\n", (unsigned) ntohs(address.sin_port));
    if (options.late)
        printf("late=%u\n", sink__begin_late(epoll, &late));
    fflush(stdout);

    sink__run(epoll, listener, signals, &late, &totals);

    if (!options.quiet)
        printf("accepted=%llu closed=%llu resets=%llu bytes=%llu\n",
               (unsigned long long) totals.accepted, (unsigned long long) totals.closed,
               (unsigned long long) totals.resets, (unsigned long long) totals.bytes);
    return 0;
}
