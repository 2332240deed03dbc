// A load report as the text that the store keeps: `sequence JSON`. What comes back is checked like any foreign input.

import type { LoadReport, StoredLoadReport } from '../model/load-report.ts';

/** The report as JSON, without its sequence: that is the store's to give. */
export function composeLoadReport(report: LoadReport): string {
  const { subject, connections, capacity, utilisation } = report;
  return JSON.stringify({ subject, connections, capacity, utilisation });
}

const STORED = /^(\d{1,16}) (\{.*\})$/s;

/** Undefined for anything that is not a stored report; quantities that are none are left out. */
export function parseStoredLoadReport(text: string): StoredLoadReport | undefined {
  const match = STORED.exec(text);
  const value = parseJson(match?.[2] ?? '');
  if (typeof value !== 'object' || value === null || !('subject' in value)) return undefined;
  if (typeof value.subject !== 'string') return undefined;
  const connections = 'connections' in value ? readQuantity(value.connections) : undefined;
  const capacity = 'capacity' in value ? readQuantity(value.capacity) : undefined;
  const utilisation = 'utilisation' in value ? readQuantity(value.utilisation) : undefined;
  return {
    subject: value.subject,
    sequence: Number(match?.[1]),
    ...(connections !== undefined && { connections }),
    ...(capacity !== undefined && { capacity }),
    ...(utilisation !== undefined && { utilisation }),
  };
}

function readQuantity(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
