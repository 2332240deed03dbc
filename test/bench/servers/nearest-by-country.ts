// Knot DNS and PowerDNS steer by country, not by distance: every country is given the data centre nearest to its middle.

import { findCountry } from '../../../src/geo/countries.ts';
import { type DataCentre, rankByDistance } from '../bench-zone.ts';

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

export type CountryAnswer = { /** ISO 3166-1 alpha-2. */ readonly country: string; readonly address: string };

export function answerByCountry(dataCentres: readonly DataCentre[]): readonly CountryAnswer[] {
  const codes = LETTERS.flatMap((first) => LETTERS.map((second) => first + second));
  return codes.flatMap((code) => {
    const country = findCountry(code);
    const nearest = country && rankByDistance(dataCentres, country)[0]?.dataCentre;
    return nearest === undefined ? [] : [{ country: code, address: nearest.address }];
  });
}
