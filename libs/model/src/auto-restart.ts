/** Stops that are tried again without a person: which codes, how often, and when. */
import { z } from 'zod';
import { errorTable } from './error-table.js';
import type { ErrorCode } from './error-table.js';

/** Codes of a stop. What passes by itself is tried again in any case, for ever. */
export const stopCodes = Object.entries(errorTable).flatMap(([code, { outcome }]) => (outcome === 'stop' ? [code as ErrorCode] : []));

export const autoRestartSchema = z.array(z.enum(stopCodes as [ErrorCode, ...ErrorCode[]])).max(stopCodes.length);

/** A stop that was tried again by itself. */
export interface RestartTry {
  readonly code: ErrorCode;
  /** ms since 1970. */
  readonly at: number;
}

/** How long each try waits, ms. After the last one within an hour the work waits for a person. */
export const restartWaitsMs = [30_000, 120_000, 480_000] as const;
export const restartWindowMs = 3_600_000;
