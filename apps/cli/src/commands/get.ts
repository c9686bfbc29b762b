import type { Answer } from '@lutra/client';
import { stringify } from 'yaml';
import { usageError } from '../exit-codes.js';
import type { Column } from '../output/table.js';
import { jsonOf, printable } from '../output/text.js';
import type { Run, Verb } from '../verb.js';

type Region = Answer<'GET /api/v1/regions'>[number];
type Endpoint = Answer<'GET /api/v1/endpoints'>[number];
type Channel = Answer<'GET /api/v1/channels'>[number];
type Document = Region | Endpoint | Channel;

const name = { title: 'name', of: (row: { readonly name: string }) => row.name, whole: true } as const;
const description = { title: 'description', of: (row: { readonly description: string }) => row.description } as const;

const regions: readonly Column<Region>[] = [
  name,
  { title: 'brokers', of: ({ kafka }) => kafka.brokers.join(',') },
  { title: 'tls', of: ({ kafka }) => (kafka.tls ? 'yes' : 'no') },
  { title: 'sasl', of: ({ kafka }) => kafka.sasl?.mechanism ?? 'no' },
  description,
];
const endpoints: readonly Column<Endpoint>[] = [
  name,
  { title: 'region', of: ({ region }) => region },
  { title: 'server', of: ({ host, port }) => `${host}:${port}` },
  { title: 'user', of: ({ user }) => user },
  { title: 'server id', of: ({ serverId }) => serverId },
  description,
];
const channels: readonly Column<Channel>[] = [
  name,
  { title: 'state', of: ({ state }) => state },
  { title: 'pipelines', of: ({ pipelines }) => pipelines.map(({ source, target }) => `${source}→${target}`).join(' ') },
  description,
];

const kinds = ['regions', 'endpoints', 'channels'] as const;
type Kind = (typeof kinds)[number];

export const verb: Verb = {
  name: 'get',
  summary: 'show regions, endpoints or channels as they are configured',
  args: [
    { syntax: '<kind>', what: kinds.join(', '), named: kinds },
    { syntax: '[name]', what: 'all if left out; one is shown as YAML' },
  ],
  options: [{ flags: '-o, --output <form>', what: 'how it is shown', choices: ['table', 'yaml', 'json', 'name'] }],
  examples: [
    ['lutra get channels', 'a table of all'],
    ['lutra get channel orders', 'one of them as YAML'],
    ['lutra get endpoints -o name', 'for loops of a shell'],
  ],
  async run(run) {
    const {
      args: [word = '', one],
      options,
      out,
    } = run;
    const kind = kindOf(word);
    const answer = one === undefined ? await all(run, kind) : await single(run, kind, one);
    const form = out.isJson ? 'json' : (options.text('output') ?? (one === undefined ? 'table' : 'yaml'));
    const documents: readonly Document[] = Array.isArray(answer) ? answer : [answer as Document];
    if (form === 'json') out.raw(`${jsonOf(answer, 2)}\n`);
    else if (form === 'yaml') showYaml(run, answer);
    else if (form === 'name') for (const document of documents) out.line(document.name);
    else showTable(run, kind, documents);
  },
};

/** What is kept is as it came; a terminal is not steered by it. */
function showYaml({ out }: Run, answer: unknown): void {
  const text = stringify(answer, { lineWidth: 0 });
  out.raw(out.isTerminal ? printable(text) : text);
}

/** channel, channels */
function kindOf(word: string): Kind {
  const kind = kinds.find((one) => one === word || one === `${word}s`);
  if (!kind)
    throw usageError(
      `${word}: a kind is ${kinds.join(', ')}`,
      'lutra workers, lutra conflicts list and lutra files roots show other things.',
    );
  return kind;
}

async function all({ client, out }: Run, kind: Kind): Promise<readonly Document[]> {
  const { answer, headers } = await client.read(`GET /api/v1/${kind}`);
  noteAge(out, headers);
  const invalid = headers.get('lutra-invalid');
  if (invalid !== null) out.note(`cannot be read, and not in the list: ${decodeURIComponent(invalid)}`);
  return answer;
}

async function single({ client, out }: Run, kind: Kind, one: string): Promise<Document> {
  const path = { name: one };
  const asked = {
    regions: () => client.read('GET /api/v1/regions/{name}', { path }),
    endpoints: () => client.read('GET /api/v1/endpoints/{name}', { path }),
    channels: () => client.read('GET /api/v1/channels/{name}', { path }),
  };
  const { answer, headers } = await asked[kind]();
  noteAge(out, headers);
  return answer;
}

/** Control is cut off from ZooKeeper. */
function noteAge(out: Run['out'], headers: Headers): void {
  const asOf = headers.get('lutra-as-of');
  if (asOf !== null) out.note(`as of ${asOf}: control has no connection to ZooKeeper since then`);
}

function showTable({ out }: Run, kind: Kind, documents: readonly Document[]): void {
  if (kind === 'regions') out.table(regions, documents as readonly Region[], 'no regions');
  else if (kind === 'endpoints') out.table(endpoints, documents as readonly Endpoint[], 'no endpoints');
  else out.table(channels, documents as readonly Channel[], 'no channels');
}
