/**
 * Waits for a hook no longer than its time limit. A hook that answers at once costs no timer.
 * @param expire called when the time is up, to tell the hook so
 */
export async function answerInTime(answer: unknown, timeoutMs: number, expire: () => void): Promise<unknown> {
  if (!isPromiseLike(answer)) return answer;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      expire();
      reject(new Error(`no answer within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
