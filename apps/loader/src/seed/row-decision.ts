/**
 * What becomes of a row that was read at the source where there is another version of it at the target, or one of its unique values. It
 * never wins against a change. Pure.
 */
import type { ChunkPurpose } from '@lutra/model';

/** As lutra.seed counts them; `again`: it is to be read once more. */
export type RowOutcome = 'inserted' | 'equal' | 'replaced' | 'kept' | 'yielded' | 'clash' | 'again';

/** Whose version stays where both are there, differ, and nobody has changed them. */
export type Stays = 'incoming' | 'existing' | 'stop';

export interface Direction {
  readonly source: string;
  readonly target: string;
  /** The table flows both ways; the home region then. null: one way. */
  readonly home: string | null;
}

/**
 * Both ways a region is named, for two sides would swap their versions under `source`, and keep them under `target`. A region that is
 * neither of the two sends its own row to both.
 */
export function staysOf(purpose: ChunkPurpose, onExisting: string | null, { source, home }: Direction): Stays {
  if (purpose === 'repair') return 'incoming';
  if (home === null) {
    if (onExisting === 'stop') return 'stop';
    return onExisting === 'target' ? 'existing' : 'incoming';
  }
  if (onExisting === 'stop') return 'stop';
  return (onExisting ?? home) === source ? 'incoming' : 'existing';
}

export interface RowAtHand {
  /** Somebody changed the row, or a unique value of it, after what the chunk had seen. */
  readonly changed: 'primary' | 'unique' | null;
  readonly isThere: boolean;
  readonly isEqual: boolean;
  /** Other rows hold a unique value of it, and may not be deleted. */
  readonly isHeld: boolean;
  readonly stays: Stays;
}

/** `inserted` and `replaced`: it is to be written. `stop`: the order wants that. */
export function decideRow({ changed, isThere, isEqual, isHeld, stays }: RowAtHand): RowOutcome | 'stop' {
  if (changed !== null) return changed === 'primary' ? 'yielded' : 'again';
  if (isThere && isEqual) return 'equal';
  if (isThere && stays !== 'incoming') return stays === 'stop' ? 'stop' : 'kept';
  if (isHeld) return stays === 'stop' ? 'stop' : 'clash';
  return isThere ? 'replaced' : 'inserted';
}
