/**
 * Passwords: argon2id as PHC text. Two are computed at once (19 MiB each) and sixteen wait, so that logins take neither the memory nor the
 * threads of the rest. A user that is not there costs the same.
 */
import { argon2, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { HttpException } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import { z } from 'zod';

const [memory, passes, parallelism] = [19_456, 2, 1] as const;
const [saltBytes, hashBytes] = [16, 32] as const;
const [mostAtOnce, mostWaiting] = [2, 16] as const;
const leastLetters = 12;
const phc = /^\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

export const passwordSchema = z
  .string()
  .min(leastLetters, `at least ${leastLetters} characters`)
  .max(200)
  .refine((text) => text.isWellFormed(), 'not well-formed text');

/** @throws SyncError CONFIG_INVALID */
export function requireOtherThanName(password: string, name: string): void {
  if (password.toLowerCase().replaceAll(/[^a-z0-9]/g, '') !== name.replaceAll('-', '')) return;
  throw new SyncError('CONFIG_INVALID', 'password: it is the name');
}

/** 24 letters and digits that nobody mistakes for each other: 118 bits. */
export function randomPassword(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const groups = Array.from({ length: 4 }, () => Array.from({ length: 6 }, () => letters[randomInt(letters.length)]).join(''));
  return groups.join('-');
}

interface Parameters {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly length: number;
}

const standard = { memory, passes, parallelism, length: hashBytes } as const;

export class Passwords {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @throws HttpException 429: many are being computed */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(saltBytes);
    const hash = await this.#compute(password, { ...standard, salt });
    return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(hash)}`;
  }

  /** `stored` null: no user, or one without a password; it takes as long. @throws HttpException 429 */
  async verify(password: string, stored: string | null): Promise<boolean> {
    const [, m, t, p, salt = '', hash = ''] = phc.exec(stored ?? '') ?? [];
    if (m === undefined) {
      await this.#compute(password, { ...standard, salt: Buffer.alloc(saltBytes) });
      return false;
    }
    const expected = Buffer.from(hash, 'base64');
    const own = { memory: Number(m), passes: Number(t), parallelism: Number(p), salt: Buffer.from(salt, 'base64') };
    return timingSafeEqual(await this.#compute(password, { ...own, length: expected.length }), expected);
  }

  async #compute(password: string, { salt, length, ...costs }: Parameters): Promise<Buffer> {
    await this.#turn();
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        const options = { message: password.normalize('NFKC'), nonce: salt, tagLength: length, ...costs };
        argon2('argon2id', options, (error, hash) => (error ? reject(error) : resolve(hash)));
      });
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < mostAtOnce) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= mostWaiting) throw new HttpException('many logins are being checked', 429);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
