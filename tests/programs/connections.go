// SPDX-License-Identifier: MIT
//
// For Go's own network library: opens many connections on the loopback, checks what becomes of each,
// and prints a line "ok …" or "FAILED …" for each kind. Go waits for exactly one completion packet for
// each operation, cancelled ones too, and hangs or panics where it does not come so.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const atOnce = 32

var failed atomic.Bool
var dials atomic.Int64

// run does something count times, some at once, and counts how they ended.
func run(name string, count int, expected string, once func(i int) string) {
	var lock sync.Mutex
	var group sync.WaitGroup
	outcomes := map[string]int{}
	next := atomic.Int64{}
	for i := 0; i < atOnce; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := int(next.Add(1)); i <= count; i = int(next.Add(1)) {
				outcome := once(i)
				lock.Lock()
				outcomes[outcome]++
				lock.Unlock()
			}
		}()
	}
	group.Wait()
	word := "ok"
	if outcomes[expected] != count {
		word = "FAILED"
		failed.Store(true)
	}
	var texts []string
	for outcome, times := range outcomes {
		texts = append(texts, fmt.Sprintf("%d %s", times, outcome))
	}
	sort.Strings(texts)
	fmt.Printf("%s %s: %s\n", word, name, strings.Join(texts, ", "))
}

func describe(err error) string {
	var dns net.Error
	switch {
	case errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "operation was canceled"):
		return "cancelled"
	case errors.Is(err, syscall.Errno(10061)):
		return "refused"
	case errors.Is(err, syscall.Errno(10054)):
		return "reset"
	case errors.As(err, &dns) && dns.Timeout():
		return "timed out"
	default:
		return err.Error()
	}
}

// dial opens a connection and counts it.
func dial(ctx context.Context, address string) (net.Conn, error) {
	dials.Add(1)
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", address)
}

func echo(address string, length int) string {
	connection, err := dial(context.Background(), address)
	if err != nil {
		return describe(err)
	}
	defer connection.Close()
	sent := bytes.Repeat([]byte{byte(length)}, length)
	go func() {
		connection.Write(sent)
		connection.(*net.TCPConn).CloseWrite()
	}()
	received, err := io.ReadAll(connection)
	if err != nil {
		return describe(err)
	}
	if !bytes.Equal(sent, received) {
		return "wrong echo"
	}
	return "echoed"
}

func listenEcho(network, address string) (net.Listener, error) {
	listener, err := net.Listen(network, address)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				listener.Close()
				return
			}
			go func() {
				io.Copy(connection, connection)
				connection.Close()
			}()
		}
	}()
	return listener, nil
}

// hangUp connects and resets the connection at once, as those do who look for open ports.
func hangUp(address string) error {
	connection, err := dial(context.Background(), address)
	if err != nil {
		return err
	}
	connection.(*net.TCPConn).SetLinger(0)
	return connection.Close()
}

// bound makes a socket that does not listen, and so refuses. A free port would not do: it could be
// given to the very socket that connects to it.
func bound() (syscall.Handle, string) {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, syscall.IPPROTO_TCP)
	check(err)
	check(syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	name, err := syscall.Getsockname(socket)
	check(err)
	return socket, fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
}

// mute listens with room for few connections and takes none, so that later connects stay pending.
func mute() string {
	socket, address := bound()
	check(syscall.Listen(socket, 1))
	for i := 0; i < 10; i++ {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		_, err := dial(ctx, address)
		cancel()
		if err != nil {
			return address
		}
	}
	check(errors.New("the listener takes all connections"))
	return ""
}

func check(err error) {
	if err != nil {
		fmt.Println("FAILED preparation:", err)
		os.Exit(1)
	}
}

func get(client *http.Client, url string) string {
	answer, err := client.Get(url)
	if err != nil {
		return describe(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return describe(err)
	}
	if !strings.HasSuffix(url, string(body)) {
		return "wrong answer"
	}
	return "answered"
}

func main() {
	fmt.Println("Go", runtime.Version(), "on", runtime.GOOS, runtime.GOARCH)
	// A program that hangs is to end as a failure, with all its goroutines told.
	time.AfterFunc(2*time.Minute, func() { panic("not finished after 2 minutes") })

	web, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go http.Serve(web, http.HandlerFunc(func(answer http.ResponseWriter, query *http.Request) {
		io.WriteString(answer, query.URL.Path)
	}))
	counted := func(ctx context.Context, network, address string) (net.Conn, error) {
		return dial(ctx, address)
	}
	single := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: counted}}
	kept := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce, DialContext: counted}}
	url := "http://" + web.Addr().String()
	run("HTTP requests with a connection each", 1000, "answered", func(i int) string {
		return get(single, fmt.Sprintf("%s/%d", url, i))
	})
	run("HTTP requests on kept connections", 1000, "answered", func(i int) string {
		return get(kept, fmt.Sprintf("%s/%d", url, i))
	})

	server, err := listenEcho("tcp4", "127.0.0.1:0")
	check(err)
	run("echoed streams", 300, "echoed", func(i int) string { return echo(server.Addr().String(), i*131) })
	run("4 MiB echoed", 4, "echoed", func(i int) string { return echo(server.Addr().String(), 4<<20) })
	if server6, err := listenEcho("tcp6", "[::1]:0"); err != nil {
		fmt.Println("SKIP: IPv6:", err)
	} else {
		run("echoed streams, IPv6", 100, "echoed", func(i int) string {
			return echo(server6.Addr().String(), i*131)
		})
	}

	port, err := listenEcho("tcp4", "127.0.0.1:0")
	check(err)
	run("echoed streams behind connections that are reset", 200, "echoed", func(i int) string {
		if err := hangUp(port.Addr().String()); err != nil {
			return describe(err)
		}
		return echo(port.Addr().String(), i*131)
	})

	_, closed := bound()
	run("connects to a closed port", 200, "refused", func(int) string {
		connection, err := dial(context.Background(), closed)
		if err == nil {
			connection.Close()
			return "connected"
		}
		return describe(err)
	})

	address := mute()
	run("dials that meet their deadline", 100, "timed out", func(int) string {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		return pending(ctx, address)
	})
	run("dials that are cancelled", 200, "cancelled", func(i int) string {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Duration(i%50)*time.Millisecond, cancel)
		return pending(ctx, address)
	})

	run("datagrams", 100, "echoed", datagrams)
	fmt.Println(dials.Load(), "connects in all")
	if failed.Load() {
		os.Exit(1)
	}
}

func pending(ctx context.Context, address string) string {
	connection, err := dial(ctx, address)
	if err == nil {
		connection.Close()
		return "connected"
	}
	return describe(err)
}

// quiet does with a socket what newer versions of Go do with each socket for datagrams by itself: it
// switches off the report of datagrams that did not arrive, and gives the socket up where that fails.
func quiet(network, address string, connection syscall.RawConn) error {
	const netReset = syscall.IOC_IN | syscall.IOC_VENDOR | 15
	var result error
	err := connection.Control(func(socket uintptr) {
		off, returned := uint32(0), uint32(0)
		result = syscall.WSAIoctl(syscall.Handle(socket), netReset, (*byte)(unsafe.Pointer(&off)),
			uint32(unsafe.Sizeof(off)), nil, 0, &returned, nil, 0)
	})
	if err == nil {
		err = result
	}
	return err
}

// datagrams exchanges datagrams of growing lengths with an echo of its own, which answers to where each
// came from, and then waits for one that does not come.
func datagrams(i int) string {
	config := net.ListenConfig{Control: quiet}
	server, err := config.ListenPacket(context.Background(), "udp", "127.0.0.1:0")
	if err != nil {
		return describe(err)
	}
	defer server.Close()
	go func() {
		buffer := make([]byte, 1<<16)
		for {
			length, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			server.WriteTo(buffer[:length], from)
		}
	}()
	dialer := net.Dialer{Control: quiet}
	client, err := dialer.Dial("udp", server.LocalAddr().String())
	if err != nil {
		return describe(err)
	}
	defer client.Close()
	buffer := make([]byte, 1<<16)
	for round := 0; round < 20; round++ {
		sent := bytes.Repeat([]byte{byte(i + round)}, 1+round*1500)
		if _, err := client.Write(sent); err != nil {
			return describe(err)
		}
		client.SetReadDeadline(time.Now().Add(5 * time.Second))
		length, err := client.Read(buffer)
		if err != nil {
			return describe(err)
		}
		if !bytes.Equal(sent, buffer[:length]) {
			return "wrong datagram"
		}
	}
	client.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := client.Read(buffer); err == nil {
		return "a datagram too many"
	} else if outcome := describe(err); outcome != "timed out" {
		return outcome
	}
	return "echoed"
}
