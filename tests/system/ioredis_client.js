// Writes a numbered record ten times a second through the agents named as host:port arguments, and
// prints one JSON line for each that was acknowledged.
'use strict';
const Redis = require('ioredis');

const sentinels = process.argv.slice(2).map((word) => {
  const [host, port] = word.split(':');
  return { host, port: Number(port) };
});
const client = new Redis({ sentinels, name: 'mymaster' });
client.on('error', () => {});  // no master just now: ioredis goes on by itself

let number = 0;
setInterval(async () => {
  const mine = ++number;
  try {
    await client.set(`ioredis:${mine}`, mine);
    const port = client.stream && client.stream.remotePort;
    console.log(JSON.stringify({ number: mine, port }));
  } catch (error) {
    // Lost with the old master.
  }
}, 100);
