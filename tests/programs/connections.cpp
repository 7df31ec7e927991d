// SPDX-License-Identifier: MIT
//
// For Boost.Asio's standalone form: opens connections on the loopback in all ways that it has, checks
// what becomes of each, and prints a line "ok …" or "FAILED …" for each kind. AcceptEx it imports
// statically from mswsock.dll, so that DLL is loaded with the program.
#include <asio.hpp>

#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

using asio::ip::tcp;
using handler = std::function<void(std::string)>;

static asio::io_context context;
static bool failed;
static int connects;

static std::string describe(const asio::error_code& error) {
    if (error == asio::error::operation_aborted)
        return "cancelled";
    if (error == asio::error::connection_refused)
        return "refused";
    return error.message();
}

// Runs something count times, all at once, and counts how they ended.
static void run(const char* name, int count, const std::string& expected,
                const std::function<void(int, handler)>& once) {
    std::map<std::string, int> outcomes;
    int left = count;
    context.restart();
    for (int i = 1; i <= count; i++)
        once(i, [&](std::string outcome) {
            outcomes[outcome]++;
            if (--left == 0)
                context.stop();
        });
    context.run_for(std::chrono::seconds(30));
    bool good = outcomes[expected] == count;
    std::printf("%s %s:", good ? "ok" : "FAILED", name);
    for (auto& outcome : outcomes)
        std::printf(" %d %s", outcome.second, outcome.first.c_str());
    std::printf("\n");
    failed |= !good;
}

// A session at the server: sends back what comes.
struct session : std::enable_shared_from_this<session> {
    explicit session(tcp::socket s) : socket(std::move(s)), buffer(65536) {}
    void read() {
        socket.async_read_some(asio::buffer(buffer),
                               [self = shared_from_this()](asio::error_code error, size_t length) {
                                   if (!error)
                                       self->write(length);
                               });
    }
    void write(size_t length) {
        asio::async_write(socket, asio::buffer(buffer, length),
                          [self = shared_from_this()](asio::error_code error, size_t) {
                              if (!error)
                                  self->read();
                          });
    }
    tcp::socket socket;
    std::vector<char> buffer;
};

static void serve(tcp::acceptor& acceptor) {
    acceptor.async_accept([&](asio::error_code error, tcp::socket socket) {
        if (error)
            return;
        std::make_shared<session>(std::move(socket))->read();
        serve(acceptor);
    });
}

struct client : std::enable_shared_from_this<client> {
    client() : socket(context), timer(context) {}
    tcp::socket socket;
    asio::steady_timer timer;
    std::vector<char> sent, received;
};

static void echo(const tcp::endpoint& target, size_t length, handler done) {
    auto self = std::make_shared<client>();
    self->sent.assign(length, static_cast<char>(length));
    self->received.resize(length);
    connects++;
    self->socket.async_connect(target, [=](asio::error_code error) {
        if (error)
            return done(describe(error));
        asio::async_write(self->socket, asio::buffer(self->sent), [self](asio::error_code, size_t) {});
        asio::async_read(self->socket, asio::buffer(self->received),
                         [=](asio::error_code error, size_t) {
                             if (error)
                                 return done(describe(error));
                             done(self->sent == self->received ? "echoed" : "wrong echo");
                         });
    });
}

enum class end { cancel, close };

// Ends the connect after some milliseconds; a connect to a mute peer is pending until then.
static void aborted(const tcp::endpoint& target, int milliseconds, end how, handler done) {
    auto self = std::make_shared<client>();
    connects++;
    self->socket.async_connect(target, [=](asio::error_code error) {
        done(error ? describe(error) : "connected");
    });
    self->timer.expires_after(std::chrono::milliseconds(milliseconds));
    self->timer.async_wait([=](asio::error_code) {
        if (how == end::cancel)
            self->socket.cancel();
        else
            self->socket.close();
    });
}

// Listens with room for few connections and takes none; what is more stays pending.
static tcp::endpoint fill(tcp::acceptor& mute, std::vector<std::shared_ptr<client>>& queue) {
    mute.open(tcp::v4());
    mute.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    mute.listen(1);
    for (int i = 0; i < 4; i++) {
        auto self = std::make_shared<client>();
        connects++;
        self->socket.async_connect(mute.local_endpoint(), [self](asio::error_code) {});
        queue.push_back(self);
    }
    context.restart();
    context.run_for(std::chrono::milliseconds(500));
    return mute.local_endpoint();
}

int main() {
    std::printf("Asio %d.%d.%d\n", ASIO_VERSION / 100000, ASIO_VERSION / 100 % 1000,
                ASIO_VERSION % 100);
    auto loopback = asio::ip::address_v4::loopback();
    tcp::endpoint target, closed, mute;
    tcp::acceptor nobody(context);
    std::vector<std::shared_ptr<client>> queue;
    // Bound and not listening: a free port could be given to the very socket that connects to it.
    tcp::acceptor refusing(context, tcp::v4());
    refusing.bind(tcp::endpoint(loopback, 0));
    closed = refusing.local_endpoint();
    mute = fill(nobody, queue);
    run("connects to a closed port", 200, "refused",
        [&](int, handler done) { echo(closed, 1, done); });
    run("connects that are cancelled", 200, "cancelled",
        [&](int i, handler done) { aborted(mute, i % 50, end::cancel, done); });
    run("connects whose socket is closed", 200, "cancelled",
        [&](int i, handler done) { aborted(mute, i % 50, end::close, done); });
    for (auto& self : queue)
        self->socket.close();

    tcp::acceptor acceptor(context, tcp::endpoint(loopback, 0));
    target = acceptor.local_endpoint();
    serve(acceptor);
    run("echoed streams", 300, "echoed",
        [&](int i, handler done) { echo(target, static_cast<size_t>(i) * 131, done); });
    run("4 MiB echoed", 4, "echoed", [&](int, handler done) { echo(target, 4 << 20, done); });
    std::printf("%d connects in all\n", connects);
    return failed ? 1 : 0;
}
