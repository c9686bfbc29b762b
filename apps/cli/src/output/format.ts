/** Numbers and times for people. */
import type { Tone } from './text.js';

export function count(number: number): string {
  return number.toLocaleString('en-US');
}

/** 1,234 → 1.2 s */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '-';
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

/** In UTC. */
export function time(at: number | string | null | undefined): string {
  if (at === null || at === undefined) return '-';
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, '');
}

export function bytes(size: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;
  const at = size < 1 ? 0 : Math.min(Math.floor(Math.log(size) / Math.log(1024)), units.length - 1);
  const value = size / 1024 ** at;
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}

const tones: Readonly<Record<string, Tone>> = {
  running: 'good',
  failed: 'bad',
  absent: 'bad',
  held: 'bad',
  waiting: 'odd',
  starting: 'odd',
  paused: 'odd',
  stopped: 'faint',
};

export function toneOfState(state: string): Tone | undefined {
  return tones[state];
}

/** A row of a table, or its key: {"id":["i","7"]} → id=7 */
export function rowText(row: Readonly<Record<string, unknown>> | null): string {
  if (row === null) return '-';
  return Object.entries(row)
    .map(([column, value]) => `${column}=${valueText(value)}`)
    .join(' ');
}

/** ["i", digits], ["b", base64], ["f", "-0"], ["cut", length] where JSON has no word. */
export function valueText(value: unknown): string {
  if (!Array.isArray(value)) return typeof value === 'string' ? value : JSON.stringify(value ?? null);
  const [kind, text] = value as readonly unknown[];
  if (kind === 'b') return `0x${Buffer.from(String(text), 'base64').toString('hex')}`;
  return kind === 'cut' ? `(${String(text)} bytes)` : String(text);
}
