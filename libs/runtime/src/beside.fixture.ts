/** Functions that run beside, well and badly. */
import { SyncError } from '@lutra/model';
import { beside } from './beside.js';

export function describe(bytes: Buffer, suffix: string): { readonly text: string; readonly bytes: number } {
  return { text: bytes.toString('utf8') + suffix, bytes: bytes.length };
}

export function refuse(how: string): never {
  if (how === 'range') throw new RangeError('out of range');
  throw new SyncError('RECORD_INVALID', 'refused', { details: { at: 1 } });
}

export function die(): never {
  process.exit(3);
}

export const largeWork = beside(import.meta.url, describe);
export const refusing = beside(import.meta.url, refuse);
export const dying = beside(import.meta.url, die);

export function spin(ms: number): number {
  for (const until = performance.now() + ms; performance.now() < until;);
  return ms;
}
export const bounded = beside(import.meta.url, spin, { ms: 200, late: () => new SyncError('CONFIG_INVALID', 'it took too long') });
