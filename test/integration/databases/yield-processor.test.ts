import assert from 'node:assert/strict';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

const FILE = new URL('../../../src/databases/yield-processor.ts', import.meta.url);

test('a thread that yields is nicer, and no other thread of the process is', {
  skip: process.platform !== 'linux',
}, async () => {
  const own = getPriority();
  const source = `
    const { readlinkSync } = require('node:fs');
    const { getPriority } = require('node:os');
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    import(${JSON.stringify(FILE.href)}).then(({ yieldProcessor }) => {
      yieldProcessor();
      require('node:worker_threads').parentPort.postMessage(getPriority(thread));
    });`;
  const [priority] = await once(new Worker(source, { eval: true }), 'message');
  assert.equal(priority, 10);
  assert.equal(getPriority(), own);
});
