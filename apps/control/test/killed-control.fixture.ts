/**
 * A control that is killed at its nth write of configuration: before ZooKeeper is asked, or when ZooKeeper has carried it out and nobody
 * was told. It prints its address. Parameters: `before` or `after`, n.
 */
import { Registry, loadKeyring } from '@lutra/registry';
import type { ConfigurationStore } from '@lutra/registry';
import { startControl } from './control-client.js';

const [when, nth] = process.argv.slice(2);

function deadly(store: ConfigurationStore): void {
  const commit = store.commit.bind(store);
  let writes = 0;
  const dieIf = (now: string): void => {
    if (now === when && writes === Number(nth)) process.kill(process.pid, 'SIGKILL');
  };
  store.commit = async (write) => {
    writes += 1;
    dieIf('before');
    const written = await commit(write);
    dieIf('after');
    return written;
  };
}

const start = Registry.prototype.start;
Registry.prototype.start = function startDeadly(signal) {
  deadly(this.configuration);
  return start.call(this, signal);
};
const { ZOOKEEPER = '', LUTRA_ROOT = '' } = process.env;
const { url } = await startControl({ ZOOKEEPER, LUTRA_ROOT }, loadKeyring(process.env));
console.log(url);
