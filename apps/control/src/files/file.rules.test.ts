import { channelInputSchema } from '@lutra/model';
import { expect, it } from 'vitest';
import { flowsOf } from '../channels/flow.js';
import { fileProblems } from './file.rules.js';

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
  const found = fileProblems(flowsOf(channelInputSchema.parse({ name: 'x', pipelines })));
  return found.map(({ id, severity, flows }) => `${severity} ${id} ${flows.join(' ')}`);
}

it('one way any path will do', () => {
  expect(problems({ 'a>b': [rule({ immutable: false })], 'b>c': null })).toEqual([]);
});

it('both ways each write has a path of its own, or the row has the hash', () => {
  const mutable = [rule({ immutable: false })];
  expect(problems({ 'a>b': mutable, 'b>a': mutable })).toEqual(['error file-path-mutable x.a-b', 'error file-path-mutable x.b-a']);
  const hashed = [rule({ immutable: false, hash: 'sha' })];
  expect(problems({ 'a>b': hashed, 'b>a': hashed })).toEqual([]);
  expect(problems({ 'a>b': [rule()], 'b>a': [rule()] })).toEqual([]);
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
