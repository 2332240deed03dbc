// Distances on the great circle, and what a bias makes of them.

/** Mean radius of the Earth in km (IUGG). */
export const EARTH_RADIUS_KM = 6371.0088;

/** A point on the unit sphere: x towards 0° 0°, y towards 0° 90° E, z towards the north pole. */
export type UnitVector = { readonly x: number; readonly y: number; readonly z: number };

/** Degrees, north and east positive. */
export function toUnitVector(latitude: number, longitude: number): UnitVector {
  const phi = (latitude * Math.PI) / 180;
  const lambda = (longitude * Math.PI) / 180;
  return { x: Math.cos(phi) * Math.cos(lambda), y: Math.cos(phi) * Math.sin(lambda), z: Math.sin(phi) };
}

/** The great-circle distance between two places in degrees; NaN when any of them is. */
export function distanceKm(latitudeA: number, longitudeA: number, latitudeB: number, longitudeB: number): number {
  return chordToKm(chordSquared(toUnitVector(latitudeA, longitudeA), toUnitVector(latitudeB, longitudeB)));
}

/**
 * The distance as a region's bias makes it: a bias of 1..99 draws clients from farther away (distance × (1 - bias/100)),
 * one of -1..-99 sends them elsewhere (distance ÷ (1 + bias/100)); 0 leaves it as it is.
 */
export function biasedDistanceKm(km: number, bias: number): number {
  return km * biasFactor(bias);
}

/** What a bias multiplies distances by: see biasedDistanceKm. */
export function biasFactor(bias: number): number {
  return bias >= 0 ? 1 - bias / 100 : 1 / (1 + bias / 100);
}

/**
 * The square of the straight line between two points of the unit sphere, 0..4. It grows with the distance, so unbiased
 * distances can be compared by it without any trigonometry, and it stays exact for near points, where a dot product does not.
 */
export function chordSquared(a: UnitVector, b: UnitVector): number {
  const x = a.x - b.x;
  const y = a.y - b.y;
  const z = a.z - b.z;
  return x * x + y * y + z * z;
}

/** The great-circle distance that belongs to the square of a chord. */
export function chordToKm(squared: number): number {
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(squared) / 2));
}

/** The place in the direction of a vector of any length but 0. */
export function toLocation(vector: UnitVector): { readonly latitude: number; readonly longitude: number } {
  const { x, y, z } = vector;
  return { latitude: (Math.atan2(z, Math.hypot(x, y)) * 180) / Math.PI, longitude: (Math.atan2(y, x) * 180) / Math.PI };
}
