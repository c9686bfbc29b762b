/** Warns of what was asked for in the source and not done, once in a leadership: an application may do it with every transaction. */
import type { Logger } from '@lutra/telemetry';
import type { Output } from '../stream/output.js';

type Ignored = Extract<Output, { kind: 'ignored' }>;

const texts: { readonly [W in Ignored['what']]: string } = {
  resolution: 'a resolution in lutra.signal that no loader wrote is not published; nobody else should write there',
  skip: 'a transaction was published whole: it asked not to be replicated only after its first row; the request must come first',
};

export function warnOnce(logger: Pick<Logger, 'warn'>): (ignored: Ignored) => void {
  const warned = new Set<Ignored['what']>();
  return ({ what, at }) => {
    if (warned.has(what)) return;
    warned.add(what);
    logger.warn({ ...at }, texts[what]);
  };
}
