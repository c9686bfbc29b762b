import { expect, it } from 'vitest';
import { readText } from './read-document.js';

const region = '  - {name: a, kafka: {brokers: ["a:9092"]}}';
const text = (...lines: readonly string[]): string => ['version: 1', ...lines].join('\n');
const problemsOf = (yaml: string) =>
  readText(yaml).problems.map(({ line, column, pointer, what }) => [`${line}:${column}`, pointer, what.split(':')[0]]);

it('what is wrong has the line and the column of the text', () => {
  const yaml = text('regions:', region, 'endpoints:', '  - name: a', '    region: a', '    hots: db', '    user: u', '    serverId: x');
  expect(problemsOf(yaml)).toEqual([
    ['5:5', '/endpoints/0/host', 'Invalid input'],
    ['9:15', '/endpoints/0/serverId', 'Invalid input'],
    ['7:5', '/endpoints/0/hots', 'there is no such field'],
  ]);
  expect(problemsOf(text('regions: [}'))[0]?.[0]).toBe('2:11');
  expect(problemsOf(JSON.stringify({ version: 1, regions: [], channel: [] }, null, 1))).toEqual([
    ['4:2', '/channel', 'there is no such field'],
  ]);
});

it('keys that stand twice, names that stand twice, several documents and tags are refused', () => {
  expect(problemsOf(text('regions: []', 'regions: []'))).toEqual([['3:1', '', 'this key stands twice']]);
  expect(problemsOf(text('regions:', region, region))).toEqual([['4:12', '/regions/1/name', 'a stands twice among the regions']]);
  expect(problemsOf('version: 1\n---\nversion: 1\n')[0]?.[2]).toBe('one document only');
  expect(problemsOf(text('regions: !!js/function "x"'))[0]?.[2]).toBe('tags (!…) are not taken');
  expect(problemsOf('%YAML 1.1\n---\nversion: 1\n')[0]?.[2]).toBe('YAML 1.2 only');
});

it('texts that YAML 1.1 takes for something else stay texts, and numbers that are meant as texts are told', () => {
  const described = (description: string) =>
    readText(text('regions:', `  - {name: a, description: ${description}, kafka: {brokers: ["a:1"]}}`));
  for (const [written, meant] of [
    ['no', 'no'],
    ['2026-01-31', '2026-01-31'],
    ['12:30:45', '12:30:45'],
    ['on', 'on'],
  ])
    expect(described(written!).wanted?.regions[0]?.description).toBe(meant);
  for (const written of ['0123', '1e3', 'true', '~']) expect(described(written).problems[0]?.what, written).toContain('put it in quotes');
  expect(problemsOf(text('<<: {regions: []}'))).toEqual([['2:1', '/<<', 'there is no such field']]);
});

it('anchors may be used, and not to blow a document up', () => {
  const anchored = text('regions:', '  - {name: a, kafka: &k {brokers: ["a:9092"]}}', '  - {name: b, kafka: *k}');
  expect(readText(anchored).wanted?.regions[1]?.kafka.brokers).toEqual(['a:9092']);
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x,x]',
    ...Array.from('bcdefgh').map(
      (name, i) =>
        `${name}: &${name} [${Array(10)
          .fill(`*${'abcdefg'.charAt(i)}`)
          .join()}]`,
    ),
  ];
  expect(problemsOf(bomb.join('\n'))[0]?.[2]).toBe('more than 100 uses of anchors');
  expect(problemsOf(text(`regions: ${'['.repeat(20_000)}`))[0]).toBeDefined();
});

it('no message repeats the text', () => {
  for (const yaml of ['password: hunter2" "x', '- hunter2\nhunter2: hunter2\n', 'a: hunter2: b', '"hunter2', 'hunter2: !hunter2 x'])
    expect(JSON.stringify(readText(yaml).problems.map(({ what }) => what)), yaml).not.toContain('hunter2');
});

it('a reference takes the place of a secret, and not beside it', () => {
  const endpoint = (secret: string) => text('endpoints:', `  - {name: a, region: a, host: h, user: u, serverId: 1, ${secret}}`);
  expect(readText(endpoint('passwordFrom: file:a')).wanted?.endpoints[0]?.password).toBe('file:a');
  expect(problemsOf(endpoint('passwordFrom: secret'))[0]?.[1]).toBe('/endpoints/0/passwordFrom');
  expect(problemsOf(endpoint('passwordFrom: file:a, password: p'))[0]?.[2]).toBe('give password or passwordFrom, not both');
  const sasl = 'mechanism: scram-sha-512, user: u, passwordFrom: file:k';
  const { wanted } = readText(text('regions:', `  - {name: a, kafka: {brokers: ["a:1"], sasl: {${sasl}}}}`));
  expect(wanted?.regions[0]?.kafka.sasl).toEqual({ mechanism: 'scram-sha-512', user: 'u', password: 'file:k' });
});
