/** What a reader does with what a later level added: it passes what is marked so, counting its seq, and stops at all else by name. */
import { admit, headerNames, newerThanThisBuild, SyncError } from '@lutra/model';
import type { LogRecord, LogState, RecordHeader } from '@lutra/model';
import { expect, it } from 'vitest';
import { canonicalJson, fingerprint } from '../src/canonical-json.js';
import { type RawRecord, RecordDecoder } from '../src/index.js';
import { codec, header, MemoryIds, raw } from './samples.js';

const epoch: RecordHeader = { kind: 'epoch', log: '', seq: -1, epoch: 7 };
const heartbeat = {
  kind: 'heartbeat',
  endpoint: 'hz-1',
  position: { file: 'binlog.000001', pos: 4, gtidSet: null },
  seen: {},
  resolutions: 0,
  publishedThrough: null,
  tsMs: 1,
} as const;

/** A record of a kind that this build does not know. */
function later(record: RawRecord, { skip }: { readonly skip?: string } = {}): RawRecord {
  const headers = { ...record.headers, [headerNames.kind]: 'later-kind', [headerNames.control]: 'later-kind' };
  return { ...record, headers: skip === undefined ? headers : { ...headers, 'lutra-skip': skip } };
}

async function thrown(work: () => LogRecord | Promise<LogRecord>): Promise<SyncError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof SyncError) return error;
  }
  throw new Error('nothing was thrown');
}

it('a record of an unknown kind that may be passed by is passed, and its seq counts', async () => {
  const { encoder, decoder } = codec();
  const at = async (seq: number) => raw(await encoder.encodeControl({ ...header, kind: 'heartbeat', seq }, heartbeat), seq + 1);
  const first = raw(await encoder.encodeControl(epoch, { kind: 'epoch', endpoint: 'hz-1', leader: 'x', tsMs: 1 }), 0);
  const records = [first, await at(0), later(await at(1), { skip: '1' }), await at(2)];
  let state: LogState = { log: '', epoch: -1, seq: null };
  const verdicts: string[] = [];
  for (const each of records) {
    const record = await decoder.decode(each);
    const admitted = admit(state, record.header, record.offset);
    state = admitted.state;
    verdicts.push(`${record.body.kind} ${admitted.verdict}`);
  }
  expect(verdicts).toEqual(['epoch epoch', 'heartbeat valid', 'unknown valid', 'heartbeat valid']);
});

it('its value is not looked at: neither its schema nor its bytes are known here', async () => {
  const { encoder } = codec();
  const record = later(raw(await encoder.encodeControl({ ...header, kind: 'heartbeat' }, heartbeat)), { skip: '1' });
  const decoder = new RecordDecoder({ ids: new MemoryIds() });
  for (const value of [record.value, Buffer.from([9]), null])
    expect(await decoder.decode({ ...record, value })).toMatchObject({
      header: { seq: 41, epoch: 7 },
      body: { kind: 'unknown', name: 'later-kind' },
    });
});

it.each([undefined, '', '0', 'true'])('one that is marked %j is refused by name, not skipped', async (skip) => {
  const { encoder, decoder } = codec();
  const record = raw(await encoder.encodeControl({ ...header, kind: 'heartbeat' }, heartbeat));
  const error = await thrown(() => decoder.decode(later(record, skip === undefined ? {} : { skip })));
  expect(error).toMatchObject({ code: 'LEVEL_TOO_NEW', details: { offset: 77 } });
  expect(error.message).toContain(`offset 77: a record of kind "later-kind", ${newerThanThisBuild}`);
});

it('the mark passes nothing that is known: a row or a route is read all the same', async () => {
  const { encoder, decoder } = codec();
  const record = raw(await encoder.encodeControl({ ...header, kind: 'heartbeat' }, heartbeat));
  expect((await decoder.decode({ ...record, headers: { ...record.headers, 'lutra-skip': '1' } })).body).toEqual(heartbeat);
});

it('a field that this build does not know stops it: passing it by could lose what it says', async () => {
  const { encoder, ids } = codec();
  const record = raw(await encoder.encodeControl({ ...header, kind: 'heartbeat' }, heartbeat));
  const [[id, json] = [0, '']] = ids.schemas;
  const schema = JSON.parse(json) as { fields: object[] };
  schema.fields.push({ name: 'test_note', type: ['null', 'string'], default: null });
  const newer = new MemoryIds();
  newer.schemas.set(id, JSON.stringify(schema));
  const headers = { ...record.headers, [headerNames.schema]: fingerprint(canonicalJson(schema)) };
  const value = Buffer.concat([record.value ?? Buffer.alloc(0), Buffer.from([0])]);
  const error = await thrown(() => new RecordDecoder({ ids: newer }).decode({ ...record, headers, value }));
  expect(error).toMatchObject({ code: 'LEVEL_TOO_NEW' });
  expect(error.message).toMatch(/field test_note of the schema lutra\.control\.Heartbeat.*newer than this build/);
});
