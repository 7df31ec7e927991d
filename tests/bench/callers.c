/* SPDX-License-Identifier: MIT */

/* The native clients of the bench client's server. They are asked for by lines over a connection:
 *
 *   call PORT AT_ONCE BYTES  AT_ONCE clients connect to PORT, send BYTES, wait for the end of the
 *                            stream and begin again, until the asking connection is closed
 *   reset PORT COUNT         COUNT clients connect and reset, one after the other; then the answer
 *                            is a line "done"
 *
 * Every client resets what it closes, so that no port stays in TIME_WAIT; what calls has read the
 * end of the stream by then, so that nothing is lost. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLERS__EVENTS 256
#define CALLERS__LARGEST (1 << 20)

static void callers__die(const char* what) {
    fprintf(stderr, "bench-callers: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void callers__raise_descriptor_limit(void) {
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static struct sockaddr_in callers__loopback(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

/* Waits until the connection stands. Returns a descriptor, or -1 where nobody listens any more. */
static int callers__connect(uint16_t port) {
    const struct linger reset_on_close = {.l_onoff = 1, .l_linger = 0};
    struct sockaddr_in address = callers__loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        callers__die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset_on_close, sizeof reset_on_close) < 0)
        callers__die("setsockopt");
    if (connect(fd, (const struct sockaddr*) &address, sizeof address) == 0)
        return fd;
    if (errno != ECONNREFUSED && errno != ECONNRESET)
        callers__die("connect");
    (void) close(fd);
    return -1;
}

/* Returns whether another client is under way. */
static int callers__begin(int epoll, uint16_t port, size_t bytes) {
    static const char payload[CALLERS__LARGEST];
    struct epoll_event event = {.events = EPOLLIN};
    size_t sent = 0;
    int fd = callers__connect(port);

    if (fd < 0)
        return 0;
    while (sent < bytes) {
        ssize_t count = send(fd, payload, bytes - sent, MSG_NOSIGNAL);

        /* The server may have read what it wants and closed; the client begins again then. */
        if (count < 0)
            break;
        sent += (size_t) count;
    }
    event.data.fd = fd;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        callers__die("epoll_ctl");
    return 1;
}

/* Returns whether the stream is at its end, in whatever way. */
static int callers__has_ended(int fd) {
    static char buffer[CALLERS__LARGEST];

    for (;;) {
        ssize_t count = recv(fd, buffer, sizeof buffer, MSG_TRUNC | MSG_DONTWAIT);

        if (count == 0)
            return 1;
        if (count < 0)
            return errno != EAGAIN && errno != EINTR;
    }
}

static void callers__call(int control, uint16_t port, unsigned at_once, size_t bytes) {
    struct epoll_event events[CALLERS__EVENTS];
    struct epoll_event event = {.events = EPOLLIN, .data.fd = control};
    unsigned under_way = 0;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int i, count;

    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, control, &event) < 0)
        callers__die("epoll");
    while (under_way < at_once && callers__begin(epoll, port, bytes))
        under_way++;
    while (under_way > 0) {
        count = epoll_wait(epoll, events, CALLERS__EVENTS, -1);
        for (i = 0; i < count; i++) {
            int fd = events[i].data.fd;

            /* Whatever comes, it is the end. What is open goes with this process. */
            if (fd == control)
                _exit(0);
            if (!callers__has_ended(fd))
                continue;
            (void) close(fd);
            if (!callers__begin(epoll, port, bytes))
                under_way--;
        }
    }
}

static void callers__reset(int control, uint16_t port, unsigned count) {
    while (count-- > 0) {
        int fd = callers__connect(port);

        if (fd < 0)
            callers__die("nobody listens where to reset");
        (void) close(fd);
    }
    if (send(control, "done\n", 5, MSG_NOSIGNAL) != 5)
        exit(0);
}

/* A process for each that asks: it ends with all that was opened for it. */
static void callers__serve(int control) {
    FILE* lines = fdopen(control, "r");
    unsigned port, count;
    char line[128];
    size_t bytes;

    while (lines != NULL && fgets(line, sizeof line, lines) != NULL) {
        if (sscanf(line, "call %u %u %zu", &port, &count, &bytes) == 3 && bytes <= CALLERS__LARGEST)
            callers__call(control, (uint16_t) port, count, bytes);
        else if (sscanf(line, "reset %u %u", &port, &count) == 2)
            callers__reset(control, (uint16_t) port, count);
        else
            fprintf(stderr, "bench-callers: not understood: %s", line);
    }
    exit(0);
}

/* Returns a descriptor that listens, after its port was printed. */
static int callers__listen(void) {
    struct sockaddr_in address = callers__loopback(0);
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr*) &address, length) < 0 || listen(fd, 16) < 0 ||
        getsockname(fd, (struct sockaddr*) &address, &length) < 0)
        callers__die("listen");
    printf("port=%u\n", (unsigned) ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char** argv) {
    struct pollfd wanted[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};
    char ignored[256];
    int wait_for_end;

    wait_for_end = argc == 2 && strcmp(argv[1], "--until-input-ends") == 0;
    if (argc > 1 && !wait_for_end) {
        fprintf(stderr, "usage: bench-callers [--until-input-ends]\n"
                        "  Prints port=N, where it is asked for clients, until it is killed.\n");
        return 2;
    }
    callers__raise_descriptor_limit();
    /* Nobody waits for the children. */
    signal(SIGCHLD, SIG_IGN);
    wanted[1].fd = callers__listen();
    if (!wait_for_end)
        wanted[0].fd = -1;
    for (;;) {
        int control;

        if (poll(wanted, 2, -1) < 0 && errno != EINTR)
            callers__die("poll");
        if (wanted[0].revents != 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0)
            return 0;
        if (wanted[1].revents == 0)
            continue;
        control = accept4(wanted[1].fd, NULL, NULL, SOCK_CLOEXEC);
        if (control < 0)
            continue;
        if (fork() == 0) {
            (void) close(wanted[1].fd);
            callers__serve(control);
        }
        (void) close(control);
    }
}
