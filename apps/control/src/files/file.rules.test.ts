import { channelInputSchema } from '@lutra/model';
import { expect, it } from 'vitest';
import { flowsOf } from '../channels/flow.js';
import { fileProblems, rootPathProblems } from './file.rules.js';

type Files = readonly object[];
const rule = (more: object = {}): object => ({ root: 'pics', path: '{id}/{image}', immutable: true, ...more });

/** `ways`: `a>b` → the files of its route; `a>>b` where it forwards */
function problems(ways: Readonly<Record<string, Files | null>>): readonly string[] {
  const pipelines = Object.entries(ways).map(([way, files]) => {
    const [source, target] = way.split(/>+/);
    const routes = [
      { schema: 'shop', table: 'orders' },
      { schema: 'shop', ...(files && { files }) },
    ];
    return { name: way.replace(/>+/, '-'), source, target, routes, forwards: way.includes('>>') };
  });
  const flows = flowsOf(channelInputSchema.parse({ name: 'x', pipelines }));
  return [...fileProblems(flows), ...rootPathProblems(flows)].map(({ id, severity, flows }) => `${severity} ${id} ${flows.join(' ')}`);
}

it('one way any path will do', () => {
  expect(problems({ 'a>b': [rule({ immutable: false })], 'b>c': null })).toEqual([]);
});

it('both ways each write has a path of its own, or one with the hash in it', () => {
  const mutable = [rule({ immutable: false })];
  expect(problems({ 'a>b': mutable, 'b>a': mutable })).toEqual(['error file-path-mutable x.a-b', 'error file-path-mutable x.b-a']);
  // The bytes at a path are decided when they are placed, and the row's hash when it is committed.
  const beside = [rule({ immutable: false, hash: 'sha' })];
  expect(problems({ 'a>b': beside, 'b>a': beside })).toEqual(['error file-path-mutable x.a-b', 'error file-path-mutable x.b-a']);
  const inPath = [rule({ immutable: false, hash: 'SHA', path: '{id}/{sha}' })];
  expect(problems({ 'a>b': inPath, 'b>a': inPath })).toEqual([]);
  const inList = [rule({ immutable: false, hash: 'sha', path: '{id}/{sha}', split: ',' })];
  expect(problems({ 'a>b': inList, 'b>a': inList })).toHaveLength(2);
  expect(problems({ 'a>b': [rule()], 'b>a': [rule()] })).toEqual([]);
});

it('what two sources bring into one root of a target has paths of its own as well', () => {
  const mutable = [rule({ immutable: false })];
  const both = ['error file-path-mutable x.a-c', 'error file-path-mutable x.b-c'];
  expect(problems({ 'a>c': mutable, 'b>c': mutable })).toEqual(both);
  expect(problems({ 'a>c': mutable, 'b>c': [rule()] })).toEqual(['error file-path-mutable x.a-c']);
  expect(problems({ 'a>c': [rule()], 'b>c': [rule()] })).toEqual([]);
  expect(problems({ 'a>c': mutable, 'b>c': [rule({ root: 'docs', immutable: false })] })).toEqual([]);
  const of = (source: string): Files => [rule({ immutable: false, path: `${source}/{id}` })];
  expect(problems({ 'a>c': of('a'), 'b>c': of('b') })).toEqual([]);
});

it('so has what one source brings by pipelines of two channels, whose tables are others', () => {
  const flow = (name: string, schema: string, more: object): ReturnType<typeof flowsOf> => {
    const pipelines = [{ name: 'p', source: 'a', target: 'c', routes: [{ schema, files: [rule(more)] }] }];
    return flowsOf(channelInputSchema.parse({ name, pipelines }));
  };
  const both = (one: object, other: object): readonly string[] =>
    rootPathProblems([...flow('x', 'shop', one), ...flow('y', 'cms', other)]).map(({ id, flows }) => `${id} ${flows.join(' ')}`);
  const mutable = { immutable: false, path: '{id}.jpg' };
  expect(both(mutable, mutable)).toEqual(['file-path-mutable x.p', 'file-path-mutable y.p']);
  expect(both({ ...mutable, path: 'x/{id}' }, { ...mutable, path: 'y/{id}' })).toEqual([]);
  expect(both({}, {})).toEqual([]);
  expect(both(mutable, { ...mutable, root: 'docs' })).toEqual([]);
});

it('both ways the rules are the same', () => {
  expect(problems({ 'a>b': [rule()], 'b>a': null })).toEqual(['error file-rules-not-mirrored x.a-b x.b-a']);
  expect(problems({ 'a>b': null, 'b>a': [rule()] })).toEqual(['error file-rules-not-mirrored x.a-b x.b-a']);
  expect(problems({ 'a>b': [rule()], 'b>a': [rule({ path: '{id}/{thumb}' })] })).toEqual(['error file-rules-not-mirrored x.a-b x.b-a']);
  const docs = rule({ root: 'docs' });
  expect(problems({ 'a>b': [rule(), docs], 'b>a': [docs, rule({ deletes: 'trash', missing: 'skip', waitSeconds: 5 })] })).toEqual([]);
});

it('what is carried on was brought with its files', () => {
  expect(problems({ 'a>b': [rule()], 'b>>c': [rule()] })).toEqual([]);
  expect(problems({ 'a>b': null, 'b>>c': [rule()] })).toEqual(['warning file-not-brought x.a-b x.b-c']);
  expect(problems({ 'a>b': [rule()], 'b>>c': null })).toEqual([]);
});
