import { reasonOf, reasonOption } from '../consent.js';
import { followed, login, showOperation } from '../operation-follow.js';
import type { Operation } from '../operation-follow.js';
import { time } from '../output/format.js';
import type { Column } from '../output/table.js';
import { channelArgument } from '../pipelines.js';
import type { Run, Verb } from '../verb.js';

const columns: readonly Column<Operation>[] = [
  { title: 'channel', of: ({ channel }) => channel },
  { title: 'operation', of: ({ kind }) => kind },
  { title: 'from', of: ({ from }) => from },
  { title: 'to', of: ({ to }) => to },
  { title: 'state', of: ({ state, step, endedAt }) => (endedAt === null ? `${state}, ${step}` : state) },
  { title: 'since', of: ({ at }) => time(at) },
  { title: 'waits for', of: ({ waitsFor }) => waitsFor?.what ?? '' },
];

function found({ client, args: [channel = ''] }: Run): Promise<Operation> {
  return client.call('GET /api/v1/channels/{channel}/operation', { path: { channel } });
}

const list: Verb = {
  name: 'list',
  summary: 'the newest operation of each channel',
  async run({ client, out }) {
    const { operations } = await client.call('GET /api/v1/operations', {});
    out.answer(operations, () => out.table(columns, operations, 'no operations'));
  },
};

const show: Verb = {
  name: 'show',
  summary: 'where the operation of a channel is, and what it waits for',
  args: [channelArgument],
  async run(run) {
    const operation = await found(run);
    run.out.answer(operation, () => showOperation(run.out, operation));
  },
};

const follow: Verb = {
  name: 'follow',
  summary: 'follow the operation of a channel to its end, and answer what it asks',
  args: [channelArgument],
  async run(run) {
    const operation = await found(run);
    await followed(run, run.args[0] ?? '', operation);
  },
};

const confirm: Verb = {
  name: 'confirm',
  summary: 'confirm the step at which it asks',
  args: [channelArgument],
  async run(run) {
    const { id, step } = await found(run);
    const path = { channel: run.args[0] ?? '' };
    const answer = await run.client.call('POST /api/v1/channels/{channel}/operation/confirm', { path, body: { id, step } });
    run.out.answer(answer, () => showOperation(run.out, answer));
  },
};

const readOnly: Verb = {
  name: 'read-only',
  summary: "set read_only as the step needs it, with an administrator's login that is kept nowhere",
  args: [channelArgument],
  options: [{ flags: '--user <name>', what: 'asked for if not given; the password always is' }],
  async run(run) {
    const { id } = await found(run);
    const path = { channel: run.args[0] ?? '' };
    const body = { id, ...(await login(run)) };
    const answer = await run.client.call('POST /api/v1/channels/{channel}/operation/read-only', { path, body });
    run.out.answer(answer, () => showOperation(run.out, answer));
  },
};

const abort: Verb = {
  name: 'abort',
  summary: 'take it back; not once clients may write at the other side',
  args: [channelArgument],
  options: [reasonOption],
  async run(run) {
    const { id } = await found(run);
    const path = { channel: run.args[0] ?? '' };
    const answer = await run.client.call('POST /api/v1/channels/{channel}/operation/abort', {
      path,
      body: { id, reason: await reasonOf(run) },
    });
    run.out.answer(answer, () => showOperation(run.out, answer));
  },
};

const remove: Verb = {
  name: 'remove',
  summary: 'forget one that has ended',
  args: [channelArgument],
  async run({ args: [channel = ''], client, out }) {
    await client.call('DELETE /api/v1/channels/{channel}/operation', { path: { channel } });
    out.note('removed');
  },
};

export const verb: Verb = {
  name: 'operation',
  summary: 'drains, switch-overs, failovers: list, show, follow, confirm, read-only, abort, remove',
  verbs: [list, show, follow, confirm, readOnly, abort, remove],
};
