import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Packet } from 'dns2';
import { QUERY_TYPES } from '../../../src/model/monitors/dns-monitor.ts';

test('every record type that a dns monitor may name is known to what composes its query', () => {
  for (const type of QUERY_TYPES) assert.ok(type in Packet.TYPE, type);
});
