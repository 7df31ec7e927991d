// SPDX-License-Identifier: MIT
//
// For libuv: opens connections on the loopback, checks what becomes of each, and prints a line "ok
// …" or "FAILED …" for each kind. libuv gives ConnectEx's errors back from OVERLAPPED.Internal by
// its own table, and closes a socket to end its connect.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define KINDS 8
#define LARGE (4 << 20)

struct outcome {
    const char* name;
    int count;
};

static uv_loop_t* loop;
static struct outcome outcomes[KINDS];
static int left, connects, failed;

static void done(const char* name) {
    int i;
    for (i = 0; i < KINDS - 1 && outcomes[i].name != NULL; i++) {
        if (strcmp(outcomes[i].name, name) == 0)
            break;
    }
    outcomes[i].name = name;
    outcomes[i].count++;
    if (--left == 0)
        uv_stop(loop);
}

// Starts count of them and waits until all have ended.
static void run(const char* name, int count, const char* expected, void (*once)(int)) {
    int i, good = 0;
    memset(outcomes, 0, sizeof outcomes);
    left = count;
    for (i = 1; i <= count; i++)
        once(i);
    uv_run(loop, UV_RUN_DEFAULT);
    for (i = 0; i < KINDS && outcomes[i].name != NULL; i++)
        good |= strcmp(outcomes[i].name, expected) == 0 && outcomes[i].count == count;
    printf("%s %s:", good ? "ok" : "FAILED", name);
    for (i = 0; i < KINDS && outcomes[i].name != NULL; i++)
        printf(" %d %s", outcomes[i].count, outcomes[i].name);
    printf("\n");
    failed |= !good;
}

/* The server sends back what comes. */

static void allocate(uv_handle_t* handle, size_t size, uv_buf_t* buffer) {
    (void) handle;
    *buffer = uv_buf_init(malloc(size), (unsigned) size);
}

static void free_handle(uv_handle_t* handle) {
    free(handle);
}

static void on_sent_back(uv_write_t* request, int status) {
    (void) status;
    free(request->data);
    free(request);
}

static void on_request(uv_stream_t* stream, ssize_t length, const uv_buf_t* buffer) {
    uv_buf_t answer;
    uv_write_t* request;
    if (length <= 0) {
        free(buffer->base);
        if (length < 0)
            uv_close((uv_handle_t*) stream, free_handle);
        return;
    }
    request = calloc(1, sizeof *request);
    request->data = buffer->base;
    answer = uv_buf_init(buffer->base, (unsigned) length);
    uv_write(request, stream, &answer, 1, on_sent_back);
}

static void on_connection(uv_stream_t* server, int status) {
    uv_tcp_t* socket = calloc(1, sizeof *socket);
    (void) status;
    uv_tcp_init(loop, socket);
    if (uv_accept(server, (uv_stream_t*) socket) == 0)
        uv_read_start((uv_stream_t*) socket, allocate, on_request);
}

static int serve(uv_tcp_t* server, const char* host, struct sockaddr_storage* name) {
    int length = sizeof *name;
    if (strchr(host, ':') != NULL)
        uv_ip6_addr(host, 0, (struct sockaddr_in6*) name);
    else
        uv_ip4_addr(host, 0, (struct sockaddr_in*) name);
    uv_tcp_init(loop, server);
    if (uv_tcp_bind(server, (struct sockaddr*) name, 0) != 0 ||
        uv_listen((uv_stream_t*) server, 400, on_connection) != 0)
        return -1;
    return uv_tcp_getsockname(server, (struct sockaddr*) name, &length);
}

/* The clients */

struct client {
    uv_tcp_t socket;
    uv_connect_t connect;
    uv_write_t write;
    char* sent;
    size_t length, received;
    const char* outcome;
};

static struct sockaddr_storage target, target6, closed;
static const struct sockaddr_storage* echo_target;
static size_t echo_length;

static void on_client_closed(uv_handle_t* handle) {
    struct client* client = handle->data;
    done(client->outcome);
    free(client->sent);
    free(client);
}

static void end(struct client* client, const char* outcome) {
    if (uv_is_closing((uv_handle_t*) &client->socket))
        return;
    client->outcome = outcome;
    uv_close((uv_handle_t*) &client->socket, on_client_closed);
}

static void on_answer(uv_stream_t* stream, ssize_t length, const uv_buf_t* buffer) {
    struct client* client = stream->data;
    if (length > 0) {
        if (client->received + (size_t) length > client->length ||
            memcmp(buffer->base, client->sent + client->received, (size_t) length) != 0)
            end(client, "wrong echo");
        client->received += (size_t) length;
        if (client->received == client->length)
            end(client, "echoed");
    } else if (length < 0) {
        end(client, uv_err_name((int) length));
    }
    free(buffer->base);
}

static void on_written(uv_write_t* request, int status) {
    struct client* client = request->data;
    if (status != 0 && status != UV_ECANCELED)
        end(client, uv_err_name(status));
}

static void on_connect(uv_connect_t* request, int status) {
    struct client* client = request->data;
    uv_buf_t buffer = uv_buf_init(client->sent, (unsigned) client->length);
    if (status == UV_ECANCELED)
        return;
    if (status != 0) {
        end(client, uv_err_name(status));
        return;
    }
    uv_read_start((uv_stream_t*) &client->socket, allocate, on_answer);
    uv_write(&client->write, (uv_stream_t*) &client->socket, &buffer, 1, on_written);
}

static struct client* start(const struct sockaddr_storage* name, size_t length) {
    struct client* client = calloc(1, sizeof *client);
    int error;
    client->socket.data = client->connect.data = client->write.data = client;
    client->sent = malloc(length);
    memset(client->sent, (int) length, length);
    client->length = length;
    uv_tcp_init(loop, &client->socket);
    client->socket.data = client;
    connects++;
    error = uv_tcp_connect(&client->connect, &client->socket, (const struct sockaddr*) name,
                           on_connect);
    if (error != 0)
        end(client, uv_err_name(error));
    return client;
}

static void echo(int i) {
    start(echo_target, echo_length != 0 ? echo_length : (size_t) i * 131);
}

static void refused(int i) {
    (void) i;
    start(&closed, 1);
}

static void destroyed(int i) {
    (void) i;
    end(start(&target, 1), "destroyed");
}

// Bound and not listening: a free port could be given to the very socket that connects to it.
static int refuse(uv_tcp_t* socket) {
    int length = sizeof closed;
    uv_ip4_addr("127.0.0.1", 0, (struct sockaddr_in*) &closed);
    uv_tcp_init(loop, socket);
    if (uv_tcp_bind(socket, (struct sockaddr*) &closed, 0) != 0)
        return -1;
    return uv_tcp_getsockname(socket, (struct sockaddr*) &closed, &length);
}

int main(void) {
    uv_tcp_t server, server6, refusing;
    loop = uv_default_loop();
    printf("libuv %s\n", uv_version_string());
    if (serve(&server, "127.0.0.1", &target) != 0 || refuse(&refusing) != 0)
        return 2;
    echo_target = &target;
    run("echoed streams", 300, "echoed", echo);
    run("connects to a closed port", 200, "ECONNREFUSED", refused);
    run("destroyed while connecting", 200, "destroyed", destroyed);
    if (serve(&server6, "::1", &target6) == 0) {
        echo_target = &target6;
        run("echoed streams, IPv6", 100, "echoed", echo);
    } else {
        printf("SKIP: IPv6: no server can listen at ::1\n");
    }
    echo_target = &target;
    echo_length = LARGE;
    run("4 MiB echoed", 4, "echoed", echo);
    printf("%d connects in all\n", connects);
    return failed;
}
