import type { CancelSignal } from '../../common/cancellation.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../common/json.js';

/** Questions that come at almost the same time travel together. */
const TOGETHER_MS = 20;
/** Rounds of questions in one call. */
const MAX_ROUNDS = 100;

interface Question {
  readonly method: string;
  readonly params: JsonObject;
  resolve(answer: JsonObject): void;
  reject(reason: Error): void;
}

/** What the upstream of one call has asked its client and has no answer to yet. */
export class OpenQuestions {
  private readonly open = new Map<string, Question>();
  private serial = 0;
  private rounds = 0;
  private timer: NodeJS.Timeout | null = null;

  /** @param onCollected called when it is time to put what is open to the client */
  constructor(private readonly onCollected: () => void) {}

  /** Resolves with the client's answer. Rejects when the question is withdrawn or nobody will answer it. */
  async put(method: string, params: JsonObject, signal: CancelSignal): Promise<JsonObject> {
    const key = `question-${++this.serial}`;
    const answer = new Promise<JsonObject>((resolve, reject) =>
      this.open.set(key, { method, params, resolve, reject }),
    );
    const withdraw = (): void => this.drop(key, 'The question was withdrawn');
    signal.addEventListener('abort', withdraw, { once: true });
    this.collect();
    try {
      return await answer;
    } finally {
      signal.removeEventListener('abort', withdraw);
    }
  }

  /** The questions in the form of an `input_required` result; null: there is nothing to ask, or it was asked too often. */
  nextRound(): JsonObject | null {
    if (this.open.size === 0) return null;
    if (++this.rounds > MAX_ROUNDS) {
      this.giveUp();
      return null;
    }
    const questions = [...this.open].map(([key, { method, params }]) => [key, { method, params: asked(params) }]);
    return Object.fromEntries(questions) as JsonObject;
  }

  /** Takes the answers of a client. What it left out, or answered with something else than an object, is asked again. */
  take(answers: JsonValue | undefined): void {
    const given = isJsonObject(answers) ? answers : {};
    for (const [key, question] of [...this.open]) {
      const answer = Object.hasOwn(given, key) ? given[key] : undefined;
      if (!isJsonObject(answer)) continue;
      this.open.delete(key);
      question.resolve(answer);
    }
    if (this.open.size > 0) this.collect();
  }

  /** Nobody will answer. An upstream hears of it in the form that the question has for it. */
  giveUp(): void {
    for (const [key, { method, resolve }] of [...this.open]) {
      if (method === 'elicitation/create') resolve({ action: 'cancel' });
      this.drop(key, 'The client did not come back with an answer');
    }
  }

  private collect(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.onCollected();
    }, TOGETHER_MS);
  }

  private drop(key: string, reason: string): void {
    const question = this.open.get(key);
    this.open.delete(key);
    question?.reject(new GatehouseError('call_cancelled', reason));
  }
}

/** This revision knows no ids of elicitations: the client learns the outcome by repeating its request. */
function asked({ elicitationId: _id, ...params }: JsonObject): JsonObject {
  return params;
}
