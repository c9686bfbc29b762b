/** The client of a context. */
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { LutraClient } from '@lutra/client';
import type { Contexts } from './contexts.js';
import { usageError } from './exit-codes.js';
import type { Output } from './output/output.js';

export interface SessionOptions {
  readonly context: string | undefined;
  readonly timeoutMs: number;
}

export function openClient(contexts: Contexts, out: Output, { context, timeoutMs }: SessionOptions): LutraClient {
  const { url, token, ca } = contexts.resolve(context);
  if (ca !== undefined) trust(ca);
  if (token !== undefined) tellInTheClear(url, out);
  return new LutraClient({ url, timeoutMs, ...(token === undefined ? {} : { token }) });
}

export function tellInTheClear(url: string, out: Output): void {
  if (isInTheClear(url)) out.note(`${url}: the token and all answers go over the network unencrypted`);
}

/** Beside those that Node trusts anyway. */
export function trust(file: string): void {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch {
    throw usageError(`the CA file ${file} cannot be read`);
  }
  try {
    setDefaultCACertificates([...getCACertificates('default'), pem]);
  } catch {
    throw usageError(`the CA file ${file} is no certificate in PEM`);
  }
}

export function isInTheClear(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
