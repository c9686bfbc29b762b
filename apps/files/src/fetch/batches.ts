/**
 * Questions that are asked together. One that waits with others to be sent may be shared, since its answer is of later than whoever asks
 * now; one that was sent never is: what it tells may be older than the row that the next one asks for.
 */
import { Slots } from '@lutra/files';

export interface BatchParts<I, A> {
  /** Questions in one request. */
  readonly most: number;
  /** Requests under way. */
  readonly atOnce: number;
  /** In the order of the questions. */
  send(items: readonly I[], signal: AbortSignal): Promise<readonly A[]>;
  /** Ends all. */
  readonly signal: AbortSignal;
}

interface Question<I, A> {
  readonly item: I;
  readonly answer: PromiseWithResolvers<A>;
  /** Who wants to know; one that is aborted does not any more. */
  readonly askers: AbortSignal[];
}

export class Batches<I, A> {
  readonly #parts: BatchParts<I, A>;
  readonly #slots: Slots;
  readonly #unsent = new Map<string, Question<I, A>>();
  #sending = false;

  constructor(parts: BatchParts<I, A>) {
    this.#parts = parts;
    this.#slots = new Slots(parts.atOnce);
  }

  /** Equal keys mean equal questions. @returns what the caller races with its signal */
  ask(key: string, item: I, signal: AbortSignal): Promise<A> {
    const same = this.#unsent.get(key);
    if (same) {
      same.askers.push(signal);
      return same.answer.promise;
    }
    const question = { item, answer: Promise.withResolvers<A>(), askers: [signal] };
    this.#unsent.set(key, question);
    if (!this.#sending) void this.#sendAll();
    return question.answer.promise;
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    try {
      while (this.#unsent.size > 0) {
        const release = await this.#slots.take(this.#parts.signal);
        // What is asked in the same turn of the event loop goes together.
        await new Promise((resolve) => setImmediate(resolve));
        void this.#send(this.#cut()).finally(release);
      }
    } catch (error) {
      for (const { answer } of this.#unsent.values()) answer.reject(error);
      this.#unsent.clear();
    } finally {
      this.#sending = false;
    }
  }

  #cut(): readonly Question<I, A>[] {
    const cut: Question<I, A>[] = [];
    for (const [key, question] of this.#unsent) {
      if (cut.length === this.#parts.most) break;
      this.#unsent.delete(key);
      // Whoever asked has raced its promise with its signal.
      if (question.askers.some(({ aborted }) => !aborted)) cut.push(question);
    }
    return cut;
  }

  async #send(questions: readonly Question<I, A>[]): Promise<void> {
    if (questions.length === 0) return;
    try {
      const items = questions.map(({ item }) => item);
      const answers = await this.#parts.send(items, this.#parts.signal);
      if (answers.length !== items.length) throw new Error(`${items.length} questions, ${answers.length} answers`);
      for (const [index, { answer }] of questions.entries()) answer.resolve(answers[index] as A);
    } catch (error) {
      for (const { answer } of questions) answer.reject(error);
    }
  }
}
