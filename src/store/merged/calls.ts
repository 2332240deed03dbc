// What becomes of one call that was made to several servers at once.

/** The first that succeeds; the reason of the last that failed when none does. */
export async function firstOf<Value>(calls: readonly Promise<Value>[]): Promise<Value> {
  try {
    return await Promise.any(calls);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors.at(-1) : error;
  }
}

/**
 * What those came to that succeeded: all of them, or those within `waitMs` of the first.
 * @throws the reason of the last that failed when none succeeds.
 */
export function settledOf<Value>(calls: readonly Promise<Value>[], waitMs: number): Promise<readonly Value[]> {
  return new Promise((resolve, reject) => {
    const values: Value[] = [];
    let left = calls.length;
    let timer: NodeJS.Timeout | undefined;
    const end = (error?: unknown): void => {
      left--;
      if (left > 0) return;
      clearTimeout(timer);
      if (values.length === 0) reject(error);
      else resolve(values);
    };
    for (const call of calls) {
      call.then((value) => {
        values.push(value);
        timer ??= setTimeout(() => resolve([...values]), waitMs);
        end();
      }, end);
    }
  });
}
