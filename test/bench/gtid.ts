/** How many transactions a GTID set holds, and the number in one GTID. Servers of a bench have no tags. Pure. */

/** Of one server's. */
export function transactionsOf(gtidSet: string, uuid: string): number {
  let count = 0;
  for (const part of gtidSet.replaceAll(/\s/g, '').split(',')) {
    const [server, ...intervals] = part.split(':');
    if (server !== uuid) continue;
    for (const interval of intervals) {
      const [from = 0, to = from] = interval.split('-').map(Number);
      count += to - from + 1;
    }
  }
  return count;
}

/** `uuid:7` → 7; 0 for none. */
export function numberOf(gtid: string | null | undefined): number {
  return Number(gtid?.split(':').at(-1) ?? 0);
}
