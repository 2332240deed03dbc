import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseConfiguration } from '../../../src/model/parse-configuration.ts';
import { FOUR_DATA_CENTRES, rankByDistance, spreadDataCentres } from '../../bench/bench-zone.ts';
import { composeConfiguration } from '../../bench/servers/azimuth.ts';
import { composeGdnsdConfiguration } from '../../bench/servers/gdnsd.ts';
import { composeGeoConfiguration } from '../../bench/servers/knot.ts';
import { answerByCountry } from '../../bench/servers/nearest-by-country.ts';
import { composePowerdnsZones } from '../../bench/servers/powerdns.ts';
import { describeMissing } from '../../bench/servers/server-kinds.ts';

const OPTIONS = { port: 5301, database: '/city.mmdb', dataCentres: FOUR_DATA_CENTRES };

describe('data centres of the bench', () => {
  test('fifty are fifty different places with addresses of their own', () => {
    const fifty = spreadDataCentres(50);
    assert.equal(new Set(fifty.map(({ id }) => id)).size, 50);
    assert.equal(new Set(fifty.map(({ address }) => address)).size, 50);
    for (const { id } of fifty) assert.match(id, /^[a-z0-9-]+$/);
  });

  test('are ranked by distance', () => {
    const london = { latitude: 51.5, longitude: -0.1 };
    assert.deepEqual(
      rankByDistance(FOUR_DATA_CENTRES, london).map(({ dataCentre }) => dataCentre.id),
      ['eu', 'us-east', 'us-west', 'ap'],
    );
  });

  test('every country has one, its nearest', () => {
    const answers = new Map(answerByCountry(FOUR_DATA_CENTRES).map(({ country, address }) => [country, address]));
    assert.ok(answers.size > 240);
    assert.equal(answers.get('DE'), '192.0.2.3');
    assert.equal(answers.get('SG'), '192.0.2.4');
  });
});

describe('configurations of the servers', () => {
  test('ours is one that Azimuth takes, with 4 and with 50 data centres', () => {
    for (const dataCentres of [FOUR_DATA_CENTRES, spreadDataCentres(50)]) {
      const parsed = parseConfiguration(composeConfiguration(dataCentres), { resolveLocation: () => undefined });
      assert.ok(parsed.ok, JSON.stringify(parsed));
    }
  });

  test('gdnsd has one thread, the data centres and their places', () => {
    const text = composeGdnsdConfiguration('/run', OPTIONS);
    assert.match(text, /udp_threads => 1/);
    assert.match(text, /datacenters => \[ us-east, us-west, eu, ap \]/);
    assert.match(text, /eu => \[ 50\.1, 8\.7 \]/);
    assert.doesNotMatch(text, /auto_dc_limit/);
  });

  test('gdnsd keeps as many data centres for a client as it is told to', () => {
    assert.match(composeGdnsdConfiguration('/run', { ...OPTIONS, listLimit: 0 }), /auto_dc_limit => 0/);
  });

  test('gdnsd without a database has no map', () => {
    assert.doesNotMatch(composeGdnsdConfiguration('/run', { ...OPTIONS, database: undefined }), /geoip/);
  });

  test('Knot DNS and PowerDNS know the same answer for each country, and one for all others', () => {
    assert.match(composeGeoConfiguration(FOUR_DATA_CENTRES), /- geo: "DE"\n {4}A: 192\.0\.2\.3\n/);
    assert.match(composeGeoConfiguration(FOUR_DATA_CENTRES), /- geo: "\*"\n {4}A: 192\.0\.2\.1\n$/);
    const zones: { domains: { records: Record<string, unknown>; services: unknown }[] } = JSON.parse(
      composePowerdnsZones(FOUR_DATA_CENTRES),
    );
    assert.deepEqual(zones.domains[0]?.records['de.country.example.com'], [{ a: '192.0.2.3' }]);
    assert.deepEqual(zones.domains[0]?.records['unknown.country.example.com'], [{ a: '192.0.2.1' }]);
  });

  test('a peer that is missing is named with the packages that bring it', () => {
    const missing = { ...({ name: 'knot', label: 'Nothing', steersBy: '', apt: 'nothing-at-all' } as const) };
    const kind = { ...missing, command: 'no-such-command', kinds: new Set<never>(), readVersion: () => '' };
    const start = () => Promise.reject(new Error('it is not installed'));
    assert.deepEqual(describeMissing([{ ...kind, start }]), [
      'Nothing is not installed and left out: sudo apt-get install nothing-at-all',
    ]);
  });
});
