/**
 * The certificate of an app's HTTP port, from two files that are read again: a new one is in use within seconds, without a restart. Files
 * that do not fit each other (one is written before the other) change nothing: the pair before stays, and `trouble` says why.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { SyncError } from '@lutra/model';

export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

export interface TlsPaths {
  readonly certFile: string;
  readonly keyFile: string;
}

interface Log {
  info(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface TlsFilesOptions extends TlsPaths {
  readonly logger: Log;
  /** How often the files are looked at; default 5 s. */
  readonly lookMs?: number | undefined;
}

const defaultLookMs = 5_000;
/** So long before its end a certificate is told of. */
const soonMs = 14 * 86_400_000;

export class TlsFiles {
  readonly #options: TlsFilesOptions;
  #pair: TlsPair;
  #refused: string | null = null;

  /** @throws SyncError CONFIG_INVALID: a file cannot be read, or they are no pair */
  constructor(options: TlsFilesOptions) {
    this.#options = options;
    this.#pair = readPair(options);
  }

  get pair(): TlsPair {
    return this.#pair;
  }

  /** What is wrong with the certificate that is in use, or with the newer one that is not. */
  get trouble(): string | null {
    if (this.#refused !== null) return `the certificate before is still in use: ${this.#refused}`;
    const { validTo, validToDate } = new X509Certificate(this.#pair.cert);
    return validToDate.getTime() - Date.now() < soonMs ? `the certificate ends at ${validTo}` : null;
  }

  /** Until the server closes. */
  follow(server: Server): void {
    const timer = setInterval(() => this.#look(server), this.#options.lookMs ?? defaultLookMs).unref();
    server.once('close', () => clearInterval(timer));
  }

  #look(server: Server): void {
    const { logger, certFile } = this.#options;
    try {
      const pair = readPair(this.#options);
      this.#refused = null;
      if (pair.cert === this.#pair.cert && pair.key === this.#pair.key) return;
      server.setSecureContext({ ...pair, minVersion: leastTls });
      this.#pair = pair;
      logger.info({ certFile, until: new X509Certificate(pair.cert).validTo }, 'a new certificate is in use');
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#refused) logger.error({ certFile }, `the certificate before stays in use: ${message}`);
      this.#refused = message;
    }
  }
}

export const leastTls = 'TLSv1.2';

/** @throws SyncError CONFIG_INVALID */
function readPair({ certFile, keyFile }: TlsPaths): TlsPair {
  const pair = { cert: readText(certFile, 'LUTRA_TLS_CERT'), key: readText(keyFile, 'LUTRA_TLS_KEY') };
  try {
    createSecureContext(pair); // it refuses a key of another certificate
    return pair;
  } catch (cause) {
    const message = `LUTRA_TLS_CERT and LUTRA_TLS_KEY: ${certFile} and ${keyFile} are no certificate with its private key`;
    throw new SyncError('CONFIG_INVALID', message, { cause });
  }
}

function readText(file: string, variable: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SyncError('CONFIG_INVALID', `${variable}: ${file} cannot be read`, { cause });
  }
}
