import { Injectable } from '@nestjs/common';
import { KeyDirectory } from '../auth/key-directory.js';
import { toHash } from '../auth/key-token.js';
import { PrincipalAssembler } from '../auth/principal-assembler.js';
import type { Principal } from '../auth/principal.js';
import { Cancellation } from '../common/cancellation.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { HookStep } from '../hooks/hook-step.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import { SILENT_CHANNEL } from '../tool-calls/silent-channel.js';
import { ToolCallService } from '../tool-calls/tool-call.service.js';
import type { RehearsedCall } from '../tool-calls/tool-call.types.js';
import { rounded } from './guardrail-list.js';
import type { TestGuardrailsDto } from './guardrails.dto.js';
import type { GuardrailStepView, GuardrailTestView } from './guardrails.views.js';

const HIDDEN = '***';
/** Headers whose values let their holder in somewhere. */
const CREDENTIAL_HEADER = /authorization|token|key|secret|signature|password|cookie|assertion/;

/** Runs a call through the chain without sending it. */
@Injectable()
export class GuardrailTestService {
  constructor(
    private readonly calls: ToolCallService,
    private readonly servers: ServerRegistry,
    private readonly keys: KeyDirectory,
    private readonly assembler: PrincipalAssembler,
  ) {}

  /** @throws GatehouseError `not_found` for a server or key that is not there, `invalid_request` for one that is closed */
  async test(body: TestGuardrailsDto, asker: Principal): Promise<GuardrailTestView> {
    const server = this.servers.current.resolve(body.server_id);
    if (server === undefined) throw new GatehouseError('not_found', 'There is no such server.');
    const principal = body.key === undefined ? asker : this.principalOf(body.key);
    const rehearsed = await this.calls.rehearse(
      {
        ...{ origin: 'mcp', door: 'test', requestId: '', sourceAddress: null, principal },
        access: {
          ...{ route: '/mcp', scope: { kind: 'server', reference: server.id } },
          ...{ serversHeader: null, external: false },
        },
        ...{ name: body.tool_name, arguments: body.arguments ?? {}, headers: {} },
        ...{ signal: new Cancellation(), client: SILENT_CHANNEL },
      },
      body.result ?? null,
    );
    return viewOf(rehearsed, body);
  }

  private principalOf(key: string): Principal {
    const hash = toHash(key);
    const known = hash === undefined ? undefined : this.keys.find(hash);
    if (known === undefined) throw new GatehouseError('not_found', 'There is no such key.');
    const principal = this.assembler.ofKey(known, null);
    if (principal !== null) return principal;
    throw new GatehouseError('invalid_request', 'The key is blocked or has expired, so no call can be made with it.');
  }
}

function viewOf({ state, durationsMs, outcome, code }: RehearsedCall, body: TestGuardrailsDto): GuardrailTestView {
  const message = outcome.failure?.publicMessage;
  const shown = body.result !== undefined && code === null && outcome.kind === 'result';
  return {
    outcome: outcomeOf(code),
    code,
    ...(message !== undefined && { message }),
    arguments: state?.arguments ?? body.arguments ?? {},
    headers: withoutCredentials(state?.hookHeaders ?? {}),
    ...(shown && { result: outcome.result }),
    steps: (state?.hookSteps ?? []).map((step, index) => stepOf(step, durationsMs[index] ?? null, outcome.failure)),
  };
}

function outcomeOf(code: RehearsedCall['code']): GuardrailTestView['outcome'] {
  if (code === null) return 'pass';
  return code === 'guardrail_denied' ? 'blocked' : 'failed';
}

function stepOf(
  { name, phase, outcome }: HookStep,
  durationMs: number | null,
  failure: GatehouseError | undefined,
): GuardrailStepView {
  const decided = (outcome === 'blocked' || outcome === 'failed') && failure?.guardrail === name;
  return {
    ...{ name, phase, outcome, duration_ms: rounded(durationMs) },
    ...(decided && { message: failure.publicMessage }),
  };
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  const shown = Object.entries(headers).map(([name, value]) => [name, CREDENTIAL_HEADER.test(name) ? HIDDEN : value]);
  return Object.fromEntries(shown) as Record<string, string>;
}
