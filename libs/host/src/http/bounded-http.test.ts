import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect, it } from 'vitest';
import { BoundedHttp } from './bounded-http.js';

@Module({})
class Empty {}

it('an app gives slow clients up, and its answers tell browsers what not to trust and nobody what it runs on', async () => {
  const app = await NestFactory.create(Empty, new BoundedHttp(), { logger: false });
  await app.listen(0, '127.0.0.1');
  const { requestTimeout, headersTimeout } = app.getHttpServer();
  expect({ requestTimeout, headersTimeout }).toEqual({ requestTimeout: 30_000, headersTimeout: 10_000 });
  const { headers } = await fetch(await app.getUrl());
  expect(headers.get('x-powered-by')).toBeNull();
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  await app.close();
});
