import { endpointSchema, regionSchema } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { assignedEndpoints } from './assignments.js';
import { storedChannel } from '../../../libs/model/src/pipeline-uid.fixture.js';
import type { ChannelText } from '../../../libs/model/src/pipeline-uid.fixture.js';

const region = regionSchema.parse({ name: 'hangzhou', kafka: { brokers: ['k:9092'] } });
const password = { alg: 'aes-256-gcm', iv: '', tag: '', data: '' };
const endpoint = endpointSchema.parse({ name: 'a', region: 'hangzhou', host: 'h', user: 'u', password, serverId: 7 });
const channel = (name: string, state: string, schema: string, attempt = 0) =>
  storedChannel({ name, state, attempt, pipelines: [{ name: 'p', source: 'a', target: 'b', routes: [{ schema }] }] });

function assignments(...channels: ReturnType<typeof channel>[]) {
  const documents = {
    regions: new Map([['hangzhou', region]]),
    endpoints: new Map([['a', endpoint]]),
    channels: new Map(channels.map((one) => [one.name, one])),
  };
  return assignedEndpoints(documents, { region: 'hangzhou', only: null }).get('a');
}
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

  it('anew when a loader is to write to them, or tries again: markers must be seen to come back first', () => {
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
    expect(works[1]?.fingerprint).toBe(works[0]?.fingerprint);
    expect(new Set(works.map((work) => work?.fingerprint)).size).toBe(3);
  });

  it('anew when somebody asks for a retry, and not when a channel is paused', () => {
    const running = assignments(channel('x', 'running', 'shop'))?.fingerprint;
    expect(assignments(channel('x', 'running', 'shop', 1))?.fingerprint).not.toBe(running);
    expect(assignments(channel('x', 'paused', 'shop'))?.fingerprint).toBe(running);
  });

  it('anew when one pipeline takes a table over from another, though the tables stay the same', () => {
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
    expect(after?.value.routes).toEqual(before?.value.routes);
    expect(after?.fingerprint).not.toBe(before?.fingerprint);
  });

  it('with the copies of those tables that a pipeline forwards, and anew when that changes', () => {
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
    expect(two(true)?.fingerprint).not.toBe(two(false)?.fingerprint);
  });

  it('with the channels at work for which a table that cannot be read stops it; anew when one changes its mind', () => {
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
    expect(assignments(says('x', 'stop'))?.fingerprint).not.toBe(assignments(says('x', 'suspend'))?.fingerprint);
    expect(assignments(says('x', undefined))?.value.routes).toEqual(routes);
  });
});
