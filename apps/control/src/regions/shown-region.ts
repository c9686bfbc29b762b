/** A region without its secrets: that they are there, and where references lead. */
import type { RegionDocument } from '@lutra/model';
import { referenceOf } from '@lutra/registry';
import type { RegionOutput } from '../http/schemas.js';

export function shownRegion({ kafka: { brokers, tls, sasl }, ...region }: RegionDocument): RegionOutput {
  const { key, ...trust } = tls ?? { verify: true };
  const [keyFrom, passwordFrom] = [key && referenceOf(key), sasl && referenceOf(sasl.password)];
  return {
    ...region,
    kafka: {
      brokers,
      ...(tls && { tls: { ...trust, ...(key && { keySet: true }), ...(keyFrom !== undefined && { keyFrom }) } }),
      ...(sasl && {
        sasl: {
          mechanism: sasl.mechanism,
          user: sasl.user,
          passwordSet: true,
          ...(passwordFrom !== undefined && { passwordFrom }),
        },
      }),
    },
  };
}
