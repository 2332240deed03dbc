// A story: steps that are told in order, over processes that all of them share. When a step fails, what the processes said is
// shown once, at the end.

import { it } from 'node:test';

export type Story = {
  /** A test; `say` adds a line to its result. */
  step(title: string, run: (say: (text: string) => void) => Promise<void>): void;
  /** To be called in `after`, before the processes are closed. */
  reportFailure(report: () => string): void;
};

export function beginStory(): Story {
  let hasFailed = false;
  return {
    step: (title, run) =>
      void it(title, async (context) => {
        try {
          await run((text) => context.diagnostic(text));
        } catch (error) {
          hasFailed = true;
          throw error;
        }
      }),
    reportFailure(report) {
      if (hasFailed) process.stderr.write(`${report()}\n`);
    },
  };
}
