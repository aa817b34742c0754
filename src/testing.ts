import 'reflect-metadata';
import { GuardrailTest, type Guardrail, type TriedCall, type TriedList } from './testing/guardrail-test.js';
import type { MadeUpCall, MadeUpList } from './testing/made-up-call.js';

export type { HookStep } from './hooks/hook-step.js';
export {
  GuardrailTest,
  type Guardrail,
  type TriedCall,
  type TriedList,
  type Verdict,
} from './testing/guardrail-test.js';
export type { MadeUpCall, MadeUpList, SentCall } from './testing/made-up-call.js';

/**
 * Tries guardrails on one call: loads them, runs the call through every phase, closes them.
 * @param guardrails one, or several in a list
 * @throws Error when the gateway would refuse to start with them
 */
export function tryCall(guardrails: Guardrail | readonly Guardrail[], call: MadeUpCall): Promise<TriedCall> {
  return once(guardrails, (test) => test.call(call));
}

/** As {@link tryCall}, on one list of tools. */
export function tryList(guardrails: Guardrail | readonly Guardrail[], list: MadeUpList): Promise<TriedList> {
  return once(guardrails, (test) => test.list(list));
}

async function once<T>(
  guardrails: Guardrail | readonly Guardrail[],
  run: (test: GuardrailTest) => Promise<T>,
): Promise<T> {
  const test = await GuardrailTest.load(
    ...(Array.isArray(guardrails) ? (guardrails as Guardrail[]) : [guardrails as Guardrail]),
  );
  try {
    return await run(test);
  } finally {
    await test.close();
  }
}
