/**
 * The stops that may happen, by their reason: a closed list. Whatever else stops a pipeline is a finding, and so is a stop for a reason that was not there.
 */
import type { Step } from './script.js';
import type { Stop } from './field.js';

interface ExpectedStop {
  readonly name: string;
  readonly code: string;
  /** What the message or its details say. */
  readonly says: RegExp;
  /** Whether something in what was sent since the last quiet is its reason. */
  readonly reason: (steps: readonly Step[]) => boolean;
}

export const expectedStops: readonly ExpectedStop[] = [
  {
    name: 'DDL on a routed table',
    code: 'DDL_UNSUPPORTED',
    says: /./,
    reason: (steps) => steps.some(({ definition }) => definition?.concerns === 'routed'),
  },
  { name: 'XA', code: 'BINLOG_UNSUPPORTED', says: /XA/, reason: (steps) => steps.some(({ sql }) => /^XA /.test(sql)) },
  {
    name: 'a session in STATEMENT format',
    code: 'BINLOG_UNSUPPORTED',
    says: /statement/i,
    reason: (steps) => steps.some(({ sql }) => /binlog_format/.test(sql)),
  },
  {
    name: 'a JSON value with a DECIMAL',
    code: 'VALUE_UNSUPPORTED',
    says: /./,
    reason: (steps) => steps.some(({ kind }) => kind === 'hazard json decimal'),
  },
  {
    name: 'the empty error value of an ENUM',
    code: 'VALUE_UNSUPPORTED',
    says: /./,
    reason: (steps) => steps.some(({ kind }) => kind === 'hazard enum'),
  },
];

export function expectedStop(stop: Stop, steps: readonly Step[]): string | undefined {
  return expectedStops.find(({ code, says, reason }) => code === stop.code && says.test(stop.message) && reason(steps))?.name;
}
