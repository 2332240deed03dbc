import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareInfo, parseInfo } from '../../../bench/failover/store-load.ts';

const INFO = `# Memory\r
used_memory:2000000\r
used_memory_human:1.91M\r
# Stats\r
total_commands_processed:1000\r
total_net_input_bytes:5000000\r
total_net_output_bytes:7000000\r
# CPU\r
used_cpu_sys:1.5\r
used_cpu_user:2.25\r
used_cpu_sys_children:9\r
`;

describe('what Redis says of itself', () => {
  test('figures are read by their whole names', () => {
    assert.deepEqual(parseInfo(INFO), {
      used_cpu_user: 2.25,
      used_cpu_sys: 1.5,
      used_memory: 2_000_000,
      total_commands_processed: 1000,
      total_net_input_bytes: 5_000_000,
      total_net_output_bytes: 7_000_000,
    });
    assert.throws(() => parseInfo('used_memory:1\r\n'), /nothing of used_cpu_user/);
  });

  test('rates are differences by seconds, memory is that of the end', () => {
    const before = parseInfo(INFO);
    const after = {
      ...before,
      used_cpu_user: 3.25,
      used_cpu_sys: 2.5,
      used_memory: 3_000_000,
      total_commands_processed: 1100,
      total_net_input_bytes: 25_000_000,
      total_net_output_bytes: 8_000_000,
    };
    assert.deepEqual(compareInfo(before, after, 10), {
      cpuPercent: 20,
      memoryMegabytes: 3,
      commandsPerSecond: 10,
      receivedMegabytesPerSecond: 2,
      sentMegabytesPerSecond: 0.1,
    });
  });
});
