// SPDX-License-Identifier: MIT
//
// http.js REQUESTS AT_ONCE KEEP STAT: for node and bun. A server and its clients in one process; KEEP is
// 1 where connections are kept for the next request, and 0 where each has its own. STAT is the file that
// tells what wineserver has used. Prints one line.
'use strict';

const fs = require('fs');
const http = require('http');

const [requests, atOnce, keep] = process.argv.slice(2, 5).map(Number);
const stat = process.argv[5];
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

// Microseconds of CPU time until now, of this process and of wineserver, which counts hundredths of a
// second.
function used() {
    const { user, system } = process.cpuUsage();
    const fields = fs.readFileSync(stat, 'latin1').split(') ')[1].split(' ');
    return { own: user + system, server: (Number(fields[11]) + Number(fields[12])) * 10000 };
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
        const before = used();
        const seconds = await run(port, requests);
        const after = used();
        console.log(`mode=program keep=${keep} concurrency=${atOnce} completed=${requests} ` +
            `rate=${(requests / seconds).toFixed(1)} ` +
            `process_us=${((after.own - before.own) / requests).toFixed(1)} ` +
            `server_us=${((after.server - before.server) / requests).toFixed(1)}`);
        process.exit(0);
    } catch (error) {
        console.log(error);
        process.exit(1);
    }
});
