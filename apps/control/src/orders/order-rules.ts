/** What orders of seeding, of verification and of repair have in common. */
import { SyncError } from '@lutra/model';
import type { SeedOrder } from '@lutra/model';
import { currentAuthor } from '../configuration/author.js';
import type { OrderAction } from './orders.schemas.js';

type OrderState = SeedOrder['state'];

/** @throws SyncError CONFIG_CONFLICT */
export function requireLevel(current: number): void {
  if (current >= 2) return;
  const what = `the cluster is at level ${current}, and rows that are copied and compared are of level 2`;
  throw new SyncError('CONFIG_CONFLICT', `${what}: raise it first (POST /api/v1/level; docs/02-setup.md, Upgrading)`);
}

/** @throws SyncError CONFIG_CONFLICT */
export function requireOrphansLevel(current: number): void {
  if (current >= 5) return;
  const what = `the cluster is at level ${current}, and files that no row names are moved to the trash from level 5 on`;
  throw new SyncError('CONFIG_CONFLICT', `${what}: raise it first (POST /api/v1/level; docs/02-setup.md, Upgrading)`);
}

/** @throws SyncError CONFIG_CONFLICT */
export function stateAfter(action: OrderAction, state: OrderState, what: string): OrderState {
  const next = ({ pause: 'paused', resume: 'running', cancel: 'cancelled' } as const)[action];
  if (state !== 'cancelled' || next === 'cancelled') return next;
  throw new SyncError('CONFIG_CONFLICT', `${what} is cancelled; order another one`);
}

/** Who orders it, and why: for whoever reads the order later. */
export function orderedBy(reason: string | undefined): string {
  const { by } = currentAuthor();
  return reason === undefined ? by : `${by}: ${reason}`;
}
