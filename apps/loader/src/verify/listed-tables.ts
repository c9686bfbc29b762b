/** Which pairs of tables an order of verification is about, as the servers have them now. */
import { createRuleFinder, policyTraits } from '@lutra/model';
import type { TableName, VerificationOrder } from '@lutra/model';
import type { VerifyWork } from './assignments.js';
import { baseTables } from './server-facts.js';
import type { Servers } from './servers.js';
import { listPairs, requireFew } from './table-list.js';
import type { ListedPair } from './table-list.js';

export interface Listing {
  readonly work: VerifyWork;
  readonly order: Pick<VerificationOrder, 'tables' | 'pipelines'>;
}

/** @throws SyncError CONFIG_INVALID: they are too many */
export async function listTables({ work, order }: Listing, servers: Servers): Promise<readonly ListedPair[]> {
  const pipelines = work.pipelines.filter(({ name }) => order.pipelines?.includes(name) ?? true);
  const sides = new Map<string, 'source' | 'target'>();
  for (const { source, target } of pipelines) {
    if (!sides.has(source.name)) sides.set(source.name, 'source');
    if (!sides.has(target.name)) sides.set(target.name, 'target');
  }
  const asked = [...sides].map(async ([name, side]) => [name, await baseTables(await servers.of(name, side))] as const);
  const names = new Map<string, readonly TableName[]>(await Promise.all(asked));
  const listed = listPairs({
    pipelines,
    all: work.pipelines,
    patterns: order.tables,
    tablesOf: (endpoint) => names.get(endpoint) ?? [],
    keepsRows: keeper(work.rules),
  });
  requireFew(listed);
  return listed;
}

/** Where one side always wins, rows of the target's own may stay. */
function keeper(rules: VerifyWork['rules']): (target: TableName) => boolean {
  const find = createRuleFinder(rules);
  return (target) => policyTraits[find(target).policy].winner === 'one side';
}
