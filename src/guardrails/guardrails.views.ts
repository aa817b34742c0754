import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { ErrorCode } from '../common/error-codes.js';
import type { JsonObject } from '../common/json.js';
import type { HookStep } from '../hooks/hook-step.js';
import type { HookPhase } from '../hooks/hook.types.js';

const PHASES = ['pre', 'during', 'post', 'list'] as const satisfies readonly HookPhase[];
const STEP_PHASES = ['guard', 'pre', 'interceptor', 'during', 'post'] as const;
const STEP_OUTCOMES = ['pass', 'changed', 'blocked', 'failed', 'failed_open'] as const;

/** What a hook did since this replica started. */
export class GuardrailStatsView {
  @ApiProperty({ description: 'Runs in all phases, those on lists too', example: 1024 })
  calls!: number;

  @ApiProperty({ example: 3 })
  blocks!: number;

  @ApiProperty({ description: 'Errors, time-outs and wrong answers', example: 0 })
  failures!: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Of the latest 1024 runs; null: none yet', example: 0.05 })
  p50_ms!: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 0.4 })
  p99_ms!: number | null;
}

/** One hook. */
export class GuardrailView {
  @ApiProperty({ example: 'personal-data' })
  name!: string;

  @ApiProperty({ description: 'Hooks run in ascending order', example: 100 })
  order!: number;

  @ApiProperty({ enum: PHASES, isArray: true, example: ['pre', 'post'] })
  phases!: HookPhase[];

  @ApiProperty({
    description: '`module`, `config_file` (a module that gateway.yaml names), or `built_in:` and its name',
    example: 'built_in:pii',
  })
  source!: string;

  @ApiProperty({ description: 'Runs on every call; false: only where a key, team or server names it', example: true })
  default_on!: boolean;

  @ApiProperty({ description: 'Lets calls pass when it fails', example: false })
  fail_open!: boolean;

  @ApiProperty({ type: GuardrailStatsView })
  stats!: GuardrailStatsView;
}

/** Answer of `GET /v1/mcp/guardrails`. */
export class GuardrailListView {
  @ApiProperty({ type: [GuardrailView], description: 'In the order in which they run' })
  guardrails!: GuardrailView[];
}

/** How one hook, guard or interceptor decided. */
export class GuardrailStepView {
  @ApiProperty({ example: 'personal-data' })
  name!: string;

  @ApiProperty({ enum: STEP_PHASES, example: 'pre' })
  phase!: HookStep['phase'];

  @ApiProperty({ enum: STEP_OUTCOMES, example: 'changed' })
  outcome!: HookStep['outcome'];

  @ApiProperty({ type: Number, nullable: true, description: 'null: not measured', example: 0.05 })
  duration_ms!: number | null;

  @ApiPropertyOptional({ description: 'What the caller would be told', example: 'deleting is not allowed' })
  message?: string;
}

/** Answer of `POST /v1/mcp/guardrails/test`. */
export class GuardrailTestView {
  @ApiProperty({
    enum: ['pass', 'blocked', 'failed'],
    description: '`failed`: a hook failed, or the call could not be made for another reason; see `code`',
  })
  outcome!: 'pass' | 'blocked' | 'failed';

  @ApiProperty({ type: String, nullable: true, description: 'Code of the refusal; null: none', example: null })
  code!: ErrorCode | null;

  @ApiPropertyOptional({ description: 'What the caller would be told; missing: nothing is refused' })
  message?: string;

  @ApiProperty({ type: Object, description: 'As the hooks left them', example: { message: 'mail [EMAIL]' } })
  arguments!: JsonObject;

  @ApiProperty({
    type: Object,
    description: 'That the hooks add upstream; values that look like credentials are shown as `***`',
    example: { 'x-tenant': 'acme' },
  })
  headers!: Record<string, string>;

  @ApiPropertyOptional({
    type: Object,
    description: 'As the hooks left it; missing: none was given, or it is withheld',
  })
  result?: JsonObject;

  @ApiProperty({ type: [GuardrailStepView] })
  steps!: GuardrailStepView[];
}
