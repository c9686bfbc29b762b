/** What the OpenAPI document shows as examples. A test sends each of them to control. */
const start = { from: 'gtid', gtidSet: '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-1000' };
const reason = 'seeded from the dump of Monday';

const sasl = { mechanism: 'scram-sha-512', user: 'lutra' };
const region = { name: 'hangzhou', description: '', kafka: { brokers: ['kafka-1.hz:9093'], tls: { verify: true }, sasl } };
const endpoint = {
  name: 'orders-hz',
  region: 'hangzhou',
  description: '',
  host: 'db.hz',
  port: 3306,
  user: 'lutra',
  tls: { verify: true },
  serverId: 90001,
};
const channel = {
  name: 'orders',
  pipelines: [
    {
      name: 'to-california',
      source: 'orders-hz',
      target: 'orders-ca',
      routes: [{ schema: 'shop', table: '*' }],
      ddl: { default: 'apply', drop: 'stop', maxSeconds: 3600 },
    },
    { name: 'to-hangzhou', source: 'orders-ca', target: 'orders-hz', routes: [{ schema: 'shop', table: '*' }] },
  ],
  conflicts: { home: 'hangzhou', rules: [{ policy: 'home' }] },
  schemaHomes: [{ schema: 'shop', table: 'local_*', region: 'california' }],
};
const user = { name: 'ada', grants: [{ role: 'operator', channels: 'shop-*' }] };
const token = { name: 'nightly-job', grants: [{ role: 'viewer', channels: '*' }], days: 90 };
const avro = { schema: '{"type":"record","name":"order","fields":[{"name":"id","type":"long"}]}' };

const yaml = 'version: 1\nregions:\n  - name: hangzhou\n    kafka: {brokers: [kafka.hz:9092]}\n';

/** Bodies, by method and path as the document has them. */
export const bodyExamples: Readonly<Record<string, object>> = {
  'post /api/v1/regions': { ...region, kafka: { ...region.kafka, sasl: { ...sasl, password: 'file:kafka-hz' } } },
  'put /api/v1/regions/{name}': region,
  'post /api/v1/endpoints': { ...endpoint, password: 'a long random one' },
  'post /api/v1/endpoints/check': { ...endpoint, password: 'a long random one' },
  'put /api/v1/endpoints/{name}': { ...endpoint, description: 'the primary of Hangzhou' },
  'post /api/v1/endpoints/{endpoint}/restart': { start, reason, accept: true },
  'post /api/v1/endpoints/{endpoint}/reset': { start, reason, accept: true },
  'post /api/v1/channels/{name}/omissions/confirm': { count: 1, by: 'ada', reason: 'brought over by hand' },
  'post /api/v1/channels': channel,
  'put /api/v1/channels/{name}': channel,
  'post /api/v1/channels/{channel}/pipelines/{pipeline}/skip': { seq: 4711, reason: 'a row that the target cannot hold' },
  'post /api/v1/channels/{channel}/pipelines/{pipeline}/ddl': {
    log: '5f0c1b7e-7a53-4e0e-9a0c-6d1f7a0c9b11',
    seq: 4712,
    answer: 'done',
    by: 'ada',
    reason: 'the column was added here last week',
  },
  'post /api/v1/channels/{channel}/pipelines/{pipeline}/files/preview': { database: 'shop', table: 'products', key: { id: 41 } },
  'post /api/v1/channels/{channel}/pipelines/{pipeline}/rewind': {
    to: { time: '2026-12-01T05:00:00Z' },
    reason: 'the target was restored from a backup',
  },
  'post /api/v1/channels/{channel}/pipelines/{pipeline}/tables/suspend': {
    tables: ['shop.orders'],
    reason: 'a script is fixing its rows',
  },
  'post /api/v1/channels/{channel}/pipelines/{pipeline}/tables/resume': { tables: ['shop.orders'], reason: 'its rows are fixed' },
  'post /api/v1/channels/{channel}/pipelines/{pipeline}/restart': { at: { gtidSet: start.gtidSet }, reason, accept: true },
  'post /api/v1/channels/{channel}/pipelines/{pipeline}/seed': { tables: ['shop.*'], createTables: true, reason: 'a new region' },
  'post /api/v1/channels/{channel}/verify': { tables: ['shop.*'], share: 0.2, reason: 'after the seed' },
  'post /api/v1/channels/{channel}/verify/{id}/repair': { dryRun: true, tables: ['shop.*'], reason: 'a script wrote at the target' },
  'post /api/v1/channels/{channel}/conflicts/{pipeline}/{id}/redecide': { winner: 'incoming', reason: 'the customer called' },
  'post /api/v1/endpoints/{endpoint}/follow': { to: { host: 'db2.hz', port: 3306 }, reason: 'db1 is gone' },
  'post /api/v1/channels/{channel}/operation': {
    kind: 'switch-over',
    from: 'orders-hz',
    to: 'orders-ca',
    reason: 'maintenance of hangzhou',
  },
  'post /api/v1/channels/{channel}/operation/confirm': { id: 'k7mq2x5bd3fa', step: 'confirm' },
  'post /api/v1/channels/{channel}/operation/accept': { id: 'k7mq2x5bd3fa', accept: ['counts'] },
  'post /api/v1/channels/{channel}/operation/read-only': { id: 'k7mq2x5bd3fa', user: 'root', password: 'correct horse battery' },
  'post /api/v1/channels/{channel}/operation/abort': { id: 'k7mq2x5bd3fa', reason: 'not tonight' },
  'post /api/v1/revision/adopt': { reason: 'ZooKeeper was restored from the copy of Monday', accept: true },
  'post /subjects/{subject}/versions': avro,
  'post /subjects/{subject}': avro,
  'post /api/v1/auth/login': { name: 'ada', password: 'correct horse battery' },
  'put /api/v1/me/password': { current: 'correct horse battery', password: 'another horse battery' },
  'post /api/v1/me/tokens': token,
  'post /api/v1/users': { ...user, password: 'correct horse battery' },
  'put /api/v1/users/{name}': { ...user, disabled: false },
  'put /api/v1/users/{name}/password': { password: 'another horse battery' },
  'post /api/v1/users/{name}/tokens': token,
  'put /api/v1/oidc': {
    issuer: 'https://sso.example.com/realms/ops',
    clientId: 'lutra',
    clientSecret: 'file:oidc',
    groups: [{ group: 'dba', grants: [{ role: 'admin' }] }],
  },
  'post /api/v1/level': { level: 1 },
  'post /api/v1/plan': { document: yaml },
  'post /api/v1/apply': { document: yaml, hash: '0'.repeat(64), reason: 'a first region' },
  'post /api/v1/prepare': {
    endpoint: 'orders-hz',
    server: { host: 'db.hz', tls: {} },
    admin: { user: 'root', password: 'correct horse battery' },
    bothWays: true,
    schemas: ['shop'],
  },
  'post /api/v1/prepare/undo': {
    endpoint: 'orders-hz',
    server: { host: 'db.hz', tls: {} },
    admin: { user: 'root', password: 'correct horse battery' },
  },
  'post /api/v1/{kind}/{name}/history/{revision}/plan': { to: 'before' },
  'post /api/v1/restore': { format: 1, exportedAt: '2026-01-31T12:00:00.000Z', nodes: {} },
};

/** Named shapes that answers have. */
export const answerExamples: Readonly<Record<string, object>> = {
  Region: { ...region, kafka: { ...region.kafka, sasl: { ...sasl, passwordSet: true, passwordFrom: 'file:kafka-hz' } } },
  Endpoint: { ...endpoint, passwordSet: true, start: { from: 'now' } },
  Channel: {
    ...channel,
    description: '',
    pipelines: channel.pipelines.map((pipeline, i) => ({
      ...pipeline,
      uid: ['k7mq2x5bd3fa', 'm3fa5bd2x7kq'][i],
      ddl: { default: 'stop', ...pipeline.ddl },
    })),
    state: 'running',
    attempt: 0,
  },
  CheckResult: {
    ok: false,
    problems: [
      { id: 'source-settings', severity: 'error', what: 'binlog_row_image is MINIMAL', fix: "SET PERSIST binlog_row_image = 'FULL'" },
    ],
  },
};
