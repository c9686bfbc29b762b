/** Python with the packages of an example, from PyPI by the user's own pip, once per user and content of requirements.txt. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from '../servers/cache.js';
import { run } from '../servers/command.js';

const requirements = fileURLToPath(new URL('python/requirements.txt', import.meta.url));

/** Resolves to the interpreter. @throws MissingToolError, CommandError with what pip says */
export async function pythonWithPackages(): Promise<string> {
  const version = (await run('python3', ['--version'])).trim();
  const digest = createHash('sha256')
    .update(version)
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const folder = await cached(`python-${digest}`, async (draft) => {
    await run('python3', ['-m', 'venv', draft]);
    await run(join(draft, 'bin/python'), ['-m', 'pip', 'install', '-q', '-r', requirements]);
  });
  return join(folder, 'bin/python');
}
