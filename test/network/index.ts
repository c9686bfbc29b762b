/** What a network does: proxies that cut, hold and delay, for one client or for all. */
export { Network, serverNames } from './network.js';
export type { ServerName, Surroundings } from './network.js';
export { Proxy } from './proxy.js';
export type { Disturbance, ProxyMode, Target } from './proxy.js';
