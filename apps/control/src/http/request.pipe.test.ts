import type { ArgumentMetadata } from '@nestjs/common';
import { regionInputSchema } from '@lutra/model';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { InvalidRequestError, pointerOf, RequestPipe } from './request.pipe.js';

const refused = async (value: unknown, metadata: object): Promise<InvalidRequestError> =>
  new RequestPipe().transform(value, metadata as ArgumentMetadata).then(
    () => expect.fail('it was taken'),
    (error: unknown) => (error instanceof InvalidRequestError ? error : expect.fail(String(error))),
  );

it('a body that is wrong in several places is told of place by place', async () => {
  const body = { name: 'A', kafka: { brokers: ['ok:1', 'http://x'], 'a/b~c': 1 } };
  const { code, message, errors } = await refused(body, { type: 'body', schema: regionInputSchema });
  expect({ code, pointers: errors.map(({ pointer }) => pointer) }).toEqual({
    code: 'CONFIG_INVALID',
    pointers: ['#/name', '#/kafka/brokers/1', '#/kafka/brokers/1', '#/kafka'],
  });
  expect(message).toContain('kafka.brokers.1: host:port');
});

it('of a hundred thousand faults fifty are told, and how many there are', async () => {
  const value = Array.from({ length: 100_000 }, () => 1);
  const { message, errors } = await refused(value, { type: 'body', schema: z.array(z.string()) });
  expect(errors).toHaveLength(50);
  expect(message).toContain('and 99950 more');
  expect(message.length).toBeLessThan(10_000);
});

it('a parameter is told by its name', async () => {
  const { message, errors } = await refused('x', { type: 'query', data: 'limit', schema: z.coerce.number() });
  expect(errors).toEqual([{ parameter: 'limit', detail: expect.any(String) }]);
  expect(message).toMatch(/^limit: /);
});

it('a pointer is one whatever the name of the field is', () => {
  expect(pointerOf([])).toBe('#');
  expect(pointerOf(['a/b', 'c~d', 'ü %', '0', '\ud800'])).toBe('#/a~1b/c~0d/%C3%BC%20%25/0/%EF%BF%BD');
});
