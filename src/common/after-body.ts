import type { IncomingMessage } from 'node:http';

type Check = () => Promise<void>;

const checks = new WeakMap<IncomingMessage, Check>();

/** Has something checked again once the body of a request was read, which a client can draw out for minutes. */
export function checkAfterBody(request: IncomingMessage, check: Check): void {
  checks.set(request, check);
}

/** Runs what {@link checkAfterBody} was told; rejects when the request must not go on. */
export async function runChecksAfterBody(request: IncomingMessage): Promise<void> {
  await checks.get(request)?.();
}
