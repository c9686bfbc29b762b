/** The logins of the two administrators: typed unseen, or from files that nobody else reads. They are sent to control, and kept nowhere. */
import { readFileSync, statSync } from 'node:fs';
import type { Side, SideAnswers } from '@lutra/client';
import { usageError } from '../exit-codes.js';
import { isInTheClear } from '../session.js';
import type { Run } from '../verb.js';

/** Before a password leaves this machine. @throws CliError usage */
export function requireSafeControl({ contexts, options }: Run): void {
  const { url } = contexts.resolve(options.text('context'));
  if (isInTheClear(url))
    throw usageError(
      `${url} is not HTTPS: the logins of administrators would cross the network in clear`,
      'Give control a certificate (docs/security.md), or call lutra init on the machine of control.',
    );
}

/** @throws CliError usage: there is nobody to ask */
export async function administratorOf(run: Run, side: Side, { admin, host, port }: Pick<SideAnswers, 'admin' | 'host' | 'port'>) {
  const option = side === 'a' ? 'adminAFile' : 'adminBFile';
  const file = run.options.text(option);
  if (file !== undefined) return { user: admin, password: passwordIn(file) };
  const question = `Password of ${admin} at ${host}:${port} (it is kept nowhere)`;
  return { user: admin, password: await run.prompts.password(question, `--admin-${side}-file is needed`) };
}

function passwordIn(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`${file} cannot be read: ${(error as Error).message}`);
  }
  if ((statSync(file).mode & 0o077) !== 0 && process.platform !== 'win32')
    throw usageError(`${file} has a password and can be read by others`, `chmod 600 ${file}`);
  return text.replace(/\r?\n$/, '');
}
