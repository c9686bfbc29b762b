/** Where in its source a log begins or continues, as options. */
import { usageError } from './exit-codes.js';
import type { OptionOf, Options } from './verb.js';

export const startOptions: readonly OptionOf[] = [
  { flags: '--now', what: 'behind everything that the source has committed' },
  { flags: '--gtid-set <set>', what: 'behind this set' },
  { flags: '--position <file:pos>', what: 'at this position of the binlog, without GTIDs' },
];

export const healOption: OptionOf = { flags: '--verify-and-repair', what: 'then compare the targets, and repair what differs' };

type Start =
  | { readonly from: 'now' }
  | { readonly from: 'gtid'; readonly gtidSet: string }
  | { readonly from: 'position'; readonly file: string; readonly pos: number };

/** @throws CliError usage */
export function startOf(options: Options): Start {
  const gtidSet = options.text('gtidSet');
  const position = options.text('position');
  const [, file, pos] = /^(.+):(\d+)$/.exec(position ?? '') ?? [];
  if ([options.flag('now'), gtidSet !== undefined, position !== undefined].filter(Boolean).length !== 1)
    throw usageError('say where to continue, once: --now, --gtid-set or --position');
  if (gtidSet !== undefined) return { from: 'gtid', gtidSet };
  if (position === undefined) return { from: 'now' };
  if (file === undefined) throw usageError('--position takes <file>:<pos>, as mysql-bin.000042:1547');
  return { from: 'position', file, pos: Number(pos) };
}

export function healing(options: Options): { readonly then?: 'verify-and-repair' } {
  return options.flag('verifyAndRepair') ? { then: 'verify-and-repair' } : {}; // oxlint-disable-line unicorn/no-thenable -- a text is no function
}
