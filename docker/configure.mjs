/**
 * Brings the documents of docker/compose.yaml into an empty Lutra through its REST API: two regions, two endpoints, one two-way channel,
 * and starts it. What is there already stays as it is, so it may run at every start of the stack.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const { LUTRA_API = 'http://control:8080', LUTRA_API_TOKEN = '', LUTRA_DB_PASSWORD = '', LUTRA_CHANNEL_SCHEMA = 'shop' } = process.env;
const startTries = 60;
/** Signed the certificates of both database servers: docker/new-env.sh. */
const ca = readFileSync('/tls/ca.pem', 'utf8');

const regions = ['hangzhou', 'california'].map((name) => ({ name, kafka: { brokers: ['kafka:9092'] } }));
const endpoints = [
  { name: 'mysql-hangzhou', region: 'hangzhou', host: 'mysql-hangzhou', serverId: 1001 },
  { name: 'mysql-california', region: 'california', host: 'mysql-california', serverId: 1002 },
].map((endpoint) => ({ ...endpoint, user: 'lutra', password: LUTRA_DB_PASSWORD, tls: { ca } }));
/** Rows of the table `pictures` name files of the root that both files apps have; the first route that takes a table has its rules. */
const pictures = { schema: 'shop', table: 'pictures', files: [{ root: 'pictures', path: '{image}', immutable: true, deletes: 'trash' }] };
const routes = [...(LUTRA_CHANNEL_SCHEMA === 'shop' ? [pictures] : []), { schema: LUTRA_CHANNEL_SCHEMA }];
const channel = {
  name: LUTRA_CHANNEL_SCHEMA,
  pipelines: [
    { name: 'to-california', source: 'mysql-hangzhou', target: 'mysql-california', routes },
    { name: 'to-hangzhou', source: 'mysql-california', target: 'mysql-hangzhou', routes },
  ],
};

async function post(path, body) {
  const response = await fetch(`${LUTRA_API}/api/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${LUTRA_API_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body ?? {}),
    signal: AbortSignal.timeout(60_000),
  });
  return { status: response.status, text: await response.text() };
}

/** CONFIG_CONFLICT: it is there already. Another 409 (CONFIG_REGRESSED) is for a person: nothing was created. */
async function create(kind, document) {
  const { status, text } = await post(kind, document);
  const isThere = status === 409 && JSON.parse(text).code === 'CONFIG_CONFLICT';
  if (status !== 201 && !isThere) throw new Error(`${kind} ${document.name}: ${status} ${text}`);
  console.log(`${kind} ${document.name}: ${status === 201 ? 'created' : 'there already'}`);
}

async function start(name) {
  for (let left = startTries; ; left--) {
    const { status, text } = await post(`channels/${name}/start`);
    if (status === 200) return console.log(`channel ${name} is started`);
    if (left === 0) throw new Error(`channel ${name} cannot be started: ${status} ${text}`);
    console.log(`channel ${name}: ${status} ${text}; trying again`);
    await delay(2_000);
  }
}

for (const region of regions) await create('regions', region);
for (const endpoint of endpoints) await create('endpoints', endpoint);
await create('channels', channel);
await start(channel.name);
