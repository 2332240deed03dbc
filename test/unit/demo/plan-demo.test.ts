import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { mayHaveDemo, planDemo } from '../../../src/demo/plan-demo.ts';
import type { ConfigurationDocument } from '../../../src/model/configuration.ts';
import { parseConfiguration } from '../../../src/model/parse-configuration.ts';
import { ROOT } from '../style/sources.ts';

const readExample = (): ConfigurationDocument => parse(readFileSync(join(ROOT, 'config/example.yaml'), 'utf8'));
const configurationOf = (document: unknown) => {
  const parsed = parseConfiguration(document, { resolveLocation: () => ({ latitude: 0, longitude: 0 }) });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
};
const EXAMPLE = configurationOf(readExample());
const EVERY_PLACE = [
  { region: 'eu-west', port: 8101 },
  { region: 'us-east', port: 8102 },
  { region: 'ap-northeast', port: 8103 },
  { region: 'sa-east', port: 8104 },
  { region: 'af-south', port: 8105 },
];

/** The plan for the example with something changed in the text of its JSON. */
function planChanged(change: (text: string) => string) {
  const text = JSON.stringify(readExample());
  const changed = change(text);
  assert.notEqual(changed, text, 'nothing was changed');
  return planDemo(configurationOf(JSON.parse(changed)), EXAMPLE);
}

describe('planDemo', () => {
  test('has a backend in each region of the example', () => {
    assert.deepEqual(planDemo(EXAMPLE, EXAMPLE), { places: EVERY_PLACE, shared: [] });
  });

  test('has them also after a monitor, a region that is not checked here, or a service was changed', () => {
    const text = JSON.stringify(readExample());
    for (const changed of [
      text.replace('"fall":2', '"fall":5').replace('"/healthz"', '"/other"'),
      text.replace('"regions":[', '"regions":[{"id":"oc","location":"iata:SYD"},'),
      text.replace('"answers":2', '"answers":1'),
    ]) {
      assert.notEqual(changed, text);
      assert.deepEqual(planDemo(configurationOf(JSON.parse(changed)), EXAMPLE).places, EVERY_PLACE);
    }
  });

  test('has none at the ports of a configuration that answers with other addresses', () => {
    const plan = planChanged((text) => text.replaceAll(/"(203\.0\.113|198\.51\.100|2001:db8:[1-5]:)[^"]*"/g, own()));
    assert.deepEqual(plan, { places: [], shared: [] });
  });

  test('has none at ports that are not those of the example', () => {
    assert.deepEqual(planChanged((text) => text.replaceAll(/"port":81/g, '"port":91')).places, []);
  });

  test('has none for clusters of other names, or in other regions', () => {
    assert.deepEqual(planChanged((text) => text.replaceAll('web-', 'app-')).places, []);
    const moved = planChanged((text) => text.replaceAll('"region":"eu-west"', '"region":"us-east"'));
    assert.deepEqual(moved.places, EVERY_PLACE.slice(1));
  });

  test('has none at a port of the example where an endpoint of one’s own is checked too', () => {
    for (const endpoint of [
      { id: 'a', address: '192.0.2.9', check: { address: '127.0.0.1', port: 8103 } },
      { id: 'a', target: 'may-be-here.example.net', check: { port: 8103 } },
    ]) {
      const own = { id: 'own', region: 'eu-west', monitor: 'web', endpoints: [endpoint] };
      const plan = planDemo(configurationOf(withCluster(own)), EXAMPLE);
      assert.deepEqual(plan.shared, [{ region: 'ap-northeast', port: 8103 }], JSON.stringify(endpoint));
      assert.deepEqual(
        plan.places.map(({ port }) => port),
        [8101, 8102, 8104, 8105],
      );
    }
  });

  test('leaves an endpoint of one’s own on another machine alone, whatever its port', () => {
    const own = { id: 'own', region: 'eu-west', monitor: 'web', endpoints: [{ id: 'a', address: '192.0.2.9' }] };
    const document = withCluster(own);
    const monitors = [{ ...document.monitors?.[0], port: 8103 }];
    assert.deepEqual(planDemo(configurationOf({ ...document, monitors }), EXAMPLE), {
      places: EVERY_PLACE,
      shared: [],
    });
  });
});

test('mayHaveDemo is false where nothing is checked at 127.0.0.1', () => {
  assert.equal(mayHaveDemo(EXAMPLE), true);
  const elsewhere = JSON.parse(JSON.stringify(readExample()).replaceAll('127.0.0.1', '192.0.2.1'));
  assert.equal(mayHaveDemo(configurationOf(elsewhere)), false);
});

function withCluster(cluster: object) {
  const document = readExample();
  return { ...document, clusters: [...(document.clusters ?? []), cluster] };
}

/** A new address each time. */
function own(): (address: string) => string {
  let count = 0;
  return (address) => (address.includes(':') ? `"2001:db8:ff::${++count}"` : `"192.0.2.${100 + ++count}"`);
}
