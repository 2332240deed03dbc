import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONTINENTS, findCountry } from '../../../src/geo/countries.ts';

describe('the table of countries', () => {
  it('says the continent and the place of countries on all continents', () => {
    const expected = { EG: 'AF', AQ: 'AN', TR: 'AS', RU: 'EU', MX: 'NA', NZ: 'OC', BR: 'SA' };
    for (const [code, continent] of Object.entries(expected))
      assert.equal(findCountry(code)?.continent, continent, code);
    assert.deepEqual(findCountry('RU'), { continent: 'EU', latitude: 57.2, longitude: 48.4 });
  });

  it('has every code of ISO 3166-1 and Kosovo, each with a continent and coordinates', () => {
    let count = 0;
    for (let first = 65; first <= 90; first += 1) {
      for (let second = 65; second <= 90; second += 1) {
        const country = findCountry(String.fromCharCode(first, second));
        if (country === undefined) continue;
        count += 1;
        assert.ok(CONTINENTS.indexOf(country.continent) > 0);
        assert.ok(Math.abs(country.latitude) <= 90 && Math.abs(country.longitude) <= 180);
      }
    }
    assert.equal(count, 250);
  });

  it('knows nothing of other codes', () => {
    assert.equal(findCountry('ZZ'), undefined);
    assert.equal(findCountry(''), undefined);
  });
});
