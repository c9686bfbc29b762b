/** Clients stop writing: `read_only` at the server, set by Lutra's user where it may, else by a person. */
import { readOnlyStatement } from '@lutra/mysql';
import type { OperationFacts } from '@lutra/model';
import { done, waits, ways } from './step-context.js';
import type { Step, StepContext, StepResult } from './step-context.js';

export const fence: Step = async (context) => {
  const { operation } = context;
  if (operation.accept.includes('writes')) return done('a person vouches that nobody writes');
  for (const endpoint of closed(context)) {
    const result = await close(context, endpoint);
    if (result) return result;
  }
  return done(`${closed(context).join(' and ')}: read only`);
};

/** Where nobody may write. Both, where the home moves: nothing may be on its way in either direction then. */
function closed(context: StepContext): readonly string[] {
  const { from, to, moveHome } = context.operation;
  return moveHome && ways(context, to, from).length > 0 ? [from, to] : [from];
}

/** Null: it is read only. */
async function close(context: StepContext, endpoint: string): Promise<StepResult | null> {
  const { operation, io } = context;
  const look = await io.look(endpoint);
  const known = operation.facts.fences[endpoint];
  // Before anything is done: who comes next must know how it was.
  if (!known)
    return remembered(operation.facts, endpoint, { readOnly: look.readOnly, superReadOnly: look.superReadOnly, byUs: !look.readOnly });
  if (look.superReadOnly && isWritten(context, endpoint))
    return waits(`super_read_only of ${endpoint} keeps the loader out too`, 'SET GLOBAL super_read_only = OFF (read_only stays on)');
  if (look.readOnly) {
    const isKnown = known.started !== undefined && isSameStart(known.started, look.started);
    return isKnown ? null : remembered(operation.facts, endpoint, { ...known, started: look.started });
  }
  if (await io.setReadOnly(endpoint, true)) return close(context, endpoint);
  const statement = readOnlyStatement(true, look.flavor);
  return waits(
    `clients may still write at ${endpoint}`,
    `as an administrator at ${endpoint}: ${statement}; or send a login that may (POST …/operation/read-only)`,
  );
}

/** By a pipeline of the channel. */
function isWritten({ channel }: StepContext, endpoint: string): boolean {
  return channel.pipelines.some(({ target }) => target === endpoint);
}

function remembered(facts: OperationFacts, endpoint: string, fence: OperationFacts['fences'][string]): StepResult {
  return { kind: 'facts', facts: { fences: { ...facts.fences, [endpoint]: fence } } };
}

/**
 * Before anything is built on it: the servers are closed, and were all the while. Null: so it is. Counter-example without: a server that
 * was killed and does not read what SET PERSIST has written starts open; clients write there behind the end that the other side has.
 */
export async function notClosed({ operation, io }: StepContext, except?: string): Promise<StepResult | null> {
  for (const [endpoint, { started }] of Object.entries(operation.facts.fences)) {
    if (endpoint === except) continue;
    const look = started === undefined ? null : await io.look(endpoint);
    if (!look) continue;
    if (!look.readOnly) return { kind: 'back', what: `${endpoint} takes writes again` };
    if (!isSameStart(started!, look.started)) return { kind: 'back', what: `${endpoint} was restarted, and may have taken writes` };
  }
  return null;
}

/** Two looks at one start differ by a second. */
function isSameStart(one: number, other: number): boolean {
  return Math.abs(one - other) <= 2;
}

/** The COMMIT of a prepared XA transaction passes `read_only` on MySQL. */
export const prepared: Step = async ({ operation, io }) => {
  const { from, accept } = operation;
  if (accept.includes('prepared')) return done('a person vouches that no XA transaction is prepared');
  const found = await io.prepared(from);
  const accepting = 'or accept "prepared"';
  if (found === null) {
    const { account } = await io.look(from);
    return waits(
      `nobody can tell whether XA transactions are prepared at ${from}`,
      `GRANT XA_RECOVER_ADMIN ON *.* TO ${account}; ${accepting}`,
    );
  }
  if (found.length > 0)
    return waits(
      `${found.length} XA transactions are prepared at ${from} (${found[0]}), and could be committed`,
      `XA COMMIT or XA ROLLBACK them; ${accepting}`,
    );
  return done('no XA transaction is prepared');
};

/** Clients write at the new place from here on. */
export const open: Step = async (context) => {
  const { operation, io } = context;
  // The other side may be open by now: a person did it, or the control that has died.
  const back = await notClosed(context, operation.to);
  if (back) return back;
  const { from, to } = operation;
  const look = await io.look(to);
  if (look.readOnly && !(await io.setReadOnly(to, false)))
    return waits(
      `${to} is read only`,
      `as an administrator at ${to}: ${readOnlyStatement(false, look.flavor)}; or send a login that may (POST …/operation/read-only)`,
    );
  return done(`write at ${to}; ${from} ${operation.kind === 'failover' ? 'must be read only when it comes back' : 'stays read only'}`);
};
