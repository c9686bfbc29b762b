import { measureCodec } from './codec.js';
import { summarise } from './figures.js';
const m = await measureCodec({ scale: 0.5 });
for (const stage of new Set(m.map((x) => x.stage))) {
  const v = m.filter((x) => x.stage === stage).map((x) => x.value).sort((a, b) => a - b);
  console.log(stage, Math.round(v[v.length >> 1]!), 'best', Math.round(v.at(-1)!));
}
