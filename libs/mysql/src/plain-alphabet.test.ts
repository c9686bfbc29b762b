import { expect, test } from 'vitest';
import { PlainAlphabet } from './plain-alphabet.js';

const weigh =
  (weightsOf: (text: string) => string) =>
  async (texts: readonly string[]): Promise<readonly string[]> =>
    texts.map(weightsOf);
const each = (text: string, weight: (letter: string) => string): string => Array.from(text, weight).join('');
const caseless = (text: string): string => each(text, (letter) => `\x01${letter.toUpperCase()}`);
const accents = (text: string): string => each(text, () => '\x02 ');
const cases = (text: string): string => each(text, (letter) => (letter === letter.toUpperCase() ? '\x03U' : '\x03l'));

test.each([
  ['one level', caseless],
  ['two, one behind the other', (text: string) => caseless(text) + accents(text)],
  ['three', (text: string) => caseless(text) + accents(text) + cases(text)],
  ['two with a zero between', (text: string) => `${caseless(text)}\0\0${accents(text)}`],
  ['three with zeros', (text: string) => [caseless(text), accents(text), cases(text)].join('\0\0')],
])('%s: a text has the weights of its letters', async (_, weightsOf) => {
  const alphabet = await PlainAlphabet.learn(weigh(weightsOf));
  for (const text of ['', 'a', 'Some text, 19.', ' ~']) expect(alphabet?.weightsOf(text)).toBe(weightsOf(text));
  expect(alphabet?.weightsOf('ä')).toBeNull();
  expect(alphabet?.weightsOf('a\t')).toBeNull();
});

test('there is none where some pair of letters is another one', async () => {
  expect(await PlainAlphabet.learn(weigh((text) => caseless(text).replaceAll('\x01C\x01H', '\x01X')))).toBeNull();
});

test('a letter that weighs as a blank, or nothing, is not among them', async () => {
  const alphabet = await PlainAlphabet.learn(weigh((text) => caseless(text).replaceAll('`', ' ').replaceAll('\x01-', '')));
  expect([alphabet?.weightsOf('a`'), alphabet?.weightsOf('a-'), alphabet?.weightsOf('a b')]).toEqual([null, null, caseless('a b')]);
});
