/**
 * What the shop's writers do: each operation is one transaction. Written so that the result depends on the order: swaps through a third
 * value, keys that move, money that only changes hands, rows without identity.
 */
import { accountCount } from './shop.js';
import { KnownRows } from './known-rows.js';
import type { Random } from './random.js';
import { json, latinText, moment, sample, wideText } from './shop-values.js';
import { keyOffset, type Side } from './sides.js';
import { Rollback, type Transaction } from './writer.js';

/** What the writers of one side share. */
export interface ShopState {
  readonly side: Side;
  /** `shop.` */
  readonly prefix: string;
  /** Different in every run: two runs on the same tables do not meet. */
  readonly run: string;
  readonly customers: KnownRows;
  readonly products: KnownRows;
  readonly orders: KnownRows;
  readonly samples: KnownRows;
  /** For keys that the server does not make, and for names that must be unique. */
  next: number;
}

export function shopState(side: Side, database: string): ShopState {
  const run = crypto.randomUUID().slice(0, 8);
  const known = { customers: new KnownRows(), products: new KnownRows(), orders: new KnownRows(), samples: new KnownRows() };
  return { side, prefix: `${database}.`, run, ...known, next: Math.floor(Date.now() / 10) % 1e10 };
}

/** Called when the transaction is committed, to make the new keys known. */
type Afterwards = () => void;
export type Operation = (transaction: Transaction, state: ShopState, random: Random) => Promise<Afterwards | undefined>;

function ownKey(state: ShopState): number {
  return 2 * state.next++ + keyOffset[state.side];
}

const newCustomer: Operation = async (transaction, state, random) => {
  const email = `${state.side}${state.run}.${state.next++}@example.org`;
  const values = [email, wideText(random, 20), latinText(random, 20), moment(random, 0).slice(0, 10)];
  const id = await transaction.insert('customers', `INSERT INTO ${state.prefix}customers (email, name, city, joined) VALUES (?)`, [values]);
  return () => state.customers.add(id);
};

const newProduct: Operation = async (transaction, state, random) => {
  const sku = `${state.side}${state.run.slice(0, 5)}${state.next++ % 1e9}`;
  const values = [
    sku,
    wideText(random, 30),
    random.decimal(0, 9999, 2),
    random.int(0, 1000),
    JSON.stringify(json(random)),
    latinText(random, 80),
  ];
  const columns = 'sku, title, price, stock, attributes, description';
  const id = await transaction.insert('products', `INSERT INTO ${state.prefix}products (${columns}) VALUES (?)`, [values]);
  return () => state.products.add(id);
};

const newOrder: Operation = async (transaction, state, random) => {
  const customer = state.customers.pick(random);
  const product = state.products.pick(random);
  if (customer === undefined || product === undefined) return newCustomer(transaction, state, random);
  const lines = random.int(1, 5);
  const values = [customer, random.pick(['', 'gift', 'gift,export', 'express,fragile']), random.decimal(1, 5000, 2), moment(random, 3)];
  const id = await transaction.insert('orders', `INSERT INTO ${state.prefix}orders (customer_id, flags, total, placed) VALUES (?)`, [
    values,
  ]);
  const items = Array.from({ length: lines }, (_, line) => [id, line + 1, product, random.int(1, 9), random.decimal(1, 100, 2)]);
  await transaction.insert('order_items', `INSERT INTO ${state.prefix}order_items VALUES ?`, [items]);
  await transaction.update('customers', `UPDATE ${state.prefix}customers SET orders = orders + 1 WHERE id = ?`, [customer]);
  await transaction.update('products', `UPDATE ${state.prefix}products SET stock = stock - ? WHERE id = ?`, [lines, product]);
  return () => state.orders.add(id);
};

const changeOrders: Operation = async (transaction, state, random) => {
  const ids = Array.from({ length: random.int(1, 6) }, () => state.orders.pick(random)).filter((id) => id !== undefined);
  if (ids.length === 0) return newOrder(transaction, state, random);
  const status = random.pick(['paid', 'packed', 'shipped', 'returned']);
  await transaction.update('orders', `UPDATE ${state.prefix}orders SET status = ?, total = total + 0.01 WHERE id IN (?)`, [status, ids]);
  return undefined;
};

const deleteOrder: Operation = async (transaction, state, random) => {
  const id = state.orders.take(random);
  if (id === undefined) return newOrder(transaction, state, random);
  await transaction.delete('order_items', `DELETE FROM ${state.prefix}order_items WHERE order_id = ?`, [id]);
  await transaction.delete('orders', `DELETE FROM ${state.prefix}orders WHERE id = ?`, [id]);
  return undefined;
};

const changeProduct: Operation = async (transaction, state, random) => {
  const id = state.products.pick(random);
  if (id === undefined) return newProduct(transaction, state, random);
  const sql = `UPDATE ${state.prefix}products SET price = price + 0.05, attributes = ?, description = ? WHERE id = ?`;
  await transaction.update('products', sql, [JSON.stringify(json(random)), latinText(random, 80), id]);
  return undefined;
};

/** The sum over all accounts is the same before and after: whoever sees half of it sees another sum. */
const transfer: Operation = async (transaction, state, random) => {
  const own = (): number => 2 * random.int(0, accountCount / 2 - 1) + keyOffset[state.side];
  const [from, to] = [own(), own()];
  if (from === to) return newCustomer(transaction, state, random);
  const amount = random.decimal(0.01, 50, 2);
  const sql = (sign: '-' | '+'): string =>
    `UPDATE ${state.prefix}accounts SET balance = balance ${sign} ?, transfers = transfers + 1 WHERE id = ?`;
  // In the order of the keys, or two transfers wait for each other.
  if (from < to) await transaction.update('accounts', sql('-'), [amount, from]);
  await transaction.update('accounts', sql('+'), [amount, to]);
  if (from > to) await transaction.update('accounts', sql('-'), [amount, from]);
  return undefined;
};

const count: Operation = async (transaction, state, random) => {
  const name = `${state.side} ${random.int(1, 8)}`;
  await transaction.insert('counters', `INSERT INTO ${state.prefix}counters VALUES (?) ON DUPLICATE KEY UPDATE n = n + 1`, [[name, 1]]);
  return undefined;
};

/** Two customers exchange their unique e-mail addresses through a third value. */
const swapEmails: Operation = async (transaction, state, random) => {
  const keys = [state.customers.pick(random), state.customers.pick(random)].filter((id) => id !== undefined).sort((x, y) => x - y);
  const [one, two] = keys;
  if (one === undefined || two === undefined || one === two) return newCustomer(transaction, state, random);
  const sql = `UPDATE ${state.prefix}customers SET email = ? WHERE id = ?`;
  const spare = `${state.side}${state.run}.swap${state.next++}`;
  const [first, second] = [`${spare}-1@example.org`, `${spare}-2@example.org`];
  await transaction.update('customers', sql, [first, one]);
  await transaction.update('customers', sql, [second, two]);
  await transaction.update('customers', sql, [spare, one]);
  await transaction.update('customers', sql, [first, two]);
  await transaction.update('customers', sql, [second, one]);
  return undefined;
};

const newSample: Operation = async (transaction, state, random) => {
  const id = ownKey(state);
  await transaction.insert('samples', `INSERT INTO ${state.prefix}samples SET ?`, [{ id, ...sample(random) }]);
  return () => state.samples.add(id);
};

const changeSample: Operation = async (transaction, state, random) => {
  const id = state.samples.pick(random);
  if (id === undefined) return newSample(transaction, state, random);
  await transaction.update('samples', `UPDATE ${state.prefix}samples SET ? WHERE id = ?`, [sample(random), id]);
  return undefined;
};

/** The row moves to another key, and a new row takes the old key. */
const moveSample: Operation = async (transaction, state, random) => {
  const id = state.samples.take(random);
  if (id === undefined) return newSample(transaction, state, random);
  const to = ownKey(state);
  const moved = await transaction.update('samples', `UPDATE ${state.prefix}samples SET id = ? WHERE id = ?`, [to, id]);
  if (moved === 0) return undefined;
  await transaction.insert('samples', `INSERT INTO ${state.prefix}samples SET ?`, [{ id, ...sample(random) }]);
  return () => [id, to].forEach((key) => state.samples.add(key));
};

const deleteSample: Operation = async (transaction, state, random) => {
  const id = state.samples.take(random);
  if (id === undefined) return newSample(transaction, state, random);
  await transaction.delete('samples', `DELETE FROM ${state.prefix}samples WHERE id = ?`, [id]);
  return undefined;
};

/** Equal rows are made on purpose: n equal rows are n rows. */
const addEvents: Operation = async (transaction, state, random) => {
  const row = [
    state.side,
    random.pick(['view', 'click', 'buy']),
    random.decimal(0, 9, 3),
    random.next(),
    moment(random, 6),
    random.bytes(4),
  ];
  const rows = Array.from({ length: random.int(1, 3) }, () => row);
  await transaction.insert('events_nokey', `INSERT INTO ${state.prefix}events_nokey VALUES ?`, [rows]);
  return undefined;
};

const changeEvents: Operation = async (transaction, state, random) => {
  const where = `WHERE side = ? AND kind = ? LIMIT ${random.int(1, 2)}`;
  const kind = random.pick(['view', 'click', 'buy']);
  await transaction.update('events_nokey', `UPDATE ${state.prefix}events_nokey SET amount = COALESCE(amount, 0) + 1 ${where}`, [
    state.side,
    kind,
  ]);
  return undefined;
};

const deleteEvents: Operation = async (transaction, state, random) => {
  const where = `WHERE side = ? AND kind = ? LIMIT ${random.int(1, 3)}`;
  await transaction.delete('events_nokey', `DELETE FROM ${state.prefix}events_nokey ${where}`, [
    state.side,
    random.pick(['view', 'click', 'buy']),
  ]);
  return undefined;
};

const abandoned: Operation = async (transaction, state, random) => {
  await newOrder(transaction, state, random);
  await count(transaction, state, random);
  throw new Rollback('on purpose');
};

export const operations = {
  newCustomer,
  newProduct,
  newOrder,
  changeOrders,
  deleteOrder,
  changeProduct,
  transfer,
  count,
  swapEmails,
  newSample,
  changeSample,
  moveSample,
  deleteSample,
  addEvents,
  changeEvents,
  deleteEvents,
  abandoned,
} as const satisfies Record<string, Operation>;
export type OperationName = keyof typeof operations;

/** How often each is chosen, out of their sum. */
export const usualMix: Readonly<Partial<Record<OperationName, number>>> = {
  newCustomer: 8,
  newProduct: 3,
  newOrder: 20,
  changeOrders: 14,
  deleteOrder: 6,
  changeProduct: 5,
  transfer: 14,
  count: 8,
  swapEmails: 4,
  newSample: 5,
  changeSample: 5,
  moveSample: 3,
  deleteSample: 2,
  addEvents: 3,
  changeEvents: 2,
  deleteEvents: 2,
  abandoned: 2,
};
