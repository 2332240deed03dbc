import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlaceTable } from '../../../src/geo/place-map.ts';
import { orderAlongGlobe } from '../../../src/steering/order-along-globe.ts';
import { tableOf } from '../../support/place-table.ts';

/** Spread over the globe without a pattern, some of them on its edges or without a location. */
const places = tableOf(
  Array.from({ length: 5000 }, (_, index): [number, number] => {
    if (index % 97 === 0) return [Number.NaN, Number.NaN];
    if (index % 89 === 0) return [index % 2 === 0 ? 90 : -90, index % 3 === 0 ? 180 : -180];
    return [((index * 7919) % 1800) / 10 - 90, ((index * 104_729) % 3600) / 10 - 180];
  }),
);

describe('the order along the globe', () => {
  it('has each place once', () => {
    const order = orderAlongGlobe(places);
    assert.equal(order.length, places.count);
    assert.equal(new Set(order).size, places.count);
  });

  it('is through with one quarter of the globe, and of each quarter, before it begins the next', () => {
    const order = [...orderAlongGlobe(places)].filter((place) => Math.abs(places.latitude[place] ?? Number.NaN) < 90);
    for (const squares of [2, 4, 8]) {
      const visited = order.map((place) => squareOf(places, place, squares));
      const changes = visited.filter((square, index) => square !== visited[index - 1]).length;
      assert.equal(changes, new Set(visited).size, `${squares} × ${squares} squares`);
    }
  });
});

function squareOf({ latitude, longitude }: PlaceTable, place: number, squares: number): number {
  const row = Math.floor((((latitude[place] ?? 0) + 90) / 180) * squares);
  const column = Math.floor((((longitude[place] ?? 0) + 180) / 360) * squares);
  return row * squares + column;
}
