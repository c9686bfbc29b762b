/**
 * The stops that may happen, by their reason: a closed list. Whatever else stops a pipeline is a finding, and so is a stop whose reason was
 * not there. Each entry is a sentence of the docs.
 */
import type { ErrorCode } from '@lutra/model';
import type { Stop } from './field.js';
import type { Step } from './script.js';
import type { Table } from './table.js';

interface ExpectedStop {
  readonly name: string;
  readonly code: ErrorCode;
  /** What its message says. */
  readonly says?: RegExp;
  /** Whether something that was sent since the last quiet is its reason. */
  readonly reason: (steps: readonly Step[], tables: readonly Table[]) => boolean;
}

function hazard(name: string, code: ErrorCode): ExpectedStop {
  return { name, code, reason: (steps) => steps.at(-1)?.kind === `hazard ${name}` };
}

export const expectedStops: readonly ExpectedStop[] = [
  {
    name: 'a schema change of a routed table',
    code: 'DDL_HELD',
    reason: (steps) => steps.at(-1)?.definition?.concerns === 'routed',
  },
  {
    name: 'a table that comes with rows',
    code: 'DDL_HELD',
    reason: (steps) => steps.at(-1)?.definition?.concerns === 'filled',
  },
  {
    name: 'ON UPDATE of MySQL 9.7',
    code: 'ROW_CONFLICT',
    reason: (steps, tables) =>
      tables.some(({ references }) => references.some(({ parent, actions }) => actions.includes('ON UPDATE') && touches(steps, parent))),
  },
  hazard('statement', 'BINLOG_UNSUPPORTED'),
  hazard('image', 'SOURCE_SETTINGS'),
  { ...hazard('image', 'BINLOG_UNSUPPORTED'), says: /rows without the column .*binlog_row_image=FULL/ },
];

/** What the checks may refuse of a round's tables before a row of theirs is replicated: by the problem's id. */
export const expectedRefusals: ReadonlySet<string> = new Set(['session-of-first-use', 'table-cascade-chain']);

function touches(steps: readonly Step[], table: string): boolean {
  return steps.some(({ sql }) => sql.includes(`\`${table}\``));
}

export function expectedStop({ code, message }: Stop, steps: readonly Step[], tables: readonly Table[] = []): string | undefined {
  const found = expectedStops.find((one) => one.code === code && (one.says?.test(message) ?? true) && one.reason(steps, tables));
  return found?.name;
}
