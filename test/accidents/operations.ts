/** An operation as a person carries it out: looks at it, confirms, lends a login. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationDocument, OperationStep } from '@lutra/model';
import { type Side, type Stack } from '../harness/index.js';
import { asAdministrator, lutraUser, withAdministrator } from '../harness/endpoint-setup.js';

export interface Wanted {
  readonly kind: OperationDocument['kind'];
  readonly from: Side;
  readonly to: Side;
  readonly moveHome?: boolean;
  readonly accept?: readonly string[];
}

/** What Lutra's user needs for operations, but for read_only itself. */
export async function grantOperations(stack: Stack, { mayClose }: { readonly mayClose: boolean }): Promise<void> {
  for (const mysql of Object.values(stack.mysql))
    await withAdministrator(mysql, async (connection) => {
      await connection.query(`GRANT CONNECTION_ADMIN, XA_RECOVER_ADMIN ON *.* TO '${lutraUser}'@'%'`);
      if (mayClose) await connection.query(`GRANT SYSTEM_VARIABLES_ADMIN ON *.* TO '${lutraUser}'@'%'`);
    });
}

export class Operating {
  readonly #stack: Stack;

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  get #path(): string {
    return `/api/v1/channels/${this.#stack.channel}/operation`;
  }

  begin({ from, to, ...wanted }: Wanted): Promise<OperationDocument> {
    const { endpoints } = this.#stack;
    return this.#post('', { ...wanted, from: endpoints[from], to: endpoints[to], count: true, reason: 'a test' });
  }

  read(): Promise<OperationDocument> {
    return this.#stack.api.request('GET', this.#path);
  }

  async confirm(step: OperationStep): Promise<void> {
    const { id } = await this.at(step);
    await this.#post('/confirm', { id, step });
  }

  async accept(...accept: readonly string[]): Promise<void> {
    await this.#post('/accept', { id: (await this.read()).id, accept });
  }

  async abort(): Promise<void> {
    await this.#post('/abort', { id: (await this.read()).id, reason: 'a test' });
  }

  async lendLogin(side: Side): Promise<void> {
    const { user, password } = asAdministrator(this.#stack.mysql[side]);
    await this.#post('/read-only', { id: (await this.read()).id, user, password });
  }

  /** Confirms that the other side is opened, again where the closed side was restarted meanwhile. @throws unless it is done */
  async confirmedToTheEnd(): Promise<void> {
    for (;;) {
      const operation = await this.until(
        ({ endedAt, step, waitsFor }) => endedAt !== null || (step === 'confirm-open' && waitsFor !== null),
        'ends',
      );
      if (operation.state === 'done') return;
      if (operation.endedAt !== null) throw new Error(`the operation is ${operation.state}`);
      await this.#post('/confirm', { id: operation.id, step: 'confirm-open' }).catch(() => undefined); // control may be killed
      await sleep(200);
    }
  }

  /** Waits until it is at this step, and waits for somebody there. */
  at(step: OperationStep): Promise<OperationDocument> {
    return this.until(
      (operation) => operation.step === step && operation.waitsFor?.fix !== undefined && operation.waitsFor.fix !== null,
      `waits at ${step}`,
    );
  }

  ended(): Promise<OperationDocument> {
    return this.until(({ endedAt }) => endedAt !== null, 'has ended');
  }

  async until(isSo: (operation: OperationDocument) => boolean, what: string): Promise<OperationDocument> {
    const until = Date.now() + 90_000;
    for (;;) {
      const operation = await this.read().catch(() => undefined);
      if (operation && isSo(operation)) return operation;
      if (Date.now() > until) throw new Error(`it is not so that the operation ${what}: ${JSON.stringify(operation)}`);
      await sleep(100);
    }
  }

  #post(path: string, body: unknown): Promise<OperationDocument> {
    return this.#stack.api.request('POST', `${this.#path}${path}`, body);
  }
}
