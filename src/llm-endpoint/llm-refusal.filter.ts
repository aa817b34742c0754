import { Catch, Injectable, type ArgumentsHost } from '@nestjs/common';
import type { Response } from 'express';
import { AuditService } from '../audit/audit.service.js';
import { RefusalFilter } from '../audit/refusal.filter.js';
import type { GatehouseError } from '../common/gatehouse-error.js';
import { ProblemFilter } from '../common/problem.filter.js';
import { problemOf, type ProblemDocument } from '../common/problem.js';
import { ProviderRefusal } from './provider-refusal.js';

/** A problem document that clients of OpenAI understand too. */
class LlmProblemFilter extends ProblemFilter {
  protected override documentOf(error: GatehouseError, requestId: string): ProblemDocument {
    return { ...problemOf(error, requestId), ...openAiError(error) };
  }
}

/** What went wrong, in the form of OpenAI. */
export function openAiError({ code, publicMessage, faults }: GatehouseError): { error: Record<string, string | null> } {
  const [fault] = faults;
  const message = fault === undefined ? publicMessage : `${fault.path} ${fault.message}`;
  return { error: { message, type: 'gatehouse_error', param: fault?.path ?? null, code } };
}

/** Errors of the LLM endpoints: those of providers as they are, all others as problem documents. */
@Injectable()
@Catch()
export class LlmRefusalFilter extends RefusalFilter {
  constructor(audit: AuditService) {
    super('llm', audit, new LlmProblemFilter());
  }

  override catch(thrown: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    if (!(thrown instanceof ProviderRefusal) || response.headersSent) {
      super.catch(thrown, host);
      return;
    }
    if (thrown.retryAfter !== null) response.setHeader('Retry-After', thrown.retryAfter);
    response.status(thrown.status).json(thrown.body);
  }
}
