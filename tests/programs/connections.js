// SPDX-License-Identifier: MIT
//
// For node: opens many TCP connections to servers of its own on the loopback, checks what becomes
// of each, and prints a count of every outcome. The exit code is 0 only if all were as they should.
'use strict';

const crypto = require('crypto');
const http = require('http');
const net = require('net');

const AT_ONCE = 32;
const HOSTS = { 4: '127.0.0.1', 6: '::1' };

function listen(server, host) {
    return new Promise((resolve, reject) => {
        server.on('error', reject);
        server.listen(0, host, 1024, () => resolve(server.address().port));
    });
}

function close(server) {
    return new Promise((resolve) => server.close(resolve));
}

// A request of its own connection: the agent that would keep it open is switched off.
function request(port, index) {
    return new Promise((resolve) => {
        const options = { host: HOSTS[4], port, path: '/' + index, agent: false };
        http.get(options, (response) => {
            const chunks = [];
            response.on('data', (chunk) => chunks.push(chunk));
            response.on('error', (error) => resolve(error.code));
            response.on('end', () => {
                const text = Buffer.concat(chunks).toString();
                resolve(text === 'answer to /' + index ? 'answered' : 'wrong answer');
            });
        }).on('error', (error) => resolve(error.code));
    });
}

function echo(host, port, length) {
    return new Promise((resolve) => {
        const sent = crypto.randomBytes(length);
        const chunks = [];
        const socket = net.connect({ host, port }, () => socket.end(sent));
        socket.on('data', (chunk) => chunks.push(chunk));
        socket.on('error', (error) => resolve(error.code));
        socket.on('end', () =>
            resolve(sent.equals(Buffer.concat(chunks)) ? 'echoed' : 'wrong echo'));
    });
}

function refused(port) {
    return new Promise((resolve) => {
        const socket = net.connect({ host: HOSTS[4], port });
        socket.on('connect', () => {
            socket.destroy();
            resolve('connected');
        });
        socket.on('error', (error) => resolve(error.code));
    });
}

// Node issues the connect itself in its next tick, so ours after it finds the connect under way.
function destroyed(port) {
    return new Promise((resolve) => {
        let connected = false;
        const socket = net.connect({ host: HOSTS[4], port });
        process.nextTick(() => socket.destroy());
        socket.on('connect', () => { connected = true; });
        socket.on('error', (error) => resolve(error.code));
        socket.on('close', () => resolve(connected ? 'connected' : 'destroyed'));
    });
}

// The server takes the connection and never answers.
function unanswered(port) {
    return new Promise((resolve) => {
        const options = { host: HOSTS[4], port, path: '/', agent: false, timeout: 100 };
        const query = http.get(options, () => resolve('answered'));
        let outcome = 'no timeout';
        query.on('timeout', () => {
            outcome = 'timed out';
            query.destroy();
        });
        query.on('error', () => {});
        query.on('close', () => resolve(outcome));
    });
}

let total = 0;

// Runs some at a time and counts how they ended.
async function run(name, count, expected, once) {
    const outcomes = new Map();
    let next = 0;
    async function worker() {
        while (next < count) {
            const outcome = await once(next++);
            outcomes.set(outcome, (outcomes.get(outcome) || 0) + 1);
        }
    }
    const started = Date.now();
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    total += count;
    const good = outcomes.get(expected) === count;
    const text = Array.from(outcomes, ([outcome, times]) => `${times} ${outcome}`).join(', ');
    console.log(`${good ? 'ok    ' : 'FAILED'} ${name}: ${text} (${Date.now() - started} ms)`);
    return good;
}

async function main() {
    console.log(`node ${process.version} on ${process.platform} ${process.arch}, ` +
        `libuv ${process.versions.uv}`);
    const web = http.createServer((query, answer) => answer.end('answer to ' + query.url));
    const webPort = await listen(web, HOSTS[4]);
    const echoes = {};
    const echoPorts = {};
    for (const family of [4, 6]) {
        const server = net.createServer({ allowHalfOpen: true }, (socket) => {
            socket.on('error', () => {});
            socket.pipe(socket);
        });
        try {
            echoPorts[family] = await listen(server, HOSTS[family]);
            echoes[family] = server;
        } catch (error) {
            // Containers often have no IPv6.
            if (family === 4 || !['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(error.code))
                throw error;
            console.log(`SKIP: IPv6: no server can listen at ${HOSTS[6]} (${error.code})`);
        }
    }
    const mute = net.createServer((socket) => socket.on('error', () => {}).resume());
    const mutePort = await listen(mute, HOSTS[4]);
    // One that is not handed out: a port that was closed just now may be another program's by then.
    const closedPort = 1;

    const results = [
        await run('HTTP requests', 2000, 'answered', (i) => request(webPort, i)),
        await run('echoed streams, IPv4', 500, 'echoed',
            (i) => echo(HOSTS[4], echoPorts[4], 1 + i * 131)),
        echoes[6] ? await run('echoed streams, IPv6', 100, 'echoed',
            (i) => echo(HOSTS[6], echoPorts[6], 1 + i * 131)) : true,
        await run('4 MiB echoed', 4, 'echoed', () => echo(HOSTS[4], echoPorts[4], 4 << 20)),
        await run('connects to a closed port', 200, 'ECONNREFUSED', () => refused(closedPort)),
        await run('requests without an answer', 100, 'timed out', () => unanswered(mutePort)),
        await run('destroyed while connecting', 200, 'destroyed', () => destroyed(echoPorts[4])),
    ];
    await Promise.all([web, mute, ...Object.values(echoes)].map(close));
    console.log(`${total} connects in all`);
    process.exitCode = results.every(Boolean) ? 0 : 1;
}

main().catch((error) => {
    console.log(error);
    process.exitCode = 1;
});
