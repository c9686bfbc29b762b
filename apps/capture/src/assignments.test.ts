import { endpointSchema, regionSchema } from '@lutra/model';
import type { EndpointDocument, RegionDocument } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { assignedEndpoints } from './assignments.js';
import { storedChannel, uidOf } from '../../../libs/model/src/pipeline-uid.fixture.js';
import type { ChannelText } from '../../../libs/model/src/pipeline-uid.fixture.js';

const region = regionSchema.parse({ name: 'hangzhou', kafka: { brokers: ['k:9092'] } });
const password = { alg: 'aes-256-gcm', iv: '', tag: '', data: '' };
const endpoint = endpointSchema.parse({ name: 'a', region: 'hangzhou', host: 'h', user: 'u', password, serverId: 7 });
const channel = (name: string, state: string, schema: string, attempt = 0) =>
  storedChannel({ name, state, attempt, pipelines: [{ name: 'p', source: 'a', target: 'b', routes: [{ schema }] }] });

function assignments(...channels: ReturnType<typeof channel>[]) {
  return of(endpoint, region, channels);
}
function of(captured: EndpointDocument, from: RegionDocument, channels: readonly ReturnType<typeof channel>[]) {
  const documents = {
    regions: new Map([['hangzhou', from]]),
    endpoints: new Map([['a', captured]]),
    channels: new Map(channels.map((one) => [one.name, one])),
  };
  return assignedEndpoints(documents, { region: 'hangzhou', only: null }).get('a');
}
type Assigned = ReturnType<typeof assignments>;
const identityOf = (work: Assigned) => work?.fingerprint;
/** All by which it works, taken while it runs. */
const liveOf = (work: Assigned) => work?.live;
const schemas = (...channels: ReturnType<typeof channel>[]) => assignments(...channels)?.value.routes.map((route) => route.schema);

describe('which endpoints are captured', () => {
  it('those that a channel reads that is not stopped', () => {
    expect(assignments()).toBeUndefined();
    expect(assignments(channel('x', 'stopped', 'shop'))).toBeUndefined();
    expect(schemas(channel('x', 'paused', 'shop'))).toEqual(['shop']);
  });

  it('with the tables of stopped channels too, or their loaders would miss what happens meanwhile', () => {
    expect(schemas(channel('x', 'stopped', 'shop'), channel('y', 'running', 'crm'))).toEqual(['shop', 'crm']);
  });

  it('as a target when a loader is to write to them, anew when it tries again: markers must be seen to come back first', () => {
    const back = (state: string, attempt = 0) =>
      storedChannel({
        name: 'y',
        state,
        attempt,
        pipelines: [{ name: 'p', source: 'b', target: 'a', routes: [{ schema: 'shop' }] }],
      });
    const works = [[], [back('stopped')], [back('running')], [back('running', 1)]].map((more) =>
      assignments(channel('x', 'running', 'shop'), ...more),
    );
    expect(works.map((work) => work?.value.isTarget)).toEqual([false, false, true, true]);
    expect(liveOf(works[1])).toBe(liveOf(works[0]));
    expect(liveOf(works[2])).not.toBe(liveOf(works[1]));
    const [x, y] = [{ x: 0, [uidOf('x.p')]: 0 }, { [uidOf('y.p')]: 0 }];
    expect(works.map((work) => work?.attempts)).toEqual([x, x, { ...x, y: 0, ...y }, { ...x, y: 1, ...y }]);
    expect(new Set(works.map(identityOf)).size).toBe(1);
  });

  it('with the tables of a stopped pipeline too, for as long as another one reads the log', () => {
    const fan = (ab: 'running' | 'stopped', ac: 'running' | 'stopped') => ({
      ...storedChannel({
        name: 'x',
        state: 'running',
        onUnsupported: 'stop',
        pipelines: ['b', 'c'].map((target) => ({ name: `a${target}`, source: 'a', target, routes: [{ schema: target }] })),
      }),
      wishes: { pipelines: { [uidOf('x.ab')]: ab, [uidOf('x.ac')]: ac } },
    });
    const work = assignments(fan('stopped', 'running'));
    expect(work?.value.routes.map(({ schema }) => schema)).toEqual(['b', 'c']);
    expect(work?.value.stopping.flatMap(({ routes }) => routes.map(({ schema }) => schema))).toEqual(['c']);
    expect(assignments(fan('stopped', 'stopped'))).toBeUndefined();
  });

  it('anew when somebody asks for a retry, and not when a channel is paused', () => {
    const running = assignments(channel('x', 'running', 'shop'));
    expect(assignments(channel('x', 'running', 'shop', 1))?.attempts).not.toEqual(running?.attempts);
    expect({ ...assignments(channel('x', 'paused', 'shop')), value: null }).toEqual({ ...running, value: null });
  });

  it('anew with another password, and not when the one that they have is sealed with another key', () => {
    const sealed = (kid: string, id: string) => ({ v: 2, kid, id, iv: kid, tag: kid, data: kid }) as const;
    const identityWith = (kid: string, id: string) => {
      const sasl = { mechanism: 'scram-sha-512', user: 'u', password: sealed(kid, `kafka ${id}`) } as const;
      const from = { ...region, kafka: { ...region.kafka, sasl } };
      return identityOf(of({ ...endpoint, password: sealed(kid, id) }, from, [channel('x', 'running', 'shop')]));
    };
    expect(identityWith('young', 'one')).toBe(identityWith('old', 'one'));
    expect(identityWith('old', 'two')).not.toBe(identityWith('old', 'one'));
  });

  it('anew when the server, its login, its log or its Kafka is another one, and not by what is taken while it runs', () => {
    const channels = [channel('x', 'running', 'shop')];
    const before = assignments(...channels);
    const others = [
      { host: 'g' },
      { port: 1 },
      { user: 'v' },
      { serverId: 8 },
      { tls: {} },
      { topic: { ...endpoint.topic, maxMessageBytes: 1e6 } },
    ];
    for (const other of others)
      expect(identityOf(of({ ...endpoint, ...other } as EndpointDocument, region, channels))).not.toBe(identityOf(before));
    expect(identityOf(of(endpoint, { ...region, kafka: { brokers: ['l:1'] } }, channels))).not.toBe(identityOf(before));
    const edited = of({ ...endpoint, topic: { ...endpoint.topic, retentionMs: 60_000 } }, region, channels);
    expect(identityOf(edited)).toBe(identityOf(before));
    expect(liveOf(edited)).not.toBe(liveOf(before));
    expect(liveOf(of({ ...endpoint, description: 'new' }, region, channels))).toBe(liveOf(before));
  });

  it('otherwise when one pipeline takes a table over from another, though the tables stay the same', () => {
    const two = (first: readonly string[], second: readonly string[]) =>
      assignments(
        storedChannel({
          name: 'x',
          state: 'running',
          pipelines: [
            { name: 'p', source: 'a', target: 'b', routes: first.map((schema) => ({ schema })) },
            { name: 'q', source: 'a', target: 'c', routes: second.map((schema) => ({ schema })) },
          ],
        }),
      );
    const [before, after] = [two(['shop'], ['crm', 'erp']), two(['shop', 'crm'], ['erp'])];
    const plain = (of: Assigned) => of?.value.routes.map(({ schema, table }) => [schema, table]);
    expect(plain(after)).toEqual(plain(before));
    expect(liveOf(after)).not.toBe(liveOf(before));
  });

  it('with the copies of those tables that a pipeline forwards, and otherwise when that changes', () => {
    const two = (forwards: boolean) =>
      assignments(
        storedChannel({
          name: 'x',
          state: 'running',
          pipelines: [
            { name: 'p', source: 'a', target: 'b', routes: [{ schema: 'shop' }], forwards },
            { name: 'q', source: 'a', target: 'c', routes: [{ schema: 'crm' }] },
          ],
        }),
      );
    expect(two(true)?.value.forwarded.map(({ schema }) => schema)).toEqual(['shop']);
    expect(two(false)?.value.forwarded).toEqual([]);
    expect(liveOf(two(true))).not.toBe(liveOf(two(false)));
  });

  it('with the channels at work for which a table that cannot be read stops it; otherwise when one changes its mind', () => {
    const says = (name: string, onUnsupported: 'stop' | 'suspend' | undefined, state = 'running', more: ChannelText['pipelines'] = []) =>
      storedChannel({
        name,
        state,
        ...(onUnsupported && { onUnsupported }),
        pipelines: [{ name: 'p', source: 'a', target: 'b', routes: [{ schema: name }], exclude: ['tmp'] }, ...more],
      });
    const stopping = (...channels: ReturnType<typeof says>[]) => assignments(...channels)?.value.stopping;
    expect(stopping(says('x', undefined), says('y', 'suspend'))).toEqual([]);
    const routes = [{ schema: 'x', table: '*', exclude: ['tmp'] }];
    expect(stopping(says('x', 'stop'), says('y', 'suspend'))).toEqual([{ channel: 'x', routes }]);
    expect(stopping(says('x', 'stop', 'stopped'), says('y', 'suspend'))).toEqual([]);
    const back = [{ name: 'q', source: 'b', target: 'a', routes: [{ schema: 'x' }] }];
    expect(stopping(says('x', undefined, 'running', back))).toEqual([{ channel: 'x', routes }]);
    expect(assignments(says('x', 'suspend', 'stopped', back), says('y', 'suspend'))?.value.writers).toMatchObject([{ name: 'x.q' }]);
    expect(assignments(says('x', 'suspend'))?.value.writers).toEqual([]);
    expect(liveOf(assignments(says('x', 'stop')))).not.toBe(liveOf(assignments(says('x', 'suspend'))));
    expect(assignments(says('x', undefined))?.value.routes).toMatchObject(routes);
  });
});
