import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientOf } from '../../../src/transport/client-address.ts';
import { ConnectionTable } from '../../../src/transport/connection-table.ts';

function createTable(maxConnections: number, maxConnectionsPerPrefix: number) {
  const destroyed: string[] = [];
  let evictions = 0;
  const table = new ConnectionTable<{ name: string; destroy(): void }>(
    { maxConnections, maxConnectionsPerPrefix },
    () => void evictions++,
  );
  const connect = (name: string) => {
    const connection = { name, destroy: () => void destroyed.push(name) };
    table.add(connection);
    return connection;
  };
  return { table, destroyed, connect, evictions: () => evictions };
}

describe('the connections of a listener', () => {
  it('when full, loses the one that has been idle longest', () => {
    const { table, destroyed, connect, evictions } = createTable(3, 3);
    const [first, second] = [connect('first'), connect('second'), connect('third')];
    table.touch(first);
    connect('fourth');
    assert.deepEqual(destroyed, ['second']);
    assert.equal(table.delete(second), false);
    connect('fifth');
    assert.deepEqual(destroyed, ['second', 'third']);
    assert.deepEqual([table.size, evictions()], [3, 2]);
  });

  it('are counted by IPv4 address, and by IPv6 /56', () => {
    const { table, connect } = createTable(100, 1);
    const assign = (name: string, address: string) => table.assign(connect(name), clientOf(address));
    assert.equal(assign('a', '192.0.2.1'), true);
    assert.equal(assign('b', '192.0.2.1'), false);
    assert.equal(assign('c', '192.0.2.2'), true);
    assert.equal(assign('d', '2001:db8:0:ff::1'), true);
    assert.equal(assign('e', '2001:db8:0:aa:1::2'), false);
    assert.equal(assign('f', '2001:db8:0:100::1'), true);
  });

  it('are not closed for one that is refused anyway', () => {
    const { table, connect } = createTable(2, 1);
    const client = clientOf('192.0.2.1');
    assert.equal(table.hasShareLeft(client), true);
    assert.equal(table.assign(connect('first'), client), true);
    assert.deepEqual([table.hasShareLeft(client), table.hasShareLeft(clientOf('192.0.2.2'))], [false, true]);
  });

  it('give their share back once, however they end', () => {
    const { table, connect } = createTable(2, 1);
    const client = clientOf('192.0.2.1');
    const first = connect('first');
    assert.equal(table.assign(first, client), true);
    assert.equal(table.delete(first), true);
    assert.equal(table.delete(first), false);
    const second = connect('second');
    assert.equal(table.assign(second, client), true);
    const refused = connect('refused');
    assert.equal(table.assign(refused, client), false);
    table.delete(refused);
    const third = connect('third');
    assert.equal(table.assign(third, client), false, 'a refused connection has no share to give back');
    connect('evicts the second');
    assert.equal(table.assign(connect('last'), client), true);
  });

  it('are not counted when they are gone', () => {
    const { table, connect } = createTable(1, 1);
    const gone = connect('gone');
    connect('other');
    assert.equal(table.assign(gone, clientOf('192.0.2.1')), false);
    table.touch(gone);
    assert.equal(table.size, 1);
  });
});
