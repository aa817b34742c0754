import { AuthModule } from '../auth/auth.module.js';
import type { BuiltInGuardrails } from '../hooks/built-in-guardrail.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { SigningModule } from '../signing/signing.module.js';
import { ToolCallsModule } from '../tool-calls/tool-calls.module.js';
import { CelHook } from './cel/cel.hook.js';
import { CelSettings } from './cel/cel.settings.js';
import { PromptInjectionHook } from './injection/prompt-injection.hook.js';
import { PromptInjectionSettings } from './injection/prompt-injection.settings.js';
import { JwtSigner } from './jwt-signer/jwt-signer.hook.js';
import { JwtSignerSettings } from './jwt-signer/jwt-signer.settings.js';
import { PiiHook } from './pii/pii.hook.js';
import { PiiSettings } from './pii/pii.settings.js';
import { ResultLimitsHook } from './results/result-limits.hook.js';
import { ResultLimitsSettings } from './results/result-limits.settings.js';
import { SecretsHook } from './secrets/secrets.hook.js';
import { SecretsSettings } from './secrets/secrets.settings.js';
import { ToolPinning } from './tool-pinning/tool-pinning.hook.js';
import { ToolPinningModule } from './tool-pinning/tool-pinning.module.js';
import { ToolPinningSettings } from './tool-pinning/tool-pinning.settings.js';
import { WebhookGuardrail } from './webhook/webhook.hook.js';
import { WebhookSettings } from './webhook/webhook.settings.js';

/** The guardrails that gateway.yaml can name without a module. */
export const BUILT_INS: BuiltInGuardrails = {
  pii: { settings: PiiSettings, hook: PiiHook },
  secrets: { settings: SecretsSettings, hook: SecretsHook },
  prompt_injection: { settings: PromptInjectionSettings, hook: PromptInjectionHook },
  result_limits: { settings: ResultLimitsSettings, hook: ResultLimitsHook },
  cel: { settings: CelSettings, hook: CelHook },
  mcp_jwt_signer: {
    settings: JwtSignerSettings,
    hook: JwtSigner,
    imports: [AuthModule, McpServersModule, SigningModule],
  },
  tool_pinning: {
    settings: ToolPinningSettings,
    hook: ToolPinning,
    requires: ['pre', 'list'],
    imports: [ToolPinningModule],
  },
  webhook: { settings: WebhookSettings, hook: WebhookGuardrail, imports: [McpServersModule, ToolCallsModule] },
};
