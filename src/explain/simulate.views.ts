import { ApiProperty } from '@nestjs/swagger';
import { PLACES, type Place } from './placed-tools.js';

/** What a simulation leaves out: see docs/permissions.md. */
export const NOT_SIMULATED = [
  'arguments',
  'rate_limits',
  'budgets',
  'guardrails',
  'x_mcp_servers',
  'access_tokens',
] as const;
/** Why recorded calls cannot be replayed. */
export const UNDECIDABLE_REASONS = ['arguments_not_recorded', 'path_not_recorded'] as const;
export type UndecidableReason = (typeof UNDECIDABLE_REASONS)[number];

/** Tools of one server. */
export class ChangedToolsView {
  @ApiProperty({ description: 'Alias, else name, else id of the server', example: 'everything' })
  server!: string;

  @ApiProperty({
    type: [String],
    example: ['get-sum'],
    description: 'Empty: the server, whose tools are not known now',
  })
  tools!: string[];

  @ApiProperty({
    enum: PLACES,
    example: 'anywhere',
    description: 'Whether this holds for clients of the internal network, for those outside of it, or for both',
  })
  from!: Place;
}

/** What a draft changes for one caller. */
export class ChangedPrincipalView {
  @ApiProperty({ description: 'The `token` of a key, `master`, or `customer:` and the id of a customer' })
  principal_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'ci-agent' })
  key_alias!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null, description: 'Whom the caller makes its requests for' })
  customer_id!: string | null;

  @ApiProperty({ type: [ChangedToolsView] })
  lost!: ChangedToolsView[];

  @ApiProperty({ type: [ChangedToolsView] })
  gained!: ChangedToolsView[];

  @ApiProperty({
    type: [ChangedToolsView],
    description:
      'Tools that stay allowed while what is asked about their arguments (allowed_params, argument_rules) changes. ' +
      'Which calls that refuses, or lets pass, is undecidable: arguments are not recorded',
  })
  undecidable!: ChangedToolsView[];
}

/** Recorded calls of one caller of one tool. */
export class RecordedCallView {
  @ApiProperty()
  principal_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'ci-agent' })
  key_alias!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null, description: 'Whom the calls were made for' })
  customer_id!: string | null;

  @ApiProperty({ example: 'everything' })
  server!: string;

  @ApiProperty({ example: 'get-sum' })
  tool!: string;

  @ApiProperty({ example: 12, description: 'How many of these calls were recorded' })
  calls!: number;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z', description: 'Time of the last one' })
  last!: string;
}

/** Recorded calls of one caller of one tool that cannot be replayed. */
export class UndecidableCallView extends RecordedCallView {
  @ApiProperty({
    enum: UNDECIDABLE_REASONS,
    description:
      '`arguments_not_recorded`: the draft adds a condition on arguments. `path_not_recorded`: it changes ' +
      '`allowed_routes`, and the record is of a time when paths were not kept',
  })
  reason!: UndecidableReason;
}

/** The recorded calls that a draft refuses. */
export class RefusedCallsView {
  @ApiProperty({ example: 12 })
  count!: number;

  @ApiProperty({ type: [RecordedCallView], description: 'The latest, at most 20' })
  sample!: RecordedCallView[];
}

/** The recorded calls that a draft may refuse. */
export class UndecidableCallsView {
  @ApiProperty({ example: 0 })
  count!: number;

  @ApiProperty({ type: [UndecidableCallView], description: 'The latest, at most 20' })
  sample!: UndecidableCallView[];
}

/** Answer of `POST /v1/mcp/permissions/simulate`. */
export class SimulationView {
  @ApiProperty({ type: [ChangedPrincipalView], description: 'At most 1000' })
  principals!: ChangedPrincipalView[];

  @ApiProperty({ example: 1, description: 'How many callers lose or gain something' })
  principals_changed!: number;

  @ApiProperty({ example: 0, description: 'How many callers have undecidable tools' })
  principals_undecidable!: number;

  @ApiProperty({ type: RefusedCallsView, description: 'Calls that are allowed now and would be refused' })
  refused_calls!: RefusedCallsView;

  @ApiProperty({
    type: UndecidableCallsView,
    description: 'Calls that are allowed now and of which it cannot be told whether they would be refused',
  })
  undecidable_calls!: UndecidableCallsView;

  @ApiProperty({ example: 340, description: 'Recorded calls of keys that are in use' })
  calls_checked!: number;

  @ApiProperty({
    example: 0,
    description: 'Recorded calls whose caller is not stored: access tokens, and keys that are gone or not usable',
  })
  calls_unchecked!: number;

  @ApiProperty({ example: false, description: 'There are more recorded calls than are read; the oldest are left out' })
  calls_cut!: boolean;

  @ApiProperty({
    enum: NOT_SIMULATED,
    isArray: true,
    description: 'What can refuse a call as well and is not part of any simulation',
  })
  not_simulated!: readonly (typeof NOT_SIMULATED)[number][];
}
