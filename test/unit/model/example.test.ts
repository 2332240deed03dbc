import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readDocument } from '../../../src/documents/read-document.ts';
import { checkShape, compileShape } from '../../../src/model/check-shape.ts';
import {
  type Configuration,
  type ConfigurationDocument,
  ConfigurationSchema,
} from '../../../src/model/configuration.ts';
import { joinObjects, splitObjects } from '../../../src/model/objects.ts';
import { parseConfiguration } from '../../../src/model/parse-configuration.ts';
import { checkRecordData } from '../../../src/zone/check-record-data.ts';

function readConfig(name: string): ConfigurationDocument {
  const file = new URL(`../../../config/${name}`, import.meta.url);
  const read = readDocument(readFileSync(file, 'utf8'));
  assert.ok(read.ok);
  const shaped = checkShape(compileShape(ConfigurationSchema), read.document);
  assert.ok(shaped.ok, JSON.stringify(shaped));
  return shaped.value;
}

function parseConfig(name: string): Configuration {
  const resolveLocation = (reference: string) =>
    reference === 'aws:us-east-1' ? { latitude: 38.95, longitude: -77.45 } : undefined;
  const parsed = parseConfiguration(readConfig(name), { resolveLocation, checkRecordData });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}

describe('config/example.yaml', () => {
  it('has five regions, each with one cluster that is checked at a loopback port of its own', () => {
    const { regions, clusters } = parseConfig('example.yaml');
    assert.equal(regions.length, 5);
    assert.deepEqual(
      clusters.map(({ region }) => region),
      regions.map(({ id }) => id),
    );
    for (const [index, { endpoints }] of clusters.entries()) {
      assert.deepEqual(
        endpoints.map(({ target }) => target.family),
        ['A', 'A', 'AAAA'],
      );
      for (const { check } of endpoints) assert.deepEqual(check, { address: '127.0.0.1', port: 8101 + index });
    }
  });

  it('steers www by proximity and api by priority', () => {
    const { services } = parseConfig('example.yaml');
    assert.deepEqual(
      services.map(({ id, rank }) => [id, rank.at(-1)?.kind]),
      [
        ['www.gtm.example.com', 'proximity'],
        ['api.gtm.example.com', 'priority'],
      ],
    );
  });

  it('is the same after being stored and read again', () => {
    const document = readConfig('example.yaml');
    assert.deepEqual(joinObjects(splitObjects(document)), { ok: true, value: document });
  });
});

describe('config/minimal.yaml', () => {
  it('is right, with one service of one cluster', () => {
    assert.deepEqual(
      parseConfig('minimal.yaml').services.map(({ clusters }) => clusters),
      [['web-eu']],
    );
  });
});
