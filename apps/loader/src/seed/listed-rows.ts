/** Rows of one table of the source that stand in lutra.difference because a verification found them: those that a repair is about. */
import type { Row, TableName } from '@lutra/model';
import { differenceRequestsQuery, differentQuery, problemText } from '@lutra/mysql';
import type { ApplyConnection, SqlText } from '@lutra/mysql';

export class ListedRows {
  readonly #connection: Pick<ApplyConnection, 'within'>;
  readonly #of: { readonly pipeline: string; readonly table: TableName };
  #requests: readonly string[] | null = null;

  /** For one open target transaction. */
  constructor(connection: Pick<ApplyConnection, 'within'>, of: { readonly pipeline: string; readonly table: TableName }) {
    this.#connection = connection;
    this.#of = of;
  }

  /** Each of them differs from the source's row, so that one comes too. */
  async areDifferent(keys: readonly Row[]): Promise<boolean> {
    const requests = await this.#known();
    if (requests.length === 0) return false;
    const [rows = []] = await this.#connection.within(differentQuery({ ...this.#of, requests }, keys));
    return Number(rows[0]?.['found']) === keys.length;
  }

  /** Why a repair has not written them; null: it has. */
  async say(keys: readonly Row[], problem: string | null): Promise<readonly SqlText[]> {
    const requests = await this.#known();
    return requests.length > 0 && keys.length > 0 ? [problemText({ ...this.#of, requests }, keys, problem)] : [];
  }

  async #known(): Promise<readonly string[]> {
    this.#requests ??= await this.#read();
    return this.#requests;
  }

  async #read(): Promise<readonly string[]> {
    const [rows = []] = await this.#connection.within(differenceRequestsQuery(this.#of.pipeline));
    return rows.map(({ request }) => String(request));
  }
}
