// How the address of a store is written, and what is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatStoreAddress,
  MAX_GUIDES,
  MAX_SERVERS,
  parseStoreAddress,
  type StoreAddress,
} from '../../../src/model/store-address.ts';

function read(text: string): StoreAddress {
  const parsed = parseStoreAddress(text);
  assert.ok(parsed.ok, parsed.ok ? '' : `${text}: ${parsed.message}`);
  return parsed.value;
}

test('an address of one server is read with all its parts, and shown without its credentials', () => {
  const address = read('rediss://user:p%40ss@redis.example:6380/3');
  assert.deepEqual(address, {
    kind: 'server',
    endpoint: { host: 'redis.example', port: 6380 },
    login: { username: 'user', password: 'p@ss' },
    database: 3,
    tls: true,
  });
  assert.equal(formatStoreAddress(address), 'rediss://redis.example:6380/3');
  const short = read('redis://[::1]');
  assert.deepEqual(short, {
    kind: 'server',
    endpoint: { host: '::1', port: 6379 },
    login: {},
    database: 0,
    tls: false,
  });
  assert.equal(formatStoreAddress(short), 'redis://[::1]:6379/0');
});

test('an address of Sentinels is read with all its parts, and shown without its credentials', () => {
  const address = read('rediss+sentinel://user:p%3A%2Fss@S1.example:5000,[2001:db8::1],10.0.0.3:26379/azimuth.main/2');
  assert.deepEqual(address, {
    kind: 'sentinel',
    guides: [
      { host: 's1.example', port: 5000 },
      { host: '2001:db8::1', port: 26379 },
      { host: '10.0.0.3', port: 26379 },
    ],
    name: 'azimuth.main',
    login: { username: 'user', password: 'p:/ss' },
    database: 2,
    tls: true,
  });
  assert.equal(
    formatStoreAddress(address),
    'rediss+sentinel://s1.example:5000,[2001:db8::1]:26379,10.0.0.3:26379/azimuth.main/2',
  );
  const short = read('redis+sentinel://:secret@h/m');
  assert.deepEqual(short.kind === 'sentinel' && short.login, { password: 'secret' });
});

test('an address of a cluster names its nodes', () => {
  const address = read('redis+cluster://a:7000,b');
  assert.deepEqual(address.kind === 'cluster' && address.guides, [
    { host: 'a', port: 7000 },
    { host: 'b', port: 6379 },
  ]);
  assert.equal(formatStoreAddress(address), 'redis+cluster://a:7000,b:6379');
});

test('several servers are named each by its own address, the one that keeps the configuration first', () => {
  const address = read('redis://u:a,b@a.example,rediss://b.example:6380/1,redis://[::1]');
  assert.ok(address.kind === 'several');
  assert.deepEqual(address.home, {
    kind: 'server',
    endpoint: { host: 'a.example', port: 6379 },
    login: { username: 'u', password: 'a,b' },
    database: 0,
    tls: false,
  });
  assert.equal(address.others.length, 2);
  assert.equal(formatStoreAddress(address), 'redis://a.example:6379/0,rediss://b.example:6380/1,redis://[::1]:6379/0');
});

test('an address that is none is refused without repeating its password', () => {
  const faults = [
    'http://h',
    'redis://',
    'redis://h/x',
    'redis://h?enableOfflineQueue=true',
    'redis://u:%@h',
    'nonsense',
    '',
    'redis://u:secret@h:99999999',
    'redis+sentinel://h',
    'redis+sentinel://h/',
    'redis+sentinel://h/a b',
    'redis+sentinel://h/m/x',
    'redis+sentinel://h/m/0/1',
    'redis+sentinel://h/m?role=slave',
    'redis+sentinel:///m',
    'redis+sentinel://h,/m',
    'redis+sentinel://h:0/m',
    'redis+sentinel://h:65536/m',
    'redis+sentinel://u:secret@h:99999/m',
    'redis+sentinel://u:%secret@h/m',
    `redis+cluster://${Array.from({ length: MAX_GUIDES + 1 }, (_, index) => `h${index}`).join(',')}`,
    'redis+cluster://h/1',
    'redis+other://h',
    'redis://a,b',
    'redis://a,redis://a:6379',
    'redis://a,redis+sentinel://h/m',
    'redis://a,redis://u:secret@',
    Array.from({ length: MAX_SERVERS + 1 }, (_, index) => `redis://h${index}`).join(','),
  ];
  for (const fault of faults) {
    const parsed = parseStoreAddress(fault);
    assert.ok(!parsed.ok, fault);
    assert.ok(!parsed.message.includes('secret'), fault);
  }
});
