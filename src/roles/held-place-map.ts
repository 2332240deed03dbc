// The map of clients as the compile thread has it: in memory while rankings are being compiled, on disk otherwise. Rankings
// change rarely, the map takes 50 MB, and reading it back takes a tenth of a second.

import { isMapKept, readCachedMap } from '../databases/map-cache.ts';
import type { PlaceMap } from '../geo/place-map.ts';

/** Where a place map, and the rankings that were compiled for it, are kept. */
export type PlaceMapOrigin = { readonly fingerprint: string; readonly cacheDirectory: string };

export type HeldPlaceMap = {
  /** @throws PlaceMapLostError when it is neither in memory nor on disk. */
  read(): PlaceMap;
  /** Another one takes its place. */
  drop(): void;
};

/** The file is gone, or damaged: the map has to be made again. */
export class PlaceMapLostError extends Error {
  override readonly name = 'PlaceMapLostError';
}

/** Whoever moves a region mostly moves it again, or another one: until then the map stays. */
const HELD_MS = 10_000;

/**
 * `placeMap`: undefined where nobody has read it yet. Without an origin it stays in memory. `onLetGo` is called when what it
 * took has become garbage.
 */
export function holdPlaceMap(
  placeMap: PlaceMap | undefined,
  origin: PlaceMapOrigin | undefined,
  onLetGo: () => void,
  heldMs = HELD_MS,
): HeldPlaceMap {
  let held = placeMap;
  let timer: NodeJS.Timeout | undefined;

  function letGoLater({ cacheDirectory, fingerprint }: PlaceMapOrigin): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      // Where the disk did not take it, it stays.
      if (!isMapKept(cacheDirectory, fingerprint)) return;
      held = undefined;
      onLetGo();
    }, heldMs).unref();
  }

  if (held !== undefined && origin !== undefined) letGoLater(origin);
  return {
    read() {
      held ??= origin && readCachedMap(origin.cacheDirectory, origin.fingerprint);
      if (held === undefined) throw new PlaceMapLostError('the map of clients is neither in memory nor on disk');
      if (origin !== undefined) letGoLater(origin);
      return held;
    },
    drop: () => clearTimeout(timer),
  };
}
