/** The health check of a container: 0 while the process answers. An outage of ZooKeeper or Kafka is no reason to restart it. */
import http from 'node:http';
import https from 'node:https';

const { PORT = '8080', LUTRA_TLS_CERT } = process.env;

/** Its certificate names another host, and is no question here. */
function status() {
  const options = { host: '127.0.0.1', port: PORT, path: '/health/live', rejectUnauthorized: false, signal: AbortSignal.timeout(4_000) };
  return new Promise((resolve, reject) => {
    (LUTRA_TLS_CERT ? https : http).get(options, (answer) => resolve(answer.resume().statusCode)).on('error', reject);
  });
}

try {
  process.exitCode = (await status()) === 200 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
