/** Questions about GTIDs as text, for both flavours: MySQL's sets have colons, MariaDB's positions have none. */
import { SyncError } from '@lutra/model';
import { GtidPosition } from './gtid-position.js';
import { GtidSet } from './gtid-set.js';

export type ExecutedSet = GtidSet | GtidPosition;

/** The empty text is the empty set of either flavour; `like` says of which one. */
export function parseGtids(text: string, like: string = text): ExecutedSet {
  return isMariadb(text.trim() === '' ? like : text) ? GtidPosition.parse(text) : GtidSet.parse(text);
}

function isMariadb(text: string): boolean {
  return text.trim() !== '' && !text.includes(':');
}

function pair(a: string, b: string): [GtidSet, GtidSet] | [GtidPosition, GtidPosition] {
  const [first, second] = [parseGtids(a, b), parseGtids(b, a)];
  if (first instanceof GtidSet && second instanceof GtidSet) return [first, second];
  if (first instanceof GtidPosition && second instanceof GtidPosition) return [first, second];
  throw new SyncError('CONFIG_INVALID', 'GTIDs of MySQL and of MariaDB cannot be compared');
}

/** a ⊆ b */
export function gtidSubset(a: string, b: string): boolean {
  const [first, second] = pair(a, b);
  return first instanceof GtidSet ? first.isSubsetOf(second as GtidSet) : first.isSubsetOf(second as GtidPosition);
}

export function gtidContains(set: string, gtid: string): boolean {
  return parseGtids(set, gtid).contains(gtid);
}

export function gtidAdd(set: string, gtid: string): string {
  const sum = parseGtids(set, gtid);
  sum.add(gtid);
  return sum.toString();
}

export function gtidUnion(a: string, b: string): string {
  const [first, second] = pair(a, b);
  if (first instanceof GtidSet) first.addAll(second as GtidSet);
  else first.addAll(second as GtidPosition);
  return first.toString();
}
