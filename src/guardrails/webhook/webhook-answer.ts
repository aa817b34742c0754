import { Ajv, type ValidateFunction } from 'ajv';
import type { JsonObject } from '../../common/json.js';
import type { WebhookPhase } from './webhook-question.js';

/** What a guardrail outside of the gateway decided. */
export interface WebhookAnswer {
  readonly id: string;
  readonly action: 'allow' | 'deny' | 'change';
  readonly message?: string;
  readonly arguments?: JsonObject;
  readonly headers?: Record<string, string>;
  readonly result?: JsonObject;
}

const LONGEST_MESSAGE = 500;

const ALLOW = actionSchema('allow', {});
const DENY = actionSchema('deny', { message: { type: 'string', minLength: 1, maxLength: LONGEST_MESSAGE } });
const CHANGE_CALL = {
  ...actionSchema('change', {
    arguments: { type: 'object' },
    headers: { type: 'object', additionalProperties: { type: 'string' } },
  }),
  anyOf: [{ required: ['arguments'] }, { required: ['headers'] }],
};
const RESULT = { type: 'object', required: ['content'], properties: { content: { type: 'array' } } };
const CHANGE_RESULT = actionSchema('change', { result: RESULT }, ['result']);

const ajv = new Ajv({ strict: true, strictRequired: false });
const VALIDATORS: Readonly<Record<WebhookPhase, ValidateFunction<WebhookAnswer>>> = {
  pre: validatorOf([ALLOW, DENY, CHANGE_CALL]),
  during: validatorOf([ALLOW, DENY]),
  post: validatorOf([ALLOW, DENY, CHANGE_RESULT]),
};

/**
 * Reads an answer. Anything that the phase does not know is refused: a decision that is not understood is none.
 * @throws Error whose message repeats nothing of the answer, for the log
 */
export function readAnswer(phase: WebhookPhase, questionId: string, document: JsonObject): WebhookAnswer {
  const validate = VALIDATORS[phase];
  if (!validate(document)) throw new Error(`the answer is not one of the ${phase} phase`);
  if (document.id !== questionId) throw new Error('the answer belongs to another question');
  return document;
}

function actionSchema(action: WebhookAnswer['action'], properties: object, required: readonly string[] = []): object {
  return {
    type: 'object',
    required: ['id', 'action', ...required],
    properties: { id: { type: 'string' }, action: { const: action }, ...properties },
    additionalProperties: false,
  };
}

function validatorOf(schemas: readonly object[]): ValidateFunction<WebhookAnswer> {
  return ajv.compile<WebhookAnswer>({ anyOf: schemas });
}
