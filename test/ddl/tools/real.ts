/** gh-ost and pt-online-schema-change themselves, on MySQL 9.7. */
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ghOst, ptOnlineSchemaChange } from '../../servers/online-tools.js';
import type { ServerCommand } from '../../servers/watchdog.js';
import { names, type OnlineChange, type OnlineTool, type RunningChange, type Variant } from './online-tool.js';
import { ToolProcess } from './tool-process.js';

/** While it is there, the tool does not swap. */
const postponeFile = 'postpone';
/** pt-online-schema-change says so, by a plugin. */
const readyFile = 'ready';

export const realGhOst: OnlineTool = {
  ...names['gh-ost'],
  begin: (change) =>
    beginTool({
      name: 'gh-ost',
      command: async (folder) => withArgs(await ghOst(() => undefined), ghOstArgs(change, folder)),
      isReady: async (tool) => (await tool.log()).includes('State: postponing cut-over'),
    }),
};

export const realPtOsc: OnlineTool = {
  ...names['pt-osc'],
  begin: (change) =>
    beginTool({
      name: 'pt-osc',
      command: async (folder) => {
        await writeFile(join(folder, 'plugin.pm'), plugin(folder));
        return withArgs(await ptOnlineSchemaChange(() => undefined), ptOscArgs(change, folder));
      },
      isReady: (tool) => Promise.resolve(existsSync(join(tool.folder, readyFile))),
    }),
};

interface Tool {
  readonly name: string;
  readonly command: (folder: string) => Promise<ServerCommand>;
  readonly isReady: (tool: ToolProcess) => Promise<boolean>;
}

async function beginTool({ name, command, isReady }: Tool): Promise<RunningChange> {
  const tool = await ToolProcess.start(name, async (folder) => {
    await writeFile(join(folder, postponeFile), '');
    return command(folder);
  });
  const running = {
    finish: async () => {
      await rm(join(tool.folder, postponeFile));
      await tool.ended();
    },
    end: () => tool.close(),
  };
  try {
    await tool.until('ready to swap', () => isReady(tool));
    return running;
  } catch (error) {
    await running.end();
    throw error;
  }
}

type Options = Readonly<Partial<Record<Variant, readonly string[]>>>;

function ghOstArgs({ server, database, table, alter, variant = 'usual' }: OnlineChange, folder: string): readonly string[] {
  const notes = ['--checkpoint', '--gtid'];
  const options: Options = {
    usual: ['--ok-to-drop-table'],
    'keep-old': [],
    'two-step': ['--ok-to-drop-table', '--cut-over=two-step'],
    revertible: notes,
    revert: ['--ok-to-drop-table', ...notes, '--revert', `--old-table=${names['gh-ost'].oldOf(table)}`],
  };
  const values = {
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    database,
    table,
    ...(variant === 'revert' ? {} : { alter }),
    'replica-server-id': server.port + 100_000,
    'chunk-size': 50,
    'default-retries': 20,
    'postpone-cut-over-flag-file': join(folder, postponeFile),
    'serve-socket-file': join(folder, 'socket'),
    'throttle-additional-flag-file': join(folder, 'throttle'),
  };
  // The locks of metadata would be asked of performance_schema, which these servers do without.
  const flags = ['--execute', '--allow-on-master', '--assume-rbr', '--skip-metadata-lock-check'];
  flags.push('--initially-drop-ghost-table', '--initially-drop-old-table');
  return [...Object.entries(values).map(([name, value]) => `--${name}=${value}`), ...flags, ...chosen('gh-ost', options, variant)];
}

function ptOscArgs({ server, database, table, alter, variant = 'usual' }: OnlineChange, folder: string): readonly string[] {
  const options: Options = { usual: [], 'keep-old': ['--no-drop-old-table'], 'no-swap': ['--no-swap-tables', '--no-drop-new-table'] };
  const flags = ['--execute', '--no-version-check', '--recursion-method=none', '--no-check-replication-filters', '--charset=utf8mb4'];
  flags.push('--chunk-size=50', `--plugin=${join(folder, 'plugin.pm')}`, `--alter=${alter}`);
  const where = `h=${server.host},P=${server.port},u=${server.user},D=${database},t=${table}`;
  return [...flags, ...chosen('pt-osc', options, variant), where];
}

function chosen(tool: string, options: Options, variant: Variant): readonly string[] {
  const found = options[variant];
  if (!found) throw new Error(`${tool} knows no ${variant}`);
  return found;
}

/** Its hook behind the last chunk. */
function plugin(folder: string): string {
  return `package pt_online_schema_change_plugin;
use strict;
sub new { my ($class, %args) = @_; return bless {}, $class; }
sub after_copy_rows {
  open(my $ready, '>', '${join(folder, readyFile)}') or die $!;
  close($ready);
  select(undef, undef, undef, 0.05) while -e '${join(folder, postponeFile)}';
}
1;
`;
}

function withArgs({ command, args, env }: ServerCommand, more: readonly string[]): ServerCommand {
  return { command, args: [...args, ...more], env };
}
