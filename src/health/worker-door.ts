import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatehouseError } from '../common/gatehouse-error.js';
import { problemOf } from '../common/problem.js';
import { assignRequestId } from '../common/request-id.js';

/** What a process with `ROLE=worker` answers with something else than 404. */
const ANSWERED = /^\/(health|metrics)(\/|\?|$)/;

/** The front door of a process that runs background jobs only: probes and metrics go on, nothing else does. */
export function answerProbesOnly(request: IncomingMessage, response: ServerResponse): boolean {
  if (ANSWERED.test(request.url ?? '')) return false;
  const refusal = new GatehouseError('not_found', 'This process runs background jobs only.');
  const problem = problemOf(refusal, assignRequestId(request, response));
  response.writeHead(problem.status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify(problem));
  return true;
}
