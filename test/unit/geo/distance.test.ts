import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { biasedDistanceKm, distanceKm, EARTH_RADIUS_KM, toLocation, toUnitVector } from '../../../src/geo/distance.ts';

const latitude = fc.double({ min: -90, max: 90, noNaN: true });
const longitude = fc.double({ min: -180, max: 180, noNaN: true });

function assertNear(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}

describe('the great-circle distance', () => {
  it('is what atlases say', () => {
    assertNear(distanceKm(51.5074, -0.1278, 40.7128, -74.006), 5570, 5);
    assertNear(distanceKm(35.6762, 139.6503, -33.8688, 151.2093), 7823, 10);
  });

  it('crosses the date line and the poles', () => {
    assertNear(distanceKm(0, 179.5, 0, -179.5), 111.2, 0.1);
    assertNear(distanceKm(89, 0, 89, 180), 222.4, 0.1);
  });

  it('is half of the way round between opposite points, and 0 from a point to itself', () => {
    assertNear(distanceKm(12, 34, -12, -146), Math.PI * EARTH_RADIUS_KM, 1e-3);
    assert.equal(distanceKm(12, 34, 12, 34), 0);
  });

  it('tells near points apart to the centimetre', () => {
    assertNear(distanceKm(50, 8, 50.0000001, 8) * 1e5, 1.112, 0.01);
  });

  it('is unknown when a place is', () => {
    assert.ok(Number.isNaN(distanceKm(Number.NaN, Number.NaN, 50, 8)));
  });

  it('agrees with the haversine formula everywhere', () => {
    fc.assert(
      fc.property(latitude, longitude, latitude, longitude, (latA, lonA, latB, lonB) => {
        const [phiA, phiB] = [(latA * Math.PI) / 180, (latB * Math.PI) / 180];
        const square =
          Math.sin((phiB - phiA) / 2) ** 2 +
          Math.cos(phiA) * Math.cos(phiB) * Math.sin((((lonB - lonA) / 2) * Math.PI) / 180) ** 2;
        assertNear(
          distanceKm(latA, lonA, latB, lonB),
          2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(square))),
          1e-3,
        );
      }),
    );
  });
});

describe('a bias', () => {
  it('shortens distances when positive and lengthens them when negative', () => {
    assert.equal(biasedDistanceKm(1000, 0), 1000);
    assert.equal(biasedDistanceKm(1000, 25), 750);
    assertNear(biasedDistanceKm(1000, 99), 10, 1e-9);
    assert.equal(biasedDistanceKm(1000, -50), 2000);
    assertNear(biasedDistanceKm(1000, -99), 100_000, 1e-6);
  });
});

describe('a vector', () => {
  it('leads back to the place that it came from', () => {
    const { latitude: back, longitude: east } = toLocation(toUnitVector(-33.9, 151.2));
    assertNear(back, -33.9, 1e-9);
    assertNear(east, 151.2, 1e-9);
  });
});
