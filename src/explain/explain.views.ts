import { ApiProperty } from '@nestjs/swagger';
import type { ErrorCode } from '../common/error-codes.js';

/** Where a rule comes from. */
export const RULE_LEVELS = [
  'key',
  'team',
  'user',
  'customer',
  'agent',
  'organization',
  'caller',
  'server',
  'request',
] as const;

/** One rule with what it said. */
export class ExplainedRuleView {
  @ApiProperty({ enum: RULE_LEVELS, example: 'team' })
  level!: (typeof RULE_LEVELS)[number];

  @ApiProperty({ type: String, nullable: true, description: 'Id of the level or of the server', example: 'platform' })
  id!: string | null;

  @ApiProperty({ enum: ['allow', 'deny', 'ask'], example: 'deny', description: '`ask`: a person has to approve' })
  effect!: 'allow' | 'deny' | 'ask';

  @ApiProperty({ example: 'The team is limited to some tools of the server, and echo is not one of them.' })
  detail!: string;
}

/** A server by its names. */
export class ExplainedServerView {
  @ApiProperty({ example: '0b8e6d0a-6a6a-4d55-9d0f-2a1f0f5a4c11' })
  server_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'everything' })
  alias!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'everything' })
  server_name!: string | null;
}

/** Answer of `POST /v1/mcp/permissions/explain`. */
export class ExplanationView {
  @ApiProperty({ enum: ['allow', 'deny'], example: 'deny' })
  decision!: 'allow' | 'deny';

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'unknown_tool',
    description: 'The code that the refusal has at the door; null: nothing is refused',
  })
  code!: ErrorCode | null;

  @ApiProperty({ type: [ExplainedRuleView], description: 'In the order in which they are asked' })
  rules!: ExplainedRuleView[];

  @ApiProperty({ type: [ExplainedServerView], description: 'The servers that may be used in this scope' })
  servers!: ExplainedServerView[];

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'string' } },
    example: { '0b8e6d0a-6a6a-4d55-9d0f-2a1f0f5a4c11': ['echo'] },
    description: 'Server id to the upstream names of its tools that may be called',
  })
  tools!: Record<string, string[]>;
}
