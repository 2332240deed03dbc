// What a fetch over whole zones does not show of a connection: one that does not come about.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { PrimaryConnection } from '../../../src/replication/primary-connection.ts';
import { openPrimary } from '../../support/fake-primary.ts';
import { encodeAnswer, soa } from '../../support/zone-answers.ts';

const LIMITS = { connectMs: 2000, silenceMs: 2000, wireOctets: 100_000 };
const QUERY = encodeAnswer([], { type: 'SOA', flags: 0 });

describe('a connection to a primary', () => {
  it('has a limit on how long it may take to come about', async (context) => {
    // It listens, accepts nobody, and has its queue full: the kernel drops whoever comes then.
    const deaf = `require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
      require('node:fs').writeSync(1, String(this.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
    const child = spawn(process.execPath, ['-e', deaf], { stdio: ['ignore', 'pipe', 'inherit'] });
    context.after(() => child.kill('SIGKILL'));
    const [said] = await once(child.stdout, 'data');
    const primary = { address: '127.0.0.1', port: Number(said) };
    const queue = Array.from({ length: 4 }, () => connect({ host: primary.address, port: primary.port }));
    for (const socket of queue) {
      socket.on('error', () => socket.destroy());
      context.after(() => socket.destroy());
    }
    await once(queue[0] ?? assert.fail(), 'connect');
    const connection = new PrimaryConnection(primary, { ...LIMITS, connectMs: 150 });
    const asked = await connection.ask(QUERY, () => true);
    assert.deepEqual(asked, {
      status: 'broken',
      reason: 'the primary cannot be reached: there is no connection within 0.15 s',
    });
    assert.equal(connection.isOpen, false);
  });

  it('gives each query its answer, one behind another, and whoever asks behind its end the reason of that', async (context) => {
    const primary = await openPrimary((asked) => asked.send(asked.compose([soa(9)])));
    context.after(() => primary.close());
    const connection = new PrimaryConnection({ address: '127.0.0.1', port: primary.port }, LIMITS);
    const length = (message: Uint8Array) => message.length;
    const whole = encodeAnswer([soa(9)], { type: 'SOA' }).length;
    for (let count = 0; count < 3; count++) {
      assert.deepEqual(await connection.ask(QUERY, length), { status: 'answered', value: whole });
    }
    assert.deepEqual(primary.queries, ['1 SOA', '1 SOA', '1 SOA']);
    connection.close('enough');
    assert.deepEqual(await connection.ask(QUERY, length), { status: 'broken', reason: 'enough' });
  });

  it('hands on what is thrown at an answer, and asks on', async (context) => {
    const primary = await openPrimary((asked) => asked.send(asked.compose([soa(9)])));
    context.after(() => primary.close());
    const connection = new PrimaryConnection({ address: '127.0.0.1', port: primary.port }, LIMITS);
    const bug = () => {
      throw new Error('a bug');
    };
    await assert.rejects(connection.ask(QUERY, bug), /a bug/);
    assert.equal((await connection.ask(QUERY, () => true)).status, 'answered');
    connection.close('');
  });

  it('does not take its own absence for the silence of the primary', async (context) => {
    const limits = { ...LIMITS, connectMs: 100, silenceMs: 100 };
    const block = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
    const primary = await openPrimary((asked) => {
      asked.send(asked.compose([soa(9)]));
      block();
    });
    context.after(() => primary.close());
    const connection = new PrimaryConnection({ address: '127.0.0.1', port: primary.port }, limits);
    block();
    assert.equal((await connection.ask(QUERY, () => true)).status, 'answered');
    connection.close('');
  });
});
