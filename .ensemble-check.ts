import { spawn, type ChildProcess } from 'node:child_process'; import { mkdirSync, mkdtempSync, writeFileSync, rmSync, openSync } from 'node:fs';
import { connect } from 'node:net'; import { text } from 'node:stream/consumers'; import { setTimeout as delay } from 'node:timers/promises';
import { homedir } from 'node:os';
import { createLogger } from '@lutra/telemetry'; import { Registry } from '@lutra/registry';
const libs = `${homedir()}/.cache/lutra/zookeeper-3.9.4`;
const dir = mkdtempSync('/tmp/zk-ens-'); const base = 23100;
const n = [1, 2, 3];
const procs = new Map<number, ChildProcess>();
function start(i: number) {
  const d = `${dir}/${i}`; mkdirSync(d, { recursive: true }); writeFileSync(`${d}/myid`, `${i}`);
  writeFileSync(`${d}/zoo.cfg`, ['tickTime=500', 'initLimit=20', 'syncLimit=4', 'maxSessionTimeout=60000', `dataDir=${d}`, `clientPort=${base + i}`, 'clientPortAddress=127.0.0.1', 'maxClientCnxns=0', 'admin.enableServer=false', '4lw.commands.whitelist=*', ...n.map((j) => `server.${j}=127.0.0.1:${base + 100 + j}:${base + 200 + j}`)].join('\n'));
  const log = openSync(`${d}/log`, 'a');
  procs.set(i, spawn('java', ['-Xmx128m', '-cp', `${libs}/*`, 'org.apache.zookeeper.server.quorum.QuorumPeerMain', `${d}/zoo.cfg`], { stdio: ['ignore', log, log] }));
}
async function mode(i: number): Promise<string> { try { const s = connect({ host: '127.0.0.1', port: base + i, signal: AbortSignal.timeout(3000) }); s.write('srvr'); return /^Mode: (\w+)/m.exec(await text(s))?.[1] ?? '?'; } catch { return 'down'; } }
async function quorum(count: number) { for (let t = 0; t < 300; t++) { const m = await Promise.all(n.map(mode)); if (m.includes('leader') && m.filter((x) => x === 'leader' || x === 'follower').length >= count) return m; await delay(200); } throw new Error('no quorum'); }
const stopAll = () => { for (const p of procs.values()) p.kill('SIGKILL'); };
process.on('exit', stopAll);
for (const i of n) start(i);
console.log(await quorum(3));
const conn = n.map((i) => `127.0.0.1:${base + i}`).join(',');
const logger = createLogger('ens', process.env['LOG_LEVEL'] ?? 'silent');
const regs = await Promise.all([1, 2, 3, 4].map(async () => { const r = new Registry({ connect: conn, logger, sessionTimeoutMs: 6000, root: '/ens' }); await r.start(); return r; }));
let holder: any = null; let last = 0; let grants = 0, lost = 0, bad = 0; const stop = new AbortController();
const contend = async (r: Registry) => { while (!stop.signal.aborted) { const g = await r.lease('capture/x').acquire(stop.signal).catch((e) => { if (!stop.signal.aborted) throw e; return null; }); if (!g) return; const me = { r, s: r.session.number, lost: g.lost }; if (holder && holder.r.session.number === holder.s && !holder.lost.aborted) { const h = holder; /* knowable only when it is back */ checks.push((async () => { for (let k = 0; k < 300; k++) { if (h.lost.aborted || h.r.session.number !== h.s) return; await delay(100); } bad++; console.log('BAD: two holders, older never lost'); })()); } if (g.number <= last) { bad++; console.log('BAD number', g.number, last); } last = g.number; grants++; holder = me; await delay(Math.random() * 300); if (g.lost.aborted) lost++; if (holder === me) holder = null; await g.release(); } };
const checks: Promise<void>[] = [];
// documents: counter increments by CAS, all increments count once
let increments = 0, conflicts = 0, unavailable = 0;
await regs[0]!.regions.create({ name: 'c', description: '0', kafka: { brokers: ['k:1'] } });
const count = async (r: Registry) => { while (!stop.signal.aborted) { try { const v = (await r.regions.get('c'))!; await r.regions.replace('c', { ...v.document, description: String(Number(v.document.description) + 1) }, v.version); increments++; } catch (e: any) { if (e.code === 'CONFIG_CONFLICT') conflicts++; else if (e.code === 'ZOOKEEPER_UNAVAILABLE') unavailable++; else throw e; } await delay(Math.random() * 20); } };
// every replace by us writes "n+1"; another writing the same text at the same version is indistinguishable, so one writer per own doc too
let own = 0, ownConflict = 0, ownUnavailable = 0;
await regs[1]!.regions.create({ name: 'own', description: '0', kafka: { brokers: ['k:1'] } });
const ownWriter = async (r: Registry) => { let v = (await r.regions.get('own'))!; while (!stop.signal.aborted) { const next = { ...v.document, description: String(own + 1) }; try { const version = await r.regions.replace('own', next, v.version); own++; v = { document: next, version }; } catch (e: any) { if (e.code === 'CONFIG_CONFLICT') { ownConflict++; console.log('BAD own conflict', e.message); } else ownUnavailable++; for (;;) { try { v = (await r.regions.get('own'))!; break; } catch { await delay(100); } } own = Number(v.document.description); } await delay(5); } };
let seen = ''; regs[2]!.regions.watch((m) => { seen = m.get('own')?.description ?? ''; });
const work = [...regs.map(contend), ...regs.map(count), ownWriter(regs[1]!)];
for (let round = 0; round < Number(process.argv[2] ?? 6); round++) {
  await delay(3000);
  const m = await quorum(3);
  const victim = round % 2 === 0 ? m.indexOf('leader') + 1 : 1 + Math.floor(Math.random() * 3);
  const how = round % 3 === 2 ? 'freeze' : 'kill';
  console.log('round', round, m.join(), how, victim, { grants, lost, bad, increments, conflicts, unavailable, own, ownUnavailable, seen });
  if (how === 'kill') { procs.get(victim)!.kill('SIGKILL'); await delay(2000); start(victim); } else { procs.get(victim)!.kill('SIGSTOP'); await delay(8000); procs.get(victim)!.kill('SIGCONT'); }
  await quorum(3);
}
await delay(3000); stop.abort(); await Promise.all(work); await Promise.all(checks);
const c = (await regs[0]!.regions.get('c'))!;
for (let k = 0; k < 100 && seen !== String(own); k++) await delay(50);
console.log({ grants, lost, bad, increments, counter: c.document.description, version: c.version, conflicts, unavailable, own, ownConflict, ownUnavailable, seen });
await Promise.all(regs.map((r) => r.stop())); stopAll(); rmSync(dir, { recursive: true });
process.exit(0);
