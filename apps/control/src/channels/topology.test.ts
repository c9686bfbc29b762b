import type { ChannelInput } from '@lutra/model';
import { channelInputSchema } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import type { EndpointAddress } from './pipeline.rules.js';
import { channelProblems, newErrors, topologyProblems } from './topology.js';

type RouteText = string;

/** `shop.orders`, `shop.*`, `shop.orders>there.orders2` */
function route(text: RouteText): unknown {
  const [from = '', to] = text.split('>');
  const [schema, table] = from.split('.');
  if (to === undefined) return { schema, table };
  const [toSchema, toTable] = to.split('.');
  return { schema, table, to: { ...(toSchema && { schema: toSchema }), ...(toTable && { table: toTable }) } };
}

/** `name: source>target routes…` each; `>>` where it forwards */
function channel(name: string, ...pipelines: readonly string[]): ChannelInput {
  return channelInputSchema.parse({
    name,
    pipelines: pipelines.map((text) => {
      const [head = '', way = '', ...routes] = text.split(' ');
      const [source, target] = way.split(/>+/);
      return {
        name: head.replace(':', ''),
        source,
        target,
        forwards: way.includes('>>'),
        routes: (routes.length > 0 ? routes : ['shop.*']).map(route),
      };
    }),
  });
}

const address = (name: string, region = name): EndpointAddress => ({ name, region, host: `${name}.example`, port: 3306 });
const endpoints = ['a', 'b', 'c', 'd'].map((name) => address(name));

const idsOf = (channels: readonly ChannelInput[], addresses = endpoints): readonly string[] =>
  topologyProblems({ endpoints: addresses, channels }).map((problem) => problem.id);

describe('pipelines and routes on their own', () => {
  it('one way and two ways between two regions are fine', () => {
    expect(idsOf([channel('one', 'p: a>b')])).toEqual([]);
    expect(idsOf([channel('two', 'there: a>b', 'back: b>a')])).toEqual([]);
  });

  it('endpoints exist, differ, and pipelines have names of their own', () => {
    expect(idsOf([channel('x', 'p: a>nowhere')])).toEqual(['endpoint-missing']);
    expect(idsOf([channel('x', 'p: a>a')])).toContain('pipeline-into-itself');
    expect(idsOf([channel('x', 'p: a>b shop.orders', 'p: a>b shop.users')])).toEqual(['pipeline-name-taken']);
  });

  it('tells the whole list at once', () => {
    const ids = idsOf([channel('x', 'p: a>nowhere s*.*>other', 'q: ghost>b mysql.*')]);
    expect(ids.toSorted()).toEqual(['endpoint-missing', 'endpoint-missing', 'route-rename-pattern', 'route-reserved'].toSorted());
  });

  it('a rename is spelled out on both sides', () => {
    expect(idsOf([channel('x', 'p: a>b shop.orders>there.orders')])).toEqual([]);
    expect(idsOf([channel('x', 'p: a>b shop.*>there')])).toEqual([]);
    expect(idsOf([channel('x', 'p: a>b s*.orders>there')])).toEqual(['route-rename-pattern']);
    expect(idsOf([channel('x', 'p: a>b shop.orders>there.o*')])).toEqual(['route-rename-pattern']);
  });

  it('nothing is written into the schemas of the server or of Lutra, nor read from them', () => {
    expect(idsOf([channel('x', 'p: a>b shop.orders>lutra.checkpoint')])).toEqual(['route-reserved']);
    expect(idsOf([channel('x', 'p: a>b shop.*>mysql')])).toEqual(['route-reserved']);
    expect(idsOf([channel('x', 'p: a>b lutra.*')])).toEqual(['route-reserved']);
    expect(idsOf([channel('x', 'p: a>b *.*')])).toEqual([]);
  });

  it('two endpoints on one server do not write a table into itself', () => {
    const twin = { ...address('twin'), host: 'a.example' };
    expect(idsOf([channel('x', 'p: a>twin')], [...endpoints, twin])).toEqual(['pipeline-into-itself']);
    expect(idsOf([channel('x', 'p: a>twin shop.*>copy')], [...endpoints, twin])).toEqual([]);
  });
});

describe('pipelines between each other', () => {
  it('no table comes twice on one way', () => {
    expect(idsOf([channel('x', 'p: a>b shop.*'), channel('y', 'p: a>b *.orders')])).toEqual(['delivered-twice']);
    expect(idsOf([channel('x', 'p: a>b shop.orders'), channel('y', 'p: a>b shop.users')])).toEqual([]);
  });

  it('one table to two tables is not twice, unless they are one after all', () => {
    expect(idsOf([channel('x', 'p: a>b shop.orders', 'q: a>b shop.orders>shop.orders2')])).toEqual([]);
    expect(idsOf([channel('x', 'p: a>b shop.orders', 'q: a>b shop.orders>shop.orders')])).toEqual(['delivered-twice']);
    expect(idsOf([channel('x', 'p: a>b shop.*>there', 'q: a>b shop.orders>there')])).toEqual(['delivered-twice']);
  });

  it('an earlier route of the same pipeline takes a table away from a later one', () => {
    expect(idsOf([channel('x', 'p: a>b shop.orders>shop.old shop.*', 'q: a>b shop.orders')])).toEqual([]);
  });

  it('a chain is refused: what a loader wrote is not forwarded', () => {
    const chain = [channel('x', 'p: a>b', 'q: b>c')];
    expect(idsOf(chain)).toEqual(['not-forwarded']);
    expect(topologyProblems({ endpoints, channels: chain })[0]?.what).toContain('c would miss the rows of a');
    expect(idsOf([channel('x', 'p: a>b'), channel('y', 'q: b>c')])).toEqual(['not-forwarded']);
  });

  it('a chain of different tables is none', () => {
    expect(idsOf([channel('x', 'p: a>b shop.orders', 'q: b>c shop.users')])).toEqual([]);
    expect(idsOf([channel('x', 'p: a>b shop.orders>shop.inbox', 'q: b>c shop.orders')])).toEqual([]);
    expect(idsOf([channel('x', 'p: a>b shop.orders>shop.inbox', 'q: b>c shop.inbox')])).toEqual(['not-forwarded']);
  });

  it('a chain with a direct pipeline for the same tables is fine, for fewer tables not', () => {
    expect(idsOf([channel('x', 'p: a>b', 'q: b>c', 'r: a>c')])).not.toContain('not-forwarded');
    expect(idsOf([channel('x', 'p: a>b', 'q: b>c', 'r: a>c shop.orders')])).toContain('not-forwarded');
  });

  it('a mesh of all pairs is fine in one channel; in several nobody would look for the conflicts of three', () => {
    const names = ['a', 'b', 'c', 'd'];
    const pairs = names.flatMap((one, index) => names.slice(index + 1).map((other) => [one, other] as const));
    const ways = pairs.flatMap(([one, other]) => [`${one}${other}: ${one}>${other}`, `${other}${one}: ${other}>${one}`]);
    expect(idsOf([channel('x', ...ways)])).toEqual([]);
    expect(idsOf([channel('x', ...ways.slice(2))])).toContain('not-forwarded');
    const mesh = pairs.map(([one, other]) => channel(`${one}${other}`, `there: ${one}>${other}`, `back: ${other}>${one}`));
    expect(new Set(idsOf(mesh))).toEqual(new Set(['two-way-split']));
    expect(idsOf([channel('x', 'p: a>b', 'q: b>a'), channel('y', 'p: a>c', 'q: b>c')]), 'c writes nothing back').toEqual([]);
    const apart = [channel('x', 'p: a>b shop.one', 'q: b>a shop.one'), channel('y', 'p: c>a shop.two', 'q: c>b shop.two')];
    expect(idsOf(apart), 'other tables').toEqual([]);
  });

  it('a cascade whose later pipelines forward is fine, and so is a hub', () => {
    expect(idsOf([channel('x', 'p: a>b', 'q: b>>c', 'r: c>>d')])).toEqual([]);
    expect(idsOf([channel('x', 'p: a>b', 'q: b>>c', 'r: c>d')])).toContain('not-forwarded');
    const hub = ['a', 'c', 'd'].map((leaf) => channel(leaf, `in: ${leaf}>b`, `out: b>>${leaf}`));
    expect(idsOf(hub)).toEqual([]);
    expect(idsOf([channel('x', 'p: a>b', 'q: c>b', 'r: b>>c')])).toEqual(['target-shared']);
  });

  it('no row comes by two ways, however long they are', () => {
    expect(idsOf([channel('x', 'p: a>b', 'q: b>>c', 'r: a>c')])).toContain('delivered-twice');
    expect(idsOf([channel('x', 'p: a>b', 'q: b>>d', 'r: a>c', 's: c>>d')])).toContain('delivered-twice');
    const [problem] = topologyProblems({ endpoints, channels: [channel('x', 'p: a>b', 'q: b>>c', 'r: a>c')] });
    expect(problem?.what).toMatch(/of a comes to c by two ways: x\.p, x\.q; and by x\.r/);
    const twoWays = ['p: a>b', 'q: b>a', 'r: b>c', 's: c>b', 't: a>c', 'u: c>a'];
    expect(idsOf([channel('x', ...twoWays)])).toEqual([]);
    expect(idsOf([channel('x', ...twoWays.map((text) => text.replace('>', '>>')))])).toContain('delivered-twice');
  });

  it('two ways for different tables, also behind renames, are none', () => {
    const ids = (...pipelines: readonly string[]) => idsOf([channel('x', ...pipelines)]).filter((id) => id !== 'target-shared');
    expect(ids('p: a>b shop.orders', 'q: b>>c shop.*', 'r: a>c shop.users')).toEqual([]);
    expect(ids('p: a>b shop.orders>shop.inbox', 'q: b>>c shop.inbox', 'r: a>c shop.inbox')).toEqual([]);
    expect(ids('p: a>b shop.orders>shop.inbox', 'q: b>>c shop.inbox', 'r: a>c shop.orders')).toEqual(['delivered-twice']);
  });

  it('two sources that are not in sync with each other may share a target, with a warning', () => {
    const problems = topologyProblems({ endpoints, channels: [channel('x', 'p: a>c', 'q: b>c')] });
    expect(problems.map(({ id, severity }) => [id, severity])).toEqual([['target-shared', 'warning']]);
  });
});

describe('two ways', () => {
  it('need two regions, as one way does', () => {
    const addresses = [address('a', 'here'), address('b', 'here')];
    expect(idsOf([channel('x', 'p: a>b')], addresses)).toEqual(['pipeline-within-region']);
  });

  it('carry the same tables in one channel', () => {
    expect(idsOf([channel('x', 'p: a>b shop.*', 'q: b>a shop.orders')])).toEqual(['two-way-not-mirrored']);
    expect(idsOf([channel('x', 'p: a>b shop.*', 'q: b>a shop.orders', 'r: b>a shop.*')])).toEqual(['delivered-twice']);
    expect(idsOf([channel('x', 'p: a>b shop.orders', 'q: a>b shop.users', 'r: b>a shop.orders shop.users')])).toEqual([]);
    expect(idsOf([channel('x', 'p: a>b shop.*'), channel('y', 'q: b>a shop.orders')])).toEqual(['two-way-split']);
    expect(idsOf([channel('x', 'p: a>b shop.users'), channel('y', 'q: b>a shop.orders')])).toEqual([]);
  });

  it('rename the other way round', () => {
    expect(idsOf([channel('x', 'p: a>b shop.*>there', 'q: b>a there.*>shop')])).toEqual([]);
    expect(idsOf([channel('x', 'p: a>b shop.orders>there.o2', 'q: b>a there.o2>shop.orders')])).toEqual([]);
    expect(idsOf([channel('x', 'p: a>b shop.*>there', 'q: b>a there.*')])).toContain('two-way-not-mirrored');
    expect(idsOf([channel('x', 'p: a>b shop.orders'), channel('y', 'q: b>a shop.orders>shop.orders2')])).toContain('two-way-not-mirrored');
  });
});

describe('a change among other channels', () => {
  const sound = [channel('ab', 'p: a>b'), channel('bc', 'p: b>c'), channel('ac', 'p: a>c')];

  it('answers for its own problems and not for those of others', () => {
    const broken = channel('broken', 'p: d>nowhere');
    const mine = channel('mine', 'p: a>b');
    const problems = channelProblems({ endpoints, channels: [broken, mine] }, mine);
    expect(problems).toEqual([]);
    expect(channelProblems({ endpoints, channels: [broken, mine] }, broken).map((problem) => problem.id)).toEqual(['endpoint-missing']);
  });

  it('must not take away what others rest on', () => {
    const before = { endpoints, channels: sound };
    expect(newErrors(before, { endpoints, channels: sound.slice(0, 2) }).map((problem) => problem.id)).toEqual(['not-forwarded']);
    expect(newErrors(before, { endpoints, channels: sound.slice(1) })).toEqual([]);
  });

  it('compares hundreds of routes without delay', () => {
    const tables = Array.from({ length: 300 }, (_, index) => `shop.table_${index}`).join(' ');
    expect(idsOf([channel('x', `p: a>b ${tables}`, `q: b>a ${tables}`), channel('y', `p: a>b more.*`)])).toEqual([]);
  });
});

describe('what is excluded', () => {
  const excluding = (name: string, exclude: readonly string[], ...pipelines: readonly string[]): ChannelInput => {
    const made = channel(name, ...pipelines);
    return {
      ...made,
      pipelines: made.pipelines.map((pipeline, index) => (index === 0 ? { ...pipeline, exclude: [...exclude] } : pipeline)),
    };
  };

  it('is not delivered twice by who else brings it', () => {
    const other = channel('y', 'q: a>b shop.log');
    expect(idsOf([channel('x', 'p: a>b'), other])).toEqual(['delivered-twice']);
    expect(idsOf([excluding('x', ['log'], 'p: a>b'), other])).toEqual([]);
    expect(idsOf([excluding('x', ['crm.log'], 'p: a>b'), other])).toEqual(['delivered-twice']);
  });

  it('must be excluded both ways', () => {
    expect(idsOf([excluding('x', ['shop.tmp_*'], 'there: a>b', 'back: b>a')])).toEqual(['two-way-not-mirrored']);
    const both = excluding('x', ['shop.tmp_*'], 'there: a>b', 'back: b>a');
    expect(idsOf([{ ...both, pipelines: both.pipelines.map((pipeline) => ({ ...pipeline, exclude: ['shop.tmp_*'] })) }])).toEqual([]);
  });

  it('does not come by the direct way of a mesh: a chain that rests on it misses it', () => {
    const mesh = ['ab: a>b', 'bc: b>c', 'ac: a>c'];
    expect(idsOf([channel('x', ...mesh)])).not.toContain('not-forwarded');
    const made = channel('x', ...mesh);
    const lacking = {
      ...made,
      pipelines: made.pipelines.map((pipeline) => (pipeline.name === 'ac' ? { ...pipeline, exclude: ['t'] } : pipeline)),
    };
    expect(idsOf([lacking])).toContain('not-forwarded');
  });

  it('is not all of a route', () => {
    expect(idsOf([excluding('x', ['shop.*'], 'p: a>b')])).toEqual(['route-excluded']);
    expect(idsOf([excluding('x', ['t'], 'p: a>b shop.t crm.*')])).toEqual(['route-excluded']);
  });

  it('is what is suspended, one way and both ways', () => {
    const suspends = (made: ChannelInput): ChannelInput => ({ ...made, onUnsupported: 'suspend' });
    expect(idsOf([suspends(channel('x', 'p: a>b', 'q: b>>c'))])).toEqual([]);
    expect(idsOf([suspends(channel('x', 'there: a>b', 'back: b>a'))])).toEqual([]);
  });
});
