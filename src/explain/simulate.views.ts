import { ApiProperty } from '@nestjs/swagger';

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
}

/** What a draft changes for one caller. */
export class ChangedPrincipalView {
  @ApiProperty({ description: 'The `token` of a key, or `customer:` and the id of a customer' })
  principal_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'ci-agent' })
  key_alias!: string | null;

  @ApiProperty({ type: [ChangedToolsView] })
  lost!: ChangedToolsView[];

  @ApiProperty({ type: [ChangedToolsView] })
  gained!: ChangedToolsView[];
}

/** Recorded calls of one caller of one tool. */
export class RefusedCallView {
  @ApiProperty()
  principal_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'ci-agent' })
  key_alias!: string | null;

  @ApiProperty({ example: 'everything' })
  server!: string;

  @ApiProperty({ example: 'get-sum' })
  tool!: string;

  @ApiProperty({ example: 12, description: 'How many of these calls were recorded' })
  calls!: number;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z', description: 'Time of the last one' })
  last!: string;
}

/** The recorded calls that a draft refuses. */
export class RefusedCallsView {
  @ApiProperty({ example: 12 })
  count!: number;

  @ApiProperty({ type: [RefusedCallView], description: 'The latest, at most 20' })
  sample!: RefusedCallView[];
}

/** Answer of `POST /v1/mcp/permissions/simulate`. */
export class SimulationView {
  @ApiProperty({ type: [ChangedPrincipalView], description: 'At most 1000' })
  principals!: ChangedPrincipalView[];

  @ApiProperty({ example: 1, description: 'How many callers lose or gain something' })
  principals_changed!: number;

  @ApiProperty({ type: RefusedCallsView, description: 'Calls that are allowed now and would be refused' })
  refused_calls!: RefusedCallsView;

  @ApiProperty({ example: 340, description: 'Recorded calls of keys that are in use' })
  calls_checked!: number;

  @ApiProperty({
    example: 0,
    description: 'Recorded calls whose caller is not stored: access tokens, and keys that are gone or not usable',
  })
  calls_unchecked!: number;
}
