/** An operational event as a record of lutra.events. */
import { eventKey, withoutRows } from '@lutra/model';
import type { OperationalEvent } from '@lutra/model';
import type { OutEvent } from './event-queue.js';

/** Characters of an event with its rows; one with more goes without. */
const mostLetters = 128 * 1024;

export function recordOf(event: OperationalEvent): OutEvent {
  const text = JSON.stringify(event);
  return { key: eventKey(event), value: text.length <= mostLetters ? text : JSON.stringify(withoutRows(event)) };
}
