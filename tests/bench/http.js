// SPDX-License-Identifier: MIT
//
// http.js REQUESTS AT_ONCE KEEP: for node and bun. A server and its clients in one process; KEEP is 1
// where connections are kept for the next request, and 0 where each has its own. Prints one line.
'use strict';

const http = require('http');

const [requests, atOnce, keep] = process.argv.slice(2).map(Number);
const WARM_UP = 100;
const ANSWER = 'x'.repeat(1024);

const server = http.createServer((query, answer) => {
    answer.setHeader('Content-Length', ANSWER.length);
    answer.end(ANSWER);
});
const agent = keep ? new http.Agent({ keepAlive: true, maxSockets: atOnce }) : false;
const headers = keep ? {} : { Connection: 'close' };

function ask(port) {
    return new Promise((resolve, reject) => {
        http.get({ host: '127.0.0.1', port, path: '/', agent, headers }, (response) => {
            let length = 0;
            response.on('data', (chunk) => { length += chunk.length; });
            response.on('error', reject);
            response.on('end', () => {
                if (length === ANSWER.length)
                    resolve();
                else
                    reject(new Error('an answer of ' + length + ' bytes'));
            });
        }).on('error', reject);
    });
}

// Runs some at a time; returns how long all took, in seconds.
async function run(port, count) {
    let next = 0;
    async function worker() {
        while (next++ < count)
            await ask(port);
    }
    const started = process.hrtime.bigint();
    await Promise.all(Array.from({ length: atOnce }, worker));
    return Number(process.hrtime.bigint() - started) / 1e9;
}

server.listen(0, '127.0.0.1', 1024, async () => {
    const { port } = server.address();
    try {
        await run(port, WARM_UP);
        const seconds = await run(port, requests);
        console.log(`mode=program keep=${keep} concurrency=${atOnce} completed=${requests} ` +
            `rate=${(requests / seconds).toFixed(1)}`);
        process.exit(0);
    } catch (error) {
        console.log(error);
        process.exit(1);
    }
});
