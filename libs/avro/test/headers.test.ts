/** What a consumer can tell by headers alone. */
import { expect, it } from 'vitest';
import { headerNames } from '@lutra/model';
import { codec, eventOf, header, rowOf, tableOf } from './samples.js';

it('a control record bears a header that no row event has: filters that only ask whether one is there can tell them apart', async () => {
  const { encoder } = codec();
  const table = tableOf([{ name: 'id', type: 'int' }]);
  const row = (await encoder.prepare(table)).encode(header, eventOf(table, { before: null, after: rowOf([['id', 7]]) }));
  const routes = await encoder.encodeControl(
    { ...header, kind: 'routes' },
    { kind: 'routes', endpoint: 'hz-1', tables: [], pipelines: {}, names: {}, revision: 7, write: 'aaaaaaaaaaaa', server: null, tsMs: 0 },
  );
  expect(row.headers).not.toHaveProperty(headerNames.control);
  expect(routes.headers).toHaveProperty(headerNames.control, 'routes');
});
