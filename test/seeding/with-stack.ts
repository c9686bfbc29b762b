/** A stack for one test: what it says about itself is told before it ends. */
import { startStack, type Stack, type StackOptions } from '../harness/index.js';

export async function withStack(options: StackOptions, work: (stack: Stack) => Promise<void>): Promise<void> {
  const stack = await startStack(options);
  try {
    await work(stack);
  } catch (error) {
    const report = await stack.report().catch(String);
    console.error(`the logs are kept in ${await stack.saveLogs()}\n${report}\n${error instanceof Error ? error.message : String(error)}`);
    throw error;
  } finally {
    await stack.stop();
  }
}
